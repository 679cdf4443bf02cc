"""The audit of commands: who asked what, from where, and what became of it; and whether the record is whole."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from winter_river.cli.errors import FAILED, CommandError
from winter_river.cli.moments import moment_text, zone
from winter_river.cli.options import JsonOption
from winter_river.cli.values import json_text, table_text

if TYPE_CHECKING:
    from datetime import tzinfo

    from winter_river.audit import Row

LAST_MAX = 10_000
FolderOption = Annotated[
    Path | None, typer.Option("--folder", help="Of another audit (default: audit/ in this user's data folder).")
]
_COLUMNS = ("asked", "took", "by", "door", "node", "command", "priority", "state", "why")


def add_to(app: typer.Typer) -> None:
    """Adds audit, with verify below it."""
    group = typer.Typer(invoke_without_command=True, no_args_is_help=False)
    group.callback()(audit)
    group.command()(verify)
    app.add_typer(group, name="audit")


def audit(
    context: typer.Context,
    node: Annotated[str, typer.Option("--node", help="Only of this node.")] = "",
    by: Annotated[str, typer.Option("--by", help="Only those whose name has this in it.")] = "",
    last: Annotated[int, typer.Option("--last", min=1, max=LAST_MAX, help="How many.")] = 20,
    folder: FolderOption = None,
    json: JsonOption = False,
) -> None:
    """Show the latest commands from every door: who, when, what, and what became of it.

    Every command of this user's runs and of `winter-river send` is written down before it goes out: pending, executing
    (it is on the bus), then completed or failed. pending or executing for good: its process was ended meanwhile. Commands
    that others put on the bus are there as well, from door `bus`, as is what somebody asked and may not ask (`refused`).

    Where a line cannot be written, a secured site refuses the command; in profile lab it goes on, and the run says so.
    Nothing is ever deleted: move full parts (audit-000001.jsonl) away when you have kept them elsewhere.

    \b
    Examples:
      winter-river audit --last 50
      winter-river audit --node generator_a --by ann
      winter-river audit verify            whether anybody has changed a line
    """
    if context.invoked_subcommand is not None:
        return
    from winter_river.audit import latest

    place = _folder(folder)
    rows = latest(place, last=last, node=node, by=by)
    if json:
        typer.echo(json_text([asdict(row) for row in rows]))
    elif rows:
        where = zone()
        typer.echo(table_text(_COLUMNS, [_cells(row, where) for row in reversed(rows)]))
    else:
        typer.echo(f"no command {'like that ' if node or by else ''}is in {place}")


def verify(
    hash_: Annotated[str, typer.Option("--hash", help="A hash that was printed earlier: is it still in there?")] = "",
    folder: FolderOption = None,
    json: JsonOption = False,
) -> None:
    """Check that no line was changed, dropped, added or moved; exit 1 names the first bad one.

    Prints the last hash. It vouches for every line before it: keep it elsewhere, and `--hash` tells whether the end has
    been cut off since, or the whole audit written anew.

    \b
    Example:
      winter-river audit verify --hash 5f0c...
    """
    from winter_river.audit import verify as check

    place = _folder(folder)
    verdict = check(place, kept_hash=hash_)
    if json:
        typer.echo(json_text(asdict(verdict)))
    else:
        for note in verdict.notes:
            typer.echo(f"note: {note}")
        if verdict.fault:
            typer.echo(f"{place}/{verdict.fault}" if ":" in verdict.fault.partition(" ")[0] else verdict.fault)
        else:
            typer.echo(f"{verdict.lines} lines in {verdict.parts} files are whole; last hash {verdict.head}")
    if verdict.fault:
        raise typer.Exit(FAILED)


def _folder(given: Path | None) -> Path:
    """The audit's folder. Raises CommandError where there is none."""
    from winter_river.paths import audit_dir

    place = given or audit_dir()
    if not place.is_dir():
        raise CommandError(f"{place}: there is no audit here\ncure: it begins with the first command, or name --folder")
    return place


def _cells(row: "Row", where: "tzinfo | None") -> dict[str, object]:
    params = " ".join(f"{name}={value}" for name, value in row.params.items())
    took = "" if row.completed_s is None else f"{max(0.0, row.completed_s - row.created_s) * 1000:.0f} ms"
    return {
        "asked": moment_text(row.created_s, where),
        "took": took,
        "by": row.by,
        "door": f"{row.door} {row.address}".strip(),
        "node": row.node,
        "command": f"{row.verb} {params}".strip(),
        "priority": row.priority,
        "state": row.state,
        "why": row.error,
    }
