"""A feeder that is asked for more than it can carry is one alarm, however often its racks come back and take it down.

A reactance of 0.4 ohm from an infinite bus of 480 V carries at most U^2 / 2X = 288 kW at a power factor of 1.
"""

import pytest

from .watch import Watch

SITE = """
facility: long-feeder
title: Three racks at the end of a long feeder
calibration: training
nodes:
  grid: {type: utility, title: Grid, voltage_v: 480, short_circuit_mva: 100000, x_over_r: 50, frequency_hz: 60}
  feeder: {type: distribution, from: grid, title: Feeder, rated_a: 10000, feed_reactance_ohm: 0.4}
"""
RACK = "  {}: {{type: server, from: feeder, title: Rack, load_kw: 40, load_kw_max: 400, power_factor: 1.0, rated_a: 10000}}"


@pytest.fixture
def watch(tmp_path):
    path = tmp_path / "site.yaml"
    path.write_text(SITE + "\n".join(RACK.format(f"far_{k}") for k in (1, 2, 3)) + "\n")
    return Watch(path)


def test_a_feeder_that_collapses_again_and_again_is_one_alarm_and_its_dark_racks_stand_under_it(watch):
    assert watch.advance(5) == []
    watch.set_load("far_1", 300)
    asked = watch.advance(300)
    assert set(asked) == {("voltage_collapsed", "grid")}
    collapses = [event for event in watch.sim.events() if event.event == "collapsed"]
    assert len(collapses) > 10  # in five minutes, each time they are all back
    assert len(asked) == 1  # the racks went dark in the same second
    alarm = watch.book.get(asked[0])
    assert alarm.message == "the voltage behind grid has collapsed: feeder gives way under far_1"
    assert (alarm.priority, alarm.count) == ("critical", 1)
    assert "load off" in alarm.rule.cure
    watch.book.acknowledge(("voltage_collapsed", "grid"), watch.moment)
    assert watch.advance(120) == []  # it goes on, and asks nobody again


def test_the_alarm_ends_some_time_after_the_last_collapse(watch):
    watch.advance(5)
    watch.set_load("far_1", 300)
    watch.advance(3)
    watch.book.acknowledge(("voltage_collapsed", "grid"), watch.moment)
    watch.set_load("far_1", 40)
    watch.advance(70)  # it was over after 5.02 s
    assert watch.book.get(("voltage_collapsed", "grid")).active
    assert watch.advance(1) == []
    assert watch.book.get(("voltage_collapsed", "grid")) is None
    assert watch.advance(15) == []  # the racks came back after ten seconds, and 73 s later they are not dark any more
    assert watch.book.alarms == []


def test_ten_racks_that_come_back_in_turn_and_go_out_again_ask_once(tmp_path):
    # Realistic: a server starts after 22.5 s, each in its turn 5 s after the one before; all together are too many.
    racks = "\n".join(RACK.format(f"far_{k}").replace("load_kw: 40", "load_kw: 27") for k in range(10))
    path = tmp_path / "ten.yaml"
    path.write_text(SITE.replace("calibration: training", "calibration: realistic") + racks + "\n")
    watch = Watch(path)
    assert watch.advance(5) == [("voltage_low", "grid")]  # 270 kW leave 394 V of 480
    watch.set_load("far_0", 57)
    asked = []
    for _ in range(300):
        asked += watch.advance(1)
        watch.book.acknowledge_all(watch.moment)
    dark = [event for event in watch.sim.events() if (event.node_id, event.to) == ("far_0", "FAULT")]
    assert len(dark) == 5  # each 67.5 s
    assert asked[0] == ("voltage_collapsed", "grid")
    assert len(asked) == len(set(asked))


def test_a_collapse_that_something_else_brought_about_stands_under_that(tmp_path):
    path = tmp_path / "two-ways.yaml"
    second = "  two: {type: distribution, from: grid, title: Two, rated_a: 10000, feed_reactance_ohm: 0.4}\n"
    ring = "  ring: {type: switchgear, from: [feeder, two], title: Ring, rated_a: 10000, parallel: on}\n"
    path.write_text(
        SITE
        + second
        + ring
        + RACK.format("far").replace("feeder", "ring").replace("load_kw: 40", "load_kw: 320")
        + "\n"
    )
    watch = Watch(path)
    assert watch.advance(5) == []
    watch.sim.command("two", "set_fault", state=True)
    assert set(watch.advance(60)) == {("equipment_failed", "two")}
    assert ("voltage_collapsed", "grid") in watch.book.consequences(("equipment_failed", "two"))


def test_racks_that_load_alone_starves_again_and_again_stand_under_one_alarm(watch):
    # Together 275 kW leave 396 V of 480, by hand: V^4 - U^2 V^2 + (X P)^2 = 0. ITIC bears 82 % for ten seconds.
    watch.advance(5)
    watch.set_load("far_1", 195)
    asked = watch.advance(5)
    assert asked == [("voltage_low", "grid")]
    assert watch.book.get(asked[0]).priority == "medium"
    assert watch.advance(295) == asked  # once more: racks that go dark for it make it critical
    assert watch.book.get(asked[0]).priority == "critical"
    assert not [event for event in watch.sim.events() if event.event in ("collapsed", "near_collapse")]
    dark = [event for event in watch.sim.events() if event.to == "FAULT"]
    assert len(dark) > 10
    assert watch.book.get(asked[0]).message == "far_1 pulls the voltage of feeder too low for what grid feeds there"
    watch.set_load("far_1", 40)
    watch.advance(120)
    assert watch.book.get(asked[0]).active is False
