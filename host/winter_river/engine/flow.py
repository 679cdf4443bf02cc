"""The flow: balanced three-phase, positive sequence, radial; a backward/forward sweep for each island by itself.

An island is what one source drives: a utility, a generator, or the inverter of a UPS. A double-conversion UPS
splits the network in two: what is behind it is solved first, and shows up in front of it as a load. One
criterion for each island, not one for all: otherwise what happens on one side moves the last bits of the other.
"""

from __future__ import annotations

from winter_river.engine import events
from winter_river.engine.equipment.cooling import cooling_kw
from winter_river.engine.equipment.ups import BYPASS, ups_flows
from winter_river.engine.plan import GENERATOR, NONE, UPS, UTILITY, Plan
from winter_river.engine.units import BASE_KW
from winter_river.engine.world import DEAD, Wiring, World, is_tripped

TOLERANCE_PU = 1e-10  # of load current, so of 0.1 mW at the base of 1 MVA
ITERATIONS_MAX = 100
# Loads draw constant power down to here and constant impedance below, so that a deep sag has a solution; the
# supplies of servers drop out at this voltage (ITIC), so it is only passed through on the way to settling.
LOW_PU = 0.7


def sweep(
    wiring: Wiring, load: list[complex], y: list[complex], v: list[complex], i: list[complex], emf: float
) -> bool:
    """Solves one island in place, from the voltages as they stand; False where it does not converge.

    v: bus voltages; i: current into each bus through its own impedance; load: constant power; y: shunt; emf: behind
    the impedance of the source; all per unit. It ends when no current that depends on a voltage moves: the voltages
    then fit the currents exactly (Kirchhoff), and the loads to the tolerance.
    """
    low2 = LOW_PU * LOW_PU
    root, up, down = wiring.root, wiring.up, wiring.down
    drawn = [0j] * len(wiring.loads)
    shunted = [0j] * len(wiring.shunts)
    for iteration in range(ITERATIONS_MAX):
        for k in wiring.order:
            i[k] = 0j
        worst = 0.0
        for place, k in enumerate(wiring.shunts):
            c = y[k] * v[k]
            d = c - shunted[place]
            shunted[place] = i[k] = c
            e = d.real * d.real + d.imag * d.imag
            if e > worst:  # noqa: PLR1730 (a call costs more than the rest of the line)
                worst = e
        for place, k in enumerate(wiring.loads):
            u = v[k]
            m = u.real * u.real + u.imag * u.imag
            c = load[k].conjugate() * u / (m if m > low2 else low2)  # noqa: FURB136 (a call costs more)
            d = c - drawn[place]
            drawn[place] = c
            i[k] += c
            e = d.real * d.real + d.imag * d.imag
            if e > worst:  # noqa: PLR1730 (a call costs more than the rest of the line)
                worst = e
        for k, parent in up:
            i[parent] += i[k]
        u = emf - wiring.z_root * i[root]
        if iteration < ITERATIONS_MAX // 2:
            v[root] = u
            for k, parent, z in down:
                v[k] = v[parent] - z * i[k]
        else:
            # Near collapse the plain sweep swings; half a step keeps it finite and often still gets there.
            v[root] += 0.5 * (u - v[root])
            for k, parent, z in down:
                v[k] += 0.5 * (v[parent] - z * i[k] - v[k])
        if iteration > 0 and worst < TOLERANCE_PU * TOLERANCE_PU:
            return True
        if not worst < 1e12:
            break
    return False


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


def _solve_island(plan: Plan, w: World, k: int) -> None:
    island, order = w.islands[k], w.wiring[k].order
    converged = not order or sweep(w.wiring[k], w.load, plan.y, w.v, w.i, island.emf)
    if not converged:
        # Collapsed: nothing holds the voltage, so it is none, and whatever watches it lets go.
        for bus in order:
            w.v[bus] = w.i[bus] = 0j
        if island.converged:
            node = plan.islands[k].node
            events.emit(plan, w, node, events.NOT_SOLVED, 0, 0, events.group_cause(w, plan.nodes[node].group))
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
