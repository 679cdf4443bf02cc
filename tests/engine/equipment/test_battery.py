"""Runtimes against a maker's table; energy given and lost adds up."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as some
from winter_river.engine.equipment import battery

# Liebert GXT3, user manual: minutes at 10, 20 ... 100 % load.
GXT3_MIN = (105, 52, 40, 27, 21, 17, 14, 12, 10, 9)


@pytest.mark.parametrize(("tenth", "minutes"), list(enumerate(GXT3_MIN, start=1)))
def test_runtime_is_within_ten_per_cent_of_the_table(tenth, minutes):
    # Any rating; the capacity is what the fit gives at full load: 10.53 x 1.0905^-1.345 = 9.37 min.
    rated_kw = 2.0
    nominal_kwh = rated_kw * 9.37 / 60.0
    stored_kwh = battery.stored_kwh(nominal_kwh, battery.GXT3_EXPONENT, battery.GXT3_OFFSET_PU)
    hours = battery.runtime_h(
        stored_kwh, rated_kw * tenth / 10.0, rated_kw, battery.GXT3_EXPONENT, battery.GXT3_OFFSET_PU
    )
    assert hours * 60.0 == pytest.approx(minutes, rel=0.10)


def test_plain_peukert_shortens_the_runtime_by_its_exponent():
    # Twice the rated power with k = 1.15: 2^-1.15 of the time.
    assert battery.runtime_h(10.0, 20.0, 10.0, 1.15, 0.0) == pytest.approx(2.0**-1.15)
    assert battery.runtime_h(10.0, 5.0, 10.0, 1.15, 0.0) == 2.0  # slower than rated: nothing lost, nothing gained


@given(power=some.floats(0.001, 500.0), exponent=some.floats(1.0, 1.6), offset=some.floats(0, 0.2))
def test_the_store_never_gives_more_than_it_loses(power, exponent, offset):
    assert battery.drain_kw(power, 100.0, exponent, offset) >= power * (1.0 - 1e-12)


def test_the_nominal_energy_is_given_at_the_rated_power():
    stored = battery.stored_kwh(10.96, 1.345, 0.0905)
    assert battery.runtime_h(stored, 394.7, 394.7, 1.345, 0.0905) * 394.7 == pytest.approx(10.96)


def test_age_and_cold_take_capacity():
    assert battery.capacity_pu(0.0, 25.0) == 1.0
    assert battery.capacity_pu(0.2, 25.0) == pytest.approx(0.8)
    assert battery.capacity_pu(0.0, 0.0) == pytest.approx(0.85)  # 25 K at 0.6 %
    assert battery.capacity_pu(0.2, 0.0) == pytest.approx(0.68)
    assert battery.capacity_pu(0.0, 35.0) == 1.0


def test_ten_degrees_halve_its_life():
    assert battery.ageing_rate(35.0) == pytest.approx(2.0)
    assert battery.ageing_rate(25.0) == 1.0


def test_an_old_and_cold_battery_empties_sooner_in_a_site(story, block):
    # Of 100 s at its rate: a fifth lost by age, 15 % at 0 C.
    worn = {"battery_age_pct": 20.0, "battery_c": 0.0}
    told = story([dataclasses.replace(d, ratings={**d.ratings, **worn}) if d.id == "ups_a" else d for d in block])
    for s in "ab":
        told.tell(f"utility_{s}", fault="outage")
        told.tell(f"generator_{s}", handle="off")
    told.run(110)
    assert told.when("ups_a", "battery_empty") == pytest.approx(68.0, rel=0.005)
    assert told.when("ups_b", "battery_empty") == pytest.approx(100.0, rel=0.005)


def aged(story, block, seconds, **ratings):
    """A story in which so long has passed, then both sides are on their batteries."""
    own = {"battery_life_y": 10.0, **ratings}
    told = story(
        [dataclasses.replace(d, ratings={**d.ratings, **own}) if d.id == "ups_a" else d for d in block], dt_s=1e6
    )
    told.run(seconds)
    told.dt_s = 1.0
    return told


YEAR_S = 8766 * 3600.0


def test_a_battery_of_ten_years_gives_four_fifths_after_ten(story, block):
    told = aged(story, block, 10 * YEAR_S)
    assert told.number("ups_a", "aged_h") == pytest.approx(87_660.0)
    assert told.number("ups_a", "health_pct") == pytest.approx(80.0)
    assert told.number("ups_a", "runtime_s") in (79, 80)  # of 100 s at its rate, whole seconds
    told.tell("utility_a", fault="outage")
    told.tell("generator_a", handle="off")
    told.run(110)
    assert told.when("ups_a", "battery_empty") - 10 * YEAR_S == pytest.approx(80.0, rel=0.005)


def test_ten_degrees_more_age_it_twice_as_fast(story, block):
    told = aged(story, block, 5 * YEAR_S, battery_c=35.0)
    assert told.number("ups_a", "aged_h") == pytest.approx(87_660.0)
    assert told.number("ups_a", "health_pct") == pytest.approx(80.0)
    assert told.number("ups_b", "health_pct") == pytest.approx(90.0)  # at 25 C, five of ten years


def test_a_discharge_is_not_changed_while_it_lasts(story, block):
    # Its age is that of the instant it began: the same to the bit, however often somebody looks.
    hashes = []
    for dt_s in (1.0, 0.25):
        told = aged(story, block, YEAR_S)
        told.dt_s = dt_s
        told.tell("utility_a", fault="outage")
        told.run(60)
        hashes.append(told.number("ups_a", "battery_kwh"))
    assert hashes[0] == pytest.approx(hashes[1], rel=1e-12)


def test_a_malfunction_shows_in_its_health(story):
    told = story()
    told.tell("ups_a", fault="battery_aged=0.30")
    told.run(1)
    assert told.number("ups_a", "health_pct") == pytest.approx(70.0)
    told.tell("ups_a", fault="battery_lost")
    told.run(1)
    assert told.number("ups_a", "health_pct") == 0.0
