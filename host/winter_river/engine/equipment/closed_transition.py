"""Make before break: a transfer switch that may, joins two live sources for a moment, so that its load sees no gap.

Only where both are good and in step: so alike in voltage, frequency and phase that joining them moves next to nothing.
A set that droops is hardly ever in step, which is why its governor must be isochronous. Two sources drift by each other
by their slip, so one waits until they meet; with no meeting within a while it opens as a plain switch does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from winter_river.engine.units import NEVER_S

if TYPE_CHECKING:
    from winter_river.engine.equipment.switchgear import TransferState

# What such switches have (wynx.com on transfer switches; Cummins, Power topic 5823, on why): 5 %, 0.2 Hz, 5 electrical
# degrees. Eaton's ATC-900 takes 1 to 5 %, 0 to 0.3 Hz and, with a generator, 5 degrees. For comparison only: IEEE
# 1547-2018 (4.10, table 5, as notes on it quote) synchronises 500 to 1500 kVA within 5 %, 0.2 Hz, 15 degrees.
SYNC_VOLTAGE_PU, SYNC_HZ, SYNC_DEG = 0.05, 0.2, 5.0

# Cummins on its OTPC (directindustry.com, 12525-2021957): both sources for 100 ms or less. Thomson's TSC 900 (manual,
# 5.11) holds a fast transfer to the same.
OVERLAP_S_MAX = 0.1
OVERLAP_S = 0.08  # chosen: inside it, as mechanisms need five cycles of 60 Hz
MEET_S = 5.0  # chosen: half a turn of phase at a slip of 0.1 Hz; two utilities are one grid, and have met
WAIT_S = 30.0  # chosen: then it falls back to open transition, as controllers do on failure to synchronise

WAITS, OVERLAPS, OPENS = range(3)


def in_step(voltage_difference_pu: float, frequency_difference_hz: float, angle_difference_deg: float) -> bool:
    """Whether two sources may be connected to each other."""
    return (
        abs(voltage_difference_pu) <= SYNC_VOLTAGE_PU
        and abs(frequency_difference_hz) <= SYNC_HZ
        and abs(angle_difference_deg) <= SYNC_DEG
    )


def may_overlap(allowed: bool, both_ok: bool, stepped: bool) -> bool:
    """Whether a transfer may make before it breaks: configured so, both sources good and in step."""
    return allowed and both_ok and stepped


def how_to_leave(x: TransferState, t_s: float, *, closed: bool, both_ok: bool, stepped: bool, generator: bool) -> int:
    """How a transfer leaves its source now: overlapping, not yet, or open. Notes since when it waits.

    closed: configured so. stepped: in_step. generator: one of the two is a set, whose phase has to be waited for.
    """
    if not closed or not both_ok:
        x.sync_s = NEVER_S
        return OPENS
    if x.sync_s == NEVER_S:
        x.sync_s = t_s
    if may_overlap(closed, both_ok, stepped) and t_s >= x.sync_s + (MEET_S if generator else 0.0):
        x.sync_s = NEVER_S
        return OVERLAPS
    if t_s < x.sync_s + WAIT_S:
        return WAITS
    x.sync_s = NEVER_S
    return OPENS


def overlap_due_s(x: TransferState, t_s: float) -> float:
    """The next instant at which a wait or an overlap runs out, NEVER_S where there is none."""
    for at_s in (x.sync_s + MEET_S, x.sync_s + WAIT_S):
        if t_s < at_s:
            return at_s
    return NEVER_S
