"""The flow of one world: each island swept by itself, what is behind a UPS before what is in front of it.

An island is what one source drives: a utility, a generator, or the inverter of a UPS. A double-conversion UPS
splits the network in two: what is behind it is solved first, and shows up in front of it as a load. One
criterion for each island, not one for all: otherwise what happens on one side moves the last bits of the other.
"""

from __future__ import annotations

from winter_river.engine import events
from winter_river.engine.equipment.cooling import cooling_kw
from winter_river.engine.equipment.ups import BYPASS, ups_flows
from winter_river.engine.plan import GENERATOR, NONE, UPS, UTILITY, Plan
from winter_river.engine.sweep import LOW_PU, sweep
from winter_river.engine.units import BASE_KW
from winter_river.engine.world import DEAD, World, is_tripped


def losses_kw(order: list[int], z: list[complex], y: list[complex], v: list[complex], i: list[complex]) -> float:
    """What the impedances and the magnetising branches of these buses turn into heat."""
    loss = 0.0
    for k in order:
        c = i[k]
        loss += z[k].real * (c.real * c.real + c.imag * c.imag)
        if y[k] != 0j:
            loss += y[k].real * (v[k].real * v[k].real + v[k].imag * v[k].imag)
    return loss * BASE_KW


def set_load(w: World, bus: int, power: complex) -> None:
    """Gives a bus its constant-power load (per unit); its island is solved again only where that is news."""
    if w.load[bus] != power:
        w.load[bus] = power
        if w.island_of[bus] >= 0:
            w.islands[w.island_of[bus]].dirty = True


def taken_ratio(v: complex) -> float:
    """The share of its constant power that a load takes at this voltage: all of it down to LOW_PU."""
    m = v.real * v.real + v.imag * v.imag
    return 1.0 if m >= LOW_PU * LOW_PU else m / (LOW_PU * LOW_PU)


def draw(plan: Plan, w: World) -> None:
    """Gives racks and cooling units their loads; a rack with two cords draws half through each live one."""
    for k in range(len(plan.servers)):
        r, s = plan.servers[k], w.servers[k]
        one = w.parent[r.bus_1] != DEAD
        two = r.bus_2 != NONE and w.parent[r.bus_2] != DEAD
        s.load_kw = s.load_set_kw if one or two else 0.0
        power_kw = s.load_kw / 2.0 if one and two else s.load_kw
        power = complex(power_kw, power_kw * r.kvar_per_kw) / BASE_KW
        if one:
            set_load(w, r.bus_1, power)
        if two:
            set_load(w, r.bus_2, power)
    for k in range(len(plan.coolings)):
        c, m = plan.coolings[k], w.coolings[k]
        bus = plan.nodes[c.node].bus_in
        m.load_kw = 0.0
        if w.parent[bus] != DEAD:
            m.load_kw = cooling_kw(c, m)
            set_load(w, bus, complex(m.load_kw, m.load_kw * c.kvar_per_kw) / BASE_KW)


def solve(plan: Plan, w: World) -> None:
    """Solves every island that changed, what is behind a UPS before what is in front of it."""
    for k in range(len(plan.islands) - 1, -1, -1):
        island = w.islands[k]
        if island.dirty:
            _solve_island(plan, w, k)
            island.dirty = False
        n = plan.nodes[plan.islands[k].node]
        if n.kind == UPS:
            _present_ups(plan, w, n.slot)


def at_fault(plan: Plan, w: World, k: int) -> tuple[int, int]:
    """(the device whose voltage would drop most, the device whose load would have most part in it) in an island that
    has no solution: by the currents that its loads would draw at full voltage, through all the impedance before them."""
    wiring = w.wiring[k]
    current = {bus: plan.y[bus] for bus in wiring.order}
    for bus in wiring.loads:
        current[bus] += w.load[bus].conjugate()
    for bus, parent in wiring.up:
        current[parent] += current[bus]
    way = {wiring.root: wiring.z_root}
    drop = {wiring.root: wiring.z_root * current[wiring.root]}
    for bus, parent, z in wiring.down:
        way[bus] = way[parent] + z
        drop[bus] = drop[parent] + z * current[bus]
    weakest = max(wiring.order, key=lambda bus: abs(drop[bus]))
    heaviest = max(wiring.loads, key=lambda bus: abs(way[bus] * w.load[bus]), default=weakest)
    return plan.buses[weakest].node, plan.buses[heaviest].node


def _solve_island(plan: Plan, w: World, k: int) -> None:
    island, order = w.islands[k], w.wiring[k].order
    converged = not order or sweep(w.wiring[k], w.load, plan.y, w.v, w.i, island.emf)
    if not converged:
        # Collapsed: nothing holds the voltage, so it is none, and whatever watches it lets go.
        for bus in order:
            w.v[bus] = w.i[bus] = 0j
        if island.converged:
            node = plan.islands[k].node
            weakest, heaviest = at_fault(plan, w, k)
            cause = events.group_cause(w, plan.nodes[node].group)
            events.emit(plan, w, node, events.NOT_SOLVED, weakest, heaviest, cause)
    island.converged = converged
    # The impedance of the grid lies in front of a utility's meter: not a loss of the site.
    inside = order[1:] if plan.nodes[plan.islands[k].node].kind == UTILITY else order
    island.loss_kw = losses_kw(inside, w.z, plan.y, w.v, w.i)


def ups_output(plan: Plan, w: World, k: int) -> tuple[float, float]:
    """(kW, kVA) at the inverter or the bypass of a UPS, in front of its output busway."""
    u, n = w.upses[k], plan.nodes[plan.upses[k].node]
    c = w.i[n.bus_out]
    v = w.v[n.bus_in] if u.path == BYPASS else complex(w.islands[plan.upses[k].island].emf, 0.0)
    return (v * c.conjugate()).real * BASE_KW, abs(v) * abs(c) * BASE_KW


def _present_ups(plan: Plan, w: World, k: int) -> None:
    """Shows a UPS to the network in front of it as a load. On bypass that is its own loss alone: its output is
    then a part of the network in front."""
    r, u = plan.upses[k], w.upses[k]
    n = plan.nodes[r.node]
    fed = w.parent[n.bus_in] != DEAD
    source = w.island_of[n.bus_in]
    out_kw, out_kva = ups_output(plan, w, k)
    ups_flows(
        r,
        u,
        plan.calibration,
        w.t_s,
        out_kw=out_kw,
        out_kva=out_kva,
        fed=fed and (u.path == BYPASS or not is_tripped(w, n.breaker_1)),
        on_generator=source >= 0 and plan.nodes[plan.islands[source].node].kind == GENERATOR,
    )
    if fed:
        set_load(w, n.bus_in, complex(u.in_kw, u.in_kw * r.input_kvar_per_kw) / BASE_KW)
