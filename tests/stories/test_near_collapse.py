"""A feeder is loaded up to the most that it can carry, and past that: the site says who solves its flow, and for whom.

A reactance of X ohm from an infinite bus of U volts carries at most U^2 / 2X at a power factor of 1: 0.4 ohm from 480 V
are 288 kW. The voltage below that, by hand: V^4 - U^2 V^2 + (X P)^2 = 0. Racks follow commands in steps of 1 W.
"""

from __future__ import annotations

import math

import pytest
from winter_river.engine import explain
from winter_river.ui.why import known_of, why_lines

LONG_FEEDER = """
facility: long-feeder
title: A rack at the end of a long feeder
calibration: training
nodes:
  grid: {type: utility, title: Grid, voltage_v: 480, short_circuit_mva: 100000, x_over_r: 50, frequency_hz: 60}
  feeder: {type: distribution, from: grid, title: Feeder, rated_a: 10000, feed_reactance_ohm: 0.4}
  far: {type: server, from: feeder, title: Far, load_kw: 100, load_kw_max: 400, power_factor: 1.0, rated_a: 10000}
  near: {type: server, from: grid, title: Near, load_kw: 50, load_kw_max: 400, power_factor: 1.0, rated_a: 10000}
"""
TWO_WAYS = """
facility: two-ways
title: Two long feeders closed together
calibration: training
nodes:
  grid: {type: utility, title: Grid, voltage_v: 480, short_circuit_mva: 100000, x_over_r: 50, frequency_hz: 60}
  one: {type: distribution, from: grid, title: One, rated_a: 10000, feed_reactance_ohm: 0.4}
  two: {type: distribution, from: grid, title: Two, rated_a: 10000, feed_reactance_ohm: 0.4}
  ring: {type: switchgear, from: [one, two], title: Ring, rated_a: 10000, parallel: on, second_feed_resistance_ohm: 0.000001}
  far: {type: server, from: ring, title: Far, load_kw: 100, load_kw_max: 800, power_factor: 1.0, rated_a: 10000}
"""
# Behind the loop: cooling that drops out at once, a UPS that goes to its battery, a rack that rides through 20 ms.
BEHIND = """
  cool: {type: cooling, from: ring, title: Cool, rated_a: 1000}
  ups: {type: ups, from: ring, title: UPS, power_kva: 50, power_kw: 50, battery_kwh: 5, input_rated_a: 100, output_rated_a: 100}
"""


@pytest.fixture
def site(start, tmp_path):
    def begin(text, **options):
        path = tmp_path / "site.yaml"
        path.write_text(text)
        return start(str(path), **options)

    return begin


def by_hand_v(*, kw: float, ohm: float, volt: float = 480.0) -> float:
    return math.sqrt((volt**2 + math.sqrt(volt**4 - 4 * (ohm * kw * 1e3) ** 2)) / 2)


def said(simulation, *names: str) -> list[tuple[str, str, str, str]]:
    return [(e.node_id, e.event, e.from_, e.to) for e in simulation.events() if e.event in names]


def test_a_feeder_close_to_its_most_is_solved_and_says_by_what_where_and_for_whom(site):
    simulation = site(LONG_FEEDER)
    simulation.advance(1.0)
    assert simulation.command("far", "set_load", power_kw=287.9).done
    simulation.advance(0.2)
    assert said(simulation, "near_collapse", "solver", "not_solved") == [
        ("grid", "near_collapse", "feeder", "far"),
        ("grid", "solver", "sweep", "newton_collapse"),
    ]
    assert simulation.view("far")["voltage_in"] == pytest.approx(by_hand_v(kw=287.9, ohm=0.4), abs=0.1)
    why = why_lines(known_of(simulation, "grid"))
    assert "power flow solved by sweep -> newton_collapse" in why[1]
    assert "close to collapse: feeder gives way under far" in why[2]
    assert simulation.command("far", "set_load", power_kw=100).done
    simulation.advance(0.2)
    assert said(simulation, "solver")[-1] == ("grid", "solver", "newton_collapse", "sweep")


