"""The weather as people set it: `set_weather` with a preset by number or name, or figures of one's own. Pure.

On the bus a preset is its number, as the contract has it; the names are for terminals, scenarios and tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from winter_wire import codec, schema, tables

from winter_river.likeness import meant

VERBS: Mapping[str, Any] = tables.WEATHER_VERBS
# chosen: the places of the first design's six presets, in its order
PRESETS = ("virginia", "oregon", "ohio", "arizona", "stockholm", "singapore")
TAKES = "[preset=arizona] [outdoor_c=20.5] [humidity_pct=40]"
_UNITS = {"outdoor_c": " C", "humidity_pct": " %"}


def params_of(verb: str, given: Mapping[str, object]) -> dict[str, object]:
    """The parameters as the bus has them, a preset's name as its number. Raises ValueError with every fault and its cure."""
    if verb not in VERBS:
        raise ValueError(f"the weather has no {verb}{meant(verb, VERBS)}; it has {', '.join(VERBS)}")
    rows = {row[0]: row for row in VERBS[verb]}
    faults, params = [], {}
    for name, value in given.items():
        if name not in rows:
            faults.append(f"{verb} has no parameter {name}{meant(name, rows)}; it takes {TAKES}")
            continue
        _, form, _, low, high = rows[name]
        params[name] = found = _number_of(value) if name == "preset" else value
        if codec.fault_of(name, (form, 3, low, high), found):
            names = f", or {', '.join(PRESETS)}{meant(str(value), PRESETS)}" if name == "preset" else ""
            faults.append(f"{name} is {value}; it takes {low} to {high}{_UNITS.get(name, '')}{names}")
    if not given:
        faults.append(f"{verb} is given nothing to set; it takes {TAKES}")
    if faults:
        raise ValueError("\n".join(faults))
    return params


def reason_of(verb: str) -> str:
    """The contract's reason where params_of refuses: the verb, or what it is given."""
    return "schema" if verb in VERBS else "unknown"


def words_of(fields: Mapping[str, object]) -> str:
    """The air in the words of an ack: `preset=4 outdoor_c=43.0 humidity_pct=20.0`."""
    shown = {name: fields[name] for name in tables.WEATHER}
    decimals = {name: schema.ROWS[name][2] for name in shown}
    return " ".join(f"{name}={value:.{decimals[name]}f}" for name, value in shown.items())


def _number_of(value: object) -> object:
    text = value.strip().lower() if isinstance(value, str) else value
    return PRESETS.index(text) + 1 if text in PRESETS else value
