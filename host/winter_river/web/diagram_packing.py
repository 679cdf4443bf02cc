"""Packing one connected part of a facility as tightly as its outlines allow. Pure.

A part is a tree by first feeds. Alternate sources that serve one node hang above it as columns of their own; many loads
behind one bus are folded into rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from winter_river.facility import Facility
from winter_river.web.diagram_ranks import Ranks, children, in_order, rank
from winter_river.web.diagram_sizes import (
    ASPECT,
    FLOW_WIDTH,
    FOLD_MIN,
    GAP,
    HALF,
    LETTER,
    PORTS_APART,
    RING_R,
    RING_X,
    RISER_LEFT,
    is_bus,
    title_of,
    words_width,
)
from winter_river.web.painting import has_battery


@dataclass(slots=True)
class Block:
    """A packed part of a tree: places relative to its root, and its outline as row -> (left, right)."""

    places: dict[str, float] = field(default_factory=dict)
    outline: dict[int, tuple[float, float]] = field(default_factory=dict)

    def cover(self, row: int, left: float, right: float) -> None:
        before = self.outline.get(row, (left, right))
        self.outline[row] = (min(before[0], left), max(before[1], right))

    def add(self, other: Block, x: float) -> None:
        for node_id, place in other.places.items():
            self.places[node_id] = place + x
        for row, (left, right) in other.outline.items():
            self.cover(row, left + x, right + x)

    def room(self, other: Block) -> float:
        """The least x at which the other one stands to the right of this one."""
        shared = self.outline.keys() & other.outline.keys()
        return max((self.outline[row][1] - other.outline[row][0] + GAP for row in shared), default=0.0)


class Packing:
    """The parts of a facility, each packed. rows: of each node, folded loads in theirs. ports: x of each incoming line,
    relative to its node. folds: of a feeder, its loads in rows. parts and blocks: in file order."""

    def __init__(self, facility: Facility) -> None:
        self.facility = facility
        self.ranks: Ranks = rank(facility)
        self.fed = children(facility)
        self.order = in_order(facility)
        self.hung = {one for found in self.ranks.columns.values() for column in found for one in column}
        self.rows = dict(self.ranks.rows)
        self.first_fed: dict[str, list[str]] = {node_id: [] for node_id in facility.nodes}
        for node in facility.nodes.values():
            if node.feeds:
                self.first_fed[node.feeds[0]].append(node.id)
        self.ports: dict[str, list[float]] = {}  # relative to the node
        self.folds: dict[str, list[list[str]]] = {}  # feeder -> its loads in rows
        self._find_ports()
        self.parts = self._parts()
        self.blocks = [self._block(part) for part in self.parts]

    def words_below(self, node_id: str) -> bool:
        """Whether a node's words stand below its symbol: nothing leaves it there."""
        return not self.fed[node_id]

    def _parts(self) -> list[list[str]]:
        """The connected parts, in file order."""
        head = {node_id: node_id for node_id in self.facility.nodes}

        def root(node_id: str) -> str:
            while head[node_id] != node_id:
                head[node_id] = head[head[node_id]]
                node_id = head[node_id]
            return node_id

        for node in self.facility.nodes.values():
            for feeder in node.feeds:
                head[root(node.id)] = root(feeder)
        parts: dict[str, list[str]] = {}
        for node_id in self.facility.nodes:
            parts.setdefault(root(node_id), []).append(node_id)
        return list(parts.values())

    def _block(self, part: Sequence[str]) -> Block:
        """One connected part, packed."""
        members = set(part)
        made: dict[str, Block] = {}
        whole = Block()
        for node_id in reversed(self.order):
            if node_id in members and node_id not in self.hung:
                made[node_id] = self._tree(node_id, made)
        roots = [node_id for node_id in part if node_id not in self.hung and not self.facility.nodes[node_id].feeds]
        for node_id in roots:
            whole.add(made[node_id], whole.room(made[node_id]))
        return whole

    def _tree(self, node_id: str, made: dict[str, Block]) -> Block:
        """A node with all that it is the first to feed."""
        block = Block()
        loads = [child for child in self.first_fed[node_id] if not self.fed[child]]
        if len(loads) >= FOLD_MIN and all(len(self.facility.nodes[child].feeds) == 1 for child in loads):
            self._fold(node_id, loads, made)
        below = Block()
        ends: list[float] = []
        for child in self._in_turn(node_id):
            self._go_around(node_id, made[child])
            x = below.room(made[child])
            below.add(made[child], x)
            ends.append(x)
            del made[child]
        for fold in self.folds.get(node_id, ()):
            ends += [below.places[fold[0]], below.places[fold[-1]]]
        block.add(below, -(min(ends) + max(ends)) / 2 if ends else 0.0)
        self._hang(node_id, block)
        row = self.rows[node_id]
        left, right = self._extent(node_id)
        block.places[node_id] = 0.0
        block.cover(row, left, right)
        if len(ends) > 1:  # its bar: nobody's words may stand in it
            half = (max(ends) - min(ends)) / 2
            riser = RISER_LEFT if len(self.folds.get(node_id, ())) > 1 else 0.0
            block.cover(row, -half - riser, half)
        parent = self.facility.nodes[node_id].feeds[:1]
        for between in range(self.rows[parent[0]] + 1 if parent else row, row):
            block.cover(between, -GAP / 2, GAP / 2)  # its line passes here
        return block

    def _go_around(self, feeder: str, block: Block) -> None:
        """The second line of a board from a feeder of its first one: to the right of all that it passes."""
        for node_id in block.places:
            feeds = self.facility.nodes[node_id].feeds
            top, row = self.rows[feeder], self.rows[node_id]
            if feeder not in feeds[1:] or not is_bus(self.facility.nodes[node_id]) or row < top + 2:
                continue
            own_right = block.places[node_id] + self._extent(node_id)[1]
            if block.outline[row][1] > own_right + 0.5:
                continue  # somebody stands beside it
            x = max(block.outline[between][1] for between in range(top + 1, row) if between in block.outline) + GAP
            self.ports[node_id][feeds.index(feeder)] = max(self.ports[node_id][-1], x - block.places[node_id])
            for between in range(top + 1, row):
                block.cover(between, x, x + GAP / 2)
            block.cover(row, x, block.places[node_id] + self._extent(node_id)[1])

    def _in_turn(self, node_id: str) -> list[str]:
        """What a node is the first to feed, folded loads as their corner; what others feed too stands last."""
        folded = {child for fold in self.folds.get(node_id, ()) for child in fold[1:]}
        folded |= {fold[0] for fold in self.folds.get(node_id, ())[1:]}
        turn = [child for child in self.first_fed[node_id] if child not in folded and child not in self.hung]
        sides = [len(set(self.facility.nodes[child].feeds) - self.hung) > 1 for child in turn]
        return [child for child, shared in zip(turn, sides, strict=True) if not shared] + [
            child for child, shared in zip(turn, sides, strict=True) if shared
        ]

    def _fold(self, node_id: str, loads: Sequence[str], made: dict[str, Block]) -> None:
        """Many loads become rows below each other: one block that stands under its first one's name."""
        wide = math.ceil(math.sqrt(len(loads) * ASPECT))
        rows = [list(loads[at : at + wide]) for at in range(0, len(loads), wide)]
        pitch = max(right - left for left, right in map(self._extent, loads)) + GAP
        block = Block()
        top = max(self.rows[child] for child in loads)
        for down, row in enumerate(rows):
            for across, child in enumerate(row):
                self.rows[child] = top + down
                left, right = self._extent(child)
                block.places[child] = across * pitch
                block.cover(top + down, across * pitch + left, across * pitch + right)
            block.cover(top + down, -RISER_LEFT - GAP / 2, 0.0)
        for child in loads:
            made.pop(child, None)
        self.folds[node_id] = rows
        made[loads[0]] = block

    def _find_ports(self) -> None:
        """Where lines come into each node: alternate sources stand to the right of the line that comes from above."""
        for node_id in self.order:
            feeds = self.facility.nodes[node_id].feeds
            columns = self.ranks.columns.get(node_id, ())
            if not columns:
                self.ports[node_id] = [(k - (len(feeds) - 1) / 2) * PORTS_APART for k in range(len(feeds))]
                continue
            own = {column[0]: self._extents(column) for column in columns}
            ports, edge = [], self._extent(feeds[0])[1]
            for feeder in feeds:
                if feeder in own:
                    ports.append(edge + GAP - own[feeder][0])
                    edge = ports[-1] + own[feeder][1]
                else:
                    ports.append(-PORTS_APART * len(ports))
            self.ports[node_id] = ports

    def _hang(self, node_id: str, block: Block) -> None:
        """The columns of alternate sources of a node."""
        feeds = self.facility.nodes[node_id].feeds
        for column in self.ranks.columns.get(node_id, ()):
            x = self.ports[node_id][feeds.index(column[0])]
            left, right = self._extents(column)
            for member in column:
                block.places[member] = x
                block.cover(self.rows[member], x + left, x + right)

    def _extents(self, members: Sequence[str]) -> tuple[float, float]:
        found = [self._extent(member) for member in members]
        return min(left for left, _ in found), max(right for _, right in found)

    def _extent(self, node_id: str) -> tuple[float, float]:
        """How far a node reaches to the left and right of its middle, words included."""
        node = self.facility.nodes[node_id]
        words = max(LETTER * len(title_of(node)), words_width(node))
        ports = self.ports.get(node_id, ())
        if self.words_below(node_id):
            half = max(words / 2, FLOW_WIDTH + max(ports, default=0.0) if len(ports) > 1 else 44.0)
            return -half, half
        left = RING_X - RING_R - 4 if has_battery(node.type) else -HALF - 6
        return left, max([0.0, *ports]) + HALF + 10 + words
