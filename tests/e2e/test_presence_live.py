"""Nodes, brokers and engines that go and come back, with real processes and real silence."""

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from winter_river.cli.connection import engine_lives_at
from winter_river.service.bus import Bus, BusError
from winter_river.service.client import BusClient
from winter_river.service.messages import Incoming, Message
from winter_river.service.wiring import Service
from winter_wire import codec, topics


@pytest.fixture
def spy(brokers):
    """A connection that hears the whole tree; .heard() gives (node, leaf, fields, retained) of all messages so far."""

    class Spy(Bus):
        def __init__(self):
            super().__init__(brokers.url, client_id="spy", subscriptions=[(topics.everything(), 1)])
            self.items = []

        def heard(self, node_id=None, leaf=None):
            self.items += [item for item in self.take() if isinstance(item, Incoming)]
            found = []
            for item in self.items:
                node, kind = topics.parse(item.topic)
                if node_id in (None, node) and leaf in (None, kind):
                    found.append((node, kind, codec.decode(kind, item.payload)[0], item.retained))
            return found

    spy = Spy()
    spy.start()
    spy.wait_connected(60.0)
    yield spy
    spy.stop()


def test_killed_node_is_offline_by_its_last_will_and_what_it_fed_is_dead(live, until):
    live.fleet.kill("ups_a")
    until(lambda: live.site.presence("ups_a") == "offline", timeout_s=12.0)
    live.at("server_rack_a1", state="FAULT")
    assert live.site.view("ups_a")["status"] == "offline"
    assert live.site.view("server_rack_b1")["state"] == "NORMAL"
    live.fleet.power_on("ups_a")
    until(lambda: live.site.presence("ups_a") == "online")
    live.at("server_rack_a1", state="NORMAL")


@pytest.mark.soak
def test_frozen_node_is_offline_after_twenty_seconds_and_back_when_it_goes_on(live, until):
    live.fleet.freeze("ups_a")
    began_s = time.monotonic()
    until(lambda: live.site.presence("ups_a") == "offline", timeout_s=25.0)
    # Its last word was up to 5 s before it froze; a tick is 1 s.
    assert 14.0 < time.monotonic() - began_s < 21.5
    live.fleet.thaw("ups_a")
    until(lambda: live.site.presence("ups_a") == "online")


