"""Which grid drives a bus, and how far its frequency is off there.

Only a utility's moves by itself here. A generating set is let run as its governor does, and an inverter keeps the
nominal one.
"""

from __future__ import annotations

from winter_river.engine.plan import NONE, UTILITY, Plan
from winter_river.engine.world import World


def grid_of(plan: Plan, w: World, bus: int) -> int:
    """The utility that drives a bus, NONE where none does."""
    island = w.island_of[bus]
    if island < 0:
        return NONE
    node = plan.islands[island].node
    return node if plan.nodes[node].kind == UTILITY else NONE


def off_pu(plan: Plan, w: World, bus: int) -> float:
    """How far off it is where a utility drives the bus, of its nominal frequency; else 0."""
    if not w.grid_off:
        return 0.0
    grid = grid_of(plan, w, bus)
    return w.utilities[plan.nodes[grid].slot].off_pu if grid != NONE else 0.0


def off_hz(plan: Plan, w: World, bus: int) -> float:
    """The same in Hz."""
    grid = grid_of(plan, w, bus)
    if grid == NONE:
        return 0.0
    slot = plan.nodes[grid].slot
    return w.utilities[slot].off_pu * plan.utilities[slot].frequency_hz
