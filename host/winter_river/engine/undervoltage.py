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
    bus = w.islands[k].low_bus
    return w.island_of[bus] == k and _is_low(w, bus)


def watch_low(plan: Plan, w: World, bus: int) -> None:
    """The event that the load on a source pulls a bus under what is fed there takes, for who has just found it so. No grid
    that sags and no collapse explains it, and it was not told already: what gives way has to be good again before."""
    if not _is_low(w, bus) or collapse_at(w, bus) > 0:
        return
    grid = grid_of(plan, w, bus)
    if grid != NONE and w.nodes[grid].fault & utility_law.SAG:
        return
    k = w.island_of[bus]
    island, node = w.islands[k], plan.islands[k].node
    if island.low > island.lifted and _stands(w, k):
        return
    island.low_bus = weakest_bus(w, k)
    weak, load = plan.buses[island.low_bus].node, heaviest(plan, w, k)
    island.low = events.emit(plan, w, node, events.UNDERVOLTAGE, weak, load, what_loaded(plan, w, k, load))


def tell_lifted(plan: Plan, w: World) -> None:
    """The event that what gave way is good again, or nothing is there any more: because of what happened now, or else of the
    low voltage itself, at which somebody let go."""
    for k in range(len(plan.islands)):
        island, node = w.islands[k], plan.islands[k].node
        if island.low > island.lifted and not _stands(w, k):
            cause = events.group_cause(w, plan.nodes[node].group)
            cause = cause if cause > 0 else island.low
            island.lifted = events.emit(plan, w, node, events.UNDERVOLTAGE_OVER, 0, 0, cause)


def low_at(w: World, bus: int) -> int:
    """The event that told that load alone pulls this bus too low, or did at this instant; 0 where it does not."""
    if w.island_of[bus] < 0:
        return 0
    island = w.islands[w.island_of[bus]]
    if island.low >= w.first_event:
        return island.low
    return island.low if island.low > island.lifted and _is_low(w, bus) else 0


def short_at(w: World, bus: int) -> int:
    """The event that told that a bus has too little voltage for what is fed there: it is collapsing, or pulled too low; 0 where
    it has enough."""
    collapse = collapse_at(w, bus)
    return collapse if collapse > 0 else low_at(w, bus)


def is_low_anywhere(w: World) -> bool:
    """Whether some load pulls a voltage too low now, or did at this instant, as far as it was told."""
    for island in w.islands:
        if island.low > island.lifted or island.low >= w.first_event:
            return True
    return False


def tell_low_again(plan: Plan, w: World) -> None:
    """The events of islands that are too low, for who heard nothing of it: those of a new world."""
    for k in range(len(plan.islands)):
        was, w.islands[k].low, w.islands[k].lifted = w.islands[k].low, 0, 0
        if was > 0:
            watch_low(plan, w, w.islands[k].low_bus)
