"""A scenario looks at the site as a whole and at the weather: expectations, conditions, what must be seen, and curves."""

import pytest
from winter_river import Simulation, load_facility
from winter_river.engine import build_plan
from winter_river.scenario import parse_scenario, run_scenario
from winter_river.scenario.loader import ScenarioError
from winter_river.station.fork import Fork

# Preset 1 is a Virginia summer, 95 F and 50 %; the racks of both sides draw 2 x 4 x 96 = 768 kW.
SCRIPT = """
scenario: whole
facility: block-2n-24
until: 60s
steps:
  - at: 5s
    expect: {node: weather, preset: 1, outdoor_c: 35, humidity_pct: 50}
  - {at: 5s, expect: {node: facility, it_kw: {min: 767, max: 769}, air_mode: NORMAL}}
  - at: 6s
    send: {node: weather, command: set_weather, params: {outdoor_c: 38, humidity_pct: 15}}
  - when: weather.outdoor_c > 37 and facility.source_kw > 0
    say: It is hot now.
  - {at: 40s, expect: {node: facility, outdoor_c: 38, served_pct: 100}}
critical_tasks:
  - {id: heat, at: 1s, do: [{see: weather.humidity_pct < 20}], points: 3}
trends: [facility.it_kw, weather.outdoor_c]
"""


def test_a_scenario_expects_of_the_site_as_a_whole_and_of_the_weather():
    scenario = parse_scenario(SCRIPT)
    result = run_scenario(scenario, Simulation(load_facility("block-2n-24"), seed=1))
    assert [(o.wanted, o.seen) for o in result.outcomes if not o.passed] == []
    assert result.points == 3
    assert result.series.fields["facility", "it_kw"][-1] == pytest.approx(768, abs=1)
    assert result.series.fields["weather", "outdoor_c"][-1] == 38


def test_what_is_not_so_is_told_with_what_is_seen():
    script = "scenario: x\nfacility: seed-8\nsteps:\n  - {at: 2s, expect: {node: weather, outdoor_c: {max: 20}}}\n"
    result = run_scenario(parse_scenario(script), Simulation(load_facility("seed-8"), seed=1))
    (outcome,) = result.outcomes
    assert not outcome.passed
    assert (outcome.wanted, outcome.seen) == ("weather outdoor_c <= 20", "outdoor_c = 35")


@pytest.mark.parametrize(
    ("given", "instead", "said"),
    [
        ("node: weather, preset: 1", "node: weather, soc_pct: 1", "unknown field of a weather `soc_pct`"),
        ("node: facility, it_kw", "node: facilty, it_kw", "did you mean `facility`"),
        ("air_mode: NORMAL", "air_mode: FINE", "unknown air_mode `FINE`"),
        ("weather.outdoor_c > 37", "weather.status = ok", "unknown field `status`"),
        ("[facility.it_kw", "[facility.air_mode", "unknown number `air_mode`"),
        ("send: {node: weather", "send: {node: facility", "unknown node `facility`"),
    ],
)
def test_what_the_site_as_a_whole_does_not_have_is_refused(given, instead, said):
    assert given in SCRIPT
    with pytest.raises(ScenarioError) as found:
        parse_scenario(SCRIPT.replace(given, instead))
    assert said in str(found.value)


def test_a_replay_sees_the_same_weather():
    sim = Simulation(load_facility("seed-8"), seed=1)
    sim.send("weather", "set_weather", {"outdoor_c": 38, "humidity_pct": 15})
    sim.advance(2)
    site = load_facility("seed-8")
    fork = Fork(site, build_plan(site.devices(), calibration=site.calibration), sim.snapshot().coordinator.engine, ())
    assert fork.view("weather")["outdoor_c"] == sim.view("weather")["outdoor_c"] == 38
    assert fork.view("facility")["it_kw"] == pytest.approx(sim.view("facility")["it_kw"], abs=1e-3)
