"""The instructor's station of one live service: time, snapshots, history, what-if. Safe from any thread.

What touches the live world holds the loop's lock and takes as long as one step. What takes longer (a replay to an
instant, a fork, a run ahead) works on a copy, outside of it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from winter_wire import topics

from winter_river import engine
from winter_river.facility.faults import nearest
from winter_river.service.messages import Input
from winter_river.station.fork import Fork
from winter_river.station.model import Clock, Field, Memory, SnapshotInfo, StationError, Trend
from winter_river.station.past import MOMENT_EVERY_S, Moment, Past
from winter_river.station.samples import Sampler, trend_of

if TYPE_CHECKING:
    from winter_river.facility import Facility
    from winter_river.service.loop import Loop
    from winter_river.service.wiring import LiveSite

MOMENT_GAP_S = 0.5  # chosen: at high speed snapshots are this far apart on the wall clock, whatever time does
SUBSCRIBERS_MAX = 100
SPAN_S = 600.0  # of a trend that names no beginning


class Station:
    """One for each live service. Times are engine seconds; every answer is a copy."""

    def __init__(self, loop: Loop, site: LiveSite, *, seed: int) -> None:
        self.site = site
        self.seed = seed
        self._loop, self._coordinator = loop, loop.coordinator
        self._facility: Facility = loop.coordinator.facility
        self._plan = self._facility.plan()
        self._types = {node_id: node.type for node_id, node in self._facility.nodes.items()}
        self._past = Past(list(self._types))
        self._sampler = Sampler(self._types)
        self._marked_s = -MOMENT_GAP_S  # the loop's clock at the last automatic snapshot
        self._subscribers: list[Callable[[], None]] = []
        self._subscribing = threading.Lock()
        self._coordinator.watcher = self
        loop.after_step = self._after_step
        loop.told = self._tell

    # the coordinator's watcher: called inside a step

    def applied(self, t_s: float, inputs: Sequence[Input]) -> None:
        """These inputs were given to the engine."""
        self._past.applied(t_s, inputs)

    def happened(self, events: Sequence[engine.Event]) -> None:
        """The engine gave these events."""
        self._past.open.events.extend(events)

    def second(self, t_s: float) -> None:
        """Engine time is at a whole second: one row of history."""
        self._past.open.samples.append(self._sampler.take(t_s, self._view_now))

    def _view_now(self, node_id: str) -> Mapping[str, object]:
        coordinator = self._coordinator
        return coordinator.balance() if node_id == topics.FACILITY else coordinator.view(node_id)

    def _after_step(self, now_s: float) -> None:
        """Called by the loop under its lock when a step is done."""
        head, t_s = self._past.head, self._coordinator.t_s
        due = head is None or (t_s - head.t_s >= MOMENT_EVERY_S and now_s - self._marked_s >= MOMENT_GAP_S)
        if due:
            self._marked_s = now_s
            self._mark()

    def _mark(self, name: str = "") -> Moment:
        coordinator = self._coordinator
        world = coordinator.world()
        return self._past.mark(world, t_s=coordinator.t_s, timeline=coordinator.timeline, name=name)

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

    def _pace(self, change: Callable[[float], None]) -> None:
        with self._loop.lock:
            change(self._loop.clock())
        self._loop.bus.wake()

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
            return self._mark(name).info()

    def restore(self, snapshot_id: str) -> None:
        """Back to a snapshot, by its id or name, bit for bit, on a new timeline. Raises StationError."""
        with self._loop.lock:
            moment = self._past.find(snapshot_id)
            self._past.go(moment)
            self._rewind(moment.world(), moment.own, self._past.events())

    def back(self, seconds: float) -> None:
        """So many engine seconds back, or as far as the run reaches. Raises ValueError."""
        if not seconds > 0:
            raise StationError(f"back by {seconds:g} s; more than 0")
        with self._loop.lock:
            first_s = min((moment.t_s for moment in self._past.line()), default=0.0)
            t_s = max(first_s, self._coordinator.t_s - seconds)
        self.go_to(t_s)

    def go_to(self, t_s: float) -> None:
        """Back to exactly that instant of our own past, on a new timeline. Raises StationError."""
        while True:
            with self._loop.lock:
                timeline = self._coordinator.timeline
            fork, events = self._fork_at(t_s)
            with self._loop.lock:
                if self._coordinator.timeline != timeline:
                    continue  # somebody else went elsewhere meanwhile: what we have is not our past any more
                self._past.branch(fork.snapshot(), t_s=fork.t_s, timeline=timeline)
                self._rewind(fork.snapshot(), tuple(fork.own.values()), events)
                return

    def _fork_at(self, t_s: float) -> tuple[Fork, list[engine.Event]]:
        """A world of exactly that instant, and what had happened by then."""
        with self._loop.lock:
            now_s = self._coordinator.t_s
            if not t_s <= now_s:
                raise StationError(f"{t_s:g} s has not come yet; it is {now_s:.1f} s\ncure: what-if runs ahead")
            moment, stretch = self._past.between(t_s)
            events = [event for event in self._past.events() if event.t_s <= t_s]
            world, own, inputs = moment.world(), moment.own, stretch.inputs
        fork = Fork(self._facility, self._plan, world, own)
        fork.replay(inputs, until_s=t_s)
        return fork, events

    def _rewind(self, world: engine.Snapshot, own: Sequence[Input], events: Sequence[engine.Event]) -> None:
        """The live world becomes this one; called under the lock."""
        coordinator = self._coordinator
        now_s = self._loop.clock()
        coordinator.rewind(world, own={each.node_id: each.own for each in own}, events=events, now_s=now_s)
        self._sampler.forget()
        self._marked_s = now_s
        self._mark()
        self._loop.bus.wake()

    # looking back

    def trend(
        self, fields: Sequence[Field], *, from_s: float | None = None, to_s: float | None = None, points: int = 600
    ) -> Trend:
        """Curves of view fields (of `facility` its balance) over (from_s, to_s], by default the last ten minutes.

        Raises StationError for a field that is not numeric, ValueError for a span that means nothing.
        """
        columns = {field: self._column(field) for field in fields}
        with self._loop.lock:
            end_s = self._coordinator.t_s if to_s is None else to_s
            begin_s = end_s - SPAN_S if from_s is None else from_s
            samples = self._past.samples(begin_s)
        return trend_of(samples, columns, from_s=begin_s, to_s=end_s, points=points)

    def at(self, t_s: float) -> Mapping[str, Mapping[str, object]]:
        """The views as they were at that instant of our own past, by node id. Raises StationError."""
        return self._fork_at(t_s)[0].views()

    def memory(self) -> Memory:
        """How much is held."""
        with self._loop.lock:
            return self._past.memory()

    def hash(self) -> str:
        """Of the engine's world now, hex."""
        with self._loop.lock:
            return self._coordinator.world().hash

    def _column(self, field: Field) -> int:
        columns = self._sampler.columns
        if field not in columns:
            names = [f"{node_id}.{name}" for node_id, name in columns]
            wanted = ".".join(field)
            raise StationError(
                f"there is no history of {wanted[:80]!r}\ncure: {nearest(wanted, names) or 'see winter-river reference'}"
            )
        return columns[field]

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
