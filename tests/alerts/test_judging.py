"""When a condition becomes an alarm, and when it ends: hold time, off time, hysteresis, and what is not judged."""

import pytest

LOW = "soc_pct < 20"


def test_alarm_comes_once_its_condition_has_held_for_its_time(bench, rule):
    site = bench(rule("low", LOW, types="ups", hold_s=5.0))
    site.views["ups_a"]["soc_pct"] = 19.0
    assert not site.at(0)
    assert not site.at(4.9)
    (change,) = site.at(5)
    assert (change.key, change.after, change.annunciated) == (("low", "ups_a"), "unacknowledged", True)
    assert change.message == "ups_a: low"


def test_condition_that_breaks_off_begins_its_hold_time_anew(bench, rule):
    site = bench(rule("low", LOW, types="ups", hold_s=5.0))
    for t_s, soc_pct in ((0, 19.0), (4, 21.0), (5, 19.0), (9, 19.0)):
        site.views["ups_a"]["soc_pct"] = soc_pct
        assert not site.at(t_s), t_s
    assert site.at(10)


def test_hysteresis_keeps_the_alarm_between_its_two_limits(bench, rule):
    site = bench(rule("low", LOW, until="soc_pct > 25", types="ups"))
    seen = []
    for t_s, soc_pct in enumerate((19.0, 21.0, 25.0, 19.5, 25.1)):
        site.views["ups_a"]["soc_pct"] = soc_pct
        site.at(t_s)
        seen.append(site.states().get("low/ups_a"))
    assert seen == ["unacknowledged"] * 4 + ["returned"]


def test_alarm_ends_only_when_its_condition_was_gone_for_its_off_time(bench, rule):
    site = bench(rule("low", LOW, types="ups", off_s=10.0))
    for t_s, soc_pct in ((0, 19.0), (1, 30.0), (5, 19.0), (6, 30.0), (15, 30.0)):
        site.views["ups_a"]["soc_pct"] = soc_pct
        site.at(t_s)
        assert site.states() == {"low/ups_a": "unacknowledged"}, t_s
    site.at(16)
    assert site.states() == {"low/ups_a": "returned"}


def test_chattering_condition_makes_one_alarm_with_an_off_time_and_ten_without(bench, rule):
    steady, nervous = bench(rule("low", LOW, types="ups", off_s=3.0)), bench(rule("low", LOW, types="ups"))
    for t_s in range(20):
        for site in (steady, nervous):
            site.views["ups_a"]["soc_pct"] = 19.0 if t_s % 2 == 0 else 21.0
            site.at(t_s)
    assert steady.book.get(("low", "ups_a")).count == 1
    assert nervous.book.get(("low", "ups_a")).count == 10
    assert nervous.book.figures.told(19.0)["chattering"] == ["low/ups_a"]


def test_site_rules_stand_still_with_the_engine_and_others_do_not(bench, rule):
    site = bench(
        rule("low", LOW, types="ups", hold_s=5.0), rule("gone", "presence = offline", hold_s=5.0, clock="steady")
    )
    site.views["ups_a"]["soc_pct"] = 10.0
    site.facts["rack_1"]["presence"] = "offline"
    site.at(0, steady_s=0)
    assert [change.key[0] for change in site.at(0, steady_s=60)] == ["gone"]
    assert [change.key[0] for change in site.at(5, steady_s=61)] == ["low"]


def test_missing_gauge_raises_nothing_clears_nothing_and_says_so(bench, rule):
    site = bench(rule("lag", "store_lag_s > 300", gauges=("store_lag_s",)))
    assert not site.at(0)
    assert site.book.unjudged == {"lag": "there is no store_lag_s here"}
    site.gauges["store_lag_s"] = 301.0
    assert site.at(1)
    assert site.book.unjudged == {}
    site.gauges["store_lag_s"] = None
    assert not site.at(2)
    assert site.states() == {"lag": "unacknowledged"}
    assert "lag" in site.book.unjudged


def test_gauge_of_several_subjects_makes_an_alarm_for_each_and_ends_with_its_subject(bench, rule):
    site = bench(
        rule(
            "cert", "certificate_days < 30", gauges=("certificate_days",), message="{subject}: {certificate_days} left"
        )
    )
    site.gauges["certificate_days"] = {"broker": 12.0, "ups_a": 29.0, "rack_1": 80.0}
    assert [change.message for change in site.at(0)] == ["broker: 12 days left", "ups_a: 29 days left"]
    del site.gauges["certificate_days"]["ups_a"]
    site.at(1)
    assert site.states() == {"cert/broker": "unacknowledged", "cert/ups_a": "returned"}


def test_nothing_is_measured_of_a_node_that_is_not_there(bench, rule):
    site = bench(rule("low", LOW, types="ups"))
    site.views["ups_a"] = {"status": "offline", "soc_pct": 0.0}
    assert not site.at(0)


def test_without_facts_presence_is_not_judged(bench, rule):
    site = bench(rule("gone", "presence = offline"))
    site.facts = {}
    assert not site.at(0)
    assert "gone" in site.book.unjudged


@pytest.mark.parametrize("value", [None, "19", True, float("nan")])
def test_what_is_no_number_meets_no_limit(bench, rule, value):
    site = bench(rule("low", LOW, types="ups"))
    site.views["ups_a"]["soc_pct"] = value
    assert not site.at(0)
