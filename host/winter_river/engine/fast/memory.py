"""Plans and worlds as bytes: one block each, table after table, as layout.py reads their declarations.

What the compiled step works on. Forking a world is copying its block.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from winter_river.engine.layout import CODES, COLUMN, RECORD, ROWS, SCALAR, U64, Table, tables
from winter_river.engine.snapshot import table_bytes

Bytes = npt.NDArray[np.uint8]

ALIGNMENT = 64  # chosen: a table begins on a line of the cache
SCALAR_BYTES = 8  # each has so much room, so that none lies across two lines
# Of the codes of layout.py, and of a memoryview.
_DTYPES = {"?": "?", "i": "<i4", "q": "<i8", "Q": "<u8", "d": "<f8", "dd": "<c16"}
_CTYPES = {"?": ctypes.c_bool, "i": ctypes.c_int32, "d": ctypes.c_double}
_FORMATS: dict[object, Literal["?", "i", "d", "Q"]] = {bool: "?", int: "i", float: "d", U64: "Q"}
_PADDING = {1: "7x", 8: ""}


def dtype_of(table: Table) -> np.dtype[Any]:
    """One row of a table; that of a scalar or a column is a plain number."""
    if table.shape in (SCALAR, COLUMN):
        return np.dtype(_DTYPES[table.codes[1:]])
    return np.dtype(
        {
            "names": [name for name, _ in table.fields],
            "formats": [_DTYPES[CODES[kind]] for _, kind in table.fields],
            "offsets": table.places[:-1],
            "itemsize": table.row_bytes,
        }
    )


@cache
def _structure(table: Table) -> Any:
    """A row as an object: its attributes read and write the bytes."""
    fields = [(name, _CTYPES[CODES[kind]]) for name, kind in table.fields]
    if table.padding_bytes:
        fields.append(("_", ctypes.c_char * table.padding_bytes))
    return type(table.name, (ctypes.LittleEndianStructure,), {"_pack_": 1, "_layout_": "ms", "_fields_": fields})


class ComplexColumn(Sequence[complex]):
    """A column of complex numbers in a block; what it gives are Python's own."""

    def __init__(self, data: memoryview) -> None:
        self._parts = data.cast("d")

    def __len__(self) -> int:
        return len(self._parts) // 2

    def __getitem__(self, k: Any) -> Any:
        place = 2 * range(len(self))[k]
        return complex(self._parts[place], self._parts[place + 1])

    def __setitem__(self, k: int, value: complex) -> None:
        place = 2 * range(len(self))[k]
        self._parts[place], self._parts[place + 1] = value.real, value.imag


class Layout:
    """Where each table of one plan's worlds (or of the plan itself) lies in its block.

    example: any of them, or how many rows each of its lists has. places: offset and rows of each table, in their
    order, as the compiled step reads them. The scalars come first and together.
    """

    def __init__(self, holder: type, example: object) -> None:
        ordered = tables(holder)
        self.holder, self.tables = holder, ordered
        self.places = np.zeros((len(ordered), 2), np.int64)
        self.scalars = [table.name for table in ordered if table.shape == SCALAR]
        codes = [table.codes[1:] + _PADDING[table.row_bytes] for table in ordered if table.shape == SCALAR]
        self.scalar_row = struct.Struct("<" + "".join(codes))
        scalar_at, at = 0, -(-self.scalar_row.size // ALIGNMENT) * ALIGNMENT
        for number, table in enumerate(ordered):
            if table.shape == SCALAR:
                self.places[number] = scalar_at, 1
                scalar_at += SCALAR_BYTES
            else:
                rows = 1 if table.shape == RECORD else _rows(example, table.name)
                self.places[number] = at, rows
                at += -(-rows * table.row_bytes // ALIGNMENT) * ALIGNMENT
        self.size = at
        self.rows = {table.name: int(rows) for table, rows in zip(ordered, self.places[:, 1], strict=True)}
        self.numbers = {table.name: number for number, table in enumerate(ordered)}

    def lengthened(self, rows: dict[str, int]) -> Layout:
        """The layout of a holder some of whose lists have so many rows instead."""
        return Layout(self.holder, {**self.rows, **rows})

    def place(self, name: str) -> slice:
        """The bytes of a table in a block."""
        number = self.numbers[name]
        at, rows = (int(value) for value in self.places[number])
        return slice(at, at + rows * self.tables[number].row_bytes)

    def pack(self, holder: object, block: Bytes) -> None:
        """Writes a plan or a world of objects into a block."""
        for table in self.tables:
            data = table_bytes(table, getattr(holder, table.name))
            block[self.place(table.name)] = np.frombuffer(data, np.uint8)

    def saved(self, block: Bytes) -> bytes:
        """What a snapshot holds of a block."""
        return b"".join([block[self.place(table.name)].tobytes() for table in self.tables if table.saved])

    def views(self, block: Bytes) -> Iterator[tuple[str, Any]]:
        """(name, what stands for the list) of each table of a block, for the words at the edges: plain numbers in
        and out, and the bytes are the only place where they are kept."""
        data = block.data
        for table in self.tables:
            place = self.place(table.name)
            if table.shape == ROWS:
                rows = self.rows[table.name]
                yield table.name, (_structure(table) * rows).from_buffer(data[place]) if rows else []
            elif table.shape == COLUMN and table.has_complex:
                yield table.name, ComplexColumn(data[place])
            elif table.shape == COLUMN:
                yield table.name, data[place].cast(_FORMATS[table.fields[0][1]])


def _rows(example: object, name: str) -> int:
    return int(example[name]) if isinstance(example, dict) else len(getattr(example, name))


def block_of(size: int) -> Bytes:
    """Zeroed bytes that begin on a line of the cache."""
    room = np.zeros(size + 63, np.uint8)
    begin = -room.ctypes.data % 64
    return room[begin : begin + size]
