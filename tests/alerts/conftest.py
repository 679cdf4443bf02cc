"""A small table of rules and a site that is only numbers, so that every expected value can be worked out by hand."""

import pytest
from winter_river.alerts.book import AlarmBook
from winter_river.alerts.conditions import FACTS, parse
from winter_river.alerts.model import Moment, Rule, Seen
from winter_river.engine import Event

TYPES = {"util_a": "utility", "ups_a": "ups", "rack_1": "server", "rack_2": "server"}


def rule(id_, when, *, until="", types="", gauges=None, **more):
    """A rule of a few words. types: names with spaces between."""
    names = tuple(types.split())
    gauge = gauges is not None
    alternatives = parse(when, types=names, gauges=gauges)
    end = parse(until, types=names, gauges=gauges) if until else ()
    more = {"priority": "high", "message": "{node}: " + id_, "cure": "mend it"} | more
    return Rule(id_, when=alternatives, until=end, types=names, gauge=gauge, **more)


class Bench:
    """A book and what it is shown; at(t) steps it. Both clocks run alike unless steady_s is given."""

    def __init__(self, *rules, types=TYPES):
        self.book = AlarmBook(rules, types, facts=tuple(FACTS))
        self.views = {node_id: {"status": "ok", "state": ""} for node_id in types}
        self.facts = {node_id: {"presence": "online", "silent_s": 0.0, "boot_returns": 0} for node_id in types}
        self.gauges, self.events = {}, {}
        self.t_s = 0.0

    def event(self, id_, node_id, *, cause=0, kind="state"):
        self.events[id_] = Event(id_, self.t_s, node_id, kind, "", "", cause)

    def at(self, t_s, *, steady_s=None):
        self.t_s = t_s
        moment = Moment(t_s if steady_s is None else steady_s, t_s, 1_700_000_000.0 + t_s)
        return self.book.step(Seen(moment, self.views, self.facts, self.gauges, self.events))

    @property
    def moment(self):
        return Moment(self.t_s, self.t_s, 1_700_000_000.0 + self.t_s)

    def states(self):
        return {alarm.name: alarm.state for alarm in self.book.alarms}


@pytest.fixture(name="rule")
def rule_fixture():
    return rule


@pytest.fixture
def bench():
    return Bench