@pytest.mark.soak
def test_stopped_process_of_a_node_is_offline_at_twenty_seconds_of_silence(brokers, live, until):
    """The same with the user's own command and SIGSTOP; before the broker's keepalive (22.5 s) can tell."""
    live.fleet.kill("ups_b")
    until(lambda: live.site.presence("ups_b") == "offline", timeout_s=12.0)
    command = [
        sys.executable,
        "-m",
        "winter_river",
        "node",
        "ups_b",
        "--broker",
        brokers.url,
        "--facility",
        "block-2n-24",
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            until(lambda: live.site.presence("ups_b") == "online")
            os.kill(process.pid, signal.SIGSTOP)
            began_s = time.monotonic()
            until(lambda: live.site.presence("ups_b") == "offline", timeout_s=25.0)
            assert 14.0 < time.monotonic() - began_s < 21.5
            os.kill(process.pid, signal.SIGCONT)
            until(lambda: live.site.presence("ups_b") == "online")
        finally:
            process.kill()


def _broker_outage(live, until, *, seconds):
    """Stops the broker for a while; gives how long the nodes needed once it was back."""
    boots = {node_id: node.boots for node_id, node in live.fleet.nodes.items()}
    last_id = max((event.id for event in live.site.events()), default=0)
    live.brokers.stop()
    time.sleep(seconds)
    until(
        lambda: all("BROKER" in str(node.oled.text()) for node in live.fleet.nodes.values()),
        what="every screen says so",
    )
    tick = live.service.report().counters["tick"]
    live.brokers.start()
    began_s = time.monotonic()
    until(lambda: live.service.report().connected)
    until(lambda: all(node.runner.core.connected for node in live.fleet.nodes.values()))
    took_s = time.monotonic() - began_s
    until(lambda: live.service.report().counters["tick"] > tick)
    assert {node_id: node.boots for node_id, node in live.fleet.nodes.items()} == boots
    live.site.advance(2.0)
    assert live.site.events(last_id) == [], "an absent broker is no reason for anything to happen on the site"
    return took_s


def test_site_rides_through_a_broker_restart(live, until):
    assert _broker_outage(live, until, seconds=3.0) < 30.0


@pytest.mark.soak(80)
def test_site_rides_through_a_minute_without_a_broker(live, until):
    assert _broker_outage(live, until, seconds=60.0) < 30.0


def test_retained_command_is_refused_and_changes_nothing(live, spy, until):
    spy.publish([Message("winter-river/server_rack_a1/command", b'{"command":"open","id":"x-1"}', 1, True)])
    live.fleet.kill("server_rack_a1")
    until(lambda: live.site.presence("server_rack_a1") == "offline", timeout_s=12.0)
    live.fleet.power_on("server_rack_a1")
    until(lambda: live.site.presence("server_rack_a1") == "online")
    acks = until(lambda: [ack for *_, ack, _ in spy.heard("server_rack_a1", "ack") if ack["reason"] == "retained"])
    assert acks[0]["result"] == "rejected"
    assert live.fleet.node("server_rack_a1").runner.core.status(0)["handle"] == "on"
    spy.publish([Message("winter-river/server_rack_a1/command", b"", 1, True)])


def test_command_is_answered_and_the_next_status_shows_its_effect(live, spy, until):
    ack = live.site.send("server_rack_b3", "set_load", {"power_kw": 42.0}, by="test")
    assert (ack.result, ack.applied) == ("done", "load_set_kw=42.000")

    def after_the_answer():
        said = [(leaf, fields) for _, leaf, fields, _ in spy.heard("server_rack_b3")]
        answers = [place for place, (leaf, fields) in enumerate(said) if leaf == "ack" and fields["id"] == ack.id]
        return answers and [fields for leaf, fields in said[answers[0] :] if leaf == "status"]

    assert until(after_the_answer)[0]["load_set_kw"] == 42.0
    until(lambda: abs(live.site.view("server_rack_b3")["power_kw"] - 42.0) < 1.0)


def test_bare_command_of_the_first_design_is_obeyed(live, spy, until):
    bare = b'{"command":"set_fault","params":{"state":true}}'
    spy.publish([Message("winter-river/server_rack_b2/command", bare, 1, False)])
    live.at("server_rack_b2", state="FAULT")


def test_everything_on_the_bus_keeps_the_contract(live, spy, until):
    for leaf in ("view", "status"):
        until(
            lambda leaf=leaf: all(spy.heard(node_id, leaf) for node_id in live.facility.nodes), what=f"a {leaf} of each"
        )
    until(lambda: len(spy.heard("engine", "status")) >= 6)
    assert all(fields is not None for _, _, fields, _ in spy.heard())
    assert not any(retained for _, _, _, retained in spy.heard(leaf="view"))
    engine = [fields for *_, fields, _ in spy.heard("engine", "status")]
    ticks = [row["tick"] for row in engine[1:]]  # the first was remembered
    gaps = sum(later - earlier - 1 for earlier, later in itertools.pairwise(ticks))
    assert ticks == sorted(set(ticks))
    assert gaps <= live.service.report().counters["skipped"], "but for those that a busy machine held up"


def _reborn(spy, node_id):
    """What was heard from the first word of a node after its last will up to its first view; [] before that."""
    heard = spy.heard()
    of_it = [
        (place, leaf, fields.get("status")) for place, (node, leaf, fields, _) in enumerate(heard) if node == node_id
    ]
    gone = [place for place, leaf, word in of_it if (leaf, word) == ("status", "offline")]
    born = [
        place for place, leaf, word in of_it if leaf == "status" and word != "offline" and gone and place > gone[-1]
    ]
    seen = [place for place, leaf, _ in of_it if leaf == "view" and born and place > born[0]]
    return heard[born[0] : seen[0] + 1] if seen else []


def test_node_gets_its_view_at_once_after_its_birth(live, spy, until):
    live.fleet.kill("ups_b")
    until(lambda: live.site.presence("ups_b") == "offline", timeout_s=12.0)
    live.fleet.power_on("ups_b")
    until(lambda: live.site.presence("ups_b") == "online")
    until(lambda: live.fleet.node("ups_b").runner.core.view is not None)
    told = [(node, leaf, fields.get("status")) for node, leaf, fields, _ in until(lambda: _reborn(spy, "ups_b"))]
    assert told.count(("engine", "status", "ok")) <= 1, "it does not wait for its turn, which comes every other tick"


def test_ghosts_and_garbage_over_the_bus_change_nothing(live, spy, until):
    before = live.service.report().counters
    states = {node_id: live.site.view(node_id)["state"] for node_id in live.facility.nodes}
    bad = [
        Message("winter-river/ghost/status", b'{"v":1,"node_id":"ghost","status":"ok"}', 1, False),
        Message("winter-river/ups_a/status", b"\xff\xfe", 1, False),
        Message("winter-river/ups_a/status", b"x" * 3000, 1, False),
        Message("winter-river/ups_a/status", b'{"v":1,"node_id":"ups_a","status":"ok","current":NaN}', 1, False),
        Message("winter-river/engine/status", b"[]", 1, False),
    ]
    spy.publish(bad)
    until(lambda: live.service.report().counters["rejected"] >= before["rejected"] + 4)
    after = live.service.report().counters
    assert after["rejected"] - before["rejected"] == 4
    assert after["unknown"] - before["unknown"] == 1
    assert {node_id: live.site.view(node_id)["state"] for node_id in live.facility.nodes} == states
    assert any("ghost" in note.text for note in live.service.report().notes)


def test_engine_that_stops_says_so_and_its_successor_goes_on_from_the_nodes(live, brokers, until):
    assert live.site.send("lv_switchgear_b", "open").done
    live.at("lv_switchgear_b", state="OPEN")
    live.service.stop()

    def remembered():
        with BusClient(brokers.url, everything=True) as visitor:
            said = {item.topic: json.loads(item.payload) for item in visitor.remembered() if "/status" in item.topic}
        return said.get("winter-river/engine/status")

    goodbye = until(remembered)
    assert goodbye["status"] == "offline"
    with Service(live.facility, brokers.url, seed=1) as second:
        second.wait_ready(60.0)
        assert second.site.view("lv_switchgear_b")["state"] == "OPEN"
        assert second.wait_online(timeout_s=60.0)

        def timelines():
            return {node.runner.core.timeline for node in live.fleet.nodes.values()}

        until(lambda: min(timelines()) > goodbye["timeline"], what="every node has left the former timeline")
        until(lambda: len(timelines()) == 1)
        assert second.site.view("server_rack_a1")["state"] == "NORMAL"
        assert not [event for event in second.site.events() if event.event == "presence"]


def test_second_engine_on_one_bus_is_reported_by_both(live, brokers, until):
    with Service(live.facility, brokers.url, seed=2) as rival:
        until(lambda: any("another engine" in note.text for note in rival.report().notes))
        until(lambda: any("another engine" in note.text for note in live.service.report().notes))


def test_engine_that_is_held_up_for_seconds_keeps_others_from_its_bus(brokers, spy, until):
    status = codec.encode("status", {"v": 1, "node_id": "engine", "status": "ok", "tick": 1}, "engine")
    topic = topics.topic("engine", "status")
    spy.publish([Message(topic, status, 1, True)])
    until(lambda: spy.heard("engine", "status"), what="the broker remembers it")
    late = threading.Timer(4.0, spy.publish, [[Message(topic, status, 1, False)]])
    late.start()
    assert engine_lives_at(brokers.url, topics.ROOT)
    late.join()


def test_engine_runs_without_a_broker_and_is_there_when_one_comes(brokers, until):
    from winter_river.facility import load_facility

    brokers.stop()
    with Service(load_facility("seed-8"), brokers.url, seed=1) as service:

        def refused():
            with pytest.raises(BusError) as caught:
                service.wait_ready(0.5)
            return "nothing listens there" in str(caught.value)

        until(refused)
        until(lambda: service.site.t_s > 1.0)
        brokers.start()
        service.wait_ready(60.0)


def test_command_without_a_broker_or_to_nobody_fails_in_words(live, until):
    with pytest.raises(ValueError, match="ghost"):
        live.site.send("ghost", "open")
    live.fleet.kill("server_rack_a1")
    until(lambda: live.site.presence("server_rack_a1") == "offline", timeout_s=12.0)
    ack = live.site.send("server_rack_a1", "open", timeout_s=0.5)
    assert (ack.result, ack.reason) == ("failed", "expired")


def test_visitor_sends_a_command_and_gets_the_answer(live, brokers):
    with BusClient(brokers.url, name="visitor") as visitor:
        assert visitor.send("server_rack_a3", "open", by="test").done
        ack = visitor.send("server_rack_a3", "transfer", {"to": "second"}, by="test")
        assert (ack.result, ack.reason) == ("rejected", "unknown")
