"""The connection over a real broker: it comes back by itself, and nothing the other side does can end it."""

import itertools
import re
import socket
import threading
import time

import pytest
from held_ports import held_port
from winter_river.service.bus import Bus, BusError
from winter_river.service.client import BusClient
from winter_river.service.messages import Incoming, Link, Message


@pytest.fixture
def connect(brokers):
    """Makes started connections and stops them afterwards."""
    made = []

    def make(name, *filters, **options):
        bus = Bus(brokers.url, client_id=name, subscriptions=[(each, 1) for each in filters], **options)
        made.append(bus)
        bus.start()
        bus.wait_connected(60.0)
        return bus

    yield make
    for bus in made:
        bus.stop()


def collect(bus, into):
    """Adds what has come to a list and gives the list."""
    into += bus.take()
    return into


def payloads(items):
    return [item.payload for item in items if isinstance(item, Incoming)]


def test_messages_pass_in_order_with_their_retained_flag(connect, until):
    hearer, speaker = connect("hearer", "t/#"), connect("speaker")
    speaker.publish([Message("t/a", b"%d" % number, 1, number == 0) for number in range(50)])
    got = []
    until(lambda: len(payloads(collect(hearer, got))) == 50)
    assert payloads(got) == [b"%d" % number for number in range(50)]
    late = connect("late", "t/#")
    until(lambda: payloads(collect(late, got))[50:])
    assert (got[-1].payload, got[-1].retained) == (b"0", True)


def test_after_a_broker_restart_it_is_back_subscribed_and_delivers_what_must_not_be_lost(brokers, connect, until):
    bus = connect("both", "t/#")
    brokers.stop()
    until(lambda: not bus.connected)
    bus.publish([Message("t/view", b"old", 0, False), Message("t/event", b"kept", 1, False)])
    brokers.start()
    bus.wait_connected(60.0)
    got = []
    until(lambda: payloads(collect(bus, got)))
    assert payloads(got) == [b"kept"]
    assert [item.up for item in got if isinstance(item, Link)] == [True, False, True]
    assert bus.traffic.unsent == 1


def test_killed_connection_leaves_its_last_will_and_a_stopped_one_its_last_words(brokers, until):
    watcher = Bus(brokers.url, client_id="watcher", subscriptions=[("t/#", 1)])
    watcher.start()
    watcher.wait_connected(60.0)
    try:
        bus = Bus(brokers.url, client_id="dying", subscriptions=[], will=lambda: Message("t/x", b"will", 1, True))
        bus.start()
        bus.wait_connected(60.0)
        bus.stop([Message("t/x", b"goodbye", 1, True)])
        got = []
        until(lambda: payloads(collect(watcher, got)))
        time.sleep(0.2)
        assert payloads(collect(watcher, got)) == [b"goodbye"]
    finally:
        watcher.stop()


def test_full_inbox_drops_and_counts(connect, until):
    hearer = connect("hearer", "t/#", inbox_max=10)
    hearer.take()
    speaker = connect("speaker")
    speaker.publish([Message("t/a", b"x", 1, False)] * 100)
    until(lambda: hearer.traffic.dropped == 90)  # counted after it has been received
    assert hearer.traffic.received == 100
    assert len(payloads(hearer.take())) == 10


def test_full_outbox_refuses_and_counts(brokers, connect, until):
    bus = connect("speaker", outbox_max=10)
    brokers.stop()
    until(lambda: not bus.connected)
    bus.publish([Message("t/a", b"x", 1, False)] * 100)
    assert bus.traffic.refused == 90


def test_huge_payload_is_cut_before_it_is_kept(connect, until):
    hearer, speaker = connect("hearer", "t/#"), connect("speaker")
    speaker.publish([Message("t/a", b"x" * 3000, 0, False)])
    got = []
    until(lambda: payloads(collect(hearer, got)))
    assert len(payloads(got)[0]) == 1025


