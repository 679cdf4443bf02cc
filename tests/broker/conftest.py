"""Both brokers of ours, and MQTT clients to try them with."""

import os
import queue
import socket
import threading
from collections.abc import Callable, Iterator

import paho.mqtt.client as mqtt
import pytest
from winter_river.service import broker_mosquitto
from winter_river.service.broker import Broker, start_broker

WAIT_S_MAX = 60.0  # a busy machine; an answer takes milliseconds


class Client:
    """A paho client that keeps what it receives in order; each call waits for the broker's answer."""

    def __init__(self, broker: Broker, name: str, **options: object) -> None:
        self.received: queue.Queue[mqtt.MQTTMessage] = queue.Queue()
        self._acknowledged: queue.Queue[object] = queue.Queue()
        self.disconnected = threading.Event()
        transport = options.pop("transport", "tcp")
        self._keepalive_s = options.pop("keepalive_s", 30)
        self._address = (broker.host, broker.websocket_port if transport == "websockets" else broker.port)
        will = options.pop("will", None)
        clean = options.pop("clean_session", True)
        self.paho = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id=name, clean_session=clean, transport=transport, **options
        )
        if will is not None:
            self.paho.will_set(will, b"gone", qos=1, retain=True)
        self.paho.reconnect_delay_set(600, 600)  # a client that is dropped stays away
        self.paho.on_connect = lambda client, data, flags, reason, properties: self._acknowledged.put(flags)
        self.paho.on_subscribe = lambda client, data, mid, codes, properties: self._acknowledged.put(mid)
        self.paho.on_message = lambda client, data, message: self.received.put(message)
        self.paho.on_disconnect = lambda *_: self.disconnected.set()

    def connect(self) -> mqtt.ConnectFlags:
        self.paho.connect(*self._address, keepalive=self._keepalive_s)
        self.paho.loop_start()
        return self._acknowledged.get(timeout=WAIT_S_MAX)

    def subscribe(self, topic: str, qos: int = 1) -> None:
        self.paho.subscribe(topic, qos)
        self._acknowledged.get(timeout=WAIT_S_MAX)

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> None:
        self.paho.publish(topic, payload, qos=qos, retain=retain).wait_for_publish(WAIT_S_MAX)

    def next(self) -> mqtt.MQTTMessage:
        return self.received.get(timeout=WAIT_S_MAX)

    def is_silent(self, topic: str) -> bool:
        """Whether nothing is on its way: a message this client sends itself, last, arrives first."""
        self.subscribe(f"{topic}/marker")
        self.publish(f"{topic}/marker", b"marker")
        return self.next().payload == b"marker"

    def drop(self) -> None:
        """Vanish without a word, as a board does that loses its supply."""
        with socket.socket(fileno=os.dup(self.paho.socket().fileno())) as stream:
            stream.shutdown(socket.SHUT_RDWR)
        self.paho.loop_stop()

    def leave(self) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()


@pytest.fixture(scope="session", params=["mosquitto", "embedded"])
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Each broker in turn, with a WebSocket listener."""
    if request.param == "mosquitto" and broker_mosquitto.find() is None:
        pytest.skip("mosquitto is not installed here")
    folder = tmp_path_factory.mktemp("a folder with spaces")
    with start_broker(request.param, websocket_port=0, data_dir=folder) as started:
        yield started


@pytest.fixture
def client(broker: Broker, request: pytest.FixtureRequest) -> Iterator[Callable[..., Client]]:
    """Makes connected clients; their names and `client.topic` are this test's own."""
    made: list[Client] = []

    def connected(name: str, **options: object) -> Client:
        one = unconnected(name, **options)
        one.connect()
        return one

    def unconnected(name: str, **options: object) -> Client:
        made.append(Client(broker, f"{request.node.name[:60]}-{name}", **options))
        return made[-1]

    connected.unconnected = unconnected
    connected.topic = f"test/{request.node.name}"
    yield connected
    for one in made:
        one.leave()
