"""The utility: a voltage behind the short-circuit impedance of the grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from winter_river.engine.equipment.table import VOLTAGE_V_MAX, Equipment, Rating

if TYPE_CHECKING:
    from winter_river.engine.world import NodeState

# Bits of its malfunctions, in the schema's order.
OUTAGE, SAG, SWELL, FAULT, FREQUENCY_LOW, FREQUENCY_HIGH = (1 << k for k in range(6))

# EN 50160: 1 % for 99.5 % of a year and -6 to +4 % at any time where grids are connected; an isolated one may be off by
# 15 %, which is what a severity of 1 does here.
FREQUENCY_OFF_PU_MAX = 0.15
FREQUENCY_GOOD_PU = 0.01

UTILITY = Equipment(
    type="utility",
    ratings=(
        Rating("voltage_v", None, 100.0, VOLTAGE_V_MAX, "nameplate, line to line"),
        Rating("short_circuit_mva", 5000.0, 0.1, 1e9, "chosen: a strong transmission bus; 1e9 is an infinite one"),
        Rating("x_over_r", 12.0, 0.01, 1000.0, "chosen: usual at transmission voltage"),
        Rating("frequency_hz", 60.0, 45.0, 65.0, "chosen: North America"),
    ),
    feeds_min=0,
    feeds_max=0,
    fed_by=(),
)


@dataclass(slots=True, frozen=True)
class UtilityPlan:
    node: int
    island: int
    frequency_hz: float


@dataclass(slots=True)
class UtilityState:
    """off_pu: how far its frequency is off, of the nominal one. tripped: by its own protection, until a reset."""

    sag_pu: float = 0.0
    swell_pu: float = 0.0
    off_pu: float = 0.0
    tripped: bool = False


def utility_emf(me: NodeState, u: UtilityState) -> float:
    """The voltage behind the impedance of the grid, per unit."""
    if me.handle != 0 or me.fault & (OUTAGE | FAULT) or u.tripped:
        return 0.0
    emf = 1.0
    if me.fault & SAG:
        emf -= u.sag_pu
    if me.fault & SWELL:
        emf += u.swell_pu
    return emf


def frequency_off_pu(me: NodeState, *, low: float, high: float) -> float:
    """How far the frequency is off, of the nominal one, by the severities of its two malfunctions."""
    off = 0.0
    if me.fault & FREQUENCY_LOW:
        off -= low * FREQUENCY_OFF_PU_MAX
    if me.fault & FREQUENCY_HIGH:
        off += high * FREQUENCY_OFF_PU_MAX
    return off


def in_window(off_pu: float, *, was: bool, beyond_pu: float, again_pu: float) -> bool:
    """Whether what watches a source takes its frequency: not beyond the one limit, good again inside the other."""
    return abs(off_pu) <= (beyond_pu if was else again_pu)