def test_two_connections_of_one_name_take_turns_slowly(connect):
    one, other = connect("twin", "t/#"), connect("twin", "t/#")
    time.sleep(2.0)
    # Without backoff such a pair was measured at thousands of takeovers a second.
    assert one.traffic.connects + other.traffic.connects < 20


def test_wait_ends_at_once_when_woken(connect):
    bus = connect("sleeper")
    bus.take()
    threading.Timer(0.1, bus.wake).start()
    began_s = time.monotonic()
    bus.wait(120.0)
    assert time.monotonic() - began_s < 60.0


def refusal(bus, cause):
    """Whether it says by now that it has no broker, and that for this cause."""
    with pytest.raises(BusError) as caught:
        bus.wait_connected(0.1)
    return re.search(cause, str(caught.value))


def test_unreachable_broker_is_named_with_the_cause(until):
    port = held_port()
    bus = Bus(f"mqtt://127.0.0.1:{port}", client_id="lost", subscriptions=[])
    bus.start()
    until(lambda: refusal(bus, f"127.0.0.1:{port}: nothing listens there"))
    bus.stop()


def test_something_that_is_no_broker_costs_reconnects_and_nothing_else(until):
    with socket.create_server(("127.0.0.1", 0)) as server:
        bus = Bus(f"mqtt://127.0.0.1:{server.getsockname()[1]}", client_id="lost", subscriptions=[("t/#", 0)])
        bus.start()
        for _ in range(3):
            peer, _ = server.accept()
            peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 10)
            peer.close()
    assert not bus.connected
    bus.stop()


def test_broker_that_hangs_up_is_asked_again_less_and_less_often():
    called_s = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60.0)
        bus = Bus(f"mqtt://127.0.0.1:{server.getsockname()[1]}", client_id="bus", subscriptions=[])
        bus.start()
        for _ in range(5):
            peer, _ = server.accept()
            called_s.append(time.monotonic())
            peer.close()
        bus.stop()
    # 0.2, 0.5, 1 and 2 s apart, each up to 20 % less; on a busy machine as much more as it likes.
    waits_s = [later_s - earlier_s for earlier_s, later_s in itertools.pairwise(called_s)]
    assert all(wait_s >= at_least_s for wait_s, at_least_s in zip(waits_s, (0.16, 0.4, 0.8, 1.6), strict=True)), waits_s


def test_visitor_sees_what_the_broker_remembers(brokers, connect):
    speaker = connect("speaker")
    speaker.publish([Message(f"winter-river/n{number}/status", b"{}", 1, True) for number in range(200)])
    with BusClient(brokers.url, everything=True) as visitor:
        assert len({item.topic for item in visitor.remembered()}) == 200


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        pytest.param([b"\x20\x02\x00\x05"], "refused the connection", id="connection"),
        pytest.param([b"\x20\x02\x00\x00", b"\x90\x03\x00\x01\x80"], "refused a subscription", id="subscription"),
    ],
)
def test_broker_that_refuses_us_is_named_with_the_reason(until, answers, why):
    """CONNACK with code 5 and SUBACK with code 128, as in the MQTT 3.1.1 standard."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        bus = Bus(f"mqtt://127.0.0.1:{server.getsockname()[1]}", client_id="guest", subscriptions=[("t/#", 0)])
        bus.start()
        peer, _ = server.accept()
        with peer:
            for answer in answers:
                peer.recv(1024)
                peer.sendall(answer)
            until(lambda: refusal(bus, why))
        bus.stop()


@pytest.mark.soak
def test_frozen_broker_is_noticed_within_twice_the_keepalive(brokers, connect, until):
    bus = connect("patient", "t/#")
    brokers.freeze()
    began_s = time.monotonic()
    until(lambda: not bus.connected)
    assert time.monotonic() - began_s < 12.5
    brokers.thaw()
    bus.wait_connected(60.0)
