"""Short circuits: the currents of physics.md, who opens and when, and who does not notice."""

import pytest
from winter_river.engine import CURVES, Device, apply, build_plan, fork, laws, new_world, snapshot
from winter_river.engine.step import step

WITHIN = 0.01  # of physics.md's figures


def short_amps(told):
    return [
        (event.node_id, event.from_, float(event.to.removesuffix(" A")))
        for event in told.events
        if event.event == "short_circuit"
    ]


def trips(told):
    return [
        (round(event.t_s, 6), event.node_id, event.from_, event.to) for event in told.events if event.event == "trip"
    ]


def shorted(told, node_id, after_s=0.0):
    told.run(after_s)
    told.tell(node_id, fault="short_circuit")
    told.step(0.0)
    return told


def test_a_short_at_medium_voltage_is_as_strong_as_by_hand_and_opens_its_own_switchgear_at_once(story):
    told = shorted(story(dt_s=0.01), "mv_switchgear_a")
    assert short_amps(told) == [("utility_a", "mv_switchgear_a", pytest.approx(1730, rel=WITHIN))]
    told.run(3)
    assert trips(told) == [(0.05, "mv_switchgear_a", "main", "instantaneous")]


def test_a_short_at_low_voltage_waits_for_the_short_time_delay(story):
    told = shorted(story(dt_s=0.01), "lv_switchgear_a")
    assert short_amps(told) == [("utility_a", "lv_switchgear_a", pytest.approx(13_700, rel=WITHIN))]
    told.run(3)
    assert trips(told) == [(0.4, "lv_switchgear_a", "main", "short_time")]
    assert told.state("generator_a") == "STANDBY"  # locked out: a set would only feed the short


def test_a_shorted_rack_is_cleared_by_the_inverter_alone_and_its_neighbours_ride_through(story):
    told = shorted(story(dt_s=0.001), "server_rack_a1")
    ((source, where, amps),) = short_amps(told)
    assert (source, where) == ("ups_a", "server_rack_a1")
    assert 900.0 <= amps <= 1210.0  # physics.md: 0.9 to 1.2 kA; the other racks take a little of it
    assert told.number("ups_a", "current") == pytest.approx(2.0 * 500e3 / (3**0.5 * 480.0), rel=1e-6)
    assert told.number("ups_a", "load_pct") == pytest.approx(200.0)
    assert told.number("server_rack_a2", "voltage_in") < 48.0
    told.run(1)
    assert trips(told) == [(0.02, "server_rack_a1", "cord_1", "instantaneous")]
    assert [told.state(f"server_rack_a{k}") for k in (1, 2, 3, 4)] == ["FAULT", "NORMAL", "NORMAL", "NORMAL"]
    assert told.state("ups_a") == "NORMAL"


def test_past_the_inverter_the_grid_feeds_it(story):
    told = story(dt_s=0.001)
    told.tell("ups_a", handle="bypass")
    for rack in ("server_rack_a2", "server_rack_a3", "server_rack_a4"):
        told.tell(rack, load_set_kw=0)
    told.run(10)
    shorted(told, "server_rack_a1")
    # physics.md says 10.3 kA; its own table of impedances makes 9.95 (test_operating_points).
    assert short_amps(told) == [("utility_a", "server_rack_a1", pytest.approx(9_950, rel=WITHIN))]
    told.run(1)
    assert trips(told) == [(10.02, "server_rack_a1", "cord_1", "instantaneous")]
    assert told.state("server_rack_a2") in ("NORMAL", "DEGRADED")


def test_an_internal_short_of_a_transformer_is_tripped_upstream(story):
    told = shorted(story(dt_s=0.01), "mv_lv_transformer_a")
    ((source, where, amps),) = short_amps(told)
    assert (source, where) == ("utility_a", "mv_lv_transformer_a")
    # By hand, of 1 MVA: grid 0.0002, HV/MV 0.0095, MV cables 0.00012, MV/LV 0.0767 with their angles: 0.0864 in all.
    assert amps == pytest.approx(13_921, rel=WITHIN)
    primary = amps * 480.0 / 34500.0 / 25.0  # of the pickup of the MV relay
    told.run(3)
    ((t_s, node_id, _, element),) = trips(told)
    assert (node_id, element) == ("mv_switchgear_a", "inverse_time")
    assert t_s == pytest.approx(19.61 / (primary**2 - 1.0) + 0.491, rel=WITHIN)
    told.run(20)
    assert told.state("lv_switchgear_a") == "GENERATOR"


def test_what_nobody_in_the_site_clears_the_grid_does_and_a_reset_brings_it_back(story):
    told = shorted(story(), "hv_mv_transformer_a")
    told.run(10)
    assert trips(told) == [(2.0, "utility_a", "main", "backup")]
    assert told.state("utility_a") == "OUTAGE" and told.view("utility_a")["tripped"]
    told.tell("utility_a", resets=1)
    told.run(10)
    assert trips(told)[1] == (12.0, "utility_a", "main", "backup")  # the short is still there
    told.tell("hv_mv_transformer_a", fault="")
    told.run(1)
    assert told.state("utility_a") == "OUTAGE"
    told.tell("utility_a", resets=2)
    told.run(1)
    assert told.state("utility_a") == "GRID_OK"
    assert told.state("hv_mv_transformer_a") == "NORMAL"


