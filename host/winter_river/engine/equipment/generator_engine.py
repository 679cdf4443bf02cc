"""What the diesel of a set does beyond starting and burning: speed under load, load steps, oil, overspeed.

Dips of the frequency are table values of the standard, not simulated swings: they say what is seen, and whether a step
is too much. The voltage is alternator.py, the jacket water coolant.py.
"""

from __future__ import annotations

from winter_river.engine.units import NEVER_S

# ISO 8528-5, transient limits on a load step by performance class: G1, G2, G3. G2 read in a specification of sets
# (mrb78.info, 2.1: 10 %, 5 s); the 15 % of G1 and the 7 % and 3 s of G3 in what is quoted of Kohler's white paper "ISO
# 8528-5 and Generator Transient Performance". The 10 s of G1 are from memory: not found.
CLASSES = ("g1", "g2", "g3")
FREQUENCY_DIP_PU = (0.15, 0.10, 0.07)
FREQUENCY_RECOVERY_S = (10.0, 5.0, 3.0)
STEP_PU_MAX = 0.60  # chosen: a step of 60 %, as 360 of 600 kW, dips it by its table value; step_kw_max may stall it

# chosen: a little below what makers' manuals state: 70 Hz of 60 (Kohler TP-5631), 72 Hz (Generac 004920, 1.12.4) and
# 2,175 of 1,800 rpm (Westerbeke BCG), which are 117 to 121 %
OVERSPEED_TRIP_PU = 1.15
OIL_NORMAL_KPA = 400.0  # chosen: warm, at rated speed
OIL_ALARM_KPA = 200.0  # chosen: pre-alarm
# chosen: about 20 psi, as for an engine of some hundred kW; manuals of small sets have less: 55 to 68 kPa (Generac
# 004920, 1.12.1), 10 to 15 psi (Westerbeke BCG), 97 kPa (Onan DJB)
OIL_TRIP_KPA = 140.0


def governed_hz(rated_hz: float, load_pu: float, droop_pct: float) -> float:
    """The speed a governor holds: rated at full load, higher by its droop at none. 0 %: isochronous."""
    return rated_hz * (1.0 + droop_pct / 100.0 * (1.0 - load_pu))


def dip_pu(table_pu: float, step_pu: float) -> float:
    """The dip after a step of load: the class's limit at the largest step, in proportion below it.

    table_pu: FREQUENCY_DIP_PU of its class. step_pu: of rated power; 0 or less dips nothing.
    """
    return table_pu * min(1.0, max(0.0, step_pu) / STEP_PU_MAX)


def recovered(dip: float, recovery_s: float, elapsed_s: float) -> float:
    """What is left of a dip: back in a straight line within the recovery time of its class."""
    if elapsed_s >= recovery_s:
        return 0.0
    return dip * (1.0 - elapsed_s / recovery_s)


def stalls(step_pu: float, step_pu_max: float) -> bool:
    """Whether a step of load is more than the set survives. step_pu_max: 0 where none is stated."""
    return 0.0 < step_pu_max < step_pu


def oil_kpa(lost_pu: float) -> float:
    """The oil pressure of a running set. lost_pu: the share that a leak or a worn pump has taken."""
    return OIL_NORMAL_KPA * (1.0 - lost_pu)


def oil_trips(lost_pu: float) -> bool:
    return oil_kpa(lost_pu) < OIL_TRIP_KPA


def overspeeds(excess_pu: float) -> bool:
    """Whether the overspeed switch trips. excess_pu: above rated speed."""
    return 1.0 + excess_pu > OVERSPEED_TRIP_PU


def run_out_s(since_s: float, run_s_max: float) -> float:
    """The instant a set has run as long as it may. run_s_max: 0 where there is no limit."""
    return since_s + run_s_max if run_s_max > 0.0 else NEVER_S
