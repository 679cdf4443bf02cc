"""The real MicroPython VM, for case files and for whole nodes over a real broker.

Real time and real sockets are allowed here, as in tests/e2e. Where there is no VM: see vm_command in tests/conftest.py.
"""

import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from held_ports import held_port
from paho.mqtt.enums import CallbackAPIVersion
from winter_river.emulator.vm import VmFleet, package
from winter_river.emulator.vm.cases import VmRun, run_cases
from winter_river.facility import load_facility
from winter_river.service.broker import start_broker


@pytest.fixture
def vm_run(vm_command: package.VmCommand, tmp_path: Path) -> Callable[..., VmRun]:
    """vm_run(case_file, data={name: JSON-able}, **as run_cases): data lies in /data/NAME.json."""

    def run(
        case_file: Path,
        *,
        data: dict[str, Any] | None = None,
        mounts: list[tuple[Path, str]] | None = None,
        **options: Any,
    ) -> VmRun:
        folder = tmp_path / "data"
        folder.mkdir(exist_ok=True)
        for name, value in (data or {}).items():
            (folder / f"{name}.json").write_text(json.dumps(value, ensure_ascii=False))
        return run_cases(vm_command, case_file, mounts=[(folder, "/data"), *(mounts or [])], **options)

    return run


PATIENCE_S = 60.0  # chosen: a machine that needs longer has stopped


def wait_until(claim: Callable[[], Any], *, timeout_s: float = PATIENCE_S, what: str = "") -> Any:
    """What claim() gives as soon as it is true; fails naming the claim when the time is up."""
    end_s = time.monotonic() + timeout_s
    is_last = False
    while not is_last:
        is_last = time.monotonic() >= end_s  # where we were held for longer than that, a look is owed
        found = claim()
        if found:
            return found
        time.sleep(0.005)
    return pytest.fail(f"not within {timeout_s} s: {what or claim}")


class Broker:
    """A real broker, mosquitto where there is one, that can be killed, frozen and started again on its port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._broker = start_broker("auto", port=held_port(), data_dir=folder)
        self.url, self.port = self._broker.url, self._broker.port

    def kill(self) -> None:
        assert self._broker.pid
        os.kill(self._broker.pid, signal.SIGKILL)
        self._broker.stop()

    def start(self) -> None:
        """Again, knowing nothing of before."""
        self._broker = start_broker("auto", port=self.port, data_dir=self._folder)

    def freeze(self) -> None:
        assert self._broker.pid
        os.kill(self._broker.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._broker.pid
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._broker.pid, signal.SIGCONT)

    def stop(self) -> None:
        self.thaw()
        self._broker.stop()


class Visitor:
    """Somebody else on the broker: hears the whole tree and asks things of nodes."""

    def __init__(self, broker: Broker) -> None:
        self.heard: list[tuple[str, dict[str, Any], bool]] = []  # (topic, message, retained)
        self._sent = 0
        self._acks: dict[str, dict[str, dict[str, Any]]] = {}
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._on_message
        self._client.on_connect = lambda client, *_: client.subscribe("winter-river/#", qos=1)
        self._client.connect("127.0.0.1", broker.port, keepalive=60)
        self._client.loop_start()

    def _on_message(self, client: Any, data: Any, message: Any) -> None:
        said = json.loads(message.payload)
        *_, node_id, leaf = message.topic.split("/")
        if leaf == "ack":
            self._acks.setdefault(node_id, {})[said["id"]] = said
        self.heard.append((message.topic, said, bool(message.retain)))

    def statuses(self, node_id: str) -> list[dict[str, Any]]:
        """What the node said of itself while we listened."""
        return [
            said for topic, said, retained in self.heard if topic == f"winter-river/{node_id}/status" and not retained
        ]

    def acks(self, node_id: str) -> dict[str, dict[str, Any]]:
        """Its answers by the id of what was asked, also those before `heard` was cleared."""
        return self._acks.get(node_id, {})

    def ask(self, node_id: str, verb: str, params: dict[str, Any] | None = None) -> str:
        """Send a command with QoS 1; its id."""
        self._sent += 1
        command = {"command": verb, "params": params or {}, "id": f"visitor-{self._sent}"}
        self._client.publish(f"winter-river/{node_id}/command", json.dumps(command), qos=1)
        return f"visitor-{self._sent}"

    def ask_and_wait(self, node_id: str, verb: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """The node's answer."""
        number = self.ask(node_id, verb, params)
        found: dict[str, Any] = wait_until(lambda: self.acks(node_id).get(number), what=f"{node_id} answers {verb}")
        return found

    def publish(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload)

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def until() -> Callable[..., Any]:
    """wait_until, for tests."""
    return wait_until


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    running = Broker(tmp_path)
    yield running
    running.stop()


