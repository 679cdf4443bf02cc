"""The UPS: rectifier, battery and inverter in a row, with a static bypass around them."""

from __future__ import annotations

from dataclasses import dataclass

from winter_river.engine.calibration import OVERLOAD_RESET_S, Calibration, overload_s
from winter_river.engine.equipment.table import (
    POWER_KVA_MAX,
    Equipment,
    Rating,
    breaker_ratings,
    feed_ratings,
)
from winter_river.engine.equipment.ups_battery import (
    COLD_START,
    LOW_BATTERY,
    energy_at_s,
    energy_now_kwh,
    inside_kw,
    worn_now_pu,
)
from winter_river.engine.equipment.utility import in_window
from winter_river.engine.units import ALWAYS_S, NEVER_S

UPS = Equipment(
    type="ups",
    ratings=(
        Rating("power_kva", None, 0.1, POWER_KVA_MAX, "nameplate"),
        Rating("power_kw", None, 0.1, POWER_KVA_MAX, "nameplate"),
        Rating("input_power_factor", 0.99, 0.5, 1.0, "chosen: an active rectifier"),
        Rating("input_kw_max", 0.0, 0.0, POWER_KVA_MAX, "chosen: 0 means 1.3 x power_kw, as 650 kW of 500 kW"),
        Rating("loss_fixed_pu", 0.010, 0.0, 0.2, "chosen: 96.3 % at 77 % load, inside 94 to 97 % of data sheets"),
        Rating("loss_linear_pu", 0.008, 0.0, 0.2, "chosen: with loss_fixed_pu"),
        Rating("loss_square_pu", 0.022, 0.0, 0.2, "chosen: with loss_fixed_pu"),
        Rating("loss_on_battery_ratio", 0.6, 0.0, 1.0, "chosen: the rectifier's part is gone"),
        Rating("bypass_loss_kw", 0.0, 0.0, 1000.0, "chosen: 0; 3 kW for 500 kW"),
        Rating("eco_loss_fixed_pu", 0.004, 0.0, 0.2, "chosen: 98.4, 98.7, 98.8 % at 50, 77, 100 % load in eco mode"),
        Rating("eco_loss_linear_pu", 0.008, 0.0, 0.2, "chosen: with eco_loss_fixed_pu; data sheets say 98 to 99 %"),
        Rating("charge_kw", 0.0, 0.0, POWER_KVA_MAX, "chosen: 0 means a fifth of power_kw, as 100 kW of 500 kW"),
        Rating("charge_kw_on_generator", 0.0, 0.0, POWER_KVA_MAX, "chosen: 0 means half of charge_kw"),
        Rating("charge_efficiency", 0.90, 0.1, 1.0, "chosen: lead-acid, AC side to stored energy"),
        Rating("battery_kwh", None, 0.0001, 1e6, "nameplate, at battery_kw; realistic calibration takes six times"),
        Rating("battery_kw", 0.0, 0.0, POWER_KVA_MAX, "chosen: 0 means power_kw; the rate battery_kwh is stated at"),
        Rating(
            "battery_exponent", 0.0, 0.0, 2.0, "chosen: 0 means the calibration's; 1.345 follows Liebert's GXT3 table"
        ),
        Rating("battery_offset_pu", 0.0, 0.0, 0.3, "chosen: 0 is Peukert's law; 0.0905 follows Liebert's GXT3 table"),
        Rating("battery_c", 25.0, -20.0, 60.0, "chosen: 25, which capacities are stated at; a cold one gives less"),
        Rating("battery_age_pct", 0.0, 0.0, 80.0, "chosen: 0, new; IEEE 1188 replaces one that has lost 20 %"),
        Rating(
            "battery_life_y", 10.0, 0.1, 1000.0, "chosen: design life at 25 C, in which it loses 20 %; 5 to 15 usual"
        ),
        *breaker_ratings("input_"),
        *breaker_ratings("output_"),
        *feed_ratings("feed", "the cable to its input"),
        *feed_ratings("output", "the busway behind its output breaker"),
    ),
    feeds_min=1,
    feeds_max=1,
    fed_by=("utility", "transformer", "switchgear", "distribution", "generator", "pdu", "meter"),
)

