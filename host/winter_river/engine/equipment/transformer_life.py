"""How far the paper of a transformer has aged: the relative ageing rate of IEC 60076-7, added up over time.

The loss of life of the standard: the integral of 2^((hot spot - 98) / 6) over time. An hour of it is what an hour at
98 degrees C does to a paper that is not thermally upgraded. The hot spot runs along three exponentials between two
changes of load (transformer_heat.py), which has no closed integral: it is added up here in pieces, close together at
first where the winding is quick. Two changes of load divide it, steps of the engine do not.
"""

from __future__ import annotations

import math

from winter_river.engine.equipment.transformer_heat import (
    AGEING_BASE_C,
    AGEING_DOUBLES_K,
    K11,
    K21,
    OIL_TAU_S,
    hot_spot_c,
)
from winter_river.engine.units import HOUR_S

HOT_SPOT_C_MAX = 180.0  # chosen: 13,000 times the normal rate; beyond it paper chars, and hours say nothing
_LN_PER_K = math.log(2.0) / AGEING_DOUBLES_K  # exp: the compiler takes powers of 2 by another way than Python does

# chosen: within 10 s the hot spot of a step of rated load moves by a degree, so a straight line between both ends of
# the rate is within a thousandth.
SHORT_S = 10.0
PIECES = 12  # chosen: of the way to rest, each with three points of Gauss: within 1e-5 of the integral after any step
REST_LAGS = 12.0  # chosen: of the oil; then it is at rest to a hundred-thousandth
_NODE, _MIDDLE, _SIDE = math.sqrt(0.6), 8.0 / 18.0, 5.0 / 18.0  # Gauss-Legendre, three points on (0, 1)


def ageing_rate(hot_spot: float) -> float:
    """How many times as fast as at 98 degrees C ordinary paper ages."""
    return math.exp((min(hot_spot, HOT_SPOT_C_MAX) - AGEING_BASE_C) * _LN_PER_K)


def aged_h(
    size: int, oil_c: float, fast_k: float, slow_k: float, oil_end: float, gradient_end: float, elapsed_s: float
) -> float:
    """The hours at 98 degrees C that the paper ages in a while. The temperatures are those of hot_spot_c."""
    if elapsed_s <= SHORT_S:
        there = hot_spot_c(size, oil_c, fast_k, slow_k, oil_end, gradient_end, elapsed_s)
        return between_h(oil_c + fast_k - slow_k, there, elapsed_s)
    moving_s = min(elapsed_s, REST_LAGS * K11[size] * OIL_TAU_S[size])
    total = 0.0
    before_s = 0.0
    for k in range(1, PIECES + 1):
        after_s = moving_s * (k / PIECES) * (k / PIECES)
        middle_s, reach_s = (before_s + after_s) / 2.0, (after_s - before_s) / 2.0 * _NODE
        here = hot_spot_c(size, oil_c, fast_k, slow_k, oil_end, gradient_end, middle_s)
        early = hot_spot_c(size, oil_c, fast_k, slow_k, oil_end, gradient_end, middle_s - reach_s)
        late = hot_spot_c(size, oil_c, fast_k, slow_k, oil_end, gradient_end, middle_s + reach_s)
        rate = _MIDDLE * ageing_rate(here) + _SIDE * (ageing_rate(early) + ageing_rate(late))
        total += rate * (after_s - before_s)
        before_s = after_s
    rest_c = oil_end + K21[size] * gradient_end - (K21[size] - 1.0) * gradient_end
    return (total + ageing_rate(rest_c) * (elapsed_s - moving_s)) / HOUR_S


def between_h(hot_spot: float, later: float, elapsed_s: float) -> float:
    """The same over a short while, from the hot spots at its two ends: at the rate of the middle, because one power
    takes less time than two, and misses by half as much."""
    return ageing_rate((hot_spot + later) / 2.0) * elapsed_s / HOUR_S
