"""What the product needs of a broker, asked of both (MQTT 3.1.1; section numbers are that standard's)."""

import socket
import time

from winter_river.service import broker_limits, mqtt_probe


def test_retained_message_reaches_a_later_subscriber_as_retained(client):
    client("writer").publish(client.topic, b"state", retain=True)
    reader = client("reader")
    reader.subscribe(client.topic)
    message = reader.next()
    assert (message.payload, message.retain) == (b"state", True)


def test_live_message_does_not_look_retained(client):
    # 3.3.1.3: nodes refuse retained commands, so the flag must tell a live one from a stored one.
    reader = client("reader")
    reader.subscribe(client.topic)
    client("writer").publish(client.topic, b"now", retain=True)
    assert reader.next().retain is False


def test_empty_payload_clears_the_retained_message(client):
    writer = client("writer")
    writer.publish(client.topic, b"state", retain=True)
    writer.publish(client.topic, b"", retain=True)
    reader = client("reader")
    reader.subscribe(client.topic)
    assert reader.is_silent(client.topic)


def test_last_will_is_published_when_a_client_vanishes(client):
    reader = client("reader")
    reader.subscribe(client.topic)
    client("node", will=client.topic).drop()
    assert reader.next().payload == b"gone"


def test_last_will_is_retained_when_the_client_said_so(client):
    watcher = client("watcher")
    watcher.subscribe(client.topic)
    client("node", will=client.topic).drop()
    watcher.next()
    late = client("late")
    late.subscribe(client.topic)
    message = late.next()
    assert (message.payload, message.retain) == (b"gone", True)


def test_last_will_is_kept_back_when_a_client_says_goodbye(client):
    reader = client("reader")
    reader.subscribe(client.topic)
    client("node", will=client.topic).leave()
    assert reader.is_silent(client.topic)


def test_silence_beyond_the_keepalive_publishes_the_last_will(client, broker):
    # 3.1.2.10: one and a half keepalives without a packet, and the broker drops the client.
    reader = client("reader")
    reader.subscribe(client.topic)
    with socket.create_connection((broker.host, broker.port)) as silent:
        begin_s = time.monotonic()
        silent.sendall(_connect_with_will(client.topic, keepalive_s=1))
        assert reader.next().payload == b"gone"
        assert time.monotonic() - begin_s >= 1.4


def test_persistent_session_gets_what_it_missed_in_order(client):
    absent = client("absent", clean_session=False)
    absent.subscribe(client.topic)
    absent.drop()
    writer = client("writer")
    for number in range(50):
        writer.publish(client.topic, b"%d" % number)
    returned = client.unconnected("absent", clean_session=False)
    assert returned.connect().session_present
    assert [int(returned.next().payload) for _ in range(50)] == list(range(50))


def test_unacknowledged_message_is_delivered_again(client):
    # 4.4: the client took the message but vanished before it said so. (aedes leaves the DUP flag out; commands carry ids.)
    first = client("node", clean_session=False, manual_ack=True)
    first.subscribe(client.topic)
    client("writer").publish(client.topic, b"open the breaker")
    assert first.next().payload == b"open the breaker"
    first.drop()
    assert client("node", clean_session=False).next().payload == b"open the breaker"


def test_clean_session_forgets_its_subscriptions(client):
    first = client("node", clean_session=False)
    first.subscribe(client.topic)
    first.leave()
    client("node", clean_session=True).leave()
    returned = client.unconnected("node", clean_session=False)
    assert not returned.connect().session_present
    client("writer").publish(client.topic, b"missed")
    assert returned.is_silent(client.topic + "/own")


def test_second_client_of_the_same_name_takes_over(client):
    # 3.1.4: a board that restarts faster than its old connection dies must get in.
    old = client("node")
    new = client("node")
    assert old.disconnected.wait(60)
    new.subscribe(client.topic)
    new.publish(client.topic, b"here")
    assert new.next().payload == b"here"


