"""Tells what is wrong in a file that a person wrote."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from winter_river.cli.values import json_text

if TYPE_CHECKING:
    from winter_river.facility.faults import Fault


def tell_faults(faults: Sequence["Fault"], *, json: bool) -> None:
    """Every fault of a file, one a line, or as one JSON object."""
    if json:
        rows = [
            {"path": fault.path, "line": fault.line, "column": fault.column}
            | {"message": fault.message, "hint": fault.hint}
            for fault in faults
        ]
        typer.echo(json_text({"ok": False, "faults": rows}))
        return
    for fault in faults:
        typer.echo(str(fault))
