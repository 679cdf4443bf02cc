"""What a step of load does to the voltage of a generating set, and to what is behind it. 480 V, 750 kVA, X'd 18 %."""

import dataclasses

import pytest
from winter_river.engine import Device

SET = {"power_kw": 600, "power_kva": 750, "voltage_v": 480}


def block_of_load(power_factor, **ratings):
    """A set that runs, a bus, a load that comes at once, and a UPS beside it."""
    ups = {"power_kva": 60, "power_kw": 60, "battery_kwh": 5.0, "input_rated_a": 200, "output_rated_a": 200}
    load = {"load_kw": 0, "load_kw_max": 600, "rated_a": 2000, "power_factor": power_factor}
    return [
        Device("utility", "utility", (), {"voltage_v": 480, "short_circuit_mva": 50}),
        Device("set", "generator", (), {**SET, **ratings}),
        Device("bus", "switchgear", ("utility", "set"), {"rated_a": 2000}),
        Device("load", "server", ("bus",), load),
        Device("ups", "ups", ("bus",), ups),
        Device("rack", "server", ("ups",), {"load_kw": 20, "load_kw_max": 50, "rated_a": 100}),
    ]


@pytest.fixture
def running(story):
    def start(power_factor, **ratings):
        told = story(block_of_load(power_factor, **ratings))
        told.tell("utility", fault="outage")
        told.run(60)
        assert told.number("set", "voltage_out") == pytest.approx(480.0)
        return told

    return start


def alone(told):
    """Without the UPS, so that the step is the load's alone."""
    told.tell("ups", handle="off")
    told.run(60)
    assert told.number("set", "power_kw") == 0.0


def test_a_block_of_load_dips_the_voltage_and_the_regulator_brings_it_back(running):
    told = running(0.8)
    alone(told)
    told.tell("load", load_set_kw=360.0)  # 450 kVA, 60 % of its rating
    told.step(0.0)
    # V = 0.92563 by the quadratic of test_alternator.
    assert told.number("set", "voltage_out") == pytest.approx(0.92563 * 480.0, rel=1e-4)
    assert told.number("load", "voltage_in") == pytest.approx(0.92563 * 480.0, rel=1e-4)
    assert told.number("load", "power_kw") == pytest.approx(360.0)
    told.step(0.75)
    # Half way back, in a staircase of eighths.
    assert told.number("set", "voltage_out") == pytest.approx((1.0 - 0.07437 / 2.0) * 480.0, rel=1e-4)
    told.step(0.75)
    assert told.number("set", "voltage_out") == 480.0
    assert not [e for e in told.events if e.event == "out_of_class"]


def test_load_that_goes_raises_it(running):
    told = running(0.8)
    alone(told)
    told.tell("load", load_set_kw=360.0)
    told.run(20)
    told.tell("load", load_set_kw=0.0)
    told.step(0.0)
    # Behind its reactance: 1 + j0.18 (0.48 - j0.36) = 1.0648 + j0.0864, 1.0683 in size.
    assert told.number("set", "voltage_out") == pytest.approx(1.0683 * 480.0, rel=1e-4)
    told.run(2)
    assert told.number("set", "voltage_out") == 480.0


def test_a_step_near_unity_hardly_moves_it(running):
    told = running(1.0)
    alone(told)
    told.tell("load", load_set_kw=450.0)
    told.step(0.0)
    assert told.number("set", "voltage_out") == 480.0  # 0.6 %: inside the band that class G2 allows at rest


def test_a_dip_beyond_its_class_is_told_and_the_ups_rides_it_on_its_battery(running):
    told = running(0.5)
    told.tell("load", load_set_kw=400.0)  # 800 kVA at 0.5
    told.step(0.0)
    # Beside the 21 kW of the UPS: P 0.5616, Q 0.9278 of 750 kVA, E = 1.0007; b = E^2 - 2 X Q = 0.6675; V = 0.7775.
    assert told.number("set", "voltage_out") == pytest.approx(0.7775 * 480.0, rel=1e-3)
    news = [(e.from_, e.to) for e in told.events if e.event == "out_of_class"]
    assert news == [("-20 %", "-22.3 %")]
    assert told.state("ups") != "ON_BATTERY"  # a cycle is ridden through
    told.step(0.02)
    assert told.state("ups") == "ON_BATTERY"
    told.run(10)
    assert told.state("set") == "RUNNING"
    assert told.state("bus") == "GENERATOR"
    assert told.state("ups") in ("CHARGING", "NORMAL")
    assert told.number("rack", "power_kw") == pytest.approx(20.0)
    assert not [e for e in told.events if e.node_id == "rack" and e.to == "FAULT"]


def test_a_stiffer_alternator_dips_less(running):
    lowest = []
    for percent in (12.0, 25.0):
        told = running(0.8, transient_reactance_pct=percent)
        alone(told)
        told.tell("load", load_set_kw=360.0)
        told.step(0.0)
        lowest.append(told.number("set", "voltage_out") / 480.0)
    # V^2 = (b + sqrt(b^2 - 4 X^2 S^2)) / 2: b = 0.9136 and 0.82.
    assert lowest == [pytest.approx(0.95283, abs=1e-4), pytest.approx(0.88970, abs=1e-4)]


def test_a_ups_that_walks_in_does_not_dip_the_set_that_it_is_behind(story, block):
    told = story(block, dt_s=0.05)
    told.tell("utility_a", fault="outage")
    told.run(9.9)
    lowest = 1.0
    for _ in range(400):
        told.step(0.05)
        lowest = min(lowest, told.number("generator_a", "voltage_out") / 480.0)
    assert lowest == 1.0
    assert told.number("generator_a", "power_kw") == pytest.approx(500, rel=0.01)


def test_the_same_ups_on_its_bypass_is_a_block_of_load(story, block):
    willing = {"step_class": 2, "step_kw_max": 0.0}  # 390 kW at once would stall the set of the training facility
    site = [dataclasses.replace(d, ratings={**d.ratings, **willing}) if d.type == "generator" else d for d in block]
    told = story(site, dt_s=0.05)
    told.tell("ups_a", handle="bypass")
    told.tell("utility_a", fault="outage")
    told.run(9.9)
    lowest = 1.0
    for _ in range(600):
        told.step(0.05)
        lowest = min(lowest, told.number("generator_a", "voltage_out") / 480.0)
    # Some 390 kW at 0.98: Q 0.1, P 0.52 of 750 kVA; X'd 18 %: 0.97.
    assert lowest == pytest.approx(0.97, abs=0.01)
