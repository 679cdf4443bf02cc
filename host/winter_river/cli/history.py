"""The history of a site, from its store on this machine: curves as text and CSV, copies of the whole."""

import csv
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from winter_river.cli.errors import CommandError, UsageError
from winter_river.cli.moments import moment_text, stamp_text, zone
from winter_river.cli.options import JsonOption, settings_of
from winter_river.cli.values import json_text, table_text
from winter_river.likeness import meant
from winter_river.settings import DURATION, duration_s

if TYPE_CHECKING:
    from winter_river.store import Happening, Series, Span

EVENTS = "events"  # no field is called so
ROWS = 12  # chosen: a table that leaves the graph on the screen
GRAPH_WIDTH, GRAPH_HEIGHT = 60, 5
_BARS = " ▁▂▃▄▅▆▇█"
FacilityOption = Annotated[
    str | None, typer.Option("--facility", help="Whose history (default: the run on this machine, or your setting).")
]


def add_to(app: typer.Typer) -> None:
    """Adds history, backup and restore."""
    app.command()(history)
    app.command()(backup)
    app.command()(restore)


def history(
    node: Annotated[str | None, typer.Argument(help="Which node (default: list those that have history).")] = None,
    field: Annotated[
        str | None, typer.Argument(help="Which field, or `events` (default: list the fields that the node has).")
    ] = None,
    last: Annotated[str, typer.Option("--last", help="How far back: 90s, 15m, 1h, 7d.")] = "1h",
    points: Annotated[int, typer.Option("--points", min=1, max=1_000, help="Rows of the table.")] = ROWS,
    csv_: Annotated[
        str | None, typer.Option("--csv", help="Write every single reading into this file; - is the output.")
    ] = None,
    events: Annotated[bool, typer.Option("--events", help="Show what happened instead, to NODE or to all.")] = False,
    facility: FacilityOption = None,
    json: JsonOption = False,
) -> None:
    """Show the history of a field: a graph and a table; or what happened, as the engine and the nodes told of it.

    `winter-river run` keeps it: every reading for 7 days, five-minute sums for a year (settings keep_raw, keep_sums).

    \b
    Examples:
      winter-river history                          which nodes have history
      winter-river history ups_a                    which fields it has
      winter-river history ups_a soc_pct --last 15m
      winter-river history server_rack_a1 power_kw --last 7d --csv rack.csv
      winter-river history --events --last 1d       what happened, of earlier runs, too
      winter-river history ups_a events --last 7d   the same of one node: trips, its button, its reboots
    """
    from winter_river.store import StoreError, reading

    if not DURATION.fullmatch(last):
        raise UsageError(f"--last: {last!r} is not a duration such as 90s, 15m, 1h, 7d")
    to_ms = int(time.time() * 1000) + 1
    from_ms = to_ms - int(duration_s(last) * 1000)
    path = store_file(facility)
    try:
        with reading.opened(path) as connection:
            if events or field == EVENTS:
                if node is not None and node not in (known := reading.nodes(connection)):
                    raise reading.UnknownSeries(f"there is no history of {node}", node, sorted(known))
                found = reading.happenings(connection, from_ms=from_ms, to_ms=to_ms, node_id=node)
                _list_events(found, last, json=json)
                return
            if node is None:
                _list_nodes(reading.spans(connection), path, json=json)
                return
            if field is None:
                _list_fields(node, reading.fields_of(connection, node), json=json)
                return

            def series(count: int | None) -> "Series":
                return reading.series(connection, node, field, from_ms=from_ms, to_ms=to_ms, points=count)

            if csv_ is not None:
                _write_csv(csv_, series(None))
            elif json:
                curve = series(points)
                typer.echo(json_text(curve._asdict() | {"points": [point._asdict() for point in curve.points]}))
            else:
                _show(series(GRAPH_WIDTH), series(points), last, from_ms=from_ms)
    except reading.UnknownSeries as error:
        raise CommandError(f"{error}{meant(error.asked, error.known)}; there is {', '.join(error.known)}") from None
    except StoreError as error:
        raise CommandError(str(error)) from error


def backup(
    file: Annotated[
        Path, typer.Argument(help="Where the copy goes: a file that is there is replaced, its folder must be there.")
    ],
    facility: FacilityOption = None,
) -> None:
    """Copy a site's history into one file, also while the site runs.

    \b
    Example:
      winter-river backup monday.sqlite3
    """
    from winter_river.store import StoreError, moving

    path = store_file(facility)
    try:
        moving.backup(path, file)
    except StoreError as error:
        raise CommandError(str(error)) from error
    typer.echo(f"{path} copied to {file}, {file.stat().st_size / 1e6:.1f} MB")


def restore(
    file: Annotated[Path, typer.Argument(help="A copy that `winter-river backup` made.")],
    facility: FacilityOption = None,
) -> None:
    """Put a copy in the place of a site's history; the former one is kept beside it.

    The site must not run meanwhile.

    \b
    Example:
      winter-river restore monday.sqlite3 --facility block-2n-24
    """
    from winter_river.store import StoreError, moving

    path = store_file(facility)
    try:
        before = moving.restore(file, path)
    except StoreError as error:
        raise CommandError(str(error)) from error
    typer.echo(f"{path} is now {file}" + (f"; the former one is {before}" if before else ""))


