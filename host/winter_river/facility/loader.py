"""Facility files: found by name or path, read with their lines, checked whole."""

from __future__ import annotations

import dataclasses
from importlib import resources
from pathlib import Path
from types import MappingProxyType

from winter_wire import topics

from winter_river.engine import CALIBRATIONS
from winter_river.facility import checks
from winter_river.facility.faults import FacilityError, Fault, Faults, nearest, printable, shown
from winter_river.facility.model import BEGINS_H, NODES_MAX, TITLE_LENGTH_MAX, Facility
from winter_river.facility.profiles import checked_profiles
from winter_river.facility.reading import entries, kind_of, number_of, text_of
from winter_river.facility.yaml_lines import Scalar, Table, Tree, decode, parse, read_text

KEYS = ("facility", "title", "calibration", "begins_h", "profiles", "defaults", "nodes")
SUFFIXES = (".yaml", ".yml")


def library() -> tuple[str, ...]:
    """Names of the built-in facilities, sorted."""
    folder = resources.files("winter_river.facility") / "library"
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml")))


def load_facility(name_or_path: str | Path) -> Facility:
    """The facility of a built-in name or a file. Raises FacilityError with every fault of the file."""
    name = str(name_or_path)
    is_built_in = name in library()
    if is_built_in:
        path, called = Path(str(resources.files("winter_river.facility") / "library" / f"{name}.yaml")), f"{name}.yaml"
    else:
        path, called = Path(name_or_path), printable(name)
        if path.suffix not in SUFFIXES and not _exists(path):
            hint = nearest(name, library())
            raise FacilityError([Fault(called, 1, 1, f"no facility {shown(name)} and no such file", hint)])
    faults = Faults(called)
    cure = "`winter-river facilities` lists the built-in ones, `winter-river new` makes a file"
    facility = _read(read_text(path, faults, cure=cure), faults, path.parent)
    return facility if is_built_in else dataclasses.replace(facility, source=str(path.absolute()))


def parse_facility(text: str | bytes, *, path: str = "<text>") -> Facility:
    """The facility of a YAML text or its bytes; path is what faults call it. Raises FacilityError."""
    faults = Faults(path)
    return _read(decode(text, faults) if isinstance(text, bytes) else text, faults)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name too long or with a null byte is no file
        return False


def _read(text: str | None, faults: Faults, folder: Path | None = None) -> Facility:
    tree = parse(text, faults) if text is not None else None
    facility = _checked(tree, folder, faults) if tree is not None else None
    if tree is None and not faults:
        faults.add(1, 1, "the file is empty", "a facility starts with `facility: NAME`")
    if facility is None or faults:
        raise FacilityError(faults.all())
    return facility


def _checked(tree: Tree, folder: Path | None, faults: Faults) -> Facility | None:
    head = entries(tree, faults, what="the facility", known=KEYS, required=("facility", "nodes"))
    if head is None:
        return None
    name = _name(head["facility"][1], faults) if "facility" in head else None
    title = text_of(head["title"][1], faults, what="title", length_max=TITLE_LENGTH_MAX) if "title" in head else ""
    calibration: str | None = CALIBRATIONS[0]
    if "calibration" in head:
        calibration = _calibration(head["calibration"][1], faults)
    defaults = checks.checked_defaults(head["defaults"][1], faults) if "defaults" in head else {}
    table = head["nodes"][1] if "nodes" in head else None
    if table is None:
        return None
    if isinstance(table, Table) and len(table.pairs) > NODES_MAX:
        faults.add(table.line, table.column, f"{len(table.pairs)} nodes; at most {NODES_MAX}")
        return None
    begins_h: float | None = BEGINS_H
    if "begins_h" in head:
        begins_h = number_of(head["begins_h"][1], faults, what="begins_h", low=0.0, high=24.0, unit="h")
    profiles = checked_profiles(head["profiles"][1], folder, faults) if "profiles" in head else {}
    nodes = checks.checked_nodes(table, defaults, faults, profiles)
    if faults or name is None or title is None or calibration is None or begins_h is None:
        return None
    return Facility(
        name, calibration, MappingProxyType(nodes), title, profiles=MappingProxyType(profiles), begins_h=begins_h
    )


def _name(tree: Tree, faults: Faults) -> str | None:
    if isinstance(tree, Scalar) and topics.is_node_id(tree.text):
        return tree.text
    faults.add(tree.line, tree.column, f"facility is {kind_of(tree)}; {checks.ID_FORM}")
    return None


def _calibration(tree: Tree, faults: Faults) -> str | None:
    if isinstance(tree, Scalar) and tree.text in CALIBRATIONS:
        return tree.text
    hint = nearest(tree.text, CALIBRATIONS) if isinstance(tree, Scalar) else ""
    faults.add(tree.line, tree.column, f"unknown calibration {kind_of(tree)}", hint)
    return None
