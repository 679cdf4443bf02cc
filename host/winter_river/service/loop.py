"""The live loop: bus -> coordinator -> bus, on the machine's monotonic clock.

Schedule: due times come from the coordinator's grid and not from the last step, so lateness never adds up; a step
that comes late covers the time since the last one in one call. A message wakes the loop, and a change is stepped at
once. A process that was stopped (SIGSTOP, a debugger, a sleeping machine) goes on where it was: while we did not run,
neither did the site, and nobody's silence counts.

Failures: what the world does wrong is counted by the coordinator. An exception out of our own code is a broken
invariant: it is kept in `failure`, the engine says goodbye on the bus, and the loop ends. A broken law of physics is
not: see Coordinator.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence

from winter_wire import topics

from winter_river.service.bus import Bus
from winter_river.service.coordinator import Coordinator
from winter_river.service.desk import Desk
from winter_river.service.messages import Incoming, Link, Message

OPENING_S = 0.3  # chosen: what the broker remembers (handles, faults) arrives well within it and is there at t = 0
OPENING_S_MAX = 2.0  # chosen: without a broker the engine starts all the same
PAUSE_S = 5.0  # chosen: no scheduler is that late; whoever waited this much longer than asked was stopped
SETTLE_S_MAX = 30.0  # an hour's step of the largest site takes as long
STRETCH_S = 0.05  # chosen: half of what a step at full speed has until the next, so that messages find their turn
STRETCH_FIRST_S = 60.0  # chosen: engine seconds of the first fast step; the slowest machine and largest site take 1 s
BATCH_MAX = 5_000  # messages between two looks at the clock


class PausedClock:
    """A monotonic clock that stands still while the process was stopped."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._paused_s = 0.0

    @property
    def paused_s(self) -> float:
        """Seconds left out so far."""
        return self._paused_s

    def __call__(self) -> float:
        return self._clock() - self._paused_s

    def waited(self, *, asked_s: float, began_s: float) -> None:
        """Tells that a wait of asked_s, begun at began_s, is over; what it took far too long is left out."""
        over_s = self() - began_s - asked_s
        if over_s > PAUSE_S:
            self._paused_s += over_s


