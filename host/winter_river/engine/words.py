"""The contract's words for each kind of device, in the order of plan.TYPES: the edges turn places into words."""

from typing import Any

from winter_wire import schema

from winter_river.engine.plan import TYPES

_ROWS: tuple[Any, ...] = tuple(schema.TYPES[name] for name in TYPES)

HANDLE_WORDS: tuple[tuple[str, ...], ...] = tuple(tuple(row[schema.HANDLES]) for row in _ROWS)
STATE_WORDS: tuple[tuple[str, ...], ...] = tuple(tuple(word for word, _ in row[schema.STATES]) for row in _ROWS)
# (kind, severity when none is given, None where it has none)
MALFUNCTIONS: tuple[tuple[tuple[str, float | None], ...], ...] = tuple(tuple(row[schema.MALFUNCTIONS]) for row in _ROWS)

# The fields that its node sets and the engine takes as numbers.
NUMBERS: tuple[tuple[str, ...], ...] = tuple(
    ("resets", *(name for name in row[schema.SETPOINTS] if schema.ROWS[name][1] != schema.TEXT)) for row in _ROWS
)


def fault_text(kind: int, bits: int) -> str:
    """The malfunctions of a device as its status spells them, without severities."""
    return ",".join(name for place, (name, _) in enumerate(MALFUNCTIONS[kind]) if bits >> place & 1)
