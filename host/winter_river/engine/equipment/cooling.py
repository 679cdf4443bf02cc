"""The cooling unit: a base load and fans whose power goes with the cube of their speed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from winter_river.engine.equipment.table import (
    POWER_KVA_MAX,
    Equipment,
    Rating,
    breaker_ratings,
    feed_ratings,
    fuse_combinations,
)
from winter_river.engine.units import ALWAYS_S, NEVER_S

if TYPE_CHECKING:
    from winter_river.engine.calibration import Calibration

DROP_OUT_PU = 0.70  # chosen: as the servers; contactors let go between 50 and 70 %
PIECES = 16  # chosen: the run-up of the fans is a staircase of 16 steps, each at its middle

COOLING = Equipment(
    type="cooling",
    ratings=(
        Rating("fans", 55.0, 1.0, 10000.0, "chosen: 29 m3/s for 384 kW at 11 K"),
        Rating("fan_kw", 0.8, 0.0, 1000.0, "chosen: each fan at full speed"),
        Rating("fan_flow_m3s", 0.53, 0.0, 1000.0, "chosen: each fan at full speed, 29 m3/s of 55"),
        Rating("base_kw", 4.0, 0.0, POWER_KVA_MAX, "chosen: pumps and controls"),
        Rating("power_factor", 0.95, 0.5, 1.0, "chosen: fans with electronic drives"),
        *breaker_ratings(fuse=True),
        *feed_ratings("feed", "the cable to it"),
    ),
    feeds_min=1,
    feeds_max=1,
    fed_by=("switchgear", "distribution", "transformer", "utility", "ups", "pdu", "meter"),
    combinations=fuse_combinations,
)


@dataclass(slots=True, frozen=True)
class CoolingPlan:
    node: int
    room: int
    fans: int
    fan_m3s: float
    fan_kw: float
    base_kw: float
    kvar_per_kw: float
    rated_pu: float


@dataclass(slots=True)
class CoolingState:
    fans_set: int = 0
    fans_lost_pu: float = 0.0
    dry_pu: float = 0.0
    load_kw: float = 0.0
    running: bool = True
    lost: bool = False
    ramp_s: float = ALWAYS_S
    piece: int = 0
    restart_s: float = NEVER_S
    due_s: float = NEVER_S


def fan_speed(m: CoolingState) -> float:
    """Speed of the fans, 0 to 1 of full speed."""
    return 1.0 if m.piece >= PIECES else (m.piece + 0.5) / PIECES


def cooling_kw(r: CoolingPlan, m: CoolingState) -> float:
    """Electrical power while running: the power of a fan goes with the cube of its speed."""
    speed = fan_speed(m)
    return r.base_kw + fans_turning(r, m) * r.fan_kw * speed * speed * speed


def fans_turning(r: CoolingPlan, m: CoolingState) -> float:
    """How many fans turn: those that are set to, less the share that is lost."""
    return min(m.fans_set, r.fans) * (1.0 - m.fans_lost_pu)


def flow_m3s(r: CoolingPlan, m: CoolingState) -> float:
    """Air while running: the flow of a fan goes with its speed."""
    return fans_turning(r, m) * r.fan_m3s * fan_speed(m)


def run_up(m: CoolingState, c: Calibration, t_s: float) -> None:
    """The steps that running fans have taken by now on their way up."""
    while m.piece < PIECES and t_s >= m.ramp_s + (m.piece + 1) * c.fan_ramp_s / PIECES:
        m.piece += 1


def run_cooling(m: CoolingState, c: Calibration, t_s: float, *, closed: bool, supplied: bool, supply_pu: float) -> None:
    """Stops when the supply is lost; fans run up again after every stop.

    closed: switched on, unfaulted, breaker closed. supplied: its feed is live; supply_pu: the voltage at it while it
    runs, in front of it while it does not.
    """
    enough = supply_pu >= DROP_OUT_PU
    if m.running and enough and closed:
        run_up(m, c, t_s)
    elif m.running:
        m.running = False
        m.lost = closed and supplied
        m.restart_s = NEVER_S
    elif enough and closed:
        if m.restart_s == NEVER_S:
            m.restart_s = t_s + (c.restart_s if m.lost else 0.0)
        if t_s >= m.restart_s:
            m.running, m.lost, m.restart_s = True, False, NEVER_S
            m.ramp_s = t_s
            m.piece = 0
    else:
        m.restart_s = NEVER_S
    m.due_s = m.restart_s
    if m.running and m.piece < PIECES:
        m.due_s = m.ramp_s + (m.piece + 1) * c.fan_ramp_s / PIECES
