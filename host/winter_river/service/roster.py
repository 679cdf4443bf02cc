"""Who is there and what they are set to: statuses in, the engine's inputs out. Pure.

Timelines. Several runs may follow each other on one bus, and a run may go back in time. Nodes carry the timeline
they follow in each status, engine events carry theirs. Two numbers keep them apart:
 - `timeline` is this run's name. It is raised above every timeline seen in a status of a node or in what an earlier
   engine left behind, so it never repeats. A new run ignores nobody: handles and faults are the nodes' own, and it
   starts from them whatever timeline they followed.
 - `floor` is the lowest timeline whose statuses still count. It rises only when the engine goes back in time. A status
   below it proves that its node is alive, but its fields belong to a future that was taken back: they are ignored, and
   a `restore` command is wanted again, at most once a RESTORE_AGAIN_S. A node that follows none (0: it has just been
   switched on) is believed. So every node is believed at once or after the next command that reaches it: nothing
   waits for ever.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from winter_wire import codec, topics

from winter_river.service import presence, statuses
from winter_river.service.messages import Input
from winter_river.service.presence import Presence

COUNTERS = ("resets", "refuels")  # own fields that only ever rise, one for each time a person did it
RESTORE_AGAIN_S = 5.0  # chosen: one status interval, so a node that missed the command costs one message a status
STRAGGLER_S = 10.0  # chosen: two status intervals; no message is on its way for longer
LINK_LOST_S = 1.0  # chosen: a stopping broker sends every last will, then hangs up, within far less than this
NOTES_MAX = 500
RETURNS_MAX = 3  # of a boot that had gone, remembered: more in a minute than stragglers of a restart ever make
RETURNS_S = 60.0
STRANGERS_MAX = 100  # unknown ids and topics told of once each; the rest are only counted
TIMELINE_MAX = 1_000_000_000  # chosen: a run a second for 30 years; a status that claims more does not move ours


class Note(NamedTuple):
    """Something the operator of the service should know, said once. t_s: engine time."""

    t_s: float
    node_id: str
    text: str


@dataclass(slots=True)
class Heard:
    """Messages by what became of them. Every received message that is not in another count was believed."""

    received: int = 0
    rejected: int = 0  # not believable: size, form, words, wrong id
    unknown: int = 0  # a node id or topic that is not of this facility
    late: int = 0  # older than what the same node had already said
    mismatched: int = 0  # another type of node than the slot's
    outdated: int = 0  # its fields are of a timeline that was taken back


@dataclass(slots=True)
class Slot:
    """One place in the facility and what is known of the node in it."""

    type: str
    presence: Presence
    own: dict[str, object] = field(default_factory=dict)  # what the node alone decides, as last believed
    said: dict[str, int] = field(default_factory=dict)  # its counters as it last told them
    boot: int | None = None
    boot_before: int | None = None
    boot_s: float = -math.inf  # since when it is this boot
    seq: int = -1
    other_type: str | None = None  # the wrong type that is plugged in
    refused: bool = False  # whether a refused status has been told of
    gone_s: float = -math.inf
    was: Presence | None = None  # before its last will, in case it was the broker that went
    restored_s: float = -math.inf
    returned_s: deque[float] = field(default_factory=lambda: deque(maxlen=RETURNS_MAX))  # a boot that had gone spoke


@dataclass(slots=True)
class Roster:
    """All slots of a facility. receive() and the passing of time fill `changed`, `births` and `restores`; whoever
    owns the engine empties them.

    boot: number of this process, tells our own messages from another engine's. grace: whether unheard nodes count as
    there at first. will_hold_s: how long a last will waits before it takes its node out, so that a takeover of a
    session or a stopping broker does not black out a site.
    """

    slots: dict[str, Slot]
    root: str
    boot: int
    grace: bool
    will_hold_s: float
    heard: Heard = field(default_factory=Heard)
    timeline: int = 1
    floor: int = 0
    linked: bool = True
    rival: int | None = None  # boot number of another engine that lives on this bus
    changed: dict[str, float] = field(default_factory=dict)  # node id -> when the engine should be told, s
    births: dict[str, None] = field(default_factory=dict)  # nodes that want their view at once; ordered, so no set
    restores: dict[str, None] = field(default_factory=dict)
    notes: deque[Note] = field(default_factory=lambda: deque(maxlen=NOTES_MAX))
    strangers: dict[str, None] = field(default_factory=dict)
    t_s: float = 0.0  # engine time, for the notes

    def begin(self, now_s: float) -> None:
        """The run starts: the waiting for the nodes is counted from here."""
        for node_id, slot in self.slots.items():
            slot.presence = presence.begin(now_s, awaited=self.grace)
            if not slot.presence.carries:
                self.changed[node_id] = now_s

    def receive(self, topic: str, payload: bytes, *, retained: bool, now_s: float) -> None:
        """Takes one message. Never raises: what cannot be believed is counted and changes nothing."""
        self.heard.received += 1
        address = topics.parse(topic, self.root)
        if address is None:
            self._stranger(topic[: topics.TOPIC_BYTES_MAX], "is not a topic of this tree")
            return
        node_id, leaf = address
        slot = self.slots.get(node_id)
        if slot is None and node_id not in topics.VIRTUAL:
            self._stranger(node_id, "is not a node of this facility")
        elif slot is not None and leaf == topics.STATUS:
            self._receive_status(node_id, slot, payload, retained=retained, now_s=now_s)
        else:
            message, _ = codec.decode(leaf, payload)
            if message is None:
                self.heard.rejected += 1
            elif node_id == topics.ENGINE and leaf == topics.STATUS:
                self._receive_engine(message, retained=retained)

    def link_down(self, now_s: float) -> None:
        """Our own connection is lost: from now on silence says nothing about the nodes.

        Last wills of the last second are taken back: a broker that stops sends one for every node it serves.
        """
        self.linked = False
        for node_id, slot in self.slots.items():
            if slot.was is not None and now_s - slot.gone_s <= LINK_LOST_S and not slot.presence.carries:
                slot.presence = slot.was
                self.changed[node_id] = now_s
            slot.was = None

    def link_up(self, now_s: float) -> None:
        """Our own connection is back: nodes that were there get time to come back too."""
        if not self.linked:
            for slot in self.slots.values():
                slot.presence = presence.excused(slot.presence, now_s)
        self.linked = True

    def age(self, now_s: float) -> None:
        """Time has passed up to now_s. While our link is down nothing can be heard, so nobody ages."""
        for node_id, slot in self.slots.items() if self.linked else ():
            before = slot.presence
            slot.presence = presence.passed(before, now_s)
            if slot.presence.carries != before.carries:
                self.changed[node_id] = now_s

    def go_back(self, inputs: Iterable[Input], now_s: float) -> None:
        """Nodes are to be set as they were; what they say of the time between counts no more.

        inputs: what the engine's world of then was told. It is told again only of nodes that have come or gone since:
        the world is that of then, to the last bit.
        """
        self.timeline += 1
        self.floor = self.timeline
        self.changed.clear()
        for node_id, own, present in inputs:
            if node_id in topics.VIRTUAL:
                continue  # the weather is part of the world itself
            slot = self.slots[node_id]
            slot.own = dict(own)
            slot.restored_s = -math.inf
            if slot.presence.carries != present:
                self.changed[node_id] = now_s
            if slot.presence.carries:
                self._want_restore(node_id, slot, now_s)

    def facts(self, now_s: float) -> dict[str, dict[str, object]]:
        """Of each node what its view does not tell: presence (`never`: nobody has heard of it in this run), seconds of
        silence, and how often in the last minute a boot that had gone spoke again: two nodes share one id."""
        return {
            node_id: {
                "presence": presence.NEVER if slot.presence.state == presence.NEVER else slot.presence.word,
                "silent_s": max(0.0, now_s - slot.presence.since_s),
                "boot_returns": sum(now_s - at_s < RETURNS_S for at_s in slot.returned_s),
            }
            for node_id, slot in self.slots.items()
        }

    def note(self, node_id: str, text: str) -> None:
        """Tells the operator something; the oldest of NOTES_MAX is forgotten."""
        self.notes.append(Note(self.t_s, node_id, text))

    def _receive_engine(self, message: Mapping[str, object], *, retained: bool) -> None:
        """A status of an engine: our own coming back, what an earlier run left behind, or another that lives."""
        boot = message.get("boot")
        if boot == self.boot:
            return
        timeline = message.get("timeline", 0)
        if retained and isinstance(timeline, int):
            # Not from a live one: two live engines would drive each other's number up for ever.
            self._raise_timeline(timeline + 1)
        elif message["status"] == statuses.OFFLINE:
            self.rival = None
        else:
            if self.rival is None:
                self.note(topics.ENGINE, "another engine is running on this bus")
            self.rival = boot if isinstance(boot, int) else 0

    def _receive_status(self, node_id: str, slot: Slot, payload: bytes, *, retained: bool, now_s: float) -> None:
        reading, why = statuses.read(payload, node_id=node_id, type_name=slot.type)
        if reading is None:
            self.heard.rejected += 1
            if not slot.refused:
                slot.refused = True
                self.note(node_id, f"status refused: {why}")
        elif reading.type is not None and reading.type != slot.type:
            self._mismatch(node_id, slot, reading.type, retained=retained, now_s=now_s)
        elif retained:
            self._remember(node_id, slot, reading, now_s)
        elif not reading.alive:
            self._gone(node_id, slot, now_s)
        else:
            self._speaks(node_id, slot, reading, now_s)

    def _speaks(self, node_id: str, slot: Slot, reading: statuses.Reading, now_s: float) -> None:
        if reading.boot is not None and reading.boot == slot.boot_before != slot.boot:
            slot.returned_s.append(now_s)
        if _is_late(slot, reading, now_s):
            self.heard.late += 1
        else:
            self._alive(node_id, slot, reading, now_s)

    def _mismatch(self, node_id: str, slot: Slot, other: str, *, retained: bool, now_s: float) -> None:
        """Another type of node in the slot: it is not what the plan has there, so the slot is empty."""
        self.heard.mismatched += 1
        if slot.other_type != other:
            slot.other_type = other
            self.note(node_id, f"the slot is for a {slot.type}; a node of type {other} is plugged in")
        if not retained:
            self._gone(node_id, slot, now_s)

    def _remember(self, node_id: str, slot: Slot, reading: statuses.Reading, now_s: float) -> None:
        """A retained status: it tells what an unheard node was set to, and that it may be there. No more than that."""
        self._raise_timeline(reading.timeline + 1)
        if slot.presence.unheard and reading.alive:
            before = slot.presence
            slot.presence = presence.after(before, presence.HINT, now_s)
            self._take_own(node_id, slot, reading.own, now_s)
            if slot.presence.carries != before.carries:
                self.changed[node_id] = now_s

    def _gone(self, node_id: str, slot: Slot, now_s: float) -> None:
        before = slot.presence
        slot.presence = presence.after(before, presence.GONE, now_s)
        if slot.presence.state != before.state:
            slot.was, slot.gone_s = before, now_s
            self.changed[node_id] = now_s + self.will_hold_s

    def _alive(self, node_id: str, slot: Slot, reading: statuses.Reading, now_s: float) -> None:
        before = slot.presence
        slot.presence = presence.after(before, presence.ALIVE, now_s)
        slot.other_type = None
        if before.word != slot.presence.word or reading.boot != slot.boot or reading.timeline > self.timeline:
            self.births[node_id] = None
        if before.carries != slot.presence.carries:
            self.changed[node_id] = now_s
        if reading.boot != slot.boot:
            slot.boot_before, slot.boot, slot.boot_s = slot.boot, reading.boot, now_s
        if reading.seq is not None:
            slot.seq = reading.seq
        if reading.timeline > self.timeline:
            self._raise_timeline(reading.timeline + 1)
        if 0 < reading.timeline < self.floor:
            self.heard.outdated += 1
            slot.said.update(_counters(reading.own))
            self._want_restore(node_id, slot, now_s)
        else:
            self._take_own(node_id, slot, reading.own, now_s)

    def _take_own(self, node_id: str, slot: Slot, own: Mapping[str, object], now_s: float) -> None:
        own = {**own, **_counted(slot, own)}
        if any(slot.own.get(name) != value for name, value in own.items()):
            slot.own.update(own)
            self.changed[node_id] = now_s

    def _raise_timeline(self, timeline: int) -> None:
        if self.timeline < timeline <= TIMELINE_MAX:
            self.timeline = timeline

    def _want_restore(self, node_id: str, slot: Slot, now_s: float) -> None:
        if now_s - slot.restored_s >= RESTORE_AGAIN_S:
            slot.restored_s = now_s
            self.restores[node_id] = None

    def _stranger(self, name: str, text: str) -> None:
        """Counts a stranger and tells of it once. Bounded, because strangers choose their names."""
        self.heard.unknown += 1
        if name not in self.strangers and len(self.strangers) < STRANGERS_MAX:
            self.strangers[name] = None
            self.note("", f"{name} {text}")


def _counters(own: Mapping[str, object]) -> dict[str, int]:
    """The counters among a node's own fields."""
    return {name: value for name in COUNTERS if isinstance(value := own.get(name), int)}


def _counted(slot: Slot, own: Mapping[str, object]) -> dict[str, int]:
    """What the engine is told of a node's counters: they rise when the node's do, whatever they stand at.

    A node that lost its memory counts from 0 again, and one that was taken back in time goes on counting from where it
    stands: neither is a reset.
    """
    counted = {}
    for name, value in _counters(own).items():
        held = slot.own.get(name, 0)
        counted[name] = (held if isinstance(held, int) else 0) + max(0, value - slot.said.get(name, 0))
        slot.said[name] = value
    return counted


def _is_late(slot: Slot, reading: statuses.Reading, now_s: float) -> bool:
    """Whether the same node has already said something newer. Messages without boot and seq are taken as they come.

    A status of the boot before is a straggler for a while only: later it is another node that has the slot again, a
    frozen board that thawed and took it from its twin.
    """
    if reading.boot is None or reading.seq is None:
        return False
    if reading.boot == slot.boot:
        return reading.seq <= slot.seq
    return reading.boot == slot.boot_before and now_s < slot.boot_s + STRAGGLER_S
