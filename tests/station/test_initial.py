"""Initial conditions: made by physics, for every facility that has the parts."""

import pytest
from winter_river.facility import load_facility
from winter_river.station import StationError
from winter_river.station.initial import InitialConditionError, cook, fitting, library, parts_of, read_recipe

ALL = ["a-on-generator", "battery-40", "day-normal", "ups-b-in-bypass"]


def test_a_facility_is_offered_what_it_has_the_parts_for(start):
    assert [each.id for each in start("block-2n-24").station.initial_conditions()] == ALL
    assert [each.id for each in start("seed-8").station.initial_conditions()] == ALL[:3]


@pytest.mark.parametrize("calibration", ["training", "realistic"])
@pytest.mark.parametrize("name", ["block-2n-24", "seed-8"])
def test_every_condition_is_reached_by_physics_from_a_fresh_world(name, calibration):
    facility = load_facility(name).with_calibration(calibration)
    recipes = fitting(library(), facility)
    assert recipes
    for recipe in recipes:
        cook(recipe, facility, facility.plan(), seed=1, breathe=lambda: None)  # raises where it is not reached


def test_loading_one_sets_world_and_nodes(start):
    bench = start("block-2n-24")
    bench.station.load_initial_condition("a-on-generator")
    bench.advance(2.0)
    assert bench.state("lv_switchgear_a") == "GENERATOR"
    assert bench.state("lv_switchgear_b") == "CLOSED"
    assert bench.nodes["utility_a"].status(0)["fault"] == "outage"
    assert bench.station.clock().t_s == pytest.approx(612.0, abs=1.0)


def test_the_battery_stands_at_40_percent(start):
    bench = start("block-2n-24")
    bench.station.load_initial_condition("battery-40")
    assert bench.view("ups_a")["soc_pct"] == pytest.approx(40.0, abs=0.5)
    assert bench.state("ups_a") == "CHARGING"
    assert bench.state("generator_a") == "STANDBY"


def test_the_same_seed_gives_the_same_state(start):
    one, other = start("block-2n-24"), start("block-2n-24")
    for bench in (one, other):
        bench.station.freeze()
        bench.station.load_initial_condition("battery-40")
    assert one.station.hash() == other.station.hash()


def test_an_unknown_condition_is_refused_with_those_there_are(bench):
    with pytest.raises(StationError, match=r"'lunch' for seed-8\ncure: one of a-on-generator, battery-40, day-normal"):
        bench.station.load_initial_condition("lunch")


def test_parts_are_found_by_what_they_are():
    ids = {f"{part.name} {part.side}": node_id for part, node_id in parts_of(load_facility("block-2n-24")).items()}
    assert ids["utility 1"] == "utility_a"
    assert ids["ups 2"] == "ups_b"
    assert ids["generator 2"] == "generator_b"


@pytest.mark.parametrize(
    ("line", "place", "what"),
    [
        ("  - wait_s: soon", "5:13", "wait_s must be a number"),
        ("  - send: {part: dynamo, side: 1, command: start}", "5:18", "part must be one of utility, switchgear"),
        ("  - send: {part: ups, side: 0, command: start}", "5:29", "side is 0"),
        ("  - until: {part: ups, side: 1}", "5:12", "until has no `field`"),
        ("  - wait_s: 1\n    until: {}", "5:5", "a step is one of"),
        ("  - sleep: 4", "5:5", "unknown key of a step"),
    ],
)
def test_a_fault_of_a_file_is_told_with_its_place(line, place, what):
    text = f"initial_condition: x\ntitle: X\nversion: 1\nsteps:\n{line}\n"
    with pytest.raises(InitialConditionError) as caught:
        read_recipe(text, "x.yaml")
    assert f"x.yaml:{place}" in str(caught.value)
    assert what in str(caught.value)


def test_a_state_of_a_given_seed_is_the_same_in_runs_of_other_seeds(start):
    one, other = start(seed=1), start(seed=2)
    for bench in (one, other):
        bench.station.load_initial_condition("day-normal", seed=7)
    assert one.station.hash() == other.station.hash()
    assert "\nseed: 7\n" in one.station.as_scenario()  # a saved run begins from the world's seed
    one.station.back(1.0)
    assert "\nseed: 7\n" in one.station.as_scenario()
