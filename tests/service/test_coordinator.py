"""The engine service without a shell: what goes in at a given time and what comes out."""

import json
from collections import Counter

import pytest
from winter_river import load_facility
from winter_river.service.coordinator import Coordinator
from winter_wire import codec, schema, topics

FACILITY = load_facility("seed-8")


def make(**options):
    coordinator = Coordinator(FACILITY, seed=5, **options)
    coordinator.step(0.0)
    return coordinator


def tell(coordinator, node_id, now_s, *, retained=False, **fields):
    """A status of a node arrives."""
    status = {"v": 1, "node_id": node_id, "type": FACILITY.nodes[node_id].type, "status": "ok", **fields}
    topic = topics.topic(node_id, topics.STATUS)
    coordinator.receive(topic, json.dumps(status).encode(), retained=retained, now_s=now_s)


def tell_all(coordinator, now_s, seq=None):
    for node_id in FACILITY.nodes:
        tell(coordinator, node_id, now_s, **({} if seq is None else {"boot": 1, "seq": seq}))


def run(coordinator, until_s, *, alive=True):
    """Steps whenever due, every node speaking each 5 s; gives all messages with the time they were made."""
    sent = []
    now_s = coordinator.due_s(0.0)
    spoken_s = 0.0
    while now_s <= until_s:
        if alive and now_s - spoken_s >= 5.0:
            tell_all(coordinator, now_s)
            spoken_s = now_s
        sent += [(now_s, message) for message in coordinator.step(now_s)]
        now_s = coordinator.due_s(now_s)
    return sent


def decoded(messages, node_id, leaf):
    wanted = topics.topic(node_id, leaf)
    return [codec.decode(leaf, message.payload)[0] for message in messages if message.topic == wanted]


def test_first_step_sends_every_view_and_both_statuses():
    messages = Coordinator(FACILITY).step(100.0)
    assert {message.topic for message in messages} >= {topics.topic(node_id, "view") for node_id in FACILITY.nodes}
    engine = decoded(messages, "engine", "status")[0]
    assert (engine["status"], engine["tick"], engine["nodes"], engine["t_s"]) == ("ok", 0, 8, 0)
    assert decoded(messages, "facility", "status")[0]["it_kw"] == pytest.approx(40.0, abs=1.0)


def test_each_tick_keeps_efficiency_power_aisles_fans_and_mode_of_the_facility():
    coordinator = Coordinator(load_facility("block-2n-24"))
    for now_s in (0.0, 1.0, 2.0):
        sent = [each for each in coordinator.step(now_s) if each.topic == topics.topic("facility", topics.STATUS)]
        assert [each.retain for each in sent] == [True]
        status, refused = codec.decode(topics.STATUS, sent[0].payload)
        assert not refused and status["t_s"] == now_s
        # The hand-computed operating point of two sides: 384 kW of racks each, PUE 1.21, two units of 55 fans.
        assert status["pue"] == pytest.approx(1.21, abs=0.005)
        assert (status["source_kw"], status["it_kw"]) == pytest.approx((930.1, 768.0), abs=1.0)
        assert status["hot_aisle_c"] - status["cold_aisle_c"] == pytest.approx(11.0, abs=0.5)
        assert (status["fans_running"], status["air_mode"]) == (110, "NORMAL")


def test_statuses_are_retained_and_views_are_not():
    for message in Coordinator(FACILITY).step(0.0):
        assert message.retain == message.topic.endswith("/status")


def test_grid_is_one_second_from_the_first_step_and_does_not_drift():
    coordinator = Coordinator(FACILITY)
    coordinator.step(1000.25)
    for tick in range(1, 50):
        due_s = coordinator.due_s(1000.25)
        assert due_s == 1000.25 + tick
        coordinator.step(due_s + 0.3)  # always late
    assert coordinator.counters.skipped == 0


def test_late_step_covers_the_time_and_counts_the_ticks_it_jumped():
    coordinator = make()
    coordinator.step(4.5)
    assert (coordinator.t_s, coordinator.counters.tick, coordinator.counters.skipped) == (4.5, 4, 3)
    assert coordinator.due_s(4.5) == 5.0


def test_change_is_stepped_at_once_and_at_most_twenty_times_a_second():
    coordinator = make()
    tell(coordinator, "srv_a", 0.4, handle="off")
    assert coordinator.due_s(0.4) == 0.4
    coordinator.step(0.4)
    assert coordinator.view("srv_a")["state"] == "OFF"
    tell(coordinator, "srv_a", 0.41, handle="on")
    assert coordinator.due_s(0.41) == pytest.approx(0.45)


def test_regular_status_asks_for_no_step_of_its_own():
    coordinator = make()
    tell(coordinator, "srv_a", 0.1, handle="on", boot=1, seq=1)
    coordinator.step(0.1)
    tell(coordinator, "srv_a", 0.4, handle="on", boot=1, seq=2)
    assert coordinator.due_s(0.4) == 1.0


