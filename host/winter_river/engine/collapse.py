"""What an island tells of its flow: that another method solves it, that it is close to collapse, collapsed or shorted.

A device that gives way and the load that makes it are named each time: the one whose voltage has dropped most, and the
one whose power, through all the impedance before it, has most part in that.
"""

from __future__ import annotations

from winter_river.engine import events
from winter_river.engine.equipment.ups import RECTIFIER_ON, WALKING
from winter_river.engine.load_models import asked_pu
from winter_river.engine.loops import lowest_pu
from winter_river.engine.plan import COOLING, NONE, UPS, Plan
from winter_river.engine.shorts import short_pu, shorted_bus
from winter_river.engine.sweep import LOW_PU
from winter_river.engine.units import magnitude
from winter_river.engine.world import NEWTON_COLLAPSE, NEWTON_LOOPS, NEWTON_SHORT, SWEEP, IslandState, World, emf_pu

# Chosen: a network that takes 30 % of the voltage moves it by 0.43 of what the pass before did, so from a
# millionth away that takes 8 passes and more; 3 to 6 do where all is well. So nobody looks for a collapse there.
PASSES_FEW = 8
ALIKE_PU = 1e-9  # chosen: of voltages this near to each other the first in plan order is named


def way(w: World, bus: int) -> complex:
    """The impedance from the source to a bus."""
    z = w.z[bus]
    while w.parent[bus] >= 0:
        bus = w.parent[bus]
        z += w.z[bus]
    return z


def at_fault(plan: Plan, w: World, k: int) -> tuple[int, int]:
    """(the weakest device, the heaviest) of an island that has no answer, by the voltages that there would be were its
    loads to draw what they do at full voltage. Leaves it without voltages and currents."""
    x = w.wiring[k]
    buses = w.order[x.first : x.end]
    for bus in buses:
        w.i[bus] = plan.y[bus] + asked_pu(plan, w, bus).conjugate()
    for bus in buses[:0:-1]:
        w.i[w.parent[bus]] += w.i[bus]
    emf = complex(emf_pu(w, k), 0.0)
    for bus in buses:
        before = w.v[w.parent[bus]] if bus != buses[0] else emf
        w.v[bus] = before - w.z[bus] * w.i[bus]
    found = weakest(plan, w, k), heaviest(plan, w, k)
    for bus in buses:
        w.v[bus] = w.i[bus] = 0j
    return found


def weakest(plan: Plan, w: World, k: int) -> int:
    """The device of an island whose voltage has dropped most."""
    x = w.wiring[k]
    found, most_pu = w.order[x.first], -1.0
    for bus in w.order[x.first : x.end]:
        drop_pu = magnitude(complex(emf_pu(w, k), 0.0) - w.v[bus])
        if drop_pu > most_pu + ALIKE_PU:
            found, most_pu = bus, drop_pu
    return plan.buses[found].node


def heaviest(plan: Plan, w: World, k: int) -> int:
    """The device of an island whose load, through all the impedance before it, has most part in the drop."""
    x = w.wiring[k]
    found, most_pu = w.order[x.first], -1.0
    for bus in w.load_order[x.loads_first : x.loads_end]:
        part_pu = magnitude(way(w, bus) * asked_pu(plan, w, bus))
        if part_pu > most_pu:
            found, most_pu = bus, part_pu
    return plan.buses[found].node


def _comes_on(plan: Plan, w: World, node: int) -> bool:
    """Whether a load has just come on, or is still on its way up."""
    n, me = plan.nodes[node], w.nodes[node]
    if n.kind == UPS:
        u, walked_s = w.upses[n.slot], plan.calibration.walk_in_s
        return u.rectifier == WALKING or (u.rectifier == RECTIFIER_ON and w.t_s <= u.rectifier_s + walked_s)
    if n.kind == COOLING and w.t_s <= w.coolings[n.slot].ramp_s + plan.calibration.fan_ramp_s:
        return True
    return me.live and not me.live_seen


def what_loaded(plan: Plan, w: World, k: int, load: int) -> int:
    """What made the load of an island so heavy: what set this instant off, else the last event of the heaviest where that
    comes on, or of another that did right now. 0: it has grown by itself, or by its profile."""
    cause = events.group_cause(w, plan.nodes[plan.islands[k].node].group)
    if cause > 0 or _comes_on(plan, w, load):
        return cause if cause > 0 else w.nodes[load].last
    x = w.wiring[k]
    for bus in w.load_order[x.loads_first : x.loads_end]:
        other = w.nodes[plan.buses[bus].node]
        if other.live and not other.live_seen:
            cause = max(cause, other.last)
    return cause


