"""The state word of each device, as its place in the schema's states of its type; news of it become events."""

from __future__ import annotations

from winter_river.engine import events
from winter_river.engine.collapse import is_collapsing
from winter_river.engine.equipment import generator as generator_law
from winter_river.engine.equipment import ups as ups_law
from winter_river.engine.equipment import utility as utility_law
from winter_river.engine.equipment.cooling import PIECES
from winter_river.engine.equipment.itic import STEADY_HIGH_PU, STEADY_LOW_PU
from winter_river.engine.equipment.switchgear import SECOND, fed_by
from winter_river.engine.plan import (
    BESS,
    COOLING,
    GENERATOR,
    METER,
    NONE,
    PV,
    SERVER,
    SWITCHGEAR,
    TRANSFORMER,
    UPS,
    UTILITY,
    NodePlan,
    Plan,
)
from winter_river.engine.shorts import is_shorted
from winter_river.engine.undervoltage import lack_at, tell_lifted, watch_low
from winter_river.engine.units import magnitude
from winter_river.engine.world import DEAD, FAULT_BIT, HANDLE_OFF, NodeState, World, is_tripped

GRID_OK, SAG, SWELL, OUTAGE, GRID_FAULT, FREQUENCY = range(6)
TRANSFORMER_NORMAL, TRANSFORMER_WARNING, TRANSFORMER_FAULT, TRANSFORMER_NO_INPUT = range(4)
SW_CLOSED, SW_GENERATOR, SW_OPEN, SW_TRIPPED, SW_FAULT, SW_NO_INPUT, SW_SECOND = range(7)
STANDBY, STARTING, RUNNING, COOLDOWN, GENERATOR_FAULT = range(5)
BOARD_NORMAL, BOARD_OVERLOAD, BOARD_TRIPPED, BOARD_OPEN, BOARD_NO_INPUT, BOARD_FAULT = range(6)
UPS_NORMAL, UPS_ON_BATTERY, UPS_CHARGING, UPS_BYPASS, UPS_OFF, UPS_FAULT, UPS_ECO = range(7)
STORAGE_IDLE, STORAGE_CHARGING, STORAGE_DISCHARGING, STORAGE_FAULT = range(4)
ARRAY_NORMAL, ARRAY_IDLE, ARRAY_CURTAILED, ARRAY_FAULT = range(4)
METER_NORMAL, METER_NO_INPUT, METER_FAULT = range(3)
LOAD_NORMAL, LOAD_DEGRADED, LOAD_OFF, LOAD_FAULT = range(4)


def _utility(w: World, n: NodePlan, me: NodeState) -> int:
    if me.fault & utility_law.FAULT:
        return GRID_FAULT
    if not me.live:
        return OUTAGE
    if me.fault & utility_law.SAG:
        return SAG
    if me.fault & utility_law.SWELL:
        return SWELL
    off = abs(w.utilities[n.slot].off_pu)
    return FREQUENCY if off > utility_law.FREQUENCY_GOOD_PU else GRID_OK


def _transformer(plan: Plan, w: World, n: NodePlan, me: NodeState) -> int:
    if me.fault & FAULT_BIT:
        return TRANSFORMER_FAULT
    if not me.live:
        return TRANSFORMER_NO_INPUT
    if is_shorted(plan, w, n.bus_out):
        return TRANSFORMER_FAULT
    apparent_pu = magnitude(w.v[n.bus_out]) * magnitude(w.i[n.bus_out])
    if apparent_pu > plan.transformers[n.slot].power_pu or w.transformers[n.slot].hot:
        return TRANSFORMER_WARNING
    return TRANSFORMER_NORMAL


