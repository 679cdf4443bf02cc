"""What isolates each dead node, in words, and the chain of causes behind an event."""

import math

import pytest
from winter_river.engine import Device, Event, explain


def why_dead(s, node_id):
    """The sentence on a node, from all events so far."""
    found = explain.isolation(s.plan, s.world, node_id)
    return found and explain.isolation_text(found, explain.condition_since_s(s.events, found.by))


def test_what_is_live_is_isolated_by_nothing(story):
    s = story()
    assert [why_dead(s, node.id) for node in s.plan.nodes if not node.id.startswith("generator")] == [None] * 22


def test_an_open_breaker_is_named_by_everything_behind_it_up_to_the_ups(story):
    s = story()
    s.run(12.3)
    s.tell("mv_switchgear_a", handle="open")
    s.run(0.5)
    for node_id in ("mv_lv_transformer_a", "lv_switchgear_a", "cooling_a"):
        assert why_dead(s, node_id) == "dead because mv_switchgear_a is OPEN since 12.3 s"
    assert why_dead(s, "mv_switchgear_a") == "dead because it is itself OPEN since 12.3 s"
    assert why_dead(s, "ups_a") is None
    assert why_dead(s, "lv_switchgear_b") is None


@pytest.mark.parametrize(
    ("node_id", "told", "dead", "text"),
    [
        ("utility_a", {"fault": "outage"}, "cooling_a", "dead because utility_a is OUTAGE since 5.0 s"),
        (
            "mv_lv_transformer_a",
            {"fault": "fault"},
            "cooling_a",
            "dead because mv_lv_transformer_a is FAULT since 5.0 s",
        ),
        ("ups_a", {"handle": "off"}, "server_rack_a1", "dead because ups_a is OFF since 5.0 s"),
        ("server_rack_a1", {"handle": "off"}, "server_rack_a1", "dead because it is itself OFF since 5.0 s"),
        ("utility_a", {"present": False}, "cooling_a", "dead because utility_a is absent since 5.0 s"),
    ],
)
def test_the_device_that_isolates_is_named_with_its_condition(story, node_id, told, dead, text):
    s = story()
    s.run(5.0)
    s.tell(node_id, **told)
    s.run(0.5)
    assert why_dead(s, dead) == text


def test_a_trip_is_named_by_what_it_leaves_dark(story):
    s = story()
    s.tell("server_rack_a1", load_set_kw=200.0)
    s.run(300.0)
    tripped_s = s.when("server_rack_a1", "trip")
    assert why_dead(s, "server_rack_a1") == f"dead because it is itself TRIPPED since {tripped_s:.1f} s"


def test_a_rack_that_waits_for_its_turn_to_start_says_so(story):
    # Racks start one after another once the inverter is back, so the last one still waits when the first one runs.
    s = story(dt_s=0.5)
    s.tell("utility_a", fault="outage")
    s.tell("generator_a", fault="fault")
    s.run(130.0)
    s.tell("utility_a", fault="")
    while s.state("server_rack_a1") == "FAULT":
        s.run(0.5)
    assert why_dead(s, "server_rack_a1") is None
    assert why_dead(s, "server_rack_a4") == "dead because it is itself starting again"


def test_the_chain_leads_from_a_dark_rack_back_to_the_outage(story):
    s = story()
    s.tell("utility_a", fault="outage")
    s.tell("generator_a", fault="fault")
    s.run(130.0)  # the battery of the training site lasts 100 s
    log = {event.id: event for event in s.events}
    event = explain.latest(s.events, "server_rack_a1")
    steps = [(one.node_id, one.event, one.to) for one in explain.chain(log, event)]
    assert steps == [
        ("server_rack_a1", "state", "FAULT"),
        ("ups_a", "state", "FAULT"),
        ("ups_a", "battery_empty", ""),
        ("ups_a", "low_battery", ""),
        ("ups_a", "state", "ON_BATTERY"),
        ("utility_a", "state", "OUTAGE"),
        ("utility_a", "fault", "outage"),
    ]


def test_every_cause_in_a_long_story_comes_before_its_effect_and_ends_at_a_first_one(story):
    s = story()
    s.tell("utility_a", fault="outage")
    s.run(120.0)
    s.tell("utility_a", fault="")
    s.run(120.0)
    log = {event.id: event for event in s.events}
    for event in s.events:
        chain = explain.chain(log, event)
        assert [one.id for one in chain] == sorted((one.id for one in chain), reverse=True)
        assert chain[-1].cause == 0


