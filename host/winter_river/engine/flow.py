"""The flow of one world: each island swept by itself, what is behind a UPS before what is in front of it.

An island is what one source drives: a utility, a generator, or the inverter of a UPS. A double-conversion UPS
splits the network in two: what is behind it is solved first, and shows up in front of it as a load. One
criterion for each island, not one for all: otherwise what happens on one side moves the last bits of the other.

A tree is swept; what has closed loops or a short circuit, and what the sweep gives up, is solved by Newton's method
(loops.py). The island remembers which, an event tells when that changes, and the island that has no answer names its
weakest device and the load that made it fail.
"""

from __future__ import annotations

from winter_river.engine import events
from winter_river.engine.calm import is_solved
from winter_river.engine.collapse import PASSES_FEW, at_fault, tell_over, tell_solver, watch_collapse, what_loaded
from winter_river.engine.equipment.cooling import cooling_kw
from winter_river.engine.equipment.server import POWER
from winter_river.engine.equipment.ups import BYPASS, INVERTER, ups_flows
from winter_river.engine.load_models import set_model
from winter_river.engine.loops import is_tied, join, least_emf_pu, losses_pu, solve_joined, solve_shorted
from winter_river.engine.plan import GENERATOR, NONE, UPS, UTILITY, Plan
from winter_river.engine.shorts import has_short, heat_pu, serves, shorted_bus
from winter_river.engine.sweep import LOW_PU, TOLERANCE_PU, sweep
from winter_river.engine.taps import core_loss_pu
from winter_river.engine.units import BASE_KW, magnitude
from winter_river.engine.world import (
    DEAD,
    NEWTON_COLLAPSE,
    NEWTON_LOOPS,
    NEWTON_SHORT,
    SWEEP,
    World,
    emf_pu,
    is_tripped,
)

TOGETHER = 32  # chosen: so many buses are swept together; measured, fewer wait for each other, more fill the processor


def losses_kw(plan: Plan, w: World, first: int, end: int) -> float:
    """What the impedances, magnetising branches and shorts of the buses in these places of w.order turn into heat."""
    loss = 0.0
    for k in w.order[first:end]:
        c = w.i[k]
        loss += w.z[k].real * (c.real * c.real + c.imag * c.imag)
        y = plan.y[k]
        if y != 0j:
            loss += y.real * (w.v[k].real * w.v[k].real + w.v[k].imag * w.v[k].imag)
        if w.shorted:
            loss += heat_pu(plan, w, k)
    if len(w.ratio) > 0:
        for k in w.order[first:end]:
            loss += core_loss_pu(plan, w, k)
    return loss * BASE_KW


def set_load(w: World, bus: int, power: complex) -> None:
    """Gives a bus its constant-power load (per unit); its island is solved again only where that is news."""
    if w.load[bus] != power:
        w.load[bus] = power
        if w.island_of[bus] >= 0:
            w.islands[w.island_of[bus]].dirty = True


def set_draw(plan: Plan, w: World, bus: int, power: complex, model: int) -> None:
    """Gives a bus its load as set_load does, by what it draws at nominal voltage, and what it holds (load_models.py)."""
    if model == POWER:
        set_load(w, bus, power)
    elif set_model(plan, w, bus, power, model) and w.island_of[bus] >= 0:
        w.islands[w.island_of[bus]].dirty = True


def demand_kw(plan: Plan, w: World, k: int) -> float:
    """What a rack wants now: what it is set to, by its profile."""
    r, s = plan.servers[k], w.servers[k]
    if r.profile == NONE:
        return s.load_set_kw
    return min(r.load_kw_max, max(0.0, s.load_set_kw * w.profiles[r.profile].value))


def _draw_racks(plan: Plan, w: World) -> None:
    """A rack with two cords draws half through each live one, none where it is shorted."""
    for room in w.rooms:
        room.it_kw = 0.0
    for k in range(len(plan.servers)):
        r, s = plan.servers[k], w.servers[k]
        one, two = serves(plan, w, r.bus_1), r.bus_2 != NONE and serves(plan, w, r.bus_2)
        s.load_kw = demand_kw(plan, w, k) if one or two else 0.0
        power_kw = s.load_kw / 2.0 if one and two else s.load_kw
        power = complex(power_kw / BASE_KW, power_kw * r.kvar_per_kw / BASE_KW)
        if w.parent[r.bus_1] != DEAD:
            set_draw(plan, w, r.bus_1, power if one else 0j, r.load_model)
        if two:
            set_draw(plan, w, r.bus_2, power, r.load_model)
        if r.room != NONE:
            w.rooms[r.room].it_kw += s.load_kw


