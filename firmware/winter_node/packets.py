"""MQTT packets that come in, taken apart as they trickle in; one fixed buffer, no packet larger than it kept. Pure.

The shell reads into room() and reports took(count); a whole packet comes back as one of
    ("connack", code)  ("message", topic, payload or None, retained, pid)  ("puback", pid)  ("suback", pid, code)  ("pong",)
A PUBLISH that does not fit gives payload None; the rest of it is passed over without being kept. pid is 0 for QoS 0.
"""

BODY_MAX = 1024 + 128  # the largest view, its topic (under 100 bytes) and the packet id
_TYPE, _LENGTH, _BODY, _SKIP = range(4)
_CONNACK, _PUBLISH, _PUBACK, _SUBACK, _PINGRESP = 0x20, 0x30, 0x40, 0x90, 0xD0
_LENGTHS = {_CONNACK: 2, _PUBACK: 2, _SUBACK: 3, _PINGRESP: 0}  # first byte -> bytes that follow; we subscribe singly


def _short(body, start):
    return body[start] << 8 | body[start + 1]


class PacketReader:
    """The incremental parser of one connection. took() raises ValueError on what no broker sends to us."""

    def __init__(self):
        self._bytes = bytearray(BODY_MAX)
        self._view = memoryview(self._bytes)
        self.reset()

    def reset(self):
        """A new connection."""
        self._stage = _TYPE
        self._head = 0
        self._length = 0  # of the body, whole
        self._shift = 0
        self._filled = 0
        self._skip = 0
        self._oversize = None

    def room(self):
        """Where the next bytes belong; never empty."""
        if self._stage == _BODY:
            return self._view[self._filled : min(self._length, BODY_MAX)]
        if self._stage == _SKIP:
            return self._view[: min(self._skip, BODY_MAX)]
        return self._view[:1]

    def took(self, count):
        """count bytes were read into room(); a packet, or None while it is not whole."""
        if self._stage == _TYPE:
            self._head = self._bytes[0]
            self._length = self._shift = self._filled = 0
            self._stage = _LENGTH
            return None
        if self._stage == _LENGTH:
            return self._took_length(self._bytes[0])
        if self._stage == _SKIP:
            self._skip -= count
            return None if self._skip else self._whole(self._oversize)
        self._filled += count
        if self._filled < min(self._length, BODY_MAX):
            return None
        if self._length <= BODY_MAX:
            return self._whole(self._packet(self._length))
        self._oversize = self._packet(BODY_MAX)
        self._skip = self._length - BODY_MAX
        self._stage = _SKIP
        return None

    def _took_length(self, digit):
        self._length |= (digit & 0x7F) << self._shift
        if digit & 0x80:
            self._shift += 7
            if self._shift > 21:
                raise ValueError("a length of more than four bytes")
            return None
        if self._head & 0xF0 != _PUBLISH and _LENGTHS.get(self._head) != self._length:
            raise ValueError("packet {} of {} bytes".format(self._head, self._length))
        if self._length == 0:
            return self._whole(self._packet(0))
        self._stage = _BODY
        return None

    def _whole(self, packet):
        self._stage = _TYPE
        return packet

    def _packet(self, length):
        """The packet in the first `length` bytes of the buffer."""
        body = self._bytes
        if self._head == _CONNACK:
            return ("connack", body[1])
        if self._head == _PUBACK:
            return ("puback", _short(body, 0))
        if self._head == _SUBACK:
            return ("suback", _short(body, 0), body[2])
        if self._head == _PINGRESP:
            return ("pong",)
        return self._message(length)

    def _message(self, length):
        qos = self._head >> 1 & 3
        start = 2 + (_short(self._bytes, 0) if length >= 2 else length)
        after = start + 2 if qos else start
        if qos > 1 or after > length:
            raise ValueError("a PUBLISH that we never asked for")
        try:
            topic = str(self._view[2:start], "utf-8")
        except UnicodeError:
            raise ValueError("a topic that is not UTF-8") from None
        payload = bytes(self._view[after:length]) if self._length <= BODY_MAX else None
        return ("message", topic, payload, bool(self._head & 1), _short(self._bytes, start) if qos else 0)
