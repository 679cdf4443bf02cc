"""What this program knows by heart: the reference tables, and which version it is."""

import sys
from typing import Annotated

import typer

from winter_river.cli.errors import UsageError
from winter_river.cli.values import json_text
from winter_river.likeness import meant


def add_to(app: typer.Typer) -> None:
    """Adds reference and version."""
    app.command()(reference)
    app.command()(version)


def reference(
    table: Annotated[str | None, typer.Argument(help="One table by name, such as verbs (default: all).")] = None,
    json: Annotated[bool, typer.Option("--json", help="Write JSON instead of Markdown.")] = False,
) -> None:
    """Print the reference tables.

    Topics, status, view, command, ack, event (their fields), types, states, malfunctions, events, verbs,
    clock, alarms, weather, reasons, ratings, profiles, rates, constants, calibrations, settings.

    \b
    Example:
      winter-river reference verbs
    """
    from winter_river import reference as book

    tables = book.tables()
    if table is not None:
        names = [each.name for each in tables]
        if table not in names:
            raise UsageError(f"there is no table {table}{meant(table, names)}; tables are {', '.join(names)}")
        tables = tuple(each for each in tables if each.name == table)
    typer.echo(book.as_json(tables) if json else book.markdown(tables), nl=False)


def version(json: Annotated[bool, typer.Option("--json", help="Write JSON instead of text.")] = False) -> None:
    """Print the versions of program and contract.

    \b
    Example:
      winter-river version
    """
    from importlib.metadata import version as version_of

    from winter_wire import schema

    found = {"winter_river": version_of("winter-river"), "contract": schema.VERSION, "python": sys.version.split()[0]}
    if json:
        typer.echo(json_text(found))
    else:
        typer.echo(f"winter-river {found['winter_river']}, contract {found['contract']}, Python {found['python']}")