class Stage:
    """A broker, a visitor of it, and fleets on it; what was started is stopped in the end, and nothing may crash."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.visitor = Visitor(broker)
        self._fleets: list[VmFleet] = []

    def fleet(self, *node_ids: str, url: str = "", online: bool = True, **options: Any) -> VmFleet:
        """VMs of these nodes of the seed facility (all of it without names), online unless told otherwise."""
        fleet = VmFleet(load_facility("seed-8"), url or self.broker.url, node_ids=node_ids or None, **options)
        self._fleets.append(fleet)
        fleet.start()
        errors = {node.node_id: node.error for node in fleet.nodes.values()}
        assert fleet.wait_running(PATIENCE_S), fleet.failure or errors
        if online:
            for node_id in fleet.nodes:
                wait_until(lambda node_id=node_id: self.is_online(node_id), what=f"{node_id} says something")
        return fleet

    def is_online(self, node_id: str) -> bool:
        said = self.visitor.statuses(node_id)
        return bool(said) and said[-1]["status"] != "offline"

    def stop(self) -> None:
        for fleet in self._fleets:
            fleet.stop()
        self.visitor.stop()
        for node in (node for fleet in self._fleets for node in fleet.nodes.values()):
            assert not node.crashes, f"{node.node_id}: {node.error}"


@pytest.fixture
def stage(broker: Broker, vm_command: package.VmCommand) -> Iterator[Stage]:
    """A stage of the test's own."""
    made = Stage(broker)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def eight(tmp_path_factory: pytest.TempPathFactory, vm_command: package.VmCommand) -> Iterator[tuple[Stage, VmFleet]]:
    """One stage for a file of tests with the eight nodes of the seed facility; each test takes another node."""
    broker = Broker(tmp_path_factory.mktemp("eight"))
    made = Stage(broker)
    try:
        yield made, made.fleet()
        made.stop()
    finally:
        broker.stop()


def packet(kind: int, body: bytes) -> bytes:
    """An MQTT packet: its first byte, its length, its body."""
    digits, size = bytearray(), len(body)
    while True:
        digits.append(size & 0x7F | (0x80 if size > 0x7F else 0))
        size >>= 7
        if not size:
            return bytes([kind]) + bytes(digits) + body


def _publish_packet(topic: str, payload: bytes, *, pid: int = 0) -> bytes:
    """A PUBLISH to a node, with QoS 1 where it has a packet id."""
    head = len(topic).to_bytes(2, "big") + topic.encode() + (pid.to_bytes(2, "big") if pid else b"")
    return packet(0x32 if pid else 0x30, head + payload)


CONNACK = packet(0x20, b"\0\0")


class Line:
    """One connection of a node, at the broker's end; every read waits PATIENCE_S at most."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._connection.settimeout(PATIENCE_S)
        self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def receive(self) -> tuple[int, bytes]:
        """The next packet: (first byte, body). Raises EOFError when the node has left."""
        kind, size, shift = self._exactly(1)[0], 0, 0
        while True:
            digit = self._exactly(1)[0]
            size |= (digit & 0x7F) << shift
            shift += 7
            if not digit & 0x80:
                return kind, self._exactly(size)

    def answer(self) -> tuple[int, bytes]:
        """The next packet, answered as a broker does."""
        kind, body = self.receive()
        if kind == 0x10:
            self.send(CONNACK)
        elif kind == 0x82:
            self.send(packet(0x90, body[:2] + body[-1:]))
        elif kind & 0xF6 == 0x32:
            end = 2 + int.from_bytes(body[:2], "big")
            self.send(packet(0x40, body[end : end + 2]))
        elif kind == 0xC0:
            self.send(packet(0xD0, b""))
        return kind, body

    def greet(self) -> None:
        """Let the node in and take its two subscriptions."""
        subscriptions = 0
        while subscriptions < 2:
            subscriptions += self.answer()[0] == 0x82

    def send(self, data: bytes, *, byte_s: float = 0.0) -> None:
        """byte_s: the pause after each single byte; 0 sends all at once."""
        for start in range(0, len(data), 1 if byte_s else max(1, len(data))):
            self._connection.sendall(data[start : start + 1] if byte_s else data)
            time.sleep(byte_s)

    def is_left(self, timeout_s: float = PATIENCE_S) -> bool:
        """Whether the node leaves within the time; what it still says is passed over."""
        self._connection.settimeout(timeout_s)
        try:
            while self._connection.recv(4096):
                continue
        except TimeoutError:
            return False
        except OSError:
            return True
        return True

    def close(self) -> None:
        self._connection.close()

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = self._connection.recv(count - len(data))
            if not part:
                raise EOFError
            data += part
        return data


class Impostor:
    """A TCP server where a broker should be; the test speaks for it."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(PATIENCE_S)
        self.url = f"mqtt://127.0.0.1:{self._server.getsockname()[1]}"
        self._lines: list[Line] = []

    def accept(self) -> Line:
        """The node's next connection, within PATIENCE_S. Raises TimeoutError."""
        connection, _ = self._server.accept()
        self._lines.append(Line(connection))
        return self._lines[-1]

    def close(self) -> None:
        for line in self._lines:
            line.close()
        self._server.close()


@pytest.fixture
def publish_packet() -> Callable[..., bytes]:
    """publish_packet(topic, payload, pid=0): the bytes of a PUBLISH to a node."""
    return _publish_packet


@pytest.fixture
def impostor() -> Iterator[Impostor]:
    made = Impostor()
    yield made
    made.close()
