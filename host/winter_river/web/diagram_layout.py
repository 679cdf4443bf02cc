"""Where everything of the one-line diagram stands. Pure: a facility in, coordinates out.

The connected parts of a facility (see diagram_packing) stand beside each other, in several shelves where one would be
too wide. A node whose file gives a `position` stands there.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from winter_river.facility import Facility
from winter_river.web.diagram_packing import Packing
from winter_river.web.diagram_ranks import sides_of
from winter_river.web.diagram_routes import Bar, route
from winter_river.web.diagram_sizes import (
    ASPECT,
    GRID_X,
    GRID_Y,
    HEADER,
    MARGIN,
    MARGIN_LEFT,
    MARGIN_TOP,
    PITCH,
    Point,
    Spot,
    is_bus,
)


@dataclass(frozen=True, slots=True)
class Layout:
    """A drawing. edges: by flow_key, corner points from the feeding end. bands: (voltage V, x, y of its upper edge,
    width); sides: (name, x, y)."""

    width: float
    height: float
    spots: Mapping[str, Spot]
    edges: Mapping[str, Sequence[Point]]
    bars: Mapping[str, Bar]
    bands: Sequence[tuple[float, float, float, float]]
    sides: Sequence[tuple[str, float, float]]


def lay_out(facility: Facility) -> Layout:
    """The drawing of a facility. The same facility gives the same drawing."""
    return _Sheet(facility).layout()


class _Sheet:
    def __init__(self, facility: Facility) -> None:
        self.facility = facility
        self.packing = Packing(facility)
        self.spots: dict[str, Spot] = {}

    def layout(self) -> Layout:
        width, height, shelves = self._shelve()
        self._override()
        bars, edges = route(self.facility, self.packing, self.spots)
        width = max([width, *(spot.x + 150.0 for spot in self.spots.values())])
        height = max([height, *(spot.y + 96.0 for spot in self.spots.values())])
        return Layout(width, height, self.spots, edges, bars, self._bands(shelves, width), self._sides())

    def _shelve(self) -> tuple[float, float, list[float]]:
        """(width, height, y of each shelf's first row): the parts beside and below each other."""
        blocks, sizes = self.packing.blocks, []
        for block in blocks:
            left = min(left for left, _ in block.outline.values())
            right = max(right for _, right in block.outline.values())
            sizes.append((left, right - left, max(block.outline) + 1))
        tall = max(rows for _, _, rows in sizes) * PITCH + HEADER
        total = sum(width + 2 * MARGIN for _, width, _ in sizes)
        widest = max(width for _, width, _ in sizes) + 2 * MARGIN
        limit = max(widest, math.sqrt(total * tall * ASPECT), 1.0)
        if total <= limit * 1.3:
            limit = total  # one shelf is near enough: no lonely part below
        x, y, width = MARGIN_LEFT, MARGIN_TOP + HEADER, 0.0
        shelves = [y]
        for block, (left, wide, _) in zip(blocks, sizes, strict=True):
            if x > MARGIN_LEFT and x + wide > MARGIN_LEFT + limit:
                x, y = MARGIN_LEFT, y + tall
                shelves.append(y)
            for node_id, place in block.places.items():
                ports = [x - left + place + port for port in self.packing.ports[node_id]]
                spot_y = y + self.packing.rows[node_id] * PITCH
                self.spots[node_id] = Spot(
                    x - left + place,
                    spot_y,
                    ports,
                    self.packing.words_below(node_id),
                    is_bus(self.facility.nodes[node_id]),
                )
            x += wide + 2 * MARGIN
            width = max(width, x)
        return width, y + tall - HEADER, shelves

    def _override(self) -> None:
        for node in self.facility.nodes.values():
            if node.position is not None:
                x, y = MARGIN_LEFT + node.position[0] * GRID_X, MARGIN_TOP + node.position[1] * GRID_Y
                old = self.spots[node.id]
                self.spots[node.id] = dataclasses.replace(old, x=x, y=y, ports=[x + port - old.x for port in old.ports])

    def _bands(self, shelves: Sequence[float], width: float) -> list[tuple[float, float, float, float]]:
        if any(node.position for node in self.facility.nodes.values()):
            return []  # who places nodes by hand need not keep to rows
        return [
            (voltage_v, 0.0, y + row * PITCH - PITCH / 2 + 2, width)
            for y in shelves
            for voltage_v, row in self.packing.ranks.bands
        ]

    def _sides(self) -> list[tuple[str, float, float]]:
        """The name of each side over its middle, once for each connected part that has any of it."""
        names = sides_of(self.facility)
        found = []
        for part in self.packing.parts:
            for side in dict.fromkeys(names[node_id] for node_id in part):
                spots = [self.spots[node_id] for node_id in part if names[node_id] == side]
                middle = (min(spot.x for spot in spots) + max(spot.x for spot in spots)) / 2
                top = min(self.spots[node_id].y for node_id in part)
                if side:
                    found.append((side, middle, top - PITCH / 2 - 8.0))
        return found if len({side for side, _, _ in found}) > 1 else []
