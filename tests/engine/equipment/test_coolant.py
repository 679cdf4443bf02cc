"""The jacket water of a set: its heater, its thermostat, its radiator."""

import dataclasses
import math

import pytest
from winter_river.engine.equipment import coolant
from winter_river.engine.equipment.generator import GeneratorState


def of(**fields):
    return GeneratorState(coolant_c=40.0, coolant_end_c=40.0, coolant_tau_s=3600.0, **fields)


def test_it_warms_up_to_its_thermostat_and_cools_down_to_its_heater():
    g = of()
    coolant.run_coolant(g, 0.0, running=True, heat_pu=0.8, air_c=20.0, heater_lost=False)
    # After one lag of 180 s: 85 - 45 / e.
    assert coolant.coolant_now_c(g, 180.0) == pytest.approx(85.0 - 45.0 / math.e)
    assert coolant.too_hot_s(g) == math.inf
    coolant.run_coolant(g, 1e5, running=False, heat_pu=0.0, air_c=20.0, heater_lost=False)
    assert coolant.coolant_now_c(g, 1e5 + 3600.0) == pytest.approx(40.0 + 45.0 / math.e)


def test_without_its_radiator_a_set_under_full_load_is_too_hot_in_about_a_minute():
    g = of()
    coolant.run_coolant(g, 0.0, running=True, heat_pu=1.0, air_c=25.0, heater_lost=False)
    assert coolant.coolant_now_c(g, 1e5) == pytest.approx(85.0)
    g.cooling_lost_pu = 1.0
    coolant.run_coolant(g, 1e5, running=True, heat_pu=1.0, air_c=25.0, heater_lost=False)
    # 50 K in 180 s is 0.28 K/s while nothing leaves: 19 K from 85 to 104 C take some 68 s.
    assert coolant.too_hot_s(g) - 1e5 == pytest.approx(19.0 / (50.0 / 180.0), rel=0.05)
    assert not coolant.is_too_hot(g, 1e5 + 60.0)
    assert coolant.is_too_hot(g, coolant.too_hot_s(g))


def test_the_air_that_makers_size_a_radiator_for_does_not_trip_it():
    g = of()
    coolant.run_coolant(g, 0.0, running=True, heat_pu=1.0, air_c=50.0, heater_lost=False)
    assert coolant.too_hot_s(g) == math.inf


def test_a_cold_engine_starts_later():
    # 32 C is what NFPA 110 wants: no longer above it. At 1 C: 31 times 2 %.
    assert coolant.cold_start_s(8.7, 40.0) == 8.7
    assert coolant.cold_start_s(8.7, 32.0) == 8.7
    assert coolant.cold_start_s(8.7, 1.0) == pytest.approx(8.7 * 1.62)


def test_the_story_of_a_radiator_that_fails_under_load(story):
    told = story()
    told.tell("utility_a", fault="outage")
    told.run(900)
    assert told.number("generator_a", "temperature_c") == pytest.approx(85.0, abs=0.5)
    told.tell("generator_a", fault="cooling_lost=1")
    told.run(120)
    assert told.state("generator_a") == "FAULT"
    hot = told.when("generator_a", "overheat")
    # 450 of 600 kW burn 0.74 of full load's fuel: 37 K in 180 s, 19 K in some 94 s.
    assert hot - 900.0 == pytest.approx(94.0, abs=10.0)
    assert told.state("ups_a") == "ON_BATTERY"
    cause = next(e.cause for e in told.events if e.event == "overheat")
    assert next(e for e in told.events if e.id == cause).event == "fault"
    told.tell("generator_a", fault="", resets=1)
    told.run(5)
    # Still as hot as it was: the switch holds it until it has cooled down.
    assert told.state("generator_a") in ("STARTING", "FAULT")


def test_a_lost_heater_in_a_cold_winter_makes_the_start_late(story):
    told = story(dt_s=60.0)
    told.tell("weather", outdoor_c=1.0)
    told.tell("generator_a", fault="heater_lost")
    told.run(40_000)  # eleven lags
    assert told.number("generator_a", "temperature_c") == pytest.approx(1.0, abs=0.1)
    assert told.number("generator_b", "temperature_c") == pytest.approx(40.0)
    for s in "ab":
        told.tell(f"utility_{s}", fault="outage")
    told.dt_s = 1.0
    told.run(30)
    starts = [told.when(f"generator_{s}", "state", "RUNNING") - 40_001.0 for s in "ab"]
    assert starts == [pytest.approx(8.7 * 1.62, abs=0.05), pytest.approx(8.7, abs=1e-6)]


def test_in_bitter_cold_it_does_not_start_within_its_cranks(story):
    told = story(dt_s=60.0)
    told.tell("weather", outdoor_c=-20.0)
    told.tell("generator_a", fault="heater_lost")
    told.run(40_000)
    told.tell("utility_a", fault="outage")
    told.dt_s = 1.0
    told.run(90)
    # 8.7 s (1 + 0.02 x 52) are 17.7 s; a crank is 15 s: overcrank after the third, as with any set that fails to start.
    assert told.when("generator_a", "overcrank") - 40_000.0 == pytest.approx(76.0, abs=0.01)


def test_the_air_of_a_hot_day_warms_a_set_at_rest(story, block):
    told = story([dataclasses.replace(d) for d in block])
    told.tell("weather", outdoor_c=45.0)
    told.dt_s = 3600.0
    told.run(40_000)
    assert told.number("generator_a", "temperature_c") == pytest.approx(45.0, abs=0.1)