def draw(plan: Plan, w: World) -> None:
    """Gives racks and cooling units their loads, and the rooms what their racks draw."""
    if not w.calm:
        _draw_racks(plan, w)
    for k in range(len(plan.coolings)):
        c, m = plan.coolings[k], w.coolings[k]
        bus = plan.nodes[c.node].bus_in
        m.load_kw = 0.0
        if w.parent[bus] != DEAD:
            m.load_kw = cooling_kw(c, m) if serves(plan, w, bus) else 0.0
            set_load(w, bus, complex(m.load_kw / BASE_KW, m.load_kw * c.kvar_per_kw / BASE_KW))


def solve(plan: Plan, w: World) -> None:
    """Solves every island that changed, what is behind a UPS before what is in front of it."""
    level = plan.levels - 1
    while level >= 0:
        _solve_level(plan, w, level)
        level -= 1


def _solve_level(plan: Plan, w: World, level: int) -> None:
    """Solves the islands of sources that have so many UPS in front of them, and presents those UPS."""
    count = end = 0
    for k in range(len(plan.islands) - 1, -1, -1):
        island = w.islands[k]
        if plan.islands[k].level != level or not island.dirty:
            continue
        island.dirty = False
        if (len(plan.ties) > 0 and is_tied(plan, w, k)) or shorted_bus(plan, w, k) != NONE:
            _solve_joined(plan, w, k, NEWTON_LOOPS)
            continue
        island.left_pu = 1.0
        x, turn = w.wiring[k], w.turns[count]
        turn.island, turn.first, turn.emf = k, end, island.emf
        end += x.end - x.first
        turn.end = end
        count += 1
        if x.first == x.end:
            count -= 1
            _unload(plan, w, k)
            _conclude(plan, w, k, SWEEP, True)
        elif end >= TOGETHER:
            _sweep_together(plan, w, count)
            count = end = 0
    _sweep_together(plan, w, count)
    if level == 0:
        return
    for k in range(len(plan.islands) - 1, -1, -1):
        if plan.islands[k].level == level and plan.nodes[plan.islands[k].node].kind == UPS:
            _present_ups(plan, w, plan.nodes[plan.islands[k].node].slot)


def _sweep_together(plan: Plan, w: World, count: int) -> None:
    y = w.shunts if len(w.shunts) > 0 else plan.y
    swept = w.swept
    if count == 1:
        x = w.wiring[w.turns[0].island]
        swept = w.order[x.first : x.end]  # alone, none of it is moved
    else:
        for k in range(count):
            turn = w.turns[k]
            first = w.wiring[turn.island].first
            for p in range(turn.first, turn.end):
                swept[p] = w.order[first + p - turn.first]
    sweep(w.turns, count, swept, w.above, w.z, w.ratio, w.load, w.steady, y, w.v, w.i, LOW_PU, TOLERANCE_PU)
    for k in range(count):
        if w.turns[k].converged:
            m = w.turns[k].island
            if w.turns[k].passes >= PASSES_FEW or w.islands[m].collapsed:
                watch_collapse(plan, w, m, w.islands[m].emf)
            _conclude(plan, w, m, SWEEP, True)
        else:
            _solve_joined(plan, w, w.turns[k].island, NEWTON_COLLAPSE)


def _solve_joined(plan: Plan, w: World, k: int, solver: int) -> None:
    """Solves an island by Newton's method, with all islands that closed mains join to it."""
    join(plan, w, k)
    for m in range(len(plan.islands)):
        if w.joined[m]:
            w.islands[m].left_pu = 1.0
    shorted = has_short(plan, w)
    solver = NEWTON_SHORT if shorted else solver
    converged = solve_shorted(plan, w) if shorted else solve_joined(plan, w)
    emf = least_emf_pu(plan, w)
    for m in range(len(plan.islands)):
        if w.joined[m]:
            w.islands[m].dirty = False
            if converged and not shorted and w.wiring[m].first != w.wiring[m].end:
                watch_collapse(plan, w, m, emf)
            elif converged:
                _unload(plan, w, m)
            else:
                w.islands[m].collapsed = False
            _conclude(plan, w, m, solver, converged)