def _switchgear(plan: Plan, w: World, n: NodePlan, me: NodeState) -> int:
    if me.fault & FAULT_BIT:
        return SW_FAULT
    if is_tripped(w, n.breaker_1):
        return SW_TRIPPED
    if me.contact != 0:
        return SW_OPEN
    if not me.live:
        return SW_NO_INPUT
    if is_shorted(plan, w, n.bus_out):
        return SW_FAULT
    transfer = plan.boards[n.slot].transfer
    two = transfer != NONE and fed_by(w.transfers[transfer]) == SECOND
    # A static switch stands between two live sources: either is as good.
    if not two or plan.transfers[transfer].static:
        return SW_CLOSED
    return SW_SECOND if plan.transfers[transfer].generator == NONE else SW_GENERATOR


def _board(plan: Plan, w: World, n: NodePlan, me: NodeState) -> int:
    if me.fault & FAULT_BIT:
        return BOARD_FAULT
    if is_tripped(w, n.breaker_1):
        return BOARD_TRIPPED
    if me.contact != 0:
        return BOARD_OPEN
    if not me.live:
        return BOARD_NO_INPUT
    if is_shorted(plan, w, n.bus_out):
        return BOARD_FAULT
    return BOARD_OVERLOAD if magnitude(w.i[n.bus_out]) > plan.boards[n.slot].rated_pu else BOARD_NORMAL


def _generator(w: World, n: NodePlan, me: NodeState) -> int:
    mode = w.generators[n.slot].mode
    if me.fault & FAULT_BIT or mode == generator_law.LOCKOUT or mode == generator_law.DRY:
        return GENERATOR_FAULT
    if mode == generator_law.STANDBY:
        return STANDBY
    if mode == generator_law.RUNNING:
        return RUNNING
    return COOLDOWN if mode == generator_law.COOLDOWN else STARTING


def _ups(w: World, n: NodePlan, me: NodeState) -> int:
    u = w.upses[n.slot]
    if u.handle == ups_law.HANDLE_SERVICE and u.path == ups_law.BYPASS and me.live:
        return UPS_BYPASS
    if me.fault & FAULT_BIT or u.shutdown or is_tripped(w, n.breaker_3):
        return UPS_FAULT
    if me.handle == HANDLE_OFF or not me.present:
        return UPS_OFF
    if u.path == ups_law.NO_OUTPUT or not me.live:
        return UPS_FAULT
    if u.path == ups_law.BYPASS:
        return UPS_ECO if u.handle == ups_law.HANDLE_ECO and not u.overloaded else UPS_BYPASS
    if u.discharge_kw > 0.0:
        return UPS_ON_BATTERY
    return UPS_CHARGING if u.charge_kw > 0.0 else UPS_NORMAL


def _on_battery(plan: Plan, w: World, feed: int) -> bool:
    """Whether a feed leads to a UPS that discharges, through boards and transformers, by the feed that each takes."""
    while feed != NONE and plan.nodes[feed].kind != UPS:
        feed = w.nodes[feed].feeder
    return feed != NONE and w.upses[plan.nodes[feed].slot].discharge_kw > 0.0


def _server(plan: Plan, w: World, n: NodePlan, me: NodeState, discharging: bool) -> int:
    if me.fault & FAULT_BIT:
        return LOAD_FAULT
    if me.handle != 0 or not me.present:
        return LOAD_OFF
    r, s = plan.servers[n.slot], w.servers[n.slot]
    if not me.live:
        return LOAD_DEGRADED if s.running and s.dose_rate > 0.0 else LOAD_FAULT  # its supplies still hold it up
    for bus, feed in ((r.bus_1, n.feed_1), (r.bus_2, n.feed_2)):
        if bus == NONE:
            continue
        if w.parent[bus] == DEAD or not STEADY_LOW_PU <= magnitude(w.v[bus]) <= STEADY_HIGH_PU:
            return LOAD_DEGRADED
        if discharging and _on_battery(plan, w, feed):
            return LOAD_DEGRADED
    return LOAD_NORMAL