def store_file(facility: str | None) -> Path:
    """The store of a facility; None: of the run on this machine, else of the one in the settings."""
    from winter_river.cli.live_store import store_path
    from winter_river.cli.run_file import read_note
    from winter_river.facility import load_facility

    note = read_note() if facility is None else None
    if note is not None and note.store:
        return Path(note.store)
    return store_path(load_facility(facility or settings_of().facility).name)


def _list_nodes(spans: Sequence["Span"], path: Path, *, json: bool) -> None:
    if json:
        typer.echo(json_text([span._asdict() for span in spans]))
        return
    where = zone()
    rows = [
        {
            "node": span.node_id,
            "type": span.type,
            "from": moment_text(span.from_ms / 1000, where),
            "to": moment_text(span.to_ms / 1000, where),
        }
        for span in spans
    ]
    typer.echo(table_text(("node", "type", "from", "to"), rows))
    typer.echo(f"{len(rows)} nodes in {path}")


def _list_events(found: Sequence["Happening"], last: str, *, json: bool) -> None:
    if json:
        typer.echo(json_text([each._asdict() for each in found]))
        return
    where = zone()
    for each in found:
        words = " -> ".join(word for word in (each.from_, each.to) if word)
        by_itself = each.source == each.node_id
        typer.echo(
            f"{moment_text(each.ms / 1000, where)}  {each.node_id:24} {each.event:12} {words}{' (by itself)' * by_itself}".rstrip()
        )
    typer.echo(f"{len(found)} events in the last {last}")


def _list_fields(node: str, fields: Sequence[str], *, json: bool) -> None:
    from winter_wire import schema

    if json:
        typer.echo(json_text(list(fields)))
        return
    units = {field: schema.ROWS[field][5] if field in schema.ROWS else "" for field in fields}
    typer.echo(table_text(("field", "unit"), [{"field": field, "unit": units[field]} for field in fields]))
    typer.echo(f"winter-river history {node} {fields[-1]} shows one")


def _write_csv(name: str, series: "Series") -> None:
    """Every single reading: time to the millisecond, value, quality."""
    from winter_river.store.model import QUALITIES

    where = zone()

    def write(file: TextIO) -> None:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("time", series.field, "quality"))
        for point in series.points:
            table.writerow(
                (stamp_text(point.ms, where), "" if point.mean is None else point.mean, QUALITIES[point.quality])
            )

    if name == "-":
        write(sys.stdout)
        return
    with open(name, "w", encoding="utf-8", newline="") as file:
        write(file)
    typer.echo(f"{len(series.points)} readings in {os.path.relpath(name)}")


def _show(graph: "Series", table: "Series", last: str, *, from_ms: int) -> None:
    from winter_river.store.model import QUALITIES

    if not table.points:
        typer.echo(f"{table.node_id} said nothing of {table.field} in the last {last}; --last reaches further back")
        return
    unit = f" in {table.unit}" if table.unit else ""
    typer.echo(f"{table.node_id} {table.field}{unit}, the last {last}, each row {_width(table.width_ms)}")
    for line in graph_lines(graph, from_ms=from_ms):
        typer.echo(line)
    where = zone()
    rows = [
        {
            "from": moment_text(point.ms / 1000, where),
            "mean": _number(point.mean),
            "low": _number(point.low),
            "high": _number(point.high),
            "readings": point.readings,
            "quality": QUALITIES[point.quality],
        }
        for point in table.points
    ]
    typer.echo(table_text(("from", "mean", "low", "high", "readings", "quality"), rows))


def graph_lines(series: "Series", *, from_ms: int) -> list[str]:
    """A bar for each piece of time, the highest and lowest value at the left; a dot where there was no good reading."""
    first_ms = series.points[0].ms if series.points else from_ms
    before = max(0, (first_ms - from_ms) // series.width_ms)  # pieces without any reading
    by_place = {before + (point.ms - first_ms) // series.width_ms: point for point in series.points}
    means = [point.mean for point in series.points if point.mean is not None]
    if not means:
        return []
    low, high = min(means), max(means)
    steps = GRAPH_HEIGHT * (len(_BARS) - 1)
    columns = []
    for place in range(max(by_place) + 1):
        mean = by_place[place].mean if place in by_place else None
        # The lowest value still has a bar of one step: what is not there has none.
        columns.append(None if mean is None else 1 + round((mean - low) / (high - low or 1.0) * (steps - 1)))
    labels = [_number(high), *[""] * (GRAPH_HEIGHT - 2), _number(low)]
    width = max(map(len, labels))
    lines = []
    for row, label in enumerate(labels):
        floor = (GRAPH_HEIGHT - 1 - row) * (len(_BARS) - 1)
        bars = ("·" if not floor else " " for _ in columns)
        drawn = (
            blank if level is None else _BARS[max(0, min(len(_BARS) - 1, level - floor))]
            for level, blank in zip(columns, bars, strict=True)
        )
        lines.append(f"{label:>{width}} ┤{''.join(drawn)}".rstrip())
    return lines


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.6g}"


def _width(ms: int) -> str:
    return f"{ms / 1000:.3g} s" if ms < 59_000 else f"{ms / 60_000:.3g} min"
