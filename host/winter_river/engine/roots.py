"""x ** -0.2 of many numbers at once: what the exponents of transformers (0.8, 1.6, 1.3) are made of.

A power takes 18 ns, a transformer needs two of them at each change of its load, and of eight at once the compiler makes
one: so it is worked by multiplications and one division alone, without a choice. They are the same in plain and compiled
text to the bit, on any machine.
"""

from __future__ import annotations

LEAST, MOST = 0.02, 6.0  # chosen: of what a transformer carries, from an eighth of its rated current to twice of it


def inverse_fifth_root(x: float) -> float:
    """x ** -0.2 to the last digits; of 0 or less 0, so that 0 times it is 0."""
    if LEAST <= x <= MOST:
        return _within(x)
    return float(x**-0.2) if x > 0.0 else 0.0


def inverse_fifth_roots(x: list[float], roots: list[float], count: int) -> None:
    """The same of the first count of a column, into another."""
    for k in range(count):
        roots[k] = _within(x[k])
    for k in range(count):
        if not LEAST <= x[k] <= MOST:
            roots[k] = inverse_fifth_root(x[k])


def _within(x: float) -> float:
    """From LEAST to MOST. The guess, fitted, is within 1.1 %; each step takes the error to its fourth power, 44 times."""
    y = (0.09883845 + x * (1.55956141 + x * 0.58603782)) / (0.03570031 + x * (1.20497392 + x))
    return _nearer(x, _nearer(x, y))


def _nearer(x: float, y: float) -> float:
    """y (1 - h) ** -0.2 as far as h ** 3, where h = 1 - x y^5."""
    square = y * y
    h = 1.0 - x * y * (square * square)
    return y + y * (h * (0.2 + h * (0.12 + h * 0.088)))