def test_act_takes_effect_in_its_step_and_never_before():
    coordinator = make()
    tell(coordinator, "util_a", 0.4, fault="outage")
    coordinator.step(0.4)
    assert {event.t_s for event in coordinator.events()} == {0.4}


def test_views_tell_the_pace_of_time_only_while_it_is_not_the_clocks():
    """At once and to every node: their screens show it."""
    coordinator = make()

    def told(act, now_s):
        act(now_s)
        messages = coordinator.step(now_s)
        views = {node_id: decoded(messages, node_id, "view") for node_id in FACILITY.nodes}
        return {node_id: found[0].get("speed") for node_id, found in views.items() if found}

    assert told(coordinator.freeze, 0.1) == dict.fromkeys(FACILITY.nodes, 0)
    assert told(lambda now_s: coordinator.set_speed(0.1, now_s), 0.2) == {}  # time stands still all the same: no news
    assert told(coordinator.run, 0.3) == dict.fromkeys(FACILITY.nodes, 0.1)
    assert told(lambda now_s: coordinator.set_speed(1.0, now_s), 0.4) == dict.fromkeys(FACILITY.nodes)
    assert set(told(lambda _: None, 1.0).values()) == {None}


def test_echoed_measurements_change_nothing():
    coordinator = make()
    before = coordinator.view("ups_a")
    tell(coordinator, "ups_a", 0.5, state="FAULT", voltage_in=0, power_kw=0, soc_pct=1)
    coordinator.step(0.5)
    assert coordinator.view("ups_a")["state"] == before["state"]
    assert coordinator.events() == []


def test_starting_site_waits_twenty_seconds_for_its_nodes_before_it_goes_dark():
    coordinator = make()
    run(coordinator, 19.0, alive=False)
    assert coordinator.view("srv_a")["state"] == "NORMAL"
    run(coordinator, 20.0, alive=False)
    assert coordinator.view("srv_a")["status"] == "offline"
    assert coordinator.view("srv_a")["voltage_in"] == 0


def test_site_without_nodes_is_empty_from_the_start_and_comes_alive_as_they_join():
    coordinator = make(grace=False)
    assert coordinator.view("srv_a")["status"] == "offline"
    tell_all(coordinator, 1.0)
    run(coordinator, 60.0)
    assert coordinator.view("srv_a")["state"] == "NORMAL"


def test_missing_node_carries_nothing_and_its_return_heals_it():
    coordinator = make()
    tell_all(coordinator, 0.5)
    tell(coordinator, "pdu_a", 1.0, status="offline")
    coordinator.step(1.0)
    assert coordinator.view("pdu_a")["status"] == "offline"
    assert coordinator.view("srv_a")["voltage_in"] == 0
    tell(coordinator, "pdu_a", 2.0)
    coordinator.step(2.0)
    assert coordinator.view("pdu_a")["status"] != "offline"
    assert coordinator.view("pdu_a")["voltage_in"] > 0


def test_held_last_will_that_is_followed_by_a_birth_leaves_no_trace():
    coordinator = make(will_hold_s=0.2)
    tell_all(coordinator, 0.5, seq=1)
    coordinator.step(0.5)
    tell(coordinator, "ups_a", 1.0, status="offline")
    coordinator.step(1.1)
    tell(coordinator, "ups_a", 1.15, boot=2, seq=1)
    coordinator.step(1.3)
    assert coordinator.events() == []


def test_frozen_node_is_taken_out_after_twenty_seconds_of_silence():
    """The short equivalent of the soak test with SIGSTOP."""
    coordinator = make()
    tell_all(coordinator, 3.0)
    now_s = 3.0
    while coordinator.presence("ups_a") != "offline":
        now_s = coordinator.due_s(now_s)
        if now_s % 5 == 0:
            for node_id in FACILITY.nodes:
                if node_id != "ups_a":
                    tell(coordinator, node_id, now_s)
        coordinator.step(now_s)
    assert 23.0 <= now_s <= 24.0
    assert coordinator.presence("srv_a") == "online"


def test_absent_broker_lets_nothing_happen():
    coordinator = make()
    tell_all(coordinator, 0.5)
    coordinator.step(0.5)
    coordinator.link_down(1.0)
    run(coordinator, 60.0, alive=False)
    coordinator.link_up(60.5)
    run(coordinator, 90.0, alive=False)
    assert coordinator.events() == []
    assert coordinator.counters.skipped == 0
    assert coordinator.counters.tick == 90