def _unload(plan: Plan, w: World, k: int) -> None:
    """Nothing is behind a source any more, or a short: its collapse is over, whatever happened to its loads."""
    if w.islands[k].collapsed:
        w.islands[k].collapsed = False
        tell_over(plan, w, k)


def _conclude(plan: Plan, w: World, k: int, solver: int, converged: bool) -> None:
    """The losses of one island; where it has no solution its event, and no voltage."""
    island, x = w.islands[k], w.wiring[k]
    x.solved = True
    was_converged, island.converged = island.converged, converged
    if converged:
        if not was_converged and not island.collapsed:
            tell_over(plan, w, k)
        tell_solver(plan, w, k, solver)
    else:
        # Collapsed: nothing holds the voltage, so it is none, and whatever watches it lets go.
        low, load = at_fault(plan, w, k)
        if was_converged:
            node = plan.islands[k].node
            cause = what_loaded(plan, w, k, load)
            island.told = events.emit(plan, w, node, events.NOT_SOLVED, low, load, cause)
    if not plan.reports:
        return
    # The impedance of the grid lies in front of a utility's meter: not a loss of the site.
    first = x.first + 1 if plan.nodes[plan.islands[k].node].kind == UTILITY else x.first
    island.loss_kw = losses_kw(plan, w, first, x.end)
    if len(plan.ties) > 0:
        island.loss_kw += losses_pu(plan, w, k) * BASE_KW


def ups_output(plan: Plan, w: World, k: int) -> tuple[float, float]:
    """(kW, kVA) at the inverter or the bypass of a UPS, in front of its output busway."""
    u, n = w.upses[k], plan.nodes[plan.upses[k].node]
    c = w.i[n.bus_out]
    v = w.v[n.bus_in] if u.path == BYPASS else complex(emf_pu(w, plan.upses[k].island), 0.0)
    return (v * c.conjugate()).real * BASE_KW, magnitude(v) * magnitude(c) * BASE_KW


def ups_load_pct(plan: Plan, w: World, k: int) -> float:
    """The load of a UPS, of its kVA: by its current, where a short leaves its inverter no voltage to tell it by."""
    r, u = plan.upses[k], w.upses[k]
    left_pu = w.islands[r.island].left_pu if u.path == INVERTER else 1.0
    return u.out_kva / (left_pu * r.power_kva) * 100.0


def is_starved(plan: Plan, w: World, k: int) -> bool:
    """Whether a UPS is on its bypass into a short: there is no voltage for its own electronics, so its battery keeps them
    alive, and they draw nothing."""
    source = w.island_of[plan.nodes[plan.upses[k].node].bus_in]
    return w.upses[k].path == BYPASS and source >= 0 and shorted_bus(plan, w, source) != NONE


def _present_ups(plan: Plan, w: World, k: int) -> None:
    """Shows a UPS to the network in front of it as a load. On bypass that is its own loss alone: its output is
    then a part of the network in front."""
    r, u = plan.upses[k], w.upses[k]
    n = plan.nodes[r.node]
    if w.calm and w.t_s < u.due_s and u.path != BYPASS and not is_solved(w, n.bus_out):
        return  # it is shown as it is
    live = w.parent[n.bus_in] != DEAD
    source = w.island_of[n.bus_in]
    fed = live and not is_starved(plan, w, k)
    out_kw, out_kva = ups_output(plan, w, k)
    ups_flows(
        r,
        u,
        w.t_s,
        out_kw=out_kw,
        out_kva=out_kva,
        fed=fed and (u.path == BYPASS or not is_tripped(w, n.breaker_1)),
        charger_fed=fed and not is_tripped(w, n.breaker_1),
        on_generator=source >= 0 and plan.nodes[plan.islands[source].node].kind == GENERATOR,
    )
    if live:
        set_load(w, n.bus_in, complex(u.in_kw / BASE_KW, u.in_kw * r.input_kvar_per_kw / BASE_KW))
