"""The tables of a store, their versions, and which names may be columns.

    meta, node            what the file is of; node id and type <-> the number that rows carry; kind: whose tables it is in
    raw_<kind>            a row a reading, in order of node and time; a column a field, added when a field first comes
    min5_<kind>           a row per node and five minutes: of each field mean, low and high
    point                 the measured fields of each node, with their units; the view sensor_readings shows a row a value
    event                 what happened, as the engine and the nodes told of it
    journal, sink         which rows a sink has still to take, in order, and how far each has come; a, b, c: the key of
                          the row, in raw_<kind>, or in event where kind is "event" (the engine's) or "event:NODE"

Every row of a node lies beside its neighbours in time, so that a day of one field is one stretch of the file. Columns
of our own begin with _, which no field may.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from winter_wire import schema, topics

APPLICATION_ID = 0x57527668  # "WRvh": tells our files from other SQLite ones
VERSION = 4
WINDOW_MS = 300_000  # five minutes
FIELDS_MAX = 200  # chosen: a column each, in three of min5; a node of ours has 30, and a message holds 150 at most
OTHER = "other"  # the kind of every type that the contract does not know
# Numbers of the envelope: kept as they came, but a mean of them means nothing.
UNAVERAGED = frozenset(("v", "boot", "seq", "ts", "timeline"))
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_.:/-]{0,47}")

RAW_COLUMNS = ("_node", "_ms", "_seq", "_quality", "_status", "_state", "_handle", "_fault")
_RAW = """CREATE TABLE "raw_{kind}" (
    _node INTEGER NOT NULL, _ms INTEGER NOT NULL, _seq INTEGER NOT NULL,
    _quality INTEGER NOT NULL CHECK (_quality IN (0, 1, 2)), _status TEXT NOT NULL, _state TEXT NOT NULL,
    _handle TEXT NOT NULL, _fault TEXT NOT NULL,
    PRIMARY KEY (_node, _ms, _seq)) WITHOUT ROWID"""
_MIN5 = """CREATE TABLE "min5_{kind}" (
    _node INTEGER NOT NULL, _ms INTEGER NOT NULL, _count INTEGER NOT NULL, _quality INTEGER NOT NULL,
    PRIMARY KEY (_node, _ms)) WITHOUT ROWID"""
_ONLY_ADDED = """CREATE TRIGGER IF NOT EXISTS "only_added_{kind}" BEFORE UPDATE ON "raw_{kind}"
    BEGIN SELECT RAISE(ABORT, 'a reading is never changed'); END"""
_FIRST = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID",
    """CREATE TABLE node (id INTEGER PRIMARY KEY, node_id TEXT NOT NULL, type TEXT NOT NULL, kind TEXT NOT NULL,
    UNIQUE (node_id, type))""",
    """CREATE TABLE event (ms INTEGER NOT NULL, run INTEGER NOT NULL, timeline INTEGER NOT NULL, id INTEGER NOT NULL,
    node_id TEXT NOT NULL, t_s REAL NOT NULL, event TEXT NOT NULL, from_ TEXT NOT NULL, to_ TEXT NOT NULL,
    cause INTEGER NOT NULL, PRIMARY KEY (run, timeline, id)) WITHOUT ROWID""",
    "CREATE INDEX event_ms ON event (ms)",
)


class StoreError(RuntimeError):
    """A store cannot be used; says which file, why, and the cure."""


def _create(connection: sqlite3.Connection) -> None:
    for statement in _FIRST:
        connection.execute(statement)


def _add_outbox(connection: sqlite3.Connection) -> None:
    """The out-box: ids rise for ever, so that a mark never means another row."""
    connection.execute(
        "CREATE TABLE journal (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, a INTEGER NOT NULL, "
        "b INTEGER NOT NULL, c INTEGER NOT NULL, ms INTEGER NOT NULL)"
    )
    connection.execute("CREATE TABLE sink (name TEXT PRIMARY KEY, mark INTEGER NOT NULL) WITHOUT ROWID")


def _add_source(connection: sqlite3.Connection) -> None:
    """Events of nodes, too: each boot of a node counts its own from 1, so an event is known by who told of it.

    The columns of the key come first: where they do not, SQLite 3.40's integrity_check finds NULLs that are not there.
    """
    connection.execute("ALTER TABLE event RENAME TO event_2")
    connection.execute("DROP INDEX event_ms")
    connection.execute(
        """CREATE TABLE event (source TEXT NOT NULL, run INTEGER NOT NULL, timeline INTEGER NOT NULL,
        id INTEGER NOT NULL, ms INTEGER NOT NULL, node_id TEXT NOT NULL, t_s REAL NOT NULL, event TEXT NOT NULL,
        from_ TEXT NOT NULL, to_ TEXT NOT NULL, cause INTEGER NOT NULL, PRIMARY KEY (source, run, timeline, id)) WITHOUT ROWID"""
    )
    connection.execute(
        f"INSERT INTO event SELECT '{topics.ENGINE}', run, timeline, id, ms, node_id, t_s, event, from_, to_, cause "
        "FROM event_2"
    )
    connection.execute("DROP TABLE event_2")
    connection.execute("CREATE INDEX event_ms ON event (ms)")
    connection.execute("CREATE INDEX event_node ON event (node_id, ms)")


def _add_points(connection: sqlite3.Connection) -> None:
    """The table of points; winter_river.store.points fills it, and makes the view. Readings are never changed."""
    connection.execute(
        "CREATE TABLE IF NOT EXISTS point (id INTEGER PRIMARY KEY, node INTEGER NOT NULL REFERENCES node (id), field TEXT NOT NULL, "
        "units TEXT NOT NULL, UNIQUE (node, field))"
    )
    for kind in fields_by_kind(connection):
        only_added(connection, kind)


# What brings a file of version i to i + 1; an empty file is of version 0.
MIGRATIONS: Sequence[Callable[[sqlite3.Connection], None]] = (_create, _add_outbox, _add_source, _add_points)


def check(connection: sqlite3.Connection, path: Path) -> int:
    """The version of a file of ours, 0 for an empty one. Raises StoreError for another's and for a newer one."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and application != APPLICATION_ID:
        raise StoreError(f"{path} is a database, but not a history of ours\ncure: move it away")
    if version > VERSION:
        raise StoreError(
            f"{path} is a history of version {version}; this program knows up to {VERSION}\n"
            "cure: update Winter River, or move the file away to begin a new one"
        )
    return int(version)


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Brings a file, an empty one too, to this program's version, in one transaction. Raises StoreError."""
    if check(connection, path) == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in MIGRATIONS[check(connection, path) :]:
            step(connection)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def kind_of(type_name: str) -> str:
    """The part of a table's name that stands for a type."""
    return type_name if type_name in schema.TYPES or type_name in topics.VIRTUAL else OTHER


