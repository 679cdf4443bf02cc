"""What time does to a store: five minutes of readings become one row, and what is too old goes.

All of it runs on the writer's connection. Rows that a sink has still to take are never deleted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from winter_river.store.tables import UNAVERAGED, WINDOW_MS, fields_by_kind, meta, set_meta

GRACE_MS = 30_000  # chosen: a window is summed up that long after its end; what comes later has it summed up again
MARK = "averaged_ms"  # up to when windows are summed up
PIECE_MS = 3_600_000  # chosen: an hour a node is what one transaction deletes, some 10 ms


class Window(NamedTuple):
    """Five minutes of one node. node: its number in the table `node`."""

    kind: str
    node: int
    ms: int


def window_of(ms: int) -> int:
    """Where the window of a moment begins."""
    return ms // WINDOW_MS * WINDOW_MS


def average(connection: sqlite3.Connection, *, now_ms: int, late: Iterable[Window]) -> None:
    """Sums up the windows that have ended, and those that had been but have got another reading (late)."""
    again = sorted(set(late))
    until_ms = window_of(now_ms - GRACE_MS)
    mark_ms = meta(connection, MARK)
    ended = mark_ms is None or until_ms > mark_ms
    if not again and not ended:
        return
    fields = fields_by_kind(connection)
    for window in again:
        _sum_up(connection, fields[window.kind], window.kind, window.node, window.ms, window.ms + WINDOW_MS)
    if ended:
        for node, kind in connection.execute("SELECT id, kind FROM node").fetchall():
            _sum_up(connection, fields[kind], kind, node, mark_ms or 0, until_ms)
        set_meta(connection, MARK, until_ms)


def _sum_up(
    connection: sqlite3.Connection, fields: Sequence[str], kind: str, node: int, from_ms: int, to_ms: int
) -> None:
    named = [name for name in fields if name not in UNAVERAGED]
    columns = "".join(f', "{name}", "{name}~low", "{name}~high"' for name in named)
    values = "".join(f', avg("{name}"), min("{name}"), max("{name}")' for name in named)
    connection.execute(
        f'INSERT OR REPLACE INTO "min5_{kind}" (_node, _ms, _count, _quality{columns}) '
        f"SELECT _node, _ms / {WINDOW_MS} * {WINDOW_MS}, sum(_quality < 2), max(_quality){values} "
        f'FROM "raw_{kind}" WHERE _node = ? AND _ms >= ? AND _ms < ? GROUP BY 2',
        (node, from_ms, to_ms),
    )


def prune(connection: sqlite3.Connection, *, raw_before_ms: int, min5_before_ms: int) -> bool:
    """Deletes readings and sums from before those moments, a piece of each node; whether there is more to delete.

    Readings go by whole windows; those that are not summed up yet stay, and so does what a sink has still to take.
    """
    keep_ms = min(
        [window_of(raw_before_ms), *(ms for ms in (meta(connection, MARK), _held_ms(connection)) if ms is not None)]
    )
    more = False
    connection.execute("BEGIN IMMEDIATE")
    try:
        for node, kind in connection.execute("SELECT id, kind FROM node").fetchall():
            more |= _delete(connection, f"raw_{kind}", node, keep_ms)
            more |= _delete(connection, f"min5_{kind}", node, min5_before_ms)
        connection.execute("DELETE FROM event WHERE ms < ?", (min5_before_ms,))
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return more


def _held_ms(connection: sqlite3.Connection) -> int | None:
    """The oldest moment of which a sink has still to take something."""
    held: int | None = connection.execute("SELECT min(ms) FROM journal").fetchone()[0]
    return held


def _delete(connection: sqlite3.Connection, table: str, node: int, before_ms: int) -> bool:
    """Deletes a piece of what is older; whether more is."""
    oldest = connection.execute(f'SELECT min(_ms) FROM "{table}" WHERE _node = ?', (node,)).fetchone()[0]
    if oldest is None or oldest >= before_ms:
        return False
    until_ms = min(before_ms, window_of(oldest) + PIECE_MS)
    connection.execute(f'DELETE FROM "{table}" WHERE _node = ? AND _ms < ?', (node, until_ms))
    return bool(until_ms < before_ms)