def test_one_level_wildcard_hears_every_node_and_nothing_deeper(client):
    reader = client("reader")
    reader.subscribe(f"{client.topic}/+/status")
    writer = client("writer")
    for topic in ("ups_a/status", "ups_a/view", "x/ups_a/status", "pdu_b/status"):
        writer.publish(f"{client.topic}/{topic}", topic.encode())
    assert [reader.next().payload for _ in range(2)] == [b"ups_a/status", b"pdu_b/status"]


def test_websocket_and_tcp_clients_hear_each_other(client):
    page, node = client("page", transport="websockets"), client("node")
    page.subscribe(f"{client.topic}/status")
    node.subscribe(f"{client.topic}/command")
    node.publish(f"{client.topic}/status", b"closed")
    page.publish(f"{client.topic}/command", b"open")
    assert (page.next().payload, node.next().payload) == (b"closed", b"open")


def test_websocket_client_that_vanishes_leaves_its_will(client):
    reader = client("reader")
    reader.subscribe(client.topic)
    client("page", transport="websockets", will=client.topic).drop()
    assert reader.next().payload == b"gone"


def test_largest_allowed_packet_passes(client):
    reader = client("reader")
    reader.subscribe(client.topic)
    # One type byte, three length bytes, two for the topic's length, two for the packet id.
    payload = b"x" * (broker_limits.PACKET_BYTES_MAX - 8 - len(client.topic))
    client("writer").publish(client.topic, payload)
    assert reader.next().payload == payload


def test_oversize_packet_drops_its_sender_and_nobody_else(client):
    reader = client("reader")
    reader.subscribe(client.topic)
    sender = client("sender")
    sender.paho.publish(client.topic, b"x" * (2 * broker_limits.PACKET_BYTES_MAX), qos=1)
    assert sender.disconnected.wait(60)
    sender.leave()
    assert reader.is_silent(client.topic)


def test_oversize_message_over_a_websocket_reaches_nobody(client):
    # aedes drops the sender, mosquitto 2.0.11 only the message.
    reader = client("reader")
    reader.subscribe(client.topic)
    sender = client("sender", transport="websockets")
    sender.paho.on_publish = lambda *_: sender.disconnected.set()
    sender.paho.publish(client.topic, b"x" * (2 * broker_limits.PACKET_BYTES_MAX), qos=1)
    assert sender.disconnected.wait(60)
    assert reader.is_silent(client.topic)


def test_subscriber_that_stops_reading_does_not_hold_up_the_others(client):
    # A terminal stopped by Ctrl-Z, a frozen laptop. 12 MB are more than the buffers of a connection on loopback hold.
    frozen, reader, writer = client("frozen"), client("reader"), client("writer")
    for each in (frozen, reader):
        each.subscribe(client.topic)
    frozen.paho.loop_stop()
    for _ in range(120):
        for _ in range(100):
            writer.paho.publish(client.topic, b"x" * 1000)
        for _ in range(100):
            reader.next()


def test_bytes_that_are_no_mqtt_leave_the_broker_running(broker):
    for nonsense in (b"GET / HTTP/1.1\r\n\r\n", bytes(range(256)), b"\x10\xff\xff\xff\xff\x7f", b"\x00" * 64):
        with socket.create_connection((broker.host, broker.port)) as stream:
            stream.sendall(nonsense)
    mqtt_probe.probe(broker.host, broker.port)


def _connect_with_will(topic: str, *, keepalive_s: int) -> bytes:
    """CONNECT (3.1) with clean session and a QoS 0 will that says `gone`."""

    def text(value: str) -> bytes:
        return len(value).to_bytes(2, "big") + value.encode()

    body = text("MQTT") + b"\x04\x06" + keepalive_s.to_bytes(2, "big") + text("silent") + text(topic) + text("gone")
    assert len(body) < 128
    return b"\x10" + bytes([len(body)]) + body
