"""Checks of the nodes one by one: ids, types, ratings and their ranges. graph.py checks how they hang together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from winter_wire import topics

from winter_river.engine import EQUIPMENT, Rating, part_of
from winter_river.engine.equipment import PROFILED
from winter_river.facility import graph
from winter_river.facility.faults import Faults, nearest, shown
from winter_river.facility.model import TITLE_LENGTH_MAX, Node
from winter_river.facility.reading import entries, kind_of, number_of, text_of, unknown
from winter_river.facility.yaml_lines import Listing, Scalar, Tree

ID_FORM = f"write a-z, 0-9, _ and -, first a letter or digit, at most {topics.NODE_ID_LENGTH_MAX}"
OWN_KEYS = ("type", "from", "title", "position", "profile")  # keys of a node that are no ratings
TYPES_HINT = "types: " + ", ".join(EQUIPMENT)
POSITION_MAX = 10_000.0  # grid units of a drawing
UNITS = MappingProxyType(
    {"v": "V", "a": "A", "w": "W", "kw": "kW", "kva": "kVA", "mva": "MVA", "kwh": "kWh", "hz": "Hz"}
    | {"pct": "%", "s": "s", "h": "h", "ohm": "ohm", "gal": "gal", "pu": "pu"}
)


@dataclass(slots=True)
class Given:
    """Ratings as a file states them: numbers, and the place of each for messages."""

    numbers: dict[str, float] = field(default_factory=dict)
    places: dict[str, Tree] = field(default_factory=dict)


@dataclass(slots=True)
class Draft:
    """One node while it is being checked. type is None where it is unknown."""

    key: Scalar
    type: str | None
    feeds: tuple[Scalar, ...]
    given: Given
    title: str = ""
    position: tuple[float, float] | None = None
    profile: str = ""

    @property
    def part(self) -> str:
        """The type whose part it plays; "" where its type is unknown."""
        return "" if self.type is None else part_of(self.type)

    def number(self, name: str) -> float | None:
        """A rating as the file or, where that leaves it out, the type states it; None where neither does."""
        if self.type is None or name in self.given.numbers:
            return self.given.numbers.get(name)
        return next((rating.default for rating in EQUIPMENT[self.type].ratings if rating.name == name), None)

    def place(self, name: str) -> Tree:
        """Where a rating stands in the file; the node where that leaves it out."""
        return self.given.places.get(name, self.key)


def unit_of(rating_name: str) -> str:
    """The unit a rating's name ends in (a qualifier may follow it), as it is written; empty where it has none."""
    for part in reversed(rating_name.split("_")):
        if part in UNITS:
            return UNITS[part]
    return ""


def checked_defaults(tree: Tree, faults: Faults) -> dict[str, Given]:
    """The shared ratings of each type, checked as a node's own are."""
    defaults: dict[str, Given] = {}
    for name, (_, value) in (entries(tree, faults, what="defaults", known=tuple(EQUIPMENT)) or {}).items():
        found = entries(value, faults, what=f"the defaults of {name}", known=_rating_names(name))
        defaults[name] = _given({key: tree for key, (_, tree) in (found or {}).items()}, name, faults)
    return defaults


def checked_nodes(
    tree: Tree, defaults: Mapping[str, Given], faults: Faults, profiles: Collection[str] = ()
) -> dict[str, Node]:
    """The nodes of a facility in file order; where there are faults the result must not be used."""
    found = entries(tree, faults, what="nodes")
    if found is None:
        return {}
    if not found:
        faults.add(tree.line, tree.column, "there are no nodes")
    drafts = {}
    for node_id, (key, value) in found.items():
        _check_id(key, faults)
        drafts[node_id] = _draft(key, value, defaults, faults, profiles)
    graph.check(drafts, tree, faults)
    return {
        node_id: Node(
            id=node_id,
            type=draft.type or "",
            feeds=tuple(feed.text for feed in draft.feeds),
            ratings=MappingProxyType(draft.given.numbers),
            title=draft.title,
            position=draft.position,
            profile=draft.profile,
        )
        for node_id, draft in drafts.items()
    }


def _check_id(key: Scalar, faults: Faults) -> None:
    if not topics.is_node_id(key.text):
        faults.add(key.line, key.column, f"{shown(key.text)} is no node id; {ID_FORM}")
    elif key.text in topics.VIRTUAL:
        faults.add(key.line, key.column, f"`{key.text}` is a node of the host itself; choose another id")


