"""The battery storage of a site: what it may give and take, how full it gets, how warm.

Power is positive while it feeds the site. Half of the round-trip loss falls on each way (its square root), so stored
energy falls by more than is given and rises by less than is taken.
"""

from __future__ import annotations

import math

from winter_river.engine.units import NEVER_S

ROUND_TRIP = 0.88  # chosen: lithium-ion with its inverter, AC to AC; NREL ATB takes 0.85
LOSS_RISE_K_KW = 0.5  # chosen: 10 K above its surroundings at 20 kW of loss, held by its own cooling
HEAT_TAU_S = 3600.0  # chosen: cells and racks follow within an hour
DERATE_C, STOP_C = 45.0, 55.0  # chosen: full power up to the first, none from the second on


def one_way(round_trip: float) -> float:
    return math.sqrt(round_trip)


def derate_pu(temperature_c: float) -> float:
    """The share of its power that its temperature allows."""
    if temperature_c <= DERATE_C:
        return 1.0
    return 0.0 if temperature_c >= STOP_C else (STOP_C - temperature_c) / (STOP_C - DERATE_C)


def allowed_kw(
    wanted_kw: float,
    charge_kw_max: float,
    discharge_kw_max: float,
    energy_kwh: float,
    capacity_kwh: float,
    floor_kwh: float,
) -> float:
    """What it does of what is wanted: inside its limits, nothing more out at its reserve, nothing more in when full."""
    if wanted_kw > 0.0:
        return 0.0 if energy_kwh <= floor_kwh else min(wanted_kw, discharge_kw_max)
    return 0.0 if energy_kwh >= capacity_kwh else max(wanted_kw, -charge_kw_max)


def drain_kw(power_kw: float, round_trip: float) -> float:
    """What leaves the store (negative: what arrives in it) at this power at its terminals."""
    way = one_way(round_trip)
    return power_kw / way if power_kw > 0.0 else power_kw * way


def loss_kw(power_kw: float, round_trip: float) -> float:
    """What turns into heat on the way."""
    return drain_kw(power_kw, round_trip) - power_kw


def due_s(energy_kwh: float, drain: float, floor_kwh: float, capacity_kwh: float) -> float:
    """Seconds until it is at its reserve or full at this rate."""
    if drain > 0.0:
        return max(0.0, energy_kwh - floor_kwh) / drain * 3600.0
    if drain < 0.0:
        return max(0.0, capacity_kwh - energy_kwh) / -drain * 3600.0
    return NEVER_S


def heat_end_c(ambient_c: float, loss: float) -> float:
    """Where its temperature ends at this loss in kW."""
    return ambient_c + LOSS_RISE_K_KW * loss
