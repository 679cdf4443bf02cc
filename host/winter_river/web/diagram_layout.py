"""Where everything of the one-line diagram stands. Pure: a facility in, coordinates out.

Each connected part of a facility is a tree by first feeds, packed as tightly as its outlines allow; alternate sources
that serve one node hang above it as columns of their own; many loads behind one bus are folded into rows. Parts stand
beside each other, in several shelves where one would be too wide. A node whose file gives a `position` stands there.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from winter_river.facility import Facility, Node
from winter_river.web.diagram_ranks import Ranks, children, in_order, rank, sides_of
from winter_river.web.diagram_symbols import BOARDS
from winter_river.web.painting import flow_key, has_battery

PITCH = 120.0  # from row to row
HALF = 20.0  # half a symbol
GAP = 16.0  # between two neighbours' outlines
MARGIN_LEFT, MARGIN_TOP, MARGIN = 76.0, 70.0, 28.0
HEADER = 40.0  # above each shelf, for the names of the sides
LETTER = 6.3  # the width of a letter of 11 px, near enough
TITLE_LETTERS_MAX = 22
FLOW_WIDTH = 52.0  # of the power written beside a line
RING_X, RING_R = -60.0, 22.0
BAR_DOWN, TRACK = 36.0, 9.0  # from a node to its bus bar; between two bars side by side
BUS_DOWN = HALF - 3  # to the bus that a board's incomers meet on, which is its bar
BUS_END = 14.0  # what a bus sticks out beyond its outermost line
FOLD_UP = HALF + 28.0  # from a row of folded loads up to its bar
TRACKS_MAX = 4
PORTS_APART = 22.0
FOLD_MIN = 9  # loads behind one bus from which they are folded into rows
ASPECT = 1.7  # chosen: between a laptop's screen and a projector's
RISER_LEFT = 60.0  # from the first load of folded rows to the bus that runs down beside them
GRID_X, GRID_Y = 120.0, PITCH  # of `position:`

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Spot:
    """A node on the drawing: the middle of its symbol, where its feeds come in, whether its words stand
    below, and whether it is itself a bus bar."""

    x: float
    y: float
    ports: Sequence[float]
    words_below: bool
    is_bus: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """The bus bar of a node, y its height: its stub from the symbol (none where the bar is the symbol's own bus), then
    the bar; more rows where loads are folded."""

    y: float
    stub: Sequence[Point]
    lines: Sequence[Sequence[Point]]


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


@dataclass(slots=True)
class _Block:
    """A packed part of a tree: places relative to its root, and its outline as row -> (left, right)."""

    places: dict[str, float] = field(default_factory=dict)
    outline: dict[int, tuple[float, float]] = field(default_factory=dict)

    def cover(self, row: int, left: float, right: float) -> None:
        before = self.outline.get(row, (left, right))
        self.outline[row] = (min(before[0], left), max(before[1], right))

    def add(self, other: _Block, x: float) -> None:
        for node_id, place in other.places.items():
            self.places[node_id] = place + x
        for row, (left, right) in other.outline.items():
            self.cover(row, left + x, right + x)

    def room(self, other: _Block) -> float:
        """The least x at which the other one stands to the right of this one."""
        shared = self.outline.keys() & other.outline.keys()
        return max((self.outline[row][1] - other.outline[row][0] + GAP for row in shared), default=0.0)


def lay_out(facility: Facility) -> Layout:
    """The drawing of a facility. The same facility gives the same drawing."""
    return _Drawing(facility).layout()


def title_of(node: Node) -> str:
    """A node's name on the drawing, cut where it is long."""
    title = node.title or node.id
    return title if len(title) <= TITLE_LETTERS_MAX else title[: TITLE_LETTERS_MAX - 1] + "…"


def words_width(node: Node) -> float:
    """Room for the widest values that a type shows."""
    return 112.0 if has_battery(node.type) else 96.0 if node.type in ("generator", "utility") else 78.0


class _Drawing:
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
        self.spots: dict[str, Spot] = {}
        self._find_ports()

    def layout(self) -> Layout:
        blocks = [self._block(part) for part in self._parts()]
        width, height, shelves = self._shelve(blocks)
        self._override()
        bars, edges = self._route()
        width = max([width, *(spot.x + 150.0 for spot in self.spots.values())])
        height = max([height, *(spot.y + 96.0 for spot in self.spots.values())])
        return Layout(width, height, self.spots, edges, bars, self._bands(shelves, width), self._sides())

    # the parts of a facility

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

    def _block(self, part: Sequence[str]) -> _Block:
        """One connected part, packed."""
        members = set(part)
        made: dict[str, _Block] = {}
        whole = _Block()
        for node_id in reversed(self.order):
            if node_id in members and node_id not in self.hung:
                made[node_id] = self._tree(node_id, made)
        roots = [node_id for node_id in part if node_id not in self.hung and not self.facility.nodes[node_id].feeds]
        for node_id in roots:
            whole.add(made[node_id], whole.room(made[node_id]))
        return whole

    def _tree(self, node_id: str, made: dict[str, _Block]) -> _Block:
        """A node with all that it is the first to feed."""
        block = _Block()
        loads = [child for child in self.first_fed[node_id] if not self.fed[child]]
        if len(loads) >= FOLD_MIN and all(len(self.facility.nodes[child].feeds) == 1 for child in loads):
            self._fold(node_id, loads, made)
        below = _Block()
        ends: list[float] = []
        for child in self._in_turn(node_id):
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

    def _in_turn(self, node_id: str) -> list[str]:
        """What a node is the first to feed, folded loads as their corner; what others feed too stands last."""
        folded = {child for fold in self.folds.get(node_id, ()) for child in fold[1:]}
        folded |= {fold[0] for fold in self.folds.get(node_id, ())[1:]}
        turn = [child for child in self.first_fed[node_id] if child not in folded and child not in self.hung]
        sides = [len(set(self.facility.nodes[child].feeds) - self.hung) > 1 for child in turn]
        return [child for child, shared in zip(turn, sides, strict=True) if not shared] + [
            child for child, shared in zip(turn, sides, strict=True) if shared
        ]

    def _fold(self, node_id: str, loads: Sequence[str], made: dict[str, _Block]) -> None:
        """Many loads become rows below each other: one block that stands under its first one's name."""
        wide = math.ceil(math.sqrt(len(loads) * ASPECT))
        rows = [list(loads[at : at + wide]) for at in range(0, len(loads), wide)]
        pitch = max(right - left for left, right in map(self._extent, loads)) + GAP
        block = _Block()
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

    def _hang(self, node_id: str, block: _Block) -> None:
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
        if self._words_below(node_id):
            half = max(words / 2, FLOW_WIDTH + max(ports, default=0.0) if len(ports) > 1 else 44.0)
            return -half, half
        left = RING_X - RING_R - 4 if has_battery(node.type) else -HALF - 6
        return left, max([0.0, *ports]) + HALF + 10 + words

    def _words_below(self, node_id: str) -> bool:
        return not self.fed[node_id]

    # the whole sheet

    def _shelve(self, blocks: Sequence[_Block]) -> tuple[float, float, list[float]]:
        """(width, height, y of each shelf's first row): the parts beside and below each other."""
        sizes = []
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
                ports = [x - left + place + port for port in self.ports[node_id]]
                spot_y = y + self.rows[node_id] * PITCH
                self.spots[node_id] = Spot(
                    x - left + place, spot_y, ports, self._words_below(node_id), _is_bus(self.facility.nodes[node_id])
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
            for voltage_v, row in self.ranks.bands
        ]

    def _sides(self) -> list[tuple[str, float, float]]:
        """The name of each side over its middle, once for each connected part that has any of it."""
        names = sides_of(self.facility)
        found = []
        for part in self._parts():
            for side in dict.fromkeys(names[node_id] for node_id in part):
                spots = [self.spots[node_id] for node_id in part if names[node_id] == side]
                middle = (min(spot.x for spot in spots) + max(spot.x for spot in spots)) / 2
                top = min(self.spots[node_id].y for node_id in part)
                if side:
                    found.append((side, middle, top - PITCH / 2 - 8.0))
        return found if len({side for side, _, _ in found}) > 1 else []

    # lines

    def _route(self) -> tuple[dict[str, Bar], dict[str, list[Point]]]:
        """Bus bars, and a line from each feeder, or its bar, down to each node that it feeds."""
        bars: dict[str, Bar] = {}
        edges: dict[str, list[Point]] = {}
        spans = self._spans()
        tracks = _tracks(spans)
        for feeder, (y, left, right) in spans.items():
            spot = self.spots[feeder]
            is_bus = spot.is_bus
            bar_y = y + BUS_DOWN if is_bus else y + BAR_DOWN + TRACK * tracks[feeder]
            lines: list[list[Point]] = [[(left, bar_y), (right, bar_y)]] if right - left > 1 else []
            for fold in self.folds.get(feeder, ())[1:]:
                row_y = self.spots[fold[0]].y - FOLD_UP
                lines.append([(left, bar_y), (left, row_y), (self.spots[fold[-1]].x, row_y)])
            stub = [] if is_bus else [(spot.x, spot.y + HALF), (spot.x, bar_y)]
            bars[feeder] = Bar(bar_y, stub, lines)
        rows_down = {child: k for folds in self.folds.values() for k, fold in enumerate(folds) for child in fold}
        for node in self.facility.nodes.values():
            spot = self.spots[node.id]
            for feeder, port in zip(node.feeds, spot.ports, strict=False):
                bar_y = bars[feeder].y if feeder in bars else self.spots[feeder].y + HALF
                if rows_down.get(node.id):
                    bar_y = spot.y - FOLD_UP
                start_x = port if feeder in bars else self.spots[feeder].x
                edges[flow_key(feeder, node.id)] = _bent((start_x, bar_y), (port, spot.y - HALF))
        return bars, edges

    def _spans(self) -> dict[str, tuple[float, float, float]]:
        """Feeders that need a bar: (y, left, right) of all that hangs from it."""
        spans = {}
        for node_id, fed in self.fed.items():
            spot = self.spots[node_id]
            is_bus = spot.is_bus
            if not fed and not is_bus:
                continue
            drops = [
                self.spots[child].ports[self.facility.nodes[child].feeds.index(node_id)]
                for child in fed
                if not any(child in fold for fold in self.folds.get(node_id, ())[1:])
            ]
            if is_bus:
                drops += [*spot.ports, min(*drops, *spot.ports) - BUS_END, max(*drops, *spot.ports) + BUS_END]
            straight = len(fed) == 1 and not is_bus and abs(drops[0] - spot.x) < 0.5
            if not straight:
                left = min(drops)
                if len(self.folds.get(node_id, ())) > 1:
                    left = self.spots[self.folds[node_id][0][0]].x - RISER_LEFT
                spans[node_id] = (spot.y, min(left, spot.x), max(*drops, spot.x))
        return spans


def _is_bus(node: Node) -> bool:
    """Whether a node is itself a bus bar: a board that several incomers meet on."""
    return node.type in BOARDS and len(node.feeds) > 1


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
