"""The battery of a UPS: what it loses inside while it gives, and what age has left of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from winter_river.engine.equipment.battery import drain_kw
from winter_river.engine.units import HOUR_S

if TYPE_CHECKING:
    from winter_river.engine.equipment.ups import UpsPlan, UpsState

LEFT_PU_MIN = 0.01  # chosen: an aged battery gives a hundredth at least, so that runtimes stay finite


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
