"""Profiles: a load, a storage or the sun as a function of time, in steps that hold until the next one.

A profile is piecewise constant: between two instants nothing changes, so the network needs to be solved only at them,
and a step of the engine may be split anywhere. A formula becomes a staircase of pieces, each at its middle.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from winter_river.engine.equipment.sun import CLEAR_W_M2, DAY_S, STANDARD_W_M2, clear_sky_w_m2, height_sine
from winter_river.engine.units import NEVER_S

STEPS_MAX = 20_000  # chosen: a year by the hour twice over; a day by the minute is 1,440
VALUE_MAX = 10.0  # chosen: of what it multiplies
PIECE_S = 300.0  # chosen: the sun moves by 1.25 degrees, its power by 2 % at most
DAY_HOURS = 24.0


@dataclass(slots=True, frozen=True)
class ProfilePlan:
    """Its places in the columns profile_s and profile_values, and where in it the world begins."""

    first: int
    end: int
    period_s: float
    begin_s: float


@dataclass(slots=True)
class ProfileState:
    """place: of the step that holds now; lap: how often it has repeated."""

    place: int = 0
    lap: int = 0
    value: float = 0.0
    due_s: float = NEVER_S


@dataclass(frozen=True)
class Profile:
    """times_s: rising, the first is 0; values: from each of them on; period_s: after which it repeats, 0 for never.

    begin_s: where in it the world begins, such as the second of the day.
    """

    times_s: tuple[float, ...]
    values: tuple[float, ...]
    period_s: float = 0.0
    begin_s: float = 0.0


def fault_of(profile: Profile) -> str:
    """What is wrong with a profile, in words; empty where nothing is."""
    times, values = profile.times_s, profile.values
    if not 1 <= len(times) <= STEPS_MAX or len(times) != len(values):
        return f"has {len(times)} instants and {len(values)} values; must have 1 to {STEPS_MAX} of both"
    if times[0] != 0.0:
        return f"begins at {times[0]:g} s; must begin at 0"
    for before_s, at_s in itertools.pairwise(times):
        if not before_s < at_s < NEVER_S:
            return f"goes from {before_s:g} s to {at_s:g} s; the instants must rise"
    for value in values:
        if not -VALUE_MAX <= value <= VALUE_MAX:
            return f"has the value {value:g}; must be {-VALUE_MAX:g} to {VALUE_MAX:g}"
    if profile.period_s and not times[-1] < profile.period_s < NEVER_S:
        return f"repeats after {profile.period_s:g} s; must be later than its last instant, {times[-1]:g} s"
    return ""


def run_profile(r: ProfilePlan, s: ProfileState, times_s: Sequence[float], values: Sequence[float], t_s: float) -> None:
    """Takes the step of this instant, at or after due_s, and says when the next one is.

    times_s, values: those of all profiles, of which r.first up to r.end are this one's. Instants are worked from whole
    laps, so that they do not drift.
    """
    while t_s >= s.due_s:
        s.place += 1
        if s.place == r.end:
            s.place = r.first
            s.lap += 1
        s.due_s = next_s(r, s, times_s)
    s.value = values[s.place]


def next_s(r: ProfilePlan, s: ProfileState, times_s: Sequence[float]) -> float:
    if s.place + 1 < r.end:
        return s.lap * r.period_s + times_s[s.place + 1] - r.begin_s
    return (s.lap + 1) * r.period_s - r.begin_s if r.period_s > 0.0 else NEVER_S


def staircase(value_at: Callable[[float], float]) -> Profile:
    """A day in pieces, each at its middle; neighbours of one value are one piece."""
    times, values = [0.0], [value_at(PIECE_S / 2.0)]
    for k in range(1, int(DAY_S / PIECE_S)):
        value = value_at((k + 0.5) * PIECE_S)
        if value != values[-1]:
            times.append(k * PIECE_S)
            values.append(value)
    return Profile(tuple(times), tuple(values), DAY_S)


def day_wave(low: float, high: float, peak_h: float) -> Profile:
    """A day from low to high and back, highest at peak_h: (low + high) / 2 + (high - low) / 2 cos."""
    middle, half = (low + high) / 2.0, (high - low) / 2.0
    return staircase(lambda at_s: middle + half * math.cos(2.0 * math.pi * (at_s / 3600.0 - peak_h) / DAY_HOURS))


def clear_day(latitude_deg: float, day: float) -> Profile:
    """The sun of a cloudless day, of STANDARD_W_M2."""
    assert CLEAR_W_M2 < VALUE_MAX * STANDARD_W_M2
    return staircase(lambda at_s: clear_sky_w_m2(height_sine(latitude_deg, day, at_s)) / STANDARD_W_M2)
