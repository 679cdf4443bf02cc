"""Decisions that take no time: starts, transfers, UPS paths, racks and fans, each by the law of its kind.

Each function goes over one kind, asks the law, emits what happened, and returns True where the network changed
and must be connected and solved again. Voltages are real ones, of the last flow.
"""

from __future__ import annotations

import math

from winter_river.engine import events
from winter_river.engine.equipment import generator as generator_law
from winter_river.engine.equipment import static_switch as static_law
from winter_river.engine.equipment import switchgear as switchgear_law
from winter_river.engine.equipment import ups as ups_law
from winter_river.engine.equipment.closed_transition import in_step
from winter_river.engine.equipment.coolant import cold_start_s, coolant_now_c
from winter_river.engine.equipment.cooling import run_cooling
from winter_river.engine.equipment.generator_engine import FREQUENCY_RECOVERY_S
from winter_river.engine.equipment.malfunction import CORD_1_LOST, CORD_2_LOST, FAIL_TO_CLOSE, FAIL_TO_OPEN
from winter_river.engine.equipment.server import run_server
from winter_river.engine.equipment.switchgear import TransferPlan, TransferState
from winter_river.engine.equipment.ups_battery import COLD_START, is_low, watch_battery
from winter_river.engine.equipment.utility import in_window
from winter_river.engine.flow import is_starved, ups_load_pct, ups_output
from winter_river.engine.followers import run_followers
from winter_river.engine.frequency import frequency_hz
from winter_river.engine.grid_frequency import off_hz, off_pu
from winter_river.engine.grids import run_utilities
from winter_river.engine.heat import run_rooms
from winter_river.engine.meters import delivered_kw
from winter_river.engine.overlap import tell_shares
from winter_river.engine.plan import BREAKER_MAIN, BREAKER_OUTPUT, NONE, NodePlan, Plan
from winter_river.engine.protection import BACKUP, OVERLOAD
from winter_river.engine.sets import excite
from winter_river.engine.shorts import backup_s, is_shorted
from winter_river.engine.sources import what_gave, what_took
from winter_river.engine.states import tell
from winter_river.engine.taps import run_taps
from winter_river.engine.undervoltage import lack_at, watch_low
from winter_river.engine.units import BASE_KW, NEVER_S, magnitude
from winter_river.engine.world import DEAD, World, in_service, is_tripped


def voltage_pu(plan: Plan, w: World, node: int) -> float:
    """The voltage that a device delivers, per unit of its nominal; 0 when dead."""
    return magnitude(w.v[plan.nodes[node].bus_out])


def source_pu(plan: Plan, w: World, node: int, was_ok: bool) -> float:
    """The voltage of a source as a transfer takes it: none where its frequency is out of its window."""
    off = off_pu(plan, w, plan.nodes[node].bus_out)
    beyond, again = switchgear_law.LOST_HZ_PU, switchgear_law.GOOD_HZ_PU
    if off != 0.0 and not in_window(off, was=was_ok, beyond_pu=beyond, again_pu=again):
        return 0.0
    return voltage_pu(plan, w, node)


def _ask_generators(plan: Plan, w: World) -> None:
    """Notes for each generator the first switchgear that wants it, NONE where none does."""
    for k in range(len(plan.generators)):
        w.wanted_by[k] = NONE
    for k in range(len(plan.transfers)):
        r = plan.transfers[k]
        asks = w.nodes[r.node].present and switchgear_law.wants_generator(w.transfers[k], plan.calibration, w.t_s)
        if asks and r.generator != NONE and w.wanted_by[r.generator] == NONE:
            w.wanted_by[r.generator] = r.node


def run_generators(plan: Plan, w: World) -> bool:
    changed = False
    _ask_generators(plan, w)
    for k in range(len(plan.generators)):
        r, g = plan.generators[k], w.generators[k]
        n, me = plan.nodes[r.node], w.nodes[r.node]
        if w.t_s >= generator_law.fuel_out_s(g):
            g.fuel_gal, g.fuel_gal_h, g.fuel_since_s = 0.0, 0.0, w.t_s
        wanted_by = w.wanted_by[k] if me.handle == generator_law.AUTO else NONE
        stop = generator_law.NO_PROTECTION
        if generator_law.generator_makes_voltage(g):
            stop = generator_law.protection_of(r, g, w.t_s, delivered_kw(plan, w, r.node))
            if stop == generator_law.NO_PROTECTION and w.t_s >= backup_s(plan, w, r.island):
                stop = generator_law.SHORTED
        mode = generator_law.generator_mode(
            g,
            plan.calibration,
            w.t_s,
            usable=in_service(n, me),
            wanted=me.handle == generator_law.RUN or wanted_by != NONE,
            can_start=me.fault & generator_law.FAIL_TO_START == 0,
            fuel=g.fuel_gal > 0.0,
            protected=stop != generator_law.NO_PROTECTION,
        )
        if mode != g.mode:
            _change_mode(plan, w, k, mode, wanted_by, stop)
            changed = True
    return changed


