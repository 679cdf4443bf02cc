"""Time of one live service: run, freeze, step, speed; snapshots and going back; who is told. Safe from any thread.

What touches the live world holds the loop's lock and takes as long as one step. What takes longer (a replay to an
instant) works on a copy, outside of it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from winter_wire import topics

from winter_river import engine
from winter_river.air import words_of
from winter_river.facility.generate import to_yaml
from winter_river.service.messages import Incoming, Input, Message
from winter_river.station import recording
from winter_river.station.acts import at_rest
from winter_river.station.fork import Fork
from winter_river.station.journal import Journal, line_of
from winter_river.station.model import (
    Clock,
    Memory,
    SnapshotInfo,
    StationError,
)
from winter_river.station.notary import Notary, Obeyed
from winter_river.station.past import MOMENT_EVERY_S, Moment, Past
from winter_river.station.samples import Sampler

if TYPE_CHECKING:
    from winter_river.facility import Facility
    from winter_river.service.coordinator import Coordinator
    from winter_river.service.live_site import LiveSite

MOMENT_GAP_S = 0.5  # chosen: at high speed snapshots are this far apart on the wall clock, whatever time does
SUBSCRIBERS_MAX = 100


class Since(NamedTuple):
    """An instant of a past: the last moment before it, what nodes were set to then, and all inputs since that moment."""

    t_s: float
    world: engine.Snapshot
    own: tuple[Input, ...]
    inputs: list[tuple[float, tuple[Input, ...]]]

    @property
    def later(self) -> list[tuple[float, tuple[Input, ...]]]:
        """The inputs that came after the instant."""
        return [each for each in self.inputs if each[0] > self.t_s]


class Bus(Protocol):
    """What the station needs of the service's bus."""

    def publish(self, messages: Sequence[Message]) -> None: ...


class Loop(Protocol):
    """What the station needs of the service's loop, which calls the three hooks; see loop.py."""

    coordinator: Coordinator
    lock: threading.RLock
    after_step: Callable[[float], None]
    heard: Callable[[Incoming, float], None]
    told: Callable[[], None]

    def settle(self) -> None: ...
    @property
    def bus(self) -> Bus: ...
    @property
    def clock(self) -> Callable[[], float]: ...


