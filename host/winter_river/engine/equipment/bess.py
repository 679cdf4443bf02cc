"""The battery storage of a site: what it may give and take, how full it gets, how warm.

It follows the grid: it works only while a utility drives its bus inside the band of following.py, and is no source of
its own. Power is positive while it charges, as a load's, and negative while it feeds the site. Half of the round-trip
loss falls on each way (its square root), so stored energy falls by more than is given and rises by less than is taken.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from winter_river.engine.equipment.table import (
    POWER_KVA_MAX,
    Combination,
    Equipment,
    Rating,
    breaker_ratings,
    feed_ratings,
)
from winter_river.engine.exponential import reach_s, value_after
from winter_river.engine.units import HOUR_S, NEVER_S

ROUND_TRIP = 0.88  # chosen: lithium-ion with its inverter, AC to AC; NREL ATB takes 0.85
RISE_K = 10.0  # chosen: above its surroundings at full discharge, held by its own cooling
UNCOOLED = 4.0  # chosen: without any of its cooling it rises so many times as far, in between in proportion
HEAT_TAU_S = 3600.0  # chosen: cells and racks follow within an hour
DERATE_C, STOP_C = 45.0, 55.0  # chosen: full power up to the first, none from the second on
STEPS = 10  # chosen: its power falls by a tenth a degree between them, and rises again a degree lower: no chatter
NEAR_K = 1e-6  # chosen: instants are sums of floats: at the one of a crossing the level counts as reached
HANDLE_HOLD = 1


def _combinations(ratings: Mapping[str, float]) -> tuple[Combination, ...]:
    low, high, asked = -ratings["discharge_kw_max"], ratings["charge_kw_max"], ratings["setpoint_kw"]
    if not low <= asked <= high:
        return (("setpoint_kw", f"{asked:g} kW is beyond what it may give or take, {low:g} to {high:g} kW"),)
    return ()


BESS = Equipment(
    type="bess",
    ratings=(
        Rating("capacity_kwh", None, 0.001, 1e6, "nameplate: what may be used of its cells"),
        Rating("charge_kw_max", None, 0.1, POWER_KVA_MAX, "nameplate"),
        Rating("discharge_kw_max", None, 0.1, POWER_KVA_MAX, "nameplate"),
        Rating("reserve_pct", 10.0, 0.0, 100.0, "chosen: of its capacity, which it does not give away"),
        Rating("begin_soc_pct", 50.0, 0.0, 100.0, "chosen: half full at the start, so that it can go both ways"),
        Rating("round_trip_efficiency", ROUND_TRIP, 0.1, 1.0, "chosen: with its inverter; NREL ATB takes 0.85"),
        Rating("setpoint_kw", 0.0, -POWER_KVA_MAX, POWER_KVA_MAX, "chosen: idle until told; positive charges"),
        *breaker_ratings(),
        *feed_ratings("feed", "the cable to it"),
    ),
    feeds_min=1,
    feeds_max=1,
    fed_by=("utility", "transformer", "switchgear", "distribution", "meter"),
    combinations=_combinations,
)


@dataclass(slots=True, frozen=True)
class BessPlan:
    """floor_kwh: its reserve; begin_kwh: at the start; way: one-way efficiency; rise_k_kw: degrees a kW of loss."""

    node: int
    follower: int
    capacity_kwh: float
    floor_kwh: float
    begin_kwh: float
    charge_kw_max: float
    discharge_kw_max: float
    setpoint_kw: float
    profile: int
    way: float
    rise_k_kw: float
    rated_pu: float


@dataclass(slots=True)
class BessState:
    """power_kw: positive while it charges. drain_kw: what leaves its cells, since energy_since_s.

    edge_s: when it is at its reserve or full at this rate. cells_c: as of cells_since_s, running to cells_end_c.
    heat_steps: tenths of its power that its temperature takes; heat_s: when that changes.
    """

    setpoint_kw: float = 0.0
    limit_pu: float = 0.0
    cooling_lost_pu: float = 0.0
    power_kw: float = 0.0
    loss_kw: float = 0.0
    energy_kwh: float = 0.0
    drain_kw: float = 0.0
    energy_since_s: float = 0.0
    edge_s: float = NEVER_S
    cells_c: float = 0.0
    cells_end_c: float = 0.0
    cells_since_s: float = 0.0
    heat_steps: int = 0
    heat_s: float = NEVER_S


def derate_pu(temperature_c: float) -> float:
    """The share of its power that its temperature allows."""
    if temperature_c <= DERATE_C:
        return 1.0
    return 0.0 if temperature_c >= STOP_C else (STOP_C - temperature_c) / (STOP_C - DERATE_C)


def allowed_kw(r: BessPlan, wanted_kw: float, energy_kwh: float, share_pu: float) -> float:
    """What it does of what is wanted: inside its limits, nothing more out at its reserve, nothing more in when full.

    share_pu: of its limits, that heat and malfunctions leave.
    """
    if wanted_kw < 0.0:
        return 0.0 if energy_kwh <= r.floor_kwh else max(wanted_kw, -r.discharge_kw_max * share_pu)
    return 0.0 if energy_kwh >= r.capacity_kwh else min(wanted_kw, r.charge_kw_max * share_pu)


def drain_kw(power_kw: float, way: float) -> float:
    """What leaves its cells (negative: what arrives there) at this power at its terminals. way: one-way efficiency."""
    return -power_kw / way if power_kw < 0.0 else -power_kw * way


def loss_kw(power_kw: float, way: float) -> float:
    """What turns into heat on the way."""
    return drain_kw(power_kw, way) + power_kw


def energy_now_kwh(r: BessPlan, s: BessState, t_s: float) -> float:
    return min(r.capacity_kwh, max(0.0, s.energy_kwh - s.drain_kw * (t_s - s.energy_since_s) / HOUR_S))


def temperature_now_c(s: BessState, t_s: float) -> float:
    return value_after(s.cells_c, s.cells_end_c, HEAT_TAU_S, t_s - s.cells_since_s)


def reach_edge(r: BessPlan, s: BessState, t_s: float) -> bool:
    """Stands exactly at its reserve or full once the instant has come; True then."""
    if t_s < s.edge_s:
        return False
    s.energy_kwh = r.floor_kwh if s.drain_kw > 0.0 else r.capacity_kwh
    s.drain_kw, s.energy_since_s, s.edge_s = 0.0, t_s, NEVER_S
    return True


def store(r: BessPlan, s: BessState, t_s: float) -> None:
    """From now on its energy goes with the power it has, up to its edge."""
    s.loss_kw = loss_kw(s.power_kw, r.way)
    drain = drain_kw(s.power_kw, r.way)
    if drain == s.drain_kw:
        return
    s.energy_kwh = energy_now_kwh(r, s, t_s)
    s.drain_kw, s.energy_since_s = drain, t_s
    s.edge_s = NEVER_S
    if drain > 0.0:
        s.edge_s = t_s + max(0.0, s.energy_kwh - r.floor_kwh) / drain * HOUR_S
    elif drain < 0.0:
        s.edge_s = t_s + max(0.0, r.capacity_kwh - s.energy_kwh) / -drain * HOUR_S


def watch_heat(s: BessState, t_s: float) -> None:
    """How many tenths of its power its temperature takes now."""
    cells_c = temperature_now_c(s, t_s)
    while s.heat_steps < STEPS and cells_c >= DERATE_C + s.heat_steps + 1.0 - NEAR_K:
        s.heat_steps += 1
    while s.heat_steps > 0 and cells_c <= DERATE_C + s.heat_steps - 1.0 + NEAR_K:
        s.heat_steps -= 1


def warm(r: BessPlan, s: BessState, t_s: float, ambient_c: float) -> None:
    """From now on its cells run to where its loss holds them; says when that takes or gives back a tenth."""
    rise_k = r.rise_k_kw * s.loss_kw
    end_c = ambient_c + rise_k * (1.0 + (UNCOOLED - 1.0) * s.cooling_lost_pu)
    if end_c != s.cells_end_c:
        s.cells_c = temperature_now_c(s, t_s)
        s.cells_end_c, s.cells_since_s = end_c, t_s
    rising = s.cells_end_c > s.cells_c
    step = 1.0 if rising else -1.0
    level_c = DERATE_C + s.heat_steps + step
    s.heat_s = NEVER_S
    if (rising and s.heat_steps < STEPS) or (not rising and s.heat_steps > 0):
        s.heat_s = s.cells_since_s + reach_s(s.cells_c, s.cells_end_c, HEAT_TAU_S, level_c)


def one_way(round_trip: float) -> float:
    return math.sqrt(round_trip)


def rise_k_kw(discharge_kw_max: float, way: float) -> float:
    """Degrees a kW of loss, from RISE_K at full discharge; 0 where nothing is lost."""
    lost_kw = loss_kw(-discharge_kw_max, way)
    return RISE_K / lost_kw if lost_kw > 0.0 else 0.0
