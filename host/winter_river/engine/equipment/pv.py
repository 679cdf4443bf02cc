"""The photovoltaic array: panels and an inverter that follows the grid, for as much sun as there is.

Its power_kw is negative while it feeds the site, as a storage's: it hangs on a board as loads do. It works only while
a utility drives its bus inside the band of following.py, and is no source of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from winter_river.engine.equipment.profile import Profile, clear_day
from winter_river.engine.equipment.sun import STANDARD_W_M2, pv_kw
from winter_river.engine.equipment.table import POWER_KVA_MAX, Equipment, Rating, breaker_ratings, feed_ratings

NOON_S = 43_200.0

PV = Equipment(
    type="pv",
    ratings=(
        Rating("peak_kw", None, 0.1, POWER_KVA_MAX, "nameplate: of its panels at 1,000 W/m2 and 25 C"),
        Rating("inverter_kw", 0.0, 0.0, POWER_KVA_MAX, "chosen: 0 means peak_kw; the most that it delivers"),
        Rating("latitude_deg", 39.0, -90.0, 90.0, "chosen: Virginia; the sun of a cloudless day without a profile"),
        Rating("day_of_year", 172.0, 1.0, 365.0, "chosen: midsummer in the north, as the weather of the start"),
        *breaker_ratings(),
        *feed_ratings("feed", "the cable to it"),
    ),
    feeds_min=1,
    feeds_max=1,
    fed_by=("utility", "transformer", "switchgear", "distribution", "meter"),
)


@dataclass(slots=True, frozen=True)
class PvPlan:
    node: int
    follower: int
    profile: int
    peak_kw: float
    inverter_kw: float
    rated_pu: float


@dataclass(slots=True)
class PvState:
    """limit_set_kw: its setpoint, the most it may deliver. power_kw: positive while it delivers."""

    limit_set_kw: float = 0.0
    clouded_pu: float = 0.0
    limit_pu: float = 0.0
    possible_kw: float = 0.0
    power_kw: float = 0.0


def clear_sky(ratings: Mapping[str, float]) -> Profile:
    """The sun on an array of these ratings without clouds, from noon on."""
    full = {rating.name: rating.default or 0.0 for rating in PV.ratings} | dict(ratings)
    return replace(clear_day(full["latitude_deg"], full["day_of_year"]), begin_s=NOON_S)


def sun_w_m2(s: PvState, sun: float) -> float:
    """What falls on its panels. sun: of its profile, of STANDARD_W_M2."""
    return max(0.0, sun) * STANDARD_W_M2 * (1.0 - s.clouded_pu)


def possible_kw(r: PvPlan, s: PvState, sun: float, air_c: float) -> float:
    """What it could deliver, whatever its setpoint."""
    return min(pv_kw(r.peak_kw, sun_w_m2(s, sun), air_c, 0.0), r.inverter_kw * (1.0 - s.limit_pu))
