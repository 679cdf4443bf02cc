"""The engine service without its shell: statuses in, physics on, views and events out.

Pure: no clock, no I/O. Every method that needs to know the time is given it, in seconds of any steady clock.
The simulation drives one of these with simulated time, the live loop with the machine's monotonic clock.

Time. step() lets engine time pass up to now, then applies what the nodes have changed and settles, so an act takes
effect when it was heard and never reaches back. Whole seconds since the first step are ticks; due_s() asks for one
step a tick, and one at once after a change, at most STEPS_PER_S_MAX a second. A late step covers all the time since
the last one in a single call (the engine splits it at every change inside) and counts the ticks it jumped.

Absent nodes. An offline node carries nothing. With a grace (the default) a node nobody has heard of is counted as
there for presence.OFFLINE_S from the first step, so a starting site does not black out; without (grace=False: no
nodes are being started) an empty slot is empty at once, unless the broker remembers a node there.

Timelines. Several runs may follow each other on one bus, and a run may go back in time. Nodes carry the timeline
they follow in each status, engine events carry theirs. Two numbers keep them apart:
 - `timeline` is this run's name. It is raised above every timeline seen in a status of a node or in what an earlier
   engine left behind, so it never repeats. A new run ignores nobody: handles and faults are the nodes' own, and it
   starts from them whatever timeline they followed.
 - `floor` is the lowest timeline whose statuses still count. It rises only in rewind(). A status below it proves that
   its node is alive but its fields belong to a future that was taken back: they are ignored, and the `restore`
   command is sent again, at most once a RESTORE_AGAIN_S. A node that follows none (0: it has just been switched on)
   is believed. So every node is believed at once, or after the next command that reaches it: nothing waits for ever.
"""

from __future__ import annotations

import copy
import hashlib
import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from winter_wire import codec, schema, topics

from winter_river import engine
from winter_river.service import outgoing, presence, statuses
from winter_river.service.outgoing import Message

if TYPE_CHECKING:
    from winter_river.facility import Facility

__all__ = ["Coordinator", "CoordinatorSnapshot", "Counters", "Message", "Note"]

TICK_S = 1.0  # the contract
STEPS_PER_S_MAX = 20  # the contract
RESTORE_AGAIN_S = 5.0  # chosen: one status interval, so a node that missed the command costs one message a status
LINK_LOST_S = 1.0  # chosen: a stopping broker sends every last will, then hangs up, within far less than this
EVENTS_MAX = 10_000
NOTES_MAX = 500
STRANGERS_MAX = 100  # unknown ids and topics told of once each; the rest are only counted
TIMELINE_MAX = 1_000_000_000  # chosen: a run a second for 30 years; a status that claims more does not move ours
LAW_NOTES_MAX = 20


class Note(NamedTuple):
    """Something the operator of the service should know, said once."""

    t_s: float
    node_id: str
    text: str


@dataclass(slots=True)
class Counters:
    """What the service has seen and done since it started; dropped, lag_ms and step_ms are measured by the shell."""

    tick: int = 0
    skipped: int = 0  # ticks a late step jumped
    steps: int = 0
    received: int = 0
    rejected: int = 0  # not believable: size, form, words, wrong id
    unknown: int = 0  # a node id or topic that is not of this facility
    late: int = 0  # older than what the same node had already said
    mismatched: int = 0  # another type of node than the slot's
    outdated: int = 0  # fields of a timeline that was taken back
    laws_broken: int = 0
    dropped: int = 0
    lag_ms: float = 0.0
    step_ms: float = 0.0


@dataclass(slots=True)
class _Slot:
    """One place in the facility and what is known of the node in it."""

    type: str
    turn: int
    presence: presence.Presence
    own: dict[str, object] = field(default_factory=dict)
    boot: int | None = None
    boot_before: int | None = None
    seq: int = -1
    other_type: str | None = None
    refused: bool = False  # whether a refused status has been told of
    gone_s: float = -math.inf
    was: presence.Presence | None = None  # before its last will, in case the broker itself went
    restored_s: float = -math.inf


class CoordinatorSnapshot(NamedTuple):
    """The whole coordinator at one moment, bit-exact."""

    engine: engine.Snapshot
    state: Mapping[str, Any]

    @property
    def hash(self) -> str:
        """Hex; equal when world and service are equal."""
        digest = hashlib.sha256(self.engine.hash.encode())
        digest.update(repr(sorted(self.state.items())).encode())
        return digest.hexdigest()


