"""The points of a site: what each is now, and what it was last."""

import time
from typing import Annotated

import typer

from winter_river.cli.errors import CommandError
from winter_river.cli.history import FacilityOption, store_file
from winter_river.cli.moments import moment_text, zone
from winter_river.cli.options import JsonOption
from winter_river.cli.values import json_text, table_text


def add_to(app: typer.Typer) -> None:
    """Adds points."""
    app.command()(points)


def points(
    node: Annotated[str, typer.Argument(help="Which device (default: all).")] = "",
    facility: FacilityOption = None,
    json: JsonOption = False,
) -> None:
    """List every point: its value now, its quality, the last value that was known, when its device was last heard of.

    Of a device that is silent nothing is known now: quality bad. The same, a row a reading, is in the history's file:
    `SELECT * FROM sensor_readings WHERE device_id = 'ups_a'`.

    \b
    Examples:
      winter-river points ups_a
      winter-river points --json
    """
    from winter_river.likeness import meant
    from winter_river.store import StoreError, reading
    from winter_river.store.model import QUALITIES
    from winter_river.store.points import now

    try:
        with reading.opened(store_file(facility)) as connection:
            found = now(connection, now_ms=int(time.time() * 1000), node_id=node)
            known = sorted({span.node_id for span in reading.spans(connection)}) if node and not found else []
    except StoreError as error:
        raise CommandError(str(error)) from error
    if node and not found:
        raise CommandError(f"there is no history of {node}{meant(node, known)}; there is {', '.join(known)}")
    if json:
        typer.echo(json_text([each._asdict() | {"quality": QUALITIES[each.quality]} for each in found]))
        return
    where = zone()
    rows = [
        {
            "point": each.point_id,
            "value": "-" if each.value is None else f"{each.value:.6g}",
            "units": each.units,
            "quality": QUALITIES[each.quality],
            "last value": "-" if each.last is None else f"{each.last:.6g}",
            "last heard": moment_text(each.ms / 1000, where),
        }
        for each in found
    ]
    typer.echo(table_text(("point", "value", "units", "quality", "last value", "last heard"), rows))
