"""The tap changers of a world: they watch the secondary voltage of their transformers and change the ratio."""

from __future__ import annotations

from winter_river.engine import events
from winter_river.engine.equipment.tap import TAP_STUCK, run_tap, tap_ratio
from winter_river.engine.plan import Plan
from winter_river.engine.units import magnitude
from winter_river.engine.world import World


def run_taps(plan: Plan, w: World) -> bool:
    """Lets each tap changer take the step that is due; True where one did."""
    changed = False
    if len(w.ratio) == 0:
        return changed
    for k in range(len(plan.transformers)):
        r, o = plan.transformers[k], w.transformers[k]
        if r.tap_steps_max == 0:
            continue
        n, me = plan.nodes[r.node], w.nodes[r.node]
        before = o.tap
        live = me.live and me.fault & TAP_STUCK == 0
        if run_tap(r, o, w.t_s, live=live, secondary_pu=magnitude(w.v[n.bus_out])) != 0:
            changed = True
            w.ratio[n.bus_out] = tap_ratio(r.tap_pct, r.tap_step_pct, o.tap)
            w.islands[w.island_of[n.bus_out]].dirty = True
            cause = events.group_cause(w, n.group) or me.origin
            events.emit(plan, w, r.node, events.TAP, before, o.tap, cause)
    return changed


def core_loss_pu(plan: Plan, w: World, bus: int) -> float:
    """What the primary half of a magnetising branch turns into heat beyond what it does at the nominal turns, where
    this bus is the secondary of a transformer at a tap."""
    if w.ratio[bus] == 1.0 or w.parent[bus] < 0:
        return 0.0
    u = w.v[w.parent[bus]]
    return (w.ratio[bus] * w.ratio[bus] - 1.0) * plan.y[bus].real * (u.real * u.real + u.imag * u.imag)
