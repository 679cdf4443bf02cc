"""What a record is made of, read once from its declaration: for objects, for bytes and for machine code alike.

A record is a dataclass of flags, whole numbers, floats and complex numbers. `World` and `Plan` are tables of them,
and their annotations say which: a number is a scalar, a record stands for itself, a list of records has a row a
device, and a list of numbers is a column. Anything else (names, words, dictionaries) belongs to the edges, and the
step never sees it. One byte layout serves snapshots, forks and the compiled engine: little-endian, the long fields of a
row before the short ones, each kind in the order of declaration, and rows filled up to whole floats: so no number
lies across two lines of the cache, which costs a study 2 %.
"""

from __future__ import annotations

import itertools
import struct
import typing
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NewType

if TYPE_CHECKING:
    U64 = int
else:
    U64 = NewType("U64", int)  # 64 bits without a sign, for random streams

# Of struct. Whole numbers are places, counts and words, so four bytes hold them (the contract's counts too); those that
# stand alone, as the seed, have eight.
CODES: dict[object, str] = {bool: "?", int: "i", float: "d", complex: "dd", U64: "Q"}
SCALAR_CODES: dict[object, str] = {**CODES, int: "q"}
FLOAT_BYTES = 8

SCALAR, RECORD, ROWS, COLUMN = range(4)
Fields = tuple[tuple[str, Any], ...]

# The mark of what a snapshot leaves out: it follows from the rest, or is scratch of one settling.
FOLLOWS = {"follows": True}


@dataclass(frozen=True)
class Table:
    """One scalar, record, list of records or column. fields: names and types; of a scalar and a column just one."""

    name: str
    shape: int
    record: type | None
    fields: Fields
    saved: bool

    @property
    def has_complex(self) -> bool:
        return any(kind is complex for _, kind in self.fields)

    @property
    def codes(self) -> str:
        """The struct format of one row."""
        codes = SCALAR_CODES if self.shape == SCALAR else CODES
        row = "<" + "".join(codes[kind] for _, kind in self.fields)
        return row + self.padding_bytes * "x"

    @property
    def padding_bytes(self) -> int:
        """What fills a row of a record."""
        return -self.places[-1] % FLOAT_BYTES if self.shape in (RECORD, ROWS) else 0

    @property
    def places(self) -> list[int]:
        """Where each field of a record begins in its row, and where the last one ends."""
        sizes = (struct.calcsize("<" + CODES[kind]) for _, kind in self.fields)
        return list(itertools.accumulate(sizes, initial=0))

    @property
    def row_bytes(self) -> int:
        return struct.calcsize(self.codes)


@cache
def numbers(record: type) -> Fields:
    """The fields of a record that are numbers, in the order of their bytes."""
    hints = typing.get_type_hints(record)
    found = [(f.name, hints[f.name]) for f in fields(record) if hints[f.name] in CODES]
    return tuple(sorted(found, key=lambda field: -min(FLOAT_BYTES, struct.calcsize("<" + CODES[field[1]]))))


@cache
def tables(holder: type) -> tuple[Table, ...]:
    """The tables of World or Plan, in the order of their declaration."""
    return tuple(_tables(holder))


def _tables(holder: type) -> Iterator[Table]:
    hints = typing.get_type_hints(holder)
    for f in fields(holder):
        hint = hints[f.name]
        saved = not f.metadata.get("follows")
        inside = typing.get_args(hint)[0] if typing.get_origin(hint) is list else None
        if hint in CODES:
            yield Table(f.name, SCALAR, None, ((f.name, hint),), saved)
        elif isinstance(hint, type) and is_dataclass(hint):
            yield Table(f.name, RECORD, hint, numbers(hint), saved)
        elif inside in CODES:
            yield Table(f.name, COLUMN, None, ((f.name, inside),), saved)
        elif isinstance(inside, type) and is_dataclass(inside):
            yield Table(f.name, ROWS, inside, numbers(inside), saved)
