"""The exponential by hand."""

import math

import pytest
from winter_river.engine.exponential import reach_s, value_after


def test_one_lag_takes_all_but_one_over_e():
    assert value_after(20.0, 120.0, 60.0, 60.0) == pytest.approx(120.0 - 100.0 / math.e)
    assert value_after(20.0, 120.0, 60.0, 0.0) == 20.0
    assert value_after(20.0, 120.0, 0.0, 0.0) == 120.0


def test_half_way_takes_the_logarithm_of_two():
    assert reach_s(20.0, 120.0, 60.0, 70.0) == pytest.approx(60.0 * math.log(2.0))
    assert reach_s(120.0, 20.0, 60.0, 70.0) == pytest.approx(60.0 * math.log(2.0))


def test_levels_behind_or_beyond_are_never_reached():
    assert reach_s(20.0, 120.0, 60.0, 10.0) == math.inf
    assert reach_s(20.0, 120.0, 60.0, 120.0) == math.inf
    assert reach_s(20.0, 120.0, 60.0, 130.0) == math.inf
    assert reach_s(20.0, 20.0, 60.0, 30.0) == math.inf
    assert reach_s(20.0, 120.0, 60.0, 20.0) == 0.0
