"""The one writer of a store: a batch of readings and events, one transaction.

Write-ahead log, and `synchronous = FULL`: a commit returns when it is on the disk, so a row that we call kept survives
a power cut too. With one commit a second that is one fsync a second, in a thread that nobody waits for.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import Self

from winter_wire import schema, topics

from winter_river.store import aging, outbox, points, tables
from winter_river.store.aging import Window, window_of
from winter_river.store.model import Happening, Reading
from winter_river.store.outbox import Outbox
from winter_river.store.tables import FIELDS_MAX, RAW_COLUMNS, StoreError

BUSY_S = 1.0  # how long a commit waits for another program that has the file locked; it is tried again later
CHECKPOINT_PAGES = 1_000  # SQLite's own default: 4 MB of log, some minutes of 24 nodes
FIELD, COLLISION = "field", "collision"
_EVENT = "INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


class Writer:
    """A store open for writing; one at a time, held to by a lock file beside it. Used from one thread.

    left_out: numbers whose key cannot be a column, or is one too many, and rows that another had the place of.
    """

    def __init__(self, path: Path, *, sinks: Sequence[str] = (), outbox_max: int = outbox.ROWS_MAX) -> None:
        """Opens or creates. sinks: the names of those that are to be given what is committed. Raises StoreError for a file that another process writes to or that is none of ours, OSError
        where the folder cannot be used."""
        self.path = path
        self.left_out: Counter[str] = Counter()
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = lock(path)
        self._lock: int | None = handle
        try:
            self._connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
            try:
                self._prepare()
                self.outbox = Outbox(self._connection, sinks, rows_max=outbox_max)
            except BaseException:
                self._connection.close()
                raise
        except sqlite3.Error as error:
            os.close(handle)
            raise StoreError(f"{path}: {error}\ncure: winter-river restore FILE, or move it away") from error
        except BaseException:
            os.close(handle)
            raise

    def _prepare(self) -> None:
        connection = self._connection
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        tables.migrate(connection, self.path)
        points.complete(connection)
        connection.execute("INSERT OR IGNORE INTO meta VALUES ('site', ?)", (self.path.stem,))
        self._reload()

    def _reload(self) -> None:
        """What is known of the file by heart."""
        self._fields = {kind: dict.fromkeys(names) for kind, names in tables.fields_by_kind(self._connection).items()}
        rows = self._connection.execute("SELECT node_id, type, id FROM node")
        self._nodes: dict[tuple[str, str], int] = {(node_id, type_name): number for node_id, type_name, number in rows}
        self._inserts: dict[str, str] = {}
        self._points: dict[int, set[str]] = {number: set() for number in self._nodes.values()}
        for number, field in self._connection.execute("SELECT node, field FROM point"):
            self._points[number].add(field)
        self._columns_new = False  # and the view of all readings not yet made of them

    def newest(self) -> dict[str, tuple[int, int, int]]:
        """Node id -> boot, seq and ts of its newest reading, where it had a boot and a seq."""
        found: dict[str, tuple[int, int, int]] = {}
        for (node_id, type_name), number in self._nodes.items():
            kind = tables.kind_of(type_name)
            fields = self._fields[kind]
            if "boot" in fields and "seq" in fields:
                row = self._connection.execute(
                    f'SELECT boot, seq, {"ts" if "ts" in fields else 0} FROM "raw_{kind}" '
                    "WHERE _node = ? AND boot IS NOT NULL AND seq IS NOT NULL ORDER BY _ms DESC LIMIT 1",
                    (number,),
                ).fetchone()
                if row is not None:
                    found[node_id] = (int(row[0]), int(row[1]), int(row[2] or 0))
        return found

    def lives(self) -> dict[str, int]:
        """Node id -> when the boot began that told of its newest event, s since 1970."""
        return dict(
            self._connection.execute(
                "SELECT source, max(run) FROM event WHERE source <> ? GROUP BY source", (topics.ENGINE,)
            ).fetchall()
        )

    def commit(
        self,
        readings: Sequence[Reading],
        happenings: Sequence[Happening],
        *,
        now_ms: int,
        marks: Mapping[str, int] | None = None,
    ) -> int:
        """Keeps these for good: the number of rows that are new. marks: how far sinks have come, see Outbox. Raises
        sqlite3.Error, and then nothing of it is kept."""
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            added = 0
            late: list[Window] = []
            for kind, of_kind in _by_kind(readings).items():
                count, windows = self._insert(kind, of_kind)
                added += count
                late += windows
            if happenings:
                added += connection.executemany(_EVENT, happenings).rowcount
                self.outbox.add(
                    (outbox.event_kind(each.source), each.run, each.timeline, each.id, each.ms) for each in happenings
                )
            self.outbox.advance(marks or {})
            aging.average(connection, now_ms=now_ms, late=late)
            if self._columns_new:
                points.create_view(connection)
            connection.execute("COMMIT")
            self._columns_new = False
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            self._reload()  # tables and columns that were new are gone again
            raise
        self.left_out[COLLISION] += len(readings) + len(happenings) - added
        return added

    def prune(self, *, raw_before_ms: int, min5_before_ms: int) -> bool:
        """See aging.prune."""
        return aging.prune(self._connection, raw_before_ms=raw_before_ms, min5_before_ms=min5_before_ms)

    def close(self) -> None:
        """Lets the file go; another process may write to it."""
        self._connection.close()
        handle, self._lock = self._lock, None
        if handle is not None:
            os.close(handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _insert(self, kind: str, readings: Sequence[Reading]) -> tuple[int, list[Window]]:
        """Adds readings of one type: how many are new, and the windows among them that had been summed up already."""
        fields = self._columns(kind, readings)
        mark_ms = tables.meta(self._connection, aging.MARK) or 0
        rows, late, keys = [], [], []
        for reading in readings:
            get = reading.numbers.get
            node = self._node(reading.node_id, reading.type)
            if not reading.numbers.keys() <= self._points[node]:
                self._add_points(node, reading, fields)
            own = (node, reading.ms, reading.seq, reading.quality)
            words = (reading.status, reading.state, reading.handle, reading.fault)
            rows.append((*own, *words, *map(get, fields)))
            keys.append((kind, node, reading.ms, reading.seq, reading.ms))
            if reading.ms < mark_ms:
                late.append(Window(kind, node, window_of(reading.ms)))
        self.outbox.add(keys)
        return self._connection.executemany(self._inserts[kind], rows).rowcount, late

    def _add_points(self, node: int, reading: Reading, fields: Container[str]) -> None:
        """The points that a node has not had before."""
        new = reading.numbers.keys() - self._points[node]
        points.add(self._connection, node, sorted(name for name in new if name in fields))
        self._points[node] |= new  # those of no column too, so that they are not asked for again

    def _columns(self, kind: str, readings: Sequence[Reading]) -> Mapping[str, None]:
        """The fields of a type, after columns were added for those that are new."""
        known = self._fields.get(kind)
        if known is None:
            tables.create_kind(self._connection, kind)
            known = self._fields[kind] = {}
            self._columns_new = True
        # SQLite does not tell voltage from Voltage, and no stranger's key may stand in the way of one of the contract.
        folded = {name.lower() for name in known}
        for reading in readings:
            for name in sorted(reading.numbers.keys() - known.keys()):
                taken = name.lower() in folded or (name not in schema.ROWS and name.lower() in schema.ROWS)
                if len(known) < FIELDS_MAX and tables.is_field(name) and not taken:
                    tables.add_field(self._connection, kind, name)
                    known[name] = None
                    self._columns_new = True
                    folded.add(name.lower())
                    self._inserts.pop(kind, None)
                else:
                    self.left_out[FIELD] += 1
        if kind not in self._inserts:
            names = [*RAW_COLUMNS, *known]
            columns, places = ", ".join(f'"{name}"' for name in names), ", ".join("?" * len(names))
            self._inserts[kind] = f'INSERT OR IGNORE INTO "raw_{kind}" ({columns}) VALUES ({places})'
        return known

    def _node(self, node_id: str, type_name: str) -> int:
        number = self._nodes.get((node_id, type_name))
        if number is None:
            cursor = self._connection.execute(
                "INSERT INTO node (node_id, type, kind) VALUES (?, ?, ?)",
                (node_id, type_name, tables.kind_of(type_name)),
            )
            assert cursor.lastrowid is not None
            number = self._nodes[node_id, type_name] = cursor.lastrowid
            self._points[number] = set()
        return number


def _by_kind(readings: Sequence[Reading]) -> Mapping[str, list[Reading]]:
    groups: dict[str, list[Reading]] = {}
    for reading in readings:
        groups.setdefault(tables.kind_of(reading.type), []).append(reading)
    return groups


def lock(path: Path) -> int:
    """The open lock file of a store. Raises StoreError where another process has it."""
    handle = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o644)
    if os.geteuid() == 0:  # a service that runs as a user of its own has to open it, too
        owner = path.parent.stat()
        os.fchown(handle, owner.st_uid, owner.st_gid)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise StoreError(f"another run keeps its history in {path}\ncure: end it, or run with --no-store") from error
    return handle
