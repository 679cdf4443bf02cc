"""The units of the flow and the few numbers that everything shares."""

import math

BASE_KW = 1000.0  # per-unit base: 1 MVA, chosen: the size of a block
BASE_VA = BASE_KW * 1000.0
SQRT3 = math.sqrt(3.0)
HOUR_S = 3600.0
NEVER_S = math.inf
ALWAYS_S = -math.inf  # "since" of what has been so for ever


def magnitude(c: complex) -> float:
    """The size of a complex number. Not abs(): that takes the C library's hypot, which rounds by platform."""
    return math.sqrt(c.real * c.real + c.imag * c.imag)


def divided(a: complex, b: complex) -> complex:
    """a / b, rounded alike plain and compiled."""
    c = a * b.conjugate()
    share = 1.0 / (b.real * b.real + b.imag * b.imag)
    return complex(c.real * share, c.imag * share)
