"""What an island tells of a load that pulls its voltage too low for what is fed there, though the network can carry it.

There is no measure for it but those who are fed: each has limits of its own. So it is told when the first of them finds
its supply too low, and named from then on to all who do, until it is good again.
"""

from __future__ import annotations

from winter_river.engine import events
from winter_river.engine.collapse import collapse_at, heaviest, weakest_bus, what_loaded
from winter_river.engine.equipment import utility as utility_law
from winter_river.engine.equipment.itic import STEADY_LOW_PU
from winter_river.engine.plan import NONE, UTILITY, Plan
from winter_river.engine.units import magnitude
from winter_river.engine.world import DEAD, World


def grid_of(plan: Plan, w: World, bus: int) -> int:
    """The utility that drives a bus, NONE where none does."""
    island = w.island_of[bus]
    if island < 0:
        return NONE
    node = plan.islands[island].node
    return node if plan.nodes[node].kind == UTILITY else NONE


def _is_low(w: World, bus: int) -> bool:
    return w.parent[bus] != DEAD and w.island_of[bus] >= 0 and magnitude(w.v[bus]) < STEADY_LOW_PU


def _stands(w: World, k: int) -> bool:
    """Whether what gave way in an island is still there, and too low."""
    bus = w.lows[k].bus
    return w.lows[k].told > w.lows[k].over and w.island_of[bus] == k and _is_low(w, bus)


def watch_low(plan: Plan, w: World, bus: int) -> None:
    """The event that the load on a source pulls a bus under what is fed there takes, for who has just found it so. No grid
    that sags and no collapse explains it, and it was not told already: what gives way has to be good again before."""
    if not _is_low(w, bus) or collapse_at(w, bus) > 0:
        return
    grid, k = grid_of(plan, w, bus), w.island_of[bus]
    if (grid != NONE and w.nodes[grid].fault & utility_law.SAG) or _stands(w, k):
        return
    low = w.lows[k]
    low.bus = weakest_bus(w, k)
    node, load = plan.buses[low.bus].node, heaviest(plan, w, k)
    cause = what_loaded(plan, w, k, load)
    low.told = events.emit(plan, w, plan.islands[k].node, events.UNDERVOLTAGE, node, load, cause)
    w.low = True


def tell_lifted(plan: Plan, w: World) -> None:
    """The event that what gave way is good again, or nothing is there any more: because of what happened now, or else of the
    low voltage itself, at which somebody let go."""
    w.low = False
    for k in range(len(plan.islands)):
        low, node = w.lows[k], plan.islands[k].node
        if _stands(w, k):
            w.low = True
        elif low.told > low.over:
            cause = events.group_cause(w, plan.nodes[node].group)
            low.over = events.emit(plan, w, node, events.UNDERVOLTAGE_OVER, 0, 0, cause if cause > 0 else low.told)


def low_at(w: World, bus: int) -> int:
    """The event that told that load alone pulls this bus too low, or did at this instant; 0 where it does not."""
    if w.island_of[bus] < 0:
        return 0
    low = w.lows[w.island_of[bus]]
    return low.told if low.told >= w.first_event or (low.told > low.over and _is_low(w, bus)) else 0


def short_at(w: World, bus: int) -> int:
    """The event that told that a bus has too little voltage for what is fed there: it is collapsing, or pulled too low; 0
    where it has enough."""
    collapse = collapse_at(w, bus)
    return collapse if collapse > 0 else low_at(w, bus)


def tell_low_again(plan: Plan, w: World) -> None:
    """The events of islands that are too low, for who heard nothing of it: those of a new world."""
    for k in range(len(plan.islands)):
        was, w.lows[k].told, w.lows[k].over = w.lows[k].told, 0, 0
        if was > 0:
            watch_low(plan, w, w.lows[k].bus)
