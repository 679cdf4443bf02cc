"""Bus bars and lines of the one-line diagram, at right angles. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from winter_river.facility import Facility
from winter_river.web.diagram_packing import Packing
from winter_river.web.diagram_sizes import (
    BAR_DOWN,
    BEND_UP,
    BUS_DOWN,
    BUS_END,
    FOLD_UP,
    HALF,
    LANE,
    LANES_MAX,
    RING_X,
    RISER_LEFT,
    TRACK,
    TRACKS_MAX,
    Point,
    Spot,
)
from winter_river.web.painting import flow_key, has_battery


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
    things = _in_the_way(facility, spots)
    spans = _spans(facility, packing, spots, things)
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
            start_x = _lane(things, spots[feeder].y, spot.y, port) if feeder in bars else spots[feeder].x
            edges[flow_key(feeder, node.id)] = _bent((start_x, bar_y), (port, spot.y - HALF))
    return bars, edges


def _in_the_way(facility: Facility, spots: Mapping[str, Spot]) -> dict[float, list[float]]:
    """The middles of what a line must go around, by row, from the left: symbols, and the rings of batteries."""
    rows: dict[float, list[float]] = {}
    for node_id, spot in spots.items():
        rows.setdefault(spot.y, []).append(spot.x)
        if has_battery(facility.nodes[node_id].type):
            rows[spot.y].append(spot.x + RING_X)
    return {y: sorted(rows[y]) for y in sorted(rows)}


def _lane(things: Mapping[float, Sequence[float]], top_y: float, end_y: float, x: float) -> float:
    """Where a line from one row to x in another runs down: there, or beside what stands in its way."""
    rows = [row for y, row in things.items() if top_y + 1 < y < end_y - 1]
    for _ in range(LANES_MAX):
        met = [row[at] for row in rows if (at := bisect_right(row, x - LANE)) < len(row) and row[at] < x + LANE]
        if not met:
            break
        x = max(met) + LANE
    return x


def _spans(
    facility: Facility, packing: Packing, spots: Mapping[str, Spot], things: Mapping[float, Sequence[float]]
) -> dict[str, tuple[float, float, float]]:
    """Feeders that need a bar: (y, left, right) of all that hangs from it."""
    spans = {}
    for node_id, fed in packing.fed.items():
        spot = spots[node_id]
        is_bus = spot.is_bus
        if not fed and not is_bus:
            continue
        lower = {child for fold in packing.folds.get(node_id, ())[1:] for child in fold}
        drops = [
            _lane(things, spot.y, spots[child].y, spots[child].ports[facility.nodes[child].feeds.index(node_id)])
            for child in fed
            if child not in lower
        ]
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
    """A line of right angles, without needless corners; over several rows it bends above the last one."""
    if abs(start[0] - end[0]) < 0.5:
        return [start, (start[0], end[1])]
    middle_y = max((start[1] + end[1]) / 2, end[1] - BEND_UP)
    return [start, (start[0], middle_y), (end[0], middle_y), end]
