"""The out-box: what each sink has still to take, in the order in which it was committed, and how far it has come.

Only rows that some sink waits for are in it, as keys into the other tables, so that a row is written once. A sink's mark
rises when it has confirmed: after a crash it may be given something twice, never not at all.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from winter_wire import topics

from winter_river.store import tables
from winter_river.store.model import Happening, Reading

EVENT = "event"  # of the engine; of a node: event:ups_a
ROWS_MAX = 2_000_000  # chosen: a day of 24 nodes that speak each second, or five of a quiet site; 60 MB


class Outbox:
    """The writer's side. given_up: name -> rows that a sink will never be given, because too many waited for it."""

    def __init__(self, connection: sqlite3.Connection, names: Sequence[str], *, rows_max: int = ROWS_MAX) -> None:
        """names: the sinks that there are; a new one begins with what comes from now on, and others are forgotten."""
        self._connection, self._rows_max = connection, rows_max
        self._names: tuple[str, ...] = ()
        self.given_up: dict[str, int] = {}
        self.serve(names)

    def serve(self, names: Sequence[str]) -> None:
        """From now on these are the sinks; see above. Raises sqlite3.Error, and then nothing has changed."""
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            known = dict(connection.execute("SELECT name, mark FROM sink").fetchall())
            for name in known.keys() - set(names):
                connection.execute("DELETE FROM sink WHERE name = ?", (name,))
            for name in names:
                connection.execute("INSERT OR IGNORE INTO sink VALUES (?, ?)", (name, self._last()))
            self._forget()
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        self._names = tuple(names)
        self.given_up = {name: self.given_up.get(name, 0) for name in names}

    def add(self, keys: Iterable[tuple[str, int, int, int, int]]) -> None:
        """Rows for every sink: kind, the three parts of the key, ms. Within the caller's transaction."""
        if self._names:
            self._connection.executemany("INSERT INTO journal (kind, a, b, c, ms) VALUES (?, ?, ?, ?, ?)", keys)

    def advance(self, marks: Mapping[str, int]) -> None:
        """Sinks have taken everything up to their marks. Within the caller's transaction."""
        if not self._names:
            return
        for name, mark in marks.items():
            self._connection.execute("UPDATE sink SET mark = max(mark, ?) WHERE name = ?", (mark, name))
        behind = self._last() - self._rows_max
        for name, mark in self.marks().items():
            if mark < behind:
                self.given_up[name] += behind - mark
                self._connection.execute("UPDATE sink SET mark = ? WHERE name = ?", (behind, name))
        self._forget()

    def marks(self) -> dict[str, int]:
        """Name -> the last row it has taken."""
        return dict(self._connection.execute("SELECT name, mark FROM sink").fetchall())

    def waiting(self) -> dict[str, int]:
        """Name -> rows that it has still to take."""
        last = self._last()
        return {name: last - mark for name, mark in self.marks().items()}

    def _last(self) -> int:
        row = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'journal'").fetchone()
        return 0 if row is None else int(row[0])

    def _forget(self) -> None:
        """Lets go of what every sink has taken."""
        self._connection.execute(
            "DELETE FROM journal WHERE id <= (SELECT ifnull(min(mark), 9223372036854775807) FROM sink)"
        )


def event_kind(source: str) -> str:
    """The kind of an event's rows in the out-box."""
    return EVENT if source == topics.ENGINE else f"{EVENT}:{source}"


def pending(connection: sqlite3.Connection, *, after: int, count_max: int) -> list[tuple[int, Reading | Happening]]:
    """What comes next in the out-box, with the mark of each. A row that is gone from its table is passed over."""
    fields = tables.fields_by_kind(connection)
    nodes = connection.execute("SELECT id, node_id, type FROM node").fetchall()
    names = {number: (node_id, type_name) for number, node_id, type_name in nodes}
    found: list[tuple[int, Reading | Happening]] = []
    rows = connection.execute(
        "SELECT id, kind, a, b, c FROM journal WHERE id > ? ORDER BY id LIMIT ?", (after, count_max)
    )
    for mark, kind, a, b, c in rows.fetchall():
        if kind == EVENT or kind.startswith(f"{EVENT}:"):
            source = kind.removeprefix(EVENT).lstrip(":") or topics.ENGINE
            row = connection.execute(
                "SELECT * FROM event WHERE source = ? AND run = ? AND timeline = ? AND id = ?", (source, a, b, c)
            ).fetchone()
            if row is not None:
                found.append((mark, Happening(*row)))
            continue
        columns = "".join(f', "{name}"' for name in fields[kind])
        row = connection.execute(
            f'SELECT _quality, _status, _state, _handle, _fault{columns} FROM "raw_{kind}" '
            "WHERE _node = ? AND _ms = ? AND _seq = ?",
            (a, b, c),
        ).fetchone()
        if row is not None:
            quality, status, state, handle, fault, *values = row
            numbers = {name: value for name, value in zip(fields[kind], values, strict=True) if value is not None}
            node_id, type_name = names[a]
            found.append((mark, Reading(node_id, type_name, b, quality, status, state, handle, fault, c, numbers)))
    return found
