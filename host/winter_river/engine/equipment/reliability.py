"""How often each type fails and how long its repair takes: the rows that a study of availability reads.

The physics never looks at them. They are ratings like the others, so that a facility file states its own figures
in the same place and by the same rules. Each source begins with its standing: S read in the named source, M from
memory and to be checked, C chosen. None of it claims to agree with the Gold Book (IEEE 493).
"""

from __future__ import annotations

from collections.abc import Mapping

from winter_river.engine.equipment.table import Rating

FAILURES_PER_YEAR_MAX = 1000.0  # chosen: about three a day; more is no equipment
REPAIR_H_MIN, REPAIR_H_MAX = 0.001, 87_600.0  # chosen: a few seconds to ten years


def _rate(name: str, default: float, source: str) -> Rating:
    return Rating(name, default, 0.0, FAILURES_PER_YEAR_MAX, source)


def _repair(name: str, default: float, source: str) -> Rating:
    return Rating(name, default, REPAIR_H_MIN, REPAIR_H_MAX, source)


def _ratio(name: str, default: float, source: str) -> Rating:
    return Rating(name, default, 0.0, 1.0, source)


_BUS = (
    _rate("failures_per_year", 0.0052, "C: a switchgear bus, after INL"),
    _repair("repair_h", 24.0, "C: a switchgear bus, after INL"),
)
_MOULDED_CASE = (
    _rate("breaker_failures_per_year", 0.0052, "M: IEEE 493, a moulded-case breaker"),
    _repair("breaker_repair_h", 5.8, "M: IEEE 493, a moulded-case breaker"),
)
_TRANSFER = (
    _ratio("transfer_failure_ratio", 0.001, "C: of the demands, with two sources"),
    _repair("transfer_repair_h", 4.0, "C: with two sources"),
)

RATES: Mapping[str, tuple[Rating, ...]] = {
    "utility": (
        _rate("failures_per_year", 0.2, "C: between EIA 2023 (1.02 a year, 2.02 h: S) and INL (0.025 a year)"),
        _repair("repair_h", 1.5, "C: between EIA 2023 (1.02 a year, 2.02 h: S) and INL (0.025 a year)"),
    ),
    "transformer": (
        _rate("failures_per_year", 0.0059, "M: IEEE 493"),
        _repair("repair_h", 297.0, "M: IEEE 493"),
    ),
    "switchgear": (
        *_BUS,
        _rate("breaker_failures_per_year", 0.0027, "M: IEEE 493, a drawout breaker"),
        _repair("breaker_repair_h", 147.0, "M: IEEE 493, a drawout breaker"),
        *_TRANSFER,
    ),
    "generator": (
        _ratio("fail_to_start_ratio", 0.0094, "S: NREL REopt, of the demands"),
        Rating("run_h_to_failure", 1100.0, 0.0, 1e6, "S: NREL REopt, mean running time; 0: it never fails running"),
        Rating("available_ratio", 0.995, 0.5, 1.0, "S: NREL REopt, of the time, before it is asked"),
        _repair("repair_h", 24.0, "C: of every failure of the set"),
    ),
    "distribution": (*_BUS, *_MOULDED_CASE, *_TRANSFER),
    "ups": (
        _rate("failures_per_year", 0.02, "C: its output is lost"),
        _repair("repair_h", 8.0, "C: its output is lost"),
        _rate("battery_failures_per_year", 0.0035, "C: a battery string, after INL"),
        _ratio("battery_failure_ratio", 0.01, "C: a battery string, after INL, of the demands"),
        _repair("battery_repair_h", 24.0, "C: a battery string, after INL"),
    ),
    "pdu": (*_BUS, *_MOULDED_CASE, *_TRANSFER),
    "server": _MOULDED_CASE,  # the breaker of its cords; what runs behind it is not the site's to count
    "bess": (
        _rate("failures_per_year", 0.5, "C: the storage as a whole; it carries no load of its own"),
        _repair("repair_h", 24.0, "C: the storage as a whole"),
    ),
    "pv": (
        _rate("failures_per_year", 0.2, "C: its inverter; it carries no load of its own"),
        _repair("repair_h", 72.0, "C: its inverter"),
    ),
    "meter": (
        _rate("failures_per_year", 0.001, "C: its terminals and current transformers"),
        _repair("repair_h", 8.0, "C: its terminals and current transformers"),
    ),
    "cooling": (
        _rate("failures_per_year", 0.1, "C: the unit as a whole"),
        _repair("repair_h", 8.0, "C: the unit as a whole"),
    ),
}