NO_OUTPUT, INVERTER, BYPASS = range(3)  # path
HANDLE_ONLINE, HANDLE_BYPASS, HANDLE_OFF, HANDLE_ECO, HANDLE_SERVICE = range(5)
RECTIFIER_OFF, WAITING, WALKING, RECTIFIER_ON = range(4)
PIECES = 16  # chosen: the walk-in is a staircase of 16 steps, each at its middle, so its energy is exact

# The rectifier works between these; good again inside the narrower pair (chosen, usual on data sheets).
RECTIFIER_LOW_PU, RECTIFIER_HIGH_PU = 0.85, 1.15
RECTIFIER_GOOD_LOW_PU, RECTIFIER_GOOD_HIGH_PU = 0.90, 1.10
# Off the nominal frequency; chosen: data sheets have +-5 % to 45 to 65 Hz.
RECTIFIER_HZ_PU, RECTIFIER_GOOD_HZ_PU = 0.05, 0.04
BYPASS_OFF_HZ = 0.5  # UFGS 26 33 53: the bypass may be no further off, or it cannot be in step with the inverter
# chosen: its link carries it through a cycle outside that window; deeper, or with a dead input, it lets go at once.
RECTIFIER_HOLD_S, HOLD_LOW_PU = 0.02, 0.75
BYPASS_LOW_PU, BYPASS_HIGH_PU = 0.90, 1.10  # synchronising window, UFGS 26 33 53
BATTERY_LOST, BYPASS_LOST = 2, 16  # bits of its malfunctions
# chosen: of its power, so near its loss in eco mode is solved; the laws allow a thousand times as much
ECO_NEAR_PU = 1e-9


@dataclass(slots=True, frozen=True)
class UpsPlan:
    node: int
    island: int
    power_kw: float
    power_kva: float
    input_kw_max: float
    input_kvar_per_kw: float
    loss_fixed_kw: float
    loss_linear_pu: float
    loss_square_pu: float
    loss_on_battery_ratio: float
    bypass_loss_kw: float
    eco_loss_fixed_kw: float
    eco_loss_linear_pu: float
    charge_kw: float
    charge_kw_on_generator: float
    charge_efficiency: float
    battery_kwh: float
    battery_kw: float
    battery_exponent: float
    battery_offset_pu: float
    ageing: float  # how many times as fast as at 25 degrees C its battery ages
    fade_pu_h: float  # of its capacity, an hour; 0 where its age is held
    begin_pu: float  # of its capacity, left at the start by age


@dataclass(slots=True)
class UpsState:
    """path: 0 no output, 1 inverter, 2 bypass. rectifier: 0 off, 1 waiting, 2 walking in, 3 on (piece of its ramp).

    handle: the node's, as of the last settling. worn_pu: of its capacity, lost by age since the start; it is taken anew
    where a discharge begins, so that nothing changes within one. turned_s: when its load last took it to its bypass or let
    it come back; load_cause: the event that began that overload or calm, 0 where it was the passing of time. refused: it
    was told that it does not start from its battery alone.
    """

    path: int = 1
    handle: int = 0
    rectifier: int = 3
    rectifier_s: float = ALWAYS_S
    piece: int = 0
    source_ok: bool = True
    outside_s: float = NEVER_S  # since when its source is outside the rectifier's window
    bypass_ok: bool = True
    bypass_since_s: float = ALWAYS_S
    battery_ok: bool = True
    battery_lost_pu: float = 0.0
    charger_lost_pu: float = 0.0
    worn_pu: float = 0.0
    low: bool = False
    empty: bool = False
    shutdown: bool = False
    overloaded: bool = False
    overload: float = 0.0
    overload_rate: float = 0.0
    overload_since_s: float = 0.0
    calm_s: float = NEVER_S
    energy_kwh: float = 0.0
    energy_kw: float = 0.0
    energy_since_s: float = 0.0
    out_kw: float = 0.0
    out_kva: float = 0.0
    in_kw: float = 0.0
    loss_kw: float = 0.0
    charge_kw: float = 0.0
    discharge_kw: float = 0.0
    peukert_kw: float = 0.0
    due_s: float = NEVER_S
    turned_s: float = ALWAYS_S
    load_cause: int = 0
    refused: bool = False


