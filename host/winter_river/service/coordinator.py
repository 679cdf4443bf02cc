"""The engine service without its shell: statuses in, physics on, views and events out.

Pure: no clock, no I/O. Every method that needs to know the time is given it, in seconds of any steady clock.
The simulation drives one of these with simulated time, the live loop with the machine's monotonic clock.

Time. step() lets engine time pass up to now, then applies what the nodes have changed and settles, so an act takes
effect in the step that follows it and never reaches back. Whole seconds of the caller's clock since the first call are
ticks; due_s() asks for one step a tick, and one at once after a change, at most STEPS_PER_S_MAX a second. A late step
covers all the time since the last one (the engine splits it at every change inside) and counts the ticks it jumped.

Pace. Engine time runs with the clock, faster, slower, or stands still (see pace.py); ticks, presence and messages stay on
the clock, because boards live there. While time stands still acts are taken in and settle at once: handles move,
flows follow, and whatever takes time (a trip, a start) waits until time goes on. Where time passes faster than this
machine computes, a step stops at stretch_s_max and time is counted from there: it gets slower, never late.

Absent nodes. An offline node carries nothing. With a grace (the default) a node nobody has heard of counts as there
for presence.OFFLINE_S, so a starting site does not black out; without (`--nodes none`) an empty slot is empty at once,
unless the broker remembers a node there.
"""

from __future__ import annotations

import copy
import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from winter_wire import schema, topics

from winter_river import engine
from winter_river.service import inspection, presence
from winter_river.service.asked import Asked
from winter_river.service.messages import Input, Message
from winter_river.service.model import CoordinatorSnapshot, Watcher, Work
from winter_river.service.outgoing import Composer, Present
from winter_river.service.pace import Pace, Speedometer, exact_dt_s, next_row_s
from winter_river.service.roster import Roster, Slot

if TYPE_CHECKING:
    from winter_river.facility import Facility

TICK_S = 1.0  # the contract
STEPS_PER_S_MAX = 20  # the contract
FAST_STEPS_PER_S = 10  # chosen: above speed 1 a picture moves smoothly with ten steps a second
TICK_SLACK = 1e-9  # sums of binary fractions fall just short of whole seconds
EVENTS_MAX = 10_000


