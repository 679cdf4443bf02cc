"""The built-in rules on the real engine: what a night watch would be told, worked out from what was broken."""

import re
from importlib import resources

import pytest
from winter_river.alerts.conditions import fields_of
from winter_river.alerts.model import PRIORITIES
from winter_river.alerts.rules import GAUGES, built_in
from winter_river.alerts.wording import NODE, PLACE, SUBJECT
from winter_river.facility import library
from winter_wire import schema

from .watch import Watch

RULES = {rule.id: rule for rule in built_in()}


def test_site_at_rest_has_no_alarm():
    for name in library():
        assert Watch(name).advance(30) == [], name


def test_lost_utility_is_one_alarm_and_its_return_none():
    watch = Watch()
    watch.break_("utility_a", "outage")
    assert watch.advance(60) == [("utility_lost", "utility_a")]
    assert watch.book.get(("utility_lost", "utility_a")).consequences == 1  # generator_on; the UPS is charging again
    watch.book.acknowledge(("utility_lost", "utility_a"), watch.moment)
    watch.mend("utility_a")
    assert watch.advance(180) == []
    assert watch.book.alarms == []


def test_generator_that_fails_is_an_alarm_of_its_own_and_dark_racks_make_the_first_one_worse():
    watch = Watch()
    watch.break_("generator_a", "fail_to_start")
    watch.break_("utility_a", "outage")
    asked = watch.advance(300)
    assert [key for key in asked if key[0] != "inlet_hot"] == [
        ("utility_lost", "utility_a"),
        ("generator_failed", "generator_a"),
        ("utility_lost", "utility_a"),  # again: it is critical now, four racks are dark
    ]
    standing = {alarm.name for alarm in watch.book.alarms if alarm.state == "unacknowledged"}
    assert standing == {"utility_lost/utility_a", "generator_failed/generator_a"}
    assert watch.book.get(("utility_lost", "utility_a")).priority == "critical"
    dark = [alarm for alarm in watch.book.alarms if alarm.rule.id == "rack_dark"]
    assert len(dark) == 4
    assert {alarm.root for alarm in dark} == {("utility_lost", "utility_a")}


def test_tripped_breaker_stands_for_all_that_is_dead_below_it():
    watch = Watch()
    watch.break_("lv_switchgear_b", "nuisance_trip")
    asked = watch.advance(30)
    assert asked[0] == ("breaker_tripped", "lv_switchgear_b")
    assert {key for key in asked} <= {("breaker_tripped", "lv_switchgear_b"), ("generator_failed", "generator_b")}
    assert watch.book.get(("on_battery", "ups_b")).root == ("breaker_tripped", "lv_switchgear_b")


def test_node_that_is_taken_away_is_told_at_once_and_again_after_two_minutes():
    watch = Watch()
    watch.sim.remove("utility_b")
    assert watch.advance(100) == [("node_silent", "utility_b")]
    assert watch.advance(100) == [("node_down", "utility_b")]
    assert watch.book.get(("node_silent", "utility_b")).root == ("node_down", "utility_b")


@pytest.mark.parametrize(("age_pct", "asked"), [(19, []), (21, [("battery_worn", "ups_a")])])
def test_a_battery_that_has_lost_a_fifth_of_its_capacity_is_an_alarm(tmp_path, age_pct, asked):
    text = (resources.files("winter_river.facility") / "library" / "seed-8.yaml").read_text()
    path = tmp_path / "worn.yaml"
    path.write_text(text.replace("    battery_kwh:", f"    battery_age_pct: {age_pct}\n    battery_kwh:"))
    watch = Watch(str(path))
    assert watch.advance(4) == []
    assert watch.advance(26) == asked
    if asked:
        alarm = watch.book.get(asked[0])
        assert (alarm.priority, alarm.message) == ("medium", "the battery of ups_a holds 79 % of what a new one does")


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_rule_names_what_there_is(rule):
    assert rule.priority in PRIORITIES
    assert rule.cure
    known = set(GAUGES) if rule.gauge else {*fields_of(rule.types), NODE}
    assert set(PLACE.findall(rule.message)) <= known | {SUBJECT}
    assert set(rule.types) <= set(schema.TYPES)
    assert set(rule.under) <= set(RULES)
    assert re.fullmatch(r"[a-z][a-z0-9_]{2,31}", rule.id)


# What was asked for: (rule, what it is judged by, the condition, hold in s).
PROMISED = [
    ("node_down", "presence = offline", 120),
    ("low_battery", "soc_pct < 20", 1),
    ("battery_worn", "health_pct < 80", 5),
    ("store_lag", "store_lag_s > 300", 0),
    ("replication_lag", "replication_lag_s > 300", 0),
    ("write_failures", "store_write_failures_pct > 5", 10),
    ("read_failures", "store_read_failures_pct > 10", 10),
    ("disk_low", "disk_free_pct < 20", 10),
    ("database_silent", "store_silent_s > 60", 0),
    ("certificate_expiry", "certificate_days < 30", 0),
    ("command_pending", "command_pending_s > 60", 0),
    ("audit_incomplete", "unaudited > 0", 0),
    ("generator_long", "state = RUNNING", 1200),
    ("transformer_hot", "hot_spot_c > 120", 5),
    ("inlet_hot", "inlet_c > 32", 10),
]


@pytest.mark.parametrize(("rule_id", "condition", "hold_s"), PROMISED, ids=[row[0] for row in PROMISED])
def test_promised_threshold_is_the_rules(rule_id, condition, hold_s):
    from winter_river.alerts.conditions import text_of

    assert (text_of(RULES[rule_id].when), RULES[rule_id].hold_s) == (condition, hold_s)


def test_every_gauge_is_measured_by_some_part_of_a_run_but_those_of_parts_that_come_later():
    """A rule that nothing measures is no rule: it would say `not judged` in every run."""
    import inspect

    from winter_river.cli import live_alarms
    from winter_river.service import alarms

    measured = inspect.getsource(live_alarms) + inspect.getsource(alarms)
    assert {name for name in GAUGES if f'"{name}"' not in measured} == {"replication_lag_s"}
