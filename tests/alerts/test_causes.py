"""One alarm for each cause: consequences stand under it, are counted, and stand alone when it has gone."""

LOST_KEY = ("lost", "util_a")
RULES = {
    "lost": ("state = OUTAGE", {"types": "utility"}),
    "battery": ("state = ON_BATTERY", {"types": "ups", "priority": "medium"}),
    "low": ("soc_pct < 20", {"types": "ups"}),
    "dark": ("state = FAULT", {"types": "server", "priority": "critical"}),
}


def outage(bench, rule, *names):
    """A site that has just lost its utility: the UPS carries the racks."""
    site = bench(*(rule(name, RULES[name][0], **RULES[name][1]) for name in names))
    site.at(0)
    site.event(1, "util_a", kind="fault")
    site.event(2, "util_a", cause=1)
    site.event(3, "ups_a", cause=2)
    site.views["util_a"]["state"], site.views["ups_a"]["state"] = "OUTAGE", "ON_BATTERY"
    return site


def test_consequence_stands_under_its_cause_and_asks_nobody(bench, rule):
    site = outage(bench, rule, "lost", "battery")
    changes = site.at(1)
    assert [change.key for change in changes if change.annunciated] == [("lost", "util_a")]
    assert site.states() == {"lost/util_a": "unacknowledged", "battery/ups_a": "suppressed"}
    assert site.book.get(("battery", "ups_a")).root == ("lost", "util_a")
    assert site.book.get(("lost", "util_a")).consequences == 1


def test_order_of_the_rules_does_not_decide_who_is_the_cause(bench, rule):
    site = outage(bench, rule, "battery", "lost")
    site.at(1)
    assert site.states() == {"lost/util_a": "unacknowledged", "battery/ups_a": "suppressed"}


def test_consequence_of_a_consequence_belongs_to_the_first_of_all(bench, rule):
    site = outage(bench, rule, "lost", "battery", "dark")
    site.at(1)
    site.event(4, "ups_a", cause=3, kind="battery_empty")
    site.event(5, "rack_1", cause=4)
    site.views["rack_1"]["state"] = "FAULT"
    site.at(2)
    assert site.book.get(("dark", "rack_1")).root == ("lost", "util_a")
    assert site.book.get(("lost", "util_a")).consequences == 2


def test_alarm_asks_again_when_its_consequences_are_worse_than_what_was_acknowledged(bench, rule):
    site = outage(bench, rule, "lost", "dark")
    site.at(1)
    site.book.acknowledge(("lost", "util_a"), site.moment)
    site.event(4, "rack_1", cause=3)
    site.views["rack_1"]["state"] = "FAULT"
    changes = site.at(2)
    assert [(change.key[0], change.priority, change.act) for change in changes if change.annunciated] == [
        ("lost", "critical", "escalate")
    ]
    assert site.states()["lost/util_a"] == "unacknowledged"
    site.book.acknowledge(("lost", "util_a"), site.moment)
    site.event(5, "rack_2", cause=3)
    site.views["rack_2"]["state"] = "FAULT"
    assert not [change for change in site.at(3) if change.annunciated], (
        "as bad as was acknowledged: nobody is asked twice"
    )


def test_symptom_that_remains_when_its_cause_has_gone_stands_alone(bench, rule):
    site = outage(bench, rule, "lost", "low")
    site.views["ups_a"]["soc_pct"] = 15.0
    site.at(1)
    site.views["util_a"]["state"] = "GRID_OK"
    (gone, alone) = site.at(2)
    assert (gone.key, gone.after) == (("lost", "util_a"), "returned")
    assert (alone.key, alone.before, alone.after, alone.annunciated) == (
        ("low", "ups_a"),
        "suppressed",
        "unacknowledged",
        True,
    )


def test_lesser_symptom_is_given_a_minute_to_end_with_its_cause(bench, rule):
    site = outage(bench, rule, "lost", "battery")
    site.at(1)
    site.views["util_a"]["state"] = "GRID_OK"
    site.at(2)
    site.at(61)
    assert site.states()["battery/ups_a"] == "suppressed"
    assert [change.key[0] for change in site.at(62)] == ["battery"]
    assert site.states()["battery/ups_a"] == "unacknowledged"


