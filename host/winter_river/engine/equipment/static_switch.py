"""The static transfer switch (STS), beside the automatic one (ATS) that a switchgear with two feeds has otherwise.

It changes over between two live sources within a quarter of a cycle: open transition, but a gap that its load rides
through; never onto a dead source or one out of band, and never with a fault behind itself: an overcurrent locks it
where it is. The ATS is a mechanical changeover whose gap its load sees (switchgear.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from winter_river.engine.equipment.switchgear import AUTO, FIRST, GOOD_PU, LOST_PU, OPEN, SECOND, TransferState, move
from winter_river.engine.units import NEVER_S

if TYPE_CHECKING:
    from winter_river.engine.calibration import Calibration

STS_GAP_S = 0.004  # chosen: a quarter of a cycle of 60 Hz, sensing included, as makers state it
HIGH_PU = 1.15  # chosen: as far above as LOST_PU is below; a source above it is as bad as a dead one
HIGH_GOOD_PU = 1.10  # and good again from here: ITIC's steady band
FAULT_PU = 1.5  # chosen: a current above this multiple of its rating is a fault behind it, not a load


def sts_target(
    position: int, preferred: int, first_ok: bool, second_ok: bool, fault_behind: bool, retransfer: bool
) -> int:
    """Where a static switch goes now: 1 or 2, its position where it may not move.

    retransfer: the preferred source has been good for long enough.
    """
    if fault_behind:
        return position  # the fault is behind it: taking it to the healthy source would lose both
    here_ok = first_ok if position == 1 else second_ok
    other = 3 - position
    other_ok = second_ok if position == 1 else first_ok
    if not here_ok:
        return other if other_ok else position
    return other if other == preferred and other_ok and retransfer else position


def watch_sources(x: TransferState, t_s: float, *, first_pu: float, second_pu: float) -> None:
    """Notes since when each source has been inside its band or outside, low as well as high."""
    first_ok = _in_band(x.first_ok, first_pu)
    if first_ok != x.first_ok:
        x.first_ok = first_ok
        x.first_since_s = t_s
    second_ok = _in_band(x.second_ok, second_pu)
    if second_ok != x.second_ok:
        x.second_ok = second_ok
        x.second_since_s = t_s


def _in_band(ok: bool, voltage_pu: float) -> bool:
    return LOST_PU <= voltage_pu <= HIGH_PU if ok else GOOD_PU <= voltage_pu <= HIGH_GOOD_PU


def watch_fault(x: TransferState, *, locked: bool, current_pu: float) -> None:
    """Notes whether there is a fault behind it, and forgets it where the current falls on a source that stays good.

    current_pu: of its rating. A source that died of the fault takes its current with it: that clears nothing.
    """
    if locked or x.position == OPEN:
        x.fault_behind = False
    elif current_pu > FAULT_PU:
        x.fault_behind = True
    elif x.first_ok if x.position == FIRST else x.second_ok:
        x.fault_behind = False


def transfer(x: TransferState, c: Calibration, t_s: float, *, locked: bool) -> None:
    """Moves the switch by what it watched: at once away from a bad source, back after a while, never both.

    locked: opened by the operator, tripped, faulted or absent: it carries nothing.
    The source it goes to has been good for some time, so that a load that pulls down both cannot make it chatter.
    """
    if locked:
        x.target = OPEN
        if x.position != OPEN:
            move(x, t_s, position=OPEN, gap_s=STS_GAP_S)
        return
    first_ready = x.first_ok and t_s >= x.first_since_s + c.source_good_s
    second_ready = x.second_ok and t_s >= x.second_since_s + c.source_good_s
    preferred = SECOND if x.source_set == SECOND else FIRST
    if x.position != OPEN:
        here_first = x.position == FIRST
        since_s = x.first_since_s if preferred == FIRST else x.second_since_s
        target = sts_target(
            x.position,
            preferred,
            x.first_ok if here_first else first_ready,
            second_ready if here_first else x.second_ok,
            x.fault_behind,
            x.source_set != AUTO or t_s >= since_s + c.retransfer_s,
        )
        if target != x.position and not (here_first and x.source_set == FIRST):
            move(x, t_s, position=OPEN, gap_s=STS_GAP_S)
            x.target = target
    if x.position == OPEN:
        going_on = (x.target == FIRST and x.first_ok) or (x.target == SECOND and x.second_ok)
        if not going_on:
            if second_ready and (preferred == SECOND or (not first_ready and x.source_set == AUTO)):
                x.target = SECOND
            else:
                x.target = FIRST if first_ready else OPEN
        if x.target != OPEN and t_s >= x.opened_s + x.gap_s:
            move(x, t_s, position=x.target)


def transfer_due_s(x: TransferState, c: Calibration, t_s: float) -> float:
    """The next instant at which a delay of it runs out; what is past has been acted on."""
    due = NEVER_S
    for ok, since_s in ((x.first_ok, x.first_since_s), (x.second_ok, x.second_since_s)):
        for wait_s in (c.source_good_s, c.retransfer_s) if ok else (c.source_bad_s, c.source_bad_s):
            if t_s < since_s + wait_s < due:
                due = since_s + wait_s
    if x.position == OPEN and t_s < x.opened_s + x.gap_s < due:
        due = x.opened_s + x.gap_s
    return due
