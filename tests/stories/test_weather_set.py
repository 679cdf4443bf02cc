"""The weather overridden while a site runs: in a test, and in a scenario script."""

import pytest
from winter_river.scenario import parse_scenario, run_scenario
from winter_river.simulation import Simulation

ARIZONA_C, ARIZONA_RH = 43.0, "20.0"  # 109.4 F, 20 %: the first design's fourth preset


@pytest.mark.facility("seed-8")
@pytest.mark.parametrize("preset", [4, "arizona", "Arizona"])
def test_a_test_sets_the_weather_by_number_or_name(simulation, preset):
    simulation.advance(10.0)
    assert simulation.balance()["outdoor_c"] == pytest.approx(35.0)  # 95 F, where a site begins
    ack = simulation.command("weather", "set_weather", preset=preset)
    assert (ack.result, ack.applied) == ("done", f"preset=4 outdoor_c={ARIZONA_C} humidity_pct={ARIZONA_RH}")
    assert simulation.balance()["outdoor_c"] == pytest.approx(ARIZONA_C)


@pytest.mark.facility("seed-8")
def test_figures_of_ones_own_stand_on_the_air_that_is(simulation):
    simulation.command("weather", "set_weather", preset=4)
    ack = simulation.command("weather", "set_weather", humidity_pct=60)
    assert ack.applied == f"preset=0 outdoor_c={ARIZONA_C} humidity_pct=60.0"


@pytest.mark.facility("seed-8")
@pytest.mark.parametrize(
    ("verb", "params", "reason", "told"),
    [
        ("set_weather", {"preset": 7}, "schema", "preset is 7; it takes 1 to 6, or virginia, oregon,"),
        ("set_weather", {"preset": 4.5}, "schema", "preset is 4.5; it takes 1 to 6"),
        ("set_weather", {"preset": True}, "schema", "preset is True; it takes 1 to 6"),
        ("set_weather", {"preset": [4]}, "schema", "preset is [4]; it takes 1 to 6"),
        ("set_weather", {"humidity_pct": 101}, "schema", "humidity_pct is 101; it takes 1 to 100 %"),
        ("set_weather", {"outdoor_c": "warm"}, "schema", "outdoor_c is warm; it takes -60 to 60 C"),
        ("set_weather", {"preset": 4, "wind": 1}, "schema", "set_weather has no parameter wind"),
        ("set_weather", {}, "schema", "given nothing to set; it takes [preset=arizona]"),
        ("set_wether", {"preset": 4}, "unknown", "did you mean set_weather?"),
    ],
)
def test_what_does_not_fit_is_refused_whole_with_its_cure(simulation, verb, params, reason, told):
    ack = simulation.send("weather", verb, params)
    assert (ack.result, ack.reason) == ("rejected", reason)
    assert told in ack.applied
    assert simulation.balance()["outdoor_c"] == pytest.approx(35.0)


@pytest.mark.facility("seed-8")
def test_without_a_bus_nobody_hears_it(simulation):
    simulation.lose_broker()
    ack = simulation.command("weather", "set_weather", preset=4)
    assert (ack.result, ack.reason) == ("failed", "expired")


@pytest.mark.facility("seed-8")
def test_going_back_takes_the_weather_along(simulation):
    before = simulation.snapshot()
    simulation.command("weather", "set_weather", preset="stockholm")
    simulation.restore(before)
    assert simulation.balance()["outdoor_c"] == pytest.approx(35.0)


SCRIPT = """
scenario: heat
facility: block-2n-24
steps:
  - {at: 1s, send: {node: weather, command: set_weather, params: {preset: %s}}}
  - {at: 20m, expect: {node: cooling_a, supply_c: {%s}}}
"""


@pytest.mark.parametrize(
    ("preset", "wanted"),
    # What the cold aisle's cooler makes of it at 80 % RH (adiabatic saturation, PsychroLib): near the wet bulb, which
    # is 24 C for Arizona (43 C, 20 %) and 29.6 C for Singapore (33 C, 79 %); 18 C is the floor, for Stockholm.
    [("arizona", "min: 24, max: 28"), ("singapore", "min: 29, max: 34"), ("stockholm", "min: 17, max: 19")],
)
def test_a_scenario_sets_the_weather_and_the_hall_feels_it(preset, wanted):
    scenario = parse_scenario(SCRIPT % (preset, wanted))
    result = run_scenario(scenario, Simulation(scenario_site(), seed=1))
    assert result.passed, [str(outcome) for outcome in result.failures]
    assert "weather set_weather preset=" in str(result.outcomes[0])


def scenario_site():
    from winter_river.facility import load_facility

    return load_facility("block-2n-24")


def test_a_scenario_may_want_a_refusal_of_nothing_but_what_the_file_allows():
    with pytest.raises(ValueError, match="1 to 6, or virginia"):
        parse_scenario(SCRIPT % ("9", "min: 1"))
