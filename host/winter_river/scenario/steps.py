"""Reads the steps of a scenario: when each happens, and what it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from winter_river.facility.faults import Faults
from winter_river.facility.model import Facility
from winter_river.facility.reading import Entries, entries, kind_of, text_of
from winter_river.facility.yaml_lines import Listing, Tree
from winter_river.scenario.checks import checked_expect, checked_send, seconds_of
from winter_river.scenario.checks_training import (
    checked_disturb,
    checked_malfunction,
    checked_predict,
    sentence_of,
)
from winter_river.scenario.conditions import checked_condition
from winter_river.scenario.model import Doing, Hint, Say, Step, step_id

STEPS_MAX = 10_000  # chosen: a long exam has hundreds
ID_LENGTH_MAX = 64
TRIGGERS = ("at", "when", "after")

_Check = Callable[[Tree, Facility | None, Faults], Doing | None]
# What a step does -> how it is checked; one of these stands in each step.
DOINGS: Mapping[str, _Check] = {
    "send": checked_send,
    "malfunction": checked_malfunction,
    "disturb": checked_disturb,
    "say": lambda tree, site, faults: _said(tree, faults),
    "predict": lambda tree, site, faults: checked_predict(tree, faults),
    "hint": lambda tree, site, faults: _hinted(tree, faults),
    "expect": checked_expect,
}
STEP_KEYS = (*TRIGGERS, "id", *DOINGS)


def checked_steps(tree: Tree, site: Facility | None, faults: Faults) -> tuple[Step, ...]:
    """Every step without a fault, in file order; those with `at` only go forward in time."""
    if not isinstance(tree, Listing):
        faults.add(tree.line, tree.column, f"steps must be a list, not {kind_of(tree)}")
        return ()
    if len(tree.items) > STEPS_MAX:
        faults.add(tree.line, tree.column, f"{len(tree.items)} steps; at most {STEPS_MAX}")
        return ()
    steps: list[Step] = []
    names: dict[str, int] = {}
    last_s = 0.0
    for item in tree.items:
        found = entries(item, faults, what="a step", known=STEP_KEYS)
        if found is None:
            continue
        last_s = _at_s(item, found, last_s, faults)
        step = _step(item, found, last_s, site, faults)
        if step is None:
            continue
        steps.append(step)
        first = names.setdefault(step_id(len(steps) - 1, step), item.line)
        if first != item.line:
            faults.add(item.line, item.column, f"the id of this step is that of line {first}")
    return tuple(steps)


def _at_s(item: Tree, found: Entries, last_s: float, faults: Faults) -> float:
    """The time of a step with `at`, else that of the step above; faults of its triggers are noted."""
    if not any(trigger in found for trigger in TRIGGERS):
        faults.add(item.line, item.column, "a step has no `at`", "or `when: CONDITION`, or `after: TIME`")
        return last_s
    if "at" not in found:
        return last_s
    place = found["at"][1]
    if "when" in found or "after" in found:
        faults.add(place.line, place.column, "a step has either `at`, or `when` and `after`")
    at_s = seconds_of(place, faults, what="at")
    if at_s is not None and at_s < last_s:
        faults.add(place.line, place.column, f"at is {at_s:g} s, before the step above at {last_s:g} s")
    return max(last_s, at_s or 0.0)


def _step(item: Tree, found: Entries, at_s: float, site: Facility | None, faults: Faults) -> Step | None:
    doings = [name for name in DOINGS if name in found]
    if len(doings) != 1:
        faults.add(item.line, item.column, f"a step has one of {', '.join(DOINGS)}")
        return None
    when = checked_condition(found["when"][1], site, faults, what="when") if "when" in found else None
    after_s = seconds_of(found["after"][1], faults, what="after") if "after" in found else None
    name = text_of(found["id"][1], faults, what="id", length_max=ID_LENGTH_MAX) if "id" in found else ""
    action = DOINGS[doings[0]](found[doings[0]][1], site, faults)
    return None if action is None else Step(at_s, action, item.line, when, after_s, name or "")


def _said(tree: Tree, faults: Faults) -> Say | None:
    text = sentence_of(tree, faults, what="say")
    return None if text is None else Say(text)


def _hinted(tree: Tree, faults: Faults) -> Hint | None:
    text = sentence_of(tree, faults, what="hint")
    return None if text is None else Hint(text)
