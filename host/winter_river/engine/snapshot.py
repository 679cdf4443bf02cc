"""A world as bytes and back, exact to the last bit."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from winter_river.engine.connect import index_islands
from winter_river.engine.layout import COLUMN, RECORD, ROWS, SCALAR, Table, tables
from winter_river.engine.plan import Plan
from winter_river.engine.start import blank_world
from winter_river.engine.world import World


def saved() -> tuple[Table, ...]:
    """The tables of a world that a snapshot holds, in its order."""
    return tuple(table for table in tables(World) if table.saved)


@cache
def magic() -> bytes:
    """What every snapshot of this version begins with: another layout of the records is another version."""
    layout = repr([(table.name, table.shape, table.codes, table.fields) for table in saved()])
    return b"winter-river/" + hashlib.sha256(layout.encode()).digest()[:6]


@dataclass(frozen=True)
class Snapshot:
    """One world at one instant. Two are equal exactly when their worlds are."""

    data: bytes

    @property
    def hash(self) -> str:
        """SHA-256 of the state, in hex."""
        return hashlib.sha256(self.data).hexdigest()

    def to_bytes(self) -> bytes:
        return self.data

    @staticmethod
    def from_bytes(data: bytes) -> Snapshot:
        """Raises ValueError where the bytes are not a snapshot of this version."""
        if not data.startswith(magic()):
            raise ValueError("not a snapshot of this version")
        return Snapshot(bytes(data))


def _flat(values: list[Any]) -> list[Any]:
    """Complex numbers as their two parts."""
    return [part for value in values for part in ((value.real, value.imag) if isinstance(value, complex) else (value,))]


def table_bytes(table: Table, value: Any) -> bytes:
    """One table of a plan or a world of objects as its bytes."""
    if table.shape == SCALAR:
        return struct.pack(table.codes, value)
    if table.shape == COLUMN:
        flat = _flat(value) if table.has_complex else value
        return struct.pack(f"<{len(flat)}{table.codes[1]}", *flat)
    row, names = struct.Struct(table.codes), [name for name, _ in table.fields]
    values = ([getattr(record, name) for name in names] for record in ([value] if table.shape == RECORD else value))
    return b"".join([row.pack(*(_flat(one) if table.has_complex else one)) for one in values])


def snapshot(plan: Plan, world: World) -> Snapshot:
    """The world now. What was applied and not yet settled is part of it."""
    if world.machine:
        state = world.machine.saved(world)
    else:
        state = b"".join([table_bytes(table, getattr(world, table.name)) for table in saved()])
    return Snapshot(magic() + plan.digest + state)


def fork(plan: Plan, world: World) -> World:
    """Another world, just as this one stands, that goes its own way from here."""
    return world.machine.fork(world) if world.machine else restore(plan, snapshot(plan, world))


def split(plan: Plan, snapshot: Snapshot, rows: Mapping[str, int]) -> dict[str, memoryview]:
    """The bytes of each saved table of a snapshot. rows: of each table in this plan's worlds.

    Raises ValueError where it is not one of this plan and version.
    """
    data = memoryview(snapshot.data)
    head = magic() + plan.digest
    if not snapshot.data.startswith(head):
        raise ValueError("the snapshot belongs to another facility, calibration or version")
    found = {}
    at = len(head)
    for table in saved():
        size = rows[table.name] * table.row_bytes
        found[table.name] = data[at : at + size]
        at += size
    if at != len(data):
        raise ValueError("the snapshot is cut short" if at > len(data) else "the snapshot is too long")
    return found


def restore(plan: Plan, snapshot: Snapshot) -> World:
    """The world of a snapshot, as it was. Raises ValueError where it belongs to another facility or calibration."""
    w = blank_world(plan, 0)
    rows = {table.name: 1 if table.shape == SCALAR else len(getattr(w, table.name)) for table in saved()}
    data = split(plan, snapshot, rows)
    for table in saved():
        if table.shape != ROWS:
            _fill(table, w, data[table.name])
    index_islands(plan, w)  # before the records of the islands, because it marks all of them
    for table in saved():
        if table.shape == ROWS:
            _fill(table, w, data[table.name])
    return w


def _fill(table: Table, w: World, data: memoryview) -> None:
    rows = struct.iter_unpack(table.codes, data)
    if table.shape == SCALAR:
        setattr(w, table.name, next(rows)[0])
    elif table.shape == COLUMN:
        setattr(w, table.name, [complex(*row) if table.has_complex else row[0] for row in rows])
    else:
        names = [name for name, _ in table.fields]
        for record, row in zip(getattr(w, table.name), rows, strict=True):
            for name, value in zip(names, row, strict=True):
                setattr(record, name, value)
