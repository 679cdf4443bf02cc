"""Heat: the rooms and the oil of transformers, each run exactly from one change to the next, without small steps."""

from __future__ import annotations

from winter_river.engine import events
from winter_river.engine.equipment import room_heat as room_law
from winter_river.engine.equipment import transformer_heat as oil_law
from winter_river.engine.equipment import transformer_life as life_law
from winter_river.engine.equipment.cooling import CoolingState, flow_m3s
from winter_river.engine.equipment.psychrometrics import evaporative_c, mixed_c
from winter_river.engine.equipment.room_heat import RoomState
from winter_river.engine.equipment.transformer import TransformerState
from winter_river.engine.exponential import left_after, reach_s, value_after
from winter_river.engine.plan import NONE, Plan
from winter_river.engine.roots import inverse_fifth_roots
from winter_river.engine.units import NEVER_S, magnitude
from winter_river.engine.world import DEAD, World

NEAR_K = 1e-6  # chosen: instants are sums of floats: at the one of a crossing the level counts as reached
SAME_PU = 1e-6  # chosen: a transformer's load that moves by less is the same
CALM_K = 5.0  # chosen: this far below a limit a warning ends, so that it cannot chatter
PAST_S = 0.001  # chosen: a crossing is looked for from here on, so that the last one is not found again
assert tuple(k11 * k22 for k11, k22 in zip(oil_law.K11, oil_law.K22, strict=True)) == (2.0, 1.0)  # _left_after needs it


def set_weather(w: World, temperature_c: float, rh_pu: float) -> None:
    """Takes the air outside. The wet bulb is worked once here, because it takes an iteration."""
    w.outdoor_c, w.outdoor_rh = temperature_c, rh_pu
    w.evaporated_c = evaporative_c(temperature_c, rh_pu)


def unit_supply_c(w: World, m: CoolingState) -> float:
    """The air that one cooling unit blows."""
    return mixed_c(w.outdoor_c, w.evaporated_c, 1.0 - m.dry_pu)


def cold_now_c(room: RoomState, t_s: float) -> float:
    """The cold aisle of a room."""
    return value_after(room.cold_c, room.end_c, room.tau_s, t_s - room.since_s)


def hot_now_c(room: RoomState, t_s: float) -> float:
    """The hot aisle of a room."""
    return room_law.hot_aisle_c(cold_now_c(room, t_s), room.it_kw, room.flow_m3s, room.supply_c)


def _gather(plan: Plan, w: World) -> None:
    """Adds up air and supply of each room; the supply of what blows, or of all units where none does."""
    for room in w.rooms:
        room.flow_m3s = room.blown = room.still = room.units = 0.0
    for k in range(len(plan.coolings)):
        r, m = plan.coolings[k], w.coolings[k]
        if r.room == NONE:
            continue
        room = w.rooms[r.room]
        supply = unit_supply_c(w, m)
        room.units += 1.0
        room.still += supply
        if w.parent[plan.nodes[r.node].bus_in] != DEAD:
            flow = flow_m3s(r, m)
            room.flow_m3s += flow
            room.blown += flow * supply
    for room in w.rooms:
        room.supply_c = room.blown / room.flow_m3s if room.flow_m3s > 0.0 else room.still / room.units


def _is_due(w: World) -> bool:
    """Whether fans go on with their way up, or a room passes a level."""
    for m in w.coolings:
        if w.t_s >= m.due_s:
            return True
    for room in w.rooms:
        if w.t_s >= room.due_s:
            return True
    return False


