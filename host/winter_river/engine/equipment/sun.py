"""The sun over a site and what a photovoltaic array makes of it.

Declination by Cooper (1969), day length and height by the usual geometry, clear-sky irradiance by Haurwitz (1945)
on the horizontal plane. Solar time: noon is when the sun is highest.
"""

from __future__ import annotations

import math

DAY_S = 86_400.0
YEAR_DAYS = 365.0
TILT_DEG = 23.45  # of the earth's axis, Cooper
CLEAR_W_M2, CLEAR_LOSS = 1098.0, 0.059  # Haurwitz, as pvlib 0.16.1 (clearsky.haurwitz) has it
STANDARD_W_M2 = 1000.0  # IEC 61215: what an array's kWp is stated at
CELL_LOSS_PER_K = 0.004  # chosen: crystalline silicon, 0.35 to 0.45 % a degree
CELL_RISE_K = 30.0  # chosen: a cell in full sun above its surroundings (NOCT 45 to 48 at 800 W/m2)
SYSTEM_RATIO = 0.86  # NREL PVWatts: 14 % lost to dirt, shade, mismatch, wiring; the inverter is not among it
INVERTER_RATIO = 0.96  # NREL PVWatts: its nominal efficiency


def declination_deg(day: float) -> float:
    """The sun's declination on a day of the year, 1 to 365."""
    return TILT_DEG * math.sin(math.radians(360.0 * (284.0 + day) / YEAR_DAYS))


def height_sine(latitude_deg: float, day: float, time_s: float) -> float:
    """Sine of the sun's height at a solar time of day; negative at night."""
    latitude = math.radians(latitude_deg)
    declination = math.radians(declination_deg(day))
    hour_angle = math.radians(360.0 * (time_s % DAY_S) / DAY_S - 180.0)
    return math.sin(latitude) * math.sin(declination) + math.cos(latitude) * math.cos(declination) * math.cos(
        hour_angle
    )


def day_length_h(latitude_deg: float, day: float) -> float:
    """Hours from sunrise to sunset; 0 or 24 beyond the polar circles."""
    x = -math.tan(math.radians(latitude_deg)) * math.tan(math.radians(declination_deg(day)))
    return 24.0 / 180.0 * math.degrees(math.acos(min(1.0, max(-1.0, x))))


def clear_sky_w_m2(height: float) -> float:
    """Global irradiance on the horizontal without clouds (Haurwitz). height: sine of the sun's height."""
    return CLEAR_W_M2 * height * math.exp(-CLEAR_LOSS / height) if height > 0.0 else 0.0


def pv_kw(peak_kw: float, irradiance_w_m2: float, air_c: float, cloud_pu: float) -> float:
    """What an array delivers behind its inverter. peak_kw: of its cells at STANDARD_W_M2 and 25 C. cloud_pu: share of
    the sun taken away."""
    sun_pu = irradiance_w_m2 / STANDARD_W_M2 * (1.0 - cloud_pu)
    cell_c = air_c + CELL_RISE_K * sun_pu
    cells_kw = peak_kw * sun_pu * (1.0 - CELL_LOSS_PER_K * (cell_c - 25.0))
    return max(0.0, cells_kw * SYSTEM_RATIO * INVERTER_RATIO)
