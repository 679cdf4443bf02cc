"""Battery storage of a site: limits, reserve, and energy that adds up."""

import math

import pytest
from winter_river.engine.equipment import storage


def test_round_trip_loses_what_it_says():
    # 1 kWh taken stores sqrt(0.81) = 0.9, which gives 0.81.
    stored = -storage.drain_kw(-1.0, 0.81)
    assert stored == pytest.approx(0.9)
    assert storage.drain_kw(0.81, 0.81) == pytest.approx(stored)
    assert storage.loss_kw(-1.0, 0.81) == pytest.approx(0.1)
    assert storage.loss_kw(0.81, 0.81) == pytest.approx(0.09)


@pytest.mark.parametrize(
    ("wanted", "energy", "allowed"),
    [
        (300.0, 500.0, 250.0),  # its limit
        (100.0, 500.0, 100.0),
        (100.0, 200.0, 0.0),  # at its reserve
        (-300.0, 500.0, -200.0),
        (-100.0, 1000.0, 0.0),  # full
    ],
)
def test_it_stays_inside_its_limits(wanted, energy, allowed):
    assert storage.allowed_kw(wanted, 200.0, 250.0, energy, 1000.0, 200.0) == allowed


def test_it_says_when_it_is_empty_or_full():
    assert storage.due_s(700.0, 250.0, 200.0, 1000.0) == pytest.approx(7200.0)
    assert storage.due_s(700.0, -100.0, 200.0, 1000.0) == pytest.approx(3.0 * 3600.0)
    assert storage.due_s(700.0, 0.0, 200.0, 1000.0) == math.inf


def test_heat_takes_power():
    assert storage.derate_pu(25.0) == 1.0
    assert storage.derate_pu(50.0) == pytest.approx(0.5)
    assert storage.derate_pu(60.0) == 0.0
    assert storage.heat_end_c(25.0, 20.0) == 35.0
