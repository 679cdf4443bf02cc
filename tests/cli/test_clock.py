"""The clocks."""

import pytest
from winter_river.clock import ManualClock, MonotonicClock


def test_manual_clock_moves_only_when_told() -> None:
    clock = ManualClock(start_s=5.0)
    assert clock.now_s() == 5.0
    clock.advance(2.5)
    assert clock.now_s() == 7.5


def test_sleeping_on_a_manual_clock_moves_it() -> None:
    clock = ManualClock()
    clock.sleep_s(3.0)
    clock.sleep_s(-1.0)
    assert clock.now_s() == 3.0


@pytest.mark.parametrize("seconds", [-0.1, float("inf"), float("nan")])
def test_manual_clock_never_goes_back(seconds: float) -> None:
    with pytest.raises(ValueError, match="0 s or more"):
        ManualClock().advance(seconds)


def test_monotonic_clock_does_not_go_back() -> None:
    clock = MonotonicClock()
    first = clock.now_s()
    clock.sleep_s(-1.0)
    assert clock.now_s() >= first