def _draft(key: Scalar, tree: Tree, defaults: Mapping[str, Given], faults: Faults, profiles: Collection[str]) -> Draft:
    found = entries(tree, faults, what=shown(key.text))
    if found is None:
        return Draft(key, None, (), Given())
    type_name = None
    if "type" not in found:
        hint = next((f"is `{name}` meant?" for name in found if nearest(name, ("type",)).startswith("did")), TYPES_HINT)
        faults.add(key.line, key.column, f"{shown(key.text)} has no `type`", hint)
    else:
        type_name = _type(found["type"][1], faults)
    draft = Draft(key, type_name, _feeds(found["from"][1], faults) if "from" in found else (), Given())
    if "title" in found:
        draft.title = text_of(found["title"][1], faults, what="title", length_max=TITLE_LENGTH_MAX) or ""
    if "position" in found:
        draft.position = _position(found["position"][1], faults)
    if "profile" in found:
        draft.profile = _profile(found["profile"][1], type_name, profiles, faults)
    if type_name is not None:
        own: dict[str, Tree] = {}
        for name, (place, value) in found.items():
            if name in _rating_names(type_name):
                own[name] = value
            elif name not in OWN_KEYS:
                unknown(place, f"rating of a {type_name}", (*_rating_names(type_name), *OWN_KEYS), faults)
        given = _given(own, type_name, faults)
        shared = defaults.get(type_name, Given())
        draft.given = Given({**shared.numbers, **given.numbers}, {**shared.places, **given.places})
        _check_whole(draft, type_name, faults)
    return draft


def _type(tree: Tree, faults: Faults) -> str | None:
    if not isinstance(tree, Scalar):
        faults.add(tree.line, tree.column, f"type must be a word, not {kind_of(tree)}")
    elif tree.text not in EQUIPMENT:
        unknown(tree, "type", EQUIPMENT, faults)
    else:
        return tree.text
    return None


def _feeds(tree: Tree, faults: Faults) -> tuple[Scalar, ...]:
    items = tree.items if isinstance(tree, Listing) else (tree,)
    feeds = []
    for item in items:
        if isinstance(item, Scalar) and item.value is not None:
            feeds.append(item)
        else:
            faults.add(item.line, item.column, f"from must be a node id or a list of them, not {kind_of(item)}")
    return tuple(feeds)


def _position(tree: Tree, faults: Faults) -> tuple[float, float] | None:
    if not isinstance(tree, Listing) or len(tree.items) != 2:
        faults.add(tree.line, tree.column, f"position must be [across, down], not {kind_of(tree)}")
        return None
    across, down = (
        number_of(item, faults, what="position", low=-POSITION_MAX, high=POSITION_MAX) for item in tree.items
    )
    return None if across is None or down is None else (across, down)


def _profile(tree: Tree, type_name: str | None, profiles: Collection[str], faults: Faults) -> str:
    if type_name is not None and type_name not in PROFILED:
        faults.add(tree.line, tree.column, f"a {type_name} has no profile", f"known: {', '.join(PROFILED)}")
    if isinstance(tree, Scalar) and tree.text in profiles:
        return tree.text
    hint = nearest(tree.text, profiles) if isinstance(tree, Scalar) else ""
    faults.add(tree.line, tree.column, f"unknown profile {kind_of(tree)}", hint or "profiles stand in `profiles`")
    return ""


def _rating_names(type_name: str) -> tuple[str, ...]:
    return tuple(rating.name for rating in EQUIPMENT[type_name].ratings)


def _given(values: Mapping[str, Tree], type_name: str, faults: Faults) -> Given:
    """The numbers of stated ratings; a value out of its range is a fault and is left out, its place is kept."""
    given = Given()
    for rating in EQUIPMENT[type_name].ratings:
        if rating.name not in values:
            continue
        tree = values[rating.name]
        given.places[rating.name] = tree
        number = _word_number(rating, tree, faults) if rating.words else _number(rating, tree, faults)
        if number is not None:
            given.numbers[rating.name] = number
    return given


def _number(rating: Rating, tree: Tree, faults: Faults) -> float | None:
    unit = unit_of(rating.name)
    return number_of(tree, faults, what=rating.name, low=rating.low, high=rating.high, unit=unit)


def _word_number(rating: Rating, tree: Tree, faults: Faults) -> float | None:
    """The number that stands for a word, for ratings that are written as one."""
    if isinstance(tree, Scalar) and tree.text in rating.words:
        return float(rating.words.index(tree.text))
    hint = nearest(tree.text, rating.words) if isinstance(tree, Scalar) else ""
    faults.add(tree.line, tree.column, f"unknown {rating.name} {kind_of(tree)}", hint)
    return None


def _check_whole(draft: Draft, type_name: str, faults: Faults) -> None:
    """What must be stated is stated, and the ratings can exist together."""
    given = draft.given
    complete = len(given.numbers) == len(given.places)
    for rating in EQUIPMENT[type_name].ratings:
        if rating.default is None and rating.name not in given.places:
            complete = False
            unit = unit_of(rating.name)
            what = f"`{rating.name}`" + (f" (in {unit})" if unit else "")
            faults.add(draft.key.line, draft.key.column, f"{shown(draft.key.text)} ({type_name}) has no {what}")
    if not complete:
        return
    ratings = {rating.name: rating.default or 0.0 for rating in EQUIPMENT[type_name].ratings} | given.numbers
    for name, why in EQUIPMENT[type_name].combinations(ratings):
        place = given.places.get(name, draft.key)
        faults.add(place.line, place.column, f"{shown(draft.key.text)}: {name} {why}")