def test_a_source_that_is_poor_or_lost_is_close_to_collapse_as_long_as_its_feeder_is(site):
    alone = LONG_FEEDER[: LONG_FEEDER.index("  near:")]
    simulation = site(alone.replace("power_factor: 1.0", "power_factor: 1.0, ride_through: anything"))
    simulation.advance(1.0)
    assert simulation.command("far", "set_load", power_kw=287.5).done
    simulation.advance(1.0)
    assert said(simulation, "solver")[-1][2:] == ("sweep", "newton_collapse")
    count = len(said(simulation, "solver"))
    assert simulation.command("grid", "set_fault", state=True, kind="frequency_low", severity=0.1).done
    simulation.advance(5.0)
    assert said(simulation, "state")[-1] == ("grid", "state", "GRID_OK", "FREQUENCY")
    assert len(said(simulation, "solver")) == count
    assert simulation.command("grid", "set_fault", state=False, kind="frequency_low").done
    assert simulation.command("grid", "set_fault", state=True, kind="outage").done
    simulation.advance(5.0)
    assert said(simulation, "solver")[count:] == [("grid", "solver", "newton_collapse", "sweep")]
    assert simulation.command("grid", "set_fault", state=False, kind="outage").done
    simulation.advance(0.2)
    assert said(simulation, "solver", "near_collapse")[-2:] == [
        ("grid", "near_collapse", "feeder", "far"),
        ("grid", "solver", "sweep", "newton_collapse"),
    ]


def test_a_feeder_that_is_asked_for_more_than_it_can_carry_says_so_each_time(site):
    simulation = site(LONG_FEEDER)
    simulation.advance(1.0)
    for kw in (288.5, 300, 400):
        assert simulation.command("far", "set_load", power_kw=kw).done
        simulation.advance(0.01)
        assert simulation.view("far")["voltage_in"] < 0.7 * 480
        assert said(simulation, "collapsed", "not_solved")[-1][2:] == ("feeder", "far"), kw
        count = len(said(simulation, "collapsed", "not_solved"))
        assert simulation.command("far", "set_load", power_kw=200).done
        simulation.advance(30.0)  # it comes back
        assert simulation.view("far")["voltage_in"] == pytest.approx(by_hand_v(kw=200, ohm=0.4), abs=0.1)
        assert len(said(simulation, "collapsed", "not_solved")) == count


def test_a_feeder_that_collapses_of_its_resistance_says_so(site):
    # 0.1 ohm carry at most U^2 / 4R = 576 kW; at 1.2 times that the rack is left with U^2 0.49 / P to divide by.
    simulation = site(LONG_FEEDER.replace("feed_reactance_ohm: 0.4", "feed_resistance_ohm: 0.1"), load_kw_max=1000.0)
    simulation.advance(1.0)
    assert simulation.command("far", "set_load", power_kw=576 * 1.2).done
    simulation.advance(0.01)
    assert said(simulation, "collapsed") == [("grid", "collapsed", "feeder", "far")]
    rack_ohm = 480**2 * 0.49 / (576e3 * 1.2)
    assert simulation.view("far")["voltage_in"] == pytest.approx(480 * rack_ohm / (rack_ohm + 0.1), rel=0.001)


def test_under_a_deep_sag_nothing_has_collapsed(site):
    simulation = site(LONG_FEEDER)
    assert simulation.command("grid", "set_fault", state=True, kind="sag", severity=0.5).done
    simulation.advance(5.0)
    assert said(simulation, "collapsed", "near_collapse", "not_solved") == []


def test_a_loop_carries_twice_what_one_way_does_up_to_its_most(site):
    simulation = site(TWO_WAYS)
    simulation.advance(1.0)
    assert said(simulation, "solver", "near_collapse", "not_solved") == []  # it began so
    for kw in (300, 450, 550, 575):  # one way alone would carry 288 kW, both 576 kW
        assert simulation.command("far", "set_load", power_kw=kw).done
        simulation.advance(0.2)
        expected_v = by_hand_v(kw=kw, ohm=0.2)
        assert simulation.view("far")["voltage_in"] == pytest.approx(expected_v, abs=0.1), kw
    assert said(simulation, "collapsed") == []
    assert simulation.command("far", "set_load", power_kw=650).done
    simulation.advance(0.01)
    assert said(simulation, "collapsed", "not_solved") == [("grid", "collapsed", "one", "far")]
    rack_ohm = 480**2 * 0.49 / 650e3  # below 70 % it draws as an impedance does; a single feeder goes on so, too
    assert simulation.view("far")["voltage_in"] == pytest.approx(480 * rack_ohm / math.hypot(rack_ohm, 0.2), rel=0.001)