def loss_online_kw(r: UpsPlan, out_kw: float) -> float:
    """Conversion loss with the rectifier carrying everything."""
    x = out_kw / r.power_kw
    return r.loss_fixed_kw + (r.loss_linear_pu * x + r.loss_square_pu * x * x) * r.power_kw


def rectifier_share(u: UpsState) -> float:
    """The share of the load that the rectifier takes."""
    if u.rectifier == RECTIFIER_ON:
        return 1.0
    return (u.piece + 0.5) / PIECES if u.rectifier == WALKING else 0.0


def bypass_loss_kw(r: UpsPlan, u: UpsState, out_kw: float) -> float:
    """What a UPS loses while the grid goes past its inverter: all of it in maintenance, where it is taken out."""
    if u.handle == HANDLE_SERVICE:
        return 0.0
    if u.handle == HANDLE_ECO:
        return r.eco_loss_fixed_kw + r.eco_loss_linear_pu * out_kw
    return r.bypass_loss_kw


def eco_is_off(r: UpsPlan, u: UpsState) -> bool:
    """Whether what a fed UPS was last taken to lose in eco mode is not what it loses with what goes through it now."""
    if u.path != BYPASS or u.handle != HANDLE_ECO:
        return False
    return abs(bypass_loss_kw(r, u, u.out_kw) - u.loss_kw) > ECO_NEAR_PU * r.power_kw


def charging_kw(r: UpsPlan, u: UpsState, t_s: float, *, room_kw: float, on_generator: bool) -> float:
    """What the charger takes, AC side. room_kw: what is left of the most that the input takes."""
    if not u.battery_ok or energy_now_kwh(u, r.battery_kwh, t_s) >= r.battery_kwh:
        return 0.0
    charge_kw = (r.charge_kw_on_generator if on_generator else r.charge_kw) * (1.0 - u.charger_lost_pu)
    return min(charge_kw, room_kw)


def ups_flows(
    r: UpsPlan,
    u: UpsState,
    t_s: float,
    *,
    out_kw: float,
    out_kva: float,
    fed: bool,
    charger_fed: bool,
    on_generator: bool,
) -> None:
    """What goes in, what the battery gives or takes, what is lost, for this output.

    in_kw + discharge_kw = out_kw + loss_kw + charge_kw, on bypass without out_kw on both sides.
    fed: the breaker of its path is closed on a live bus; charger_fed: the rectifier's is.
    """
    u.out_kw, u.out_kva = out_kw, out_kva
    u.in_kw = u.loss_kw = u.charge_kw = u.discharge_kw = u.peukert_kw = 0.0
    if u.path == BYPASS:
        if fed:
            u.loss_kw = bypass_loss_kw(r, u, out_kw)
            if u.handle == HANDLE_ECO and charger_fed and u.rectifier == RECTIFIER_ON:
                u.charge_kw = charging_kw(r, u, t_s, room_kw=r.input_kw_max, on_generator=on_generator)
            u.in_kw = u.loss_kw + u.charge_kw
    else:
        share = rectifier_share(u) if fed else 0.0
        online_kw = loss_online_kw(r, out_kw)
        if share * (out_kw + online_kw) > r.input_kw_max:
            share = r.input_kw_max / (out_kw + online_kw)
        battery_share = 1.0 - share if u.path == INVERTER else 0.0
        u.in_kw = share * (out_kw + online_kw)
        u.discharge_kw = battery_share * (out_kw + online_kw * r.loss_on_battery_ratio)
        u.loss_kw = (share + battery_share * r.loss_on_battery_ratio) * online_kw
        if share == 1.0:
            u.charge_kw = charging_kw(r, u, t_s, room_kw=r.input_kw_max - u.in_kw, on_generator=on_generator)
            u.in_kw += u.charge_kw
        if u.discharge_kw > 0.0:
            if u.energy_kw <= 0.0:
                u.worn_pu = worn_now_pu(r, t_s)
            u.peukert_kw = inside_kw(r, u, u.discharge_kw, u.worn_pu)
    leaving_kw = u.discharge_kw + u.peukert_kw - r.charge_efficiency * u.charge_kw
    if leaving_kw != u.energy_kw:
        u.energy_kwh = energy_now_kwh(u, r.battery_kwh, t_s)
        u.energy_kw = leaving_kw
        u.energy_since_s = t_s


