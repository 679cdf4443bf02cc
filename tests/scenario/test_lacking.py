"""What a lamp lacks, worked out by hand: 36 s of 100 kW are 1 kWh."""

import pytest
from winter_river.scenario.lacking import Lacking


class Lamp:
    """A lamp that is looked at once a second, and its meter."""

    def __init__(self, kw):
        self.lacking = Lacking(kw, dark=False)
        self.t_s, self.kwh, self.set_kw, self.set_s = 0, 0.0, None, 0.0

    def goes_on(self, seconds, kw):
        """Fed, and drawing kw."""
        self._goes_on(seconds, kw, dark=False)

    def is_dark(self, seconds):
        self._goes_on(seconds, 0.0, dark=True)

    def _goes_on(self, seconds, kw, *, dark):
        for _ in range(seconds):
            self.t_s += 1
            self.kwh += kw / 3600
            self.looks(kw, dark=dark)

    def looks(self, kw, *, dark):
        asked = {"set_kw": self.set_kw, "set_s": self.set_s}
        self.lacking.look(float(self.t_s), dark=dark, power_kw=kw, served_kwh=self.kwh, **asked)

    def is_taken_back(self, t_s, *, kwh):
        self.t_s, self.kwh = t_s, kwh
        self.lacking.back_to(float(t_s))

    def is_set(self, kw, *, after_s=0.0):
        self.set_kw, self.set_s = kw, self.t_s + after_s


def test_a_lamp_that_is_dimmed_by_its_voltage_lacks_nothing():
    lamp = Lamp(100.0)
    lamp.goes_on(60, 90.7)
    assert lamp.lacking.kwh == 0.0


def test_what_is_fed_and_draws_nothing_lacks_nothing():
    street = Lamp(100.0)
    street.goes_on(60, 100.0)
    street.goes_on(600, 0.0)  # its day begins
    assert street.lacking.kwh == 0.0
    street.is_dark(36)
    assert street.lacking.kwh == 0.0  # by day it wants nothing, dark or not


def test_in_the_dark_it_lacks_what_it_drew_last():
    lamp = Lamp(100.0)
    lamp.goes_on(10, 90.0)
    lamp.is_dark(40)
    lamp.goes_on(10, 90.0)
    assert lamp.lacking.kwh == pytest.approx(1.0)  # 40 s of 90 kW


def test_what_it_is_set_to_in_the_dark_counts_from_then_on():
    lamp = Lamp(100.0)
    lamp.goes_on(10, 100.0)
    lamp.is_dark(36)
    lamp.is_set(50.0)
    lamp.is_dark(72)
    assert lamp.lacking.kwh == pytest.approx(1.0 + 1.0)


def test_a_look_in_whose_middle_it_was_set_is_split_there():
    lamp = Lamp(100.0)
    lamp.goes_on(10, 100.0)
    lamp.is_dark(36)
    lamp.is_set(20.0, after_s=0.25)
    lamp.is_dark(1)
    assert lamp.lacking.kwh == pytest.approx(1.0 + (100 * 0.25 + 20 * 0.75) / 3600)


@pytest.mark.parametrize("fed", [True, False])
def test_a_load_that_is_set_to_nothing_lacks_nothing(fed):
    lamp = Lamp(100.0)
    lamp.goes_on(10, 100.0)
    lamp.is_set(0.0)
    if fed:
        lamp.goes_on(1, 0.0)
    lamp.is_dark(100)
    assert lamp.lacking.kwh <= 0.005


def test_going_back_forgets_what_was_lacking_since():
    lamp = Lamp(100.0)
    lamp.goes_on(10, 100.0)
    lamp.is_dark(72)
    lamp.lacking.back_to(46.0)
    assert lamp.lacking.kwh == pytest.approx(1.0)
    lamp.lacking.back_to(5.0)
    assert lamp.lacking.kwh == 0.0


def test_taken_back_into_the_dark_it_wants_what_it_wanted_then():
    lamp = Lamp(100.0)
    lamp.goes_on(10, 100.0)
    lamp.is_dark(50)
    lamp.goes_on(40, 20.0)  # back, and dimmed
    lamp.is_taken_back(46, kwh=1000 / 3600)
    assert lamp.lacking.kwh == pytest.approx(1.0)
    lamp.is_dark(36)
    assert lamp.lacking.kwh == pytest.approx(2.0)


def test_taken_back_to_where_it_was_set_to_nothing_it_wants_nothing():
    lamp = Lamp(100.0)
    lamp.goes_on(10, 100.0)
    lamp.is_dark(36)
    lamp.is_set(0.0)
    lamp.is_dark(36)
    lamp.is_set(50.0)
    lamp.is_dark(72)
    assert lamp.lacking.kwh == pytest.approx(2.0)
    lamp.set_kw, lamp.set_s = 0.0, 46.0  # as it was set last by then
    lamp.is_taken_back(60, kwh=1000 / 3600)
    lamp.is_dark(36)
    assert lamp.lacking.kwh == pytest.approx(1.0)


def test_taken_back_to_where_it_was_fed_it_wants_what_it_draws_then():
    lamp = Lamp(100.0)
    lamp.goes_on(10, 100.0)
    lamp.is_dark(50)
    lamp.goes_on(40, 20.0)
    lamp.is_taken_back(5, kwh=500 / 3600)
    lamp.looks(100.0, dark=False)
    lamp.is_dark(36)
    assert lamp.lacking.kwh == pytest.approx(1.0)