def test_symptom_whose_own_condition_is_over_never_stands_alone(bench, rule):
    site = bench(rule("lost", "state = OUTAGE", types="utility"), rule("low", "soc_pct < 20", types="ups", off_s=10.0))
    site.event(2, "util_a")
    site.event(3, "ups_a", cause=2)
    site.views["util_a"]["state"], site.views["ups_a"]["soc_pct"] = "OUTAGE", 10.0
    site.at(1)
    site.views["util_a"]["state"], site.views["ups_a"]["soc_pct"] = "GRID_OK", 50.0
    asked = [change for t_s in range(2, 15) for change in site.at(t_s) if change.annunciated]
    assert not asked
    assert site.states() == {"lost/util_a": "returned"}


def test_equipment_that_was_called_upon_and_failed_stands_alone(bench, rule):
    site = bench(
        rule("lost", "state = OUTAGE", types="utility"), rule("ups_failed", "state = FAULT", types="ups", stands=True)
    )
    site.event(2, "util_a")
    site.event(3, "ups_a", cause=2)
    site.views["util_a"]["state"], site.views["ups_a"]["state"] = "OUTAGE", "FAULT"
    site.at(1)
    assert site.states() == {"lost/util_a": "unacknowledged", "ups_failed/ups_a": "unacknowledged"}


def test_two_alarms_of_one_node_and_event_are_one(bench, rule):
    site = bench(
        rule("battery", "state = ON_BATTERY", types="ups", priority="medium"), rule("low", "soc_pct < 20", types="ups")
    )
    site.event(3, "ups_a", kind="state")
    site.views["ups_a"] |= {"state": "ON_BATTERY", "soc_pct": 50.0}
    site.at(1)
    assert site.states() == {"battery/ups_a": "unacknowledged"}
    site.views["ups_a"]["soc_pct"] = 10.0
    site.at(2)
    assert site.states() == {"low/ups_a": "unacknowledged", "battery/ups_a": "suppressed"}


def test_unrelated_alarms_stand_side_by_side(bench, rule):
    site = outage(bench, rule, "lost", "dark")
    site.event(9, "rack_2", cause=0)
    site.views["rack_2"]["state"] = "FAULT"
    site.at(1)
    assert site.states() == {"lost/util_a": "unacknowledged", "dark/rack_2": "unacknowledged"}


def test_rule_may_name_whose_consequence_it_is(bench, rule):
    gauges = ("bus_connected",)
    site = bench(
        rule("bus", "bus_connected < 1", gauges=gauges),
        rule("gone", "presence = offline", under=("bus",), clock="steady"),
    )
    site.facts["rack_1"]["presence"] = site.facts["rack_2"]["presence"] = "offline"
    site.gauges["bus_connected"] = 0
    site.at(0)
    assert site.states() == {"bus": "unacknowledged", "gone/rack_1": "suppressed", "gone/rack_2": "suppressed"}


def test_of_several_that_come_together_the_first_stands_for_all(bench, rule):
    site = bench(rule("gone", "presence = offline", gathers_s=10.0, clock="steady"))
    for t_s, node_id in ((0, "rack_1"), (4, "rack_2"), (30, "ups_a")):
        site.facts[node_id]["presence"] = "offline"
        site.at(t_s)
    assert site.states() == {
        "gone/rack_1": "unacknowledged",
        "gone/rack_2": "suppressed",
        "gone/ups_a": "unacknowledged",
    }


def test_causes_that_go_in_a_circle_stand_each_for_itself(bench, rule):
    site = bench(
        rule("one", "bus_connected < 1", gauges=("bus_connected",), under=("other",)),
        rule("other", "bus_connected < 1", gauges=("bus_connected",), under=("one",)),
    )
    site.gauges["bus_connected"] = 0
    site.at(0)
    assert site.states() == {"one": "unacknowledged", "other": "unacknowledged"}


def shelved(bench, rule, *names, priority="high"):
    """The outage, its cause shelved for ten minutes."""
    site = outage(bench, rule, *names)
    site.at(1)
    site.book.shelve(LOST_KEY, site.moment, seconds=600.0, reason="work on the line")
    return site


def go_dark(site, node_id, event_id, t_s):
    site.event(event_id, node_id, cause=3)
    site.views[node_id]["state"] = "FAULT"
    return [change for change in site.at(t_s) if change.annunciated]


