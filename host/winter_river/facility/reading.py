"""Small questions to a tree of lines: entries by name, a text, a number; what is wrong becomes a fault."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable

from winter_river.facility.faults import Faults, nearest, shown
from winter_river.facility.yaml_lines import Listing, Scalar, Table, Tree

Entries = dict[str, tuple[Scalar, Tree]]


def plain(number: float) -> str:
    """A number as a person writes it: 1000000, not 1e+06."""
    return f"{number:.12g}"


def kind_of(tree: Tree) -> str:
    """What a reader calls this part of the file."""
    if isinstance(tree, Table):
        return "a mapping"
    if isinstance(tree, Listing):
        return "a list"
    if tree.value is None:
        return "nothing"
    return shown(tree.text)


def unknown(place: Scalar, what: str, known: Iterable[str], faults: Faults) -> None:
    """Note a name that does not exist, with the nearest one that does."""
    hint = "" if faults.full else nearest(place.text, known)
    faults.add(place.line, place.column, f"unknown {what} {shown(place.text)}", hint)


def entries(
    tree: Tree, faults: Faults, *, what: str, known: Collection[str] = (), required: Collection[str] = ()
) -> Entries | None:
    """The entries of a mapping by key, the first of doubled ones; None and a fault where it is no mapping.

    what: how messages call the mapping. known: its only keys (any, when empty). required: keys that must be there.
    """
    if not isinstance(tree, Table):
        faults.add(tree.line, tree.column, f"{what} must be a mapping (name: value), not {kind_of(tree)}")
        return None
    found: Entries = {}
    for key, value in tree.pairs:
        first = found.get(key.text)
        if first is not None:
            faults.add(key.line, key.column, f"{shown(key.text)} is doubled; first on line {first[0].line}")
        elif known and key.text not in known:
            unknown(key, f"key of {what}", known, faults)
        else:
            found[key.text] = (key, value)
    for name in required:
        if name not in found:
            faults.add(tree.line, tree.column, f"{what} has no `{name}`")
    return found


def text_of(tree: Tree, faults: Faults, *, what: str, length_max: int) -> str | None:
    """The text of a scalar, or None and a fault where it is empty, too long, unprintable or no scalar."""
    if not isinstance(tree, Scalar) or tree.value is None:
        faults.add(tree.line, tree.column, f"{what} must be a text, not {kind_of(tree)}")
    elif not 1 <= len(tree.text) <= length_max:
        faults.add(tree.line, tree.column, f"{what} {shown(tree.text)} must have 1 to {length_max} letters")
    elif not tree.text.isprintable():
        faults.add(tree.line, tree.column, f"{what} {shown(tree.text)} has an unprintable letter")
    else:
        return tree.text
    return None


def number_of(tree: Tree, faults: Faults, *, what: str, low: float, high: float, unit: str = "") -> float | None:
    """The number of a scalar within low and high, or None and a fault that names the limit with its unit."""
    value = tree.value if isinstance(tree, Scalar) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        faults.add(tree.line, tree.column, f"{what} must be a number, not {kind_of(tree)}")
        return None
    if not math.isfinite(value) or not low <= value <= high:
        after = f" {unit}" if unit else ""
        faults.add(
            tree.line, tree.column, f"{what} is {plain(value)}{after}; must be {plain(low)} to {plain(high)}{after}"
        )
        return None
    return float(value)