class Coordinator:
    """The one owner of a site's plan, world, presence, counters and event log."""

    def __init__(
        self,
        facility: Facility,
        *,
        seed: int = 0,
        root: str = topics.ROOT,
        boot: int = 0,
        version: str = "",
        grace: bool = True,
        will_hold_s: float = 0.0,
    ) -> None:
        """boot: number of this process, tells our own messages from another engine's; will_hold_s: how long a last
        will waits before it takes the node out, so that a takeover or a stopping broker does not black out a site."""
        if not 0 <= seed <= schema.COUNT_MAX:
            raise ValueError(f"seed is {seed}; 0 to {schema.COUNT_MAX}")
        self.facility = facility
        self.counters = Counters()
        self.timeline = 1
        self.floor = 0
        self._seed, self._root, self._boot, self._version = seed, root, boot, version
        self._grace, self._will_hold_s = grace, will_hold_s
        self._plan = facility.plan()
        self._world = engine.new_world(self._plan, seed=seed)
        self._slots: dict[str, _Slot] = {}
        for index, (node_id, node) in enumerate(facility.nodes.items()):
            turn = index % outgoing.VIEW_EVERY_TICKS
            self._slots[node_id] = _Slot(node.type, turn, presence.begin(0.0, awaited=grace))
        self._origin_s: float | None = None  # the caller's clock at engine time 0
        self._last_s = 0.0  # the caller's clock at the last step
        self._t_s = 0.0
        self._linked = True
        self._pending: dict[str, float] = {}  # node id -> earliest moment to apply what changed
        self._commands: list[Message] = []
        self._commands_made = 0
        self._events: deque[engine.Event] = deque(maxlen=EVENTS_MAX)
        self._notes: deque[Note] = deque(maxlen=NOTES_MAX)
        self._strangers: dict[str, None] = {}  # ids and topics told of; a dict, because sets have no order to hash
        self._views = outgoing.ViewBook(root)
        self._rival: int | None = None

    # what others may ask

    @property
    def t_s(self) -> float:
        """Engine time, s since the first step."""
        return self._t_s

    @property
    def rival(self) -> int | None:
        """Boot number of another engine heard alive on this bus, None when we are alone."""
        return self._rival

    def view(self, node_id: str) -> dict[str, object]:
        """The contract's view fields of one node, and its type and status word (offline when the slot is empty)."""
        slot = self._slots[node_id]
        fields_now = engine.view(self._plan, self._world, node_id)
        word = schema.health(slot.type, fields_now["state"]) if slot.presence.carries else statuses.OFFLINE
        return {"node_id": node_id, "type": slot.type, "status": word, **fields_now}

    def balance(self) -> dict[str, object]:
        """The power balance of the whole facility, by the contract's names."""
        return dict(engine.balance(self._plan, self._world))

    def presence(self, node_id: str) -> str:
        """online, stale or offline."""
        return self._slots[node_id].presence.word

    def boot_of(self, node_id: str) -> int | None:
        """The boot number the node last reported, None before it has."""
        return self._slots[node_id].boot

    def events(self, since_id: int = 0) -> list[engine.Event]:
        """Events with an id above since_id, oldest first; the log keeps the last EVENTS_MAX."""
        return [event for event in self._events if event.id > since_id]

    def notes(self) -> Sequence[Note]:
        """What the operator should know, oldest first; the last NOTES_MAX."""
        return tuple(self._notes)

    def goodbye(self) -> Message:
        """What the engine leaves behind when it stops; also its last will."""
        return outgoing.goodbye_message(self._root, timeline=self.timeline, boot=self._boot)

    # what comes in

    def receive(self, topic: str, payload: bytes, *, retained: bool, now_s: float) -> None:
        """Takes one message from the bus. Never raises: what cannot be believed is counted and changes nothing."""
        self._begin(now_s)
        self.counters.received += 1
        address = topics.parse(topic, self._root)
        if address is None:
            self.counters.unknown += 1
            self._stranger(topic[: topics.TOPIC_BYTES_MAX], "is not a topic of this tree")
            return
        node_id, leaf = address
        slot = self._slots.get(node_id)
        if slot is None:
            self._receive_elsewhere(node_id, leaf, payload, retained=retained)
        elif leaf == topics.STATUS:
            self._receive_status(node_id, slot, payload, retained=retained, now_s=now_s)
        elif codec.decode(leaf, payload)[0] is None:
            self.counters.rejected += 1

    def link_down(self, now_s: float) -> None:
        """Our own connection is lost: from now on silence says nothing about the nodes.

        Last wills of the last second are taken back: a broker that stops sends one for every node it serves.
        """
        self._begin(now_s)
        self._linked = False
        for node_id, slot in self._slots.items():
            if slot.was is not None and now_s - slot.gone_s <= LINK_LOST_S and not slot.presence.carries:
                slot.presence = slot.was
                self._pending[node_id] = now_s
            slot.was = None

    def link_up(self, now_s: float) -> None:
        """Our own connection is back: nodes that were there get time to come back too."""
        self._begin(now_s)
        if not self._linked:
            for slot in self._slots.values():
                slot.presence = presence.excused(slot.presence, now_s)
        self._linked = True

    def _begin(self, now_s: float) -> None:
        """The first moment we hear of is engine time 0, and the waiting for the nodes starts."""
        if self._origin_s is None:
            self._origin_s = self._last_s = now_s
            for node_id, slot in self._slots.items():
                slot.presence = presence.begin(now_s, awaited=self._grace)
                if not slot.presence.carries:
                    self._pending[node_id] = now_s

    def _receive_elsewhere(self, node_id: str, leaf: str, payload: bytes, *, retained: bool) -> None:
        """A message of no device: the virtual nodes' own, or a ghost's."""
        if node_id not in topics.VIRTUAL:
            self.counters.unknown += 1
            self._stranger(node_id, "is not a node of this facility")
            return
        message, _ = codec.decode(leaf, payload)
        if message is None:
            self.counters.rejected += 1
        elif node_id == topics.ENGINE and leaf == topics.STATUS and message.get("boot") != self._boot:
            # Only what an earlier run left behind: two live engines would drive each other's number up for ever.
            if retained:
                self._raise_timeline(message.get("timeline", 0) + 1)
            elif message["status"] == statuses.OFFLINE:
                self._rival = None
            else:
                if self._rival is None:
                    self._add_note(topics.ENGINE, "another engine is running on this bus")
                self._rival = message.get("boot", 0)

    def _receive_status(self, node_id: str, slot: _Slot, payload: bytes, *, retained: bool, now_s: float) -> None:
        reading, why = statuses.read(payload, node_id=node_id, type_name=slot.type)
        if reading is None:
            self.counters.rejected += 1
            if not slot.refused:
                slot.refused = True
                self._add_note(node_id, f"status refused: {why}")
        elif reading.type is not None and reading.type != slot.type:
            self._mismatch(node_id, slot, reading.type, retained=retained, now_s=now_s)
        elif retained:
            self._remember(node_id, slot, reading, now_s)
        elif not reading.alive:
            self._gone(node_id, slot, now_s)
        elif _is_late(slot, reading):
            self.counters.late += 1
        else:
            self._alive(node_id, slot, reading, now_s)

    def _mismatch(self, node_id: str, slot: _Slot, other: str, *, retained: bool, now_s: float) -> None:
        """Another type of node in the slot: it is not what the plan has there, so the slot is empty."""
        self.counters.mismatched += 1
        if slot.other_type != other:
            slot.other_type = other
            self._add_note(node_id, f"the slot is for a {slot.type}, a node of type {other} is plugged in")
        if not retained:
            self._gone(node_id, slot, now_s)

    def _remember(self, node_id: str, slot: _Slot, reading: statuses.Reading, now_s: float) -> None:
        """A retained status: it tells what an unheard node was set to, and that it may be there. No more than that."""
        self._raise_timeline(reading.timeline + 1)
        if slot.presence.unheard and reading.alive:
            before = slot.presence
            slot.presence = presence.after(before, presence.HINT, now_s)
            self._take_own(node_id, slot, reading.own, now_s)
            if slot.presence.carries != before.carries:
                self._pending[node_id] = now_s

    def _gone(self, node_id: str, slot: _Slot, now_s: float) -> None:
        if slot.presence.carries or slot.presence.unheard:
            slot.was, slot.gone_s = slot.presence, now_s
            slot.presence = presence.after(slot.presence, presence.GONE, now_s)
            self._pending[node_id] = now_s + self._will_hold_s

    def _alive(self, node_id: str, slot: _Slot, reading: statuses.Reading, now_s: float) -> None:
        before = slot.presence
        slot.presence = presence.after(before, presence.ALIVE, now_s)
        slot.other_type = None
        if reading.boot != slot.boot:
            slot.boot_before, slot.boot = slot.boot, reading.boot
            self._views.asked[node_id] = None
        if before.word != presence.ONLINE:
            self._views.asked[node_id] = None
            self._pending[node_id] = now_s
        if reading.seq is not None:
            slot.seq = reading.seq
        if 0 < reading.timeline < self.floor:
            self.counters.outdated += 1
            self._send_restore(node_id, slot, now_s)
            return
        if reading.timeline > self.timeline:  # its own follows us from now on: the view goes out with the next step
            self._raise_timeline(reading.timeline + 1)
            self._views.asked[node_id] = None
        self._take_own(node_id, slot, reading.own, now_s)

    def _take_own(self, node_id: str, slot: _Slot, own: Mapping[str, object], now_s: float) -> None:
        if any(slot.own.get(name) != value for name, value in own.items()):
            slot.own.update(own)
            self._pending[node_id] = now_s

    def _raise_timeline(self, timeline: int) -> None:
        """Makes ours at least this."""
        if self.timeline < timeline <= TIMELINE_MAX:
            self.timeline = timeline

    # time

    def due_s(self, now_s: float) -> float:
        """When the next step is wanted, on the caller's clock."""
        if self._origin_s is None or not self.counters.steps:
            return now_s
        due_s = self._origin_s + (self.counters.tick + 1) * TICK_S
        if self._pending or self._views.asked or self._commands:
            first_s = min(self._pending.values(), default=now_s)
            due_s = min(due_s, max(first_s, self._last_s + 1 / STEPS_PER_S_MAX))
        return due_s

    def step(self, now_s: float) -> list[Message]:
        """Lets engine time pass up to now_s, applies what has changed, and gives what is to be sent."""
        self._begin(now_s)
        assert self._origin_s is not None
        first = not self.counters.steps
        t_s = max(self._t_s, now_s - self._origin_s)
        found: list[engine.Event] = []
        if t_s > self._t_s:
            found += engine.step(self._plan, self._world, t_s - self._t_s)
        self._t_s, self._last_s = t_s, max(now_s, self._last_s)
        if self._linked:
            self._age(now_s)
        if self._apply(now_s) or first:
            found += engine.step(self._plan, self._world, 0.0)
        self._events.extend(found)
        self.counters.steps += 1
        ticked = self._tick() or first
        self._check_laws()
        return self._outgoing(found, ticked=ticked)

    def _tick(self) -> bool:
        """Whether a new whole second has begun."""
        tick = math.floor(self._t_s / TICK_S + 1e-9)  # 1e-9: sums of a binary clock fall just short of whole seconds
        jumped = tick - self.counters.tick
        self.counters.tick = tick
        self.counters.skipped += max(0, jumped - 1)
        return jumped > 0

    def _age(self, now_s: float) -> None:
        for node_id, slot in self._slots.items():
            before = slot.presence
            slot.presence = presence.passed(before, now_s)
            if slot.presence.carries != before.carries:
                self._pending[node_id] = now_s

    def _apply(self, now_s: float) -> bool:
        """Gives the engine what has changed up to now; whether there was anything."""
        ready = [node_id for node_id, from_s in self._pending.items() if from_s <= now_s]
        for node_id in ready:
            del self._pending[node_id]
            slot = self._slots[node_id]
            engine.apply(self._plan, self._world, node_id, slot.own, present=slot.presence.carries)
        return bool(ready)

    def _check_laws(self) -> None:
        """Counts broken laws and says the first few with their numbers. The run goes on: a class in front of a
        live site is better served by a wrong figure that is shown as such than by a dead service."""
        for law in engine.laws.check(self._plan, self._world):
            self.counters.laws_broken += 1
            if self.counters.laws_broken <= LAW_NOTES_MAX:
                self._add_note(topics.ENGINE, f"law broken: {law}")

    # what goes out

    def _outgoing(self, found: Sequence[engine.Event], *, ticked: bool) -> list[Message]:
        out, self._commands = self._commands, []
        out += [outgoing.event_message(self._root, event, timeline=self.timeline) for event in found]
        turn = self.counters.tick % outgoing.VIEW_EVERY_TICKS if ticked else -1
        for node_id, slot in self._slots.items():
            view = {"node_id": node_id, **engine.view(self._plan, self._world, node_id)}
            if self._views.due(node_id, view, turn=slot.turn == turn):
                out.append(
                    outgoing.view_message(self._root, view, type_name=slot.type, timeline=self.timeline, t_s=self._t_s)
                )
        if ticked:
            out += self._own_statuses()
        return out

    def _own_statuses(self) -> list[Message]:
        counters = self.counters
        online = sum(slot.presence.state == presence.ONLINE for slot in self._slots.values())
        common = {"uptime": int(self._t_s), "boot": self._boot, "timeline": self.timeline, "t_s": self._t_s}
        own: dict[str, object] = {
            "status": "warning" if counters.laws_broken or self._rival is not None else "ok",
            "speed": 1.0,
            "frozen": False,
            "seed": self._seed,
            "nodes": len(self._slots),
            "online": online,
            "seq": counters.tick,
            "fw": self._version[:16],
            **common,
        }
        for name in ("tick", "received", "rejected", "unknown", "dropped", "late", "laws_broken"):
            own[name] = min(getattr(counters, name), schema.COUNT_MAX)
        own["lag_ms"], own["step_ms"] = counters.lag_ms, counters.step_ms
        whole = all(slot.presence.carries for slot in self._slots.values())
        site = {"status": "ok" if whole else "warning", "seq": counters.tick, **self.balance(), **common}
        return [
            outgoing.status_message(self._root, topics.ENGINE, own),
            outgoing.status_message(self._root, topics.FACILITY, site),
        ]

    def _send_restore(self, node_id: str, slot: _Slot, now_s: float) -> None:
        if now_s - slot.restored_s < RESTORE_AGAIN_S:
            return
        slot.restored_s = now_s
        self._commands_made += 1
        self._commands.append(
            outgoing.restore_message(
                self._root,
                node_id,
                timeline=self.timeline,
                own=slot.own,
                command_id=f"engine-{self._boot:x}-{self._commands_made}",
                boot=slot.boot,
            )
        )

    # notes

    def _stranger(self, name: str, text: str) -> None:
        """Tells of a stranger once. Bounded, because strangers choose their names."""
        if name not in self._strangers and len(self._strangers) < STRANGERS_MAX:
            self._strangers[name] = None
            self._add_note("", f"{name} {text}")

    def _add_note(self, node_id: str, text: str) -> None:
        self._notes.append(Note(self._t_s, node_id, text))

    # going back

    def snapshot(self) -> CoordinatorSnapshot:
        """The state at this moment, independent of what happens later. Taken between steps."""
        state = {name: copy.deepcopy(getattr(self, name)) for name in _STATE}
        state["_events"] = list(self._events)  # events are frozen, the log is long
        return CoordinatorSnapshot(engine.snapshot(self._plan, self._world), state)

    def restore(self, snapshot: CoordinatorSnapshot) -> None:
        """Back to exactly that moment, the caller's clock and the timeline included: for a simulation, where the
        nodes go back with us."""
        self._world = engine.restore(self._plan, snapshot.engine)
        for name in _STATE:
            setattr(self, name, copy.deepcopy(snapshot.state[name]))
        self._events = deque(snapshot.state["_events"], maxlen=EVENTS_MAX)

    def rewind(self, snapshot: CoordinatorSnapshot, *, now_s: float) -> None:
        """Back to that moment of engine time on a new timeline, for a live site, where nodes and clocks go on.

        Presence is of the present and stays. Nodes that are there are told to restore what they were set to.
        """
        assert self._origin_s is not None
        self._world = engine.restore(self._plan, snapshot.engine)
        self._t_s = snapshot.state["_t_s"]
        self._origin_s = now_s - self._t_s
        self.counters.tick = math.floor(self._t_s / TICK_S + 1e-9)
        self.timeline += 1
        self.floor = self.timeline
        for node_id, slot in self._slots.items():
            slot.own = dict(snapshot.state["_slots"][node_id].own)
            slot.restored_s = -math.inf
            self._pending[node_id] = now_s
            if slot.presence.carries:
                self._send_restore(node_id, slot, now_s)


_STATE = (
    "counters",
    "timeline",
    "floor",
    "_slots",
    "_origin_s",
    "_last_s",
    "_t_s",
    "_linked",
    "_pending",
    "_commands",
    "_commands_made",
    "_notes",
    "_strangers",
    "_views",
    "_rival",
)


def _is_late(slot: _Slot, reading: statuses.Reading) -> bool:
    """Whether the same node has already said something newer. Messages without boot and seq are taken as they come."""
    if reading.boot is None or reading.seq is None:
        return False
    if reading.boot == slot.boot:
        return reading.seq <= slot.seq
    return reading.boot == slot.boot_before
