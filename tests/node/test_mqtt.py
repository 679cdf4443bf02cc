"""hal/mqtt: umqtt's bytes over a socket that never waits."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Any

import pytest

Make = Callable[..., Any]
WILL = ("winter-river/x/status", b'{"v":1,"node_id":"x","type":"ups","status":"offline"}')


@pytest.fixture
def mqtt(bench: Make) -> Any:
    """The adapter of a board that has not connected yet, with its broker as `hw.socket`."""
    made = bench()
    from winter_node.hal.mqtt import Mqtt

    adapter = Mqtt(made.board.hw, made.settings, WILL, 15)
    adapter.broker = made.broker
    return adapter


def _open(mqtt: Any) -> list[Any]:
    mqtt.open()
    return list(mqtt.poll())


class _Recorder:
    """What umqtt's own blocking connect() needs of a socket, recording what it writes."""

    def __init__(self) -> None:
        self.written = b""

    def connect(self, address: object) -> None:
        pass

    def write(self, data: bytes, length: int | None = None) -> None:
        self.written += bytes(data if length is None else data[:length])

    def read(self, count: int) -> bytes:
        return b"\x20\x02\x00\x00"


@pytest.mark.parametrize("login", [{}, {"user": "north", "password": "pole"}], ids=["anonymous", "with a login"])
def test_connect_has_the_bytes_of_umqtt(bench: Make, monkeypatch: pytest.MonkeyPatch, login: dict[str, str]) -> None:
    made = bench(broker=login)
    import umqtt.simple as umqtt
    from winter_node.hal.mqtt import Mqtt

    recorder = _Recorder()

    class Sockets:
        @staticmethod
        def socket() -> _Recorder:
            return recorder

        @staticmethod
        def getaddrinfo(host: str, port: int) -> list[Any]:
            return [(0, 0, 0, "", (host, port))]

    monkeypatch.setattr(umqtt, "socket", Sockets)
    theirs = umqtt.MQTTClient(b"x", "h", 1883, *(value.encode() for value in login.values()), keepalive=15)
    theirs.set_last_will(WILL[0].encode(), WILL[1], True, 1)
    theirs.connect()

    ours = Mqtt(made.board.hw, made.settings, WILL, 15)
    sent: list[bytes] = []
    monkeypatch.setattr(made.broker, "take", lambda line: sent.append(bytes(line.sent)))
    ours.open()
    ours.flush()
    assert b"".join(sent) == recorder.written


def test_connack_ends_the_opening(mqtt: Any) -> None:
    assert _open(mqtt) == [("connack", 0)]


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5])
def test_refusal_comes_through(mqtt: Any, code: int) -> None:
    mqtt.broker.greeting = code
    assert _open(mqtt) == [("connack", code)]


def test_qos_1_publish_returns_at_once_and_carries_the_session_s_id(mqtt: Any) -> None:
    _open(mqtt)
    assert mqtt.send("a/b", b"hi", 1, False, 0x1234, False)
    mqtt.flush()
    # MQTT 3.1.1, 3.3: QoS 1 is bit 1; topic, packet id, payload.
    assert mqtt.broker.packets[-1] == (3, 0b0010, b"\x00\x03a/b\x12\x34hi")
    assert mqtt.poll() == [("puback", 0x1234)]


def test_repeated_publish_is_marked(mqtt: Any) -> None:
    _open(mqtt)
    mqtt.send("a/b", b"hi", 1, True, 65535, True)
    mqtt.flush()
    assert mqtt.broker.packets[-1] == (3, 0b1011, b"\x00\x03a/b\xff\xffhi")


def test_subscribe_returns_at_once_and_reports_the_answer(mqtt: Any) -> None:
    _open(mqtt)
    assert mqtt.watch("a/b", 1, 9)
    mqtt.flush()
    assert mqtt.broker.packets[-1] == (8, 2, b"\x00\x09\x00\x03a/b\x01")
    assert mqtt.poll() == [("suback", 9, 1)]


def test_ping_is_answered(mqtt: Any) -> None:
    _open(mqtt)
    mqtt.ping()
    mqtt.flush()
    assert mqtt.poll() == [("pong",)]


