"""One alarm for each cause: which alarm is a consequence of which. Pure.

The engine's events name their causes. An alarm's chain is the event that explains its node's present state, the cause of
that, and so on. An alarm is a consequence of the nearest other one whose own events stand in its chain; what is a
consequence of a consequence belongs to the first of them all. Besides, a rule may say whose consequence it is (`under`),
and that of several within some seconds the first stands for all (`gathers_s`).

A shelved alarm stands for its consequences as before. It stands for no alarm that only came with it, of the same node or
the same seconds, unless that stood under it already: who shelves the one has not seen the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile

from winter_river.alerts.judging import moment_s
from winter_river.alerts.model import Alarm, Key, Rule, rank
from winter_river.alerts.states import SHELVED
from winter_river.alerts.strain import RECENT_S
from winter_river.engine import Event

CHAIN_MAX = 200  # chosen: the longest chain of the library's sites is about twenty


def chain_of(rule: Rule, node_id: str, log: Mapping[int, Event]) -> tuple[int, ...]:
    """Ids of the events that led a node to where it is, the last one first; () where nothing explains it."""
    last = max(
        (event.id for event in log.values() if event.node_id == node_id and event.event in rule.asked_by), default=0
    )
    found: list[int] = []
    while last in log and len(found) < CHAIN_MAX:
        found.append(last)
        last = log[last].cause
    return tuple(found)


def own_of(chain: Sequence[int], node_id: str, log: Mapping[int, Event]) -> tuple[int, ...]:
    """Those events of a chain that are of its own node, up to the first of another: what is behind that led to it, be it of
    the same node again, as the load that a rack was set to is. Of a trip also the short circuit that it cleared: what else
    that did to the site ends, or lasts, with the trip."""
    own = tuple(takewhile(lambda each: log[each].node_id == node_id, chain))
    before = tuple(chain[len(own) : len(own) + 1])
    cleared = own and before and log[own[-1]].event == "trip" and log[before[0]].event == "short_circuit"
    return own + before if cleared else own


def recurring(alarm: Alarm, log: Mapping[int, Event]) -> tuple[int, ...]:
    """The events of an alarm's node that explain it, each time anew: the last CHAIN_MAX since RECENT_S before it came.
    Those that have left the log since are kept, so that what followed from them still stands under it."""
    since_s, oldest = alarm.began.t_s - RECENT_S, next(iter(log), 0)
    left = tuple(event_id for event_id in alarm.own if event_id < oldest)
    fresh = tuple(
        event.id
        for event in log.values()
        if event.node_id == alarm.node_id and event.event in alarm.rule.asked_by and event.t_s >= since_s
    )
    return (left + fresh)[-CHAIN_MAX:]


def roots(active: Sequence[Alarm], order: Mapping[str, int]) -> dict[Key, Key]:
    """For each alarm that is a consequence, the one that stands for it.

    active: those that may be either, in the order they came. order: place of each rule in the table.
    """
    by_event: dict[int, list[Alarm]] = {}
    by_rule: dict[str, list[Alarm]] = {}
    for alarm in active:
        by_rule.setdefault(alarm.rule.id, []).append(alarm)
    for alarm in sorted(active, key=_is_shelved):  # of two that explain the same, the one that is seen stands for it
        for event_id in alarm.own:
            by_event.setdefault(event_id, []).append(alarm)
    parents: dict[Key, Key] = {}
    for alarm in active:
        parent = _under(alarm, by_rule) or _caused(alarm, by_event, order) or _gathered(alarm, by_rule[alarm.rule.id])
        if parent is not None:
            parents[alarm.key] = parent.key
    return {key: root for key in parents if (root := _top(key, parents)) != key}


def _under(alarm: Alarm, by_rule: Mapping[str, Sequence[Alarm]]) -> Alarm | None:
    above = [each for rule_id in alarm.rule.under for each in by_rule.get(rule_id, ())]
    return min(above, key=_is_shelved, default=None)


def _caused(alarm: Alarm, by_event: Mapping[int, Sequence[Alarm]], order: Mapping[str, int]) -> Alarm | None:
    for event_id in alarm.chain:
        for other in by_event.get(event_id, ()):
            # Two alarms of one node have one cause: the worse, or the earlier in the table, stands for both.
            if other.node_id != alarm.node_id:
                if not alarm.rule.stands:
                    return other
            elif _precedes(other, alarm, order) and _stands_for(other, alarm):
                return other
    return None


def _precedes(one: Alarm, other: Alarm, order: Mapping[str, int]) -> bool:
    first, second = ((rank(each.rule.priority), order[each.rule.id]) for each in (one, other))
    return first < second


def _gathered(alarm: Alarm, alike: Iterable[Alarm]) -> Alarm | None:
    """The first of its kind, where it came a moment before."""
    if not alarm.rule.gathers_s:
        return None
    began_s = moment_s(alarm.rule, alarm.began)
    for other in alike:
        if other is alarm:
            return None
        if began_s - moment_s(alarm.rule, other.began) <= alarm.rule.gathers_s and _stands_for(other, alarm):
            return other
    return None


def _is_shelved(alarm: Alarm) -> bool:
    return alarm.state == SHELVED


def _stands_for(other: Alarm, alarm: Alarm) -> bool:
    """Whether one that is no cause, but came with it, may stand for an alarm."""
    return not _is_shelved(other) or alarm.root == other.key


def _top(key: Key, parents: Mapping[Key, Key]) -> Key:
    """The end of the way up. Where it goes in a circle, the first that was met twice."""
    met = {key}
    while key in parents:
        key = parents[key]
        if key in met:
            return key
        met.add(key)
    return key