class Coordinator(Asked):
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
        """boot, grace, will_hold_s: see Roster. Raises ValueError for a seed that does not fit the contract."""
        if not 0 <= seed <= schema.COUNT_MAX:
            raise ValueError(f"seed is {seed}; 0 to {schema.COUNT_MAX}")
        self.facility = facility
        self.work = Work()
        self.unix_s = 0  # whole seconds since 1970, set by its shell; 0: unknown, as in a simulation
        self._plan = facility.plan()
        self._world = engine.new_world(self._plan, seed=seed)
        start = presence.begin(0.0, awaited=grace)
        slots = {node_id: Slot(node.type, start) for node_id, node in facility.nodes.items()}
        self._roster = Roster(slots, root, boot, grace, will_hold_s)
        self.watcher: Watcher | None = None
        self.stretch_s_max = math.inf  # engine seconds one step may pass above speed 1; its shell knows what it can do
        self.stopwatch: Callable[[], float] = lambda: (
            0.0
        )  # its shell's, s; what passing the time took is told in passing_s
        self.passing_s = 0.0
        self._origin_s: float | None = None  # the caller's clock at the first call
        self._pace = Pace(0.0, 0.0)
        self._urgent = False  # whether the pace was changed since the last step
        self._speedometer = Speedometer()
        self._last_s = 0.0  # the caller's clock at the last step
        self._events: deque[engine.Event] = deque(maxlen=EVENTS_MAX)
        self._composer = Composer(root, boot=boot, seed=seed, version=version[:16])
        self._weather: dict[str, object] = {}  # the air that somebody asked for, until the next step takes it

    # what comes in

    def receive(self, topic: str, payload: bytes, *, retained: bool, now_s: float) -> None:
        """Takes one message from the bus. Never raises: what cannot be believed is counted and changes nothing."""
        self._begin(now_s)
        self._roster.receive(topic, payload, retained=retained, now_s=now_s)

    def link_down(self, now_s: float) -> None:
        """Our own connection is lost; the engine goes on, and silence is not held against the nodes."""
        self._begin(now_s)
        self._roster.link_down(now_s)

    def link_up(self, now_s: float) -> None:
        """Our own connection is back; nodes that were there get time to come back too."""
        self._begin(now_s)
        self._roster.link_up(now_s)

    def _begin(self, now_s: float) -> None:
        """The first moment we hear of is engine time 0."""
        if self._origin_s is None:
            self._origin_s = self._last_s = now_s
            self._change(now_s, lambda pace: pace.anchor(now_s, self.t_s))
            self._roster.begin(now_s)

    # time

    def due_s(self, now_s: float) -> float:
        """When the next step is wanted, on the caller's clock."""
        if self._origin_s is None or not self.work.steps:
            return now_s
        due_s = self._origin_s + (self.work.tick + 1) * TICK_S
        if self._urgent:
            return now_s
        if self._pace.fast:
            due_s = min(due_s, self._last_s + 1 / FAST_STEPS_PER_S)
        roster = self._roster
        if roster.changed or roster.births or roster.restores:
            first_s = now_s if roster.births or roster.restores else min(roster.changed.values())
            due_s = min(due_s, max(first_s, self._last_s + 1 / STEPS_PER_S_MAX))
        return due_s

    def step(self, now_s: float) -> list[Message]:
        """Lets engine time pass up to now_s, applies what has changed, and gives what is to be sent."""
        self._begin(now_s)
        first = not self.work.steps
        ticked = self._tick(now_s) or first
        checked = ticked or len(self._roster.slots) <= inspection.NODES_EACH_STEP_MAX
        before = inspection.latches(self._plan, self._world) if checked else None
        began_s = self.stopwatch()
        found = self._pass_time(now_s)
        self.passing_s = self.stopwatch() - began_s
        if ticked:
            self._speedometer.look(now_s, self.t_s)
        self._roster.t_s = self.t_s
        self._last_s = max(now_s, self._last_s)
        self._roster.age(now_s)
        if self._apply(now_s) or first:
            found += self._step_to(self.t_s)
        self._events.extend(found)
        self.work.steps += 1
        if before is not None:
            for law in inspection.broken(self._plan, self._world, found, before):
                self._doubt(law)
        return self._outgoing(found, ticked=ticked)

    def _tick(self, now_s: float) -> bool:
        """Whether a new whole second of the caller's clock has begun by now_s."""
        assert self._origin_s is not None
        tick = max(self.work.tick, math.floor((now_s - self._origin_s) / TICK_S + TICK_SLACK))
        jumped = tick - self.work.tick
        self.work.tick = tick
        self.work.skipped += max(0, jumped - 1)
        return jumped > 0

    def _pass_time(self, now_s: float) -> list[engine.Event]:
        """Lets engine time pass as the pace has it, and stops for the watcher where a row of history is due."""
        pace = self._pace
        t_s = pace.t_at(now_s)
        self._urgent = False
        if (pace.fast or pace.frozen) and t_s > self.t_s + self.stretch_s_max:
            t_s = self.t_s + self.stretch_s_max
            self._urgent = pace.frozen  # a long step, a piece at a time
            if not pace.frozen:
                pace.anchor(now_s, t_s)
        found: list[engine.Event] = []
        while self.t_s < t_s:
            next_s = t_s
            if self.watcher:
                change_s = self.t_s + engine.next_change_s(self._plan, self._world)
                next_s = next_row_s(self.t_s, every_s=pace.row_every_s(len(self._roster.slots)), change_s=change_s)
            found += self._step_to(min(next_s, t_s))
            if self.watcher and next_s <= t_s:
                self.watcher.second(next_s)
        return found

    def _step_to(self, t_s: float) -> list[engine.Event]:
        """Brings the world to exactly t_s; to the present it only settles."""
        found = engine.step(self._plan, self._world, exact_dt_s(self.t_s, t_s))
        if found and self.watcher:
            self.watcher.happened(found)
        return found

    def _apply(self, now_s: float) -> bool:
        """Gives the engine what has changed up to now; whether there was anything."""
        changed = self._roster.changed
        ready: list[Input] = []
        for node_id in [node_id for node_id, from_s in changed.items() if from_s <= now_s]:
            del changed[node_id]
            slot = self._roster.slots[node_id]
            engine.apply(self._plan, self._world, node_id, slot.own, present=slot.presence.carries)
            ready.append(Input(node_id, dict(slot.own), slot.presence.carries))
        if self._weather:
            engine.apply(self._plan, self._world, topics.WEATHER, self._weather, present=True)
            ready.append(Input(topics.WEATHER, self._weather, True))
            self._weather = {}
        if ready and self.watcher:
            self.watcher.applied(self.t_s, ready)
        return bool(ready)

    def _doubt(self, text: str) -> None:
        inspection.tell(text, self.work, self._roster)

    # what goes out

    def _outgoing(self, found: Sequence[engine.Event], *, ticked: bool) -> list[Message]:
        present = Present(
            plan=self._plan,
            world=self._world,
            roster=self._roster,
            work=self.work,
            uptime_s=self.uptime_s,
            unix_s=self.unix_s,
            speed=self.speed_real,
            frozen=self.frozen,
        )
        return self._composer.messages(present, found, ticked=ticked, doubt=self._doubt)

    # going back

    def snapshot(self) -> CoordinatorSnapshot:
        """The state at this moment, independent of what happens later. Taken between steps."""
        state = {name: copy.deepcopy(getattr(self, name)) for name in _STATE}
        state["_events"] = tuple(self._events)  # events are frozen and the log is long: no deep copy
        return CoordinatorSnapshot(engine.snapshot(self._plan, self._world), state)

    def restore(self, snapshot: CoordinatorSnapshot) -> None:
        """Back to exactly that moment, the caller's clock and the timeline included: for a simulation, where the
        nodes go back with us."""
        self._world = engine.restore(self._plan, snapshot.engine)
        for name in _STATE:
            setattr(self, name, copy.deepcopy(snapshot.state[name]))
        self._events = deque(snapshot.state["_events"], maxlen=EVENTS_MAX)

    def world(self) -> engine.Snapshot:
        """The engine's world at this moment."""
        return engine.snapshot(self._plan, self._world)

    def inputs(self) -> list[Input]:
        """What each node is set to now, as last believed, and whether it is there."""
        return [Input(key, dict(slot.own), slot.presence.carries) for key, slot in self._roster.slots.items()]

    def rewind(
        self,
        world: engine.Snapshot,
        *,
        inputs: Sequence[Input],
        events: Sequence[engine.Event],
        now_s: float,
    ) -> None:
        """Back to that world on a new timeline: for a live site, whose nodes and clock go on.

        inputs: what each node was set to then; events: what had happened by then. Presence is of the present and stays.
        Nodes that are there are told to restore what they were set to. Raises ValueError where the world is of another
        facility; nothing is changed then.
        """
        self._begin(now_s)
        self._world = engine.restore(self._plan, world)
        self._change(now_s, lambda pace: pace.anchor(now_s, self.t_s))
        self._events = deque(events, maxlen=EVENTS_MAX)
        self._roster.t_s = self.t_s
        self._roster.go_back(inputs, now_s)

    # the pace of engine time

    def run(self, now_s: float) -> None:
        """Engine time goes on."""
        self._change(now_s, lambda pace: pace.run(now_s))

    def freeze(self, now_s: float) -> None:
        """Engine time stands still."""
        self._change(now_s, lambda pace: pace.freeze(now_s))

    def set_speed(self, speed: float, now_s: float) -> None:
        """Engine seconds a second from now on. Raises ValueError outside the pace's limits."""
        self._change(now_s, lambda pace: pace.set_speed(speed, now_s))

    def step_ahead(self, seconds: float, now_s: float) -> None:
        """Engine time goes on by so much and stands still there. Raises ValueError outside the pace's limits."""
        self._change(now_s, lambda pace: pace.step(seconds, now_s))

    def _change(self, now_s: float, change: Callable[[Pace], None]) -> None:
        self._begin(now_s)
        change(self._pace)
        self._urgent = True
        self._speedometer.begin(now_s, self._pace.t_at(now_s))

    def set_weather(self, own: Mapping[str, object], now_s: float) -> dict[str, object]:
        """The air outside, from the next step on, and gives what it will be: the fields of `weather`.

        own: parameters of set_weather. Raises ValueError for others.
        """
        self._begin(now_s)
        # A preset is the whole air: it leaves nothing of what was asked for in the same step before it.
        asked = dict(own) if "preset" in own else {**self._weather, **own}
        trial = engine.restore(self._plan, self.world())
        engine.apply(self._plan, trial, topics.WEATHER, asked, present=True)  # refuses now what it would refuse then
        self._weather = asked
        return engine.weather(trial)


# What a snapshot holds besides the world and the event log.
_STATE = (
    *("work", "_roster", "_origin_s", "_pace", "_urgent", "_speedometer", "_last_s"),
    *("_composer", "_weather"),
)
