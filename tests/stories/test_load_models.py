"""Loads that hold their power, current or impedance, from a facility file to the node's own report and the studies."""

import pytest
from winter_river.facility import FacilityError, parse_facility
from winter_river.scenario import Exercise, parse_scenario
from winter_river.simulation import Simulation
from winter_river.study.contingency import combinations
from winter_river.study.contingency import runner as losses_runner

# 480 V that nothing moves, 0.1152 ohm, 100 kW at power factor 1: 0.05 pu (tests/engine/test_load_models.py).
SITE = """
facility: lamps
nodes:
  grid: {type: utility, voltage_v: 480, short_circuit_mva: 1000000}
  board: {type: distribution, from: grid, rated_a: 1000, feed_resistance_ohm: 0.1152}
  load: {type: server, from: board, load_kw: 100, load_kw_max: 200, power_factor: 1, rated_a: 400, load_model: MODEL}
  other: {type: utility, voltage_v: 480, short_circuit_mva: 1000000}
  far: {type: server, from: other, load_kw: 50, load_kw_max: 50, rated_a: 400}
"""
BY_HAND_KW = {"power": 100.0, "current": 95.0, "impedance": 90.7029478}


@pytest.mark.parametrize("model", BY_HAND_KW)
def test_a_file_says_what_a_load_holds_and_its_node_reports_what_it_draws(model):
    simulation = Simulation(parse_facility(SITE.replace("MODEL", model)))
    simulation.advance(20.0)
    assert simulation.view("load")["power_kw"] == pytest.approx(BY_HAND_KW[model], abs=2e-3)
    status = simulation.status("load")
    assert (status["load_set_kw"], status["power_kw"]) == (100.0, pytest.approx(BY_HAND_KW[model], abs=2e-3))
    assert simulation.balance()["it_kw"] == pytest.approx(BY_HAND_KW[model] + 50.0, abs=5e-3)
    assert simulation.command("load", "set_load", power_kw=0.0).done
    simulation.advance(1.0)
    assert simulation.view("load")["power_kw"] == 0.0
    assert simulation.laws_broken == 0


def test_a_file_without_it_means_constant_power():
    plain = parse_facility(SITE.replace(", load_model: MODEL", ""))
    assert plain.nodes["load"].full_ratings()["load_model"] == 0.0


def test_a_wrong_word_is_told_at_its_place_with_the_nearest():
    with pytest.raises(FacilityError) as error:
        parse_facility(SITE.replace("MODEL", "impedence"))
    fault = error.value.faults[0]
    assert (fault.line, "did you mean `impedance`?" in str(fault)) == (6, True), str(fault)


@pytest.mark.parametrize("model", BY_HAND_KW)
def test_a_study_counts_what_they_drew(model):
    devices = parse_facility(SITE.replace("MODEL", model)).devices()
    outcomes = {each.lost: each for each in losses_runner(devices, "training", 8 * 3600.0)(combinations(devices, 1))}
    # Eight hours without what it drew before; the other side without its own 50 kW.
    assert outcomes["grid",].it_kwh == pytest.approx(8 * BY_HAND_KW[model], rel=1e-6)
    assert outcomes["other",].it_kwh == pytest.approx(8 * 50.0, rel=1e-6)
    assert (outcomes["grid",].loads, outcomes["other",].loads) == (("load",), ("far",))


@pytest.mark.parametrize("model", BY_HAND_KW)
def test_energy_not_served_is_of_the_time_in_the_dark_and_not_of_a_voltage_that_is_a_little_low(model):
    site = parse_facility(SITE.replace("MODEL", model))
    simulation = Simulation(site)
    simulation.advance(5.0)
    exercise = Exercise(
        parse_scenario("scenario: dark\nuntil: 200s\nsteps:\n  - {at: 199s, say: bye}\n", facility=site), site
    )
    exercise.begin(simulation)

    def go_on(seconds):
        for _ in range(seconds):
            simulation.advance(1.0)
            exercise.passed(simulation)

    go_on(60)
    assert simulation.command("grid", "set_fault", state=True, kind="outage").done
    go_on(36)
    assert simulation.command("grid", "set_fault", state=False).done
    go_on(60)
    # A hundredth of an hour at what it drew, and up to a second until a power supply starts again in its turn.
    found = exercise.end().energy_not_served_kwh
    assert found == {"load": pytest.approx(BY_HAND_KW[model] / 100, abs=BY_HAND_KW[model] * 1.5 / 3600)}


FED_AT_NOTHING = """
facility: lamps
begins_h: 6
profiles:
  street: {steps_h: [[0, 1], [6.01, 0]], repeat_h: 24}
nodes:
  grid: {type: utility, voltage_v: 480, short_circuit_mva: 1000000}
  lamp: {type: server, from: grid, load_kw: 100, load_kw_max: 200, rated_a: 400, profile: street}
  heater: {type: server, from: grid, load_kw: 100, load_kw_max: 200, rated_a: 400, load_model: impedance}
  rack: {type: server, from: grid, load_kw: 100, load_kw_max: 200, rated_a: 400}
"""


def test_what_is_fed_and_draws_nothing_lacks_nothing_by_day_or_because_it_was_set_so():
    site = parse_facility(FED_AT_NOTHING)
    simulation = Simulation(site)
    simulation.advance(5.0)
    for node_id in ("heater", "rack"):
        assert simulation.command(node_id, "set_load", power_kw=0.0).done
    simulation.advance(1.0)
    script = parse_scenario("scenario: day\nuntil: 300s\nsteps:\n  - {at: 299s, say: bye}\n", facility=site)
    exercise = Exercise(script, site)
    exercise.begin(simulation)
    for _ in range(120):  # day begins at 36 s
        simulation.advance(1.0)
        exercise.passed(simulation)
    seen = {node_id: simulation.view(node_id) for node_id in ("lamp", "heater", "rack")}
    assert {(view["state"], view["power_kw"]) for view in seen.values()} == {("NORMAL", 0.0)}
    assert exercise.end().energy_not_served_kwh == {}
