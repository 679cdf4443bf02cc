"""Bus bars and lines of the one-line diagram, at right angles. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from winter_river.facility import Facility
from winter_river.web.diagram_packing import Packing
from winter_river.web.diagram_sizes import (
    BAR_DOWN,
    BUS_DOWN,
    BUS_END,
    FOLD_UP,
    HALF,
    RISER_LEFT,
    TRACK,
    TRACKS_MAX,
    Point,
    Spot,
)
from winter_river.web.painting import flow_key


@dataclass(frozen=True, slots=True)
class Bar:
    """The bus bar of a node, y its height: its stub from the symbol (none where the bar is the symbol's own bus), then
    the bar; more rows where loads are folded."""

    y: float
    stub: Sequence[Point]
    lines: Sequence[Sequence[Point]]


def route(
    facility: Facility, packing: Packing, spots: Mapping[str, Spot]
) -> tuple[dict[str, Bar], dict[str, list[Point]]]:
    """Bus bars, and a line from each feeder, or its bar, down to each node that it feeds."""
    bars: dict[str, Bar] = {}
    edges: dict[str, list[Point]] = {}
    spans = _spans(facility, packing, spots)
    tracks = _tracks(spans)
    for feeder, (y, left, right) in spans.items():
        spot = spots[feeder]
        is_bus = spot.is_bus
        bar_y = y + BUS_DOWN if is_bus else y + BAR_DOWN + TRACK * tracks[feeder]
        lines: list[list[Point]] = [[(left, bar_y), (right, bar_y)]] if right - left > 1 else []
        for fold in packing.folds.get(feeder, ())[1:]:
            row_y = spots[fold[0]].y - FOLD_UP
            lines.append([(left, bar_y), (left, row_y), (spots[fold[-1]].x, row_y)])
        stub = [] if is_bus else [(spot.x, spot.y + HALF), (spot.x, bar_y)]
        bars[feeder] = Bar(bar_y, stub, lines)
    rows_down = {child: k for folds in packing.folds.values() for k, fold in enumerate(folds) for child in fold}
    for node in facility.nodes.values():
        spot = spots[node.id]
        for feeder, port in zip(node.feeds, spot.ports, strict=False):
            bar_y = bars[feeder].y if feeder in bars else spots[feeder].y + HALF
            if rows_down.get(node.id):
                bar_y = spot.y - FOLD_UP
            start_x = port if feeder in bars else spots[feeder].x
            edges[flow_key(feeder, node.id)] = _bent((start_x, bar_y), (port, spot.y - HALF))
    return bars, edges


def _spans(facility: Facility, packing: Packing, spots: Mapping[str, Spot]) -> dict[str, tuple[float, float, float]]:
    """Feeders that need a bar: (y, left, right) of all that hangs from it."""
    spans = {}
    for node_id, fed in packing.fed.items():
        spot = spots[node_id]
        is_bus = spot.is_bus
        if not fed and not is_bus:
            continue
        lower = {child for fold in packing.folds.get(node_id, ())[1:] for child in fold}
        drops = [spots[child].ports[facility.nodes[child].feeds.index(node_id)] for child in fed if child not in lower]
        if is_bus:
            drops += [*spot.ports, min(*drops, *spot.ports) - BUS_END, max(*drops, *spot.ports) + BUS_END]
        straight = len(fed) == 1 and not is_bus and abs(drops[0] - spot.x) < 0.5
        if not straight:
            left = min(drops)
            if len(packing.folds.get(node_id, ())) > 1:
                left = spots[packing.folds[node_id][0][0]].x - RISER_LEFT
            spans[node_id] = (spot.y, min(left, spot.x), max(*drops, spot.x))
    return spans


def _tracks(spans: Mapping[str, tuple[float, float, float]]) -> dict[str, int]:
    """A track for each bar, so that no two in one row lie over each other."""
    tracks: dict[str, int] = {}
    ends: dict[float, list[float]] = {}
    for node_id, (y, left, right) in sorted(spans.items(), key=lambda item: (item[1], item[0])):
        taken = ends.setdefault(y, [])
        track = next((k for k, end in enumerate(taken) if end < left), len(taken))
        if track == len(taken):
            taken.append(right)
        taken[track] = right
        tracks[node_id] = track % TRACKS_MAX
    return tracks


def _bent(start: Point, end: Point) -> list[Point]:
    """A line of right angles, without needless corners."""
    if abs(start[0] - end[0]) < 0.5:
        return [start, (start[0], end[1])]
    middle_y = (start[1] + end[1]) / 2
    return [start, (start[0], middle_y), (end[0], middle_y), end]
