"""Questions to a store. Each opens the file by itself, to read only, so any thread and any process may ask meanwhile."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from winter_wire import schema

from winter_river.store import aging, tables
from winter_river.store.model import BAD, Happening, Point, Series, Span
from winter_river.store.tables import UNAVERAGED, WINDOW_MS, StoreError

POINTS_MAX = 10_000
ROWS_MAX = 1_000_000  # chosen: eleven days of one node at 1 Hz; more is what down-sampling is for
EVENTS_MAX = 10_000


# Of a piece: bad where nothing of it was good, uncertain where some of it was not.
_QUALITY = "CASE WHEN {good} = 0 THEN 2 ELSE min(max(_quality), 1) END"
_COPIES = "name a file that winter-river backup made"


class UnknownSeries(StoreError):
    """There is no such node or field in the store; asked: its name; known: those there are."""

    def __init__(self, what: str, asked: str, known: Sequence[str]) -> None:
        super().__init__(what)
        self.asked = asked
        self.known = tuple(known)


class _Place(NamedTuple):
    """Where a node's readings are. number: the node's, in the table `node`."""

    kind: str
    number: int


@contextmanager
def opened(path: Path, *, copy: bool = False) -> Iterator[sqlite3.Connection]:
    """A store as it is at one moment, whatever a run writes meanwhile: all that is asked here agrees with itself.

    copy: one that is to be put in a store's place; a run then brings an older one up to date.
    Raises StoreError where there is none of a version that we know.
    """
    cures = (_COPIES, _COPIES) if copy else ("winter-river run keeps one", "winter-river restore FILE, or move it away")
    if not path.is_file():
        raise StoreError(f"there is no history at {path}\ncure: {cures[0]}")
    try:
        with closing(sqlite3.connect(f"file:{_quoted(path)}?mode=ro", uri=True, timeout=2.0)) as connection:
            connection.execute("BEGIN")  # deferred: the moment is that of the first look, and no writer waits for it
            version = tables.check(connection, path)
            if version < tables.VERSION and not copy:
                raise StoreError(
                    f"{path} is a history of version {version}\ncure: winter-river run brings it up to date"
                )
            yield connection
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {error}\ncure: {cures[1]}") from error


def _quoted(path: Path) -> str:
    return str(path.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def spans(connection: sqlite3.Connection) -> list[Span]:
    """Every node that has readings or sums, by id."""
    found = []
    for number, node_id, type_name, kind in connection.execute(
        "SELECT id, node_id, type, kind FROM node ORDER BY node_id"
    ):
        ends = [
            connection.execute(f'SELECT min(_ms), max(_ms) FROM "{table}_{kind}" WHERE _node = ?', (number,)).fetchone()
            for table in ("raw", "min5")
        ]
        if any(low is not None for low, _ in ends):
            low_ms = min(low for low, _ in ends if low is not None)
            found.append(Span(node_id, type_name, low_ms, max(high for _, high in ends if high is not None)))
    return found


def nodes(connection: sqlite3.Connection) -> set[str]:
    """Every node that has readings, or of which something was told."""
    return {row[0] for row in connection.execute("SELECT node_id FROM node UNION SELECT node_id FROM event")}


def fields_of(connection: sqlite3.Connection, node_id: str) -> list[str]:
    """The fields that a node's type has, in the contract's order, then those it does not know. Raises UnknownSeries for a node without history."""
    kinds = [kind for (kind,) in connection.execute("SELECT kind FROM node WHERE node_id = ? ORDER BY id", (node_id,))]
    if not kinds:
        known = [row[0] for row in connection.execute("SELECT DISTINCT node_id FROM node ORDER BY node_id")]
        raise UnknownSeries(f"there is no history of {node_id}", node_id, known)
    found = dict.fromkeys(field for kind in kinds for field in tables.fields_of_kind(connection, kind))
    places = {name: place for place, name in enumerate(schema.ROWS)}
    return sorted(found, key=lambda name: (places.get(name, len(places)), name))


def series(
    connection: sqlite3.Connection, node_id: str, field: str, *, from_ms: int, to_ms: int, points: int | None = None
) -> Series:
    """The curve of one field over [from_ms, to_ms). points: how many pieces at most; None: every single reading.

    Pieces of five minutes and more are made of the five-minute sums, and so is everything that is older than the
    readings that are kept; they then begin at whole five minutes. A piece without a good number is left out; one that had only bad readings has none as mean.
    Raises UnknownSeries, and ValueError for a span or number of points that means nothing.
    """
    if not from_ms < to_ms:
        raise ValueError("the span ends before it begins")
    if points is not None and not 1 <= points <= POINTS_MAX:
        raise ValueError(f"points is {points}; 1 to {POINTS_MAX}")
    place = _place(connection, node_id, field)
    row = schema.row("status", field)
    unit = row[5] if row is not None else ""
    if points is None:
        return Series(node_id, field, unit, 0, tuple(_readings(connection, place, field, from_ms, to_ms)))
    origin_ms, width_ms = _grid(from_ms, to_ms, points)
    split_ms = _split_ms(connection, place, from_ms, to_ms, width_ms) if field not in UNAVERAGED else from_ms
    first_ms = min(split_ms, aging.window_of(from_ms + WINDOW_MS - 1))  # of the first window that is inside whole
    pieces: dict[int, Point] = {}
    for table, low_ms, high_ms in (("raw", from_ms, first_ms), ("min5", first_ms, split_ms), ("raw", split_ms, to_ms)):
        if low_ms < high_ms:
            for point in _pieces(connection, table, place, field, low_ms, high_ms, origin_ms, width_ms):
                pieces[point.ms] = _joined(pieces[point.ms], point) if point.ms in pieces else point
    return Series(node_id, field, unit, width_ms, tuple(pieces[ms] for ms in sorted(pieces)))


def happenings(
    connection: sqlite3.Connection, *, from_ms: int, to_ms: int, node_id: str | None = None, count_max: int = EVENTS_MAX
) -> list[Happening]:
    """The events of [from_ms, to_ms), the last count_max at most, oldest first. node_id: only what happened there."""
    of_node, which = ("", ()) if node_id is None else ("node_id = ? AND ", (node_id,))
    rows = connection.execute(
        f"SELECT * FROM event WHERE {of_node}ms >= ? AND ms < ? ORDER BY ms DESC, id DESC LIMIT ?",
        (*which, from_ms, to_ms, count_max),
    ).fetchall()
    return [Happening(*row) for row in reversed(rows)]


def _grid(from_ms: int, to_ms: int, points: int) -> tuple[int, int]:
    """Where pieces begin to be counted, and how wide they are: of five minutes and more they are of whole windows."""
    width_ms = -(-(to_ms - from_ms) // points)
    if width_ms < WINDOW_MS:
        return from_ms, width_ms
    origin_ms = aging.window_of(from_ms)
    return origin_ms, -(-(to_ms - origin_ms) // (points * WINDOW_MS)) * WINDOW_MS


def _place(connection: sqlite3.Connection, node_id: str, field: str) -> _Place:
    """Where a field of a node is. A node that has been of several types: the last of them that has the field."""
    rows = connection.execute("SELECT kind, id FROM node WHERE node_id = ? ORDER BY id DESC", (node_id,)).fetchall()
    for kind, number in rows:
        if field in tables.fields_of_kind(connection, kind):
            return _Place(kind, number)
    raise UnknownSeries(f"{node_id} has no history of {field}", field, fields_of(connection, node_id))


def _split_ms(connection: sqlite3.Connection, place: _Place, from_ms: int, to_ms: int, width_ms: int) -> int:
    """Up to when five-minute sums serve, from where single readings do."""
    mark_ms = tables.meta(connection, aging.MARK) or 0
    if width_ms < WINDOW_MS:
        oldest = connection.execute(
            f'SELECT min(_ms) FROM "raw_{place.kind}" WHERE _node = ?', (place.number,)
        ).fetchone()
        if oldest[0] is not None:  # readings go by whole windows, so from that one on all of them are there
            mark_ms = min(mark_ms, aging.window_of(oldest[0]))
    return max(from_ms, min(mark_ms, to_ms))


def _readings(connection: sqlite3.Connection, place: _Place, field: str, from_ms: int, to_ms: int) -> Iterator[Point]:
    rows = connection.execute(
        f'SELECT _ms, "{field}", _quality FROM "raw_{place.kind}" WHERE _node = ? AND _ms >= ? AND _ms < ? '
        "ORDER BY _ms, _seq LIMIT ?",
        (place.number, from_ms, to_ms, ROWS_MAX),
    )
    for ms, value, quality in rows:
        if value is not None or quality:
            yield Point(ms, value, value, value, int(value is not None), quality)


def _pieces(
    connection: sqlite3.Connection,
    table: str,
    place: _Place,
    field: str,
    low_ms: int,
    high_ms: int,
    origin_ms: int,
    width_ms: int,
) -> Iterator[Point]:
    """The pieces of [low_ms, high_ms) that have readings, counted from origin_ms."""
    if table == "raw":
        mean, low, high, count = f'avg("{field}")', f'min("{field}")', f'max("{field}")', f'count("{field}")'
    else:
        weight = f'sum(_count * ("{field}" IS NOT NULL))'
        mean, count = f'sum("{field}" * _count) / {weight}', weight
        low, high = f'min("{field}~low")', f'max("{field}~high")'
    rows = connection.execute(
        f"SELECT (_ms - :from) / :width, {mean}, {low}, {high}, {count}, {_QUALITY.format(good=count)} "
        f'FROM "{table}_{place.kind}" WHERE _node = :node AND _ms >= :low AND _ms < :high GROUP BY 1',
        {"from": origin_ms, "width": width_ms, "node": place.number, "low": low_ms, "high": high_ms},
    )
    for piece, *values in rows:
        if values[3] or values[4]:
            yield Point(origin_ms + piece * width_ms, *values)


def _joined(one: Point, other: Point) -> Point:
    """Two halves of a piece."""
    if one.mean is None or other.mean is None:
        whole = other if one.mean is None else one
        return whole._replace(quality=min(max(one.quality, other.quality), 1) if whole.readings else BAD)
    assert one.low is not None and one.high is not None and other.low is not None and other.high is not None
    count = one.readings + other.readings
    mean = (one.mean * one.readings + other.mean * other.readings) / count
    low, high = min(one.low, other.low), max(one.high, other.high)
    return Point(one.ms, mean, low, high, count, max(one.quality, other.quality))
