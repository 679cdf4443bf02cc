"""The alarms of an exercise go by its own seconds, whenever the site has begun; worked out by hand from a list of events."""

from winter_river import load_facility
from winter_river.engine import Event
from winter_river.scenario.alarms import ExerciseAlarms

START_S = 1000.0
QUIET = {"status": "ok", "state": ""}


def asked(alarms, seconds):
    return [(t_s, each.rule) for t_s in seconds for each in alarms.look(float(t_s), lambda _: QUIET)]


def test_a_collapse_is_told_when_it_comes_and_is_over_some_time_after_its_end():
    alarms = ExerciseAlarms(load_facility("seed-8"), None)
    node_id = next(iter(load_facility("seed-8").nodes))
    alarms.begin(lambda _: QUIET, [], START_S)
    alarms.hear(Event(1, START_S + 5.0, node_id, "collapsed", "a", "b", 0))
    alarms.hear(Event(2, START_S + 5.1, node_id, "collapse_over", "", "", 1))
    assert asked(alarms, range(6, 60)) == [(6, "voltage_collapsed")]
    alarms.hear(Event(3, START_S + 60.0, node_id, "collapsed", "a", "b", 0))
    alarms.hear(Event(4, START_S + 60.1, node_id, "collapse_over", "", "", 3))
    assert asked(alarms, range(60, 135)) == []  # the same one goes on
    alarms.hear(Event(5, START_S + 135.0, node_id, "collapsed", "a", "b", 0))
    assert asked(alarms, [135]) == [(135, "voltage_collapsed")]


def test_a_collapse_that_was_over_before_the_exercise_is_no_alarm_of_it():
    node_id = next(iter(load_facility("seed-8").nodes))
    alarms = ExerciseAlarms(load_facility("seed-8"), None)
    log = [Event(1, 5.0, node_id, "collapsed", "a", "b", 0), Event(2, 5.1, node_id, "collapse_over", "", "", 1)]
    alarms.begin(lambda _: QUIET, log, START_S)
    assert asked(alarms, range(1, 5)) == []
    assert alarms.acknowledge(5.0, node_id) == {}