@pytest.mark.parametrize("node_id", ["lv_switchgear_a", "mv_lv_transformer_a", "cooling_a", "server_rack_a1"])
def test_as_long_as_it_is_fed_a_shorted_device_is_in_fault(story, node_id):
    told = shorted(story(dt_s=0.005), node_id)
    assert told.state(node_id) == "FAULT"
    told.run(3)
    after = {"lv_switchgear_a": "TRIPPED", "mv_lv_transformer_a": "NO_INPUT"}
    assert told.state(node_id) == after.get(node_id, "FAULT")


def test_a_breaker_that_fails_to_open_leaves_it_to_the_one_before(story):
    told = story(dt_s=0.01)
    told.tell("lv_switchgear_a", fault="fail_to_open,short_circuit")
    told.run(3)
    opened = trips(told)
    assert [row[1] for row in opened] == ["mv_switchgear_a"]
    assert 0.8 < opened[0][0] < 1.1


def test_closed_onto_a_short_that_is_still_there_it_trips_again(story):
    told = shorted(story(dt_s=0.01), "lv_switchgear_a")
    told.run(2)
    told.tell("lv_switchgear_a", resets=1)
    told.run(2)
    assert [row[:2] for row in trips(told)] == [(0.4, "lv_switchgear_a"), (2.4, "lv_switchgear_a")]
    told.tell("lv_switchgear_a", fault="", resets=2)
    told.run(2)
    assert told.state("lv_switchgear_a") == "CLOSED"


def test_a_generator_sustains_three_times_its_current(story):
    told = story(dt_s=0.05)
    told.tell("utility_a", fault="outage")
    told.run(40)
    assert told.state("lv_switchgear_a") == "GENERATOR"
    shorted(told, "lv_switchgear_a")
    rated_a = 750e3 / (3**0.5 * 480.0)
    assert short_amps(told) == [("generator_a", "lv_switchgear_a", pytest.approx(3.0 * rated_a, abs=1.0))]
    told.run(2)
    assert trips(told) == [(40.4, "lv_switchgear_a", "main", "short_time")]
    assert not [event for event in told.events if event.event == "out_of_class"]  # of steps of load alone
    assert told.state("generator_a") in ("RUNNING", "COOLDOWN")


@pytest.mark.parametrize("pickup_a", [0, 2600], ids=["no_relay", "a_relay_that_takes_a_quarter_of_an_hour"])
def test_a_set_stops_itself_on_a_short_that_nobody_clears_in_time(pickup_a):
    site = [
        Device("g", "generator", (), {"power_kw": 600, "power_kva": 750, "voltage_v": 480}),
        Device("board", "distribution", ("g",), {"rated_a": 2500, "pickup_a": pickup_a}),
        Device("rack", "server", ("board",), {"load_kw": 100, "load_kw_max": 200, "rated_a": 300}),
    ]
    plan = build_plan(site)
    w = new_world(plan)
    apply(plan, w, "g", {"handle": "run"}, present=True)
    step(plan, w, 60.0)
    apply(plan, w, "board", {"fault": "short_circuit"}, present=True)
    events = step(plan, w, 30.0)
    assert laws.check(plan, w, events=events) == []
    trip = next(event for event in events if event.event == "trip")
    assert (trip.t_s, trip.node_id, trip.to) == (pytest.approx(70.0), "g", "backup")


def test_the_grid_leaves_it_to_a_relay_of_the_site_that_takes_longer(story):
    relay = {"rated_a": 6000, "pickup_a": 6000, "curve": CURVES.index("iec_ei"), "time_multiplier": 1.0}
    site = [
        Device("u", "utility", (), {"voltage_v": 480, "short_circuit_mva": 20}),
        Device("relay", "distribution", ("u",), relay),
        Device("rack", "server", ("relay",), {"load_kw": 0, "load_kw_max": 10, "rated_a": 100}),
    ]
    told = shorted(story(site), "rack")
    told.run(20)
    multiple = 20e6 / (3**0.5 * 480.0) / 6000.0
    assert trips(told) == [(pytest.approx(80.0 / (multiple**2 - 1.0), rel=1e-3), "relay", "main", "inverse_time")]
    assert told.state("u") == "GRID_OK"


def test_one_cord_shorted_leaves_the_other_all_the_load(story, dual_cord):
    told = story(dual_cord, dt_s=0.001)
    racks = [device.id for device in dual_cord if device.type == "server" and len(device.feeds) == 2]
    before_kw = told.number(racks[0], "power_kw")
    shorted(told, racks[0])
    told.run(0.5)
    assert [row[1:3] for row in trips(told)] == [(racks[0], "cord_1")]
    assert told.state(racks[0]) == "DEGRADED"
    assert told.number(racks[0], "power_kw") == pytest.approx(before_kw, rel=1e-3)
    assert all(told.state(rack) in ("NORMAL", "DEGRADED") for rack in racks)


