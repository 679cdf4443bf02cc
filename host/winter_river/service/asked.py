"""What others may ask a coordinator or leave with it: numbers, views, presence, events and notes, at this moment."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict

from winter_wire import schema, topics

from winter_river import engine
from winter_river.service import outgoing, statuses
from winter_river.service.messages import Message
from winter_river.service.model import Counters, Work
from winter_river.service.outgoing import Composer
from winter_river.service.pace import Pace, Speedometer
from winter_river.service.roster import Note, Roster


class Asked:
    """The questions of a Coordinator, which owns what they are about."""

    work: Work
    _plan: engine.Plan
    _world: engine.World
    _roster: Roster
    _origin_s: float | None
    _pace: Pace
    _urgent: bool
    _speedometer: Speedometer
    _last_s: float
    _events: deque[engine.Event]
    _composer: Composer

    @property
    def t_s(self) -> float:
        """Engine time, s since the beginning."""
        return self._world.t_s

    @property
    def uptime_s(self) -> int:
        """Whole seconds of the caller's clock since the beginning: not engine time, which may stand still."""
        return 0 if self._origin_s is None else int(self._last_s - self._origin_s)

    @property
    def timeline(self) -> int:
        """Number of this run's timeline."""
        return self._roster.timeline

    def t_at(self, now_s: float) -> float:
        """Engine time at a moment of the caller's clock, s: what an act of that moment counts from."""
        return max(self.t_s, self._pace.t_at(now_s))

    @property
    def settled(self) -> bool:
        """Whether the last change of the pace, and the last going back, have taken effect."""
        return not self._urgent

    @property
    def frozen(self) -> bool:
        """Whether engine time stands still."""
        return self._pace.frozen

    @property
    def speed(self) -> float:
        """Engine seconds a second of the caller's clock, as asked for."""
        return self._pace.speed

    @property
    def speed_real(self) -> float:
        """Engine seconds a second that are reached: 0 while frozen, as asked for where that is near."""
        return 0.0 if self.frozen else self._speedometer.speed(self.speed)

    @property
    def rival(self) -> int | None:
        """Boot number of another engine heard alive on this bus, None when we are alone."""
        return self._roster.rival

    @property
    def counters(self) -> Counters:
        """All counters at this moment."""
        return Counters(**asdict(self._roster.heard), **asdict(self.work))

    def view(self, node_id: str) -> dict[str, object]:
        """The contract's view fields of one node, and its type and status word (offline when the slot is empty); of
        `facility` and `weather` their own fields alone. Raises KeyError for an id that there is not."""
        if node_id == topics.FACILITY:
            return self.balance()
        if node_id == topics.WEATHER:
            return engine.weather(self._world)
        return self._view(node_id)

    def _view(self, node_id: str) -> dict[str, object]:
        slot = self._roster.slots[node_id]
        fields = engine.view(self._plan, self._world, node_id)
        word = schema.health(slot.type, fields["state"]) if slot.presence.carries else statuses.OFFLINE
        return {
            "node_id": node_id,
            "type": slot.type,
            "status": word,
            **fields,
            **outgoing.pace_fields(self.speed_real),
        }

    def isolation(self, node_id: str) -> engine.Isolation | None:
        """What keeps a node dead; None while it is live."""
        return engine.explain.isolation(self._plan, self._world, node_id)

    def balance(self) -> dict[str, object]:
        """The power balance of the whole facility, by the contract's names."""
        return dict(engine.balance(self._plan, self._world))

    def presence(self, node_id: str) -> str:
        """online, stale or offline."""
        return self._roster.slots[node_id].presence.word

    def facts(self, now_s: float) -> dict[str, dict[str, object]]:
        """Of each node what its view does not tell; see Roster.facts."""
        return self._roster.facts(now_s)

    def events(self, since_id: int = 0) -> list[engine.Event]:
        """Events with an id above since_id, oldest first; the log keeps the last EVENTS_MAX."""
        return [event for event in self._events if event.id > since_id]

    def notes(self) -> tuple[Note, ...]:
        """What the operator should know, oldest first."""
        return tuple(self._roster.notes)

    def note(self, node_id: str, text: str) -> None:
        """Tells the operator something."""
        self._roster.note(node_id, text)

    def goodbye(self) -> Message:
        """What the engine leaves behind when it stops; also its last will."""
        return self._composer.goodbye(self.timeline)