def test_each_node_gets_a_view_at_least_every_five_seconds():
    coordinator = make()
    tell_all(coordinator, 0.1)
    moments_s = {node_id: [0.0] for node_id in FACILITY.nodes}
    for now_s, message in run(coordinator, 60.0):
        node_id, leaf = topics.parse(message.topic)
        if leaf == topics.VIEW:
            moments_s[node_id].append(now_s)
    for node_id, times_s in moments_s.items():
        gaps_s = [later - earlier for earlier, later in zip(times_s, [*times_s[1:], 60.0], strict=True)]
        assert max(gaps_s) < 5.0, node_id


def test_views_of_a_quiet_site_are_spread_over_the_ticks():
    coordinator = make()
    tell_all(coordinator, 0.1)
    sent = run(coordinator, 40.0)
    per_tick = Counter(now_s for now_s, message in sent if message.topic.endswith("/view") and now_s > 10.0)
    assert set(per_tick.values()) == {4}  # 8 nodes over 2 ticks


def test_birth_is_answered_with_a_view_in_the_next_step():
    coordinator = make()
    tell(coordinator, "ups_a", 2.3, boot=9, seq=1)
    messages = coordinator.step(coordinator.due_s(2.3))
    assert len(decoded(messages, "ups_a", "view")) == 1


def test_events_go_out_once_with_their_cause():
    coordinator = make()
    tell_all(coordinator, 0.1)
    tell(coordinator, "util_a", 0.5, fault="outage")
    sent = [message for _, message in run(coordinator, 15.0)]
    events = decoded(sent, "engine", "event")
    assert [event["id"] for event in events] == [event.id for event in coordinator.events()]
    first = events[0]
    assert (first["node_id"], first["event"], first["to"], first["cause"]) == ("util_a", "fault", "outage", 0)
    assert all(0 < event["cause"] < event["id"] for event in events[1:])
    assert {message.qos for message in sent if message.topic.endswith("/event")} == {1}


def test_view_names_type_and_health():
    coordinator = make()
    view = coordinator.view("ups_a")
    assert (view["node_id"], view["type"], view["status"], view["state"]) == ("ups_a", "ups", "ok", "NORMAL")


def test_engine_status_carries_every_counter_of_the_contract():
    status = decoded(Coordinator(FACILITY, seed=7).step(0.0), "engine", "status")[0]
    assert set(schema.VIRTUAL_FIELDS["engine"]) <= set(status)
    assert status["seed"] == 7


def test_goodbye_keeps_the_timeline_for_the_next_run():
    first = make(boot=1)
    tell(first, "ups_a", 0.1, timeline=41)
    message = first.goodbye()
    second = Coordinator(FACILITY, boot=2)
    second.receive(message.topic, message.payload, retained=True, now_s=0.0)
    assert second.timeline > first.timeline > 41


def test_every_step_keeps_the_laws():
    coordinator = make()
    tell_all(coordinator, 0.1)
    tell(coordinator, "util_a", 0.5, fault="outage")
    run(coordinator, 30.0)
    tell(coordinator, "util_a", 30.5, fault="")
    run(coordinator, 60.0)
    assert coordinator.counters.laws_broken == 0, coordinator.notes()


def test_restored_coordinator_goes_on_to_the_same_bytes():
    coordinator = make()
    tell_all(coordinator, 0.1)
    tell(coordinator, "util_a", 0.5, fault="outage")
    run(coordinator, 5.0)
    saved = coordinator.snapshot()
    first = run(coordinator, 20.0)
    after = coordinator.snapshot().hash
    coordinator.restore(saved)
    assert coordinator.snapshot().hash == saved.hash
    assert run(coordinator, 20.0) == first
    assert coordinator.snapshot().hash == after


def test_rewind_starts_a_timeline_and_tells_each_node_that_is_there_to_restore():
    coordinator = make()
    tell_all(coordinator, 0.1, seq=1)
    tell(coordinator, "srv_a", 1.0, status="offline")
    coordinator.step(1.0)
    world, events = coordinator.world(), coordinator.events()
    inputs = coordinator.inputs()
    tell(coordinator, "util_a", 5.0, fault="outage", boot=1, seq=2, timeline=coordinator.timeline)
    coordinator.step(5.0)
    before = coordinator.timeline
    coordinator.rewind(world, inputs=inputs, events=events, now_s=12.0)
    messages = coordinator.step(12.0)
    assert coordinator.timeline == before + 1
    assert coordinator.t_s == 1.0
    assert coordinator.view("util_a")["state"] == "GRID_OK"
    assert all(event.t_s <= 1.0 for event in coordinator.events())
    orders = [json.loads(message.payload) for message in messages if message.topic.endswith("/command")]
    assert len(orders) == 7  # all but srv_a, which is away
    assert all(order["params"]["timeline"] == before + 1 and order["boot"] == 1 for order in orders)
    assert coordinator.due_s(12.0) == 12.0 + 1.0


def test_seed_that_does_not_fit_the_contract_is_refused():
    with pytest.raises(ValueError, match="seed is -1"):
        Coordinator(FACILITY, seed=-1)
