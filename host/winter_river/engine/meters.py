"""The books: fuel and energy meters, brought up to date wherever a power changes."""

from __future__ import annotations

from winter_river.engine.equipment import generator as generator_law
from winter_river.engine.equipment.generator import GeneratorPlan, GeneratorState
from winter_river.engine.equipment.generator_engine import FREQUENCY_DIP_PU, FREQUENCY_RECOVERY_S, dip_pu, recovered
from winter_river.engine.equipment.server import POWER, ServerPlan
from winter_river.engine.flow import demand_kw
from winter_river.engine.load_models import taken_ratio
from winter_river.engine.plan import NONE, Plan
from winter_river.engine.shorts import serves
from winter_river.engine.units import BASE_KW, HOUR_S
from winter_river.engine.world import Meter, World


def kwh_now(m: Meter, t_s: float) -> float:
    return m.kwh + m.kw * (t_s - m.since_s) / HOUR_S


def back_kwh_now(m: Meter, t_s: float) -> float:
    """What came the other way."""
    return m.back_kwh - min(0.0, m.kw) * (t_s - m.since_s) / HOUR_S


def forth_kwh_now(m: Meter, t_s: float) -> float:
    """What went the way it counts, without what came back."""
    return max(0.0, kwh_now(m, t_s) + back_kwh_now(m, t_s))


def run(m: Meter, kw: float, t_s: float) -> None:
    """From now on this meter turns at kw."""
    if kw != m.kw:
        m.back_kwh = back_kwh_now(m, t_s)
        m.kwh += m.kw * (t_s - m.since_s) / HOUR_S
        m.kw = kw
        m.since_s = t_s


def delivered_kw(plan: Plan, w: World, node: int) -> float:
    """What a source delivers at its terminals, or a meter passes on."""
    bus = plan.nodes[node].bus_out
    v, c = w.v[bus], w.i[bus]
    return (v.real * c.real + v.imag * c.imag) * BASE_KW


def ups_lost_kw(w: World, k: int, charge_efficiency: float) -> float:
    """Conversion, charging and what the battery loses inside."""
    u = w.upses[k]
    return u.loss_kw + u.peukert_kw + (1.0 - charge_efficiency) * u.charge_kw


def _taken_ratio(plan: Plan, w: World, rack: ServerPlan) -> float:
    """The share of its demand that a rack takes through its live cords at their voltages."""
    one, two = serves(plan, w, rack.bus_1), rack.bus_2 != NONE and serves(plan, w, rack.bus_2)
    if one and two:
        return (taken_ratio(w.v[rack.bus_1], rack.load_model) + taken_ratio(w.v[rack.bus_2], rack.load_model)) / 2.0
    return taken_ratio(w.v[rack.bus_1] if one else w.v[rack.bus_2], rack.load_model)


def dip_after(g: GeneratorState, r: GeneratorPlan, power_kw: float, t_s: float) -> float:
    """The dip of the frequency that a step of load begins now, pu; 0 where it is less than what is left of the last."""
    if power_kw <= g.load_kw:
        return 0.0
    dip = dip_pu(FREQUENCY_DIP_PU[r.step_class], (power_kw - g.load_kw) / r.power_kw)
    left = recovered(g.dip_pu, FREQUENCY_RECOVERY_S[r.step_class], t_s - g.dip_since_s)
    return dip if dip > left else 0.0


def burn(plan: Plan, w: World, k: int) -> None:
    """Lets a generating set burn what the settled network asks of it."""
    t_s = w.t_s
    r, g = plan.generators[k], w.generators[k]
    power_kw = delivered_kw(plan, w, r.node)
    gal_h = g.leak_pu_h * r.fuel_gal
    if generator_law.generator_makes_voltage(g):
        gal_h += generator_law.fuel_gal_h(power_kw, r.power_kw)
    generator_law.burn(g, gal_h, t_s)
    g.due_s = generator_law.generator_due_s(r, g, plan.calibration, t_s)
    dip_pu = dip_after(g, r, power_kw, t_s)
    if dip_pu > 0.0:
        g.dip_pu, g.dip_since_s = dip_pu, t_s
    g.load_kw = power_kw


def book(plan: Plan, w: World) -> None:
    """Sets every meter to the powers of the settled network."""
    t_s = w.t_s
    for k in range(len(plan.utilities)):
        node = plan.utilities[k].node
        run(w.meters[node], delivered_kw(plan, w, node), t_s)
    for k in range(len(plan.generators)):
        run(w.meters[plan.generators[k].node], w.generators[k].load_kw, t_s)
    for k in range(len(plan.servers)):
        rack, s = plan.servers[k], w.servers[k]
        wanted_kw = demand_kw(plan, w, k)
        if s.load_kw > 0.0:
            s.load_kw = wanted_kw * _taken_ratio(plan, w, rack)
            # What holds its current or impedance wants no more than it gets: a lamp at 95 % lacks nothing.
            wanted_kw = wanted_kw if rack.load_model == POWER else s.load_kw
        run(w.meters[rack.node], s.load_kw, t_s)
        run(w.demand_meters[k], wanted_kw, t_s)
    for k in range(len(plan.coolings)):
        run(w.meters[plan.coolings[k].node], w.coolings[k].load_kw, t_s)
    for k in range(len(plan.upses)):
        run(w.ups_meters[k], ups_lost_kw(w, k, plan.upses[k].charge_efficiency), t_s)
    for k in range(len(plan.storages)):
        run(w.meters[plan.storages[k].node], w.storages[k].power_kw, t_s)
        run(w.storage_meters[k], w.storages[k].loss_kw, t_s)
    for k in range(len(plan.arrays)):
        run(w.meters[plan.arrays[k].node], w.arrays[k].power_kw, t_s)
    for k in range(len(plan.counters)):
        node = plan.counters[k].node
        run(w.meters[node], delivered_kw(plan, w, node), t_s)
    for k in range(len(plan.islands)):
        # The impedance of the grid lies in front of the meter of a utility.
        run(w.island_meters[k], w.islands[k].loss_kw, t_s)
