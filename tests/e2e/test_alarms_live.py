"""Alarms of a live service over a real broker: on the bus, by command, after a kill, when the broker goes. In real time."""

import json
import threading
import time

import pytest
from winter_river.emulator import Fleet, VirtualNode, network_settings
from winter_river.facility import load_facility
from winter_river.service.alarms import FIRST_ID, ServiceGauges
from winter_river.service.bus import Bus
from winter_river.service.client import BusClient
from winter_river.service.messages import Message
from winter_river.service.wiring import Service
from winter_wire import codec, topics

KEY = ("utility_lost", "utility_a")


def alarm(service, key=KEY):
    found = [each for each in service.alarms.alarms if each.key == key]
    return found[0] if found else None


def state(service, key=KEY):
    found = alarm(service, key)
    return "normal" if found is None else found.state


def alarms_on(items):
    """The alarm events among messages of the bus."""
    events = [codec.decode("event", each.payload)[0] for each in items if each.topic == topics.topic("engine", "event")]
    return [event for event in events if event["event"] == "alarm"]


def test_lost_utility_is_one_alarm_on_the_bus_that_a_command_acknowledges(live, until):
    with BusClient(live.brokers.url, everything=True) as client:
        client.remembered()
        assert live.site.send("utility_a", "set_fault", {"state": True}).done
        until(lambda: state(live.service) == "unacknowledged", what="the alarm")
        heard = []

        def is_told():
            heard.extend(client.remembered(listen_s=0.5))
            return alarms_on(heard)

        until(is_told, what="the alarm on the bus")
        heard += client.remembered(listen_s=3.0)
        told = alarms_on(heard)
        assert [(event["node_id"], event["from"], event["to"]) for event in told] == [
            ("utility_a", "normal", "unacknowledged high utility_lost")
        ]
        ids = {
            codec.decode("event", each.payload)[0]["id"]: codec.decode("event", each.payload)[0]["node_id"]
            for each in heard
            if each.topic == topics.topic("engine", "event")
        }
        assert told[0]["id"] >= FIRST_ID
        assert ids[told[0]["cause"]] == "utility_a", "its cause is the event of the outage"
        ack = client.send("engine", "acknowledge", {"alarm": "utility_lost/utility_a"}, by="ann")
        assert (ack.result, ack.applied) == ("done", "utility_lost/utility_a: acknowledged")
        assert (state(live.service), alarm(live.service).by) == ("acknowledged", "ann")
        again = client.send("engine", "acknowledge", {"alarm": "utility_lost/utility_a"}, by="ann")
        assert again.result == "rejected"
        assert "nothing to acknowledge" in again.applied


def test_going_back_takes_alarms_of_a_time_that_never_was_along(live, until):
    then_s = live.site.t_s
    live.site.advance(1.0)
    assert live.site.send("utility_a", "set_fault", {"state": True}).done
    until(lambda: state(live.service) == "unacknowledged")
    live.service.station.go_to(then_s)
    until(lambda: state(live.service) == "normal", what="the alarm is gone with its time")


def test_lost_broker_is_one_alarm_and_no_node_is_blamed(live, until):
    live.brokers.kill()
    until(lambda: state(live.service, ("bus_lost", "")) == "unacknowledged", what="bus_lost")
    time.sleep(2.0)
    standing = [each for each in live.service.alarms.alarms if each.state != "suppressed"]
    assert "bus_lost" in [each.rule.id for each in standing]
    assert [each.key for each in standing if each.key[1]] == [], "no node's"
    live.brokers.start()
    until(lambda: state(live.service, ("bus_lost", "")) == "returned", what="it is over")


def test_audit_that_takes_nothing_is_an_alarm(brokers, tmp_path, until):
    (tmp_path / "audit").write_text("a file where the folder belongs")
    key = ("audit_incomplete", "")
    with Service(load_facility("block-2n-24"), brokers.url, audit=tmp_path / "audit") as service:
        service.wait_ready(60.0)
        service.site.send("utility_a", "open", timeout_s=0.2)  # profile lab: it goes out all the same
        until(lambda: state(service, key) == "unacknowledged", what="audit_incomplete")
        assert "NOT IN THE AUDIT" in alarm(service, key).message


def test_command_that_waits_is_measured_while_it_waits_and_not_after(brokers, until):
    facility = load_facility("block-2n-24")
    with Service(facility, brokers.url) as service:
        service.wait_ready(60.0)
        gauges = ServiceGauges(service._loop)
        assert gauges.read()["command_pending_s"] == 0.0
        asking = threading.Thread(target=service.site.send, args=("utility_a", "open"), kwargs={"timeout_s": 120.0})
        began_s = time.monotonic()
        asking.start()
        seen_s = until(lambda: (waits_s := gauges.read()["command_pending_s"]) > 0.5 and waits_s)
        assert seen_s <= time.monotonic() - began_s
        with Fleet(facility, brokers.url, seed=1, node_ids=["utility_a"]):  # it waits until its node comes
            asking.join()
        assert gauges.read()["command_pending_s"] == 0.0


def test_acknowledged_and_shelved_are_kept_when_the_service_starts_anew(brokers, tmp_path, until):
    facility, file = load_facility("seed-8"), tmp_path / "alarms.json"
    with Service(facility, brokers.url, alarm_file=file) as first:
        first.wait_ready(60.0)
        first.alarms.shelve(("low_battery", "ups_a"), seconds=3600.0, reason="exchange", by="ann")
        kept = json.loads(file.read_text())
        assert [(row["rule"], row["state"]) for row in kept["alarms"]] == [("low_battery", "shelved")]
    with Service(facility, brokers.url, alarm_file=file) as second:
        second.wait_ready(60.0)
        assert state(second, ("low_battery", "ups_a")) == "shelved"
        assert alarm(second, ("low_battery", "ups_a")).reason == "exchange"


@pytest.mark.parametrize("client_ids", ["alike", "different"])
def test_two_nodes_of_one_id_are_an_alarm(live, until, client_ids):
    """A second board with the id of server_rack_a1: it is told whichever way the broker takes it."""
    if client_ids == "alike":
        settings = live.facility.nodes["server_rack_a1"].settings() | network_settings(live.brokers.url)
        other = VirtualNode(settings, seed=9)
        other.start(0)
        began_s = time.monotonic()
        while time.monotonic() < began_s + 120 and state(live.service, ("duplicate_id", "server_rack_a1")) == "normal":
            other.step(int((time.monotonic() - began_s) * 1000))
            time.sleep(0.02)
        other.kill()
    else:
        status = {"v": 1, "node_id": "server_rack_a1", "type": "server", "status": "ok", "handle": "on"}
        bus = Bus(live.brokers.url, client_id="other board", subscriptions=[])
        bus.start()
        bus.wait_connected(30.0)
        end_s, seq = time.monotonic() + 60, 0
        while time.monotonic() < end_s and state(live.service, ("duplicate_id", "server_rack_a1")) == "normal":
            seq += 1
            payload = codec.encode("status", status | {"boot": 77, "seq": seq}, "server")
            bus.publish([Message(topics.topic("server_rack_a1", "status"), payload, 0, False)])
            live.site.send("server_rack_a1", "set_load", {"power_kw": 50.0 + seq % 40})  # the node speaks at once
            time.sleep(0.3)
        bus.stop()
    until(lambda: state(live.service, ("duplicate_id", "server_rack_a1")) == "unacknowledged", what="duplicate_id")
