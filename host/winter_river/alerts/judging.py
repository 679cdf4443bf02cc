"""Which conditions hold, with hold times and hysteresis. Pure: the moment is passed in, and it keeps no clock.

A condition that holds is pending for hold_s, then it is raised; once it is raised it must be gone for off_s, then it is
cleared. A rule whose gauge is missing is not judged: nothing is raised of it and nothing cleared, and `unjudged` says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import NamedTuple

from winter_river.alerts.conditions import Row, compiled
from winter_river.alerts.model import ONLINE, SITE, Moment, Rule, Seen
from winter_river.engine import acting_as, state_like, state_of_own

_NOBODY: Mapping[str, object] = {}
_HAIR_S = 1e-6  # sums of seconds fall just short of whole ones


class Finding(NamedTuple):
    """A condition that is raised, or cleared (raised False), and the values it was judged by."""

    rule: Rule
    node_id: str
    raised: bool
    row: Row


@dataclass(slots=True)
class _Watch:
    """One rule at work. pending, going: since when, on the rule's clock. raised: who it is raised for.

    acting: of its nodes those whose type acts as one that it is for, and their type: it means their states by that one's
    words.
    """

    rule: Rule
    nodes: tuple[str, ...]
    acting: Mapping[str, str]
    holds: Callable[[Row], bool]
    ends: Callable[[Row], bool] | None
    names: frozenset[str]  # of gauges
    of_facts: bool
    of_view: bool
    pending: dict[str, float] = field(default_factory=dict)
    going: dict[str, float] = field(default_factory=dict)
    raised: dict[str, None] = field(default_factory=dict)
    kept: dict[str, float] = field(default_factory=dict)  # of an earlier run: not cleared before then, steady clock


class Judge:
    """All rules over the nodes of one facility. types: node id to type, in file order."""

    def __init__(self, rules: Sequence[Rule], types: Mapping[str, str], *, facts: Sequence[str] = ()) -> None:
        """facts: names of what a node has beyond its view; see conditions.FACTS."""
        self._watches = [_watch(rule, types, frozenset(facts)) for rule in rules]
        self.unjudged: dict[str, str] = {}

    def judge(self, seen: Seen, is_new: Callable[[Rule, str], bool] = lambda rule, node_id: False) -> list[Finding]:
        """What has been raised and cleared since the last judgement, in the order of the rules.

        is_new: whether a condition that an earlier run knew has come anew; see AlarmBook.keep."""
        found: list[Finding] = []
        for watch in self._watches:
            now_s = seen.moment.t_s if watch.rule.clock == SITE else seen.moment.steady_s
            for node_id, row in self._rows(watch, seen):
                holds = watch.holds(row)
                if node_id in watch.kept:
                    if not holds and seen.moment.steady_s < watch.kept[node_id] and not _is_over(watch, row):
                        continue  # of an earlier run, and given time to be seen again
                    del watch.kept[node_id]
                    if holds and is_new(watch.rule, node_id):
                        del watch.raised[node_id]
                        found.append(Finding(watch.rule, node_id, False, row))
                if holds or node_id in watch.raised or node_id in watch.pending:
                    found += _moved(watch, node_id, row, holds, now_s)
        return found

    @property
    def awaits_any(self) -> bool:
        """Whether any alarm of an earlier run has not been seen again yet."""
        return any(watch.kept for watch in self._watches)

    def awaits(self, rule_id: str, node_id: str) -> bool:
        """The same of one."""
        return any(node_id in watch.kept for watch in self._watches if watch.rule.id == rule_id)

    def _rows(self, watch: _Watch, seen: Seen) -> Iterator[tuple[str, Row]]:
        """What a rule is judged by, for each of its nodes; nothing where it cannot be judged."""
        if watch.rule.gauge:
            yield from self._gauge_rows(watch, seen)
            return
        if watch.of_facts and not seen.facts:
            self.unjudged[watch.rule.id] = "nobody tells which nodes are there"
            return
        self.unjudged.pop(watch.rule.id, None)
        views, facts = seen.views, seen.facts
        for node_id in watch.nodes:
            view = views.get(node_id)
            if watch.of_view:
                # Of a node that is not there nothing is measured; that it is gone is told by other rules.
                if view is None or view.get("status") == "offline":
                    view = _NOBODY
                elif node_id in watch.acting and "state" in view:
                    view = {**view, "state": state_like(watch.acting[node_id], str(view["state"]))}
                yield node_id, ({**view, **facts.get(node_id, _NOBODY)} if watch.of_facts else view)
            else:
                yield node_id, facts.get(node_id, _NOBODY)

    def _gauge_rows(self, watch: _Watch, seen: Seen) -> Iterator[tuple[str, Row]]:
        values = {name: seen.gauges.get(name) for name in watch.names}
        missing = sorted(name for name, value in values.items() if value is None)
        if missing:
            self.unjudged[watch.rule.id] = f"there is no {' and no '.join(missing)} here"
            return
        self.unjudged.pop(watch.rule.id, None)
        subjects = [value for value in values.values() if isinstance(value, Mapping)]
        if not subjects:
            yield "", values
            return
        # A subject that has gone (a certificate that was revoked) is judged once more, by nothing: its alarm ends.
        for subject in dict.fromkeys([*subjects[0], *watch.raised, *watch.pending]):
            yield (
                subject,
                {name: value.get(subject) if isinstance(value, Mapping) else value for name, value in values.items()},
            )

    def back_to(self, t_s: float) -> None:
        """Engine time was taken back: what was pending or going since later is not."""
        for watch in self._watches:
            if watch.rule.clock == SITE:
                watch.pending = {each: since for each, since in watch.pending.items() if since <= t_s}
                watch.going = {each: since for each, since in watch.going.items() if since <= t_s}

    def remember(self, rule_id: str, node_id: str, *, until_s: float) -> None:
        """An alarm of an earlier run was raised. It is not cleared before until_s, on the steady clock: a service that
        has just started does not know yet who is there."""
        for watch in self._watches:
            if watch.rule.id == rule_id:
                watch.raised[node_id] = None
                watch.kept[node_id] = until_s

    def is_going(self, rule_id: str, node_id: str) -> bool:
        """Whether the condition of a raised alarm is gone and only its off time is not over."""
        return any(node_id in watch.going for watch in self._watches if watch.rule.id == rule_id)

    def forget(self, rule_id: str, node_id: str) -> None:
        """An alarm of a time that was taken back has not been raised."""
        for watch in self._watches:
            if watch.rule.id == rule_id:
                watch.raised.pop(node_id, None)
                watch.going.pop(node_id, None)


def meant(rule: Rule) -> tuple[str, ...]:
    """The types that a rule is for: those that it names, and those that act as one of them; () for every type."""
    return tuple(dict.fromkeys((*rule.types, *acting_as(*rule.types))))


def state_meant(rule: Rule, type_name: str, word: str) -> str:
    """A state that a rule names, as one of the types that it is for calls it."""
    return word if type_name in rule.types else state_of_own(type_name, word)


def _watch(rule: Rule, types: Mapping[str, str], facts: frozenset[str]) -> _Watch:
    names = frozenset(test.field for tests in (*rule.when, *rule.until) for test in tests)
    nodes = (
        ()
        if rule.gauge
        else tuple(node_id for node_id, type_name in types.items() if _is_for(rule, node_id, type_name))
    )
    acting = {node_id: types[node_id] for node_id in nodes if rule.types and types[node_id] not in rule.types}
    ends = compiled(rule.until) if rule.until else None
    return _Watch(rule, nodes, acting, compiled(rule.when), ends, names, bool(names & facts), bool(names - facts))


def _is_over(watch: _Watch, row: Row) -> bool:
    """Whether what an earlier run knew is known to be over, and not only unknown yet: a gauge that is measured, a node
    that is heard. What a view tells may take the site some seconds."""
    return watch.rule.gauge or (not watch.of_view and row.get("presence") == ONLINE)


def _is_for(rule: Rule, node_id: str, type_name: str) -> bool:
    if rule.types and type_name not in meant(rule):
        return False
    return not rule.nodes or any(fnmatchcase(node_id, pattern) for pattern in rule.nodes)


def _moved(watch: _Watch, node_id: str, row: Row, holds: bool, now_s: float) -> list[Finding]:
    rule = watch.rule
    if node_id not in watch.raised:
        if not holds:
            watch.pending.pop(node_id, None)
            return []
        since_s = watch.pending.setdefault(node_id, now_s)
        if now_s - since_s < rule.hold_s - _HAIR_S:
            return []
        del watch.pending[node_id]
        watch.raised[node_id] = None
        return [Finding(rule, node_id, True, row)]
    gone = not holds and (watch.ends is None or not row or _is_unknown(row, rule) or watch.ends(row))
    if not gone:
        watch.going.pop(node_id, None)
        return []
    since_s = watch.going.setdefault(node_id, now_s)
    if now_s - since_s < rule.off_s - _HAIR_S:
        return []
    del watch.going[node_id], watch.raised[node_id]
    return [Finding(rule, node_id, False, row)]


def _is_unknown(row: Row, rule: Rule) -> bool:
    """Whether what the end would be judged by is not there any more."""
    return all(row.get(test.field) is None for tests in rule.until for test in tests)


def moment_s(rule: Rule, moment: Moment) -> float:
    """The moment on the rule's own clock."""
    return moment.t_s if rule.clock == SITE else moment.steady_s