def _change_mode(plan: Plan, w: World, k: int, mode: int, wanted_by: int, stop: int) -> None:
    g, node = w.generators[k], plan.generators[k].node
    me = w.nodes[node]
    fresh = me.last >= w.first_event
    makes = generator_law.generator_makes_voltage(g)
    before, g.mode, g.since_s = g.mode, mode, w.t_s
    if mode == generator_law.CRANKING:
        cause = me.last
        if before == generator_law.STANDBY or before == generator_law.DRY:
            g.cranks = 0
            if not fresh:
                # The source that was lost explains the crank; without one, the switchgear that asked.
                first = plan.nodes[wanted_by].feed_1 if wanted_by != NONE else NONE
                took = what_took(plan, w, first) if first != NONE else 0
                cause = took if took > 0 else w.nodes[wanted_by].last if wanted_by != NONE else 0
        g.cranks += 1
        g.start_s = cold_start_s(plan.calibration.start_s, coolant_now_c(g, w.t_s))
        events.emit(plan, w, node, events.CRANK, 0, g.cranks, cause)
    elif mode == generator_law.LOCKOUT:
        word = events.OVERCRANK
        if before == generator_law.RUNNING or before == generator_law.COOLDOWN:
            heat = stop == generator_law.TOO_HOT
            word = events.OVERHEAT if heat else events.LOW_OIL + stop - generator_law.LOW_OIL
        load = events.group_cause(w, plan.nodes[node].group) if word == events.STALL else 0
        if stop == generator_law.SHORTED:
            events.emit(plan, w, node, events.TRIP, BREAKER_MAIN, BACKUP, w.islands[plan.generators[k].island].told)
        else:
            events.emit(plan, w, node, word, 0, 0, load or me.last)
    elif not fresh and wanted_by == NONE:
        me.origin = events.group_cause(w, plan.nodes[node].group) or me.last
    if plan.reports:
        tell(plan, w, node, True, True)  # at once: the transfer that follows names it as its cause
    if makes != generator_law.generator_makes_voltage(g):
        w.rewire = True


def _second_source(plan: Plan, w: World, r: TransferPlan) -> tuple[bool, bool]:
    """(the second source is a generator, it is still to come)"""
    if r.generator == NONE:
        return False, False
    node = plan.generators[r.generator].node
    mode = w.generators[r.generator].mode
    return True, in_service(
        plan.nodes[node], w.nodes[node]
    ) and mode != generator_law.LOCKOUT and mode != generator_law.DRY


def run_transfers(plan: Plan, w: World) -> bool:
    changed = False
    for k in range(len(plan.transfers)):
        r, x = plan.transfers[k], w.transfers[k]
        n, me = plan.nodes[r.node], w.nodes[r.node]
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


def run_upses(plan: Plan, w: World) -> bool:
    changed = False
    for k in range(len(plan.upses)):
        r, u = plan.upses[k], w.upses[k]
        n, me = plan.nodes[r.node], w.nodes[r.node]
        path, rectifier, piece, handle = u.path, u.rectifier, u.piece, u.handle
        usable = in_service(n, me)
        held, in_bypass = u.source_ok and u.outside_s == NEVER_S, u.bypass_ok and u.path == ups_law.BYPASS
        u.handle = me.handle
        if u.path == ups_law.BYPASS:  # else it is as the flow took it, which solves what is behind a UPS first
            u.out_kw, u.out_kva = ups_output(plan, w, k)
        changed = watch_battery(u, r.battery_kwh, w.t_s) or changed
        off, rated_pu = off_pu(plan, w, plan.nodes[n.feed_1].bus_out), r.power_kva / BASE_KW
        in_step = off == 0.0 or abs(off_hz(plan, w, plan.nodes[n.feed_1].bus_out)) <= ups_law.BYPASS_OFF_HZ
        ups_law.watch_source(
            u,
            w.t_s,
            voltage_pu(plan, w, n.feed_1) if me.supplied else 0.0,
            bypass_lost=me.fault & ups_law.BYPASS_LOST != 0 or not in_step,
            fault_behind=u.path == ups_law.BYPASS and magnitude(w.i[n.bus_out]) > static_law.FAULT_PU * rated_pu,
            off_pu=off,
        )
        if (held and not (u.source_ok and u.outside_s == NEVER_S)) or (in_bypass and not u.bypass_ok):
            watch_low(plan, w, plan.nodes[n.feed_1].bus_out)
        may_run = usable and u.source_ok and not is_tripped(w, n.breaker_1) and u.handle != ups_law.HANDLE_SERVICE
        ups_law.run_rectifier(u, plan.calibration, w.t_s, may_run=may_run)
        if ups_law.watch_overload(u, plan.calibration, w.t_s, ups_load_pct(plan, w, k)):
            u.load_cause = events.group_cause(w, n.group)
        shutdown = u.shutdown
        u.path = ups_law.output_path(
            r,
            u,
            plan.calibration,
            w.t_s,
            usable=usable,
            bypass_closed=not is_tripped(w, n.breaker_2),
        )
        # What it loses is by its handle also where the path is not: eco, bypass and service go past the inverter alike.
        if u.path != path or u.rectifier != rectifier or u.piece != piece or u.handle != handle:
            changed = True
        # In eco mode its loss is a load of the very network whose flow it follows: solved again until both agree.
        if w.parent[n.bus_in] != DEAD and ups_law.eco_is_off(r, u) and not is_starved(plan, w, k):
            changed = True
        lost_output = path == ups_law.INVERTER and u.path == ups_law.NO_OUTPUT and usable
        _tell_battery(plan, w, k, lost_output=lost_output, usable=usable)
        if u.shutdown and not shutdown:
            began = u.load_cause if u.turned_s == w.t_s and u.load_cause > 0 else me.last
            events.emit(plan, w, r.node, events.TRIP, BREAKER_OUTPUT, OVERLOAD, began)
        if u.path != path:
            w.rewire = True
        u.due_s = ups_law.ups_due_s(r, u, plan.calibration, w.t_s)
    return changed


