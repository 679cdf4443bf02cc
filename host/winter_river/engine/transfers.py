"""What moves the incomers of every board with two sources, and what their events name as the cause.

Which source is good, and when to leave it, are laws of the equipment (switchgear.py, static_switch.py); here they are
asked, what happened is told, and the network is marked to be connected anew.
"""

from __future__ import annotations

import math

from winter_river.engine import events
from winter_river.engine.calm import holds, is_solved
from winter_river.engine.equipment import generator as generator_law
from winter_river.engine.equipment import static_switch as static_law
from winter_river.engine.equipment import switchgear as switchgear_law
from winter_river.engine.equipment.closed_transition import in_step
from winter_river.engine.equipment.generator_engine import FREQUENCY_RECOVERY_S
from winter_river.engine.equipment.malfunction import FAIL_TO_CLOSE, FAIL_TO_OPEN
from winter_river.engine.equipment.switchgear import TransferPlan, TransferState
from winter_river.engine.frequency import frequency_hz
from winter_river.engine.overlap import tell_shares
from winter_river.engine.plan import NONE, NodePlan, Plan
from winter_river.engine.shorts import is_before
from winter_river.engine.sources import source_pu, what_gave, what_took
from winter_river.engine.undervoltage import lack_at, watch_low
from winter_river.engine.units import NEVER_S, magnitude
from winter_river.engine.world import DEAD, World, in_service, is_tripped


def _second_source(plan: Plan, w: World, r: TransferPlan) -> tuple[bool, bool]:
    """(the second source is a generator, it is still to come)"""
    if r.generator == NONE:
        return False, False
    node = plan.generators[r.generator].node
    mode = w.generators[r.generator].mode
    return True, in_service(
        plan.nodes[node], w.nodes[node]
    ) and mode != generator_law.LOCKOUT and mode != generator_law.DRY


def _stays(plan: Plan, w: World, k: int) -> bool:
    """Whether a transfer has nothing to decide: both sources are as they were, and no current counts."""
    r, x = plan.transfers[k], w.transfers[k]
    n = plan.nodes[r.node]
    if not w.calm or w.t_s >= x.due_s or x.sync_s < NEVER_S or (r.static and is_solved(w, n.bus_out)):
        return False
    first, second = plan.nodes[n.feed_1].bus_out, plan.nodes[n.feed_2].bus_out
    return holds(w, first, first, x.first_ok) and holds(w, second, second, x.second_ok)


def run_transfers(plan: Plan, w: World) -> bool:
    changed = False
    for k in range(len(plan.transfers)):
        r, x = plan.transfers[k], w.transfers[k]
        n, me = plan.nodes[r.node], w.nodes[r.node]
        if _stays(plan, w, k):
            continue
        position, target, fed = x.position, x.target, switchgear_law.fed_by(x)
        first_ok, second_ok = x.first_ok, x.second_ok
        locked = not in_service(n, me) or is_tripped(w, n.breaker_1)
        generator, coming = _second_source(plan, w, r)
        first_pu = source_pu(plan, w, n.feed_1, x.first_ok)
        second_pu = source_pu(plan, w, n.feed_2, x.second_ok)
        blocked = _is_blocked(x)
        waited = x.sync_s < NEVER_S
        if r.static:
            static_law.watch_sources(x, w.t_s, first_pu=first_pu, second_pu=second_pu)
            current_pu = magnitude(w.i[n.bus_out]) / plan.boards[n.slot].rated_pu
            static_law.watch_fault(x, locked=locked, current_pu=current_pu)
        else:
            # The source that feeds a short behind it is no worse than the other one would be.
            if is_before(plan, w, n.bus_out):
                first_pu = 1.0 if fed == switchgear_law.FIRST and x.first_ok else first_pu
                second_pu = 1.0 if fed == switchgear_law.SECOND and x.second_ok else second_pu
            switchgear_law.watch_sources(x, w.t_s, first_pu=first_pu, second_pu=second_pu)
        if first_ok and not x.first_ok:
            watch_low(plan, w, plan.nodes[n.feed_1].bus_out)
        if second_ok and not x.second_ok:
            watch_low(plan, w, plan.nodes[n.feed_2].bus_out)
        # A breaker that fails to open keeps its source; one that fails to close takes none. An overlap that began ends.
        jammed = FAIL_TO_OPEN if x.position != switchgear_law.OPEN else FAIL_TO_CLOSE
        jammed = 0 if x.position == switchgear_law.BOTH else jammed
        if me.fault & jammed == 0 and r.static:
            static_law.transfer(x, plan.calibration, w.t_s, locked=locked)
        elif me.fault & jammed == 0:
            switchgear_law.transfer(
                x,
                plan.calibration,
                w.t_s,
                locked=locked,
                generator=generator,
                coming=coming,
                closed=r.closed,
                stepped=r.closed and _in_step(plan, w, n, generator),
            )
        if waited and x.sync_s == NEVER_S and x.position == switchgear_law.OPEN and x.first_ok and x.second_ok:
            events.emit(plan, w, r.node, events.OUT_OF_STEP, position, x.target, _cause_of_move(plan, w, k, position))
        if x.position != position:
            moved = events.emit(
                plan, w, r.node, events.TRANSFER, position, x.position, _cause_of_move(plan, w, k, position)
            )
            if x.position == switchgear_law.BOTH:
                tell_shares(plan, w, n, x.target, moved)
            w.rewire = True
        if switchgear_law.fed_by(x) != fed:
            w.rewire = changed = True
        if x.position != position or x.target != target:
            changed = True
        if _is_blocked(x) and not blocked:
            events.emit(
                plan, w, r.node, events.BLOCKED, x.position, 3 - x.position, _source_left(plan, w, n, x.position)
            )
        if r.static:
            x.due_s = static_law.transfer_due_s(x, plan.calibration, w.t_s)
        else:
            x.due_s = switchgear_law.transfer_due_s(x, plan.calibration, w.t_s, locked=locked, generator=generator)
            if x.sync_s < NEVER_S and generator:
                x.due_s = min(x.due_s, _even_s(plan, w, r.generator))
            if generator and x.first_ok and not first_ok:  # the set that was asked for hears of it at once
                x.due_s = w.t_s
                w.again = True
    return changed


