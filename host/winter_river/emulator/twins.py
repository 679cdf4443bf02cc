"""Who has a slot: the real board or its emulated twin (`--nodes mixed`). Pure: what is heard goes in, acts come out.

A twin and a board must never fight for their one id, and the board always wins. So the twin listens to its own status
topic over a connection with another client id (a client of the same id would be the fight), by these rules:

 - Somebody else is whoever speaks with another boot id. Each start of a twin draws a new one and is noted here before
   its first message can come back, and twins are seeded by chance, so that no second fleet draws the same numbers. A
   status without a boot id is somebody else's, too: a twin's always has one. A last will says nothing of who is there
   now, so to a twin that has the slot it means nothing.
 - The twin yields at once when somebody else speaks: it leaves without goodbye and without last will, since the slot is
   not empty. It also holds still at once when the broker closes its session while our own connection stays: the broker
   does that when a client with the same id comes in. A board speaks in the moment it is let in; if nobody has spoken
   after HELD_S, the twin goes on. So the two meet once when a board comes, and never more than once in HELD_S.
 - The twin takes the slot back TAKE_BACK_S after the board's goodbye or last will (a board that only reconnected has
   spoken by then), or after SILENT_S of silence, when the service counts the board as absent, too. Silence while our own
   connection is down counts for nothing. The twin begins with the handle, faults, setpoints and counters that the board
   told last, as if it had been set so at the usual priority (by hand where the board was in mode local).
 - When the run begins, slots with nothing retained start at once. Where a status is retained that is no last will, a
   board may be alive: its twin waits SPEAK_S, more than one status interval, and otherwise starts as that status says.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from winter_wire import codec, faults, schema

SETTLE_S = 0.3  # chosen: retained messages follow a subscription within milliseconds
SPEAK_S = 6.0  # chosen: a status interval of 5 s, and some
HELD_S = 15.0  # chosen: a board that is slow to speak has long done so; four meetings a minute at worst
TAKE_BACK_S = 1.0  # chosen: the last will of an old connection comes just before the first status on the new one
SILENT_S = 20.0  # the contract: silence that shows before the last will of a frozen node
RECONNECT_S = 35.0  # chosen: a board is back within 30 s of its broker's return, and its first status within 5 s more
BOOTS_KEPT = 16

# States of a slot, and the acts that the shell performs.
LISTENING, TWIN, HELD, BOARD, LEFT = "listening", "twin", "held", "board", "left"
TAKE, YIELD, HOLD, RELEASE = "take", "yield", "hold", "release"


class Act(NamedTuple):
    """Something to do to a twin: take (start, with these own fields), yield (leave silently), hold (stand still), release."""

    what: str
    node_id: str
    own: Mapping[str, Any]


@dataclass
class _Slot:
    type: str
    state: str = LISTENING
    until_s: float = 0.0  # when the state ends by itself
    own: dict[str, Any] = field(default_factory=dict)  # what somebody else told last
    boots: deque[int] = field(default_factory=lambda: deque(maxlen=BOOTS_KEPT))  # the twin's own


class Twins:
    """The slots of a facility. Call everything from one thread; `now_s` is any clock that only rises."""

    def __init__(self, types: Mapping[str, str], *, now_s: float) -> None:
        """types: node id to type."""
        self._slots = {node_id: _Slot(type_name) for node_id, type_name in types.items()}
        self._linked = False
        self._acts: list[Act] = []

    def state(self, node_id: str) -> str:
        """listening, twin, held, board or left."""
        return self._slots[node_id].state

    def boards(self) -> list[str]:
        """The slots that boards have."""
        return [node_id for node_id, slot in self._slots.items() if slot.state == BOARD]

    def link(self, up: bool, *, now_s: float) -> None:
        """Our own connection came or went."""
        if up == self._linked:
            return
        self._linked = up
        for node_id, slot in self._slots.items():
            if slot.state == HELD:  # it was the broker that went, not a board that came
                self._enter(node_id, slot, TWIN, RELEASE)
            elif up and slot.state == LISTENING:
                slot.until_s = now_s + SETTLE_S
            elif up and slot.state in (BOARD, LEFT):
                slot.state, slot.until_s = BOARD, now_s + RECONNECT_S

    def started(self, node_id: str, boot: int) -> None:
        """A twin has started with this boot id; call it before it can have said anything."""
        self._slots[node_id].boots.append(boot)

    def cut_off(self, node_id: str, *, now_s: float) -> None:
        """The broker closed the twin's session."""
        slot = self._slots[node_id]
        if slot.state == TWIN and self._linked:
            self._enter(node_id, slot, HELD, HOLD, until_s=now_s + HELD_S)

    def hear(self, node_id: str, payload: bytes, *, retained: bool, now_s: float) -> None:
        """A message on a node's status topic; what cannot be believed is passed over."""
        slot = self._slots.get(node_id)
        message, _ = codec.decode("status", payload)
        if slot is None or message is None or message["node_id"] != node_id:
            return
        if message["status"] == "offline":
            if slot.state == BOARD and not retained:
                slot.state, slot.until_s = LEFT, now_s + TAKE_BACK_S
            return
        if message.get("boot") in slot.boots:
            return
        if message.get("type", slot.type) == slot.type:
            slot.own = _own_fields(slot.type, message)
        if not retained:
            was, slot.state, slot.until_s = slot.state, BOARD, now_s + SILENT_S
            if was in (TWIN, HELD):
                self._acts.append(Act(YIELD, node_id, {}))
        elif slot.state == LISTENING:
            slot.until_s = now_s + SPEAK_S

    def acts(self, now_s: float) -> list[Act]:
        """What is to be done now, in order."""
        for node_id, slot in self._slots.items() if self._linked else ():
            if slot.state == TWIN or now_s < slot.until_s:
                continue
            if slot.state == HELD:
                self._enter(node_id, slot, TWIN, RELEASE)
            else:
                self._enter(node_id, slot, TWIN, TAKE)
        done, self._acts = self._acts, []
        return done

    def _enter(self, node_id: str, slot: _Slot, state: str, what: str, *, until_s: float = 0.0) -> None:
        slot.state, slot.until_s = state, until_s
        self._acts.append(Act(what, node_id, slot.own if what == TAKE else {}))


def _own_fields(type_name: str, message: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a status that only the node decides."""
    names = ("handle", "mode", "fault", "resets", *schema.own_fields(type_name)[1])
    return {name: message[name] for name in names if name in message}


def adopt(core: Any, own: Mapping[str, Any]) -> None:
    """Set a node's core as another node of its slot said it was set. Words that its type has not are passed over."""
    device = core.device
    handle = own.get("handle")
    if handle not in schema.TYPES[core.type][schema.HANDLES]:
        handle = None
    found, _ = faults.read(schema.TYPES[core.type][schema.MALFUNCTIONS], own.get("fault", ""))
    device.rewind(
        handle, found, {name: value for name, value in own.items() if name in device.points and name != "handle"}
    )
    if handle is not None and own.get("mode") == "local":
        device.points["handle"].clear()
        device.write("handle", handle, schema.PRIORITY_LOCAL)
    for counter in ("resets", "refuels", "fuel_set_pct"):
        if counter in own:
            setattr(device, counter, own[counter])
