"""Where the file system lies in a chip's flash, read from the partition table inside a MicroPython image.

Source of the format: Espressif, "Partition Tables", ESP-IDF programming guide.
"""

import struct
from dataclasses import dataclass

TABLE_OFFSET = 0x8000  # in flash; ESP-IDF's default, which MicroPython keeps
TABLE_BYTES = 0xC00
_ENTRY = struct.Struct("<HBBII16sI")
_MAGIC = 0x50AA
DATA = 1
FILE_SYSTEM_LABELS = ("vfs", "ffat")  # MicroPython's own names for it


@dataclass(frozen=True, slots=True)
class Partition:
    """One row of a partition table; offset and size in bytes of the flash."""

    label: str
    type: int
    subtype: int
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the flash, in bytes."""

    offset: int
    size: int


def parse(table: bytes) -> tuple[Partition, ...]:
    """The rows of a partition table; empty where there is none."""
    rows = []
    for at in range(0, min(len(table), TABLE_BYTES) - _ENTRY.size + 1, _ENTRY.size):
        magic, type_, subtype, offset, size, label, _ = _ENTRY.unpack_from(table, at)
        if magic != _MAGIC:
            break
        rows.append(Partition(label.rstrip(b"\0").decode("ascii", "replace"), type_, subtype, offset, size))
    return tuple(rows)


def pack(partitions: tuple[Partition, ...]) -> bytes:
    """A partition table of these rows, without its optional checksum row."""
    rows = [
        _ENTRY.pack(_MAGIC, row.type, row.subtype, row.offset, row.size, row.label.encode(), 0) for row in partitions
    ]
    return b"".join(rows).ljust(TABLE_BYTES, b"\xff")


def file_system(partitions: tuple[Partition, ...], *, flash_bytes: int) -> Region | None:
    """Where MicroPython keeps its files; None where the table has no room for them.

    An image without an entry for it (1.26 and newer) takes everything behind its last partition:
    MicroPython pull request 17337.
    """
    for row in partitions:
        if row.type == DATA and row.label in FILE_SYSTEM_LABELS:
            return Region(row.offset, row.size)
    offset = max((row.offset + row.size for row in partitions), default=0)
    return Region(offset, flash_bytes - offset) if 0 < offset < flash_bytes else None
