"""Flow alone: a network of buses, lines, transformers and loads, solved once. No time, no devices.

case = read_case(text)
solution = solve(case.network)
solution.v_pu, solution.method, solution.dead, solution.collapses
"""

from winter_river.engine.network.case import Case, CaseError, read_case
from winter_river.engine.network.collapse import Collapse
from winter_river.engine.network.islands import POWER_GRID_MODEL, SWEEP, NewtonMissingError
from winter_river.engine.network.model import (
    CONSTANT_CURRENT,
    CONSTANT_IMPEDANCE,
    CONSTANT_POWER,
    Line,
    Load,
    Network,
    Transformer,
)
from winter_river.engine.network.solve import IslandResult, Solution, solve
from winter_river.engine.network.topology import Dead, Island
from winter_river.engine.network.words import collapse_text, dead_text, edge_text

__all__ = [
    "CONSTANT_CURRENT",
    "CONSTANT_IMPEDANCE",
    "CONSTANT_POWER",
    "POWER_GRID_MODEL",
    "SWEEP",
    "Case",
    "CaseError",
    "Collapse",
    "Dead",
    "Island",
    "IslandResult",
    "Line",
    "Load",
    "Network",
    "NewtonMissingError",
    "Solution",
    "Transformer",
    "collapse_text",
    "dead_text",
    "edge_text",
    "read_case",
    "solve",
]
