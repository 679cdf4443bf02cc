"""One temperature, or anything else, that runs towards where it ends: exact at any instant, without small steps.

dx/dt = (end - x) / tau. Between two changes of `end` and `tau` the solution is closed, so a record keeps
(value, end, tau, since) and a step may be split anywhere. A tau of 0 means: there at once.
"""

from __future__ import annotations

import math

from winter_river.engine.units import NEVER_S


def left_after(tau_s: float, elapsed_s: float) -> float:
    """The share of its way to the end that is left after a while. elapsed_s >= 0."""
    if tau_s <= 0.0 or elapsed_s == math.inf:
        return 0.0
    return math.exp(-elapsed_s / tau_s)


def value_after(value: float, end: float, tau_s: float, elapsed_s: float) -> float:
    """What has become of a value after a while. elapsed_s >= 0."""
    return end + (value - end) * left_after(tau_s, elapsed_s)


def reach_s(value: float, end: float, tau_s: float, level: float) -> float:
    """Seconds until a value passes a level: 0 where it stands on it, NEVER_S where it never gets there.

    A level that is only approached (level == end) is never reached.
    """
    if value == level:
        return 0.0
    if (level - value) * (end - level) <= 0.0:
        return NEVER_S  # the level does not lie between here and the end
    return 0.0 if tau_s <= 0.0 else tau_s * math.log((value - end) / (level - end))