def _cooling(plan: Plan, w: World, n: NodePlan, me: NodeState) -> int:
    r, m = plan.coolings[n.slot], w.coolings[n.slot]
    if me.fault & FAULT_BIT or is_tripped(w, n.breaker_1):
        return LOAD_FAULT
    if not me.live:
        return LOAD_FAULT if w.parent[n.bus_in] != DEAD else LOAD_OFF  # it feeds a short, and nothing else
    if m.piece < PIECES or m.fans_set < r.fans or m.fans_lost_pu + m.dry_pu > 0.0:
        return LOAD_DEGRADED
    if not STEADY_LOW_PU <= magnitude(w.v[n.bus_in]) <= STEADY_HIGH_PU:
        return LOAD_DEGRADED
    return LOAD_NORMAL


def _storage(w: World, n: NodePlan, me: NodeState) -> int:
    if me.fault & FAULT_BIT or is_tripped(w, n.breaker_1):
        return STORAGE_FAULT
    power_kw = w.storages[n.slot].power_kw if me.live else 0.0
    if power_kw == 0.0:
        return STORAGE_IDLE
    return STORAGE_CHARGING if power_kw > 0.0 else STORAGE_DISCHARGING


def _array(w: World, n: NodePlan, me: NodeState) -> int:
    if me.fault & FAULT_BIT or is_tripped(w, n.breaker_1):
        return ARRAY_FAULT
    a = w.arrays[n.slot]
    if not me.live or a.possible_kw == 0.0:
        return ARRAY_IDLE
    if a.power_kw < a.possible_kw:
        return ARRAY_CURTAILED
    return ARRAY_NORMAL


def _meter(me: NodeState) -> int:
    if me.fault & FAULT_BIT:
        return METER_FAULT
    return METER_NORMAL if me.live else METER_NO_INPUT


def state_of(plan: Plan, w: World, node: int, discharging: bool) -> int:
    """The state of a device, as it stands after the last flow. discharging: whether any UPS may be on its battery."""
    n, me = plan.nodes[node], w.nodes[node]
    if n.kind == SERVER:
        return _server(plan, w, n, me, discharging)
    if n.kind == COOLING:
        return _cooling(plan, w, n, me)
    if n.kind == UPS:
        return _ups(w, n, me)
    if n.kind == TRANSFORMER:
        return _transformer(plan, w, n, me)
    if n.kind == SWITCHGEAR:
        return _switchgear(plan, w, n, me)
    if n.kind == GENERATOR:
        return _generator(w, n, me)
    if n.kind == UTILITY:
        return _utility(w, n, me)
    if n.kind == BESS:
        return _storage(w, n, me)
    if n.kind == METER:
        return _meter(me)
    if n.kind == PV:
        return _array(w, n, me)
    return _board(plan, w, n, me)


def is_latched(plan: Plan, w: World, n: NodePlan) -> bool:
    """Whether something in this device waits for a reset."""
    if is_tripped(w, n.breaker_1) or is_tripped(w, n.breaker_2) or is_tripped(w, n.breaker_3):
        return True
    if n.kind == UPS:
        return w.upses[n.slot].shutdown
    if n.kind == UTILITY:
        return w.utilities[n.slot].tripped
    return n.kind == GENERATOR and w.generators[n.slot].mode == generator_law.LOCKOUT


def _ramp_ends_now(plan: Plan, w: World, n: NodePlan) -> bool:
    """Whether fans are up, a rectifier has walked in, or a rack gave up, at this very instant."""
    if n.kind == COOLING:
        return w.t_s == w.coolings[n.slot].ramp_s + plan.calibration.fan_ramp_s
    if n.kind == SERVER:
        return w.servers[n.slot].stopped_s == w.t_s
    if n.kind == UPS:
        u = w.upses[n.slot]
        return u.rectifier == ups_law.RECTIFIER_ON and w.t_s == u.rectifier_s + plan.calibration.walk_in_s
    return False


