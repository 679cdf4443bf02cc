"""The sentence of an alarm: a rule's message with its figures filled in. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from winter_wire import schema

MESSAGE_LENGTH_MAX = 160
PLACE = re.compile(r"\{([a-z0-9_]{1,40})\}")
NODE, SUBJECT = "node", "subject"
_UNITS = {"s": "s", "ms": "ms", "pct": "%", "days": "days", "per_s": "", "c": "°C", "kw": "kW"}


def filled(message: str, row: Mapping[str, object], node_id: str) -> str:
    """The message with {node}, {subject} and {field} replaced; what is not known becomes `?`."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        return node_id if name in (NODE, SUBJECT) else figure(name, row.get(name))

    return PLACE.sub(value, message)[:MESSAGE_LENGTH_MAX]


def figure(name: str, value: object) -> str:
    """`19.8 %`: a value with its unit, in as many decimals as a person reads."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "?" if value is None else str(value)
    unit = unit_of(name)
    if unit == "V" and abs(value) >= 1000:
        value, unit = value / 1000, "kV"
    text = f"{value:.0f}" if abs(value) >= 100 or float(value).is_integer() else f"{value:.1f}"
    return f"{text} {unit}".strip()


def unit_of(name: str) -> str:
    """The unit of a field of the contract, or as the gauge's name ends."""
    if name in schema.ROWS:
        return {"C": "°C"}.get(schema.ROWS[name][5], str(schema.ROWS[name][5]))
    ending = next((each for each in sorted(_UNITS, key=len, reverse=True) if name.endswith(f"_{each}")), "")
    return _UNITS.get(ending, "")