def is_field(name: str) -> bool:
    """Whether a key may be a column."""
    return _FIELD.fullmatch(name) is not None


def only_added(connection: sqlite3.Connection, kind: str) -> None:
    """Has the file itself refuse to change a reading."""
    connection.execute(_ONLY_ADDED.format(kind=kind))


def create_kind(connection: sqlite3.Connection, kind: str) -> None:
    """The two tables of a kind."""
    connection.execute(_RAW.format(kind=kind))
    connection.execute(_MIN5.format(kind=kind))
    only_added(connection, kind)


def add_field(connection: sqlite3.Connection, kind: str, field: str) -> None:
    """A new column for a field, and three where it is averaged."""
    connection.execute(f'ALTER TABLE "raw_{kind}" ADD COLUMN "{field}" REAL')
    if field not in UNAVERAGED:
        for name in (field, f"{field}~low", f"{field}~high"):
            connection.execute(f'ALTER TABLE "min5_{kind}" ADD COLUMN "{name}" REAL')


def fields_by_kind(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """Kind -> its fields, in the order in which they first came."""
    names = connection.execute("SELECT substr(name, 5) FROM sqlite_master WHERE name LIKE 'raw\\_%' ESCAPE '\\'")
    return {kind: fields_of_kind(connection, kind) for (kind,) in names.fetchall()}


def fields_of_kind(connection: sqlite3.Connection, kind: str) -> list[str]:
    """The fields of one kind, in the order in which they first came."""
    rows = connection.execute(f'PRAGMA table_info("raw_{kind}")')
    return [row[1] for row in rows if not row[1].startswith("_")]


def meta(connection: sqlite3.Connection, name: str) -> int | None:
    """A whole number that the file remembers by name."""
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return None if row is None else int(row[0])


def set_meta(connection: sqlite3.Connection, name: str, value: int) -> None:
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))
