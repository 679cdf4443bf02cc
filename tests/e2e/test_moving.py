"""A run leaves its broker for another one while it lasts, or stays where it is; real brokers, in real time."""

import time

import pytest
from held_ports import held_port
from winter_river.address import parse_url
from winter_river.service.broker import start_broker
from winter_river.service.bus import BusError
from winter_river.service.client import BusClient
from winter_river.service.intervals import Intervals
from winter_wire import codec, topics


@pytest.fixture
def other(tmp_path):
    """A second broker, that somebody else runs."""
    with start_broker("auto", data_dir=tmp_path / "other") as broker:
        yield broker


def boots(live):
    return {node_id: node.boots for node_id, node in live.fleet.nodes.items()}


def _spoke(client):
    """The topics on which something was said within a second."""
    return {item.topic for item in client.remembered(listen_s=1.0) if not item.retained}


def test_a_site_moves_to_another_broker_with_all_its_nodes_as_they_are(live, other, until):
    assert live.site.send("ups_a", "set_handle", {"to": "bypass"}).done
    live.at("ups_a", state="BYPASS")
    before, began_t_s = boots(live), live.site.t_s
    live.service.move(other.address)
    live.fleet.move(other.address)
    report = live.service.report()
    assert (report.broker, report.connected) == (other.url, True)
    speaking = {topics.topic(node_id, "status") for node_id in live.facility.nodes}
    with BusClient(other.url, everything=True) as there:
        until(lambda: speaking.difference_update(_spoke(there)) or not speaking, what="every node speaks there")
    assert live.service.wait_online(timeout_s=60.0)
    assert boots(live) == before, "no node was restarted"
    assert live.site.view("ups_a")["state"] == "BYPASS"
    assert live.site.send("ups_a", "set_handle", {"to": "online"}).done
    events = [event for event in live.site.events() if event.t_s > began_t_s and event.node_id != "ups_a"]
    assert events == [], "nobody counted as gone meanwhile"

    def left():
        with BusClient(live.brokers.url) as here:
            kept = {item.topic: item.payload for item in here.remembered()}
        return kept.get(topics.topic("engine", "status"))

    told = codec.decode("status", until(left))[0]
    assert told["status"] == "offline", "the old broker was told that the engine has left"


def test_a_broker_that_is_not_there_is_refused_and_the_run_goes_on_at_the_old_one(live, until):
    nobody = parse_url(f"mqtt://127.0.0.1:{held_port()}")
    began_t_s = live.site.t_s
    with pytest.raises(BusError, match=f"no broker at {nobody}: nothing listens there"):
        live.service.move(nobody)
    until(lambda: live.service.report().connected, what="it is back")
    assert live.service.report().broker == live.brokers.url
    assert live.site.send("ups_a", "identify").done
    assert live.site.events() == [event for event in live.site.events() if event.t_s < began_t_s]


def test_a_site_leaves_a_broker_that_has_died(live, other, until):
    live.brokers.kill()
    until(lambda: not live.service.report().connected)
    live.service.move(other.address)
    live.fleet.move(other.address)
    assert live.service.wait_online(timeout_s=60.0)
    until(lambda: live.site.send("ups_a", "identify").done)


def test_every_node_reports_as_often_as_it_is_told_and_one_that_comes_back_is_told_again(live, until):
    intervals = Intervals(live.site)
    intervals.start()
    try:
        intervals.want(1)
        until(lambda: len(intervals.told) == len(live.facility.nodes), what="all are told")
        with BusClient(live.brokers.url, everything=True) as client:

            def is_once_a_second():
                """For five seconds in a row; a busy machine has nodes that are late."""
                client.remembered()
                began_s = time.monotonic()
                heard = client.remembered(listen_s=5.0)
                mine = [item for item in heard if item.topic == topics.topic("server_rack_a1", "status")]
                return (time.monotonic() - began_s) / 2 <= len(mine) <= time.monotonic() - began_s + 3

            until(is_once_a_second, what="once a second, not once in five")
        first = intervals.told["server_rack_a1"]
        live.fleet.kill("server_rack_a1")
        until(lambda: live.site.presence("server_rack_a1") == "offline")
        live.fleet.power_on("server_rack_a1")
        until(lambda: intervals.told["server_rack_a1"] != first, what="told in its new boot")
    finally:
        intervals.stop()
