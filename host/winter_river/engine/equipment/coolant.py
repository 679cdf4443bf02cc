"""The jacket water of a diesel: kept warm by a heater, held by its thermostat, too hot where its radiator fails.

One first-order lag between two changes of load or of the air, so exact at any instant (engine/exponential.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from winter_river.engine.exponential import reach_s, value_after
from winter_river.engine.units import NEVER_S

if TYPE_CHECKING:
    from winter_river.engine.equipment.generator import GeneratorState

COLD_C = 32.0  # NFPA 110, Level 1: jacket water is kept at 90 F or more
WARM_C = 40.0  # chosen: what a heater holds, a little above COLD_C as heaters are set
RUNNING_C = 85.0  # chosen: the thermostat of the cooling circuit
RADIATOR_K = 50.0  # chosen: coolant above the air at full load; makers state radiators for air of 50 C
TOO_HOT_C = 104.0  # chosen: 220 F, between the 96 C of Westerbeke's BCG and the 110 C of Generac's 004920 (1.12.2)
WARM_UP_TAU_S = 180.0  # chosen: warm after some ten minutes
COOL_DOWN_TAU_S = 3600.0  # chosen: still warm after an hour
LEFT_PU_MIN = 0.02  # chosen: without radiator the block still gives off a fiftieth, so that temperatures stay finite
COLD_START_PU_K = 0.02  # chosen: each degree below COLD_C adds 2 % to the start: 14 s in place of 8.7 s at 1 C
NEAR_K = 1e-6  # chosen: instants are sums of floats: at the one of the crossing the limit counts as reached


def coolant_now_c(g: GeneratorState, t_s: float) -> float:
    return value_after(g.coolant_c, g.coolant_end_c, g.coolant_tau_s, t_s - g.coolant_since_s)


def run_coolant(
    g: GeneratorState, t_s: float, *, running: bool, heat_pu: float, air_c: float, heater_lost: bool
) -> None:
    """Lets the coolant run on from now. heat_pu: of full load; air_c: what its radiator takes in."""
    end_c, tau_s = max(air_c, WARM_C), COOL_DOWN_TAU_S
    if running:
        left_pu = max(LEFT_PU_MIN, 1.0 - g.cooling_lost_pu)
        end_c, tau_s = air_c + RADIATOR_K * heat_pu / left_pu, WARM_UP_TAU_S / left_pu
        if end_c <= RUNNING_C:
            end_c, tau_s = RUNNING_C, WARM_UP_TAU_S  # the thermostat closes the radiator off
    elif heater_lost:
        end_c = air_c
    if end_c != g.coolant_end_c or tau_s != g.coolant_tau_s:
        g.coolant_c = coolant_now_c(g, t_s)
        g.coolant_since_s, g.coolant_end_c, g.coolant_tau_s = t_s, end_c, tau_s


def is_too_hot(g: GeneratorState, t_s: float) -> bool:
    if max(g.coolant_c, g.coolant_end_c) < TOO_HOT_C - NEAR_K:
        return False  # it runs from the one to the other
    return coolant_now_c(g, t_s) >= TOO_HOT_C - NEAR_K


def too_hot_s(g: GeneratorState) -> float:
    """The instant its switch trips it, NEVER_S where it does not get so hot."""
    wait_s = reach_s(g.coolant_c, g.coolant_end_c, g.coolant_tau_s, TOO_HOT_C)
    return g.coolant_since_s + wait_s if wait_s < NEVER_S else NEVER_S


def cold_start_s(start_s: float, coolant_c: float) -> float:
    """How long crank and run-up take: longer in a cold engine."""
    return start_s * (1.0 + COLD_START_PU_K * max(0.0, COLD_C - coolant_c))