def has_charge(u: UpsState) -> bool:
    """Whether the battery can carry anything."""
    return u.battery_ok and u.energy_kwh > 0.0


def can_carry(r: UpsPlan, u: UpsState) -> bool:
    """Whether the inverter can take the load now: from the rectifier, or from a battery that is not all but empty
    where it has to start from that alone."""
    if u.rectifier == RECTIFIER_ON:
        return True
    starts = u.path == NO_OUTPUT and u.rectifier != WALKING
    return has_charge(u) and not (starts and u.energy_kwh <= COLD_START * r.battery_kwh)


def refuses(r: UpsPlan, u: UpsState, *, usable: bool) -> bool:
    """Whether it stays off for want of charge, with nothing at its input: a cold start refused."""
    alone = u.path == NO_OUTPUT and u.rectifier == RECTIFIER_OFF and not u.shutdown
    return usable and alone and has_charge(u) and not can_carry(r, u)


def watch_source(
    u: UpsState, t_s: float, source_pu: float, *, bypass_lost: bool, fault_behind: bool, off_pu: float
) -> None:
    """Notes whether the rectifier and the bypass can use what is at the input. off_pu: of its frequency.

    fault_behind: more than any load flows through its bypass, which therefore holds, however low that pulls the voltage:
    the inverter would have less to clear it with.
    """
    in_hz = in_window(off_pu, was=u.source_ok, beyond_pu=RECTIFIER_HZ_PU, again_pu=RECTIFIER_GOOD_HZ_PU)
    if not u.source_ok:
        u.source_ok = in_hz and RECTIFIER_GOOD_LOW_PU <= source_pu <= RECTIFIER_GOOD_HIGH_PU
    elif in_hz and RECTIFIER_LOW_PU <= source_pu <= RECTIFIER_HIGH_PU:
        u.outside_s = NEVER_S
    else:
        u.outside_s = min(u.outside_s, t_s)
        if not in_hz or source_pu < HOLD_LOW_PU or t_s >= u.outside_s + RECTIFIER_HOLD_S:
            u.source_ok = False
            u.outside_s = NEVER_S
    healthy = (fault_behind or BYPASS_LOW_PU <= source_pu <= BYPASS_HIGH_PU) and not bypass_lost
    if healthy != u.bypass_ok:
        u.bypass_ok = healthy
        u.bypass_since_s = t_s


def run_rectifier(u: UpsState, c: Calibration, t_s: float, *, may_run: bool) -> None:
    """OFF -> WAITING -> WALKING in -> ON; off at once when its input goes."""
    if not may_run:
        u.rectifier = RECTIFIER_OFF
        return
    if u.rectifier == RECTIFIER_OFF:
        u.rectifier = WAITING
        u.rectifier_s = t_s
    if u.rectifier == WAITING and t_s >= u.rectifier_s + c.rectifier_wait_s:
        u.rectifier = WALKING
        u.rectifier_s = t_s
        u.piece = 0
    walk_in(u, c, t_s)


def walk_in(u: UpsState, c: Calibration, t_s: float) -> None:
    """The steps that a rectifier has taken by now on its way in."""
    while u.rectifier == WALKING and t_s >= u.rectifier_s + (u.piece + 1) * c.walk_in_s / PIECES:
        u.piece += 1
        if u.piece == PIECES:
            u.rectifier = RECTIFIER_ON


def overload_now(u: UpsState, t_s: float) -> float:
    return min(1.0, max(0.0, u.overload + u.overload_rate * (t_s - u.overload_since_s)))


