"""The conditions of rules as people write them: `soc_pct < 20`, `state = OUTAGE or state = FAULT`. Pure.

condition   alternative [or alternative]...
alternative test [and test]...
test        FIELD OPERATOR VALUE       of a node's view, its presence, or a gauge
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeAlias

from winter_wire import schema

from winter_river.alerts.model import Test
from winter_river.alerts.strain import FLOWS, RECENT_S
from winter_river.facility.faults import nearest, shown

TEXT_LENGTH_MAX = 300
OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
PRESENCES = ("online", "stale", "offline", "never")
# Of a source, from what the engine's events told of the flow behind it: (form, what it is); see strain.py.
OF_EVENTS: Mapping[str, tuple[str, str]] = {
    "flow": (
        schema.TEXT,
        f"{', '.join(FLOWS)}: the worst of the last {RECENT_S:g} s, or what lasts",
    ),
    "gives_way": (schema.TEXT, "the device whose voltage gives way there"),
    "heaviest": (schema.TEXT, "the load that has most part in it"),
}
# What is known of a node beyond its view: (form, what it is).
FACTS: Mapping[str, tuple[str, str]] = {
    "presence": (schema.TEXT, "online, stale, offline; never: nobody has heard of it in this run"),
    "silent_s": (schema.NUMBER, "seconds since it was last heard"),
    "boot_returns": (schema.NUMBER, "how often in the last minute it was another boot and back: two nodes of one id"),
    **OF_EVENTS,
}
_TEST = re.compile(r"\s*([a-z][a-z0-9_]*)\s*(<=|>=|!=|==|=|<|>)\s*([-+.\w]+)\s*", re.ASCII)
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?", re.ASCII)
_FLAGS = {"true": True, "false": False}
FORM = "write it like `soc_pct < 20` or `state = OUTAGE or state = FAULT`"

Alternatives: TypeAlias = tuple[tuple[Test, ...], ...]
Row: TypeAlias = Mapping[str, object]


class ConditionError(ValueError):
    """A condition that means nothing. hint: its cure, or empty."""

    def __init__(self, text: str, hint: str = "") -> None:
        super().__init__(text)
        self.hint = hint


def parse(text: str, *, types: Collection[str] = (), gauges: Collection[str] | None = None) -> Alternatives:
    """The tests of a condition. types: of the nodes it is for, all where empty. gauges: the known ones; None: it is a
    node's. Raises ConditionError."""
    if len(text) > TEXT_LENGTH_MAX:
        raise ConditionError(f"has {len(text)} letters; at most {TEXT_LENGTH_MAX}")
    return tuple(
        tuple(_test(part, types, gauges) for part in re.split(r"\s+and\s+", alternative))
        for alternative in re.split(r"\s+or\s+", text)
    )


def _test(text: str, types: Collection[str], gauges: Collection[str] | None) -> Test:
    match = _TEST.fullmatch(text)
    if match is None:
        raise ConditionError(f"{shown(text.strip())} is no condition", FORM)
    name, sign, word = match[1], "=" if match[2] == "==" else match[2], match[3]
    known = tuple(gauges) if gauges is not None else fields_of(types)
    if name not in known:
        kind = "gauge" if gauges is not None else "field"
        raise ConditionError(f"unknown {kind} {shown(name)}", nearest(name, known))
    form = schema.NUMBER if gauges is not None else FACTS[name][0] if name in FACTS else schema.ROWS[name][1]
    if form in (schema.NUMBER, schema.INTEGER):
        if not _NUMBER.fullmatch(word):
            raise ConditionError(f"{name} is a number, not {shown(word)}")
        return Test(name, sign, float(word))
    if sign not in ("=", "!="):
        raise ConditionError(f"{name} is no number; it is compared with = or !=")
    if form == schema.FLAG:
        if word not in _FLAGS:
            raise ConditionError(f"{name} is true or false, not {shown(word)}")
        return Test(name, sign, _FLAGS[word])
    words = words_of(name, types)
    if words and word not in words:
        raise ConditionError(f"unknown {name} {shown(word)}", nearest(word, words))
    return Test(name, sign, word)


def fields_of(types: Collection[str]) -> tuple[str, ...]:
    """What a condition on nodes of these types may name: fields of the view, and facts."""
    names: dict[str, None] = {"status": None}
    for type_name in types or schema.TYPES:
        names |= dict.fromkeys(schema.fields("view", type_name))
    for left_out in ("v", "node_id", "timeline", "t_s"):
        names.pop(left_out, None)
    return (*names, *FACTS)


def words_of(name: str, types: Collection[str]) -> tuple[str, ...]:
    """The words that a text field can have; () for any."""
    if name == "status":
        return tuple(schema.STATUSES)
    if name == "presence":
        return PRESENCES
    if name == "flow":
        return FLOWS
    if name != "state":
        return ()
    rows: list[Any] = [schema.TYPES[type_name] for type_name in types or schema.TYPES]
    return tuple(dict.fromkeys(state for row in rows for state, _ in row[schema.STATES]))


def compiled(alternatives: Alternatives) -> Callable[[Row], bool]:
    """Whether a row of values meets the condition. What a row does not have, or has in another form, meets nothing."""
    made = [
        [(test.field, OPERATORS[test.operator], test.value, _kind(test.value)) for test in tests]
        for tests in alternatives
    ]

    def holds(row: Row) -> bool:
        for tests in made:
            for name, compare, value, kind in tests:
                seen = row.get(name)
                if (
                    not isinstance(seen, kind)
                    or (isinstance(seen, bool) and kind is not bool)
                    or not compare(seen, value)
                ):
                    break
            else:
                return True
        return False

    return holds


def _kind(value: object) -> Any:
    return bool if isinstance(value, bool) else str if isinstance(value, str) else (int, float)


def text_of(alternatives: Alternatives) -> str:
    return " or ".join(" and ".join(str(test) for test in tests) for tests in alternatives)
