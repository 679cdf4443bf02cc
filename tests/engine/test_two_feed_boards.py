"""A PDU with two feeds is a static transfer switch; a distribution board with two is a mechanical one, or static."""

import pytest
from winter_river.engine import Device, build_plan

UPS = {"power_kva": 120, "power_kw": 120, "battery_kwh": 5, "input_rated_a": 300, "output_rated_a": 300}
RACK = {"load_kw": 40, "load_kw_max": 60, "rated_a": 100}


def site(board="pdu", **ratings):
    """Two utilities, a UPS behind each, a board fed by both, a rack with one cord."""
    devices = []
    for side in "ab":
        devices.append(Device(f"utility_{side}", "utility", (), {"voltage_v": 480, "short_circuit_mva": 50}))
        devices.append(Device(f"ups_{side}", "ups", (f"utility_{side}",), UPS))
    devices.append(Device("board", board, ("ups_a", "ups_b"), {"rated_a": 200, "pickup_a": 230, **ratings}))
    return [*devices, Device("rack", "server", ("board",), RACK)]


def test_a_pdu_changes_over_within_what_the_rack_rides_through_and_goes_back(story):
    told = story(site())
    told.run(60)
    assert told.number("ups_a", "power_kw") == pytest.approx(40, rel=0.01)
    told.tell("ups_a", fault="fault")
    told.run(1)
    moves = [(e.from_, e.to, e.t_s) for e in told.events if e.event == "transfer"]
    assert [move[:2] for move in moves] == [("first", "open"), ("open", "second")]
    assert moves[1][2] - moves[0][2] == pytest.approx(0.004)
    assert told.state("rack") == "NORMAL"
    assert "FAULT" not in [e.to for e in told.events if e.node_id == "rack"]
    assert told.number("ups_b", "power_kw") == pytest.approx(40, rel=0.01)
    assert told.state("board") == "NORMAL"
    told.tell("ups_a", fault="")
    told.run(120)
    assert told.number("ups_a", "power_kw") == pytest.approx(40, rel=0.01)


def test_a_fault_behind_a_pdu_does_not_take_the_other_ups_down(story):
    told = story([*site(), Device("far", "server", ("board",), {"load_kw": 1, "load_kw_max": 900, "rated_a": 2000})])
    told.run(60)
    told.tell("far", load_set_kw=800)
    told.run(20)
    assert "transfer" not in {e.event for e in told.events if e.t_s < told.when("board", "trip")}
    assert told.state("ups_b") == "NORMAL"


def test_a_rack_behind_a_pdu_shows_the_battery_that_it_is_on(story):
    told = story(site())
    told.run(60)
    told.tell("utility_b", fault="outage")
    told.run(2)
    assert told.state("rack") == "NORMAL"  # it stands on the first
    told.tell("utility_b", fault="")
    told.tell("utility_a", fault="outage")
    told.run(2)
    assert told.state("rack") == "DEGRADED"


def test_a_distribution_board_changes_over_with_the_gap_of_a_mechanical_one(story):
    told = story(site("distribution"))
    told.run(60)
    told.tell("ups_a", fault="fault")
    told.run(5)
    moves = [(e.from_, e.to, e.t_s) for e in told.events if e.event == "transfer"]
    assert [move[:2] for move in moves] == [("first", "open"), ("open", "second")]
    assert moves[1][2] - moves[0][2] >= 0.3 - 1e-9
    assert told.number("ups_b", "power_kw") > 0.0
    fast = story(site("distribution", transfer=1))
    fast.run(60)
    fast.tell("ups_a", fault="fault")
    fast.run(1)
    assert fast.state("rack") == "NORMAL"


def test_the_second_cable_counts_on_the_second_feed(story):
    told = story(site(second_feed_resistance_ohm=0.02))
    told.run(60)
    before_v = told.number("rack", "voltage_in")
    told.tell("ups_a", fault="fault")
    told.run(1)
    # 40 kW at 480 V and power factor 0.98 by default are 49 A: 1.7 V over 0.02 ohm.
    assert before_v - told.number("rack", "voltage_in") == pytest.approx(1.7, abs=0.1)


def test_a_static_distribution_board_needs_two_feeds():
    devices = [
        d if d.id != "board" else Device("board", "distribution", ("ups_a",), {"rated_a": 200, "transfer": 1})
        for d in site()
    ]
    with pytest.raises(ValueError, match="it needs two feeds"):
        build_plan(devices)
