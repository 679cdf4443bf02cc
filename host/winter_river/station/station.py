"""The instructor's station of one live service: time, history, initial conditions, what-if, saved runs.

Safe from any thread. A run ahead works on a copy and in its caller's thread: the live run does not notice.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from winter_wire import topics

from winter_river.alerts.model import Transition, key_of
from winter_river.alerts.telling import WORDS
from winter_river.facility.faults import nearest
from winter_river.scenario.records import Action
from winter_river.service.messages import Incoming
from winter_river.service.overhearing import Overheard, Overhearing
from winter_river.station import initial, recording, saving
from winter_river.station.ahead import run_ahead
from winter_river.station.fork import Fork
from winter_river.station.model import (
    Change,
    Field,
    InitialCondition,
    StationError,
    Trend,
    WhatIf,
)
from winter_river.station.notary import Obeyed
from winter_river.station.orders import VERBS, Orders
from winter_river.station.samples import trend_of
from winter_river.station.timekeeper import Loop, Timekeeper

if TYPE_CHECKING:
    from winter_river.alerts.keeper import AlarmKeeper
    from winter_river.service.live_site import LiveSite


SPAN_S = 600.0  # of a trend that names no beginning
AHEAD_S_MAX = 7200.0
CHANGES_MAX = 100
FIELDS_MAX = 1_000
ORDERS_MAX = 20  # orders off the bus that wait for their turn
SETTLED_S = 1.0  # chosen: what changes within it is not settled enough to be expected of a saved run


class Station(Timekeeper):
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
        own: tuple[str, ...] = (topics.ENGINE,),
        keys: Callable[[str], bytes | None] | None = None,
    ) -> None:
        """root, boot: as the coordinator's. program: its version. record: the folder of recordings, None for none.
        keys: of engine and weather, which orders to them are signed with in profile secured; None in lab.

        own: what the ids of this service's own commands begin with; others are overheard.
        """
        super().__init__(loop, site, seed=seed, root=root, program=program, record=record)
        self._root = root
        self.alarms: AlarmKeeper | None = None  # set by whoever puts the service together
        self.in_exam: Callable[[], bool] = lambda: False  # set by whoever keeps the class: orders on the bus ask it
        self._orders = Orders(self, root, boot, in_exam=lambda: self.in_exam(), keys=keys)
        self._waiting: deque[tuple[Incoming, str]] = deque()  # orders, with whom each is for
        self._obeying = False
        # Both are told under the loop's lock, and must be quick. overheard: of each command that came over the bus from
        # elsewhere, with the loop's clock; acted: of those, and of ours that the class does not know of.
        self.overheard: Callable[[Overheard, float], None] = lambda _heard, _now_s: None
        self.acted: Callable[[Action], None] = lambda _action: None
        self._overhearing = Overhearing(root, own)
        self._ordering = Overhearing(root, own, orders=True)
        self._forking = threading.Lock()  # one run ahead at a time: they would only slow each other down
        loop.heard = self._hear

    # what is said on the bus

    def _hear(self, item: Incoming, now_s: float) -> None:
        """Called by the loop, under its lock, with every command and ack."""
        address = topics.parse(item.topic, self._root)
        for each in self._ordering.hear(item, now_s):  # time and alarms: for the audit, and nothing that a node did
            self.overheard(each, now_s)
        if address is not None and address[0] in VERBS and address[1] == topics.COMMAND:
            self._take_order(item, to=address[0])
            return
        for each in self._overhearing.hear(item, now_s):
            self.overheard(each, now_s)
            t_s = self._coordinator.t_at(each.at_s)
            self.acted(Action(t_s, each.node_id, each.verb, each.params, each.by, each.result, each.reason))
        told = self._notary.hear(item, now_s)
        if told is not None:
            self._did(told, self._coordinator.t_at(now_s))

    def _take_order(self, item: Incoming, *, to: str) -> None:
        """One thread of their own carries orders out, one after the other, as long as any wait: to load an initial
        condition takes longer than a tick may."""
        if len(self._waiting) >= ORDERS_MAX:
            self._loop.bus.publish([self._orders.turn_away(item.payload, to=to, uptime_s=self._coordinator.uptime_s)])
            return
        self._waiting.append((item, to))
        if not self._obeying:
            self._obeying = True
            threading.Thread(target=self._obey, name="orders", daemon=True).start()

    def _obey(self) -> None:
        while True:
            with self._loop.lock:
                if not self._waiting:
                    self._obeying = False
                    return
                item, to = self._waiting.popleft()
                uptime_s = self._coordinator.uptime_s
            try:
                answer = self._orders.obey(
                    item.payload, to=to, retained=item.retained, uptime_s=uptime_s, told=self._told_text
                )
            except Exception:
                with self._loop.lock:
                    self._obeying = False  # the next order gets a thread that lives
                raise
            with self._loop.lock:
                self._loop.bus.publish([answer])

    def _told_text(self) -> str:
        clock = self.clock()
        return f"t_s={clock.t_s:.3f} speed={clock.speed:g}{' frozen' if clock.frozen else ''} timeline={clock.timeline}"

    # alarms

    def acknowledge_alarm(self, name: str, *, by: str) -> str:
        """Acknowledges an alarm, "" for all that wait; gives what came of it. Raises ValueError."""
        keeper = self._keeper()
        return _told(keeper.acknowledge(key_of(name), by=by) if name else keeper.acknowledge_all(by=by))

    def shelve_alarm(self, name: str, *, minutes: float, reason: str, by: str) -> str:
        """Puts an alarm aside for so long; gives what came of it. Raises ValueError."""
        return _told(self._keeper().shelve(key_of(name), seconds=60.0 * minutes, reason=reason, by=by))

    def unshelve_alarm(self, name: str, *, by: str) -> str:
        """Brings a shelved alarm back; gives what came of it. Raises ValueError."""
        return _told(self._keeper().unshelve(key_of(name), by=by))

    def _keeper(self) -> AlarmKeeper:
        if self.alarms is None:
            raise StationError("this run has no alarms")
        return self.alarms

    # initial conditions

    def initial_conditions(self) -> Sequence[InitialCondition]:
        """Those whose parts this facility has."""
        return [recipe.info for recipe in initial.fitting(initial.library(), self._facility)]

    def load_initial_condition(self, condition_id: str, *, seed: int | None = None) -> None:
        """Starts from a named state, on a new timeline. seed: of its world, None for the run's. Raises StationError."""
        recipes = {recipe.info.id: recipe for recipe in initial.fitting(initial.library(), self._facility)}
        if condition_id not in recipes:
            raise StationError(
                f"there is no initial condition {condition_id[:80]!r} for {self._facility.name}\ncure: one of {', '.join(recipes)}"
            )
        world_seed = self.seed if seed is None else seed
        made = initial.cook(recipes[condition_id], self._facility, self._plan, seed=world_seed, breathe=_breathe)
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
                since = self._since(self._coordinator.t_s if from_s is None else from_s)
            fork = self._forked(since)
            return run_ahead(fork, changes, since.later, ahead_s=ahead_s, fields=fields, breathe=_breathe)

    # saving

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
            events, since = self._past.events(), self._since(t_s)
        fork = self._forked(since)
        states = saving.states_of(fork.views())
        moving = {event.node_id for event in events if event.t_s > t_s - SETTLED_S}
        moving |= {event.node_id for event in fork.advance_to(t_s + SETTLED_S)}
        return saving.Run(
            facility=self._facility.name,
            source=self._facility.source,
            calibration=self._facility.calibration,
            seed=fork.seed,
            t_s=t_s,
            told=[saving.Told(act.t_s, act.node_id, act.command, act.params, act.by) for act in acts],
            states={node_id: state for node_id, state in states.items() if node_id not in moving},
        )

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
        return self._fork_at(t_s).views()

    def then(self, t_s: float) -> Fork:
        """The whole site as it was at that instant, as a copy: views, balance, what nodes were set to. Raises StationError."""
        return self._fork_at(t_s)

    def _column(self, field: Field) -> int:
        columns = self._sampler.columns
        if field not in columns:
            names = [f"{node_id}.{name}" for node_id, name in columns]
            wanted = ".".join(field)
            raise StationError(
                f"there is no history of {wanted[:80]!r}\ncure: {nearest(wanted, names) or 'see winter-river reference'}"
            )
        return columns[field]


def _breathe() -> None:
    """Lets the engine's thread have the interpreter, if it waits for it."""
    time.sleep(0)


def _told(changes: Sequence[Transition]) -> str:
    """`utility_lost/utility_a: acknowledged`, or how many where it was several."""
    if len(changes) != 1:
        return f"{len(changes)} alarms"
    return f"{'/'.join(filter(None, changes[0].key))}: {WORDS[changes[0].after]}"