def test_a_shorted_cooling_unit_is_cleared_by_its_breaker(story):
    told = shorted(story(dt_s=0.001), "cooling_a")
    told.run(1)
    assert trips(told) == [(0.02, "cooling_a", "main", "instantaneous")]
    assert told.state("cooling_a") == "FAULT"
    assert told.state("server_rack_a1") == "DEGRADED"  # its UPS is on battery for the moment
    told.run(20)
    assert told.state("server_rack_a1") == "NORMAL"


def test_the_other_side_does_not_notice_to_the_bit(story):
    still, told = story(dt_s=0.1), story(dt_s=0.1)
    for node_id in ("server_rack_a2", "lv_switchgear_a", "mv_lv_transformer_a", "hv_mv_transformer_a"):
        told.tell(node_id, fault="short_circuit")
        told.run(1)
        still.run(1)
        for n in told.plan.nodes:
            if "_b" in n.id:
                assert told.view(n.id) == still.view(n.id), n.id


def test_every_event_after_it_leads_back_to_it(story):
    told = shorted(story(dt_s=0.05), "lv_switchgear_a", after_s=5.0)
    told.run(30)
    by_id = {event.id: event for event in told.events}
    for event in told.events:
        first = event
        while first.cause:
            first = by_id[first.cause]
        assert (first.node_id, first.event) == ("lv_switchgear_a", "fault"), event


@pytest.mark.parametrize("node_id", ["server_rack_a1", "mv_lv_transformer_a", "hv_mv_transformer_a"])
def test_a_fork_in_the_middle_of_it_goes_on_as_the_world_does(node_id, block):
    plan = build_plan(block)
    w = new_world(plan)
    apply(plan, w, node_id, {"fault": "short_circuit"}, present=True)
    step(plan, w, 0.01)
    other = fork(plan, w)
    for dt_s in (0.02, 0.5, 2.0, 30.0):
        assert step(plan, w, dt_s) == step(plan, other, dt_s)
        assert snapshot(plan, w) == snapshot(plan, other)
    assert w.shorted and not any(island.left_pu < 1.0 for island in w.islands)


def test_of_two_at_one_instant_each_trip_comes_from_its_own(story):
    told = story(dt_s=0.01)
    for node_id in ("server_rack_a1", "lv_switchgear_a"):
        told.tell(node_id, fault="short_circuit")
    told.run(1)
    by_id = {event.id: event for event in told.events}
    firsts = {}
    for event in told.events:
        if event.event in ("trip", "short_circuit"):
            first = event
            while first.cause:
                first = by_id[first.cause]
            firsts[event.node_id, event.event] = first.node_id
    assert firsts == {
        ("ups_a", "short_circuit"): "server_rack_a1",
        ("utility_a", "short_circuit"): "lv_switchgear_a",
        ("server_rack_a1", "trip"): "server_rack_a1",
        ("lv_switchgear_a", "trip"): "lv_switchgear_a",
    }


def test_closed_onto_a_short_the_trip_comes_from_it_and_that_from_who_closed(story):
    told = story(dt_s=0.01)
    told.tell("mv_switchgear_a", handle="open")
    told.run(0.1)
    told.tell("mv_switchgear_a", fault="short_circuit")
    told.run(0.1)
    told.tell("mv_switchgear_a", handle="closed")
    told.run(0.5)
    by_id = {event.id: event for event in told.events}
    (trip,) = (event for event in told.events if event.event == "trip")
    fed = by_id[trip.cause]
    assert (fed.node_id, fed.event, fed.from_) == ("utility_a", "short_circuit", "mv_switchgear_a")
    assert by_id[fed.cause][2:6] == ("mv_switchgear_a", "handle", "open", "closed")


def test_a_grid_that_opens_is_out_because_it_tripped(story):
    told = shorted(story(dt_s=0.5), "hv_mv_transformer_a")
    told.run(3)
    by_id = {event.id: event for event in told.events}
    (out,) = (event for event in told.events if event.to == "OUTAGE")
    assert [by_id[out.cause].event, by_id[by_id[out.cause].cause].event] == ["trip", "short_circuit"]


def test_both_of_two_grids_say_that_they_feed_a_short_and_that_it_is_over(story, grids):
    told = shorted(story(grids, dt_s=0.05), "d1")
    told.run(2)
    said = [(event.node_id, event.event, event.from_) for event in told.events if event.event.startswith("short_")]
    assert sorted(said) == [
        ("u1", "short_circuit", "d1"),
        ("u1", "short_over", ""),
        ("u2", "short_circuit", "d1"),
        ("u2", "short_over", ""),
    ]