def _in_step(plan: Plan, w: World, n: NodePlan, generator: bool) -> bool:
    """Whether the two sources of a transfer could be joined now. Utilities are one grid, so their angles are those of
    the flow; that of a set drifts by, and is waited for."""
    one, two = plan.nodes[n.feed_1].bus_out, plan.nodes[n.feed_2].bus_out
    if w.parent[one] == DEAD or w.parent[two] == DEAD:
        return False
    a, b = w.v[one], w.v[two]
    angle = 0.0 if generator else math.atan2(a.imag * b.real - a.real * b.imag, a.real * b.real + a.imag * b.imag)
    slip_hz = frequency_hz(plan, w, one) - frequency_hz(plan, w, two)
    return in_step(magnitude(a) - magnitude(b), slip_hz, angle * 180.0 / math.pi)


def _even_s(plan: Plan, w: World, k: int) -> float:
    """The instant at which a set is over its last dip of frequency, NEVER_S where it is."""
    at_s = w.generators[k].dip_since_s + FREQUENCY_RECOVERY_S[plan.generators[k].step_class]
    return at_s if at_s > w.t_s else NEVER_S


def _is_blocked(x: TransferState) -> bool:
    """Whether a static switch stays on a bad source because of the fault behind it."""
    return x.fault_behind and not (x.first_ok if x.position == switchgear_law.FIRST else x.second_ok)


def _source_left(plan: Plan, w: World, n: NodePlan, position: int) -> int:
    """What happened to the source in this position that a static switch is on or leaves: at this instant, so nothing
    between has told of it yet."""
    feed = n.feed_1 if position == switchgear_law.FIRST else n.feed_2
    lack = lack_at(plan, w, plan.nodes[feed].bus_out)
    if lack >= w.first_event:
        return lack
    by = w.nodes[feed].blame if w.nodes[feed].blame != NONE else feed
    found = w.nodes[by].origin
    return found if found >= w.first_event else events.group_cause(w, n.group) or found


def _cause_of_move(plan: Plan, w: World, k: int, before: int) -> int:
    """What moved an incomer: its own news, then what happened to the source it left or waited for."""
    x, n = w.transfers[k], plan.nodes[plan.transfers[k].node]
    me = w.nodes[n.index]
    if me.last >= w.first_event:
        return me.last
    if x.position == switchgear_law.OPEN:
        first, second = what_gave(plan, w, n.feed_1), what_gave(plan, w, n.feed_2)
        if plan.transfers[k].static:
            lost = not (x.first_ok if before == switchgear_law.FIRST else x.second_ok)
            back = max(me.last, first if x.target == switchgear_law.FIRST else second)
            return _source_left(plan, w, n, before) if lost else back
        left = what_took(plan, w, n.feed_1 if before == switchgear_law.FIRST else n.feed_2)
        if before == switchgear_law.FIRST:
            if plan.transfers[k].generator != NONE and x.target == switchgear_law.SECOND:
                return second  # it waited for the set
            return max(left, w.nodes[n.feed_2].origin) if left > 0 else second
        return first if x.target == switchgear_law.FIRST and x.second_ok else left if left > 0 else second
    if before == switchgear_law.BOTH and not (x.first_ok and x.second_ok):
        return _source_left(plan, w, n, 3 - x.position)
    joined = x.target if x.position == switchgear_law.BOTH else switchgear_law.fed_by(x)
    source = n.feed_1 if joined == switchgear_law.FIRST else n.feed_2
    return me.last if before == switchgear_law.BOTH else max(me.last, what_gave(plan, w, source))
