"""The tap changers of a world: they watch the secondary voltage of their transformers and change the ratio; of two in
parallel one watches and the other follows (equipment/tap.py)."""

from __future__ import annotations

from winter_river.engine import events
from winter_river.engine.equipment.tap import TAP_STUCK, follow_tap, rest_tap, run_tap, tap_like, tap_ratio
from winter_river.engine.plan import NONE, Plan
from winter_river.engine.units import magnitude
from winter_river.engine.world import World


def run_taps(plan: Plan, w: World) -> bool:
    """Lets each tap changer take the step that is due; True where one did."""
    changed = False
    if len(w.ratio) == 0:
        return changed
    _hold(plan, w)
    for k in range(len(plan.transformers)):
        r, o = plan.transformers[k], w.transformers[k]
        if r.tap_steps_max == 0:
            continue
        n, me = plan.nodes[r.node], w.nodes[r.node]
        before = o.tap
        live = me.live and me.fault & TAP_STUCK == 0
        follows = _follows(plan, w, k)
        if follows and live:
            moved = follow_tap(o, w.t_s, to=tap_like(r, plan.transformers[r.master], w.transformers[r.master].tap))
        elif follows or o.held:
            rest_tap(o)
            moved = 0
        else:
            moved = run_tap(r, o, w.t_s, live=live, secondary_pu=magnitude(w.v[n.bus_out]))
        if moved != 0:
            changed = True
            w.ratio[n.bus_out] = tap_ratio(r.tap_pct, r.tap_step_pct, o.tap)
            w.islands[w.island_of[n.bus_out]].dirty = True
            cause = events.group_cause(w, n.group) or me.origin
            if follows:
                cause = w.nodes[plan.transformers[r.master].node].last or cause
            events.emit(plan, w, r.node, events.TAP, before, o.tap, cause)
    return changed


def _follows(plan: Plan, w: World, k: int) -> bool:
    """Whether a tap changer follows its master now: while the mains between them are closed."""
    r = plan.transformers[k]
    return r.master != NONE and w.ties[r.tie].closed


def _hold(plan: Plan, w: World) -> None:
    """Lets those wait whose followers are stuck, or not yet where they should be."""
    for k in range(len(plan.transformers)):
        w.transformers[k].held = False
        r = plan.transformers[k]
        if r.master == NONE or not w.ties[r.tie].closed:
            continue
        # A master is built before those that follow it, so it has been let go by now.
        lead = w.transformers[r.master]
        stuck = w.nodes[r.node].fault & TAP_STUCK != 0
        if stuck or w.transformers[k].tap != tap_like(r, plan.transformers[r.master], lead.tap):
            lead.held = True


def core_loss_pu(plan: Plan, w: World, bus: int) -> float:
    """What the primary half of a magnetising branch turns into heat beyond what it does at the nominal turns, where
    this bus is the secondary of a transformer at a tap."""
    if w.ratio[bus] == 1.0 or w.parent[bus] < 0:
        return 0.0
    u = w.v[w.parent[bus]]
    return (w.ratio[bus] * w.ratio[bus] - 1.0) * plan.y[bus].real * (u.real * u.real + u.imag * u.imag)
