"""The fuse lies between the gates of IEC 60269-1 for a gG link of 100 A (from memory, in the module)."""

import math

import pytest
from winter_river.engine.equipment.fuse import cool_rate, melt_s

RATED_A = 100.0


def seconds(amps):
    return melt_s(amps / RATED_A)


def test_it_holds_the_conventional_non_fusing_current():
    assert seconds(125.0) == math.inf


def test_it_melts_at_the_conventional_fusing_current_within_two_hours():
    assert seconds(160.0) <= 7200.0


@pytest.mark.parametrize(
    ("amps", "at_least_s", "at_most_s"),
    [(290.0, 10.0, math.inf), (580.0, 0.0, 5.0), (820.0, 0.1, math.inf), (1450.0, 0.0, 0.1)],
)
def test_it_passes_between_the_gates(amps, at_least_s, at_most_s):
    assert at_least_s <= seconds(amps) <= at_most_s


def test_its_melting_integral_is_constant_at_short_times():
    # I2t of 100 A gG: between 64,000 and 252,000 A2s for the gates at 0.1 s of 820 and 1450 A.
    assert 5000.0**2 * seconds(5000.0) == pytest.approx(2000.0**2 * seconds(2000.0))
    assert 820.0**2 * 0.1 < 5000.0**2 * seconds(5000.0) < 1450.0**2 * 0.1


def test_more_current_never_takes_longer():
    times = [seconds(amps) for amps in range(130, 3000, 10)]
    assert times == sorted(times, reverse=True)


def test_it_cools_when_the_current_falls():
    assert cool_rate(0.0) == pytest.approx(1.0 / 21.6)
    assert cool_rate(1.25) == 0.0
