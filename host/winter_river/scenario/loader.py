"""Scenario files: read, checked whole against their facility, every fault at once."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from winter_wire import schema

from winter_river.engine import CALIBRATIONS
from winter_river.facility.faults import Fault, Faults, FileError, nearest, shown
from winter_river.facility.loader import load_facility
from winter_river.facility.model import TITLE_LENGTH_MAX, Facility
from winter_river.facility.reading import Entries, entries, kind_of, number_of, text_of
from winter_river.facility.yaml_lines import Listing, Tree, parse, read_text
from winter_river.scenario.checks import checked_expect, checked_send, seconds_of
from winter_river.scenario.model import Scenario, Step

STEPS_MAX = 10_000  # chosen: a long exam has hundreds
NAME_LENGTH_MAX = 64
KEYS = ("scenario", "title", "facility", "seed", "calibration", "steps")
STEP_KEYS = ("at", "send", "expect")


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
            hint = nearest(name, scenarios())
            raise ScenarioError([Fault(name, 1, 1, f"no scenario {shown(name)} and no such file", hint)])
    faults = Faults(str(name_or_path) if path.name != f"{name}.yaml" else path.name)
    text = read_text(path, faults)
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
    name = _text(head, "scenario", faults, NAME_LENGTH_MAX)
    title = _text(head, "title", faults, TITLE_LENGTH_MAX)
    calibration = _word_of(head, "calibration", faults)
    seed = number_of(head["seed"][1], faults, what="seed", low=0, high=schema.COUNT_MAX) if "seed" in head else 1.0
    facility_name, site = _facility(tree, head, faults, facility, folder)
    steps = _steps(head["steps"][1], site, faults) if "steps" in head else ()
    if faults:
        raise ScenarioError(faults.all())
    return Scenario(name, facility_name, steps, int(seed or 0), calibration, title)


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


def _steps(tree: Tree, site: Facility | None, faults: Faults) -> tuple[Step, ...]:
    if not isinstance(tree, Listing):
        faults.add(tree.line, tree.column, f"steps must be a list, not {kind_of(tree)}")
        return ()
    if len(tree.items) > STEPS_MAX:
        faults.add(tree.line, tree.column, f"{len(tree.items)} steps; at most {STEPS_MAX}")
        return ()
    steps: list[Step] = []
    last_s = 0.0
    for item in tree.items:
        found = entries(item, faults, what="a step", known=STEP_KEYS, required=("at",))
        if found is None:
            continue
        at_s = seconds_of(found["at"][1], faults, what="at") if "at" in found else None
        if at_s is not None and at_s < last_s:
            place = found["at"][1]
            faults.add(place.line, place.column, f"at is {at_s:g} s, before the step above at {last_s:g} s")
        last_s = max(last_s, at_s or 0.0)
        step = _step(item, found, at_s or 0.0, site, faults)
        if step is not None:
            steps.append(step)
    return tuple(steps)


def _step(item: Tree, found: Entries, at_s: float, site: Facility | None, faults: Faults) -> Step | None:
    if ("send" in found) == ("expect" in found):
        faults.add(item.line, item.column, "a step has either `send` or `expect`")
        return None
    if "send" in found:
        send = checked_send(found["send"][1], site, faults)
        return Step(at_s, send, item.line) if send else None
    expect = checked_expect(found["expect"][1], site, faults)
    return Step(at_s, expect, item.line) if expect else None
