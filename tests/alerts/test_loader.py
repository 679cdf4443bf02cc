"""A site's own rules: what a file may say, and every fault of one that is wrong, with its line."""

import json
from pathlib import Path

import pytest
import winter_river.alerts
from ruamel.yaml import YAML
from winter_river.alerts.book import AlarmBook
from winter_river.alerts.json_schema import schema_text
from winter_river.alerts.loader import RulesError, parse_rules
from winter_river.alerts.model import SITE, Moment, Seen
from winter_river.alerts.rules import built_in
from winter_river.facility import load_facility

GOOD = """\
rules: hall-north
facility: block-2n-24
alarms:
  - id: rack_hot
    nodes: server_rack_a*
    when: inlet_c > 27
    until: inlet_c < 26
    hold: 30s
    off: 1m
    priority: medium
    message: "{node} takes in air of {inlet_c}"
    cure: check the fans of its row
    together: 10m
  - id: low_battery
    types: [ups]
    when: soc_pct < 50
    priority: high
  - id: store_behind
    gauge: store_lag_s > 60
    priority: low
    under: database_silent
without: [generator_on]
"""

BAD = """\
rules: hall-north
facility: block-2n-24
alarms:
  - id: rack-hot
    nodes: server_rack_z*
    when: inlet_c > warm
    priority: medium
  - id: two_of_them
    when: soc_pct < 20
    gauge: store_lag_s > 60
    priority: urgent
  - id: odd
    types: ups
    when: inlet > 27
    hold: soon
    priority: low
    message: "{nodee} is odd"
  - id: no_gauge
    gauge: store_lagg_s > 60
    nodes: ups_a
    priority: low
    under: databse_silent
without: generator_onn
"""


def test_file_says_rules_in_full():
    own = parse_rules(GOOD)
    hot, battery, store = own.rules
    assert (hot.nodes, hot.hold_s, hot.off_s, hot.gathers_s, hot.clock) == (
        ("server_rack_a*",),
        30.0,
        60.0,
        600.0,
        "site",
    )
    assert (store.gauge, store.clock, store.under) == (True, "steady", ("database_silent",))
    assert battery.message == "{node}: low battery"


def test_own_rule_takes_the_place_of_a_built_in_one_and_others_are_left_out():
    rules = {rule.id: rule for rule in parse_rules(GOOD).with_built_in()}
    assert len(rules) == len(built_in()) + 2 - 1
    assert "generator_on" not in rules
    assert rules["low_battery"].when[0][0].value == 50.0


def test_own_rule_is_judged_on_its_nodes_alone():
    types = {node.id: node.type for node in load_facility("block-2n-24").nodes.values()}
    book = AlarmBook(parse_rules(GOOD).with_built_in(), types)
    views = {node_id: {"status": "ok", "inlet_c": 28.0} for node_id in types}
    for t_s in (0.0, 30.0):
        book.step(Seen(Moment(t_s, t_s), views))
    assert {alarm.node_id for alarm in book.alarms} == {f"server_rack_a{number}" for number in (1, 2, 3, 4)}


def test_every_fault_is_told_at_once_with_its_line_and_cure():
    with pytest.raises(RulesError) as refused:
        parse_rules(BAD, path="own.yaml")
    told = [str(fault) for fault in refused.value.faults]
    wanted = [
        ("own.yaml:4:", "id `rack-hot` must be small letters"),
        ("own.yaml:5:", "no node is called `server_rack_z*`"),
        ("own.yaml:6:", "when: inlet_c is a number, not `warm`"),
        ("own.yaml:8:", "a rule has `when` (of nodes) or `gauge` (of the service), and not both"),
        ("own.yaml:11:", "unknown priority `urgent`"),
        ("own.yaml:14:", "when: unknown field `inlet`"),
        ("own.yaml:15:", "hold: 'soon' is not a duration"),
        ("own.yaml:17:", "message: nothing is called `{nodee}` (did you mean `node`?)"),
        ("own.yaml:19:", "gauge: unknown gauge `store_lagg_s` (did you mean `store_lag_s`?)"),
        ("own.yaml:20:", "a rule of a gauge has no `nodes`"),
        ("own.yaml:22:", "unknown rule `databse_silent` (did you mean `database_silent`?)"),
        ("own.yaml:23:", "unknown built-in rule `generator_onn` (did you mean `generator_on`?)"),
    ]
    for place, text in wanted:
        assert any(line.startswith(place) and text in line for line in told), (place, text, told)


@pytest.mark.parametrize("text", ["", "rules: x\n", "- a\n", "rules: x\nalarms: {}\n", "rules: x\nalarms: [7]\n"])
def test_what_is_no_file_of_rules_is_refused(text):
    with pytest.raises(RulesError):
        parse_rules(text)


def test_doubled_rule_is_refused():
    twice = "rules: x\nalarms:\n" + 2 * "  - {id: low, when: soc_pct < 20, priority: low}\n"
    with pytest.raises(RulesError, match="the rule `low` is doubled"):
        parse_rules(twice)


def test_the_schema_file_is_up_to_date():
    """To renew it: python -m winter_river.alerts.json_schema > host/winter_river/alerts/rules.schema.json"""
    assert (Path(winter_river.alerts.__file__).parent / "rules.schema.json").read_text() == schema_text()


@pytest.mark.parametrize(("text", "fits"), [(GOOD, True), (BAD, False)])
def test_schema_takes_what_the_loader_takes(text, fits):
    judge = pytest.importorskip("jsonschema_rs")
    assert judge.validator_for(json.loads(schema_text())).is_valid(YAML(typ="safe").load(text)) is fits


def test_a_rule_may_look_at_the_flow_behind_a_source():
    text = "rules: x\nalarms:\n  - {id: weak, when: flow = collapsed, priority: low, types: generator, message: '{gives_way} gives way'}\n"
    rule = parse_rules(text).rules[-1]
    assert (rule.clock, rule.recurs) == (SITE, True)
    assert "collapsed" in rule.asked_by
    with pytest.raises(RulesError, match="did you mean `collapsed`"):
        parse_rules(text.replace("flow = collapsed", "flow = colapsed"))
