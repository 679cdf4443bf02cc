"""A collapse that comes and goes with the loads that it puts out is one; worked out by hand from a list of events.

The slowest servers start again after 22.5 s, and ten of them at one feeder within 50 s more: 73 s.
"""

import pytest
from winter_river.alerts.strain import Strains
from winter_river.engine import Event


def log(*rows):
    said = {
        "solver": ("newton_collapse", "sweep"),
        "to_newton": ("sweep", "newton_collapse"),
        "state": ("GRID_OK", "SAG"),
    }
    return [
        Event(k + 1, t_s, node_id, word.replace("to_newton", "solver"), *said.get(word, ("feeder", "rack")), 0)
        for k, (t_s, node_id, word) in enumerate(rows)
    ]


def strains(events, t_s):
    """The facts of a log, heard at once."""
    made = Strains()
    made.hear({event.id: event for event in events})
    return made.facts(t_s)


def flow(rows, t_s, node_id="grid"):
    return strains(log(*rows), t_s)[node_id]["flow"]


def test_a_source_that_was_never_short_is_not_named():
    assert strains(log((1.0, "grid", "state"), (2.0, "grid", "collapse_over")), 3.0) == {}


def test_a_collapse_lasts_until_its_end_is_told_and_some_time_more():
    begun = [(1.0, "grid", "collapsed")]
    assert flow(begun, 5000.0) == "collapsed"
    over = [*begun, (100.0, "grid", "collapse_over")]
    assert flow(over, 172.9) == "collapsed"
    assert flow(over, 173.0) == "well"


def test_one_that_comes_again_soon_has_not_ended():
    rows = [(1.0, "grid", "collapsed"), (1.02, "grid", "collapse_over")]
    rows += [(50.0, "grid", "collapsed"), (50.02, "grid", "collapse_over")]
    assert flow(rows, 123.0) == "collapsed"
    assert flow(rows, 123.1) == "well"


def test_close_to_collapse_lasts_until_it_is_away_from_it_and_some_time_more():
    near = [(1.0, "grid", "near_collapse")]
    assert flow(near, 5000.0) == "near_collapse"
    assert flow([*near, (10.0, "grid", "solver")], 82.9) == "near_collapse"
    assert flow([*near, (10.0, "grid", "solver")], 83.0) == "well"


def test_a_collapse_that_ends_close_to_the_next_one_is_close_to_collapse_then():
    begun = log((1.0, "grid", "collapsed"), (1.0, "grid", "to_newton"), (9.0, "grid", "collapse_over"))
    assert strains(begun, 81.9)["grid"]["flow"] == "collapsed"
    assert strains(begun, 500.0)["grid"] == {"flow": "near_collapse", "gives_way": "feeder", "heaviest": "rack"}


def test_what_is_worse_takes_its_place():
    assert flow([(1.0, "grid", "near_collapse"), (2.0, "grid", "not_solved")], 500.0) == "not_solved"


def test_each_source_stands_for_itself_and_names_what_gives_way():
    found = strains(log((1.0, "a", "collapsed"), (2.0, "b", "collapsed"), (2.1, "b", "collapse_over")), 100.0)
    assert found["a"] == {"flow": "collapsed", "gives_way": "feeder", "heaviest": "rack"}
    assert found["b"]["flow"] == "well"


def test_a_voltage_that_load_pulls_too_low_lasts_until_its_end_and_some_time_more_and_is_the_least():
    low = [(1.0, "grid", "undervoltage")]
    assert flow(low, 5000.0) == "undervoltage"
    assert flow([*low, (10.0, "grid", "undervoltage_over")], 82.9) == "undervoltage"
    assert flow([*low, (10.0, "grid", "undervoltage_over")], 83.0) == "well"
    assert flow([*low, (2.0, "grid", "near_collapse")], 500.0) == "near_collapse"
    assert flow([*low, (2.0, "grid", "near_collapse"), (9.0, "grid", "solver")], 500.0) == "undervoltage"
    assert flow([*low, (2.0, "grid", "collapsed"), (9.0, "grid", "undervoltage_over")], 500.0) == "collapsed"