def _tell_battery(plan: Plan, w: World, k: int, *, lost_output: bool, usable: bool) -> None:
    r, u = plan.upses[k], w.upses[k]
    low = is_low(u, r.battery_kwh, w.t_s)
    if low and not u.low:
        events.emit(plan, w, r.node, events.LOW_BATTERY, 0, 0, w.nodes[r.node].origin)
    u.low = low
    if u.path != ups_law.NO_OUTPUT:
        u.empty = False
    elif lost_output and not u.shutdown and u.energy_kwh <= 0.0:
        u.empty = True
        events.emit(plan, w, r.node, events.BATTERY_EMPTY, 0, 0, w.nodes[r.node].origin)
    refused = ups_law.refuses(r, u, usable=usable)
    if refused and not u.refused:
        tenths = int(u.energy_kwh / r.battery_kwh * 1000.0)
        events.emit(plan, w, r.node, events.NO_COLD_START, tenths, int(COLD_START * 1000.0), w.nodes[r.node].last)
    u.refused = refused


def _cord_pu(plan: Plan, w: World, bus: int, feed: int) -> float:
    """The voltage at a load where it draws, in front of it where it does not."""
    return magnitude(w.v[bus]) if w.parent[bus] != DEAD else voltage_pu(plan, w, feed)


def run_loads(plan: Plan, w: World) -> bool:
    """Racks and cooling units stop with their supply and come back by themselves."""
    changed = False
    due_s = NEVER_S
    for k in range(len(plan.servers)):
        r, s = plan.servers[k], w.servers[k]
        n, me = plan.nodes[r.node], w.nodes[r.node]
        one = not is_tripped(w, n.breaker_1) and me.fault & CORD_1_LOST == 0 and not is_shorted(plan, w, r.bus_1)
        two = n.feed_2 != NONE and not is_tripped(w, n.breaker_2) and me.fault & CORD_2_LOST == 0
        hot = r.room != NONE and r.heat_shutdown and w.rooms[r.room].hot
        supply_pu = _cord_pu(plan, w, r.bus_1, n.feed_1) if one else 0.0
        if two:
            supply_pu = max(supply_pu, _cord_pu(plan, w, r.bus_2, n.feed_2))
        running = s.running
        run_server(
            s,
            plan.calibration,
            w.t_s,
            closed=in_service(n, me) and (one or two),
            supplied=me.supplied,
            supply_pu=supply_pu,
            rides=r.rides,
            hot=hot,
            place=r.place,
        )
        due_s = min(due_s, s.due_s)
        if s.running != running:
            w.rewire = changed = True
            if hot or (r.room != NONE and w.rooms[r.room].event >= w.first_event):
                me.origin = w.rooms[r.room].event
    w.server_due_s = due_s
    for k in range(len(plan.coolings)):
        m = w.coolings[k]
        n, me = plan.nodes[plan.coolings[k].node], w.nodes[plan.coolings[k].node]
        running, piece = m.running, m.piece
        run_cooling(
            m,
            plan.calibration,
            w.t_s,
            closed=in_service(n, me) and not is_tripped(w, n.breaker_1) and not is_shorted(plan, w, n.bus_in),
            supplied=me.supplied,
            supply_pu=_cord_pu(plan, w, n.bus_in, n.feed_1),
        )
        if m.running != running:
            w.rewire = True
        if m.running != running or m.piece != piece:
            changed = True
    return changed


def control(plan: Plan, w: World) -> bool:
    """Every kind once, sources first; True when anything moved."""
    changed = run_utilities(plan, w)
    changed = run_generators(plan, w) or changed
    changed = excite(plan, w) or changed
    changed = run_taps(plan, w) or changed
    changed = run_transfers(plan, w) or changed
    changed = run_upses(plan, w) or changed
    changed = run_rooms(plan, w) or changed
    changed = run_followers(plan, w) or changed
    return run_loads(plan, w) or changed