def watch_collapse(plan: Plan, w: World, k: int, emf: float) -> None:
    """The event that an island asks for more than it can carry: its loads are left with less than their power. emf: the
    lowest voltage that a source makes there."""
    island, node = w.islands[k], plan.islands[k].node
    collapsed = lowest_pu(w, k) < LOW_PU * emf
    if collapsed and not island.collapsed:
        load = heaviest(plan, w, k)
        cause = what_loaded(plan, w, k, load)
        island.told = events.emit(plan, w, node, events.COLLAPSED, weakest(plan, w, k), load, cause)
    elif island.collapsed and not collapsed:
        tell_over(plan, w, k)
    island.collapsed = collapsed


def tell_over(plan: Plan, w: World, k: int) -> None:
    """The event that an island carries its loads again, or has none any more: because of what happened now, or else
    because of the collapse itself, which made loads let go."""
    node = plan.islands[k].node
    cause = events.group_cause(w, plan.nodes[node].group)
    told = w.islands[k].told
    w.islands[k].over = events.emit(plan, w, node, events.COLLAPSE_OVER, 0, 0, cause if cause > 0 else told)


def _tell_short(plan: Plan, w: World, k: int, cause: int) -> int:
    """The event that a source feeds a short: where that is, and the current there. It comes from what shorted the device
    just now, else from what set this instant off, as one that is closed on a short that is there already."""
    bus = shorted_bus(plan, w, k)
    for m in range(len(plan.islands)):  # or it is in another island, which closed mains join to this one
        if bus == NONE and w.joined[m]:
            bus = shorted_bus(plan, w, m)
    short_a = short_pu(plan, w, bus).real * magnitude(w.v[bus]) * plan.buses[bus].amps
    where = plan.buses[bus].node
    last = w.nodes[where].last
    cause = cause if 0 < cause and last < w.first_event else last
    return events.emit(plan, w, plan.islands[k].node, events.SHORT_CIRCUIT, where, int(short_a + 0.5), cause)


def tell_solver(plan: Plan, w: World, k: int, solver: int) -> None:
    """The event that another method solves an island now; close to collapse also which device and load bring it there,
    for a short where that is. Where nothing is behind its source any more, the one event is that it is over."""
    island, node = w.islands[k], plan.islands[k].node
    if w.wiring[k].first == w.wiring[k].end:
        solver = island.solver if island.solver == NEWTON_LOOPS else SWEEP
    if solver == island.solver:
        return
    before, island.solver = island.solver, solver
    cause = events.group_cause(w, plan.nodes[node].group)
    if before == NEWTON_SHORT and cause > 0:  # which explains what follows
        island.over = events.note(w, node, events.SHORT_OVER, 0, 0, cause)
    elif before == NEWTON_SHORT:
        island.over = cause = events.emit(plan, w, node, events.SHORT_OVER, 0, 0, island.told)
    if solver == NEWTON_SHORT:
        cause = island.told = _tell_short(plan, w, k, cause)
    elif solver == NEWTON_COLLAPSE and not island.collapsed:
        load = heaviest(plan, w, k)
        cause = what_loaded(plan, w, k, load)
        cause = events.emit(plan, w, node, events.NEAR_COLLAPSE, weakest(plan, w, k), load, cause)
        island.told = cause
    if before == NEWTON_SHORT or solver == NEWTON_SHORT:  # the short explains what follows, not who solves it
        events.note(w, node, events.SOLVER, before, solver, cause)
    else:
        events.emit(plan, w, node, events.SOLVER, before, solver, cause)


def tell_again(plan: Plan, w: World) -> None:
    """The events of islands that have no answer or nearly none, for who heard nothing of it: those of a new world."""
    for k in range(len(plan.islands)):
        node = plan.islands[k].node
        if not w.islands[k].converged:
            low, load = at_fault(plan, w, k)
            w.islands[k].told = events.emit(plan, w, node, events.NOT_SOLVED, low, load, 0)
        elif w.islands[k].collapsed or w.islands[k].solver == NEWTON_COLLAPSE:
            word = events.COLLAPSED if w.islands[k].collapsed else events.NEAR_COLLAPSE
            w.islands[k].told = events.emit(plan, w, node, word, weakest(plan, w, k), heaviest(plan, w, k), 0)


def collapse_at(w: World, bus: int) -> int:
    """The event that told of the collapse in which a bus is now, or was at this instant; 0 where it is in none."""
    if w.island_of[bus] < 0:
        return 0
    island = w.islands[w.island_of[bus]]
    return island.told if _is_collapsing(w, island) else 0


def is_collapsing(w: World) -> bool:
    """Whether any island is in a collapse now, or was at this instant."""
    for island in w.islands:
        if _is_collapsing(w, island):
            return True
    return False


def _is_collapsing(w: World, island: IslandState) -> bool:
    low = island.collapsed or not island.converged or island.solver >= NEWTON_COLLAPSE
    return low or max(island.told, island.over) >= w.first_event
