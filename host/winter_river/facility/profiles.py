"""The `profiles` of a facility file: a load, a storage or the sun by the hour, as steps, a CSV file or a formula.

profiles:
  office: {steps_h: [[0, 0.4], [7, 1.0], [19, 0.6]], repeat_h: 24}   # [hour, value], each holds until the next
  measured: {file: feeder-7.csv, repeat_h: 24}                       # beside the facility; `time_s,value` or `time_h,...`
  wave: {low: 0.4, high: 1.0, peak_h: 14}                            # a day, highest at peak_h, by the cosine
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from winter_wire import topics

from winter_river.engine import Profile
from winter_river.engine.equipment import profile as law
from winter_river.facility.faults import Faults, shown
from winter_river.facility.reading import Entries, entries, kind_of, number_of
from winter_river.facility.yaml_lines import Listing, Scalar, Tree, read_text

HOUR_S = 3600.0
REPEAT_H_MAX = 8784.0  # a leap year
FORMS = {"steps_h": ("steps_h", "repeat_h"), "file": ("file", "repeat_h"), "low": ("low", "high", "peak_h")}
KEYS = tuple(dict.fromkeys(key for keys in FORMS.values() for key in keys))
HEADS = {"time_s,value": 1.0, "time_h,value": HOUR_S}
PROFILES_MAX = 200  # chosen: of one facility
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}\.csv")


def checked_profiles(tree: Tree, folder: Path | None, faults: Faults) -> dict[str, Profile]:
    """The profiles by name. folder: where their files are; None where the facility is no file itself."""
    found = entries(tree, faults, what="profiles") or {}
    if len(found) > PROFILES_MAX:
        faults.add(tree.line, tree.column, f"{len(found)} profiles; at most {PROFILES_MAX}")
        return {}
    made = {}
    for name, (key, value) in found.items():
        if not topics.is_node_id(name):
            faults.add(key.line, key.column, f"{shown(name)} is no name of a profile; write it as a node id")
        profile = _profile(name, value, folder, faults)
        if profile is not None:
            why = law.fault_of(profile)
            if why:
                faults.add(value.line, value.column, f"profile {shown(name)} {why}")
            else:
                made[name] = profile
    return made


def _profile(name: str, tree: Tree, folder: Path | None, faults: Faults) -> Profile | None:
    before = len(faults)
    found = entries(tree, faults, what=f"profile {shown(name)}", known=KEYS)
    if found is None:
        return None
    form = next((form for form in FORMS if form in found), None)
    if form is None:
        faults.add(tree.line, tree.column, f"profile {shown(name)} has no steps_h, no file and no low, high and peak_h")
        return None
    for key, (name_of, _) in found.items():
        if key not in FORMS[form]:
            faults.add(
                name_of.line, name_of.column, f"{key} does not go with {form}", f"known: {', '.join(FORMS[form])}"
            )
    if form == "low":
        low, high = (_number(found, key, tree, -law.VALUE_MAX, law.VALUE_MAX, faults) for key in ("low", "high"))
        peak_h = _number(found, "peak_h", tree, 0.0, law.DAY_HOURS, faults)
        return law.day_wave(low, high, peak_h) if len(faults) == before else None
    repeat_h = _number(found, "repeat_h", tree, 0.0, REPEAT_H_MAX, faults) if "repeat_h" in found else 0.0
    place = found[form][1]
    rows = _steps(place, faults) if form == "steps_h" else _file(place, folder, faults)
    if rows is None or len(faults) > before:
        return None
    return Profile(tuple(at_s for at_s, _ in rows), tuple(value for _, value in rows), repeat_h * HOUR_S)


def _number(found: Entries, key: str, tree: Tree, low: float, high: float, faults: Faults) -> float:
    if key not in found:
        faults.add(tree.line, tree.column, f"the profile has no `{key}`")
        return 0.0
    unit = "h" if key.endswith("_h") else ""
    return number_of(found[key][1], faults, what=key, low=low, high=high, unit=unit) or 0.0


def _steps(tree: Tree, faults: Faults) -> list[tuple[float, float]] | None:
    if not isinstance(tree, Listing):
        faults.add(tree.line, tree.column, f"steps_h must be a list of [hour, value], not {kind_of(tree)}")
        return None
    rows = []
    for item in tree.items:
        if not isinstance(item, Listing) or len(item.items) != 2:
            faults.add(item.line, item.column, f"a step must be [hour, value], not {kind_of(item)}")
            continue
        at_h = number_of(item.items[0], faults, what="the hour of a step", low=0.0, high=REPEAT_H_MAX, unit="h")
        value = number_of(item.items[1], faults, what="the value of a step", low=-law.VALUE_MAX, high=law.VALUE_MAX)
        rows.append(((at_h or 0.0) * HOUR_S, value or 0.0))
    return rows


def _file(tree: Tree, folder: Path | None, faults: Faults) -> list[tuple[float, float]] | None:
    """The rows of a CSV file beside the facility's own; its faults name its own lines."""
    if not isinstance(tree, Scalar) or not _FILE.fullmatch(tree.text):
        faults.add(tree.line, tree.column, f"file must be the name of a .csv beside the facility, not {kind_of(tree)}")
        return None
    if folder is None:
        faults.add(
            tree.line, tree.column, f"{shown(tree.text)} is not found", "only a facility that is a file has files"
        )
        return None
    own = Faults(tree.text)
    text = read_text(folder / tree.text, own)
    rows = _rows(text, own) if text is not None else []
    for fault in own.all():
        place = f"line {fault.line} of " if text is not None else ""
        faults.add(tree.line, tree.column, f"{place}{shown(tree.text)}: {fault.message}", fault.hint)
    return None if own else rows


def _rows(text: str, faults: Faults) -> list[tuple[float, float]]:
    lines = [line.strip() for line in text.splitlines()]
    unit_s = HEADS.get(lines[0].replace(" ", "")) if lines else None
    if unit_s is None:
        faults.add(1, 1, f"must begin with a line {' or '.join(HEADS)}")
        return []
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        if not line:
            continue
        try:
            at, value = (float(cell) for cell in line.split(","))
        except ValueError:
            faults.add(number, 1, f"{shown(line)} is not two numbers")
            continue
        rows.append((at * unit_s, value))
    return rows


def json_schema() -> dict[str, object]:
    """What editors know of `profiles`."""
    number = {"type": "number", "minimum": -law.VALUE_MAX, "maximum": law.VALUE_MAX}
    hour = {"type": "number", "minimum": 0, "maximum": REPEAT_H_MAX}
    properties: Mapping[str, object] = {
        "steps_h": {
            "description": "[hour, value], each holds until the next; the first hour is 0",
            "type": "array",
            "items": {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "number"}},
        },
        "file": {"description": "a CSV beside the facility: time_s,value or time_h,value", "type": "string"},
        "repeat_h": {"description": "after which it repeats; without it the last value stays", **hour},
        "low": {"description": "of a day by the cosine, in pieces of 5 minutes", **number},
        "high": number,
        "peak_h": {"description": "the hour of high", **hour},
    }
    one = {"type": "object", "additionalProperties": False, "properties": properties}
    about = "factors by the hour, in steps; a node names one in `profile`"
    return {"description": about, "type": "object", "additionalProperties": one}
