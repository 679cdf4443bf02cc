"""What may go wrong with each type of equipment, for whoever is about to break something."""

from typing import Annotated

import typer

from winter_river.cli.errors import UsageError
from winter_river.cli.values import json_text, table_text
from winter_river.likeness import meant

_HEAD = ("type", "kind", "severity", "1 is", "acts", "what it does")
_KEYS = ("type", "kind", "severity", "full", "acts", "what")


def add_to(app: typer.Typer) -> None:
    """Adds malfunctions."""
    app.command()(malfunctions)


def malfunctions(
    type_name: Annotated[str | None, typer.Argument(metavar="TYPE", help="One type only, such as ups.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Write JSON instead of text.")] = False,
) -> None:
    """List the malfunctions of each type, and how bad they may be.

    Each may begin late (delay_s); one with a severity may grow slowly (ramp_s). A type's first one is meant when no
    kind is given.

    \b
    Example:
      winter-river malfunctions ups
      winter-river send utility_a set_fault state=true kind=sag severity=0.4 ramp_s=20 delay_s=5
    """
    from winter_wire import schema

    from winter_river import reference

    names = list(schema.TYPES)
    if type_name is not None and type_name not in names:
        raise UsageError(f"there is no type {type_name}{meant(type_name, names)}; types are {', '.join(names)}")
    rows = [
        tuple(cell.strip("`") for cell in row)
        for name in ([type_name] if type_name else names)
        for row in reference.malfunction_rows(name)
    ]
    if json:
        typer.echo(json_text([dict(zip(_KEYS, row, strict=True)) for row in rows]))
        return
    typer.echo(table_text(_HEAD, [dict(zip(_HEAD, row, strict=True)) for row in rows]))
