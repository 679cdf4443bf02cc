"""The instructor's station of one live service: time, snapshots, history, what-if. Safe from any thread.

What touches the live world holds the loop's lock and takes as long as one step. What takes longer (a replay to an
instant, a fork, a run ahead) works on a copy, outside of it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from winter_wire import topics

from winter_river import engine
from winter_river.facility.faults import nearest
from winter_river.facility.generate import to_yaml
from winter_river.service.messages import Incoming, Input, Message
from winter_river.station import initial, recording, saving
from winter_river.station.acts import at_rest
from winter_river.station.ahead import run_ahead
from winter_river.station.fork import Fork
from winter_river.station.journal import Journal, line_of
from winter_river.station.model import (
    Change,
    Clock,
    Field,
    InitialCondition,
    Memory,
    SnapshotInfo,
    StationError,
    Trend,
    WhatIf,
)
from winter_river.station.notary import Notary, Obeyed
from winter_river.station.orders import Orders
from winter_river.station.past import MOMENT_EVERY_S, Moment, Past
from winter_river.station.samples import Sampler, trend_of

if TYPE_CHECKING:
    from winter_river.facility import Facility
    from winter_river.service.coordinator import Coordinator
    from winter_river.service.wiring import LiveSite

MOMENT_GAP_S = 0.5  # chosen: at high speed snapshots are this far apart on the wall clock, whatever time does
SUBSCRIBERS_MAX = 100
SPAN_S = 600.0  # of a trend that names no beginning
AHEAD_S_MAX = 7200.0
CHANGES_MAX = 100
FIELDS_MAX = 1_000
ORDERS_MAX = 20  # orders off the bus that wait for their turn
SETTLED_S = 1.0  # chosen: what changes within it is not settled enough to be expected of a saved run


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


class Station:
    """One for each live service. Times are engine seconds; every answer is a copy."""

    def __init__(
        self,
        loop: Loop,
        site: LiveSite,
        *,
        seed: int,
        root: str = topics.ROOT,
        boot: int = 0,
        program: str = "",
        record: Path | None = None,
    ) -> None:
        """root, boot: as the coordinator's. program: its version. record: the folder of recordings, None for none."""
        self.site = site
        self.seed = seed
        self._loop, self._coordinator = loop, loop.coordinator
        self._facility: Facility = loop.coordinator.facility
        self._plan = self._facility.plan()
        self._types = {node_id: node.type for node_id, node in self._facility.nodes.items()}
        self._at_rest = {each.node_id: each for each in at_rest(self._facility)}
        self._past = Past(list(self._types))
        self._sampler = Sampler(self._types)
        self._notary = Notary(root)
        self._root = root
        self._orders = Orders(self, root, boot)
        self._ordering = threading.Lock()
        self._waiting_orders = 0
        self._marked_s = -MOMENT_GAP_S  # the loop's clock at the last automatic snapshot
        self._forking = threading.Lock()  # one run ahead at a time: they would only slow each other down
        self._subscribers: list[Callable[[], None]] = []
        self._subscribing = threading.Lock()
        header = recording.Header(to_yaml(self._facility), seed, program, int(time.time()))
        self._fault_told = ""
        self._journal = Journal(record, header, begin=self._new_part)
        self._coordinator.watcher = self
        loop.after_step = self._after_step
        loop.heard = self._hear
        loop.told = self._tell

    # the coordinator's watcher: called inside a step

    def applied(self, t_s: float, inputs: Sequence[Input]) -> None:
        """These inputs were given to the engine."""
        now_s = self._loop.clock()
        for each in inputs:
            before = self._past.own[each.node_id]
            before = before._replace(own=before.own or self._at_rest[each.node_id].own)
            for told in self._notary.by_hand(before, each, now_s):
                self._did(told, t_s)
        self._past.applied(t_s, inputs)
        self._journal.inputs(t_s, inputs)

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

    # what is said on the bus

    def _hear(self, item: Incoming, now_s: float) -> None:
        """Called by the loop, under its lock, with every command and ack."""
        address = topics.parse(item.topic, self._root)
        if address == (topics.ENGINE, topics.COMMAND):
            self._take_order(item)
            return
        told = self._notary.hear(item, now_s)
        if told is not None:
            self._did(told, self._coordinator.t_at(now_s))

    def _did(self, told: Obeyed, t_s: float) -> None:
        self._past.did(t_s, told.node_id, command=told.command, params=told.params, by=told.by)
        self._journal.act(t_s, told)

    def _take_order(self, item: Incoming) -> None:
        """Orders are carried out on a thread of their own: to load an initial condition takes longer than a tick may."""
        if self._waiting_orders >= ORDERS_MAX:
            self._coordinator.note(topics.ENGINE, "too many orders at once; one was passed over")
            return
        self._waiting_orders += 1
        threading.Thread(target=self._obey, args=(item,), name="order", daemon=True).start()

    def _obey(self, item: Incoming) -> None:
        with self._ordering:
            answer = self._orders.obey(
                item.payload, retained=item.retained, uptime_s=self._coordinator.uptime_s, told=self._told_text
            )
        with self._loop.lock:
            self._waiting_orders -= 1
            self._loop.bus.publish([answer])

    def _told_text(self) -> str:
        clock = self.clock()
        return f"t_s={clock.t_s:.3f} speed={clock.speed:g}{' frozen' if clock.frozen else ''} timeline={clock.timeline}"

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
        with self._loop.lock:
            first_s = min((moment.t_s for moment in self._past.line()), default=0.0)
            t_s = max(first_s, self._coordinator.t_s - seconds)
        self.go_to(t_s)

    def go_to(self, t_s: float) -> None:
        """Back to exactly that instant of our own past, on a new timeline. Raises StationError."""
        while True:
            with self._loop.lock:
                timeline = self._coordinator.timeline
            fork = self._fork_at(t_s)[0]
            with self._loop.lock:
                if self._coordinator.timeline != timeline:
                    continue  # somebody else went elsewhere meanwhile: what we have is not our past any more
                self._past.go_to(t_s)
                self._rewind(fork.snapshot(), why=recording.BACK, parent=timeline)
            self._loop.settle()
            return

    def _fork_at(self, t_s: float) -> tuple[Fork, list[tuple[float, tuple[Input, ...]]]]:
        """A world of exactly that instant, and the inputs that came after it."""
        with self._loop.lock:
            now_s = self._coordinator.t_s
            if not t_s <= now_s:
                raise StationError(f"{t_s:g} s has not come yet; it is {now_s:.1f} s\ncure: what-if runs ahead")
            moment, since = self._past.since(t_s)
            world, own, inputs = moment.world(), moment.own, since.inputs
        fork = Fork(self._facility, self._plan, world, own)
        fork.replay([each for each in inputs if each[0] <= t_s], until_s=t_s)
        return fork, [each for each in inputs if each[0] > t_s]

    def _rewind(self, world: engine.Snapshot, *, why: str, parent: int) -> None:
        """The live world becomes this one, with the past that is in place; called under the lock."""
        inputs = [
            each if each.own else Input(each.node_id, self._at_rest[each.node_id].own, each.present)
            for each in self._past.own.values()
        ]
        self._coordinator.rewind(world, inputs=inputs, events=self._past.events(), now_s=self._loop.clock())
        self._sampler.forget()
        self._mark(why, parent=parent)

    # initial conditions

    def initial_conditions(self) -> Sequence[InitialCondition]:
        """Those whose parts this facility has."""
        return [recipe.info for recipe in initial.fitting(initial.library(), self._facility)]

    def load_initial_condition(self, condition_id: str) -> None:
        """Starts from a named state, on a new timeline. Raises StationError."""
        recipes = {recipe.info.id: recipe for recipe in initial.fitting(initial.library(), self._facility)}
        if condition_id not in recipes:
            raise StationError(
                f"there is no initial condition {condition_id[:80]!r} for {self._facility.name}\ncure: one of {', '.join(recipes)}"
            )
        made = initial.cook(recipes[condition_id], self._facility, self._plan, seed=self.seed, breathe=_breathe)
        with self._loop.lock:
            self._past.plant(tuple(made.fork.own.values()), made.events)
            for t_s, node_id, command, params in made.acts:
                self._past.did(t_s, node_id, command=command, params=params, by=condition_id)
            self._rewind(made.fork.snapshot(), why=recording.LOAD, parent=0)
            for t_s, node_id, command, params in made.acts:
                self._journal.act(t_s, Obeyed(node_id, command, params, condition_id))
        self._loop.settle()

    # running ahead

    def what_if(
        self,
        changes: Sequence[Change],
        *,
        from_s: float | None = None,
        ahead_s: float = 600.0,
        fields: Sequence[Field] = (),
    ) -> WhatIf:
        """Runs a copy ahead from an instant of our past (None: now) with these changes; the live run does not notice.

        From an instant of the past the recorded inputs happen again, but for what a change has set. Raises ValueError.
        """
        if not 0 < ahead_s <= AHEAD_S_MAX:
            raise StationError(f"ahead_s is {ahead_s:g}; more than 0 to {AHEAD_S_MAX:g} s")
        if len(changes) > CHANGES_MAX or len(fields) > FIELDS_MAX:
            raise StationError(f"at most {CHANGES_MAX} changes and {FIELDS_MAX} fields")
        for change in changes:
            if change.node_id not in self._types or not 0 <= change.in_s < AHEAD_S_MAX:
                raise StationError(f"a change names {change.node_id[:40]!r} in {change.in_s:g} s: no such node or time")
        for field in fields:
            self._column(field)
        with self._forking:
            with self._loop.lock:
                start_s = self._coordinator.t_s if from_s is None else from_s
            fork, recorded = self._fork_at(start_s)
            return run_ahead(fork, changes, recorded, ahead_s=ahead_s, fields=fields, breathe=_breathe)

    # saving

    @property
    def recording(self) -> Path | None:
        """The file that this run is written to, None where it is not."""
        return self._journal.path

    def as_scenario(self, name: str = "my-session") -> str:
        """This run's acts as a scenario that plays them and expects how it ends."""
        return saving.scenario_text(self._run_so_far(), name=name)

    def as_pytest(self, name: str = "my_session") -> str:
        """This run's acts as a pytest file that passes."""
        return saving.pytest_text(self._run_so_far(), name=name)

    def _run_so_far(self) -> saving.Run:
        """What was done since engine time 0, and the states that are settled now."""
        with self._loop.lock:
            t_s, acts = self._coordinator.t_s, self._past.acts()
            events = self._past.events()
        fork = self._fork_at(t_s)[0]
        states = saving.states_of(fork.views())
        moving = {event.node_id for event in events if event.t_s > t_s - SETTLED_S}
        moving |= {event.node_id for event in fork.advance_to(t_s + SETTLED_S)}
        return saving.Run(
            facility=self._facility.name,
            calibration=self._facility.calibration,
            seed=self.seed,
            t_s=t_s,
            told=[saving.Told(act.t_s, act.node_id, act.command, act.params, act.by) for act in acts],
            states={node_id: state for node_id, state in states.items() if node_id not in moving},
        )

    def close(self) -> None:
        """Ends the recording; called when the engine has stopped."""
        with self._loop.lock:
            t_s, digest = self._coordinator.t_s, self._coordinator.world().hash
        self._journal.end(t_s, digest)

    # looking back

    def trend(
        self, fields: Sequence[Field], *, from_s: float | None = None, to_s: float | None = None, points: int = 600
    ) -> Trend:
        """Curves of view fields (of `facility` its balance) over (from_s, to_s], by default the last ten minutes.

        Raises StationError for a field that is not numeric, ValueError for a span that means nothing.
        """
        columns = {field: self._column(field) for field in fields}
        with self._loop.lock:
            known_s = self._coordinator.t_s
            end_s = known_s if to_s is None else to_s
            begin_s = end_s - SPAN_S if from_s is None else from_s
            samples = self._past.samples(begin_s)
        return trend_of(samples, columns, from_s=begin_s, to_s=end_s, points=points, known_s=known_s)

    def at(self, t_s: float) -> Mapping[str, Mapping[str, object]]:
        """The views as they were at that instant of our own past, by node id. Raises StationError."""
        return self._fork_at(t_s)[0].views()

    def then(self, t_s: float) -> Fork:
        """The whole site as it was at that instant, as a copy: views, balance, what nodes were set to. Raises StationError."""
        return self._fork_at(t_s)[0]

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


def _breathe() -> None:
    """Lets the engine's thread have the interpreter, if it waits for it."""
    time.sleep(0)
