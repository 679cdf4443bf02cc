"""Facilities of any size, made of copies of the training facility's side; and a facility as YAML text."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from winter_river.engine import EQUIPMENT, Rating
from winter_river.facility.checks import OWN_KEYS
from winter_river.facility.loader import load_facility
from winter_river.facility.model import BEGINS_H, NODES_MAX, Facility, Node

PATTERN = "block-2n-24"
PATTERN_SIDE = "a"
RACK_STEM = "server_rack_"
LINE_LENGTH_MAX = 120
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def generate(nodes: int = 2400, *, name: str = "", calibration: str = "training") -> Facility:
    """A facility of independent sides, each the side of block-2n-24 with one to four rows of racks.

    nodes: how many, 9 to NODES_MAX; every number from 27 on is met exactly, a few small ones take up to three more.
    The same arguments give the same facility. Raises ValueError outside the limits.
    """
    pattern = load_facility(PATTERN).with_calibration(calibration)
    suffix = f"_{PATTERN_SIDE}"
    shared = [node for node in pattern.nodes.values() if node.id.endswith(suffix)]
    racks = [node for node in pattern.nodes.values() if node.id.startswith(RACK_STEM + PATTERN_SIDE)]
    if not len(shared) < nodes <= NODES_MAX:
        raise ValueError(f"nodes is {nodes}; must be {len(shared) + 1} to {NODES_MAX}")
    sides = -(-nodes // (len(shared) + len(racks)))
    racks_wanted = max(sides, nodes - sides * len(shared))
    made: dict[str, Node] = {}
    for index in range(sides):
        side = _side_name(index)
        count = (index + 1) * racks_wanted // sides - index * racks_wanted // sides
        for node in (*shared, *racks[:count]):
            copy = _copy(node, side)
            made[copy.id] = copy
    return Facility(name or f"generated-{len(made)}", calibration, MappingProxyType(made))


def _side_name(index: int) -> str:
    """a, b ... z, aa, ab ...: as columns of a sheet are counted."""
    name = ""
    index += 1
    while index:
        index, letter = divmod(index - 1, len(_LETTERS))
        name = _LETTERS[letter] + name
    return name


def _copy(node: Node, side: str) -> Node:
    """The node of the pattern's side on another side."""
    feeds = tuple(_moved(feed, side) for feed in node.feeds)
    return Node(_moved(node.id, side), node.type, feeds, node.ratings)


def _moved(node_id: str, side: str) -> str:
    stem, _, end = node_id.rpartition("_")
    return f"{stem}_{side}{end.removeprefix(PATTERN_SIDE)}"


def to_yaml(facility: Facility) -> str:
    """The facility as the text of a file; ratings that all nodes of a type have in common stand in `defaults`.

    Reading it back gives an equal facility, up to the order of a node's ratings.
    """
    shared = _shared(facility)
    lines = [f"facility: {facility.name}"]
    if facility.title:
        lines.append(f"title: {_quoted(facility.title)}")
    lines += [f"calibration: {facility.calibration}"]
    if facility.begins_h != BEGINS_H:
        lines.append(f"begins_h: {_number(facility.begins_h)}")
    lines += [*_profiles(facility), ""]
    if any(shared.values()):
        lines.append("defaults:")
        for type_name, ratings in shared.items():
            if ratings:
                lines.append(f"  {type_name}:")
                lines += [f"    {text}" for text in _ratings(type_name, ratings)]
        lines.append("")
    lines.append("nodes:")
    for node in facility.nodes.values():
        own = {name: value for name, value in node.ratings.items() if name not in shared[node.type]}
        parts = [*_own(node), *_ratings(node.type, own)]
        line = f"  {node.id}: {{{', '.join(parts)}}}"
        if len(line) <= LINE_LENGTH_MAX:
            lines.append(line)
        else:
            lines += [f"  {node.id}:", *(f"    {part}" for part in parts)]
    return "\n".join(lines) + "\n"


def _profiles(facility: Facility) -> Iterator[str]:
    """Every profile as steps, whatever it was made of."""
    if facility.profiles:
        yield "profiles:"
    for name, profile in facility.profiles.items():
        pairs = zip(profile.times_s, profile.values, strict=True)
        steps = ", ".join(f"[{_number(at_s / 3600.0)}, {_number(value)}]" for at_s, value in pairs)
        repeat = f", repeat_h: {_number(profile.period_s / 3600.0)}" if profile.period_s else ""
        yield f"  {name}: {{steps_h: [{steps}]{repeat}}}"


def _shared(facility: Facility) -> dict[str, dict[str, float]]:
    """Per type the ratings that every node of it states alike. A type with one node shares nothing."""
    shared: dict[str, dict[str, float]] = {}
    counts: dict[str, int] = {}
    for node in facility.nodes.values():
        counts[node.type] = counts.get(node.type, 0) + 1
        if node.type not in shared:
            shared[node.type] = dict(node.ratings)
        else:
            common = shared[node.type]
            for name in [name for name, value in common.items() if node.ratings.get(name) != value]:
                del common[name]
    return {type_name: ratings if counts[type_name] > 1 else {} for type_name, ratings in shared.items()}


def _own(node: Node) -> Iterator[str]:
    yield f"{OWN_KEYS[0]}: {node.type}"
    if node.feeds:
        yield "from: " + (node.feeds[0] if len(node.feeds) == 1 else f"[{', '.join(node.feeds)}]")
    if node.title:
        yield f"title: {_quoted(node.title)}"
    if node.position is not None:
        yield f"position: [{_number(node.position[0])}, {_number(node.position[1])}]"
    if node.profile:
        yield f"profile: {node.profile}"


def _ratings(type_name: str, ratings: dict[str, float]) -> Iterator[str]:
    rows: dict[str, Rating] = {rating.name: rating for rating in EQUIPMENT[type_name].ratings}
    for name, value in ratings.items():
        words = rows[name].words
        yield f"{name}: {words[int(value)] if words else _number(value)}"


def _number(value: float) -> str:
    """The shortest text that reads back as the same number."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
