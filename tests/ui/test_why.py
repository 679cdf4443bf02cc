"""Why a node is as it is, line by line."""

from winter_river.engine import Event, Isolation
from winter_river.ui.why import Known, first_cause, why_lines

CUT = Event(3, 2.0, "utility_a", "fault", "", "outage", 0)
DEAD = Event(4, 2.0, "utility_a", "state", "GRID_OK", "OUTAGE", 3)
OFF = Event(5, 2.0, "cooling_a", "state", "NORMAL", "OFF", 4)
LOG = {event.id: event for event in (CUT, DEAD, OFF)}


def test_each_cause_has_a_line_with_time_and_words_back_to_the_first() -> None:
    isolation = Isolation("cooling_a", "utility_a", "OUTAGE")
    assert why_lines(Known("cooling_a", "OFF", isolation, LOG)) == [
        "cooling_a [OFF] dead because utility_a is OUTAGE since 2.0 s",
        "  #5 2.0 s  cooling_a NORMAL -> OFF",
        "  because #4 2.0 s  utility_a GRID_OK -> OUTAGE",
        "  because #3 2.0 s  utility_a fault outage",
    ]
    assert first_cause(LOG, "cooling_a") == CUT
    assert first_cause(LOG, "utility_a") is None


def test_a_cause_older_than_the_log_is_given_by_its_number() -> None:
    lines = why_lines(Known("cooling_a", "OFF", None, {5: OFF}))
    assert lines[-1] == "  because #4, which is older than the log"


def test_a_node_that_nothing_happened_to_says_so() -> None:
    lines = why_lines(Known("ups_b", "NORMAL", None, LOG))
    assert lines == ["ups_b [NORMAL]", "  nothing has happened to it, as far as the log reaches"]
