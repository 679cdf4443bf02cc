"""Decisions that take no time: starts, UPS paths, racks and fans, each by the law of its kind; transfers.py has its own.

Each function goes over one kind, asks the law, emits what happened, and returns True where the network changed
and must be connected and solved again. Voltages are real ones, of the last flow.
"""

from __future__ import annotations

from winter_river.engine import events
from winter_river.engine.calm import end_calm, holds, is_solved
from winter_river.engine.equipment import generator as generator_law
from winter_river.engine.equipment import static_switch as static_law
from winter_river.engine.equipment import switchgear as switchgear_law
from winter_river.engine.equipment import ups as ups_law
from winter_river.engine.equipment.coolant import cold_start_s, coolant_now_c
from winter_river.engine.equipment.cooling import run_cooling
from winter_river.engine.equipment.malfunction import CORD_1_LOST, CORD_2_LOST
from winter_river.engine.equipment.server import run_server
from winter_river.engine.equipment.ups_battery import COLD_START, is_low, watch_battery
from winter_river.engine.flow import is_starved, ups_load_pct, ups_output
from winter_river.engine.followers import run_followers
from winter_river.engine.grid_frequency import off_hz, off_pu
from winter_river.engine.grids import run_utilities
from winter_river.engine.heat import run_rooms
from winter_river.engine.meters import delivered_kw
from winter_river.engine.plan import BREAKER_MAIN, BREAKER_OUTPUT, NONE, Plan
from winter_river.engine.protection import BACKUP, OVERLOAD
from winter_river.engine.sets import ask_sets, excite, rests
from winter_river.engine.shorts import backup_s, is_shorted
from winter_river.engine.sources import voltage_pu, what_took
from winter_river.engine.states import tell
from winter_river.engine.taps import run_taps
from winter_river.engine.transfers import run_transfers
from winter_river.engine.undervoltage import watch_low
from winter_river.engine.units import BASE_KW, NEVER_S, magnitude
from winter_river.engine.world import DEAD, World, in_service, is_tripped


def _ask_generators(plan: Plan, w: World) -> None:
    """Notes for each generator the first switchgear that wants it, NONE where none does."""
    for k in range(len(plan.generators)):
        w.wanted_by[k] = NONE
    for k in range(len(plan.transfers)):
        r = plan.transfers[k]
        asks = w.nodes[r.node].present and switchgear_law.wants_generator(w.transfers[k], plan.calibration, w.t_s)
        if asks and r.generator != NONE and w.wanted_by[r.generator] == NONE:
            w.wanted_by[r.generator] = r.node


def _sets_rest(plan: Plan, w: World) -> bool:
    """Whether no set has to be asked: nothing is new for any, nor for a switchgear that may want one."""
    if not w.calm or w.t_s >= w.backup_due_s:
        return False
    for x in w.transfers:
        if w.t_s >= x.due_s:
            return False
    for k in range(len(plan.generators)):
        if not rests(plan, w, k):
            return False
    return True


def run_generators(plan: Plan, w: World) -> bool:
    """True where one makes voltage now, or no more."""
    if _sets_rest(plan, w):
        return False
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
            if w.t_s >= w.backup_due_s and w.t_s >= backup_s(plan, w, r.island) and stop == generator_law.NO_PROTECTION:
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
            ask_sets(w)
            w.again = True
    return w.rewire


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
        _tell_lockout(plan, w, k, before, stop)
    elif not fresh and wanted_by == NONE:
        me.origin = events.group_cause(w, plan.nodes[node].group) or me.last
    if plan.reports:
        tell(plan, w, node, True, True)  # at once: the transfer that follows names it as its cause
    if makes != generator_law.generator_makes_voltage(g):
        w.rewire = True


def _tell_lockout(plan: Plan, w: World, k: int, before: int, stop: int) -> None:
    """The event of what stops a set until somebody resets it: its protection, or a start that failed too often."""
    r = plan.generators[k]
    word, cause = events.OVERCRANK, w.nodes[r.node].last
    if before == generator_law.RUNNING or before == generator_law.COOLDOWN:
        if stop == generator_law.SHORTED:
            events.emit(plan, w, r.node, events.TRIP, BREAKER_MAIN, BACKUP, w.islands[r.island].told)
            return
        heat = stop == generator_law.TOO_HOT
        word = events.OVERHEAT if heat else events.LOW_OIL + stop - generator_law.LOW_OIL
    load = events.group_cause(w, plan.nodes[r.node].group) if word == events.STALL else 0
    events.emit(plan, w, r.node, word, 0, 0, load or cause)


