"""The frequency at a bus: that of the source which drives it."""

from __future__ import annotations

from winter_river.engine.equipment.generator_engine import FREQUENCY_RECOVERY_S, governed_hz, recovered
from winter_river.engine.plan import GENERATOR, NONE, UPS, Plan
from winter_river.engine.world import World


def set_hz(plan: Plan, w: World, k: int) -> float:
    """The frequency of a running set: what its governor holds, less what is left of its last dip."""
    r, g = plan.generators[k], w.generators[k]
    dip_pu = recovered(g.dip_pu, FREQUENCY_RECOVERY_S[r.step_class], w.t_s - g.dip_since_s)
    governed = governed_hz(r.frequency_hz, g.load_kw / r.power_kw, r.droop_pct)
    return governed + r.frequency_hz * (g.over_speed_pu - dip_pu)


def frequency_hz(plan: Plan, w: World, bus: int) -> float:
    """Of the source that drives a bus, 0 where none does; an inverter keeps its grid's nominal one."""
    island = w.island_of[bus]
    if island == NONE:
        return 0.0
    driver = n = plan.nodes[plan.islands[island].node]
    while n.kind == UPS or n.feed_1 != NONE:
        n = plan.nodes[n.feed_1]
    if n.kind != GENERATOR:
        nominal_hz = plan.utilities[n.slot].frequency_hz
        return nominal_hz if driver.kind == UPS else nominal_hz * (1.0 + w.utilities[n.slot].off_pu)
    return plan.generators[n.slot].frequency_hz if driver.kind == UPS else set_hz(plan, w, n.slot)
