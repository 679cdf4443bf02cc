"""SLIP framing, as the ESP32's boot loader speaks it on its serial line (RFC 1055)."""

END, ESCAPE, ESCAPED_END, ESCAPED_ESCAPE = b"\xc0", b"\xdb", b"\xdb\xdc", b"\xdb\xdd"
PENDING_BYTES_MAX = 1 << 17  # chosen: eight of the largest packets; more without an end is noise


def encode(packet: bytes) -> bytes:
    """A packet as it goes over the line."""
    return END + packet.replace(ESCAPE, ESCAPED_ESCAPE).replace(END, ESCAPED_END) + END


class Decoder:
    """Finds the packets in a stream of bytes; what stands outside of two ends is dropped."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._inside = False

    def feed(self, data: bytes) -> list[bytes]:
        """The packets that these bytes complete."""
        packets: list[bytes] = []
        parts = data.split(END)
        for part in parts[:-1]:
            if self._inside and (self._pending or part):
                packets.append(self._take(part))
                self._inside = False
            else:
                self._pending.clear()
                self._inside = True
        if self._inside:
            self._pending += parts[-1]
            if len(self._pending) > PENDING_BYTES_MAX:
                self._pending.clear()
                self._inside = False
        return packets

    def _take(self, part: bytes) -> bytes:
        packet = bytes(self._pending) + part
        self._pending.clear()
        return packet.replace(ESCAPED_END, END).replace(ESCAPED_ESCAPE, ESCAPE)