class Timekeeper:
    """What the station does to time; `Station` is this and what it shows and tries out. Times are engine seconds."""

    def __init__(
        self,
        loop: Loop,
        site: LiveSite,
        *,
        seed: int,
        root: str = topics.ROOT,
        program: str = "",
        record: Path | None = None,
    ) -> None:
        """root: of the topics. program: its version. record: the folder of recordings, None for none."""
        self.site = site
        self.seed = seed
        self._loop, self._coordinator = loop, loop.coordinator
        self._facility: Facility = loop.coordinator.facility
        self._plan = self._facility.plan()
        self._types = {node_id: node.type for node_id, node in self._facility.nodes.items()}
        self._at_rest = {each.node_id: each for each in at_rest(self._facility)}
        self._past = Past(list(self._types))
        self._notary = Notary(root)
        self._sampler = Sampler(self._types)
        self._marked_s = -MOMENT_GAP_S  # the loop's clock at the last automatic snapshot
        self._subscribers: list[Callable[[], None]] = []
        self._subscribing = threading.Lock()
        header = recording.Header(to_yaml(self._facility), seed, program, int(time.time()))
        self._fault_told = ""
        self._journal = Journal(record, header, nodes=len(self._types), begin=self._new_part)
        self._coordinator.watcher = self
        loop.after_step = self._after_step
        loop.told = self._tell

    # the coordinator's watcher: called inside a step

    def applied(self, t_s: float, inputs: Sequence[Input]) -> None:
        """These inputs were given to the engine."""
        now_s = self._loop.clock()
        for each in inputs:
            if each.node_id in topics.VIRTUAL:
                continue  # nobody's hand moves the weather
            before = self._past.own[each.node_id]
            before = before._replace(own=before.own or self._at_rest[each.node_id].own)
            for told in self._notary.by_hand(before, each, now_s):
                self._did(told, t_s)
        self._past.applied(t_s, inputs)
        self._journal.inputs(t_s, inputs)

    def happened(self, events: Sequence[engine.Event]) -> None:
        """The engine gave these events."""
        self._past.open.events.extend(events)
        self._journal.happened()

    def second(self, t_s: float) -> None:
        """Engine time is at a whole second: one row of history."""
        self._past.open.samples.append(self._sampler.take(t_s, self._view_now))

    def _view_now(self, node_id: str) -> Mapping[str, object]:
        coordinator = self._coordinator
        return coordinator.balance() if node_id == topics.FACILITY else coordinator.view(node_id)

    def _after_step(self, now_s: float) -> None:
        """Called by the loop under its lock when a step is done."""
        head, t_s = self._past.head, self._coordinator.t_s
        if head is None:
            self._mark(recording.BEGIN)
        elif t_s - head.t_s >= MOMENT_EVERY_S and now_s - self._marked_s >= MOMENT_GAP_S:
            self._mark(recording.AUTO)
        self._journal.time(t_s, now_s)
        fault = self._journal.fault
        if fault and fault != self._fault_told:
            self._fault_told = fault
            self._coordinator.note("", fault)

    def _mark(self, why: str, *, name: str = "", parent: int = 0) -> Moment:
        """The present becomes a moment; called under the lock."""
        coordinator, now_s = self._coordinator, self._loop.clock()
        world = coordinator.world()
        moment = self._past.mark(world, t_s=coordinator.t_s, timeline=coordinator.timeline, name=name)
        self._marked_s = now_s
        self._journal.moment(moment, why=why, parent=parent, now_s=now_s)
        return moment

    def _new_part(self) -> str:
        """What a new file of the recording starts from."""
        coordinator = self._coordinator
        moment = self._past.mark(coordinator.world(), t_s=coordinator.t_s, timeline=coordinator.timeline)
        return line_of(moment, why=recording.BEGIN, parent=0)

    def _did(self, told: Obeyed, t_s: float) -> None:
        self._past.did(t_s, told.node_id, command=told.command, params=told.params, by=told.by)
        self._journal.act(t_s, told)

    # time

    def clock(self) -> Clock:
        """Where time stands."""
        with self._loop.lock:
            coordinator = self._coordinator
            return Clock(
                t_s=coordinator.t_s,
                frozen=coordinator.frozen,
                speed=coordinator.speed,
                timeline=coordinator.timeline,
                speed_real=coordinator.speed_real,
                unix_s=time.time(),
            )

    def run(self) -> None:
        """Engine time goes on."""
        self._pace(self._coordinator.run)

    def freeze(self) -> None:
        """Engine time stands still; nodes go on talking, and acts settle at once."""
        self._pace(self._coordinator.freeze)

    def step(self, seconds: float = 1.0) -> None:
        """Lets so much engine time pass at once, and freezes. Raises ValueError."""
        self._pace(lambda now_s: self._coordinator.step_ahead(seconds, now_s))

    def set_speed(self, speed: float) -> None:
        """Engine seconds a second, 0.1 to 1000; a machine that cannot keep up shows what it reaches. Raises ValueError."""
        self._pace(lambda now_s: self._coordinator.set_speed(speed, now_s))

    def set_weather(self, own: Mapping[str, object], *, by: str = "") -> str:
        """The air outside, for all halls: a preset, or figures of one's own; gives what it is then. Raises ValueError."""
        with self._loop.lock:
            found = self._coordinator.set_weather(own, self._loop.clock())
            self._did(Obeyed(topics.WEATHER, "set_weather", dict(own), by), self._coordinator.t_s)
        self._loop.settle()
        return words_of(found)

    def _pace(self, change: Callable[[float], None]) -> None:
        with self._loop.lock:
            change(self._loop.clock())
            coordinator = self._coordinator
            self._journal.pace(coordinator.t_s, speed=coordinator.speed, frozen=coordinator.frozen)
        self._loop.settle()

    # snapshots and going back

    def snapshots(self) -> Sequence[SnapshotInfo]:
        """All that can be restored, by age, oldest first."""
        with self._loop.lock:
            return [moment.info() for moment in self._past.moments()]

    def take_snapshot(self, name: str) -> SnapshotInfo:
        """Keeps the present under a name as long as the run lasts. Raises StationError for a name that will not do."""
        if not name:
            raise StationError("a snapshot by hand has a name\ncure: name what is special about this moment")
        with self._loop.lock:
            return self._mark(recording.NAME, name=name).info()

    def restore(self, snapshot_id: str) -> None:
        """Back to a snapshot, by its id or name, bit for bit, on a new timeline. Raises StationError."""
        with self._loop.lock:
            moment = self._past.find(snapshot_id)
            self._past.go(moment)
            self._rewind(moment.world(), why=recording.BACK, parent=moment.timeline)
        self._loop.settle()

    def back(self, seconds: float) -> None:
        """So many engine seconds back, or as far as the run reaches. Raises ValueError."""
        if not seconds > 0:
            raise StationError(f"back by {seconds:g} s; more than 0")

        def so_far_back() -> float:
            first_s = min((moment.t_s for moment in self._past.line()), default=0.0)
            return max(first_s, self._coordinator.t_s - seconds)

        self._go(so_far_back)

    def go_to(self, t_s: float) -> None:
        """Back to exactly that instant of our own past, on a new timeline. Raises StationError."""
        self._go(lambda: t_s)

    def _go(self, where_s: Callable[[], float]) -> None:
        """where_s: asked under the lock, and again where somebody else goes elsewhere meanwhile."""
        while True:
            with self._loop.lock:
                timeline, t_s = self._coordinator.timeline, where_s()
                since = self._since(t_s)
            fork = self._forked(since)
            with self._loop.lock:
                if self._coordinator.timeline != timeline:
                    continue  # what we have is not our past any more
                self._past.go_to(t_s)
                self._rewind(fork.snapshot(), why=recording.BACK, parent=timeline)
            self._loop.settle()
            return

    def _fork_at(self, t_s: float) -> Fork:
        """A world of exactly that instant."""
        with self._loop.lock:
            since = self._since(t_s)
        return self._forked(since)

    def _since(self, t_s: float) -> Since:
        """What a world of that instant is made of; called under the lock, with whatever belongs to the same moment."""
        now_s = self._coordinator.t_s
        if not t_s <= now_s:
            raise StationError(f"{t_s:g} s has not come yet; it is {now_s:.1f} s\ncure: what-if runs ahead")
        moment, since = self._past.since(t_s)
        return Since(t_s, moment.world(), moment.own, since.inputs)

    def _forked(self, since: Since) -> Fork:
        """A world of exactly that instant. It takes a while, and needs no lock."""
        fork = Fork(self._facility, self._plan, since.world, since.own)
        fork.replay([each for each in since.inputs if each[0] <= since.t_s], until_s=since.t_s)
        return fork

    def _rewind(self, world: engine.Snapshot, *, why: str, parent: int) -> None:
        """The live world becomes this one, with the past that is in place; called under the lock."""
        inputs = [
            each if each.own else Input(each.node_id, self._at_rest[each.node_id].own, each.present)
            for each in self._past.own.values()
        ]
        self._coordinator.rewind(world, inputs=inputs, events=self._past.events(), now_s=self._loop.clock())
        self._sampler.forget()
        self._mark(why, parent=parent)

    @property
    def begin_s(self) -> float:
        """How far back our own past reaches: engine time, s."""
        with self._loop.lock:
            return min([self._coordinator.t_s, *(moment.t_s for moment in self._past.line())])

    def memory(self) -> Memory:
        """How much is held."""
        with self._loop.lock:
            return self._past.memory()

    def hash(self) -> str:
        """Of the engine's world now, hex."""
        with self._loop.lock:
            return self._coordinator.world().hash

    @property
    def recording(self) -> Path | None:
        """The file that this run is written to, None where it is not."""
        return self._journal.path

    def close(self) -> None:
        """Ends the recording; called when the engine has stopped."""
        with self._loop.lock:
            t_s, digest = self._coordinator.t_s, self._coordinator.world().hash
        self._journal.end(t_s, digest)

    # who watches

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls back after each step, on the engine's thread but without its lock: be quick. Gives what ends it.

        A callback that raises is dropped, and the notes say so. Raises StationError beyond SUBSCRIBERS_MAX.
        """
        with self._subscribing:
            if len(self._subscribers) >= SUBSCRIBERS_MAX:
                raise StationError(f"{SUBSCRIBERS_MAX} watch already")
            self._subscribers.append(callback)
        return lambda: self._unsubscribe(callback)

    def _unsubscribe(self, callback: Callable[[], None]) -> None:
        with self._subscribing:
            if callback in self._subscribers:
                self._subscribers.remove(callback)

    def _tell(self) -> None:
        """Called by the loop after each step, without its lock."""
        with self._subscribing:
            subscribers = list(self._subscribers)
        for callback in subscribers:
            try:
                callback()
            except Exception as error:  # noqa: BLE001 - whoever watches must not stop the engine
                self._unsubscribe(callback)
                with self._loop.lock:
                    self._coordinator.note("", f"a watcher failed and is told no more: {error!r}"[:200])
