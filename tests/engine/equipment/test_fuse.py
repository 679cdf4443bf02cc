"""The fuse lies between the gates of IEC 60269-1 for gG links (from memory, in the module)."""

import math

import pytest
from winter_river.engine.equipment.fuse import RATED_A_MAX, RATED_A_MIN, cool_rate, melt_s

RATED_A = 100.0


def seconds(amps):
    return melt_s(amps / RATED_A)


def test_it_holds_the_conventional_non_fusing_current():
    assert seconds(125.0) == math.inf


def test_it_melts_at_the_conventional_fusing_current_within_the_shortest_conventional_time():
    assert seconds(160.0) <= 3600.0  # 1 h up to 63 A, 2 h up to 160 A, 3 h up to 400 A


@pytest.mark.parametrize(
    ("amps", "at_least_s", "at_most_s"),
    [(290.0, 10.0, math.inf), (580.0, 0.0, 5.0), (820.0, 0.1, math.inf), (1450.0, 0.0, 0.1)],
)
def test_it_passes_between_the_gates(amps, at_least_s, at_most_s):
    assert at_least_s <= seconds(amps) <= at_most_s


# A: not to melt in 10 s, to melt in 5 s, not in 0.1 s, in 0.1 s.
GATES = {
    32: (75, 150, 200, 350),
    40: (95, 190, 260, 450),
    50: (125, 250, 350, 610),
    63: (160, 320, 450, 820),
    80: (215, 425, 610, 1100),
    125: (355, 715, 1100, 1910),
    160: (460, 950, 1450, 2590),
    200: (610, 1250, 1910, 3420),
    250: (750, 1650, 2590, 4500),
    315: (1050, 2200, 3420, 6000),
}


@pytest.mark.parametrize("rated_a", GATES)
def test_every_rating_that_is_allowed_passes_between_its_gates(rated_a):
    holds_10, melts_5, holds_100ms, melts_100ms = (amps / rated_a for amps in GATES[rated_a])
    assert melt_s(holds_10) >= 10.0
    assert melt_s(melts_5) <= 5.0
    assert melt_s(holds_100ms) >= 0.1
    assert melt_s(melts_100ms) <= 0.1
    assert RATED_A_MIN <= rated_a <= RATED_A_MAX


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