def run_rooms(plan: Plan, w: World) -> bool:
    """Takes the powers and flows of this instant; True where racks must stop or may start again."""
    changed = False
    if w.calm and not _is_due(w):
        return changed
    _gather(plan, w)
    for k in range(len(plan.rooms)):
        r, room = plan.rooms[k], w.rooms[k]
        end = room_law.cold_aisle_end_c(room.supply_c, room.it_kw, room.flow_m3s, r.cabinets)
        tau = room_law.cold_aisle_tau_s(room.it_kw, room.flow_m3s, r.cabinets)
        if end != room.end_c or tau != room.tau_s:
            room.cold_c = cold_now_c(room, w.t_s)
            room.since_s, room.end_c, room.tau_s = w.t_s, end, tau
        if not (room.warm or room.hot) and max(room.cold_c, room.end_c) < room_law.ALLOWABLE_C_MAX - NEAR_K:
            room.due_s = NEVER_S  # it passes no level on its way, and has passed none
            continue
        cold = cold_now_c(room, w.t_s)
        if room.warm:
            room.warm = cold > room_law.CALM_C + NEAR_K
        else:
            room.warm = cold >= room_law.ALLOWABLE_C_MAX - NEAR_K
        # A hot room stays shut down until air moves again, however much its walls take up meanwhile.
        moves = room.flow_m3s > 0.0
        if room.hot and moves and cold <= room_law.RESTART_C + NEAR_K:
            room.hot = False
            changed = True
            room.event = events.emit(plan, w, r.node, events.COOL_AGAIN, 0, 0, w.nodes[r.node].origin)
        elif not room.hot and cold >= room_law.SHUTDOWN_C - NEAR_K:
            room.hot = changed = True
            room.event = events.emit(plan, w, r.node, events.TOO_HOT, 0, 0, w.nodes[r.node].origin)
        # Only what lies ahead: a level that was passed on the way here is behind, whichever way it was named.
        rising = room.end_c > room.cold_c
        due = NEVER_S
        if room.warm != rising:
            level = room_law.CALM_C if room.warm else room_law.ALLOWABLE_C_MAX
            due = min(due, reach_s(room.cold_c, room.end_c, room.tau_s, level))
        if room.hot != rising and (moves or not room.hot):
            level = room_law.RESTART_C if room.hot else room_law.SHUTDOWN_C
            due = min(due, reach_s(room.cold_c, room.end_c, room.tau_s, level))
        room.due_s = room.since_s + due
    return changed


def oil_now_c(size: int, s: TransformerState, t_s: float) -> float:
    return value_after(s.oil_c, s.oil_end_c, oil_law.K11[size] * oil_law.OIL_TAU_S[size], t_s - s.since_s)


def hot_spot_now_c(size: int, s: TransformerState, t_s: float) -> float:
    return oil_law.hot_spot_c(size, s.oil_c, s.fast_k, s.slow_k, s.oil_end_c, s.gradient_end_k, t_s - s.since_s)


def aged_now_h(size: int, s: TransformerState, t_s: float) -> float:
    """The loss of life of a transformer since the start, in hours at 98 degrees C."""
    return s.aged_h + life_law.aged_h(size, s.oil_c, s.fast_k, s.slow_k, s.oil_end_c, s.gradient_end_k, t_s - s.since_s)


def _left_after(size: int, elapsed_s: float) -> tuple[float, float, float]:
    """The shares of their ways that the three lags still have to go."""
    oil = left_after(oil_law.K11[size] * oil_law.OIL_TAU_S[size], elapsed_s)
    fast = left_after(oil_law.K22[size] * oil_law.WINDING_TAU_S[size], elapsed_s)
    return oil, fast, oil * oil if size == 0 else oil  # the slow lag is half of the oil's, or the same


def _load(size: int, s: TransformerState, t_s: float, *, oil_left: float, fast_left: float, slow_left: float) -> None:
    """Brings the three lags up to now, before they run to other ends. ..._left: the shares of their ways still to go."""
    fast_end, slow_end = oil_law.K21[size] * s.gradient_end_k, (oil_law.K21[size] - 1.0) * s.gradient_end_k
    s.oil_c = s.oil_end_c + (s.oil_c - s.oil_end_c) * oil_left
    s.fast_k = fast_end + (s.fast_k - fast_end) * fast_left
    s.slow_k = slow_end + (s.slow_k - slow_end) * slow_left
    s.since_s = t_s


def run_transformers(plan: Plan, w: World) -> None:
    """Takes the loads of this instant, and says when a temperature passes a limit."""
    count = _take_loads(plan, w)
    inverse_fifth_roots(w.bases, w.roots, 2 * count)
    for place in range(count):
        k = w.heated[place]
        r, s = plan.transformers[k], w.transformers[k]
        s.oil_end_c, s.gradient_end_k = w.outdoor_c, 0.0
        if s.load_pu >= 0.0:
            losses, base = w.bases[2 * place], w.bases[2 * place + 1]
            # chosen: without any of its cooling the oil rises twice as far, in between in proportion.
            rise = oil_law.oil_rise_k(r.size, losses, w.roots[2 * place]) * (1.0 + s.cooling_lost_pu)
            s.oil_end_c = w.outdoor_c + rise
            s.gradient_end_k = oil_law.winding_rise_k(r.size, s.load_pu, base, w.roots[2 * place + 1])
        _watch(r.size, s, w.t_s)