class Loop:
    """Owns the coordinator while it runs. Others read it under `lock`; `stepped` is notified after each step."""

    def __init__(
        self, coordinator: Coordinator, bus: Bus, desk: Desk, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.coordinator, self.bus, self.desk = coordinator, bus, desk
        coordinator.stretch_s_max = STRETCH_FIRST_S
        coordinator.stopwatch = time.thread_time
        self.lock = threading.RLock()
        self.stepped = threading.Condition(self.lock)
        self.failure: BaseException | None = None
        self.commands = 0  # heard on the bus, whoever sent them
        self.clock = PausedClock(clock)
        self.after_step: Callable[[float], None] = lambda _now_s: None  # called under the lock
        self.heard: Callable[[Incoming, float], None] = lambda _item, _now_s: None  # commands and acks, under the lock
        self.told: Callable[[], None] = lambda: None  # called after each step without the lock
        self.came: Callable[[Incoming], None] = lambda _item: None  # every message of a node; must be quick
        self.went: Callable[[Sequence[Message]], None] = lambda _messages: None  # what a step sends; must be quick
        self.alive: Callable[[], None] = lambda: None  # called after each pass, once a second or more, lock free
        self._stopping, self._ended = threading.Event(), False
        self._lag_s_max = self._step_s_max = 0.0
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    @property
    def running(self) -> bool:
        """Whether the engine's thread works. Who waits for a step is woken when it ends, and has to see it then: the
        thread itself lives a moment longer."""
        return self._thread.is_alive() and not self._ended

    def start(self) -> None:
        """Starts the thread; the first step follows when the broker has told what it remembers."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread after the step it is in."""
        self._stopping.set()
        self.bus.wake()
        if self._thread.is_alive():
            self._thread.join()

    def settle(self) -> None:
        """Returns when what was changed about time has taken effect; at once on the engine's own thread."""
        if threading.current_thread() is not self._thread:
            self.bus.wake()
            with self.lock:
                self.stepped.wait_for(lambda: self.coordinator.settled or not self.running, SETTLE_S_MAX)

    def _run(self) -> None:
        try:
            self._open()
            while not self._stopping.is_set():
                self._pass()
        except Exception as error:  # noqa: BLE001 - kept and shown by whoever runs us
            self.failure = error
            self.bus.publish([self.coordinator.goodbye()])
        finally:
            with self.lock:
                self._ended = True
                self.stepped.notify_all()

    def _open(self) -> None:
        """Collects what the broker remembers, then takes it in at t = 0."""
        began_s = self.clock()
        linked_s = math.inf
        early: list[Incoming | Link] = []
        while not self._stopping.is_set():
            now_s = self.clock()
            until_s = min(linked_s + OPENING_S, began_s + OPENING_S_MAX)
            if now_s >= until_s:
                break
            self.bus.wait(until_s - now_s)
            for item in self.bus.take():
                early.append(item)
                if isinstance(item, Link) and item.up:
                    linked_s = min(linked_s, self.clock())
        early += self.bus.take()  # a busy machine may have let us sleep while it came
        with self.lock:
            now_s = self.clock()
            if linked_s == math.inf:
                self.coordinator.link_down(now_s)
            for item in early:
                self._take(item, now_s)
            self._step(now_s, due_s=now_s)

    def _pass(self) -> None:
        """Waits for the next step or message, takes in what has come, and steps when it is time."""
        began_s = self.clock()
        asked_s = max(0.0, self.coordinator.due_s(began_s) - began_s)
        self.bus.wait(asked_s)
        self.clock.waited(asked_s=asked_s, began_s=began_s)
        items = self.bus.take(BATCH_MAX)
        now_s = self.clock()
        with self.lock:
            for item in items:
                self._take(item, now_s)
            due_s = self.coordinator.due_s(now_s)
            stepping = now_s >= due_s
            if stepping:
                self._step(now_s, due_s=due_s)
        if stepping:
            self.told()
        self.alive()

    def _take(self, item: Incoming | Link, now_s: float) -> None:
        """Hands one item on. Messages count from now, not from when they arrived: the step that uses them is next."""
        if isinstance(item, Incoming):
            self.commands += item.topic.endswith(f"/{topics.COMMAND}")
            if item.topic.endswith((f"/{topics.COMMAND}", f"/{topics.ACK}")):
                self.heard(item, now_s)
            if item.topic.endswith(f"/{topics.COMMAND}"):
                return  # meant for a node, or for the engine's own clock: the coordinator has no part in it
            self.came(item)
            answered = self.desk.hear(item.topic, item.payload, retained=item.retained, now_s=now_s)
            self.coordinator.receive(item.topic, item.payload, retained=item.retained, now_s=now_s)
            if answered:
                self.stepped.notify_all()
        elif item.up:
            self.coordinator.link_up(now_s)
        else:
            self.coordinator.link_down(now_s)

    def _step(self, now_s: float, *, due_s: float) -> None:
        work = self.coordinator.work
        tick = work.tick
        self._lag_s_max = max(self._lag_s_max, now_s - due_s)
        work.lag_ms, work.step_ms = self._lag_s_max * 1000, self._step_s_max * 1000
        work.dropped = self.bus.traffic.dropped + self.bus.traffic.refused
        self.coordinator.unix_s = int(time.time())
        began_s, began_t_s = self.clock(), self.coordinator.t_s
        messages = [self.desk.completed(message, now_s) for message in self.coordinator.step(now_s)]
        if work.tick != tick:
            self._lag_s_max = self._step_s_max = 0.0
        took_s = self.clock() - began_s
        self._step_s_max = max(self._step_s_max, took_s)
        self._stretch(self.coordinator.t_s - began_t_s, self.coordinator.passing_s)
        self.after_step(now_s)
        self.bus.publish(messages)
        self.went(messages)
        self.stepped.notify_all()

    def _stretch(self, passed_s: float, took_s: float) -> None:
        """Lets a step pass as much engine time as this machine computes in STRETCH_S; see Coordinator.

        took_s: of passing it alone, on a processor. What a step costs besides (views, messages) is the same for a
        second and for an hour: counted in, it would have a large site's time go slower with each step.
        """
        if passed_s >= 1.0:
            self.coordinator.stretch_s_max = max(1.0, passed_s * STRETCH_S / max(took_s, 1e-6))
