"""All alarms of one site: judged, given their states, put under their causes, acknowledged and shelved. Pure.

    book = AlarmBook(rules, types)
    changes = book.step(Seen(moment, views, ...))        after each step of the site, or once a second
    changes = book.acknowledge(key, moment, by="operator: Ann")

The moment is passed in; nothing here reads a clock. Only alarms that are not normal are kept, and those that a person
has put aside; `journal` keeps the last JOURNAL_MAX changes.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from winter_river.alerts import states
from winter_river.alerts.again import Met
from winter_river.alerts.causes import chain_of, own_of, recurring, roots
from winter_river.alerts.conditions import OF_EVENTS
from winter_river.alerts.figures import Figures
from winter_river.alerts.judging import Finding, Judge, moment_s
from winter_river.alerts.model import (
    CRITICAL,
    HIGH,
    SITE,
    Alarm,
    Key,
    Moment,
    Rule,
    Seen,
    Transition,
    name_of,
    rank,
)
from winter_river.alerts.strain import Strains
from winter_river.alerts.wording import filled
from winter_river.facility.faults import nearest

JOURNAL_MAX = 2_000  # chosen: a day of ten times the rate that EEMUA 191 calls acceptable
ALARMS_MAX = 20_000  # chosen: two of each node of the largest site; more are counted, and not kept
SHELVE_S_MAX = 24 * 3600.0  # chosen: a day; ISA-18.2 wants a limit, and longer is out of service
SETTLE_S = (
    60.0  # chosen: a retransfer to a mended grid takes half a minute, and what followed from its loss ends with it
)
RESTART_S = 30.0  # chosen: a node is offline after 20 s of silence, and the first step takes a moment
REASON_LENGTH_MAX = 200
BY_LENGTH_MAX = 64


class AlarmError(ValueError):
    """What cannot be done to an alarm. hint: the cure."""

    def __init__(self, text: str, hint: str = "") -> None:
        super().__init__(text)
        self.hint = hint


class AlarmBook:
    """The one owner of a site's alarms. One thread at a time may use it."""

    def __init__(self, rules: Sequence[Rule], types: Mapping[str, str], *, facts: Sequence[str] = ()) -> None:
        """types: node id to type, in file order. facts: what is known of a node beyond its view; see conditions.FACTS.
        What the events tell (conditions.OF_EVENTS) the book finds by itself."""
        self.rules = {rule.id: rule for rule in rules}
        self._order = {rule_id: place for place, rule_id in enumerate(self.rules)}
        self._types = types
        self._judge = Judge(rules, types, facts=(*facts, *OF_EVENTS))
        self._alarms: dict[Key, Alarm] = {}
        self.journal: deque[Transition] = deque(maxlen=JOURNAL_MAX)
        self.figures = Figures()
        self.dropped = 0  # alarms that found no room
        self.strains = Strains()
        self._met = Met()

    # what others may ask

    @property
    def alarms(self) -> list[Alarm]:
        """Every alarm that is not normal, as copies: what needs a person first, the worst first, the newest first."""
        found = [dataclasses.replace(alarm) for alarm in self._alarms.values() if alarm.state != states.NORMAL]
        return sorted(found, key=lambda each: (_place(each.state), rank(each.priority), -each.began.steady_s, each.key))

    def get(self, key: Key) -> Alarm | None:
        """A copy of one alarm; None while it is normal and was never put aside."""
        alarm = self._alarms.get(key)
        return None if alarm is None else dataclasses.replace(alarm)

    @property
    def unjudged(self) -> Mapping[str, str]:
        """Rules that cannot be judged here, and why."""
        return dict(self._judge.unjudged)

    @property
    def waiting(self) -> list[Key]:
        """The alarms that wait for somebody to acknowledge them."""
        return [key for key, alarm in self._alarms.items() if alarm.state in states.WAITING]

    # time passes

    def step(self, seen: Seen) -> list[Transition]:
        """Judges every rule once, and gives what has changed, oldest first."""
        moment = seen.moment
        changes = self._expire(moment)
        before = {key: alarm.state for key, alarm in self._alarms.items()}
        fresh: list[Alarm] = []
        if self._judge.awaits_any:
            self._met.look(seen)
        self.strains.hear(seen.events)
        told = self.strains.facts(moment.t_s)
        if told:
            facts = {**seen.facts, **{each: {**seen.facts.get(each, {}), **more} for each, more in told.items()}}
            seen = dataclasses.replace(seen, facts=facts)
        for finding in self._judge.judge(seen, lambda rule, node_id: self._met.is_new(rule, node_id, seen)):
            alarm = self._found(finding, seen)
            if alarm is not None:
                fresh.append(alarm)
        for alarm in self._alarms.values():
            if alarm.restored and not self._judge.awaits(*alarm.key):
                self._explain(alarm, seen)
        for alarm in self._alarms.values():
            if alarm.active and alarm.rule.recurs:
                alarm.own = recurring(alarm, seen.events)
        acts = {alarm.key: states.RAISE if alarm.active else states.CLEAR for alarm in fresh}
        acts = self._group(moment) | acts
        for key, alarm in list(self._alarms.items()):
            changes += self._changed(alarm, before.get(key, states.NORMAL), acts.get(key, states.SUPPRESS), moment)
        self._let_go()
        return changes

    def back_to(self, moment: Moment) -> list[Transition]:
        """Engine time was taken back: alarms of the site that came later have not come, nor were they acknowledged."""
        self._judge.back_to(moment.t_s)
        self._met.back_to(moment.t_s)
        self.strains.back_to(moment.t_s)
        changes = []
        for key, alarm in list(self._alarms.items()):
            if alarm.rule.clock == SITE and alarm.active and alarm.began.t_s > moment.t_s:
                self._judge.forget(*key)
                old, alarm.active = alarm.state, False
                if alarm.state not in _ASIDE:
                    alarm.state = states.NORMAL
                changes += self._changed(alarm, old, "back", moment)
            elif alarm.rule.clock == SITE and alarm.state == states.RETURNED and alarm.changed.t_s > moment.t_s:
                old, alarm.state = alarm.state, states.NORMAL  # it is judged anew, from that instant on
                changes += self._changed(alarm, old, "back", moment)
            elif alarm.rule.clock == SITE and alarm.state == states.ACKNOWLEDGED and alarm.changed.t_s > moment.t_s:
                old, alarm.state = alarm.state, states.UNACKNOWLEDGED  # nobody had seen it then
                changes += self._changed(alarm, old, "back", moment)
        self._let_go()
        return changes

    # what a person does

    def acknowledge(self, key: Key, moment: Moment, *, by: str = "") -> list[Transition]:
        """Somebody has seen an alarm, and with it what is known to follow from it. Raises AlarmError for one that does
        not wait for that."""
        alarm = self._existing(key)
        if alarm.state not in states.WAITING:
            raise AlarmError(f"{alarm.name} is {alarm.state.replace('_', ' ')}: nothing to acknowledge")
        return self._acknowledge(alarm, moment, by)

    def acknowledge_all(self, moment: Moment, *, by: str = "", node_id: str = "") -> list[Transition]:
        """The same for every alarm that waits, or for those of one node, or whose consequence is of that node."""
        changes = []
        for key in self.waiting:
            alarm = self._alarms[key]
            if not node_id or node_id in (alarm.node_id, *(each.node_id for each in self._under(key))):
                changes += self._acknowledge(alarm, moment, by)
        return changes

    def shelve(self, key: Key, moment: Moment, *, seconds: float, reason: str, by: str = "") -> list[Transition]:
        """Puts an alarm aside for a limited time, for a reason. Raises AlarmError."""
        if not 0 < seconds <= SHELVE_S_MAX:
            raise AlarmError(
                f"shelve for {seconds:g} s; more than 0 to {SHELVE_S_MAX:g} s", "for longer, take it out of service"
            )
        alarm = self._or_new(key, moment)
        self._must_be(alarm, states.SHELVE, "shelved")
        alarm.until_s = moment.steady_s + seconds
        alarm.known = tuple(each.key for each in self._under(key) if each.rule.priority == CRITICAL)
        return self._by_hand(alarm, states.SHELVE, moment, by=by, reason=_reason(reason))

    def unshelve(self, key: Key, moment: Moment, *, by: str = "") -> list[Transition]:
        """Brings a shelved alarm back before its time. Raises AlarmError."""
        alarm = self._existing(key)
        self._must_be(alarm, states.UNSHELVE, "unshelved")
        return self._by_hand(alarm, states.UNSHELVE, moment, by=by, reason="")

    def remove(self, key: Key, moment: Moment, *, reason: str, by: str = "") -> list[Transition]:
        """Takes an alarm out of service until somebody brings it back, for a reason. Raises AlarmError."""
        alarm = self._or_new(key, moment)
        self._must_be(alarm, states.REMOVE, "taken out of service")
        return self._by_hand(alarm, states.REMOVE, moment, by=by, reason=_reason(reason))

    def bring_back(self, key: Key, moment: Moment, *, by: str = "") -> list[Transition]:
        """Brings an alarm back into service. Raises AlarmError."""
        alarm = self._existing(key)
        self._must_be(alarm, states.BRING_BACK, "brought back")
        return self._by_hand(alarm, states.BRING_BACK, moment, by=by, reason="")

    # what survives a restart

    def keep(self, alarms: Iterable[Alarm], moment: Moment) -> None:
        """Takes over what an earlier run knew of its alarms. One whose condition is not seen again within RESTART_S, or
        is seen for a cause that has come since, clears; consequences are judged anew; one whose rule or node is gone is
        left out."""
        for alarm in alarms:
            known = alarm.rule.gauge or alarm.node_id in self._types
            if self.rules.get(alarm.rule.id) is alarm.rule and known and alarm.state != states.SUPPRESSED:
                self._alarms[alarm.key] = dataclasses.replace(
                    alarm, chain=(), own=(), root=None, restored=bool(alarm.node_id)
                )
                if alarm.active:
                    self._judge.remember(*alarm.key, until_s=moment.steady_s + RESTART_S)

    # inside

    def _found(self, finding: Finding, seen: Seen) -> Alarm | None:
        rule, node_id, moment = finding.rule, finding.node_id, seen.moment
        alarm = self._alarms.get((rule.id, node_id))
        if alarm is None:
            if not finding.raised:
                return None
            if len(self._alarms) >= ALARMS_MAX:
                self.dropped += 1
                return None
            alarm = self._alarms[rule.id, node_id] = Alarm(rule, node_id, moment, moment, priority=rule.priority)
        alarm.active = finding.raised
        if finding.raised:
            alarm.began, alarm.priority, alarm.root, alarm.freed_s = moment, rule.priority, None, None
            alarm.count += 1
            alarm.message = filled(rule.message, finding.row, node_id)
            self._explain(alarm, seen)
        alarm.state = states.after(alarm.state, states.RAISE if finding.raised else states.CLEAR, active=alarm.active)
        return alarm

    def _explain(self, alarm: Alarm, seen: Seen) -> None:
        alarm.chain = chain_of(alarm.rule, alarm.node_id, seen.events) if alarm.node_id else ()
        alarm.own = own_of(alarm.chain, alarm.node_id, seen.events)
        alarm.restored = alarm.restored and not alarm.chain

    def _group(self, moment: Moment) -> dict[Key, str]:
        """Puts consequences under their causes, and brings out those whose cause has gone; what was done to whom."""
        acts: dict[Key, str] = {}
        may_be = self._may_be()
        found = roots(may_be, self._order)
        below: dict[Key, list[Alarm]] = {}
        for alarm in may_be:
            root = found.get(alarm.key)
            if alarm.state == states.SHELVED:
                alarm.root = root  # a person has put it aside; its cause does not ask again for it
            elif root is not None:
                alarm.root, alarm.freed_s = root, None
                below.setdefault(root, []).append(alarm)
                alarm.state = states.after(alarm.state, states.SUPPRESS, active=True)
            elif alarm.state == states.SUPPRESSED and not self._settles(alarm, moment):
                alarm.root, alarm.freed_s = None, None
                alarm.state = states.after(alarm.state, states.UNSUPPRESS, active=True)
                acts[alarm.key] = states.UNSUPPRESS
        for alarm in self._alarms.values():
            if alarm.state == states.SUPPRESSED and not alarm.active:
                alarm.state, alarm.root = states.after(alarm.state, states.UNSUPPRESS, active=False), None
            under = below.get(alarm.key, ())
            alarm.consequences = len(under)
            if under and self._is_worse(alarm, under):
                acts[alarm.key] = states.ESCALATE
        return acts

    def _may_be(self) -> list[Alarm]:
        """Those that may be causes or consequences."""
        return [each for each in self._alarms.values() if each.active and each.state != states.OUT_OF_SERVICE]

    def _settles(self, alarm: Alarm, moment: Moment) -> bool:
        """Whether a consequence whose cause has gone is given time to go as well."""
        if self._judge.is_going(*alarm.key):
            return True
        if rank(alarm.rule.priority) <= rank(HIGH):
            return False
        if alarm.freed_s is None:
            alarm.freed_s = moment_s(alarm.rule, moment)
        return moment_s(alarm.rule, moment) - alarm.freed_s < SETTLE_S

    def _is_worse(self, alarm: Alarm, under: Sequence[Alarm]) -> bool:
        """Whether an alarm is worse now than it was, by its consequences. It stays as bad as it has been: that they are
        over is seen at their number. One that was acknowledged or shelved asks again; one that was shelved also when
        something critical follows that did not when it was."""
        worst = min((each.rule.priority for each in under), key=rank)
        fresh = any(each.rule.priority == CRITICAL and each.key not in alarm.known for each in under)
        if rank(worst) >= rank(alarm.priority) and not (alarm.state == states.SHELVED and fresh):
            return False
        alarm.priority = min(alarm.priority, worst, key=rank)
        if alarm.state == states.SHELVED:
            alarm.by, alarm.reason = "", "it was shelved; what follows from it has become worse"
        alarm.state = states.after(alarm.state, states.ESCALATE, active=True)
        return True

    def consequences(self, key: Key) -> list[Key]:
        """The alarms that stand under one now."""
        return [alarm.key for alarm in self._under(key)]

    def _under(self, key: Key) -> list[Alarm]:
        return [alarm for alarm in self._alarms.values() if alarm.root == key]

    def _acknowledge(self, alarm: Alarm, moment: Moment, by: str) -> list[Transition]:
        return self._by_hand(alarm, states.ACKNOWLEDGE, moment, by=by, reason="")

    def _by_hand(self, alarm: Alarm, act: str, moment: Moment, *, by: str, reason: str) -> list[Transition]:
        old = alarm.state
        alarm.state = states.after(old, act, active=alarm.active)
        if act in (states.UNSHELVE, states.BRING_BACK) and alarm.active:
            alarm.root = roots(self._may_be(), self._order).get(alarm.key)
            if alarm.root is not None:
                alarm.state = states.after(alarm.state, states.SUPPRESS, active=True)
        alarm.by, alarm.reason = by[:BY_LENGTH_MAX], reason
        changes = self._changed(alarm, old, act, moment)
        self._let_go()
        return changes

    def _expire(self, moment: Moment) -> list[Transition]:
        changes = []
        for alarm in list(self._alarms.values()):
            if alarm.state == states.SHELVED and moment.steady_s >= alarm.until_s:
                changes += self._by_hand(alarm, states.UNSHELVE, moment, by="", reason="its time is over")
        return changes

    def _changed(self, alarm: Alarm, before: str, act: str, moment: Moment) -> list[Transition]:
        if alarm.state == before and act != states.ESCALATE:
            return []
        alarm.changed = moment
        asks = alarm.state == states.UNACKNOWLEDGED
        cause = alarm.chain[0] if alarm.chain else 0
        change = Transition(
            moment, alarm.key, alarm.priority, before, alarm.state, act, alarm.message or alarm.rule.id,
            alarm.by if act in _BY_HAND else "", alarm.reason if act in _BY_HAND else "", cause, asks, alarm.consequences,
        )  # fmt: skip
        self.journal.append(change)
        if asks:
            self.figures.annunciated(moment.steady_s, alarm.key)
        return [change]

    def _let_go(self) -> None:
        """Forgets what is normal again."""
        for key in [key for key, alarm in self._alarms.items() if alarm.state == states.NORMAL and not alarm.active]:
            del self._alarms[key]

    def _existing(self, key: Key) -> Alarm:
        alarm = self._alarms.get(key)
        if alarm is None:
            names = [name_of(each) for each in self._alarms]
            raise AlarmError(
                f"there is no alarm {name_of(key)!r} now",
                nearest(name_of(key), names) or "`winter-river alarms` lists them",
            )
        return alarm

    def _or_new(self, key: Key, moment: Moment) -> Alarm:
        """An alarm of a known rule, also one that is normal: it can be put aside before it comes."""
        rule = self.rules.get(key[0])
        if rule is None:
            raise AlarmError(f"there is no rule {key[0]!r}", nearest(key[0], self.rules))
        if rule.gauge and key not in self._alarms and key[1]:
            raise AlarmError(f"there is no alarm {name_of(key)!r} now", "")
        if not rule.gauge and key[1] not in self._types:
            raise AlarmError(f"there is no node {key[1]!r}", nearest(key[1], self._types))
        if key not in self._alarms:
            self._alarms[key] = Alarm(rule, key[1], moment, moment, priority=rule.priority)
        return self._alarms[key]

    def _must_be(self, alarm: Alarm, act: str, done: str) -> None:
        if states.after(alarm.state, act, active=alarm.active) == alarm.state:
            self._let_go()
            raise AlarmError(f"{alarm.name} is {alarm.state.replace('_', ' ')}: it cannot be {done}")


_ASIDE = (states.SHELVED, states.OUT_OF_SERVICE)
_BY_HAND = (states.ACKNOWLEDGE, states.SHELVE, states.UNSHELVE, states.REMOVE, states.BRING_BACK)
_PLACES = (
    states.UNACKNOWLEDGED,
    states.RETURNED,
    states.ACKNOWLEDGED,
    states.SUPPRESSED,
    states.SHELVED,
    states.OUT_OF_SERVICE,
)


def _place(state: str) -> int:
    return _PLACES.index(state)


def _reason(text: str) -> str:
    text = "".join(letter for letter in text if letter.isprintable()).strip()[:REASON_LENGTH_MAX]
    if not text:
        raise AlarmError("there is no reason", "say why, for those who come after you")
    return text
