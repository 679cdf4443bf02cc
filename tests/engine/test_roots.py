"""Roots by multiplications, against the powers of the C library."""

import math
import random

from winter_river.engine.equipment import transformer_heat as heat
from winter_river.engine.roots import LEAST, MOST, inverse_fifth_root, inverse_fifth_roots


def test_root_is_within_the_last_digits_wherever_a_load_may_be():
    rng = random.Random(5)
    many = [LEAST, MOST, 1.0, *(math.exp(rng.uniform(math.log(1e-9), math.log(1e9))) for _ in range(20_000))]
    worst = max(abs(inverse_fifth_root(x) / x**-0.2 - 1.0) for x in many)
    assert worst < 1e-15
    roots = [0.0] * len(many)
    inverse_fifth_roots(many, roots, len(many))
    assert roots == [inverse_fifth_root(x) for x in many]


def test_nothing_has_no_root_and_no_rise():
    assert inverse_fifth_root(0.0) == 0.0
    roots = [1.0]
    inverse_fifth_roots([0.0], roots, 1)
    assert roots == [0.0]
    assert heat.gradient_end_k(0, 0.0) == heat.gradient_end_k(1, 0.0) == 0.0


def test_rises_have_the_exponents_of_the_standard():
    for load in (0.0, 0.05, 0.3, 0.77, 1.0, 1.3, 2.2, 9.0):
        for size, y in ((0, 1.6), (1, 1.3)):
            rated = heat.gradient_end_k(size, 1.0)
            assert math.isclose(heat.gradient_end_k(size, load), rated * load**y, rel_tol=2e-15)
            oil = heat.oil_end_c(size, 20.0, load, 6.0) - 20.0
            assert math.isclose(oil, heat.OIL_RISE_K[size] * ((1 + 6 * load * load) / 7) ** 0.8, rel_tol=2e-14)
