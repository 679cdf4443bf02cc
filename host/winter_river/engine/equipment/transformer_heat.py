"""How warm an oil-immersed transformer is: top oil and hot spot. What that does to its paper: transformer_life.py.

IEC 60076-7, the exponential equations: the top oil is one first-order lag; the winding's rise above the oil is the
difference of two, because a step of load heats the winding at once while the oil that cools it starts to move
later. All three are linear between two changes of load, so each is closed (engine/exponential.py):

    oil  -> ambient + rise_rated * ((1 + R K^2) / (1 + R))^x     with k11 tau_oil
    fast -> k21 * gradient_rated * K^y                           with k22 tau_winding
    slow -> (k21 - 1) * gradient_rated * K^y                     with tau_oil / k22
    hot spot = oil + fast - slow

The exponents are x = 0.8, and y = 1.6 for a distribution transformer, 1.3 for a large one: powers of a fifth root (roots.py).
"""

from __future__ import annotations

import math

from winter_river.engine.exponential import value_after
from winter_river.engine.roots import inverse_fifth_root
from winter_river.engine.units import NEVER_S

# By size: the first column up to SMALL_KVA, the second above. IEC 60076-7 for both kinds, as the Alliander
# transformer-thermal-model 0.6.0 has them. Its own defaults for small ones are 60 K and 1.2 x 23 K; ours add up
# to 78 K of hot spot above the air, as the large ones' do: at 20 C that is 98 C, where paper ages at rate 1.
SMALL_KVA = 2500.0  # IEC 60076-7: distribution transformers end here
OIL_RISE_K = (55.0, 52.0)
GRADIENT_K = (23.0, 26.0)  # hot spot above top oil at rated load
OIL_TAU_S = (180.0 * 60.0, 210.0 * 60.0)
WINDING_TAU_S = (4.0 * 60.0, 10.0 * 60.0)
K11 = (1.0, 0.5)
K21 = (1.0, 2.0)
K22 = (2.0, 2.0)
LOSS_RATIO = 6.0  # IEC 60076-7: load loss over no-load loss, where a nameplate states no no-load loss

OIL_LIMIT_C = 105.0  # IEC 60076-7: normal cyclic loading
HOT_SPOT_LIMIT_C = 120.0  # IEC 60076-7: normal cyclic loading
AGEING_BASE_C = 98.0  # IEC 60076-7: a paper not thermally upgraded ages at rate 1 here
AGEING_DOUBLES_K = 6.0  # the same; transformer-thermal-model 0.6.0 ages by 2^((hot spot - 98) / 6) as well
SCAN_PIECES = 64  # chosen: of the three lags' sum at most three roots exist; 64 looks miss none that lasts


def size_class(power_kva: float) -> int:
    """0 for a distribution transformer, 1 for a large one: the column of the tables above."""
    return 0 if power_kva <= SMALL_KVA else 1


def oil_end_c(size: int, ambient_c: float, load_pu: float, loss_ratio: float) -> float:
    """Where the top oil ends at this load. load_pu: its current in rated ones (K); loss_ratio: load loss at rated
    current over no-load loss (R)."""
    losses = losses_ratio(load_pu, loss_ratio)
    return ambient_c + oil_rise_k(size, losses, inverse_fifth_root(losses))


def losses_ratio(load_pu: float, loss_ratio: float) -> float:
    """All losses at this load over those at rated load."""
    return (1.0 + loss_ratio * load_pu * load_pu) / (1.0 + loss_ratio)


def oil_rise_k(size: int, losses: float, root: float) -> float:
    """The oil's rise in the end, with losses ** 0.8. root: losses ** -0.2."""
    return OIL_RISE_K[size] * (losses * root)


def gradient_end_k(size: int, load_pu: float) -> float:
    """Where the hot spot ends above the top oil at this load."""
    base = winding_base(size, load_pu)
    return winding_rise_k(size, load_pu, base, inverse_fifth_root(base))


def winding_base(size: int, load_pu: float) -> float:
    """Of which winding_rise_k takes the root."""
    return load_pu if size == 0 else math.sqrt(load_pu)


def winding_rise_k(size: int, load_pu: float, base: float, root: float) -> float:
    """The hot spot above the oil in the end, with load ** 1.6 or load ** 1.3: load times the third power of
    base ** 0.2. root: base ** -0.2."""
    fifth = base * (root * root) * (root * root)
    return GRADIENT_K[size] * (load_pu * (fifth * fifth * fifth))


def hot_spot_c(
    size: int, oil_c: float, fast_k: float, slow_k: float, oil_end: float, gradient_end: float, elapsed_s: float
) -> float:
    """The hot spot a while after the load took its present value.

    oil_c, fast_k, slow_k: as they stood then; oil_end, gradient_end: where they end at this load.
    """
    oil = value_after(oil_c, oil_end, K11[size] * OIL_TAU_S[size], elapsed_s)
    fast = value_after(fast_k, K21[size] * gradient_end, K22[size] * WINDING_TAU_S[size], elapsed_s)
    slow = value_after(slow_k, (K21[size] - 1.0) * gradient_end, OIL_TAU_S[size] / K22[size], elapsed_s)
    return oil + fast - slow


def gradient_k_max(size: int, fast_k: float, slow_k: float, gradient_end: float) -> float:
    """The hot spot gets no further above the top oil than this on its way to its end."""
    return max(fast_k, K21[size] * gradient_end) - min(slow_k, (K21[size] - 1.0) * gradient_end)


def hot_spot_reaches_s(
    size: int,
    oil_c: float,
    fast_k: float,
    slow_k: float,
    oil_end: float,
    gradient_end: float,
    elapsed_s: float,
    level_c: float,
) -> float:
    """Seconds, from elapsed_s on, until the hot spot passes a level; NEVER_S where it does not within ten oil lags.

    It may overshoot its end, so there is no closed form: a bound first, which is all that a healthy load asks for,
    then a scan and a bisection down to a microsecond.
    """
    fast_end = K21[size] * gradient_end
    slow_end = (K21[size] - 1.0) * gradient_end
    highest = max(oil_c, oil_end) + gradient_k_max(size, fast_k, slow_k, gradient_end)
    lowest = min(oil_c, oil_end) + min(fast_k, fast_end) - max(slow_k, slow_end)
    if level_c >= highest or level_c <= lowest:
        return NEVER_S
    above = hot_spot_c(size, oil_c, fast_k, slow_k, oil_end, gradient_end, elapsed_s) >= level_c
    low = 0.0
    span_s = 10.0 * OIL_TAU_S[size]
    for k in range(1, SCAN_PIECES + 1):
        high = span_s * (k / SCAN_PIECES) ** 3  # closer together at first, where the winding is quick
        later = hot_spot_c(size, oil_c, fast_k, slow_k, oil_end, gradient_end, elapsed_s + high) >= level_c
        if later != above:
            while high - low > 1e-6:
                middle = (low + high) / 2.0
                if (
                    hot_spot_c(size, oil_c, fast_k, slow_k, oil_end, gradient_end, elapsed_s + middle) >= level_c
                ) == above:
                    low = middle
                else:
                    high = middle
            return high
        low = high
    return NEVER_S
