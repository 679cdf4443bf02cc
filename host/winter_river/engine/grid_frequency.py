"""How far the frequency of a grid is off, at a bus that it drives.

Only a utility's moves by itself here. A generating set is let run as its governor does, and an inverter keeps the
nominal one.
"""

from __future__ import annotations

from winter_river.engine.plan import NONE, UTILITY, Plan
from winter_river.engine.world import World


def off_pu(plan: Plan, w: World, bus: int) -> float:
    """How far off it is where a utility drives the bus, of its nominal frequency; else 0."""
    if not w.grid_off:
        return 0.0
    island = w.island_of[bus]
    if island == NONE:
        return 0.0
    n = plan.nodes[plan.islands[island].node]
    return w.utilities[n.slot].off_pu if n.kind == UTILITY else 0.0


def off_hz(plan: Plan, w: World, bus: int) -> float:
    """The same in Hz."""
    island = w.island_of[bus]
    if island == NONE or plan.nodes[plan.islands[island].node].kind != UTILITY:
        return 0.0
    slot = plan.nodes[plan.islands[island].node].slot
    return w.utilities[slot].off_pu * plan.utilities[slot].frequency_hz