def _shortage(plan: Plan, w: World, n: NodePlan, me: NodeState) -> int:
    """The event of what takes a load or a UPS its voltage without leaving it dead, 0 where nothing does."""
    found = 0
    if n.kind == SERVER:
        r = plan.servers[n.slot]
        for bus in (r.bus_1, r.bus_2):
            if bus != NONE and w.parent[bus] != DEAD and magnitude(w.v[bus]) < STEADY_LOW_PU:
                found = max(found, lack_at(plan, w, bus))
    elif me.supplied and (n.kind == COOLING or n.kind == UPS or n.kind == BESS or n.kind == PV):
        # It may have let go at once, and the voltage is back.
        bus = plan.nodes[me.feeder].bus_out
        let_go = w.parent[n.bus_in] == DEAD
        if n.kind == UPS:
            u = w.upses[n.slot]
            let_go = not u.source_ok or (u.handle == ups_law.HANDLE_ECO and not u.bypass_ok)
        if let_go or (n.kind == COOLING and magnitude(w.v[bus]) < STEADY_LOW_PU):
            found = lack_at(plan, w, bus)
    return found


def tell(plan: Plan, w: World, node: int, discharging: bool, short: bool) -> None:
    """Emits a state event where the state is news, with its cause.

    The cause is what takes its voltage, a collapse or load alone; else the device's own event of this instant; else, where its
    supply changed, the event that explains the device isolating it or feeding it; else what set this instant off;
    else its own last event (a delay ran out). Devices that only pass power on pass the explanation on too, so that
    what is dark behind three of them still names the source; machines (generator, transfer, UPS) explain what is
    behind them by themselves.

    discharging: whether any UPS may be on its battery; short: whether any voltage may be too low.
    """
    n, me = plan.nodes[node], w.nodes[node]
    own = me.last >= w.first_event
    state = state_of(plan, w, node, discharging)
    if state != me.state and state == LOAD_DEGRADED and (n.kind == SERVER or n.kind == COOLING):
        watch_low(plan, w, n.bus_in)
        if n.kind == SERVER and plan.servers[n.slot].bus_2 != NONE:
            watch_low(plan, w, plan.servers[n.slot].bus_2)
        short = True
    moved = me.supplied != me.supplied_seen or me.live != me.live_seen
    if moved:
        me.supplied_seen, me.live_seen = me.supplied, me.live
        by = me.feeder if me.live or me.blame == NONE else me.blame
        if not own and by != NONE and by != node:
            me.origin = w.nodes[by].origin
    shortage = _shortage(plan, w, n, me) if short else 0
    me.origin = max(me.origin, shortage)
    if state == me.state:
        return
    machine = (
        n.kind == UPS or n.kind == GENERATOR or n.kind == SERVER or n.kind == COOLING or n.kind == BESS or n.kind == PV
    )
    if shortage > (me.last if own else 0):
        cause = shortage
    elif own:
        cause = me.last
    elif moved:
        cause = max(me.origin, me.last) if machine and me.live else me.origin
        if n.kind == COOLING and me.supplied and not me.live:  # its contactor lets go at once
            cause = events.group_cause(w, n.group) or cause
    elif me.feeder != NONE and w.nodes[me.feeder].origin >= w.first_event:
        cause = w.nodes[me.feeder].origin
    elif n.kind == UPS and w.upses[n.slot].turned_s == w.t_s:
        cause = w.upses[n.slot].load_cause
    elif _ramp_ends_now(plan, w, n):
        cause = max(me.origin, me.last)  # its own doing, whatever else happens at this instant
    else:
        cause = events.group_cause(w, n.group)
        if cause == 0 and machine and w.profiled_s < w.t_s:
            cause = max(me.origin, me.last)
    before, me.state = me.state, state
    events.emit(plan, w, node, events.STATE, before, state, cause)
    if not own and not machine and n.feed_1 != NONE:
        me.origin = cause


def tell_all(plan: Plan, w: World) -> None:
    """Every device in plan order."""
    discharging = False
    for u in w.upses:
        discharging = discharging or u.discharge_kw > 0.0
    low = w.low
    short = low or is_collapsing(w)
    for k in range(len(plan.nodes)):
        tell(plan, w, k, discharging, short)
    if low:
        tell_lifted(plan, w)
