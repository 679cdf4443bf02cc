"""MQTT 3.1.1 packets as bytes: cut out of a stream, and made for clients that do what no library lets them do."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

CONNECT, PUBLISH, SUBSCRIBE = 0x10, 0x30, 0x80
DUP = 0x08
PACKET_BYTES_MAX = 1 << 20  # chosen: what claims to be longer is no traffic of ours and is passed on in pieces


class Framer:
    """Whole packets out of a stream that comes in crumbs."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The packets that are whole now; bytes that are no MQTT come out as they are."""
        self._bytes += data
        found = []
        while (size := self._size()) is not None and len(self._bytes) >= size:
            found.append(bytes(self._bytes[:size]))
            del self._bytes[:size]
        return found

    def _size(self) -> int | None:
        """Bytes of the packet in front; None while its length is not known."""
        size = 0
        for index, digit in enumerate(self._bytes[1:5]):
            size |= (digit & 0x7F) << 7 * index
            if not digit & 0x80:
                return min(2 + index + size, PACKET_BYTES_MAX)
        return len(self._bytes) if len(self._bytes) > 4 else None


def qos(packet: bytes) -> int:
    """Of a PUBLISH."""
    return packet[0] >> 1 & 3


def is_publish(packet: bytes) -> bool:
    return packet[0] & 0xF0 == PUBLISH


def as_duplicate(packet: bytes) -> bytes:
    """The PUBLISH as a sender repeats it."""
    return bytes([packet[0] | DUP]) + packet[1:]


def connect(client_id: str, *, keepalive_s: int = 60) -> bytes:
    """CONNECT with a clean session."""
    return _packet(CONNECT, b"\x00\x04MQTT\x04\x02" + keepalive_s.to_bytes(2, "big") + _text(client_id))


def publish(topic: str, payload: bytes, *, quality: int = 0, retain: bool = False, pid: int = 1) -> bytes:
    """PUBLISH of any size."""
    body = _text(topic) + (pid.to_bytes(2, "big") if quality else b"") + payload
    return _packet(PUBLISH | quality << 1 | retain, body)


def subscribe(topic: str, *, quality: int = 0, pid: int = 1) -> bytes:
    """SUBSCRIBE to one filter."""
    return _packet(SUBSCRIBE | 2, pid.to_bytes(2, "big") + _text(topic) + bytes([quality]))


@contextlib.contextmanager
def connected(host: str, port: int, client_id: str) -> Iterator[socket.socket]:
    """A connection that a broker has let in, to send bytes of any kind."""
    with socket.create_connection((host, port), timeout=5) as link:
        link.sendall(connect(client_id))
        link.recv(4)
        yield link


def _text(text: str) -> bytes:
    raw = text.encode()
    return len(raw).to_bytes(2, "big") + raw


def _packet(head: int, body: bytes) -> bytes:
    size, digits = len(body), bytearray()
    while True:
        digits.append(size & 0x7F | (0x80 if size > 0x7F else 0))
        size >>= 7
        if not size:
            return bytes([head]) + bytes(digits) + body
