"""Between the service and its alarms: what is measured of the service itself, and alarms as events on the bus."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from winter_wire import topics

from winter_river.alerts.measuring import Rise
from winter_river.alerts.model import Gauge, Transition
from winter_river.alerts.telling import is_told
from winter_river.engine import Event
from winter_river.service.outgoing import event_message

if TYPE_CHECKING:
    from winter_river.service.loop import Loop

ALARM = "alarm"
FIRST_ID = 0x40000000  # alarms are numbered from here, so that no number is an engine's event and an alarm
COMMANDS_S = 10.0  # chosen: the span that a storm of commands is measured over


class ServiceGauges:
    """What the service knows of itself, as numbers by the names of alerts.rules.GAUGES."""

    def __init__(self, loop: Loop, unaudited: Callable[[], int] = lambda: 0) -> None:
        """unaudited: what the audit has not taken so far; it only rises."""
        self._loop, self._unaudited = loop, unaudited
        self._missed = Rise()
        self._missed.of(loop.clock(), unaudited())  # what is missed before the first look counts, too
        self._commands: deque[tuple[float, int]] = deque(maxlen=200)

    def read(self) -> dict[str, Gauge]:
        """All of them now."""
        loop = self._loop
        with loop.lock:
            now_s, coordinator = loop.clock(), loop.coordinator
            self._commands.append((now_s, loop.commands))
            counters = coordinator.counters
            return {
                "bus_connected": int(loop.bus.connected),
                "engine_lag_ms": counters.lag_ms,
                "laws_broken": counters.laws_broken,
                "rival_engines": int(coordinator.rival is not None),
                "commands_per_s": self._commands_per_s(now_s),
                "command_pending_s": max(
                    (now_s - order.made_s for order in loop.desk.open_orders.values()), default=0.0
                ),
                "unaudited": self._missed.of(now_s, self._unaudited()),
            }

    def _commands_per_s(self, now_s: float) -> float:
        while len(self._commands) > 2 and self._commands[1][0] <= now_s - COMMANDS_S:
            self._commands.popleft()
        began_s, count = self._commands[0]
        return (self._commands[-1][1] - count) / max(now_s - began_s, COMMANDS_S)


class AlarmEvents:
    """Publishes changes of alarms as events of the engine, and has them kept with these: `event` is `alarm`, `from` its state before, `to` the state
    after with the priority and the rule, `cause` the event that explains it."""

    def __init__(self, loop: Loop, root: str) -> None:
        self._loop, self._root = loop, root
        self._next_id = FIRST_ID

    def tell(self, changes: Sequence[Transition]) -> None:
        """Publishes what is for people; consequences come and go under their cause."""
        with self._loop.lock:
            timeline = self._loop.coordinator.timeline
            messages = []
            for change in changes:
                if is_told(change):
                    messages.append(event_message(self._root, self._event(change), timeline=timeline))
            self._loop.bus.publish(messages)
            self._loop.went(messages)

    def _event(self, change: Transition) -> Event:
        number, self._next_id = self._next_id, self._next_id + 1
        rule, node_id = change.key
        where = node_id if node_id in self._loop.coordinator.facility.nodes else topics.ENGINE
        to = f"{change.after} {change.priority} {rule}"
        return Event(number, change.moment.t_s, where, ALARM, change.before, to, change.cause)
