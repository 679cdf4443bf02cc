"""What feeds a site through an inverter that follows the grid: it needs a voltage, and lets go where it is bad.

It works only while a utility drives its bus: on a generator or behind an inverter it would drive power back into a
machine that cannot take it, so grid codes and makers of sets keep it off there.
"""

from __future__ import annotations

from dataclasses import dataclass

from winter_river.engine.units import NEVER_S

# IEEE 1547-2018, table 13 (category III, as ua-kxie/UL1741SB has it): below 0.88 it has to let go after 21 s, above 1.10
# after 13 s. Chosen: it lets go at once.
LOW_PU, HIGH_PU = 0.88, 1.10
LOW_HZ_PU, HIGH_HZ_PU = 56.5 / 60.0 - 1.0, 62.0 / 60.0 - 1.0  # IEEE 1547-2018, table 18: OF2, UF2 within 0.16 s


@dataclass(slots=True, frozen=True)
class FollowerPlan:
    """What follows the grid: it lets go of a bad supply (followers.py)."""

    node: int


@dataclass(slots=True)
class FollowerState:
    """back_s: when it comes back, NEVER_S while it runs or its supply is bad."""

    running: bool = True
    back_s: float = NEVER_S


def run_follower(
    f: FollowerState, reconnect_s: float, t_s: float, *, closed: bool, supply_pu: float, off_pu: float
) -> None:
    """Lets go of a bad supply, and comes back when it has been good for long enough.

    closed: unfaulted, its breaker closed. off_pu: how far the frequency is off. supply_pu: the voltage at it while it runs, in front of it while it does not.
    """
    good = closed and LOW_PU <= supply_pu <= HIGH_PU and LOW_HZ_PU <= off_pu <= HIGH_HZ_PU
    if not good:
        f.running, f.back_s = False, NEVER_S
    elif not f.running:
        if f.back_s == NEVER_S:
            f.back_s = t_s + reconnect_s
        if t_s >= f.back_s:
            f.running, f.back_s = True, NEVER_S