def run_upses(plan: Plan, w: World) -> None:
    """Where a path changed the network is connected anew; whatever else moved is theirs alone."""
    for k in range(len(plan.upses)):
        r, u = plan.upses[k], w.upses[k]
        n, me = plan.nodes[r.node], w.nodes[r.node]
        if _runs_on(plan, w, k):
            continue
        path, rectifier, piece, handle = u.path, u.rectifier, u.piece, u.handle
        usable = in_service(n, me)
        held, in_bypass = u.source_ok and u.outside_s == NEVER_S, u.bypass_ok and u.path == ups_law.BYPASS
        u.handle = me.handle
        if u.path == ups_law.BYPASS:  # else it is as the flow took it, which solves what is behind a UPS first
            u.out_kw, u.out_kva = ups_output(plan, w, k)
        moved = watch_battery(u, r.battery_kwh, w.t_s)
        off = off_pu(plan, w, plan.nodes[n.feed_1].bus_out)
        in_step = off == 0.0 or abs(off_hz(plan, w, plan.nodes[n.feed_1].bus_out)) <= ups_law.BYPASS_OFF_HZ
        ups_law.watch_source(
            u,
            w.t_s,
            voltage_pu(plan, w, n.feed_1) if me.supplied else 0.0,
            bypass_lost=me.fault & ups_law.BYPASS_LOST != 0 or not in_step,
            fault_behind=u.path == ups_law.BYPASS
            and magnitude(w.i[n.bus_out]) * BASE_KW > static_law.FAULT_PU * r.power_kva,
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
            moved = True
        # In eco mode its loss is a load of the very network whose flow it follows: solved again until both agree.
        if w.parent[n.bus_in] != DEAD and ups_law.eco_is_off(r, u) and not is_starved(plan, w, k):
            moved = True
        lost_output = path == ups_law.INVERTER and u.path == ups_law.NO_OUTPUT and usable
        _tell_battery(plan, w, k, lost_output=lost_output, usable=usable)
        if u.shutdown and not shutdown:
            began = u.load_cause if u.turned_s == w.t_s and u.load_cause > 0 else me.last
            events.emit(plan, w, r.node, events.TRIP, BREAKER_OUTPUT, OVERLOAD, began)
        if u.path != path:
            w.rewire = True
        u.due_s = ups_law.ups_due_s(r, u, plan.calibration, w.t_s)
        if moved:
            u.due_s = w.t_s
            w.again = True


def _runs_on(plan: Plan, w: World, k: int) -> bool:
    """Whether a UPS goes on as it does: where its bypass is healthy, so is its source."""
    u, n = w.upses[k], plan.nodes[plan.upses[k].node]
    if not w.calm or w.t_s >= u.due_s or is_solved(w, n.bus_out):
        return False
    feed = plan.nodes[n.feed_1].bus_out
    return holds(w, feed, feed, u.bypass_ok)


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


def _stays(plan: Plan, w: World, k: int) -> bool:
    """Whether a rack goes on as it does."""
    r, s = plan.servers[k], w.servers[k]
    if not w.calm or w.t_s >= s.due_s:
        return False
    n, good = plan.nodes[r.node], s.running and s.dose_rate == 0.0
    if not holds(w, plan.nodes[n.feed_1].bus_out, r.bus_1, good):
        return False
    return n.feed_2 == NONE or holds(w, plan.nodes[n.feed_2].bus_out, r.bus_2, good)


def run_loads(plan: Plan, w: World) -> bool:
    """Racks and cooling units stop with their supply and come back by themselves."""
    changed = False
    due_s = NEVER_S
    for k in range(len(plan.servers)):
        r, s = plan.servers[k], w.servers[k]
        n, me = plan.nodes[r.node], w.nodes[r.node]
        if _stays(plan, w, k):
            due_s = min(due_s, s.due_s)
            continue
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
        if w.calm and w.t_s < m.due_s and holds(w, plan.nodes[n.feed_1].bus_out, n.bus_in, m.running):
            continue
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
    """Every kind once, sources first; True when anything moved. Nobody is passed by after it has (calm.py)."""
    w.again = False
    changed = end_calm(w, run_utilities(plan, w))
    changed = end_calm(w, run_generators(plan, w)) or changed
    changed = end_calm(w, excite(plan, w)) or changed
    changed = end_calm(w, run_taps(plan, w)) or changed
    changed = end_calm(w, run_transfers(plan, w)) or changed
    run_upses(plan, w)
    changed = end_calm(w, run_rooms(plan, w)) or changed
    changed = end_calm(w, run_followers(plan, w)) or changed
    changed = end_calm(w, run_loads(plan, w)) or changed
    return changed or w.again
