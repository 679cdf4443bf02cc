"""The glass of every node as 1,024 bytes, live. Of nodes that run here it is what the display driver has sent; a real
board's is drawn again by the same firmware code from its view and status, and marked so.

Nothing of this happens while nobody watches.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from typing import Any, NamedTuple

from winter_wire import schema

from winter_river.emulator.redraw import FRAME_BYTES, redraw
from winter_river.web.picture import Json
from winter_river.web.plant import Plant
from winter_river.web.pump import Pump
from winter_river.web.stream import Client, Stream, write

LOOK_S = 0.25  # chosen: four frames a second, as often as the firmware draws
DARK = bytes(FRAME_BYTES)
_OWN = ("mode", "handle", "fault")


class Frame(NamedTuple):
    """One screen. redrawn: not read off the node's own glass."""

    data: bytes
    redrawn: bool

    def facts(self) -> str | dict[str, Any]:
        text = base64.b64encode(self.data).decode()
        return {"frame": text, "redrawn": True} if self.redrawn else text


class Screens:
    """All screens, and who watches them."""

    def __init__(self, plant: Plant, pump: Pump) -> None:
        self._plant, self._pump = plant, pump
        self.stream = Stream()
        self._frames: dict[str, Frame] = {}
        self._writes: dict[str, int] = {}  # of each glass, when it was last looked at
        self._waking = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def wake(self) -> None:
        """Begins the looking, where nobody has watched so far; to be called before join()."""
        async with self._waking:  # of two who come at once one looks, and both are shown it
            if self._task is None or self._task.done():
                self._writes.clear()
                await asyncio.to_thread(self._look)
                self._task = asyncio.create_task(self._watch())

    def join(self, link_id: str = "") -> Client | None:
        """A new watcher, or None where there are too many. link_id: see Client."""
        whole = write("screens", _facts(self._frames)).data
        return self.stream.join("", lambda: whole, link_id=link_id)

    async def _watch(self) -> None:
        """Looks, as long as anybody watches."""
        while self.stream.clients:
            await asyncio.sleep(LOOK_S)
            changed = await asyncio.to_thread(self._look)
            if changed:
                self.stream.post(write("screens", _facts(changed)))

    def _look(self) -> dict[str, Frame]:
        """The screens that have changed since the last look."""
        nodes = self._plant.fleet.nodes if self._plant.fleet is not None else {}
        state = self._pump.state["nodes"]
        changed = {}
        for node_id in self._plant.site.facility.nodes:
            frame = self._own_glass(node_id, nodes) if node_id in nodes and nodes[node_id].powered else None
            if frame is None and not (node_id in nodes and nodes[node_id].powered):
                frame = redrawn(node_id, state[node_id])
            if frame is not None and self._frames.get(node_id) != frame:
                changed[node_id] = self._frames[node_id] = frame
        return changed

    def _own_glass(self, node_id: str, nodes: Mapping[str, Any]) -> Frame | None:
        """What is on the glass; None where nothing was sent to it since the last look."""
        oled = nodes[node_id].oled
        if self._writes.get(node_id) == oled.writes:
            return None
        self._writes[node_id] = oled.writes
        return Frame(oled.frame(), False)

    def close(self) -> None:
        self.stream.close()
        if self._task is not None:
            self._task.cancel()


def _facts(frames: Mapping[str, Frame]) -> Json:
    return {node_id: frame.facts() for node_id, frame in frames.items()}


def redrawn(node_id: str, row: Mapping[str, Any]) -> Frame:
    """The screen that a board elsewhere shows; dark where there is none."""
    if row["presence"] == "offline":
        return Frame(DARK, True)
    names = (*_OWN, *schema.own_fields(row["type"])[1])
    own = {name: row[name] for name in names if name in row}
    rssi = int(row.get("wifi_rssi", 0))
    return Frame(redraw(node_id, row["type"], view=row, own=own, connected=True, rssi=rssi), True)