def test_a_chain_ends_where_the_log_does():
    log = {8: Event(8, 2.0, "b", "state", "X", "Y", 7), 9: Event(9, 3.0, "a", "state", "X", "Y", 8)}
    assert [one.id for one in explain.chain(log, log[9])] == [9, 8]
    itself = Event(8, 2.0, "b", "state", "X", "Y", 8)
    assert explain.chain({8: itself}, itself) == [itself]
    assert explain.latest([], "a") is None
    assert explain.condition_since_s([], "a") is None


def test_a_collapse_names_where_the_voltage_gives_way_and_for_which_load(story):
    # 1 MVA of short-circuit power carries at most about 300 kW. The long cable to the small rack drops deepest; the
    # big rack on the short one is why.
    rack = {"power_factor": 0.95, "rated_a": 1e5, "load_kw_max": 4000}
    s = story(
        [
            Device("grid", "utility", (), {"voltage_v": 480, "short_circuit_mva": 1}),
            Device("board", "distribution", ("grid",), {"rated_a": 1e5, "feed_resistance_ohm": 0.001}),
            Device("small", "server", ("board",), {**rack, "load_kw": 5, "feed_resistance_ohm": 0.3}),
            Device("big", "server", ("board",), {**rack, "load_kw": 10, "feed_resistance_ohm": 0.001}),
        ]
    )
    s.run(1.0)
    s.tell("big", load_set_kw=1500.0)
    s.run(1.0)
    event = next(one for one in s.events if one.event == "collapsed")
    assert (event.node_id, event.from_, event.to) == ("grid", "small", "big")


@pytest.mark.parametrize("share", [0.5, 0.9, 0.97, 0.99])
def test_a_reactance_is_solved_up_to_the_most_it_carries(story, share):
    # 0.4 ohm of reactance from an infinite bus of 480 V carries at most U^2 / 2X = 288 kW at a power factor of 1.
    volt, ohm = 480.0, 0.4
    power_w = share * volt**2 / (2 * ohm)
    rack = {"power_factor": 1.0, "rated_a": 1e5, "load_kw": 0, "load_kw_max": 1e5, "feed_reactance_ohm": ohm}
    devices = [Device("grid", "utility", (), {"voltage_v": volt, "short_circuit_mva": 1e9})]
    s = story([*devices, Device("rack", "server", ("grid",), rack)])
    s.tell("rack", load_set_kw=power_w / 1e3)
    s.step(0.0)
    assert not [event for event in s.events if event.event == "not_solved"]
    # By hand: V^4 - U^2 V^2 + (X P)^2 = 0.
    by_hand_v = math.sqrt((volt**2 + math.sqrt(volt**4 - 4 * (ohm * power_w) ** 2)) / 2)
    assert s.number("rack", "voltage_in") == pytest.approx(by_hand_v, rel=1e-6)


@pytest.mark.parametrize("boards", [1, 5])
@pytest.mark.parametrize("share", [0.5, 0.84, 0.9, 0.99, 1.0, 1.1, 1.5, 3.0, 20.0])
def test_a_cable_near_the_most_it_carries_and_beyond_is_solved(story, share, boards):
    # 0.1 ohm from an infinite bus of 480 V carries at most U^2 / 4R = 576 kW at a power factor of 1.
    volt, ohm = 480.0, 0.1
    power_kw = share * volt**2 / (4 * ohm) / 1e3
    devices = [Device("grid", "utility", (), {"voltage_v": volt, "short_circuit_mva": 1e9})]
    for k in range(boards):
        ratings = {"rated_a": 1e5, "feed_resistance_ohm": ohm / boards}
        devices.append(Device(f"board_{k}", "distribution", (devices[-1].id,), ratings))
    rack = {"power_factor": 1.0, "rated_a": 1e5, "load_kw": 0, "load_kw_max": 1e5}
    s = story([*devices, Device("rack", "server", (devices[-1].id,), rack)])
    s.tell("rack", load_set_kw=power_kw)
    s.step(0.0)
    named = [(event.from_, event.to) for event in s.events if event.event == "collapsed"]
    assert named == ([(f"board_{boards - 1}", "rack")] if share >= 0.9 else [])
    # By hand: constant power down to 70 % is a quadratic, below that a voltage divider with U^2 0.49 / P.
    quadratic_pu = (1 + math.sqrt(max(0.0, 1 - share))) / 2
    divider_pu = 1 / (1 + share / 4 / 0.49)
    expected_pu = quadratic_pu if quadratic_pu >= 0.7 and share <= 0.84 else divider_pu
    assert s.number("rack", "voltage_in") == pytest.approx(expected_pu * volt, rel=1e-6)