def test_of_two_feeders_that_load_pulls_too_low_the_one_that_still_is_stays():
    words = [
        ("undervoltage", "feed_a", "big_a"),
        ("undervoltage", "feed_b", "big_b"),
        ("undervoltage_over", "feed_b", ""),
    ]
    events = [Event(k + 1, float(k), "grid", word, from_, to, 0) for k, (word, from_, to) in enumerate(words)]
    assert strains(events[:2], 3.0)["grid"] == {"flow": "undervoltage", "gives_way": "feed_b", "heaviest": "big_b"}
    assert strains(events, 500.0)["grid"] == {"flow": "undervoltage", "gives_way": "feed_a", "heaviest": "big_a"}
    both = [*events, Event(4, 4.0, "grid", "undervoltage_over", "feed_a", "", 0)]
    assert strains(both, 500.0)["grid"]["flow"] == "well"


@pytest.mark.parametrize("word", ["state", "solver", "trip"])
def test_other_events_of_the_source_end_nothing(word):
    assert flow([(1.0, "grid", "collapsed"), (2.0, "grid", word)], 300.0) == "collapsed"


@pytest.mark.parametrize("word", ["state", "to_newton", "trip"])
def test_a_source_that_changes_its_state_is_still_close_to_collapse(word):
    assert flow([(1.0, "grid", "near_collapse"), (2.0, "grid", word)], 300.0) == "near_collapse"


def test_a_collapse_that_has_left_the_log_still_lasts_and_its_end_is_heard():
    rows = log((1.0, "grid", "collapsed"), (2.0, "rack", "state"), (900.0, "grid", "collapse_over"))
    strain = Strains()
    for event in rows:
        strain.hear({event.id: event})  # a log of one
        assert strain.facts(900.0)["grid"]["flow"] == "collapsed"
    assert strain.facts(973.0)["grid"]["flow"] == "well"


def test_events_are_heard_once_in_the_order_they_came():
    rows = log((1.0, "grid", "collapsed"), (2.0, "grid", "collapse_over"), (3.0, "grid", "near_collapse"))
    strain = Strains()
    for count in (1, 2, 3, 3):
        strain.hear({event.id: event for event in rows[:count]})
    assert strain.facts(74.9)["grid"]["flow"] == "collapsed"
    assert strain.facts(75.0)["grid"]["flow"] == "near_collapse"


def test_going_back_to_before_the_end_of_a_trouble_it_lasts_again():
    rows = log(
        (1.0, "a", "collapsed"), (2.0, "b", "near_collapse"), (50.0, "a", "collapse_over"), (50.0, "b", "solver")
    )
    strain = Strains()
    strain.hear({event.id: event for event in rows})
    strain.back_to(20.0)
    strain.hear({})  # nobody has a log of then any more
    assert {node_id: facts["flow"] for node_id, facts in strain.facts(900.0).items()} == {
        "a": "collapsed",
        "b": "near_collapse",
    }


def test_going_back_to_before_a_trouble_what_was_before_it_is_read_from_the_log():
    before = log((1.0, "grid", "collapsed"), (2.0, "grid", "collapse_over"))
    strain = Strains()
    strain.hear({event.id: event for event in (*before, Event(3, 50.0, "grid", "collapsed", "feeder", "rack", 0))})
    strain.back_to(20.0)
    assert strain.facts(20.0) == {}
    strain.hear({event.id: event for event in before})
    assert strain.facts(74.9)["grid"]["flow"] == "collapsed"
    assert strain.facts(75.0)["grid"]["flow"] == "well"
    again = Event(3, 70.0, "grid", "near_collapse", "feeder", "rack", 0)  # ids are given anew from there
    strain.hear({event.id: event for event in (*before, again)})
    assert strain.facts(200.0)["grid"]["flow"] == "near_collapse"
