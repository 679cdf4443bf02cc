"""The generator: a regulated voltage at its terminals, an engine that must be cranked, and fuel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from winter_river.engine.equipment.alternator import swing_due_s
from winter_river.engine.equipment.coolant import is_too_hot, too_hot_s
from winter_river.engine.equipment.generator_engine import CLASSES, oil_trips, overspeeds, run_out_s, stalls
from winter_river.engine.equipment.table import POWER_KVA_MAX, VOLTAGE_V_MAX, Equipment, Rating
from winter_river.engine.units import ALWAYS_S, HOUR_S, NEVER_S

if TYPE_CHECKING:
    from winter_river.engine.calibration import Calibration

GENERATOR = Equipment(
    type="generator",
    ratings=(
        Rating("power_kw", None, 0.1, POWER_KVA_MAX, "nameplate, standby"),
        Rating("power_kva", None, 0.1, POWER_KVA_MAX, "nameplate, standby"),
        Rating("voltage_v", None, 100.0, VOLTAGE_V_MAX, "nameplate, line to line"),
        Rating("frequency_hz", 60.0, 45.0, 65.0, "chosen: North America"),
        Rating("poles", 4.0, 2.0, 64.0, "chosen: 1800 rpm at 60 Hz, usual for standby sets"),
        Rating("droop_pct", 0.0, 0.0, 10.0, "chosen: 0, isochronous, as a set that runs alone"),
        Rating("step_class", 1.0, 0.0, 2.0, "chosen: ISO 8528-5 class G2, usual for standby sets", CLASSES),
        Rating("step_kw_max", 0.0, 0.0, POWER_KVA_MAX, "chosen: 0, nothing stated; a larger step of load stalls it"),
        Rating("transient_reactance_pct", 18.0, 1.0, 60.0, "chosen: X'd of 12 to 25 % on data sheets of alternators"),
        Rating("voltage_recovery_s", 1.5, 0.1, 10.0, "chosen: makers state 1.5 to 3 s; ISO 8528-5 allows class G2 6 s"),
        Rating("run_h_max", 0.0, 0.0, 100000.0, "chosen: 0, nothing stated; then it stops by itself"),
        Rating("fuel_gal", 800.0, 0.1, 1e6, "chosen: about 25 h at 75 % of 600 kW, US gallons"),
    ),
    feeds_min=0,
    feeds_max=0,
    fed_by=(),
)

STANDBY, CRANKING, RESTING, RUNNING, COOLDOWN, LOCKOUT, DRY = range(7)
CRANKS_MAX = 3  # NFPA 110: three cranks, then overcrank
AUTO, RUN, OFF = range(3)  # handle
FAIL_TO_START, HEATER_LOST = 2, 32  # bits of its malfunctions; bit 1 is the fault that stops it

# US gallons an hour at 600 kW: 13.2, 22.0, 31.5, 42.8 at 25, 50, 75, 100 %, as the approximate chart says that those who
# sell and hire sets print (BigRentz has all four, Hardy Diesel the last three). Our fit: within 0.8 %.
FUEL_OF_KW = 600.0
FUEL_FIXED_GAL_H = 5.93
FUEL_LINEAR_GAL_H = 26.8
FUEL_SQUARE_GAL_H = 10.0


@dataclass(slots=True, frozen=True)
class GeneratorPlan:
    node: int
    island: int
    power_kw: float
    frequency_hz: float
    speed_rpm: float
    fuel_gal: float
    droop_pct: float
    step_class: int  # place in generator_engine.CLASSES
    step_pu_max: float  # 0: nothing stated
    reactance_pu: float  # X'd
    recovery_s: float  # of its voltage
    run_s_max: float  # 0: nothing stated


@dataclass(slots=True)
class GeneratorState:
    mode: int = 0
    since_s: float = ALWAYS_S
    cranks: int = 0
    fuel_gal: float = 0.0
    fuel_gal_h: float = 0.0
    fuel_since_s: float = 0.0
    fuel_set_pct: float = 100.0
    refuels: int = 0
    load_kw: float = 0.0  # as of the last settling
    dip_pu: float = 0.0  # of the frequency, at dip_since_s
    dip_since_s: float = ALWAYS_S
    oil_lost_pu: float = 0.0
    over_speed_pu: float = 0.0
    leak_pu_h: float = 0.0
    start_s: float = 0.0  # of this crank
    swing: int = 0  # of the voltage (alternator.py): 0 steady, 1 swinging, 2 recovering, from 1 + swing_pu in pieces
    swing_s: float = ALWAYS_S
    swing_pu: float = 0.0
    piece: int = 0
    told: bool = True  # that it is out of its class
    inner_pu: float = 1.0  # behind its transient reactance, and at its terminals, as of the last settling
    terminal_pu: float = 1.0
    coolant_c: float = 0.0  # as of coolant_since_s, running to coolant_end_c (coolant.py)
    coolant_end_c: float = 0.0
    coolant_tau_s: float = 0.0
    coolant_since_s: float = 0.0
    cooling_lost_pu: float = 0.0
    machine_due_s: float = NEVER_S
    due_s: float = NEVER_S


def fuel_gal_h(power_kw: float, rated_kw: float) -> float:
    """US gallons an hour of a running set; another size burns in proportion."""
    x = power_kw / rated_kw
    return rated_kw / FUEL_OF_KW * (FUEL_FIXED_GAL_H + FUEL_LINEAR_GAL_H * x + FUEL_SQUARE_GAL_H * x * x)


NO_PROTECTION, LOW_OIL, OVER_SPEED, STALL, MAX_RUN, TOO_HOT, SHORTED = range(7)


def protection_of(r: GeneratorPlan, g: GeneratorState, t_s: float, power_kw: float) -> int:
    """What would stop it while it runs. power_kw: what it delivers now."""
    if oil_trips(g.oil_lost_pu):
        return LOW_OIL
    if overspeeds(g.over_speed_pu):
        return OVER_SPEED
    if stalls((power_kw - g.load_kw) / r.power_kw, r.step_pu_max):
        return STALL
    if is_too_hot(g, t_s):
        return TOO_HOT
    return MAX_RUN if g.mode == RUNNING and t_s >= run_out_s(g.since_s, r.run_s_max) else NO_PROTECTION


def generator_makes_voltage(g: GeneratorState) -> bool:
    return g.mode == RUNNING or g.mode == COOLDOWN


def fuel_now_gal(g: GeneratorState, t_s: float) -> float:
    return max(0.0, g.fuel_gal - g.fuel_gal_h * (t_s - g.fuel_since_s) / HOUR_S)


def burn(g: GeneratorState, gal_h: float, t_s: float) -> None:
    """From now on it burns gal_h."""
    if gal_h != g.fuel_gal_h:
        g.fuel_gal = fuel_now_gal(g, t_s)
        g.fuel_gal_h = gal_h
        g.fuel_since_s = t_s


def fuel_out_s(g: GeneratorState) -> float:
    """The instant the tank is empty at this rate."""
    return g.fuel_since_s + g.fuel_gal / g.fuel_gal_h * HOUR_S if g.fuel_gal_h > 0.0 else NEVER_S


def generator_mode(
    g: GeneratorState,
    c: Calibration,
    t_s: float,
    *,
    usable: bool,
    wanted: bool,
    can_start: bool,
    fuel: bool,
    protected: bool,
) -> int:
    """The mode this instant asks for; one move at a time, the caller asks again.

    usable: present, not off, no fault. wanted: by its handle or by a switchgear. can_start: no fail_to_start.
    protected: something stops it if it runs (protection_of).
    """
    if protected and generator_makes_voltage(g):
        return LOCKOUT
    if g.mode == LOCKOUT:
        return LOCKOUT  # overcrank, oil, speed: only a reset clears it
    if not usable:
        return STANDBY
    if not fuel:
        return DRY if g.mode != STANDBY or wanted else STANDBY
    if g.mode == DRY:
        return STANDBY
    if g.mode == STANDBY:
        return CRANKING if wanted else STANDBY
    if g.mode == CRANKING:
        if not wanted:
            return STANDBY
        if can_start and t_s >= g.since_s + g.start_s:
            return RUNNING
        if t_s >= g.since_s + c.crank_s:
            return RESTING if g.cranks < CRANKS_MAX else LOCKOUT
        return CRANKING
    if g.mode == RESTING:
        if not wanted:
            return STANDBY
        return CRANKING if t_s >= g.since_s + c.rest_s else RESTING
    if g.mode == RUNNING:
        return RUNNING if wanted else COOLDOWN
    if wanted:
        return RUNNING  # an outage during the cool-down finds the set warm and turning
    return STANDBY if t_s >= g.since_s + c.cooldown_s else COOLDOWN


def machine_due_s(r: GeneratorPlan, g: GeneratorState) -> float:
    """The next instant at which its voltage changes by itself, or it gets too hot."""
    if not generator_makes_voltage(g):
        return NEVER_S
    return min(swing_due_s(r, g), too_hot_s(g))


def generator_due_s(r: GeneratorPlan, g: GeneratorState, c: Calibration, t_s: float) -> float:
    """The next instant at which the mode may change by itself."""
    if g.mode == CRANKING:
        start = g.since_s + g.start_s
        return min(start, g.since_s + c.crank_s) if start > t_s else g.since_s + c.crank_s
    if g.mode == RESTING:
        return g.since_s + c.rest_s
    if g.mode == RUNNING:
        return min(fuel_out_s(g), run_out_s(g.since_s, r.run_s_max))
    if g.mode == COOLDOWN:
        return min(g.since_s + c.cooldown_s, fuel_out_s(g))
    return NEVER_S