def test_packets_stay_whole_when_the_socket_takes_a_byte_at_a_time(mqtt: Any) -> None:
    _open(mqtt)
    mqtt.broker.window = 1
    mqtt.send("a/b", b"x" * 300, 0, True, 0, False)
    mqtt.ping()
    for _ in range(400):
        mqtt.poll()
    assert mqtt.broker.messages() == [("a/b", b"x" * 300, 0, True)]
    assert mqtt.broker.packets[-1][0] == 12


def test_frozen_socket_makes_nobody_wait_and_the_line_is_bounded(mqtt: Any) -> None:
    _open(mqtt)
    mqtt.broker.frozen = True
    taken = sum(mqtt.send("a/b", b"x" * 1000, 0, True, 0, False) for _ in range(100))
    assert taken == 4  # 4096 bytes, a kilobyte each
    assert mqtt.poll() == [] and mqtt.flush() is False


def test_message_comes_with_its_flags_and_is_confirmed_before_it_is_acted_on(mqtt: Any) -> None:
    _open(mqtt)
    mqtt.broker.publish("a/b", b"hi", qos=1, retain=True)
    assert mqtt.poll() == [("message", "a/b", b"hi", True, 7)]
    mqtt.flush()
    assert mqtt.broker.packets[-1] == (4, 0, b"\x00\x07")


def test_flood_is_taken_in_portions(mqtt: Any) -> None:
    _open(mqtt)
    for _ in range(50):
        mqtt.broker.publish("a/b", b"hi")
    counts = []
    while count := len(mqtt.poll()):
        counts.append(count)
    assert sum(counts) == 50 and max(counts) == 8


def test_end_of_the_stream_is_the_other_end_s_doing(mqtt: Any) -> None:
    _open(mqtt)
    mqtt.broker.drop()
    assert mqtt.poll() == [("closed", True)]
    assert mqtt.poll() == []


@pytest.mark.parametrize(("code", "by_peer"), [(errno.ECONNRESET, True), (errno.EPIPE, True), (errno.ETIMEDOUT, False)])
def test_broken_socket_is_told_once(mqtt: Any, code: int, by_peer: bool) -> None:
    _open(mqtt)
    mqtt.broker.line.error = code
    assert mqtt.poll() == [("closed", by_peer)]
    assert mqtt.poll() == []


def test_garbage_ends_the_connection(mqtt: Any) -> None:
    _open(mqtt)
    mqtt.broker.line.coming += b"GET / HTTP/1.1\r\n"
    assert mqtt.poll() == [("closed", False)]


def test_socket_that_is_still_connecting_is_waited_for(mqtt: Any) -> None:
    mqtt.broker.window = 0
    mqtt.open()
    mqtt.broker.line.error = errno.ENOTCONN
    assert mqtt.poll() == []
    mqtt.broker.line.error, mqtt.broker.window = 0, None
    assert mqtt.poll() == [("connack", 0)]


def test_nobody_listening_is_an_error_at_once(mqtt: Any) -> None:
    mqtt.broker.up = False
    with pytest.raises(OSError, match=str(errno.ECONNREFUSED)):
        mqtt.open()
    assert mqtt.poll() == []


def test_name_is_looked_up_once_and_again_after_three_failures(mqtt: Any) -> None:
    for _ in range(3):
        mqtt.open()
    assert mqtt.broker.lookups == 1
    mqtt.broker.up = False
    for _ in range(4):
        with pytest.raises(OSError, match=str(errno.ECONNREFUSED)):
            mqtt.open()
    assert mqtt.broker.lookups == 2


def test_old_bytes_do_not_leak_into_a_new_connection(mqtt: Any) -> None:
    _open(mqtt)
    mqtt.broker.publish("a/b", b"half")
    del mqtt.broker.line.coming[5:]
    mqtt.poll()
    mqtt.send("a/b", b"unsent", 0, False, 0, False)
    assert _open(mqtt) == [("connack", 0)]
    assert mqtt.broker.packets[-1][0] == 1
