"""Battery storage of a site: limits, reserve, heat, and energy that adds up; in a world, by hand-worked figures."""

import math
from dataclasses import replace

import pytest
from winter_river.engine import Device
from winter_river.engine.equipment import bess
from winter_river.engine.equipment.bess import BessPlan, BessState

PLAN = BessPlan(
    node=0,
    follower=0,
    capacity_kwh=1000.0,
    floor_kwh=200.0,
    begin_kwh=500.0,
    charge_kw_max=200.0,
    discharge_kw_max=250.0,
    setpoint_kw=0.0,
    profile=-1,
    way=0.9,
    rise_k_kw=0.5,
    rated_pu=1.0,
)


def test_round_trip_loses_what_it_says():
    # 1 kWh taken stores sqrt(0.81) = 0.9, which gives 0.81.
    way = bess.one_way(0.81)
    stored = -bess.drain_kw(1.0, way)
    assert stored == pytest.approx(0.9)
    assert bess.drain_kw(-0.81, way) == pytest.approx(stored)
    assert bess.loss_kw(1.0, way) == pytest.approx(0.1)
    assert bess.loss_kw(-0.81, way) == pytest.approx(0.09)


@pytest.mark.parametrize(
    ("wanted", "energy", "share", "allowed"),
    [
        (-300.0, 500.0, 1.0, -250.0),  # its limit
        (-300.0, 500.0, 0.5, -125.0),  # half of it is lost
        (-100.0, 500.0, 1.0, -100.0),
        (-100.0, 200.0, 1.0, 0.0),  # at its reserve
        (300.0, 500.0, 1.0, 200.0),
        (100.0, 1000.0, 1.0, 0.0),  # full
    ],
)
def test_it_stays_inside_its_limits(wanted, energy, share, allowed):
    assert bess.allowed_kw(PLAN, wanted, energy, share) == allowed


@pytest.mark.parametrize(
    ("power_kw", "seconds"),
    [(-225.0, 300.0 / 250.0 * 3600.0), (100.0, 500.0 / 90.0 * 3600.0), (0.0, math.inf)],
)
def test_it_says_when_it_is_at_its_reserve_or_full(power_kw, seconds):
    state = BessState(energy_kwh=500.0, power_kw=power_kw)
    bess.store(PLAN, state, 10.0)
    assert state.edge_s == pytest.approx(10.0 + seconds)


def test_heat_takes_a_tenth_of_its_power_a_degree_and_gives_it_back_a_degree_lower():
    assert bess.derate_pu(25.0) == 1.0
    assert bess.derate_pu(50.0) == pytest.approx(0.5)
    assert bess.derate_pu(60.0) == 0.0
    state = BessState(cells_c=47.5, cells_end_c=47.5)
    bess.watch_heat(state, 0.0)
    assert state.heat_steps == 2
    state.cells_c = state.cells_end_c = 46.5
    bess.watch_heat(state, 0.0)
    assert state.heat_steps == 2
    state.cells_c = state.cells_end_c = 45.9
    bess.watch_heat(state, 0.0)
    assert state.heat_steps == 1


def test_it_says_when_its_cells_take_power_away():
    # 30 kW of loss hold it 15 K up. From 35 C towards 50 C, 46 C is reached after 3600 ln(15 / 4) s.
    state = BessState(cells_c=35.0, cells_end_c=35.0, loss_kw=30.0)
    bess.warm(replace(PLAN, rise_k_kw=0.5), state, 0.0, 35.0)
    assert state.heat_s == pytest.approx(3600.0 * math.log(15.0 / 4.0))


def test_it_gives_its_reserve_to_nobody_and_says_so(story, storages):
    told = story(storages)
    told.tell("bess", setpoint_kw=-100.0)
    told.run(1.0)
    assert told.state("bess") == "DISCHARGING"
    # 50 of 200 kWh may go, at 100 / sqrt(0.88) kW out of the cells.
    at_s = 50.0 / (100.0 / math.sqrt(0.88)) * 3600.0
    told.dt_s = 600.0
    told.run(4000.0)
    assert told.when("bess", "at_reserve") == pytest.approx(at_s, abs=1e-6)
    assert told.state("bess") == "IDLE"
    assert told.number("bess", "soc_pct") == 50.0
    assert told.number("bess", "power_kw") == 0.0
    assert told.number("bess", "returned_kwh") == pytest.approx(100.0 * at_s / 3600.0, rel=1e-6)


