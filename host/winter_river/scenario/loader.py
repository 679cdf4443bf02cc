"""Scenario files: read, checked whole against their facility, every fault at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from winter_wire import schema

from winter_river.engine import CALIBRATIONS
from winter_river.facility.faults import Fault, Faults, FileError, nearest, shown
from winter_river.facility.loader import load_facility
from winter_river.facility.model import TITLE_LENGTH_MAX, Facility
from winter_river.facility.reading import Entries, entries, number_of, text_of
from winter_river.facility.yaml_lines import Table, Tree, parse, read_text
from winter_river.scenario.checks import checked_expect, checked_send, seconds_of
from winter_river.scenario.checks_training import (
    checked_bound,
    checked_control,
    checked_costs,
    checked_disturb,
    checked_goal,
    checked_malfunction,
    checked_task,
    checked_trend,
    items_of,
    points_of,
    sentence_of,
)
from winter_river.scenario.model import Disturb, Scenario, Send
from winter_river.scenario.steps import checked_steps
from winter_river.scenario.watch import TRENDS_MAX

NAME_LENGTH_MAX = 64
LISTED = "`winter-river scenario list` names the built-in ones"
KEYS = (
    *("scenario", "title", "about", "facility", "seed", "calibration", "initial_condition", "controls", "until"),
    *("steady_state", "steps", "critical_tasks", "out_of_bounds", "energy_not_served", "alarms", "costs", "pass"),
    *("trends", "rollback"),
)


class ScenarioError(FileError):
    """A scenario that cannot be used."""


def scenarios() -> tuple[str, ...]:
    """Names of the built-in scenarios, sorted."""
    folder = resources.files("winter_river.scenario") / "library"
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml")))


def load_scenario(name_or_path: str | Path, *, facility: Facility | None = None) -> Scenario:
    """The scenario of a built-in name or a file, checked against its facility.

    facility: what it will run on, where that is not the one its header names. Raises ScenarioError with every
    fault of the script; its `facility` may be a built-in name or a path from the script's folder.
    """
    name = str(name_or_path)
    if name in scenarios():
        path = Path(str(resources.files("winter_river.scenario") / "library" / f"{name}.yaml"))
    else:
        path = Path(name_or_path)
        if not path.exists() and path.suffix not in (".yaml", ".yml"):
            hint = nearest(name, scenarios()) or LISTED
            raise ScenarioError([Fault(name, 1, 1, f"no scenario {shown(name)} and no such file", hint)])
    faults = Faults(str(name_or_path) if path.name != f"{name}.yaml" else path.name)
    text = read_text(path, faults, cure=LISTED)
    return _read(text, faults, facility, path.parent)


def parse_scenario(text: str, *, path: str = "<text>", facility: Facility | None = None) -> Scenario:
    """The scenario of a YAML text; path is what faults call it. Raises ScenarioError."""
    return _read(text, Faults(path), facility, Path())


def _read(text: str | None, faults: Faults, facility: Facility | None, folder: Path) -> Scenario:
    tree = parse(text, faults) if text is not None else None
    if tree is None:
        if not faults:
            faults.add(1, 1, "the file is empty", "a scenario starts with `scenario: NAME`")
        raise ScenarioError(faults.all())
    head = entries(tree, faults, what="the scenario", known=KEYS, required=("scenario", "steps"))
    if head is None:
        raise ScenarioError(faults.all())
    facility_name, site = _facility(tree, head, faults, facility, folder)
    seed = number_of(head["seed"][1], faults, what="seed", low=0, high=schema.COUNT_MAX) if "seed" in head else 1.0
    scenario = Scenario(
        name=_text(head, "scenario", faults, NAME_LENGTH_MAX),
        facility=facility_name,
        steps=checked_steps(head["steps"][1], site, faults) if "steps" in head else (),
        seed=int(seed or 0),
        calibration=_word_of(head, "calibration", faults),
        title=_text(head, "title", faults, TITLE_LENGTH_MAX),
        **_training(head, site, faults),
    )
    _check_whole(scenario, head, faults)
    if faults:
        raise ScenarioError(faults.all())
    return scenario


def _training(head: Entries, site: Facility | None, faults: Faults) -> dict[str, Any]:
    """What makes an exercise of a script, as far as the file says it."""
    found: dict[str, Any] = {}
    for name in ("about", "initial_condition"):
        if name in head:
            found[name] = sentence_of(head[name][1], faults, what=name) or ""
    if "until" in head:
        found["until_s"] = seconds_of(head["until"][1], faults, what="until")
    if "pass" in head:
        found["points_pass"] = points_of(head, faults, default=0.0, name="pass")
    if "costs" in head:
        found["costs"] = checked_costs(head["costs"][1], faults)
    for name, limit in (("energy_not_served", "kwh_max"), ("alarms", "within")):
        if name in head:
            found[name] = checked_goal(head[name][1], faults, what=name, limit=limit)
    for key, name, check in LISTS:
        if key in head:
            items = items_of(head[key][1], faults, what=key)
            checked = [check(item, site, faults) for item in items]
            found[name] = tuple(each for each in checked if each is not None)
    if "trends" in head:
        items = items_of(head["trends"][1], faults, what="trends")
        trends = [trend for item in items for trend in checked_trend(item, site, faults)]
        found["trends"] = tuple(trends[:TRENDS_MAX])
        if len(trends) > TRENDS_MAX:
            place = head["trends"][1]
            faults.add(place.line, place.column, f"{len(trends)} trends; at most {TRENDS_MAX} can be told apart")
    return found


def _check_whole(scenario: Scenario, head: Entries, faults: Faults) -> None:
    """Faults that only the whole file shows."""
    if faults:
        return
    place = head["steps"][1]
    waits = any(not step.is_timed for step in scenario.steps) or bool(scenario.tasks)
    if waits and scenario.until_s is None:
        hint = "for example `until: 5m`; it ends earlier where everything is done"
        faults.add(place.line, place.column, "a scenario with tasks, `when` or `after` needs `until`", hint)
    late = [step for step in scenario.steps if scenario.until_s is not None and step.at_s > scenario.until_s]
    for step in late[:1]:
        faults.add(step.line, 1, f"this step is at {step.at_s:g} s, after `until`, {scenario.until_s:g} s")
    names = [task.id for task in scenario.tasks]
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        tasks = head["critical_tasks"][1]
        faults.add(tasks.line, tasks.column, f"the task {shown(name)} is doubled")
    for index, task in enumerate(scenario.tasks):
        if task.follows and task.follows not in names[:index]:
            tasks = head["critical_tasks"][1]
            hint = nearest(task.follows, names[:index])
            faults.add(
                tasks.line, tasks.column, f"{shown(task.id)} follows {shown(task.follows)}, no task before it", hint
            )
    if scenario.points_pass is not None and scenario.points_pass > scenario.points:
        passing = head["pass"][1]
        text = f"pass is {scenario.points_pass:g} points; there are only {scenario.points:g}"
        faults.add(passing.line, passing.column, text)


def _rollback(tree: Tree, site: Facility | None, faults: Faults) -> Send | Disturb | None:
    """A step of the way back: a command, a malfunction cleared, a node put back."""
    found = entries(tree, faults, what="a rollback step", known=tuple(ROLLBACK))
    if found is None or len(found) != 1:
        if isinstance(tree, Table) and len(tree.pairs) != 1:
            faults.add(tree.line, tree.column, f"a rollback step has one of {', '.join(ROLLBACK)}")
        return None
    name, (_, value) = next(iter(found.items()))
    return ROLLBACK[name](value, site, faults)


ROLLBACK: Mapping[str, Callable[[Tree, Facility | None, Faults], Send | Disturb | None]] = {
    "send": checked_send,
    "malfunction": checked_malfunction,
    "disturb": checked_disturb,
}
# Key of the file, field of the scenario, how each item is checked.
LISTS: tuple[tuple[str, str, Callable[[Tree, Facility | None, Faults], object]], ...] = (
    ("steady_state", "steady_state", checked_expect),
    ("critical_tasks", "tasks", checked_task),
    ("out_of_bounds", "out_of_bounds", checked_bound),
    ("rollback", "rollback", _rollback),
    ("controls", "controls", checked_control),
)


def _text(head: Entries, key: str, faults: Faults, length_max: int) -> str:
    return (text_of(head[key][1], faults, what=key, length_max=length_max) or "") if key in head else ""


def _word_of(head: Entries, key: str, faults: Faults) -> str:
    """The calibration named in the header, or empty."""
    word = _text(head, key, faults, 16)
    if word and word not in CALIBRATIONS:
        place = head[key][1]
        faults.add(place.line, place.column, f"unknown {key} {shown(word)}", nearest(word, CALIBRATIONS))
    return word


def _facility(
    tree: Tree, head: Entries, faults: Faults, given: Facility | None, folder: Path
) -> tuple[str, Facility | None]:
    """The facility the script is checked against: the given one, else the one its header names."""
    name = _text(head, "facility", faults, 255)
    if given is not None:
        return name or given.name, given
    if "facility" not in head:
        faults.add(tree.line, tree.column, "the scenario has no `facility`")
    if not name:
        return name, None
    beside = folder / name
    target = str(beside) if beside.is_file() else name
    try:
        return target, load_facility(target)
    except FileError as error:
        place = head["facility"][1]
        first = error.faults[0]
        faults.add(place.line, place.column, f"facility {shown(name)} cannot be used: {first.message}", first.hint)
        return target, None
