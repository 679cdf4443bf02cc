"""The two kinds of transfer beside the switchgear's own: the static switch and the automatic transfer switch.

A static transfer switch (STS) changes over between two live sources within a quarter of a cycle, without the load
noticing, but never onto a fault behind itself: an overcurrent locks it where it is. An automatic transfer switch
(ATS) is a mechanical changeover: break before make with a gap that its load sees.
"""

from __future__ import annotations

STS_GAP_S = 0.004  # a quarter of a cycle; makers state 4 ms
ATS_GAP_S = 0.15  # chosen: inside the 50 to 200 ms of makers
FAULT_PU = 1.5  # chosen: a current above this multiple of its rating is a fault behind it, not a load
SYNC_VOLTAGE_PU, SYNC_HZ, SYNC_DEG = 0.10, 0.5, 3.0  # UFGS 26 33 53: the window inside which sources are in step
CLOSED_OVERLAP_S = 0.1  # NFPA 110, UL 1008: a closed transition overlaps for at most 100 ms


def sts_target(
    position: int, preferred: int, first_ok: bool, second_ok: bool, current_pu: float, retransfer: bool
) -> int:
    """Where a static switch goes now: 1 or 2, its position where it may not move.

    current_pu: of its rating, before this instant. retransfer: the preferred source has been good for long enough.
    """
    if current_pu > FAULT_PU:
        return position  # the fault is behind it: taking it to the healthy source would lose both
    here_ok = first_ok if position == 1 else second_ok
    other = 3 - position
    other_ok = second_ok if position == 1 else first_ok
    if not here_ok:
        return other if other_ok else position
    return other if other == preferred and other_ok and retransfer else position


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


def tap_ratio(position: int, step_pct: float) -> float:
    """The secondary voltage of a transformer by its off-circuit tap, in its nominal one. position: 0 in the middle,
    positive raises the secondary."""
    return 1.0 + position * step_pct / 100.0
