"""The sun against almanac figures, arrays against their data sheets, series by hand."""

import math

import pytest
from winter_river.engine.equipment import sun


@pytest.mark.parametrize(("day", "degrees"), [(81, 0.0), (172, 23.45), (355, -23.45)])
def test_declination_of_the_equinox_and_the_solstices(day, degrees):
    assert sun.declination_deg(day) == pytest.approx(degrees, abs=0.1)


@pytest.mark.parametrize(
    ("latitude", "day", "hours"),
    [
        (0.0, 172, 12.0),
        (40.0, 81, 12.0),
        (40.0, 172, 14.84),  # 2/15 acos(-tan 40 tan 23.45)
        (59.3, 355, 5.74),  # Stockholm in December; an almanac adds some 20 minutes of refraction
        (80.0, 172, 24.0),
        (80.0, 355, 0.0),
    ],
)
def test_day_length(latitude, day, hours):
    assert sun.day_length_h(latitude, day) == pytest.approx(hours, abs=0.03)


def test_height_at_noon_is_ninety_less_latitude_plus_declination():
    assert math.degrees(math.asin(sun.height_sine(40.0, 172, 43_200.0))) == pytest.approx(73.45, abs=0.05)
    assert sun.height_sine(40.0, 172, 0.0) < 0.0


def test_clear_sky_at_the_zenith_is_near_a_kilowatt():
    assert sun.clear_sky_w_m2(1.0) == pytest.approx(1035.1, abs=0.1)  # Haurwitz: 1098 e^-0.059 = 1098 x 0.94271
    assert sun.clear_sky_w_m2(-0.1) == 0.0


def test_an_array_at_standard_sun_gives_its_peak_less_heat_and_system_losses():
    # 100 kWp at 1000 W/m2 and 25 C air: a cell at 55 C loses 12 %, the system 14 %, the inverter 4 %.
    assert sun.pv_kw(100.0, 1000.0, 25.0, 0.0) == pytest.approx(100.0 * 0.88 * 0.86 * 0.96)
    assert sun.pv_kw(100.0, 1000.0, 25.0, 1.0) == 0.0
