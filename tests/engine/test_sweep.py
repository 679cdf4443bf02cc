"""The sweep by itself: when it may end."""

import pytest
from winter_river.engine.sweep import LOW_PU, TOLERANCE_PU, Turn, sweep

STIFF_PU = 1e-9


def resting_pu(power_pu, resistance_pu):
    """By hand: v^2 - v + P R = 0 where both are real."""
    return (1.0 + (1.0 - 4.0 * power_pu * resistance_pu) ** 0.5) / 2.0


@pytest.mark.parametrize("share", [0.5, 0.7, 0.8])
def test_a_branch_that_rests_at_once_does_not_end_another_that_is_slow(share):
    """Two loads at one source. One doubles behind next to nothing; the other moves by 8e-8 at a share of what its
    resistance carries (a quarter of V^2 / R), where a pass takes long: 0.2 to 0.4 of what the one before did."""
    slow = 1.0
    power = share / 4.0
    v = [1.0 + 0j, 1.0 - 1e-6 + 0j, complex(resting_pu(power, slow), 0.0)]
    power *= 1.0 - 8e-8
    turn = Turn(first=0, end=3)
    load, i, y = [0j, 0.8 + 0j, complex(power, 0.0)], [0j] * 3, [0j] * 3
    sweep(
        [turn],
        1,
        [0, 1, 2],
        [0, 0, 0],
        [0j, 2.5e-6 + 0j, complex(slow, 0.0)],
        [],
        load,
        [],
        y,
        v,
        i,
        LOW_PU,
        TOLERANCE_PU,
    )
    assert turn.converged
    assert abs(abs(v[2]) - resting_pu(power, slow)) < STIFF_PU
    assert abs(abs(v[1]) - resting_pu(0.8, 2.5e-6)) < STIFF_PU
