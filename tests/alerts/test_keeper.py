"""What the keeper knows of a collapse lasts as long as the collapse, whatever becomes of the log. A site of numbers only."""

import contextlib
from collections import deque

import pytest
from hurried import Hurried
from winter_river.alerts.keeper import EVENTS_MAX, AlarmKeeper
from winter_river.alerts.rules import built_in
from winter_river.engine import Event
from winter_river.facility import parse_facility

SITE = """
facility: one-rack
nodes:
  grid: {type: utility, voltage_v: 480}
  feeder: {type: distribution, from: grid, rated_a: 100}
  rack: {type: server, from: feeder, load_kw: 4, load_kw_max: 5, rated_a: 100}
"""
COLLAPSED = ("voltage_collapsed", "grid")


class Site:
    """A LiveSite: its log holds as many events as a real one's."""

    def __init__(self):
        self.facility, self.t_s, self.timeline = parse_facility(SITE), 0.0, 1
        self.log = deque(maxlen=EVENTS_MAX)
        self.next_id = 1
        self.states = {"grid": "GRID_OK", "feeder": "NORMAL", "rack": "NORMAL"}

    @property
    def views(self):
        return {node_id: {"status": "ok", "state": state} for node_id, state in self.states.items()}

    def moment(self):
        return contextlib.nullcontext()

    def sight(self):
        return self

    def facts(self):
        return {node_id: {"presence": "online"} for node_id in self.states}

    def events(self, since_id=0):
        return [event for event in self.log if event.id > since_id]

    def tell(self, node_id, word, from_="", to="", *, cause=0):
        self.log.append(Event(self.next_id, self.t_s, node_id, word, from_, to, cause))
        self.next_id += 1


@pytest.fixture
def site():
    return Site()


@pytest.fixture
def keeper(site):
    """Of a site that has collapsed, and has had more events since than the log holds."""
    made = AlarmKeeper(site, built_in(), steady=lambda: site.t_s, unix=lambda: 1_700_000_000.0 + site.t_s)
    made.look()
    site.t_s = 1.0
    site.tell("grid", "collapsed", "feeder", "rack")
    site.tell("rack", "state", "NORMAL", "FAULT", cause=1)
    site.states["rack"] = "FAULT"
    made.look()
    for part in range(11):
        site.t_s += 10.0
        for _ in range(EVENTS_MAX // 10):
            site.tell("feeder", "tap", "+1", "+2")
        made.look()
    assert site.log[0].id > 2
    return made


def standing(keeper):
    return {alarm.key: alarm.state for alarm in keeper.alarms}


def test_a_collapse_whose_event_has_left_the_log_stands_until_it_is_over(site, keeper):
    assert standing(keeper) == {COLLAPSED: "unacknowledged", ("rack_dark", "rack"): "suppressed"}
    keeper.acknowledge(COLLAPSED, by="Ann")
    site.states["rack"] = "NORMAL"
    site.tell("grid", "collapse_over")
    for _ in range(200):
        site.t_s += 1.0
        keeper.look()
    assert standing(keeper) == {}


def test_other_rules_take_over_what_is_known_of_it(site, keeper):
    keeper.judge_by(built_in())
    for _ in range(100):
        site.t_s += 1.0
        keeper.look()
    assert standing(keeper)[COLLAPSED] == "unacknowledged"


def test_time_that_is_taken_back_to_before_the_collapse_undoes_it(site, keeper):
    site.t_s, site.timeline, site.next_id = 0.5, 2, 1
    site.log.clear()
    site.states["rack"] = "NORMAL"
    keeper.look()
    assert standing(keeper) == {}
    site.t_s = 5.0
    site.tell("grid", "collapsed", "feeder", "rack")
    keeper.look()
    assert standing(keeper) == {COLLAPSED: "unacknowledged"}


def test_an_alarm_that_is_acknowledged_as_soon_as_it_stands_is_told_first_and_acknowledged_then(site):
    keeper = AlarmKeeper(site, built_in(), steady=lambda: site.t_s, unix=lambda: 1_700_000_000.0 + site.t_s)
    told = []
    keeper.listen(lambda changes: told.extend(each.act for each in changes if each.key == COLLAPSED))
    keeper.look()
    site.t_s = 1.0
    site.tell("grid", "collapsed", "feeder", "rack")
    keeper._lock = Hurried(keeper._lock, lambda: keeper.acknowledge(COLLAPSED, by="Ann"))
    keeper.look()
    assert told == ["raise", "acknowledge"]
