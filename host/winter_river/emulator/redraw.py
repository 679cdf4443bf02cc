"""The OLED picture of a node from what it was told and is set to: drawn by the firmware's screen code, without a node.

For replays and for real boards, whose glass nobody can read. What only the board knows (its signal, its page) is shown
as a board in good order shows it: the main page, connected.
"""

from __future__ import annotations

from collections.abc import Mapping

from winter_node import screen
from winter_wire import codec, schema

from winter_river.emulator.framebuf import MONO_VLSB, FrameBuffer

FRAME_BYTES = screen.WIDTH * screen.HEIGHT // 8


def redraw(
    node_id: str,
    type_name: str,
    *,
    view: Mapping[str, object],
    own: Mapping[str, object],
    connected: bool = True,
    age_s: int = 0,
    rssi: int = 0,
) -> bytes:
    """1,024 bytes in the SSD1306's order: eight pixels of a column a byte, the topmost in its lowest bit.

    view, own: by the contract's names; numbers are shown as a node reads them off the bus. rssi: dBm, 0: unknown.
    """
    facts = {
        "node_id": node_id, "type": type_name, "state": view.get("state", ""), "mode": own.get("mode", "auto"),
        "handle": own.get("handle", schema.TYPES[type_name][schema.HANDLES][0]), "fault": own.get("fault", ""),
        "values": _Read(view, own), "stale": False, "connected": connected, "trouble": "" if connected else "OFFLINE",
        "age_s": age_s, "rssi": rssi, "safe": "",
    }  # fmt: skip
    buffer = bytearray(FRAME_BYTES)
    canvas = FrameBuffer(buffer, screen.WIDTH, screen.HEIGHT, MONO_VLSB)
    screen.draw(canvas, screen.page(screen.MAIN, facts))
    return bytes(buffer)


class _Read:
    """The values as a node reads them off the bus, each worked out when it is drawn."""

    def __init__(self, view: Mapping[str, object], own: Mapping[str, object]) -> None:
        self._view, self._own = view, own

    def get(self, name: str) -> object:
        """None where it is unknown."""
        return _as_on_the_bus(name, self._own.get(name, self._view.get(name)))


def _as_on_the_bus(name: str, value: object) -> object:
    """A number with the contract's decimals: what the node has drawn was read from such a text."""
    row = schema.ROWS.get(name)
    if isinstance(value, float) and row is not None and row[1] == schema.NUMBER:
        return float(codec.number_text(value, row[2]))
    return value
