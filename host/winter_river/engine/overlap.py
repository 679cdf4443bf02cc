"""What two sources share while a closed transition has both of them on one bus.

The flow keeps the load on the source that it leaves: in so short a time a set takes next to nothing of it, as its
governor has not moved and its phase is that of the bus. What the other one does take follows from the voltage that was
across the open main (Thevenin): that difference drives a current around the loop of both ways. Between a set and a
grid it is mostly reactive; two grids of like impedance share evenly. Told once, where the overlap begins.
"""

from __future__ import annotations

from winter_river.engine import events
from winter_river.engine.equipment.switchgear import SECOND
from winter_river.engine.plan import GENERATOR, NodePlan, Plan
from winter_river.engine.units import BASE_KW, divided, magnitude
from winter_river.engine.world import World


def tell_shares(plan: Plan, w: World, n: NodePlan, to: int, cause: int) -> None:
    """Emits what the first and the second source give at the instant both are on a board that goes over to one of them:
    their reactive power, then the active one."""
    v, load = w.v[n.bus_out], w.i[n.bus_out]
    taken = taken_pu(plan, w, n, to)
    of_taken, of_left = v * taken.conjugate(), v * (load - taken).conjugate()
    first, second = (of_left, of_taken) if to == SECOND else (of_taken, of_left)
    per_pu = BASE_KW * events.W_PER_KW
    first_var, second_var = int(first.imag * per_pu), int(second.imag * per_pu)
    events.emit(plan, w, n.index, events.SHARES_REACTIVE, first_var, second_var, cause)
    events.emit(plan, w, n.index, events.SHARES, int(first.real * per_pu), int(second.real * per_pu), cause)


def taken_pu(plan: Plan, w: World, n: NodePlan, to: int) -> complex:
    """The current (per unit) that the source a board goes over to takes at once: the voltage across its open main over
    the impedance of the loop. Taps are left out of that."""
    bus = plan.buses[n.bus_out]
    end = plan.nodes[n.feed_2 if to == SECOND else n.feed_1].bus_out
    v, other = w.v[n.bus_out], w.v[end]
    if _on_set(plan, w, end) or _on_set(plan, w, n.bus_out):
        # Its phase is that of the bus, or they were not joined.
        scale = magnitude(other) / magnitude(v)
        other = complex(v.real * scale, v.imag * scale)
    z = _loop_z(plan, w, n.bus_out, end) + (bus.z_2 if to == SECOND else bus.z_1)
    if z == 0j:
        return complex(w.i[n.bus_out].real / 2.0, w.i[n.bus_out].imag / 2.0)  # nothing tells them apart
    return divided(other - v, z)


def _on_set(plan: Plan, w: World, bus: int) -> bool:
    return plan.nodes[plan.islands[w.island_of[bus]].node].kind == GENERATOR


def _loop_z(plan: Plan, w: World, one: int, other: int) -> complex:
    """Of the ways from two buses up to their sources; what both have in common is not in the loop."""
    return _way_z(plan, w, one, other) + _way_z(plan, w, other, one)


def _way_z(plan: Plan, w: World, bus: int, beside: int) -> complex:
    z = 0j
    while bus >= 0 and not _is_above(w, bus, beside):
        n = plan.nodes[plan.buses[bus].node]
        if w.parent[bus] < 0 and n.kind == GENERATOR:
            z += complex(0.0, plan.generators[n.slot].reactance_pu)  # for tenths of a second: X'd
        else:
            z += w.z[bus]
        bus = w.parent[bus]
    return z


def _is_above(w: World, bus: int, other: int) -> bool:
    while other >= 0 and other != bus:
        other = w.parent[other]
    return other == bus
