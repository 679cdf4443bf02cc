"""The battery of a UPS: what is in it and when that runs out, what it loses inside, and what age has left of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from winter_river.engine.equipment.battery import drain_kw
from winter_river.engine.units import HOUR_S, NEVER_S

if TYPE_CHECKING:
    from winter_river.engine.equipment.ups import UpsPlan, UpsState

LOW_BATTERY = 0.20  # chosen: the alarm of most makers
COLD_START = LOW_BATTERY  # chosen: below it a UPS does not start from its battery alone, which it would only empty
LEFT_PU_MIN = 0.01  # chosen: an aged battery gives a hundredth at least, so that runtimes stay finite


def energy_now_kwh(u: UpsState, capacity_kwh: float, t_s: float) -> float:
    return min(capacity_kwh, max(0.0, u.energy_kwh - u.energy_kw * (t_s - u.energy_since_s) / HOUR_S))


def energy_at_s(u: UpsState, level_kwh: float) -> float:
    """The instant the stored energy passes a level at the present rate; NEVER_S where it moves away from it."""
    way_kwh = u.energy_kwh - level_kwh
    if u.energy_kw == 0.0 or way_kwh * u.energy_kw < 0.0:
        return NEVER_S
    return u.energy_since_s + way_kwh / u.energy_kw * HOUR_S


def watch_battery(u: UpsState, capacity_kwh: float, t_s: float) -> bool:
    """Puts the stored energy exactly on full or empty at the instant it gets there; True at that instant."""
    level_kwh = 0.0 if u.energy_kw > 0.0 else capacity_kwh
    if u.energy_kw == 0.0 or t_s < energy_at_s(u, level_kwh):
        return False
    u.energy_kwh = level_kwh
    u.energy_kw = 0.0
    u.energy_since_s = t_s
    return True


def is_low(u: UpsState, capacity_kwh: float, t_s: float) -> bool:
    level_kwh = LOW_BATTERY * capacity_kwh
    return u.discharge_kw > 0.0 and (u.energy_kwh <= level_kwh or t_s >= energy_at_s(u, level_kwh))


def inside_kw(r: UpsPlan, u: UpsState, discharge_kw: float, worn_pu: float) -> float:
    """What the battery loses inside beyond its terminals: emptied faster than its capacity is stated for, or aged.

    Booked as a loss of its own, so that energy stays conserved.
    """
    given_pu = max(LEFT_PU_MIN, (1.0 - u.battery_lost_pu) * (1.0 - worn_pu))
    return drain_kw(discharge_kw, r.battery_kw, r.battery_exponent, r.battery_offset_pu) / given_pu - discharge_kw


def worn_now_pu(r: UpsPlan, t_s: float) -> float:
    """The share of its capacity at the start that a battery has lost by age since."""
    return min(1.0 - LEFT_PU_MIN, r.fade_pu_h * t_s / HOUR_S)


def aged_h(r: UpsPlan, t_s: float) -> float:
    """The hours at 25 degrees C that it has aged by since the start."""
    return t_s / HOUR_S * r.ageing


def health_pu(r: UpsPlan, u: UpsState, t_s: float) -> float:
    """The capacity of a battery now as a share of a new one's: its age, and its malfunction."""
    return r.begin_pu * (1.0 - worn_now_pu(r, t_s)) * (1.0 - u.battery_lost_pu) if u.battery_ok else 0.0
