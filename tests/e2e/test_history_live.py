"""The history of a live site over a real broker: everything that was published is kept, whoever published it."""

import time

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from winter_river.facility import load_facility
from winter_river.service.broker import start_broker
from winter_river.service.wiring import Service
from winter_river.store import Keeper, reading
from winter_wire import codec, topics

COUNT = 2_000


def until(claim, timeout_s=60.0):
    end_s = time.monotonic() + timeout_s
    while not claim():
        assert time.monotonic() < end_s, "not in time"
        time.sleep(0.05)


def series(keeper, node_id, field):
    try:
        return keeper.ask(lambda c: reading.series(c, node_id, field, from_ms=0, to_ms=2**52)).points
    except reading.UnknownSeries:
        return ()


@pytest.fixture
def live(tmp_path):
    """(broker, service, keeper) of seed-8 without nodes."""
    with (
        start_broker("auto", data_dir=tmp_path / "broker") as broker,
        Keeper(tmp_path / "site.sqlite3") as keeper,
        Service(load_facility("seed-8"), broker.url, keeper=keeper, grace=False) as service,
    ):
        service.wait_ready(60.0)
        yield broker, service, keeper


def test_as_many_rows_are_kept_as_statuses_were_published_by_a_node_nobody_has_heard_of(live) -> None:
    broker, _, keeper = live
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.max_inflight_messages_set(200)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    began_ms = time.time() * 1000
    for seq in range(COUNT):
        message = {
            "v": 1,
            "node_id": "visitor_1",
            "type": "ups",
            "status": "ok",
            "soc_pct": seq % 100,
            "boot": 5,
            "seq": seq,
        }
        client.publish(topics.topic("visitor_1", topics.STATUS), codec.encode("status", message), qos=1)
    until(lambda: len(series(keeper, "visitor_1", "seq")) == COUNT)
    client.disconnect()
    client.loop_stop()
    points = series(keeper, "visitor_1", "seq")
    assert [point.mean for point in points] == [float(seq) for seq in range(COUNT)]
    assert all(began_ms - 1_000 <= point.ms <= time.time() * 1000 for point in points)
    assert keeper.health().dropped == {}


def test_the_engine_s_own_history_has_no_gap_while_the_broker_is_away(live) -> None:
    broker, service, keeper = live
    until(lambda: len(series(keeper, "engine", "tick")) >= 2)
    broker.stop()
    until(lambda: not service.report().connected)
    away_tick = service.report().counters["tick"]
    until(lambda: service.report().counters["tick"] >= away_tick + 4)
    until(lambda: series(keeper, "engine", "tick")[-1].mean >= away_tick + 3)
    ticks = [point.mean for point in series(keeper, "engine", "tick") if point.quality == 0]
    # Of a machine that is never late each tick is there; a late one is jumped, and counted.
    assert len(ticks) >= ticks[-1] - ticks[0] + 1 - service.report().counters["skipped"]


def test_alarms_are_kept_among_the_events(live) -> None:
    _, service, keeper = live

    def alarms():
        found = keeper.ask(lambda c: reading.happenings(c, from_ms=0, to_ms=2**52))
        return [(each.node_id, each.from_, each.to) for each in found if each.event == "alarm"]

    service.alarms.shelve(("low_battery", "ups_a"), seconds=60.0, reason="exchange", by="ann")
    until(lambda: ("ups_a", "normal", "shelved high low_battery") in alarms())
