"""The audit as a table: one row a command, the latest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from winter_river.audit import record
from winter_river.audit.trail import NAME, held_for_reading, parts

LAST_MAX = 10_000  # commands of one answer


@dataclass(frozen=True, slots=True)
class Row:
    """One command, as its last line has it. Times are seconds since 1970, None where it has not come so far.

    door, address: where it was asked. result: of the node's ack, "" without one. error: why it failed, in words.
    """

    id: str
    node: str
    verb: str
    params: dict[str, object]
    by: str
    door: str
    address: str
    priority: int
    state: str
    created_s: float
    executed_s: float | None
    completed_s: float | None
    result: str
    error: str


_FIELDS = frozenset(field.name for field in fields(Row))


def latest(folder: Path, *, last: int = 20, node: str = "", by: str = "") -> list[Row]:
    """The latest commands, newest first. node: its id; by: a part of who asked; "" for all. Raises OSError."""
    rows: list[Row] = []
    seen: set[str] = set()
    for facts in _newest_first(folder):
        if facts.get("kind") != record.COMMAND or not _FIELDS <= facts.keys() or facts["id"] in seen:
            continue
        seen.add(facts["id"])
        if (node and facts["node"] != node) or by.lower() not in facts["by"].lower():
            continue
        rows.append(Row(**{name: facts[name] for name in _FIELDS}))
        if len(rows) >= min(last, LAST_MAX):
            break
    return rows


def _newest_first(folder: Path) -> Iterator[dict[str, Any]]:
    """The lines of all parts, backwards; what cannot be read is passed over, `verify` tells of it."""
    for path in _files_newest_first(folder):
        with held_for_reading(folder):
            lines = path.read_bytes().split(b"\n") if path.exists() else []
        for line in reversed(lines):
            facts = record.read(line) if line else None
            if facts is not None:
                yield facts


def _files_newest_first(folder: Path) -> Iterator[Path]:
    """Full parts are listed once the part being written was read: it may have become one of them meanwhile."""
    yield folder / NAME
    yield from reversed(parts(folder))
