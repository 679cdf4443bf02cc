"""A thousand light clients in one thread: each has a session of its own, hears its own topic, and says something."""

from __future__ import annotations

import contextlib
import json
import selectors
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Self

from winter_wire import topics

from chaos import packets

EVERY_S = 5.0  # as often as a node of the contract
PUBACK, SUBACK = 0x40, 0x90


@dataclass(slots=True)
class _Client:
    link: socket.socket
    number: int
    due_s: float
    framer: packets.Framer = field(default_factory=packets.Framer)
    said: int = 0
    answered: int = 0
    heard: int = 0
    subscribed: bool = False


class Crowd:
    """Connected with `with`. lost: sessions that the broker ended; said, answered: QoS 1 publishes and their PUBACKs.

    Only what was said before quiet() counts as said for good: the answers are then waited for.
    """

    def __init__(self, host: str, port: int, count: int) -> None:
        self.lost: list[int] = []
        self._host, self._port, self._count = host, port, count
        self._clients: list[_Client] = []
        self._stopping, self._quiet = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="crowd", daemon=True)

    @property
    def connected(self) -> int:
        """How many have a session and their subscription."""
        return sum(client.subscribed for client in self._clients) - len(self.lost)

    @property
    def said(self) -> int:
        return sum(client.said for client in self._clients)

    @property
    def answered(self) -> int:
        return sum(client.answered for client in self._clients)

    @property
    def heard(self) -> int:
        """Messages on their own topics."""
        return sum(client.heard for client in self._clients)

    def ids(self) -> list[str]:
        return [name(number) for number in range(self._count)]

    def quiet(self) -> None:
        """They say nothing more, but hear and answer."""
        self._quiet.set()

    def __enter__(self) -> Self:
        for number in range(self._count):
            link = socket.create_connection((self._host, self._port), timeout=10)
            link.sendall(packets.connect(name(number)))
            link.sendall(packets.subscribe(topics.topic(name(number), topics.COMMAND)))
            due_s = time.monotonic() + EVERY_S * (number / self._count)
            self._clients.append(_Client(link, number, due_s))
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stopping.set()
        self._thread.join(10)
        for client in self._clients:
            client.link.close()

    def _run(self) -> None:
        with selectors.DefaultSelector() as ready:
            for client in self._clients:
                ready.register(client.link, selectors.EVENT_READ, client)
            while not self._stopping.is_set():
                for key, _ in ready.select(timeout=0.05):
                    client = key.data
                    if not self._hear(client):
                        ready.unregister(client.link)
                        self.lost.append(client.number)
                now_s = time.monotonic()
                for client in self._clients:
                    if not self._quiet.is_set() and client.due_s <= now_s:
                        self._say(client)

    def _say(self, client: _Client) -> None:
        client.due_s += EVERY_S
        client.said += 1
        fields = {
            "v": 1, "node_id": name(client.number), "type": "meter", "status": "ok", "boot": 1, "seq": client.said,
            "uptime": client.said * 5, "power_kw": 1.0,
        }  # fmt: skip
        payload = json.dumps(fields, separators=(",", ":")).encode()
        topic = topics.topic(name(client.number), topics.STATUS)
        with contextlib.suppress(OSError):  # its end is seen where it is read
            client.link.sendall(packets.publish(topic, payload, quality=1, pid=1 + client.said % 60_000))

    def _hear(self, client: _Client) -> bool:
        """Takes what has come; False where the session has ended."""
        try:
            data = client.link.recv(65_536)
        except OSError:
            return False
        for packet in client.framer.feed(data):
            head = packet[0] & 0xF0
            client.answered += head == PUBACK
            client.subscribed |= head == SUBACK
            client.heard += packets.is_publish(packet)
        return bool(data)


def name(number: int) -> str:
    return f"light_{number}"
