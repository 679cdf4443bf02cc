"""Profiles: steps by hand, formulas by their own figures, and in a world at their very instants."""

import bisect
import dataclasses
import math

import pytest
from winter_river.engine import Device, Profile, build_plan, new_world, next_change_s, step, view
from winter_river.engine.equipment import profile as law

HOUR_S = 3600.0
UTILITY = Device("u", "utility", (), {"voltage_v": 480.0})
RACK = {"load_kw": 100.0, "load_kw_max": 150.0, "rated_a": 300.0}


def rack(profile):
    return [UTILITY, Device("r", "server", ("u",), RACK, profile)]


def drawn(profile, *instants):
    """kW at each of these instants, reached in one step each."""
    plan = build_plan(rack(profile))
    world = new_world(plan)
    found = []
    for at_s in instants:
        step(plan, world, at_s - world.t_s)
        found.append(round(view(plan, world, "r")["power_kw"], 6))
    return found


def test_a_step_holds_until_the_next_and_the_last_one_for_ever():
    steps = Profile((0.0, 10.0, 20.0), (1.0, 0.5, 0.2))
    assert drawn(steps, 0.0, 9.999, 10.0, 19.0, 20.0, 1e6) == [100.0, 100.0, 50.0, 50.0, 20.0, 20.0]


def test_what_repeats_begins_where_the_world_does_and_does_not_drift():
    # A lap of 0.3 s, which is no whole number in binary: after a million laps still to the millisecond.
    steps = Profile((0.0, 0.1), (1.0, 0.5), 0.3, begin_s=0.25)
    assert drawn(steps, 0.0, 0.049, 0.051, 0.149, 0.151) == [50.0, 50.0, 100.0, 100.0, 50.0]
    row = build_plan(rack(steps)).profiles[0]
    state = type(new_world(build_plan(rack(steps))).profiles[0])(place=row.first, lap=1_000_000)
    assert law.next_s(row, state, [0.0, 0.1]) == pytest.approx(300_000.0 + 0.1 - 0.25, abs=1e-9)


def test_it_never_asks_a_rack_for_more_than_its_most_or_less_than_none():
    assert drawn(Profile((0.0, 1.0), (2.0, -1.0)), 0.0, 1.0) == [150.0, 0.0]


def test_the_next_change_is_the_next_step():
    plan = build_plan(rack(Profile((0.0, 1234.5), (1.0, 0.5))))
    world = new_world(plan)
    assert next_change_s(plan, world) == 1234.5
    step(plan, world, 2000.0)
    assert next_change_s(plan, world) == math.inf


def test_halving_the_step_moves_nothing():
    wave = law.day_wave(0.2, 1.0, 14.0)
    plan = build_plan(rack(wave))
    one, two = new_world(plan), new_world(plan)
    step(plan, one, 20_000.0)
    for _ in range(64):
        step(plan, two, 20_000.0 / 64)
    assert one.meters[1].kwh + 0.0 == pytest.approx(two.meters[1].kwh, rel=1e-12)
    assert one.profiles == two.profiles


def test_the_energy_of_a_wave_is_its_mean():
    plan = build_plan(rack(law.day_wave(0.2, 1.0, 14.0)))
    world = new_world(plan)
    step(plan, world, 24 * HOUR_S)
    # The mean of the cosine is 0.6: 24 h of 60 kW.
    assert view(plan, world, "r")["energy_kwh"] == pytest.approx(1440.0, rel=1e-6)


def test_the_wave_is_highest_at_its_peak_and_lowest_half_a_day_away():
    wave = law.day_wave(0.2, 1.0, 14.0)
    for hour, value in ((14, 1.0), (2, 0.2), (8, 0.6)):
        place = bisect.bisect_right(wave.times_s, hour * HOUR_S) - 1
        assert wave.values[place] == pytest.approx(value, abs=0.01)


def test_the_clear_day_has_a_night_and_its_noon_is_that_of_haurwitz():
    day = law.clear_day(40.0, 172.0)
    assert day.values[0] == 0.0
    assert day.times_s[1] / HOUR_S == pytest.approx(12.0 - 14.84 / 2, abs=0.1)  # sunrise of test_sun.py
    # At 73.45 degrees: 1098 s e^(-0.059 / s) with s = sin 73.45.
    sine = math.sin(math.radians(73.45))
    assert max(day.values) == pytest.approx(1.098 * sine * math.exp(-0.059 / sine), rel=1e-4)


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        (Profile((1.0,), (1.0,)), "must begin at 0"),
        (Profile((0.0, 5.0, 5.0), (1.0, 1.0, 1.0)), "must rise"),
        (Profile((0.0, math.nan), (1.0, 1.0)), "must rise"),
        (Profile((0.0,), (math.nan,)), "has the value nan"),
        (Profile((0.0,), (11.0,)), "has the value 11"),
        (Profile((0.0, 5.0), (1.0,)), "2 instants and 1 values"),
        (Profile((0.0, 5.0), (1.0, 2.0), 5.0), "repeats after 5 s"),
    ],
)
def test_a_profile_that_means_nothing_is_refused_by_its_device(profile, words):
    with pytest.raises(ValueError, match=f"the profile of r .*{words}"):
        build_plan(rack(profile))


def test_only_what_can_follow_one_may_have_one():
    board = Device("b", "pdu", ("t",), {"rated_a": 100.0}, Profile((0.0,), (1.0,)))
    feed = Device("t", "switchgear", ("u",), {"rated_a": 100.0})
    with pytest.raises(ValueError, match="only a server, bess, pv may"):
        build_plan([UTILITY, feed, board])


def test_a_storage_follows_its_profile_until_it_is_told(story, sunny):
    told = story(sunny)
    told.dt_s = HOUR_S
    told.run(1.0)
    assert told.state("bess") == "IDLE"
    told.run(6 * HOUR_S)  # 18 h: eight tenths of 100 kW
    assert told.number("bess", "power_kw") == pytest.approx(-80.0, abs=1e-6) or told.state("bess") == "IDLE"
    assert told.when("bess", "state", "DISCHARGING") == 6 * HOUR_S
    told.tell("bess", setpoint_kw=10.0)
    told.run(1.0)
    assert told.number("bess", "power_kw") == pytest.approx(10.0, abs=1e-6)


def test_devices_with_one_profile_share_its_row():
    steps = Profile((0.0, 5.0), (1.0, 0.5))
    other = dataclasses.replace(steps, values=(1.0, 0.6))
    racks = [Device(f"r{k}", "server", ("u",), RACK, one) for k, one in enumerate((steps, other, steps))]
    plan = build_plan([UTILITY, *racks])
    assert [row.profile for row in plan.servers] == [0, 1, 0]
    assert plan.profile_values == [1.0, 0.5, 1.0, 0.6]