def test_a_round_trip_at_the_meter_loses_what_the_nameplate_says(story, storages):
    told = story(storages)
    told.dt_s = 3600.0
    before_kwh = told.number("bess", "soc_pct") * 2.0
    told.tell("bess", setpoint_kw=40.0)
    told.run(3600.0)
    stored_kwh = told.number("bess", "soc_pct") * 2.0 - before_kwh
    told.tell("bess", setpoint_kw=-stored_kwh * math.sqrt(0.88))
    told.run(3600.0)
    assert told.number("bess", "soc_pct") * 2.0 == pytest.approx(before_kwh, abs=1e-9)
    assert told.number("bess", "energy_kwh") == pytest.approx(40.0)
    assert told.number("bess", "returned_kwh") == pytest.approx(40.0 * 0.88)


def test_the_meter_counts_each_way_by_itself(story, storages):
    told = story(storages)
    told.dt_s = 900.0
    # The site takes what its rack, its UPS and its cooling do; 100 kW out of the storage turn the meter round.
    told.run(3600.0)
    taken_kwh = told.number("meter", "energy_kwh")
    assert taken_kwh > 50.0
    assert told.number("meter", "returned_kwh") == 0.0
    told.tell("bess", setpoint_kw=-100.0)
    told.run(900.0)
    back_kw = -told.number("meter", "power_kw")
    assert back_kw > 0.0
    assert told.number("meter", "returned_kwh") == pytest.approx(back_kw / 4, rel=1e-6)
    assert told.number("meter", "energy_kwh") == pytest.approx(taken_kwh)
    assert told.number("utility", "returned_kwh") > 0.0


def test_it_lets_go_of_a_dead_bus_and_comes_back_when_the_grid_was_good_for_long_enough(story, storages):
    told = story(storages)
    told.tell("bess", setpoint_kw=-30.0)
    told.run(5.0)
    told.tell("utility", fault="outage")
    told.run(30.0)
    assert told.state("bess") == "IDLE"
    assert told.state("switchgear") == "GENERATOR"
    told.run(30.0)
    assert told.state("bess") == "IDLE"  # not into a generator, however long it runs
    told.tell("utility", fault="")
    told.run(120.0)
    assert told.state("bess") == "DISCHARGING"
    closed_s = told.when("switchgear", "state", "CLOSED", after_s=60.0)
    assert told.when("bess", "state", "DISCHARGING", after_s=60.0) == pytest.approx(closed_s + 0.0, abs=11.0)


def test_it_holds_and_goes_on_by_its_handle(story, storages):
    told = story(storages)
    told.tell("bess", setpoint_kw=20.0)
    told.run(1.0)
    assert told.state("bess") == "CHARGING"
    told.tell("bess", handle="hold")
    told.run(1.0)
    assert told.state("bess") == "IDLE"
    assert told.number("bess", "voltage_in") > 450.0
    told.tell("bess", handle="auto")
    told.run(1.0)
    assert told.state("bess") == "CHARGING"


@pytest.mark.parametrize(("fault", "power_kw"), [("power_limit=0.6", -40.0), ("fault", 0.0)])
def test_its_malfunctions_take_power(story, storages, fault, power_kw):
    told = story(storages)
    told.tell("bess", setpoint_kw=-100.0, fault=fault)
    told.run(1.0)
    assert told.number("bess", "power_kw") == pytest.approx(power_kw, abs=1e-6)


def test_without_its_cooling_it_gives_less_and_less(story, storages):
    told = story(storages)
    told.dt_s = 60.0
    told.tell("bess", setpoint_kw=-100.0, fault="cooling_lost=1")
    # 40 K above 35 C outside at full power, with a lag of an hour: 46 C after 3600 ln(40 / 29) s, and a tenth less.
    # Then 36 K: from 46 to 47 C in 3600 ln(25 / 24) s; 32 K: 3600 ln(20 / 19) s; 28 K: 3600 ln(15 / 14) s.
    at_s, power_kw = 0.0, -100.0
    for ratio in (40 / 29, 25 / 24, 20 / 19, 15 / 14):
        at_s += 3600.0 * math.log(ratio)
        told.until(at_s - 0.5)
        assert told.number("bess", "power_kw") == pytest.approx(power_kw)
        power_kw += 10.0
        told.until(at_s + 0.5)
        assert told.number("bess", "power_kw") == pytest.approx(power_kw)
    assert told.number("bess", "temperature_c") == pytest.approx(49.0, abs=0.01)
    # Mended, it cools down to 6 K above the air, and gives everything again from 45 C on.
    told.tell("bess", fault="")
    told.run(3600.0)
    assert told.number("bess", "temperature_c") < 45.0


def test_a_setpoint_beyond_its_nameplate_is_refused_in_a_facility():
    ratings = {"capacity_kwh": 1, "charge_kw_max": 1, "discharge_kw_max": 1, "rated_a": 1, "setpoint_kw": -2}
    from winter_river.engine import build_plan

    utility = Device("u", "utility", (), {"voltage_v": 480})
    with pytest.raises(ValueError, match="setpoint_kw"):
        build_plan([utility, Device("b", "bess", ("u",), ratings)])
