"""A world as bytes and back, exact to the last bit."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from winter_river.engine.connect import index_islands
from winter_river.engine.plan import Plan
from winter_river.engine.start import blank_world
from winter_river.engine.world import World

_MAGIC = b"winter-river/1\n"
_SCALARS = ("t_s", "seed", "next_event", "first_event", "unsettled", "rewire", "touched")
_RECORDS = (
    "nodes",
    "meters",
    "islands",
    "island_meters",
    "utilities",
    "transfers",
    "generators",
    "upses",
    "ups_meters",
    "servers",
    "coolings",
    "breakers",
)
_INTEGERS = ("first_by_group", "parent")
_COMPLEX = ("v", "i", "load", "z")


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
        if not data.startswith(_MAGIC):
            raise ValueError("not a snapshot of this version")
        return Snapshot(bytes(data))


def _codes(values: list[Any]) -> str:
    """struct codes by type: flags, whole numbers, floats."""
    return "<" + "".join("?" if isinstance(v, bool) else "q" if isinstance(v, int) else "d" for v in values)


def _records(w: World) -> Iterator[tuple[list[Any], list[str], str]]:
    """(records, their field names, their struct format) of each kind there is any of."""
    for name in _RECORDS:
        records = getattr(w, name)
        if records:
            names = [field.name for field in fields(records[0])]
            defaults = [field.default for field in fields(records[0])]
            yield records, names, _codes(defaults)


def snapshot(plan: Plan, world: World) -> Snapshot:
    """The world now. What was applied and not yet settled is part of it."""
    parts = [_MAGIC, plan.digest]
    scalars = [getattr(world, name) for name in _SCALARS]
    parts.append(struct.pack("<dqqq???", *scalars))
    for name in _INTEGERS:
        column = getattr(world, name)
        parts.append(struct.pack(f"<{len(column)}q", *column))
    for name in _COMPLEX:
        column = getattr(world, name)
        parts.append(struct.pack(f"<{2 * len(column)}d", *(part for c in column for part in (c.real, c.imag))))
    for records, names, codes in _records(world):
        row = struct.Struct(codes)
        parts += [row.pack(*[getattr(record, name) for name in names]) for record in records]
    return Snapshot(b"".join(parts))


def restore(plan: Plan, snapshot: Snapshot) -> World:
    """The world of a snapshot, as it was. Raises ValueError where it belongs to another facility or calibration."""
    data = snapshot.data
    at = len(_MAGIC)
    if not data.startswith(_MAGIC) or data[at : at + len(plan.digest)] != plan.digest:
        raise ValueError("the snapshot belongs to another facility, calibration or version")
    at += len(plan.digest)
    w = blank_world(plan, 0)

    def take(codes: str) -> tuple[Any, ...]:
        nonlocal at
        size = struct.calcsize(codes)
        if at + size > len(data):
            raise ValueError("the snapshot is cut short")
        values = struct.unpack_from(codes, data, at)
        at += size
        return values

    for name, value in zip(_SCALARS, take("<dqqq???"), strict=True):
        setattr(w, name, value)
    for name in _INTEGERS:
        setattr(w, name, list(take(f"<{len(getattr(w, name))}q")))
    for name in _COMPLEX:
        flat = take(f"<{2 * len(getattr(w, name))}d")
        setattr(w, name, [complex(flat[k], flat[k + 1]) for k in range(0, len(flat), 2)])
    index_islands(plan, w)  # before the island records, because it marks all of them
    for records, names, codes in _records(w):
        for record in records:
            for name, value in zip(names, take(codes), strict=True):
                setattr(record, name, value)
    return w
