"""Sizes of the one-line diagram, in units of the SVG, and how much room a node's words take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from winter_river.facility import Node
from winter_river.web.diagram_symbols import BOARDS
from winter_river.web.painting import has_battery

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
LANE, LANES_MAX = (
    HALF + 4.0,
    8,
)  # from a symbol to a line that goes around it, short of its words; so many are gone around
BEND_UP = 24.0  # from where a line ends up to its last bend: the power beside it stands between
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


def title_of(node: Node) -> str:
    """A node's name on the drawing, cut where it is long."""
    title = node.title or node.id
    return title if len(title) <= TITLE_LETTERS_MAX else title[: TITLE_LETTERS_MAX - 1] + "…"


def words_width(node: Node) -> float:
    """Room for the widest values that a type shows."""
    return 112.0 if has_battery(node.type) else 96.0 if node.part in ("generator", "utility") else 78.0


def is_bus(node: Node) -> bool:
    """Whether a node is itself a bus bar: a board that several incomers meet on."""
    return node.type in BOARDS and len(node.feeds) > 1