def test_opening_and_closing_a_loop_changes_the_solver_and_the_event_names_its_cause(site):
    simulation = site(TWO_WAYS)
    simulation.advance(1.0)
    for handle in ("first", "auto"):
        assert simulation.command("ring", "transfer", to=handle).done
        simulation.advance(1.0)
    assert said(simulation, "solver") == [
        ("grid", "solver", "newton_loops", "sweep"),
        ("grid", "solver", "sweep", "newton_loops"),
    ]
    log = {event.id: event for event in simulation.events()}
    causes = [explain.chain(log, event)[-1].node_id for event in log.values() if event.event == "solver"]
    assert causes == ["ring", "ring"]


def test_a_site_that_asks_for_too_much_from_the_start_says_so(site):
    simulation = site(TWO_WAYS, load_kw=700.0)
    simulation.advance(0.1)
    assert said(simulation, "collapsed") == [("grid", "collapsed", "one", "far")]


def test_close_to_collapse_going_back_and_on_again_gives_the_same_bytes(site):
    simulation = site(LONG_FEEDER)
    simulation.advance(1.0)
    saved = simulation.snapshot()
    seen = []
    for _ in range(2):
        assert simulation.command("far", "set_load", power_kw=287.95).done
        simulation.advance(3.0)
        assert ("grid", "solver", "sweep", "newton_collapse") in said(simulation, "solver")
        seen.append(simulation.snapshot().hash)
        simulation.restore(saved)
    assert seen[0] == seen[1]


def test_whatever_a_collapse_does_to_what_is_fed_there_names_the_device_that_gives_way(site):
    simulation = site(TWO_WAYS + BEHIND)
    simulation.advance(1.0)
    assert simulation.command("far", "set_load", power_kw=320).done  # one way alone carries 288 kW
    simulation.advance(1.0)
    assert simulation.command("two", "set_fault", state=True).done
    simulation.advance(0.5)
    for node_id in ("far", "cool", "ups"):
        told = [(event.node_id, event.event, event.from_) for event in known_of(simulation, node_id).chain]
        assert told[-2:] == [("grid", "collapsed", "one"), ("two", "fault", "")], node_id


def test_a_rack_that_comes_back_into_a_collapse_names_it_each_time(site):
    simulation = site(TWO_WAYS)
    simulation.advance(1.0)
    assert simulation.command("far", "set_load", power_kw=650).done
    simulation.advance(70.0)
    log = {event.id: event for event in simulation.events()}
    states = [event for event in log.values() if event.node_id == "far"]
    assert len(states) > 10
    for event in states:
        told = [each.event for each in explain.chain(log, event)]
        assert told == ["setpoint"] or told[-2:] == ["collapsed", "setpoint"], event
    assert any("one gives way under far" in line for line in why_lines(known_of(simulation, "far")))


@pytest.mark.parametrize(("calibration", "wait_s"), [("training", 10.0), ("realistic", 22.5)])
def test_a_rack_tries_again_for_ever_but_no_sooner_than_a_server_starts(site, calibration, wait_s):
    # Intel: 2.5 s until the outputs of a supply stand, 20 s until its server draws. It lets go after 20 ms (ITIC).
    simulation = site(LONG_FEEDER, calibration=calibration)
    simulation.advance(1.0)
    assert simulation.command("far", "set_load", power_kw=400).done
    simulation.advance(300.0)
    began = [e.t_s for e in simulation.events() if e.event == "collapsed"]
    over = [e.t_s for e in simulation.events() if e.event == "collapse_over"]
    assert len(over) == len(began) == int(300.0 / (wait_s + 0.02)) + 1
    assert [end - start for start, end in zip(began, over, strict=True)] == pytest.approx([0.02] * len(over), abs=1e-6)
    assert [start - end for start, end in zip(began[1:], over, strict=False)] == pytest.approx(
        [wait_s] * (len(began) - 1), abs=1e-6
    )


def test_the_end_of_a_collapse_names_what_ended_it(site):
    simulation = site(LONG_FEEDER)
    simulation.advance(1.0)
    assert simulation.command("far", "set_load", power_kw=400).done
    simulation.advance(0.01)
    assert simulation.command("feeder", "set_fault", state=True).done
    simulation.advance(0.005)
    log = {event.id: event for event in simulation.events()}
    (over,) = (event for event in log.values() if event.event == "collapse_over")
    told = [(event.node_id, event.event) for event in explain.chain(log, over)]
    assert told[1] == ("feeder", "fault")
