"""Devices and their points: what each is now, and every reading as a row of its own.

A device is a node, a point one of its measured fields. The rows of `raw_<kind>` are wide, a reading each; the view
`sensor_readings` shows them narrow, a value each, as historians and building systems have them:

    time, unix_ms     when it came, in UTC; the same in ms since 1970 (ask by this one: it has an index)
    site_id           the site
    point_id          node/field
    value             null where quality is bad: nobody knows
    quality           good, uncertain (its time is doubtful), bad (the node was silent or gone)
    units             of the value
    device_id         the node
    object_type       the node's type
    object_instance   the point's number in this file

It is only read: readings are added by the writer and taken away by their age, and nothing changes one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from winter_wire import schema

from winter_river.store.model import BAD, QUALITIES
from winter_river.store.tables import UNAVERAGED, fields_by_kind

COLUMNS = (
    *("time", "unix_ms", "site_id", "point_id", "value", "quality", "units", "device_id"),
    *("object_type", "object_instance"),
)
ROWS_MAX = 100_000  # of one answer
_QUALITY_WORDS = "".join(f" WHEN {number} THEN '{word}'" for number, word in enumerate(QUALITIES))
CURRENT_MS_MAX = 300_000  # acceptance V09: a last state older than this is no state


class PointNow(NamedTuple):
    """One point. value: None where nothing is known now; last: the newest that was known, and when it was.

    ms: of the newest reading of its node, a bad one too: when the node was last looked at.
    """

    point_id: str
    device_id: str
    type: str
    field: str
    units: str
    value: float | None
    quality: int
    ms: int
    last: float | None
    last_ms: int


def is_point(field: str) -> bool:
    """Whether a key is a measurement, and no number of the envelope."""
    return field not in UNAVERAGED


def units_of(field: str) -> str:
    """The unit that the contract gives a field, "" for one that it does not know."""
    row = schema.row("status", field)
    return row[5] if row is not None else ""


def create_view(connection: sqlite3.Connection) -> None:
    """Makes the view anew, of the kinds and columns that there are now. Within the caller's transaction."""
    parts = []
    for kind, fields in sorted(fields_by_kind(connection).items()):
        cases = "".join(f" WHEN '{field}' THEN r.\"{field}\"" for field in fields if is_point(field))
        value = f"CASE p.field{cases} END" if cases else "NULL"
        parts.append(
            "SELECT strftime('%Y-%m-%dT%H:%M:%fZ', r._ms / 1000.0, 'unixepoch') AS time, r._ms AS unix_ms, "
            "(SELECT value FROM meta WHERE name = 'site') AS site_id, n.node_id || '/' || p.field AS point_id, "
            f"{value} AS value, "
            f"CASE r._quality{_QUALITY_WORDS} END AS quality, "
            "p.units AS units, n.node_id AS device_id, n.type AS object_type, p.id AS object_instance "
            f'FROM node n JOIN point p ON p.node = n.id JOIN "raw_{kind}" r ON r._node = n.id '
            f"WHERE n.kind = '{kind}' AND (r._quality = {BAD} OR {value} IS NOT NULL)"
        )
    nothing = f"SELECT {', '.join(f'NULL AS {name}' for name in COLUMNS)} WHERE 0"
    connection.execute("DROP VIEW IF EXISTS sensor_readings")
    connection.execute(f"CREATE VIEW sensor_readings AS {' UNION ALL '.join(parts) or nothing}")


def add(connection: sqlite3.Connection, node: int, fields: Sequence[str]) -> None:
    """Points that a node has from now on. Within the caller's transaction."""
    connection.executemany(
        "INSERT OR IGNORE INTO point (node, field, units) VALUES (?, ?, ?)",
        ((node, field, units_of(field)) for field in fields if is_point(field)),
    )


def complete(connection: sqlite3.Connection) -> None:
    """Makes what a file lacks that is new, or that an earlier program wrote: its points are those that its sums and
    readings know of."""
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'sensor_readings'").fetchone():
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        _complete(connection)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _complete(connection: sqlite3.Connection) -> None:
    for kind, fields in fields_by_kind(connection).items():
        measured = [field for field in fields if is_point(field)]
        for (node,) in connection.execute("SELECT id FROM node WHERE kind = ?", (kind,)).fetchall():
            known: set[str] = set()
            for table in ("min5", "raw"):
                seen = ", ".join(f'count("{field}")' for field in measured)
                if measured:
                    row = connection.execute(f'SELECT {seen} FROM "{table}_{kind}" WHERE _node = ?', (node,)).fetchone()
                    known.update(field for field, count in zip(measured, row, strict=True) if count)
            add(connection, node, sorted(known))
    create_view(connection)


def rows(
    connection: sqlite3.Connection,
    *,
    from_ms: int,
    to_ms: int,
    node_id: str,
    field: str = "",
    count_max: int = ROWS_MAX,
) -> list[dict[str, object]]:
    """The rows of the view of one device in [from_ms, to_ms), oldest first. field: of one point."""
    which = " AND point_id = ?" if field else ""
    found = connection.execute(
        f"SELECT {', '.join(COLUMNS)} FROM sensor_readings WHERE device_id = ? AND unix_ms >= ? AND unix_ms < ?{which} "
        "ORDER BY unix_ms, object_instance LIMIT ?",
        (node_id, from_ms, to_ms, *((f"{node_id}/{field}",) if field else ()), count_max),
    )
    return [dict(zip(COLUMNS, row, strict=True)) for row in found.fetchall()]


def now(connection: sqlite3.Connection, *, now_ms: int, node_id: str = "") -> list[PointNow]:
    """Every point, or those of one device, as it is at now_ms."""
    by_kind = fields_by_kind(connection)
    found = []
    for number, name, type_name, kind in connection.execute(
        "SELECT id, node_id, type, kind FROM node WHERE ? IN ('', node_id) ORDER BY node_id, id", (node_id,)
    ).fetchall():
        places = {field: place + 2 for place, field in enumerate(by_kind.get(kind, ()))}
        columns = "".join(f', "{field}"' for field in places)
        ask = f'SELECT _ms, _quality{columns} FROM "raw_{kind}" WHERE _node = ?'
        newest = connection.execute(f"{ask} ORDER BY _ms DESC, _seq DESC LIMIT 1", (number,)).fetchone()
        known = connection.execute(
            f"{ask} AND _quality < {BAD} ORDER BY _ms DESC, _seq DESC LIMIT 1", (number,)
        ).fetchone()
        points = connection.execute("SELECT field, units FROM point WHERE node = ? ORDER BY id", (number,))
        for field, units in points.fetchall() if newest else ():
            fresh = newest[1] < BAD and now_ms - newest[0] <= CURRENT_MS_MAX
            value = newest[places[field]] if fresh else None
            quality = newest[1] if value is not None else BAD
            last = (known[places[field]], known[0]) if known else (None, 0)
            found.append(PointNow(f"{name}/{field}", name, type_name, field, units, value, quality, newest[0], *last))
    return found
