"""Droop, load steps and the longest run of a generator, in the step."""

import dataclasses

import pytest


def with_generator(block, **ratings):
    return [dataclasses.replace(d, ratings={**d.ratings, **ratings}) if d.type == "generator" else d for d in block]


def on_generator(told):
    told.tell("utility_a", fault="outage")
    told.run(60)


def test_an_isochronous_set_holds_its_frequency(story):
    told = story()
    on_generator(told)
    assert told.number("generator_a", "frequency_hz") == 60.0
    assert told.number("cooling_a", "frequency_hz") == 60.0
    assert told.number("generator_a", "rpm") == 1800


def test_droop_lowers_it_with_load(story, block):
    told = story(with_generator(block, droop_pct=4.0))
    on_generator(told)
    load_pu = told.number("generator_a", "power_kw") / 600.0
    assert load_pu == pytest.approx(0.83, abs=0.01)
    assert told.number("generator_a", "frequency_hz") == pytest.approx(60.0 * (1.0 + 0.04 * (1.0 - load_pu)))


def test_an_inverter_keeps_the_nominal_frequency_behind_a_set_that_droops(story, block):
    # The 24 nodes with nothing but a set in front of a UPS, both of them as they are rated there.
    rated = {device.id: device for device in with_generator(block, droop_pct=4.0)}
    told = story(
        [
            rated["generator_a"],
            dataclasses.replace(rated["ups_a"], feeds=("generator_a",)),
            dataclasses.replace(rated["server_rack_a1"], feeds=("ups_a",)),
        ]
    )
    told.tell("generator_a", handle="run")
    told.run(60)
    assert told.number("generator_a", "frequency_hz") > 61.0
    assert told.number("server_rack_a1", "frequency_hz") == 60.0


@pytest.mark.parametrize(("step_class", "dip_pu", "recovery_s"), [(1, 0.10, 5.0), (2, 0.07, 3.0)])
def test_a_load_step_dips_and_recovers_as_its_class_says(story, block, step_class, dip_pu, recovery_s):
    told = story(with_generator(block, step_class=step_class))
    on_generator(told)
    before_kw = told.number("generator_a", "power_kw")
    for k in (1, 2, 3, 4):
        told.tell(f"server_rack_a{k}", load_set_kw=60.0)
    told.run(30)
    for k in (1, 2, 3, 4):
        told.tell(f"server_rack_a{k}", load_set_kw=96.0)
    low_kw = told.number("generator_a", "power_kw")
    told.step(0.0)
    step_pu = (told.number("generator_a", "power_kw") - low_kw) / 600.0
    assert step_pu > 0.2 and low_kw < before_kw
    # The class's limit at 60 % of its rating, in proportion below it.
    dip = dip_pu * step_pu / 0.6
    assert told.number("generator_a", "frequency_hz") == pytest.approx(60.0 * (1.0 - dip), abs=0.01)
    told.step(recovery_s / 2.0)
    assert told.number("generator_a", "frequency_hz") == pytest.approx(60.0 * (1.0 - dip / 2.0), abs=0.01)
    told.step(recovery_s / 2.0)
    assert told.number("generator_a", "frequency_hz") == pytest.approx(60.0)


def test_a_small_step_after_a_large_one_does_not_lift_the_frequency(story):
    told = story()
    on_generator(told)
    for k in (1, 2, 3, 4):
        told.tell(f"server_rack_a{k}", load_set_kw=40.0)
    told.run(30)
    for k in (1, 2, 3, 4):
        told.tell(f"server_rack_a{k}", load_set_kw=90.0)
    told.run(0.5)
    low_hz = told.number("generator_a", "frequency_hz")
    assert low_hz < 57.0  # 200 kW of 600: 10 % x 0.33 / 0.6 of 60 Hz, a tenth of it back by now
    told.tell("server_rack_a1", load_set_kw=91.0)
    told.step(0.0)
    assert told.number("generator_a", "frequency_hz") == pytest.approx(low_hz)


def test_a_step_beyond_its_limit_stalls_it(story, block):
    told = story(with_generator(block, step_kw_max=100.0))
    on_generator(told)
    assert told.state("generator_a") == "RUNNING"  # the rectifier walks in by smaller steps
    for k in (1, 2, 3, 4):
        told.tell(f"server_rack_a{k}", load_set_kw=60.0)
    told.run(10)
    for k in (1, 2, 3, 4):
        told.tell(f"server_rack_a{k}", load_set_kw=96.0)
    told.run(1)
    assert told.state("generator_a") == "FAULT"
    assert told.when("generator_a", "stall") == pytest.approx(70.0)
    assert told.state("ups_a") == "ON_BATTERY"


def test_it_stops_when_it_has_run_as_long_as_it_may(story, block):
    told = story(with_generator(block, run_h_max=0.5), dt_s=60.0)
    told.tell("generator_a", handle="run")
    told.run(3600)
    # 1800 s from the instant it runs, 8.7 s after the crank.
    assert told.when("generator_a", "max_run") == pytest.approx(8.7 + 1800.0)
    assert told.state("generator_a") == "FAULT"