def watch_overload(u: UpsState, c: Calibration, t_s: float, load_pct: float) -> bool:
    """Runs the inverter's overload integral; full, it asks for the bypass until the load has been calm a while. Whether an
    overload or a calm begins now."""
    begins, rate = False, 0.0
    if load_pct <= c.overload_1_pct:
        rate = -1.0 / OVERLOAD_RESET_S
    elif u.path == INVERTER:
        rate = 1.0 / overload_s(c, load_pct)
    if u.path == INVERTER and not u.overloaded and t_s >= overload_full_s(u):
        u.overloaded = True
        u.overload = 1.0
        u.overload_since_s = u.turned_s = t_s
        rate = 0.0
    if rate != u.overload_rate:
        begins = rate > 0.0 >= u.overload_rate
        u.overload = overload_now(u, t_s)
        u.overload_rate = rate
        u.overload_since_s = t_s
    if load_pct > c.overload_1_pct or not u.overloaded:
        u.calm_s = NEVER_S
    elif u.calm_s == NEVER_S:
        u.calm_s = t_s
        begins = True
    if t_s >= u.calm_s + c.overload_calm_s:
        u.overloaded = False
        u.calm_s = NEVER_S
        u.turned_s = t_s
    return begins


def overload_full_s(u: UpsState) -> float:
    if u.overload_rate <= 0.0:
        return NEVER_S
    return u.overload_since_s + (1.0 - u.overload) / u.overload_rate


def output_path(r: UpsPlan, u: UpsState, c: Calibration, t_s: float, *, usable: bool, bypass_closed: bool) -> int:
    """Which way the output is fed now. Sets shutdown where an overload finds no healthy bypass.

    usable: present, not off, no fault. bypass_closed: its breaker is.

    In eco mode the grid goes past the inverter while the bypass is healthy, and the inverter takes over where it is
    not: in 2 to 10 ms by data sheets, less than the 20 ms that ITIC lets a supply ride through, so it is no step of its
    own here. The maintenance bypass asks nothing of the UPS, which may be faulted or out; what lies before it counts.
    """
    if u.handle == HANDLE_SERVICE:
        return BYPASS if usable else NO_OUTPUT
    # Back in eco from its battery it first walks the load in by its rectifier, so that no set sees it at one step.
    eco = u.handle == HANDLE_ECO and (u.path != INVERTER or u.rectifier == RECTIFIER_ON)
    asked = u.handle == HANDLE_BYPASS or eco
    if not usable or u.shutdown:
        return NO_OUTPUT
    bypass = u.bypass_ok and bypass_closed and (u.path == BYPASS or t_s >= u.bypass_since_s + c.bypass_good_s)
    carried = can_carry(r, u)
    # A rectifier at its limit leans on the battery; with that empty it cannot carry the load any more.
    starved = u.path == INVERTER and not has_charge(u) and u.discharge_kw > 0.0
    if starved and u.rectifier == RECTIFIER_ON:
        u.overloaded = True
    if (asked or u.overloaded) and bypass:
        return BYPASS
    if u.overloaded:
        u.shutdown = True
        return NO_OUTPUT
    if carried:
        return INVERTER
    # Empty with its input breaker tripped: the bypass is all that is left.
    return BYPASS if bypass and u.rectifier == RECTIFIER_OFF and u.source_ok else NO_OUTPUT


def ups_due_s(r: UpsPlan, u: UpsState, c: Calibration, t_s: float) -> float:
    """The next instant at which something in this UPS changes by itself."""
    due = min(overload_full_s(u) if u.path == INVERTER and not u.overloaded else NEVER_S, u.calm_s + c.overload_calm_s)
    due = min(due, u.outside_s + RECTIFIER_HOLD_S)
    if u.rectifier == WAITING:
        due = min(due, u.rectifier_s + c.rectifier_wait_s)
    elif u.rectifier == WALKING:
        due = min(due, u.rectifier_s + (u.piece + 1) * c.walk_in_s / PIECES)
    if u.bypass_ok and u.path != BYPASS and u.bypass_since_s + c.bypass_good_s > t_s:
        due = min(due, u.bypass_since_s + c.bypass_good_s)
    if u.energy_kw > 0.0:
        due = min(due, energy_at_s(u, 0.0))
        if not u.low:
            due = min(due, energy_at_s(u, LOW_BATTERY * r.battery_kwh))
    elif u.energy_kw < 0.0:
        due = min(due, energy_at_s(u, r.battery_kwh))
    return due
