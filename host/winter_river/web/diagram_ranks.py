"""In which row of the one-line diagram a node stands: rows by voltage level, power flowing down. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from winter_river.facility import Facility, Node

_SIDE = re.compile(r"[_-]([a-z]{1,2})\d*$")
_SAME_VOLTAGE = 1.1  # as the facility's checks have it: 460 V gear stands among the 480 V ones


@dataclass(frozen=True, slots=True)
class Ranks:
    """rows: of each node, 0 at the top. voltages: nominal, V, where each node passes power on. bands: voltage levels
    from the top, each with its first row. columns: of each node with alternate feeds that nothing else shares, each
    such feed and what is above it, from the bottom."""

    rows: Mapping[str, int]
    voltages: Mapping[str, float]
    bands: Sequence[tuple[float, int]]
    columns: Mapping[str, Sequence[Sequence[str]]]


def side_of(node: Node, sides: Mapping[str, str]) -> str:
    """The side a node is on: the letter its id ends with (`ups_a`, `server_rack_b3`), else that of all its feeds."""
    found = {sides[feeder] for feeder in node.feeds if feeder in sides}
    if len(found) > 1:
        return ""
    match = _SIDE.search(node.id)
    return match[1].upper() if match else next(iter(found), "")


def sides_of(facility: Facility) -> dict[str, str]:
    """The side of every node, "" for what belongs to several or none."""
    sides: dict[str, str] = {}
    for node_id in in_order(facility):
        sides[node_id] = side_of(facility.nodes[node_id], sides)
    return sides


def in_order(facility: Facility) -> list[str]:
    """Every feeder before what it feeds, otherwise as in the file."""
    waiting = {node.id: len(node.feeds) for node in facility.nodes.values()}
    fed = children(facility)
    ready = [node_id for node_id, count in waiting.items() if not count]
    for node_id in ready:  # grows while it is read
        for child in fed[node_id]:
            waiting[child] -= 1
            if not waiting[child]:
                ready.append(child)
    return ready


def children(facility: Facility) -> dict[str, list[str]]:
    """What each node feeds, by any of its feeds, in file order."""
    fed: dict[str, list[str]] = {node_id: [] for node_id in facility.nodes}
    for node in facility.nodes.values():
        for feeder in node.feeds:
            fed[feeder].append(node.id)
    return fed


def rank(facility: Facility) -> Ranks:
    """Rows for a whole facility: the same voltage in the same rows on every side."""
    order, fed = in_order(facility), children(facility)
    voltages = _voltages(facility, order)
    columns = {node_id: found for node_id in order if (found := _columns(facility, fed, facility.nodes[node_id]))}
    hung = {node_id for found in columns.values() for column in found for node_id in column}
    levels = _levels(voltages)
    depths = _depths(facility, order, levels=levels, columns=columns, hung=hung)
    heights = [0] * (max(levels.values(), default=0) + 1)
    for node_id in order:
        heights[levels[node_id]] = max(heights[levels[node_id]], depths[node_id] + 1)
    first = [sum(heights[:level]) for level in range(len(heights))]
    rows: dict[str, int] = {}
    for node_id in order:
        if node_id not in hung:
            above = [rows[feeder] + 1 for feeder in facility.nodes[node_id].feeds if feeder in rows]
            rows[node_id] = max([first[levels[node_id]] + depths[node_id], *above])
    for node_id, found in columns.items():
        for column in found:
            for up, member in enumerate(column, start=1):
                rows[member] = rows[node_id] - up
    top = {level: voltage_v for node_id, voltage_v in reversed(voltages.items()) for level in (levels[node_id],)}
    bands = [(top[level], first[level]) for level in sorted(top)]
    return Ranks({node_id: rows[node_id] for node_id in facility.nodes}, voltages, bands, columns)


def _voltages(facility: Facility, order: Sequence[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for node_id in order:
        node = facility.nodes[node_id]
        passed = next((found[feeder] for feeder in node.feeds), 0.0)
        found[node_id] = float(node.ratings.get("secondary_voltage_v", node.ratings.get("voltage_v", 0.0)) or passed)
        if node.feeds and "secondary_voltage_v" not in node.ratings:
            found[node_id] = passed
    return found


def _levels(voltages: Mapping[str, float]) -> dict[str, int]:
    """The voltage level of each node, the highest 0."""
    steps: list[float] = []
    for voltage_v in sorted(set(voltages.values()), reverse=True):
        if not steps or steps[-1] > voltage_v * _SAME_VOLTAGE:
            steps.append(voltage_v)
    return {
        node_id: max(level for level, top_v in enumerate(steps) if voltage_v <= top_v)
        for node_id, voltage_v in voltages.items()
    }


def _columns(facility: Facility, fed: Mapping[str, Sequence[str]], node: Node) -> list[list[str]]:
    """The alternate feeds that serve this node alone, each with all that is above it (a generator and its breaker)."""
    found = []
    for feeder in node.feeds[1:]:
        column = [feeder]
        while len(fed[column[-1]]) == 1 and len(facility.nodes[column[-1]].feeds) == 1:
            column.append(facility.nodes[column[-1]].feeds[0])
        if len(fed[column[-1]]) == 1 and not facility.nodes[column[-1]].feeds:
            found.append(column)
    return found


def _depths(
    facility: Facility,
    order: Sequence[str],
    *,
    levels: Mapping[str, int],
    columns: Mapping[str, Sequence[Sequence[str]]],
    hung: set[str],
) -> dict[str, int]:
    """How deep each node stands within its own voltage level."""
    siblings: dict[str, int] = {}
    for node in facility.nodes.values():
        if node.feeds:
            siblings[node.feeds[0]] = siblings.get(node.feeds[0], 0) + 1
    depths: dict[str, int] = {}
    for node_id in order:
        node = facility.nodes[node_id]
        above = [
            depths[feeder] + 1 for feeder in node.feeds if levels[feeder] == levels[node_id] and feeder not in hung
        ]
        depth = max(above, default=0)
        if node_id in columns:
            tall = max(len(column) for column in columns[node_id])
            # Beside brothers the columns need rows of their own, between the node and what feeds it.
            wanted = depth + tall if node.feeds and siblings[node.feeds[0]] > 1 else max(depth, tall)
            depth = wanted
        depths[node_id] = depth if node_id not in hung else 0
    return depths
