"""Moist air at sea level: saturation, wet bulb, and what an evaporative cooler makes of the weather.

The formulas are those of the ASHRAE Handbook Fundamentals 2017, chapter 1, in SI. Temperatures in degrees C, the
humidity of the air as relative humidity in pu and as humidity ratio in kg of water a kg of dry air.
"""

from __future__ import annotations

import math

PRESSURE_PA = 101_325.0  # ASHRAE: standard atmosphere at sea level
SUPPLY_FLOOR_C = 18.0  # ASHRAE: the lower end of the recommended inlet; colder air is mixed with return air
SATURATION_RH = 0.80  # chosen: what a good wetted medium reaches; beyond it carries drops over

# The weather presets of the first design, in degrees F and per cent: Virginia summer, East Oregon winter, Ohio
# spring, Arizona, Stockholm, Singapore.
PRESETS_F = (95.0, 41.0, 59.0, 109.4, 33.8, 91.4)
PRESETS_RH_PCT = (50.0, 45.0, 60.0, 20.0, 89.0, 79.0)

AIR_DENSITY_KG_M3 = 1.2  # dry air at 21 degrees C at sea level
AIR_HEAT_KJ_KG_K = 1.006  # ASHRAE: specific heat of dry air
_STEAM_KJ_KG_K = 1.86  # ASHRAE: of water vapour
_EVAPORATION_KJ_KG = 2501.0  # ASHRAE: of water at 0 degrees C
_WATER_RATIO = 0.621945  # ASHRAE: molar mass of water over that of dry air


def celsius(fahrenheit: float) -> float:
    return (fahrenheit - 32.0) / 1.8


def saturation_pa(temperature_c: float) -> float:
    """Pressure of saturated vapour over ice and over water (Hyland and Wexler; ASHRAE equations 5 and 6)."""
    t = temperature_c + 273.15
    if temperature_c <= 0.01:
        exponent = (
            -5.6745359e3 / t
            + 6.3925247
            - 9.677843e-3 * t
            + 6.2215701e-7 * t * t
            + 2.0747825e-9 * t * t * t
            - 9.484024e-13 * t * t * t * t
            + 4.1635019 * math.log(t)
        )
    else:
        exponent = (
            -5.8002206e3 / t
            + 1.3914993
            - 4.8640239e-2 * t
            + 4.1764768e-5 * t * t
            - 1.4452093e-8 * t * t * t
            + 6.5459673 * math.log(t)
        )
    return math.exp(exponent)


def humidity_ratio(temperature_c: float, rh_pu: float) -> float:
    """Water in the air, kg a kg of dry air."""
    vapour_pa = rh_pu * saturation_pa(temperature_c)
    return _WATER_RATIO * vapour_pa / (PRESSURE_PA - vapour_pa)


def relative_humidity(temperature_c: float, ratio: float) -> float:
    """Relative humidity, pu, of air with this much water."""
    vapour_pa = PRESSURE_PA * ratio / (_WATER_RATIO + ratio)
    return vapour_pa / saturation_pa(temperature_c)


def _ratio_at_wet_bulb(temperature_c: float, wet_bulb_c: float) -> float:
    """Water in air of this wet bulb (ASHRAE equations 33 and 35, over water and over ice)."""
    saturated = humidity_ratio(wet_bulb_c, 1.0)
    depression = temperature_c - wet_bulb_c
    if wet_bulb_c >= 0.0:
        heat = (_EVAPORATION_KJ_KG - 2.326 * wet_bulb_c) * saturated - AIR_HEAT_KJ_KG_K * depression
        return heat / (_EVAPORATION_KJ_KG + _STEAM_KJ_KG_K * temperature_c - 4.186 * wet_bulb_c)
    heat = (2830.0 - 0.24 * wet_bulb_c) * saturated - AIR_HEAT_KJ_KG_K * depression
    return heat / (2830.0 + _STEAM_KJ_KG_K * temperature_c - 2.1 * wet_bulb_c)


def wet_bulb_c(temperature_c: float, rh_pu: float) -> float:
    """The thermodynamic wet bulb, to a thousandth of a degree."""
    ratio = humidity_ratio(temperature_c, rh_pu)
    low, high = temperature_c - 100.0, temperature_c
    while high - low > 0.0005:
        middle = (low + high) / 2.0
        if _ratio_at_wet_bulb(temperature_c, middle) > ratio:
            high = middle
        else:
            low = middle
    return (low + high) / 2.0


def evaporative_c(temperature_c: float, rh_pu: float) -> float:
    """What a wetted medium makes of outdoor air: along its wet bulb up to SATURATION_RH; wetter air stays as it is."""
    if rh_pu >= SATURATION_RH:
        return temperature_c
    bulb = wet_bulb_c(temperature_c, rh_pu)
    low, high = bulb, temperature_c
    while high - low > 0.0005:
        middle = (low + high) / 2.0
        if relative_humidity(middle, _ratio_at_wet_bulb(middle, bulb)) > SATURATION_RH:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0


def mixed_c(temperature_c: float, evaporated_c: float, water_pu: float) -> float:
    """The air that the fans blow into the cold aisle: outdoor air of which a part went through the wet medium.

    evaporated_c: by evaporative_c. water_pu: the share of the medium that is wet, 0 to 1. Air at or below the floor is
    mixed with return air up to it, and takes no water.
    """
    return max(SUPPLY_FLOOR_C, temperature_c - water_pu * (temperature_c - evaporated_c))


def supply_c(temperature_c: float, rh_pu: float, water_pu: float) -> float:
    """The same from the weather itself."""
    return mixed_c(temperature_c, evaporative_c(temperature_c, rh_pu), water_pu)
