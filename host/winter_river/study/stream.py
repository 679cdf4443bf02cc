"""Random streams: splitmix64, one for each way of failing in each world.

Steele, Lea, Flood: Fast splittable pseudorandom number generators (2014), with the constants of that paper's
64-bit variant. A stream is one whole number; it depends only on seed, world and failure, so that neither the order
in which worlds run nor what else happens in one moves it. Whole numbers only: the same on every platform.
"""

from __future__ import annotations

import math

_MASK = (1 << 64) - 1
_GAMMA = 0x9E3779B97F4A7C15
_UNIT = 1.0 / (1 << 53)


def _mixed(z: int) -> int:
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def stream(seed: int, world: int, failure: int) -> int:
    """Where the stream of one failure in one world begins. All below 2^64; compiled, all without a sign."""
    state = _mixed((_GAMMA + seed) & _MASK)
    state = _mixed((state + _GAMMA + world) & _MASK)
    return _mixed((state + _GAMMA + failure) & _MASK)


def uniform(states: list[int], place: int) -> float:
    """The next number of a stream, in [0, 1); moves the stream on."""
    state = states[place] = (states[place] + _GAMMA) & _MASK
    return (_mixed(state) >> 11) * _UNIT


def exponential(states: list[int], place: int, mean: float) -> float:
    """The next exponential number of that mean; moves the stream on."""
    return -mean * math.log1p(-uniform(states, place))
