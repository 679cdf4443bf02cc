"""The alarms of a live site: looks at it after its steps, judges, remembers, and tells whoever listens.

A thread of its own, so that neither the engine nor a webhook waits for it. It knows no bus and no page: they listen, and
gauges come from whoever measures them, as callables that give numbers. Safe from any thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from winter_river.alerts import states
from winter_river.alerts.book import AlarmBook
from winter_river.alerts.conditions import FACTS
from winter_river.alerts.memory import Memory, UnreadableError, parse, text_of
from winter_river.alerts.model import Alarm, Gauge, Key, Moment, Rule, Seen, Transition
from winter_river.alerts.telling import alarm_fields
from winter_river.engine import Event
from winter_river.facility import Facility

LOOK_S = 1.0  # the engine's own tick: what it does not show, nobody can see
IDLE_S = 1.0  # without a step: a gauge (a lost broker, a silent store) still shows
EVENTS_MAX = 10_000  # as many as the engine's log holds
LISTENERS_MAX = 20
STOP_S_MAX = 5.0
SHOWN_MAX = 200  # chosen: of one message to the pages; the rest are counted

Gauges = Callable[[], Mapping[str, Gauge]]
Listener = Callable[[Sequence[Transition]], None]


class Sight(Protocol):
    """A site at one moment."""

    @property
    def t_s(self) -> float: ...
    @property
    def views(self) -> Mapping[str, Mapping[str, object]]: ...


class LiveSite(Protocol):
    """What a running site tells. facts: of each node beyond its view; see conditions.FACTS. timeline: it rises whenever
    time was taken back. moment: while it lasts nothing happens there."""

    @property
    def facility(self) -> Facility: ...
    @property
    def t_s(self) -> float: ...
    @property
    def timeline(self) -> int: ...
    def moment(self) -> AbstractContextManager[object]: ...
    def sight(self) -> Sight: ...
    def facts(self) -> Mapping[str, Mapping[str, object]]: ...
    def events(self, since_id: int = 0) -> Sequence[Event]: ...


class AlarmKeeper:
    """See the module. start() it, stir() it after each step of the site, stop() it.

    fault: why alarms are not kept on the disk, or not judged any more; "" while all is well.
    """

    def __init__(
        self,
        site: LiveSite,
        rules: Sequence[Rule],
        *,
        memory: Memory | None = None,
        steady: Callable[[], float] = time.monotonic,
        unix: Callable[[], float] = time.time,
    ) -> None:
        """memory: where alarms outlive the process, None where they do not."""
        self._site, self._memory = site, memory
        self._steady, self._unix = steady, unix
        self._types = {node_id: node.type for node_id, node in site.facility.nodes.items()}
        self._book = AlarmBook(rules, self._types, facts=tuple(FACTS))
        self._lock = threading.RLock()
        self._sources: list[Gauges] = []
        self._listeners: list[Listener] = []
        self._telling = threading.RLock()  # one tells at a time, in the order in which things changed
        self._untold: list[Transition] = []
        self._log: dict[int, Event] = {}
        self._last_id = 0
        self._timeline = 0
        self._moment = Moment(steady(), 0.0, unix())
        self._looked = Moment(-LOOK_S, -LOOK_S)
        self.look_s = 0.0  # what the last look took
        self.fault = ""
        self._facts: dict[str, Any] = {}
        self.gauges: Mapping[str, Gauge] = {}  # as the last look measured them; never changed afterwards
        self._remember()
        self._stirred, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="alarms", daemon=True)

    # putting it together

    def measure(self, source: Gauges) -> None:
        """Adds a source of gauges, asked before each judgement; must be quick. One that raises is left out that time."""
        with self._lock:
            self._sources.append(source)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Calls back with what has changed, in that order, on a thread that changed something; must be quick. Gives what
        ends it.

        Raises ValueError beyond LISTENERS_MAX.
        """
        with self._lock:
            if len(self._listeners) >= LISTENERS_MAX:
                raise ValueError(f"{LISTENERS_MAX} listen already")
            self._listeners.append(listener)
        return lambda: self._unlisten(listener)

    def start(self) -> None:
        self._thread.start()

    def judge_by(self, rules: Sequence[Rule]) -> None:
        """From now on these rules are judged. What a restart would carry over is carried over: alarms that stand and
        what persons did to them, where their rule is still there; hold times begin anew."""
        with self._lock:
            moment = Moment(self._steady(), self._moment.t_s, self._unix())
            fresh = AlarmBook(rules, self._types, facts=tuple(FACTS))
            known = parse(text_of(self._book.alarms, moment).encode(), fresh.rules, moment, path="the rules before")
            fresh.keep(known, moment)
            fresh.journal, fresh.figures, fresh.dropped = self._book.journal, self._book.figures, self._book.dropped
            fresh.strains = self._book.strains
            self._book = fresh
            self._keep()
            self._retell()
        self.stir()

    def stop(self) -> None:
        """Ends the thread and keeps the last state."""
        self._stopping.set()
        self._stirred.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S_MAX)
        with self._lock:
            self._keep()

    def stir(self) -> None:
        """A step of the site is done."""
        self._stirred.set()

    def look(self) -> list[Transition]:
        """One judgement now."""
        began_s = time.perf_counter()
        with self._lock:
            with self._site.moment():
                sight, facts = self._site.sight(), self._site.facts()
                self._moment = Moment(self._steady(), sight.t_s, self._unix())
                changes = self._follow_time(self._site.timeline)
            self._looked = self._moment
            self.gauges = self._gauges()
            changes += self._book.step(Seen(self._moment, sight.views, facts, self.gauges, self._log))
            if changes:
                self._keep()
            self._retell()
            self._untold += changes
        self.look_s = time.perf_counter() - began_s
        self._tell()
        return changes

    # what others may ask and do

    @property
    def alarms(self) -> list[Alarm]:
        """Every alarm that is not normal, as copies; see AlarmBook.alarms."""
        with self._lock:
            return self._book.alarms

    @property
    def journal(self) -> list[Transition]:
        """The last changes, oldest first."""
        with self._lock:
            return list(self._book.journal)

    @property
    def rules(self) -> Mapping[str, Rule]:
        return self._book.rules

    @property
    def unjudged(self) -> Mapping[str, str]:
        """Rules that cannot be judged here, and why."""
        with self._lock:
            return self._book.unjudged

    @property
    def facts(self) -> dict[str, Any]:
        """What a page shows: the alarms as plain values, how many there are, and how they do. The same object until
        something changes."""
        return self._facts

    def acknowledge(self, key: Key, *, by: str) -> list[Transition]:
        """See AlarmBook; kept on the disk before this returns. Raises AlarmError."""
        return self._act(lambda moment: self._book.acknowledge(key, moment, by=by))

    def acknowledge_all(self, *, by: str, node_id: str = "") -> list[Transition]:
        return self._act(lambda moment: self._book.acknowledge_all(moment, by=by, node_id=node_id))

    def shelve(self, key: Key, *, seconds: float, reason: str, by: str) -> list[Transition]:
        return self._act(lambda moment: self._book.shelve(key, moment, seconds=seconds, reason=reason, by=by))

    def unshelve(self, key: Key, *, by: str) -> list[Transition]:
        return self._act(lambda moment: self._book.unshelve(key, moment, by=by))

    def remove(self, key: Key, *, reason: str, by: str) -> list[Transition]:
        return self._act(lambda moment: self._book.remove(key, moment, reason=reason, by=by))

    def bring_back(self, key: Key, *, by: str) -> list[Transition]:
        return self._act(lambda moment: self._book.bring_back(key, moment, by=by))

    # inside

    def _act(self, act: Callable[[Moment], list[Transition]]) -> list[Transition]:
        with self._lock:
            changes = act(Moment(self._steady(), self._moment.t_s, self._unix()))
            self._keep()
            self._retell()
            self._untold += changes
        self._tell()
        return changes

    def _follow_time(self, timeline: int) -> list[Transition]:
        """The log of events up to now; where time was taken back, what came later is undone."""
        changes: list[Transition] = []
        if timeline != self._timeline or self._moment.t_s < self._looked.t_s:
            if self._timeline:
                changes = self._book.back_to(self._moment)
            self._timeline, self._log, self._last_id = timeline, {}, 0
        for event in self._site.events(self._last_id):
            self._log[event.id] = event
            self._last_id = event.id
        if len(self._log) > EVENTS_MAX:
            for event_id in list(self._log)[: len(self._log) - EVENTS_MAX]:
                del self._log[event_id]
        return changes

    def _gauges(self) -> dict[str, Gauge]:
        found: dict[str, Gauge] = {}
        for source in self._sources:
            try:
                found |= source()
            except Exception as error:  # noqa: BLE001 - a source that fails leaves its gauges out: not judged, no alarm
                self.fault = f"a source of gauges failed: {error!r}"[:200]
        return found

    def _remember(self) -> None:
        if self._memory is None:
            return
        try:
            self._book.keep(self._memory.read(self._book.rules, self._moment), self._moment)
        except UnreadableError as error:
            self.fault, self._memory = str(error), None

    def _keep(self) -> None:
        if self._memory is not None:
            moment = Moment(self._steady(), self._moment.t_s, self._unix())
            self._memory.write(self._book.alarms, moment)
            self.fault = self._memory.fault

    def _retell(self) -> None:
        now_s = self._moment.steady_s
        alarms = self._book.alarms
        count = {
            state: sum(alarm.state == state for alarm in alarms) for state in states.STATES if state != states.NORMAL
        }
        fresh = {
            "alarms": [alarm_fields(alarm) for alarm in alarms[:SHOWN_MAX]],
            "count": count,
            "left_out": max(0, len(alarms) - SHOWN_MAX),
            "figures": dict(self._book.figures.told(now_s)),
            "unjudged": sorted(self._book.unjudged),
            "fault": self.fault,
        }
        if fresh != self._facts:
            self._facts = fresh

    def _unlisten(self, listener: Listener) -> None:
        with self._lock:
            if listener in self._listeners:
                self._listeners.remove(listener)

    def _tell(self) -> None:
        """Tells what has changed, of others too where they have not come to it: nobody hears of an alarm's end first."""
        with self._telling:
            with self._lock:
                changes, self._untold = self._untold, []
                listeners = list(self._listeners) if changes else []
            for listener in listeners:
                try:
                    listener(changes)
                except Exception as error:  # noqa: BLE001 - who listens must not stop the judging
                    self.fault = f"who listened to the alarms failed: {error!r}"[:200]

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._stirred.wait(IDLE_S)
            self._stirred.clear()
            if self._stopping.is_set():
                return
            if self._is_due():
                try:
                    self.look()
                except Exception as error:  # noqa: BLE001 - the run goes on; everybody is told that alarms do not
                    self.fault = f"alarms were not judged, which is a fault of ours: {error!r}"[:200]

    def _is_due(self) -> bool:
        """Once a second of this machine, and once of the engine's where that runs faster."""
        if self._steady() - self._looked.steady_s >= LOOK_S:
            return True
        return abs(self._site.t_s - self._looked.t_s) >= LOOK_S
