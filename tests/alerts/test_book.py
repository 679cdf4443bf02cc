"""What a person does to alarms, and what becomes of them in time."""

import pytest
from winter_river.alerts.book import JOURNAL_MAX, AlarmError
from winter_river.alerts.telling import is_told, transition_line

KEY = ("low", "ups_a")


@pytest.fixture
def site(bench, rule):
    """The battery of ups_a is low."""
    made = bench(rule("low", "soc_pct < 20", types="ups"))
    made.views["ups_a"]["soc_pct"] = 10.0
    made.at(0)
    return made


def mend(site, t_s):
    site.views["ups_a"]["soc_pct"] = 90.0
    return site.at(t_s)


def test_acknowledged_alarm_is_normal_when_its_condition_goes(site):
    (change,) = site.book.acknowledge(KEY, site.moment, by="operator: Ann")
    assert (change.before, change.after, change.by) == ("unacknowledged", "acknowledged", "operator: Ann")
    mend(site, 1)
    assert site.states() == {}


def test_alarm_that_returns_unseen_waits_to_be_acknowledged(site):
    mend(site, 1)
    assert site.states() == {"low/ups_a": "returned"}
    site.book.acknowledge(KEY, site.moment)
    assert site.states() == {}


def test_alarm_is_acknowledged_once(site):
    site.book.acknowledge(KEY, site.moment)
    with pytest.raises(AlarmError, match="low/ups_a is acknowledged: nothing to acknowledge"):
        site.book.acknowledge(KEY, site.moment)


def test_unknown_alarm_is_refused_with_the_nearest(site):
    with pytest.raises(AlarmError) as refused:
        site.book.acknowledge(("low", "ups_b"), site.moment)
    assert refused.value.hint == "did you mean `low/ups_a`?"


def test_shelved_alarm_comes_back_unacknowledged_when_its_time_is_over(site):
    site.book.shelve(KEY, site.moment, seconds=600.0, reason="battery is being exchanged", by="operator: Ann")
    alarm = site.book.get(KEY)
    assert (alarm.state, alarm.reason, alarm.by, alarm.until_s) == (
        "shelved",
        "battery is being exchanged",
        "operator: Ann",
        600.0,
    )
    assert not site.at(599.9)
    (change,) = site.at(600)
    assert (change.before, change.after, change.annunciated) == ("shelved", "unacknowledged", True)


def test_shelved_alarm_whose_condition_went_comes_back_normal(site):
    site.book.shelve(KEY, site.moment, seconds=600.0, reason="work")
    mend(site, 10)
    site.at(600)
    assert site.states() == {}


def test_alarm_can_be_shelved_before_it_comes(bench, rule):
    site = bench(rule("low", "soc_pct < 20", types="ups"))
    site.at(0)
    site.book.shelve(KEY, site.moment, seconds=600.0, reason="test of the battery")
    site.views["ups_a"]["soc_pct"] = 10.0
    assert not [change for change in site.at(1) if change.annunciated]
    assert site.states() == {"low/ups_a": "shelved"}


@pytest.mark.parametrize("seconds", [0.0, -1.0, 86_401.0, float("nan")])
def test_shelving_has_a_limit(site, seconds):
    with pytest.raises(AlarmError, match="more than 0 to 86400 s"):
        site.book.shelve(KEY, site.moment, seconds=seconds, reason="work")


@pytest.mark.parametrize("reason", ["", "  ", "\x1b\n"])
def test_nothing_is_put_aside_without_a_reason(site, reason):
    for put_aside in (
        lambda: site.book.shelve(KEY, site.moment, seconds=60.0, reason=reason),
        lambda: site.book.remove(KEY, site.moment, reason=reason),
    ):
        with pytest.raises(AlarmError, match="there is no reason"):
            put_aside()
    assert site.states() == {"low/ups_a": "unacknowledged"}


