"""What a source tells of a load that pulls a voltage too low for what is fed there, though the network can carry it.

There is no measure for it but those who are fed: each has limits of its own. So it is told when the first of them finds
its supply too low. What gives way is the part of the way to it that takes most of the voltage; it is named to all who find
theirs too low behind it, until nothing there is any more.
"""

from __future__ import annotations

from winter_river.engine import events
from winter_river.engine.collapse import ALIKE_PU, collapse_at, what_loaded
from winter_river.engine.equipment import utility as utility_law
from winter_river.engine.equipment.itic import STEADY_LOW_PU
from winter_river.engine.grid_frequency import grid_of
from winter_river.engine.load_models import asked_pu
from winter_river.engine.plan import BESS, COOLING, NONE, PV, SERVER, UPS, Plan
from winter_river.engine.units import magnitude
from winter_river.engine.world import DEAD, World


def _is_low(w: World, bus: int) -> bool:
    return w.parent[bus] != DEAD and w.island_of[bus] >= 0 and magnitude(w.v[bus]) < STEADY_LOW_PU


def _sags(plan: Plan, w: World, bus: int) -> bool:
    """Whether a grid that sags drives a bus: that explains what is low there."""
    grid = grid_of(plan, w, bus)
    return grid != NONE and w.nodes[grid].fault & utility_law.SAG != 0


def _weak(w: World, bus: int) -> int:
    """What takes most of the voltage on the way from the source to a bus."""
    found, most_pu, at = bus, -1.0, bus
    while at >= 0:
        drop_pu = magnitude(w.z[at] * w.i[at])
        if drop_pu > most_pu + ALIKE_PU:
            found, most_pu = at, drop_pu
        at = w.parent[at]
    return found


def _is_behind(w: World, bus: int, weak: int) -> bool:
    while bus >= 0 and bus != weak:
        bus = w.parent[bus]
    return bus == weak


def _heaviest(plan: Plan, w: World, k: int, weak: int) -> int:
    """The device behind a bus that asks for most."""
    x = w.wiring[k]
    found, most_pu = weak, -1.0
    for bus in w.load_order[x.loads_first : x.loads_end]:
        asked = magnitude(asked_pu(plan, w, bus))
        if asked > most_pu and _is_behind(w, bus, weak):
            found, most_pu = bus, asked
    return plan.buses[found].node


def _stands(w: World, weak: int) -> bool:
    """Whether something is still too low behind what gave way."""
    k = w.island_of[weak]
    if w.lows[weak].told <= w.lows[weak].over or k < 0:
        return False
    for bus in w.order[w.wiring[k].first : w.wiring[k].end]:
        if _is_low(w, bus) and _is_behind(w, bus, weak):
            return True
    return False


def watch_low(plan: Plan, w: World, bus: int) -> None:
    """The event that the load on a source pulls a bus under what is fed there takes, for who has just found it so. No grid
    that sags and no collapse explains it, and it was not told already: what gives way has to be good again before."""
    if not _is_low(w, bus) or collapse_at(w, bus) > 0 or _sags(plan, w, bus):
        return
    weak = _weak(w, bus)
    if _stands(w, weak):
        return
    k, low = w.island_of[bus], w.lows[weak]
    low.source = plan.islands[k].node
    load = _heaviest(plan, w, k, weak)
    cause = what_loaded(plan, w, k, load)
    low.told = events.note(w, low.source, events.UNDERVOLTAGE, plan.buses[weak].node, load, cause)
    w.low = True


def tell_lifted(plan: Plan, w: World) -> None:
    """The event that what gave way is good again, or nothing is there any more: because of what happened now."""
    w.low = False
    for weak in range(len(plan.buses)):
        low = w.lows[weak]
        if low.told <= low.over:
            continue
        if _stands(w, weak):
            w.low = True
            continue
        cause = events.group_cause(w, plan.nodes[low.source].group)
        low.over = events.note(w, low.source, events.UNDERVOLTAGE_OVER, plan.buses[weak].node, 0, cause)


def low_at(plan: Plan, w: World, bus: int) -> int:
    """The event that told that load alone pulls this bus too low, or did at this instant; 0 where it does not."""
    if w.island_of[bus] < 0:
        return 0
    lasts = _is_low(w, bus) and not _sags(plan, w, bus)
    found, at = 0, bus
    while at >= 0:
        low = w.lows[at]
        if low.told >= w.first_event or (lasts and low.told > low.over):
            found = max(found, low.told)
        at = w.parent[at]
    return found


def lifted_at(w: World, bus: int) -> int:
    """The last event that told that what gave way before a bus is good again, 0 where none did."""
    found, at = 0, bus
    while at >= 0:
        found = max(found, w.lows[at].over)
        at = w.parent[at]
    return found


def lack_at(plan: Plan, w: World, bus: int) -> int:
    """The event that told that a bus has too little voltage for what is fed there: it is collapsing, or pulled too low; 0
    where it has enough."""
    collapse = collapse_at(w, bus)
    return collapse if collapse > 0 else low_at(plan, w, bus)


def tell_low_again(plan: Plan, w: World) -> None:
    """The events of what is too low for somebody, for who heard nothing of it: those of a new world."""
    w.low = False
    for low in w.lows:
        low.told = low.over = 0
    for x in range(len(plan.transfers)):
        n = plan.nodes[plan.transfers[x].node]
        if not w.transfers[x].first_ok:
            watch_low(plan, w, plan.nodes[n.feed_1].bus_out)
        if not w.transfers[x].second_ok:
            watch_low(plan, w, plan.nodes[n.feed_2].bus_out)
    for n in plan.nodes:
        if n.kind == SERVER or n.kind == COOLING:
            watch_low(plan, w, n.bus_in)
        if n.kind == SERVER and plan.servers[n.slot].bus_2 != NONE:
            watch_low(plan, w, plan.servers[n.slot].bus_2)
        if (n.kind == UPS and not w.upses[n.slot].source_ok) or (
            (n.kind == BESS or n.kind == PV or n.kind == COOLING) and w.parent[n.bus_in] == DEAD
        ):
            watch_low(plan, w, plan.nodes[n.feed_1].bus_out)
