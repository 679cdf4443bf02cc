"""The corners of the ITIC curve."""

import math

import pytest
from winter_river.engine.equipment.itic import dose_rate, ride_s


@pytest.mark.parametrize(
    ("voltage_pu", "seconds"),
    [
        (0.0, 0.020),
        (0.69, 0.020),
        (0.70, 0.5),
        (0.79, 0.5),
        (0.80, 10.0),
        (0.89, 10.0),
        (0.90, math.inf),
        (1.00, math.inf),
        (1.10, math.inf),
        (1.11, 0.5),
        (1.20, 0.5),
        (1.21, 0.003),
    ],
)
def test_a_supply_rides_through_as_long_as_the_curve_says(voltage_pu, seconds):
    assert ride_s(voltage_pu) == seconds


def test_a_changing_dip_adds_up():
    # 5 s at 85 % use half of the 10 s; the other half at 75 % lasts 0.25 s.
    assert 5.0 * dose_rate(0.85) + 0.25 * dose_rate(0.75) == pytest.approx(1.0)
    assert dose_rate(1.0) == 0.0
