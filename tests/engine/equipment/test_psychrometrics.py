"""Moist air against PsychroLib (ASHRAE Handbook 2017), for all six presets of the weather."""

import psychrolib
import pytest
from winter_river.engine.equipment import psychrometrics as air

psychrolib.SetUnitSystem(psychrolib.SI)

PRESETS = list(zip(air.PRESETS_F, air.PRESETS_RH_PCT, strict=True))
A_THIRD_F = 0.3 / 1.8  # 0.3 F in K, the bar


def cooled_by_psychrolib(temperature_c, rh_pu):
    """Along the wet bulb up to 80 % relative humidity, found on PsychroLib's own functions."""
    if rh_pu >= 0.8:
        return temperature_c
    bulb = psychrolib.GetTWetBulbFromRelHum(temperature_c, rh_pu, 101325.0)
    low, high = bulb, temperature_c
    for _ in range(60):
        middle = (low + high) / 2.0
        if psychrolib.GetRelHumFromTWetBulb(middle, bulb, 101325.0) > 0.8:
            low = middle
        else:
            high = middle
    return low


@pytest.mark.parametrize(("fahrenheit", "rh_pct"), PRESETS)
def test_wet_bulb_agrees_with_psychrolib(fahrenheit, rh_pct):
    celsius = (fahrenheit - 32.0) / 1.8
    expected = psychrolib.GetTWetBulbFromRelHum(celsius, rh_pct / 100.0, 101325.0)
    assert air.wet_bulb_c(celsius, rh_pct / 100.0) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(("fahrenheit", "rh_pct"), PRESETS)
def test_the_evaporative_cooler_agrees_with_psychrolib(fahrenheit, rh_pct):
    celsius = (fahrenheit - 32.0) / 1.8
    expected = max(18.0, cooled_by_psychrolib(celsius, rh_pct / 100.0))
    assert air.supply_c(celsius, rh_pct / 100.0, 1.0) == pytest.approx(expected, abs=A_THIRD_F)


@pytest.mark.parametrize("celsius", [-20.0, -1.0, 0.0, 1.0, 15.0, 25.0, 43.0])
def test_saturation_agrees_with_psychrolib(celsius):
    assert air.saturation_pa(celsius) == pytest.approx(psychrolib.GetSatVapPres(celsius), rel=1e-6)


@pytest.mark.parametrize(("celsius", "rh_pu"), [(25.0, 0.5), (43.0, 0.2), (5.0, 0.45)])
def test_humidity_ratio_agrees_with_psychrolib(celsius, rh_pu):
    expected = psychrolib.GetHumRatioFromRelHum(celsius, rh_pu, 101325.0)
    assert air.humidity_ratio(celsius, rh_pu) == pytest.approx(expected, rel=1e-6)
    assert air.relative_humidity(celsius, expected) == pytest.approx(rh_pu, rel=1e-6)


def test_arizona_is_cooled_by_sixteen_degrees_and_singapore_by_none():
    # 43 C at 20 %: wet bulb 23.5 C; at 80 % some 2.8 K above it. 33 C at 79 % takes next to no more water.
    assert air.supply_c(43.0, 0.20, 1.0) == pytest.approx(26.4, abs=0.5)
    assert air.supply_c(33.0, 0.79, 1.0) == pytest.approx(33.0, abs=0.3)


def test_without_water_the_outdoor_air_comes_in_as_it_is():
    assert air.supply_c(43.0, 0.20, 0.0) == 43.0
    assert air.supply_c(35.0, 0.50, 0.5) == pytest.approx((35.0 + air.supply_c(35.0, 0.50, 1.0)) / 2.0)


def test_cold_weather_is_mixed_up_to_the_floor():
    assert air.supply_c(1.0, 0.89, 1.0) == 18.0
    assert air.supply_c(5.0, 0.45, 0.0) == 18.0