def test_shelved_cause_keeps_its_consequences_and_asks_nobody(bench, rule):
    site = outage(bench, rule, "lost", "low", "battery")
    site.at(1)
    site.book.shelve(LOST_KEY, site.moment, seconds=600.0, reason="work on the line")
    assert not site.at(2)
    site.views["ups_a"]["soc_pct"] = 15.0  # comes while the shelf is there
    assert not [change for change in site.at(3) if change.annunciated]
    assert site.states() == {
        "lost/util_a": "shelved",
        "low/ups_a": "suppressed",
        "battery/ups_a": "suppressed",
    }
    assert site.book.get(("low", "ups_a")).root == LOST_KEY
    assert site.book.get(LOST_KEY).consequences == 2


def test_end_of_a_shelf_is_one_alarm_for_all_that_follows(bench, rule):
    site = shelved(bench, rule, "lost", "battery")
    assert [change.key for change in site.at(601) if change.annunciated] == [LOST_KEY]
    assert site.states() == {"lost/util_a": "unacknowledged", "battery/ups_a": "suppressed"}


def test_symptom_comes_out_when_its_shelved_cause_has_gone(bench, rule):
    site = shelved(bench, rule, "lost", "low")
    site.views["ups_a"]["soc_pct"] = 15.0
    site.at(2)
    site.views["util_a"]["state"] = "GRID_OK"
    assert [change.key for change in site.at(3) if change.annunciated] == [("low", "ups_a")]
    assert site.states() == {"lost/util_a": "shelved", "low/ups_a": "unacknowledged"}


def test_shelf_ends_once_for_all_when_load_goes_dark_under_it(bench, rule):
    site = shelved(bench, rule, "lost", "battery", "dark")
    (change,) = go_dark(site, "rack_1", 4, t_s=2)
    assert (change.key, change.before, change.after, change.priority, change.act) == (
        LOST_KEY,
        "shelved",
        "unacknowledged",
        "critical",
        "escalate",
    )
    assert not go_dark(site, "rack_2", 5, t_s=3), "they are one alarm"
    assert site.states()["dark/rack_2"] == "suppressed"


def test_shelf_put_over_a_dark_rack_holds_until_another_goes_dark(bench, rule):
    site = outage(bench, rule, "lost", "dark")
    site.at(1)
    go_dark(site, "rack_1", 4, t_s=2)
    site.book.shelve(LOST_KEY, site.moment, seconds=600.0, reason="rack 1 is empty")
    assert not site.at(3)
    (change,) = go_dark(site, "rack_2", 5, t_s=4)
    assert (change.key, change.act) == (LOST_KEY, "escalate")


def test_shelved_alarm_does_not_hide_what_only_came_with_it(bench, rule):
    """One board is being exchanged, its alarm shelved; a second goes within the same seconds by itself."""
    site = bench(rule("gone", "presence = offline", gathers_s=10.0, clock="steady"))
    site.at(0)
    site.book.shelve(("gone", "ups_a"), site.moment, seconds=600.0, reason="its board is exchanged")
    for node_id in ("rack_1", "rack_2", "ups_a"):
        site.facts[node_id]["presence"] = "offline"
    site.at(1)
    assert site.states() == {"gone/ups_a": "shelved", "gone/rack_1": "unacknowledged", "gone/rack_2": "suppressed"}


def test_what_stood_under_an_alarm_when_it_was_shelved_stays_there(bench, rule):
    site = bench(rule("gone", "presence = offline", gathers_s=10.0, clock="steady"))
    site.facts["rack_1"]["presence"] = site.facts["rack_2"]["presence"] = "offline"
    site.at(0)
    site.book.shelve(("gone", "rack_1"), site.moment, seconds=600.0, reason="their row is moved")
    site.at(1)
    assert site.states() == {"gone/rack_1": "shelved", "gone/rack_2": "suppressed"}


def test_shelved_consequence_goes_back_under_its_cause_without_asking(bench, rule):
    site = outage(bench, rule, "lost", "battery")
    site.at(1)
    site.book.shelve(("battery", "ups_a"), site.moment, seconds=600.0, reason="its battery is tested")
    site.at(2)
    assert not [change for change in site.at(601) if change.annunciated]
    assert site.states() == {"lost/util_a": "unacknowledged", "battery/ups_a": "suppressed"}


def test_alarm_out_of_service_stands_for_nothing_but_itself(bench, rule):
    site = outage(bench, rule, "lost", "battery", "low")
    site.views["ups_a"]["soc_pct"] = 15.0
    site.at(1)
    site.book.remove(LOST_KEY, site.moment, reason="its meter is broken")
    site.at(2)
    assert site.states() == {
        "lost/util_a": "out_of_service",
        "low/ups_a": "unacknowledged",
        "battery/ups_a": "suppressed",
    }
