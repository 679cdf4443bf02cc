"""A board whose sockets end in a broker of a few lines: no port, no thread, no real time."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from winter_node import settings as rules
from winter_river.emulator import dialect
from winter_river.emulator.board import Board
from winter_river.emulator.flash import Flash
from winter_river.emulator.network import AccessPoint
from winter_wire import codec

SSID = "WinterRiver-AP"
STEP_MS = 20  # how often a board calls step


class Line:
    """One TCP connection as MicroPython shows it, non-blocking, with the broker at the other end."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker
        self.sent = bytearray()  # by the node, not yet understood by the broker
        self.coming = bytearray()  # by the broker, not yet read by the node
        self.ended = self.closed = False
        self.error = 0

    def setblocking(self, blocking: bool) -> None:
        assert not blocking, "the node must never wait on a socket"

    def connect(self, address: object) -> None:
        if self._broker.up:
            self._broker.lines.append(self)
            raise OSError(errno.EINPROGRESS)
        raise OSError(errno.ECONNREFUSED)

    def write(self, data: Any) -> int | None:
        self._raise()
        if self._broker.window == 0 or self._broker.frozen:
            return None
        taken = bytes(data)[: self._broker.window]
        self.sent += taken
        self._broker.take(self)
        return len(taken)

    def readinto(self, room: Any) -> int | None:
        self._raise()
        if not self.coming:
            return 0 if self.ended else None
        count = min(len(room), len(self.coming))
        room[:count] = self.coming[:count]
        del self.coming[:count]
        return count

    def close(self) -> None:
        self.closed = True

    def _raise(self) -> None:
        assert not self.closed
        if self.error:
            raise OSError(self.error)


@dataclass
class MemoryBroker:
    """Enough of MQTT 3.1.1 to answer one node; the `socket` module of its board.

    window: most bytes one write takes. frozen: nothing is taken or answered any more, as under SIGSTOP.
    packets: what came, as (type, flags, body).
    """

    up: bool = True
    frozen: bool = False
    window: int | None = None
    greeting: int = 0
    packets: list[tuple[int, int, bytes]] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    lookups: int = 0

    def socket(self) -> Line:
        return Line(self)

    def getaddrinfo(self, host: str, port: int) -> list[tuple[Any, ...]]:
        self.lookups += 1
        return [(2, 1, 0, "", (host, port))]

    @property
    def line(self) -> Line:
        return self.lines[-1]

    def take(self, line: Line) -> None:
        while packet := _first_packet(line.sent):
            self.packets.append(packet)
            line.coming += self._answer(*packet)

    def publish(self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False) -> None:
        """A message to the node."""
        body = len(topic).to_bytes(2, "big") + topic.encode() + (b"\x00\x07" if qos else b"") + payload
        self.line.coming += bytes([0x30 | qos << 1 | retain]) + _length(len(body)) + body

    def drop(self) -> None:
        """Closes the connection in good order."""
        self.line.ended = True

    def published(self, topic: str) -> list[dict[str, Any]]:
        return [json.loads(payload) for name, payload, _, _ in self.messages() if name == topic]

    def messages(self) -> list[tuple[str, bytes, int, bool]]:
        """(topic, payload, qos, retain) of every PUBLISH."""
        found = []
        for kind, flags, body in self.packets:
            if kind == 3:
                qos, end = flags >> 1 & 3, 2 + int.from_bytes(body[:2], "big")
                found.append((body[2:end].decode(), body[end + (2 if qos else 0) :], qos, bool(flags & 1)))
        return found

    def _answer(self, kind: int, flags: int, body: bytes) -> bytes:
        if kind == 1:
            return bytes([0x20, 2, 0, self.greeting])
        if kind == 3 and flags >> 1 & 3 == 1:
            end = 2 + int.from_bytes(body[:2], "big")
            return b"\x40\x02" + body[end : end + 2]
        if kind == 8:
            return b"\x90\x03" + body[:2] + body[-1:]
        return b"\xd0\x00" if kind == 12 else b""


def _length(size: int) -> bytes:
    digits = bytearray()
    while True:
        digits.append(size & 0x7F | (0x80 if size > 0x7F else 0))
        size >>= 7
        if not size:
            return bytes(digits)


def _first_packet(stream: bytearray) -> tuple[int, int, bytes] | None:
    """Takes one whole packet off the stream."""
    size = shift = 0
    for index in range(1, min(5, len(stream))):
        size |= (stream[index] & 0x7F) << shift
        shift += 7
        if not stream[index] & 0x80:
            end = index + 1 + size
            if len(stream) < end:
                return None
            packet = stream[0] >> 4, stream[0] & 15, bytes(stream[index + 1 : end])
            del stream[:end]
            return packet
    return None


@dataclass
class Bench:
    """One board under test: its broker, its radio, its clock, the runner of the firmware's own main.py."""

    broker: MemoryBroker
    board: Board
    main: Any
    settings: dict[str, Any]
    runner: Any = None
    now_ms: int = 0

    def boot(self, cause: str = "power_on") -> None:
        hw = self.board.boot(cause)
        hw.socket = self.broker
        self.now_ms = 0
        self.runner = self.main.build(self.main.adapters(self.settings, self.settings["board"], hw))

    def run(self, until_ms: int, *, step_ms: int = STEP_MS) -> None:
        """Steps the node as a board does, up to a time since its boot."""
        while self.now_ms < until_ms:
            self.now_ms += step_ms
            self.step()

    def step(self) -> int:
        self.board.time.now_ms = self.now_ms
        return int(self.runner.step(self.board.time.ticks_ms()))

    def connect(self) -> None:
        """Runs until the birth is out, at most three seconds."""
        self.run(self.now_ms + 3000)
        assert self.runner.core.connected

    def view(self, **fields: object) -> None:
        whole = {"v": 1, "node_id": self.settings["id"], "timeline": 1, "t_s": 1, "permit_close": True} | fields
        payload = codec.encode("view", whole, self.settings["type"])
        self.broker.publish(f"winter-river/{self.settings['id']}/view", payload)
        self.run(self.now_ms + STEP_MS)

    def command(self, verb: str, **params: object) -> None:
        payload = json.dumps({"command": verb, "params": params}).encode()
        self.broker.publish(f"winter-river/{self.settings['id']}/command", payload, qos=1)
        self.run(self.now_ms + STEP_MS)

    def statuses(self) -> list[dict[str, Any]]:
        return self.broker.published(f"winter-river/{self.settings['id']}/status")

    def screen(self) -> list[str]:
        return [line.rstrip() for line in self.board.oled.text()]


@pytest.fixture
def bench() -> Callable[..., Bench]:
    """bench(type="ups", screen=True, password="", flash=..., **settings of node.json) gives a booted board."""

    def make(
        type_name: str = "ups", *, screen: bool = True, radio: AccessPoint | None = None, flash: Flash | None = None,
        unix_s: Callable[[], float] | None = None, ticks_start_ms: int = 0, **settings: object,
    ) -> Bench:  # fmt: skip
        dialect.install()
        main = dialect.firmware_main()
        checked, faults = rules.check({"id": "x", "type": type_name, **settings})
        assert not faults
        board = Board(
            "x", access_point=radio or AccessPoint(SSID), screen=screen, flash=flash, unix_s=unix_s,
            ticks_start_ms=ticks_start_ms,
        )  # fmt: skip
        made = Bench(MemoryBroker(), board, main, checked)
        made.boot()
        return made

    return make