def test_out_of_service_lasts_until_somebody_brings_it_back(site):
    site.book.remove(KEY, site.moment, reason="the sensor is broken", by="instructor")
    site.at(1_000_000)
    assert site.states() == {"low/ups_a": "out_of_service"}
    site.book.bring_back(KEY, site.moment, by="instructor")
    assert site.states() == {"low/ups_a": "unacknowledged"}


def test_each_time_it_comes_is_counted(site):
    for t_s in (1, 3, 5):
        mend(site, t_s)
        site.views["ups_a"]["soc_pct"] = 10.0
        site.at(t_s + 1)
    assert site.book.get(KEY).count == 4


def test_going_back_in_time_undoes_what_came_later(bench, rule):
    site = bench(rule("low", "soc_pct < 20", types="ups"), rule("lost", "state = OUTAGE", types="utility"))
    site.views["util_a"]["state"] = "OUTAGE"
    site.at(10)
    site.book.acknowledge(("lost", "util_a"), site.moment)
    site.views["ups_a"]["soc_pct"] = 10.0
    site.at(50)
    site.t_s = 30.0
    (change,) = site.book.back_to(site.moment)
    assert (change.key, change.after, change.act) == (KEY, "normal", "back")
    assert site.states() == {"lost/util_a": "acknowledged"}
    site.at(31)
    assert site.book.get(KEY).began.t_s == 31, "its condition still holds, so it comes anew"


def test_journal_is_bounded(site):
    for t_s in range(1, JOURNAL_MAX + 10):
        site.views["ups_a"]["soc_pct"] = 90.0 if t_s % 2 else 10.0
        site.at(t_s)
    assert len(site.book.journal) == JOURNAL_MAX


def test_flood_begins_above_ten_in_ten_minutes_and_ends_below_five(bench, rule):
    """ANSI/ISA-18.2-2016, clause 16: more than 10 alarms in 10 minutes; over when below 5 in 10 minutes."""
    site = bench(rule("low", "soc_pct < 20", types="ups"))
    flood = []
    for t_s in range(24):
        site.views["ups_a"]["soc_pct"] = 10.0 if t_s % 2 == 0 else 90.0
        site.at(t_s)
        flood.append(site.book.figures.flood)
    assert flood.index(True) == 20, "the eleventh alarm comes at 20 s"
    assert site.book.figures.told(24.0)["rate_10min"] == 12
    assert site.book.figures.told(613.9)["flood"] is True  # those at 14, 16, 18, 20 and 22 s are left: five
    assert site.book.figures.told(614.0)["rate_10min"] == 4
    assert site.book.figures.told(614.0)["flood"] is False


def test_all_of_a_node_are_acknowledged_at_once_with_those_it_follows_from(bench, rule):
    site = bench(rule("lost", "state = OUTAGE", types="utility"), rule("dark", "state = FAULT", types="server"))
    site.event(2, "util_a")
    site.event(3, "rack_1", cause=2)
    site.views["util_a"]["state"], site.views["rack_1"]["state"] = "OUTAGE", "FAULT"
    site.at(0)
    changes = site.book.acknowledge_all(site.moment, node_id="rack_1")
    assert [change.key for change in changes] == [("lost", "util_a")]


def test_everybody_is_told_of_the_end_of_a_shelf_also_when_nothing_is_the_matter(site):
    site.book.shelve(KEY, site.moment, seconds=600.0, reason="work", by="ann")
    mend(site, 10)
    (by_time,) = site.at(600)
    assert is_told(by_time)
    assert transition_line(by_time) == "alarm unshelved: its time is over, normal: ups_a: low [low/ups_a]"
    site.book.remove(KEY, site.moment, reason="its sensor is broken", by="ann")
    (by_hand,) = site.book.bring_back(KEY, site.moment, by="ann")
    assert is_told(by_hand)
    assert transition_line(by_hand) == "alarm in service again by ann, normal: low [low/ups_a]"
