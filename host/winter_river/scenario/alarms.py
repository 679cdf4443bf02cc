"""The alarms of an exercise: the same rules and states as a live site's, on the exercise's own seconds.

What stands already when it begins is nobody's to acknowledge. One alarm for each cause: what follows from it does not
count by itself, and is acknowledged with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from winter_river.alerts.book import AlarmBook
from winter_river.alerts.model import Key, Moment, Rule, Seen, Transition
from winter_river.alerts.rules import built_in
from winter_river.facility.model import Facility
from winter_river.scenario.records import Alarm

if TYPE_CHECKING:
    from winter_river.engine import Event
    from winter_river.scenario.looking import Views

FACTS = ("presence",)
LOOK_S = 1.0  # as a live site's alarms are judged
_HAIR_S = 1e-6


class ExerciseAlarms:
    """See the module. Times are the exercise's seconds."""

    def __init__(self, facility: Facility, rules: Sequence[Rule] | None) -> None:
        """rules: None for the built-in ones."""
        types = {node.id: node.type for node in facility.nodes.values()}
        self._book = AlarmBook(built_in() if rules is None else rules, types, facts=FACTS)
        self._nodes = tuple(types)
        self._log: dict[int, Event] = {}
        self._looked_s = self._start_s = 0.0
        self._stirred = False

    def begin(self, views: Views, events: Sequence[Event], start_s: float) -> None:
        """Takes in what stands already. start_s: when that is, on the site's clock, which the events go by."""
        self._start_s = start_s
        self._know(events)
        self._step(0.0, views)
        self._book.acknowledge_all(_at(0.0))

    def hear(self, event: Event) -> None:
        """An event of the site, for the chain of causes."""
        self._log[event.id] = event._replace(t_s=event.t_s - self._start_s)
        self._stirred = True

    def look(self, t_s: float, views: Views) -> list[Alarm]:
        """The alarms that ask for somebody since the last look, one that has become worse once more.

        It looks once a second, and when something has happened."""
        if not self._stirred and t_s - self._looked_s < LOOK_S - _HAIR_S:
            return []
        return [
            Alarm(t_s, each.key[1], rule=each.key[0], priority=each.priority, message=each.message)
            for each in self._step(t_s, views)
            if each.annunciated
        ]

    def acknowledge(self, t_s: float, node_id: str) -> dict[Key, tuple[str, ...]]:
        """Those of a node, or all: what was acknowledged, with the nodes that it and what follows from it is of."""
        under = {key: self._nodes_of(key) for key in self._book.waiting}
        changes = self._book.acknowledge_all(_at(t_s), node_id=node_id)
        return {change.key: under[change.key] for change in changes}

    def acknowledge_one(self, t_s: float, key: Key) -> dict[Key, tuple[str, ...]]:
        """The same of one alarm; {} where it does not wait for that."""
        if key not in self._book.waiting:
            return {}
        nodes = self._nodes_of(key)
        self._book.acknowledge(key, _at(t_s))
        return {key: nodes}

    def back_to(self, t_s: float, events: Sequence[Event]) -> None:
        """Time was taken back. events: what had happened by then."""
        self._know(events)
        self._book.back_to(_at(t_s))
        self._looked_s, self._stirred = t_s, True

    def _know(self, events: Sequence[Event]) -> None:
        self._log = {event.id: event._replace(t_s=event.t_s - self._start_s) for event in events}

    def _nodes_of(self, key: Key) -> tuple[str, ...]:
        return tuple(dict.fromkeys((key[1], *(node_id for _, node_id in self._book.consequences(key)))))

    def _step(self, t_s: float, views: Views) -> list[Transition]:
        self._looked_s, self._stirred = t_s, False
        seen = {node_id: views(node_id) for node_id in self._nodes}
        return self._book.step(Seen(_at(t_s), seen, _presences(seen), {}, self._log))


def _presences(views: Mapping[str, Mapping[str, object]]) -> dict[str, dict[str, object]]:
    return {
        node_id: {"presence": "offline" if view.get("status") == "offline" else "online"}
        for node_id, view in views.items()
    }


def _at(t_s: float) -> Moment:
    return Moment(t_s, t_s)