def _take_loads(plan: Plan, w: World) -> int:
    """Brings those whose load, air or cooling is another up to now; how many they are. Who they are stands in w.heated, of
    what their ends take roots in w.bases: two for each."""
    # Those of one size that changed together last share their exponentials; there are two sizes (SMALL_KVA).
    since_0 = since_1 = NEVER_S
    left_0 = left_1 = 0.0, 0.0, 0.0
    count = 0
    for k in range(len(plan.transformers)):
        r, s = plan.transformers[k], w.transformers[k]
        size = r.size
        n = plan.nodes[r.node]
        live = w.nodes[r.node].live
        # By current, not by power: in a sag the same power heats the windings more.
        load_pu = magnitude(w.i[n.bus_out]) / r.power_pu if live else -1.0
        moved = load_pu > s.load_pu + SAME_PU or load_pu < s.load_pu - SAME_PU
        if not moved and s.ambient_c == w.outdoor_c and s.blocked_pu == s.cooling_lost_pu:
            if w.t_s >= s.due_s:
                _watch(size, s, w.t_s)
            continue
        elapsed_s = w.t_s - s.since_s
        if size == 0 and s.since_s != since_0:
            since_0, left_0 = s.since_s, _left_after(0, elapsed_s)
        elif size != 0 and s.since_s != since_1:
            since_1, left_1 = s.since_s, _left_after(size, elapsed_s)
        oil_left, fast_left, slow_left = left_0 if size == 0 else left_1
        if not r.ages:
            _load(size, s, w.t_s, oil_left=oil_left, fast_left=fast_left, slow_left=slow_left)
        elif elapsed_s > life_law.SHORT_S:
            s.aged_h = aged_now_h(size, s, w.t_s)
            _load(size, s, w.t_s, oil_left=oil_left, fast_left=fast_left, slow_left=slow_left)
        else:
            spot = s.oil_c + s.fast_k - s.slow_k
            _load(size, s, w.t_s, oil_left=oil_left, fast_left=fast_left, slow_left=slow_left)
            s.aged_h += life_law.between_h(spot, s.oil_c + s.fast_k - s.slow_k, elapsed_s)
        s.load_pu, s.ambient_c, s.blocked_pu = load_pu, w.outdoor_c, s.cooling_lost_pu
        w.heated[count] = k
        w.bases[2 * count] = oil_law.losses_ratio(load_pu, r.loss_ratio)
        w.bases[2 * count + 1] = oil_law.winding_base(size, load_pu) if live else 0.0
        count += 1
    return count


def _watch(size: int, s: TransformerState, t_s: float) -> None:
    """Whether it is too hot now, and when that may change."""
    if not s.hot:
        # A bound first, which is all that a healthy load asks for.
        oil = max(s.oil_c, s.oil_end_c)
        if (
            oil < oil_law.OIL_LIMIT_C - CALM_K
            and oil + oil_law.gradient_k_max(size, s.fast_k, s.slow_k, s.gradient_end_k)
            < oil_law.HOT_SPOT_LIMIT_C - CALM_K
        ):
            s.due_s = NEVER_S
            return
    oil, spot = oil_now_c(size, s, t_s), hot_spot_now_c(size, s, t_s)
    if s.hot:
        s.hot = oil > oil_law.OIL_LIMIT_C - CALM_K + NEAR_K or spot > oil_law.HOT_SPOT_LIMIT_C - CALM_K + NEAR_K
    else:
        s.hot = oil >= oil_law.OIL_LIMIT_C - NEAR_K or spot >= oil_law.HOT_SPOT_LIMIT_C - NEAR_K
    less = CALM_K if s.hot else 0.0
    elapsed_s = t_s - s.since_s + PAST_S
    oil_tau_s = oil_law.K11[size] * oil_law.OIL_TAU_S[size]
    then = value_after(s.oil_c, s.oil_end_c, oil_tau_s, elapsed_s)
    next_s = min(
        reach_s(then, s.oil_end_c, oil_tau_s, oil_law.OIL_LIMIT_C - less),
        oil_law.hot_spot_reaches_s(
            size,
            s.oil_c,
            s.fast_k,
            s.slow_k,
            s.oil_end_c,
            s.gradient_end_k,
            elapsed_s,
            oil_law.HOT_SPOT_LIMIT_C - less,
        ),
    )
    s.due_s = t_s + PAST_S + next_s if next_s < NEVER_S else NEVER_S


def warm_up(plan: Plan, w: World) -> None:
    """Puts every temperature where the present loads hold it: what has been running for long."""
    for k in range(len(plan.transformers)):
        size, s = plan.transformers[k].size, w.transformers[k]
        s.oil_c = s.oil_end_c
        s.fast_k = oil_law.K21[size] * s.gradient_end_k
        s.slow_k = (oil_law.K21[size] - 1.0) * s.gradient_end_k
        if plan.reports:
            _watch(size, s, w.t_s)
    for storage in w.storages:
        storage.cells_c = storage.cells_end_c
    for room in w.rooms:
        room.cold_c = room.supply_c  # not its end: a room that is cooled too little warms up before everyone's eyes
    run_rooms(plan, w)
