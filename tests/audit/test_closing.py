"""What a killed process left open is closed by the next, in the chain, and nothing that may still be answered."""

import pytest
from winter_river.audit import COMPLETED, EXECUTING, PENDING, Trail, latest, verify
from winter_river.audit.closing import UNKNOWN, close, open_commands
from winter_river.service.leftovers import Leftovers

NOW_S = 1_700_000_000.0


@pytest.fixture
def left(trail, facts):
    """One command that ended, one that waited for its answer, one that was about to be sent, and one to the engine."""

    def say(name, *states, node="ups_a", created_s=NOW_S):
        for state in states:
            trail.append(facts(id=name, state=state, node=node, created_s=created_s, completed_s=None, result=""))

    say("a-1", PENDING, EXECUTING, COMPLETED)
    say("a-2", PENDING, EXECUTING)
    say("a-3", PENDING)
    say("a-4", PENDING, node="engine")
    return trail


def rows(trail):
    return {row.id: (row.state, row.result, row.error) for row in latest(trail.folder)}


def test_open_are_those_whose_last_line_says_no_end(left):
    assert list(open_commands(left.folder)) == ["a-2", "a-3", "a-4"]


def test_what_is_closed_is_failed_with_an_unknown_outcome_and_the_chain_stays_whole(left):
    assert close(left, lambda facts: facts["id"] != "a-4", at_s=NOW_S + 100) == 2
    assert verify(left.folder).fault == ""
    found = rows(left)
    assert found["a-2"] == found["a-3"] == ("failed", "failed", UNKNOWN)
    assert (found["a-1"][0], found["a-4"][0]) == ("completed", "pending")
    assert close(left, lambda facts: facts["id"] != "a-4", at_s=NOW_S + 101) == 0, "once"


def test_open_commands_are_found_in_earlier_parts_too(tmp_path, facts):
    trail = Trail(tmp_path / "audit", part_bytes_max=1_000)
    trail.append(facts(id="a-1", state=PENDING))
    for number in range(2, 7):
        trail.append(facts(id=f"a-{number}", state=COMPLETED))
    assert list(open_commands(trail.folder)) == ["a-1"]


@pytest.mark.parametrize(
    ("waited_s", "age_s", "closed"),
    [
        (0.0, 1.0, set()),  # somebody may be waiting for these
        (0.0, 13.0, {"a-2", "a-3"}),  # 12 s: longer than any issuer waits for a node
        (12.0, 1.0, {"a-2", "a-3"}),  # the clock was set back, and still they waited long enough
        (0.0, 61.0, {"a-2", "a-3", "a-4"}),  # and for the engine, which may load a state, a minute
    ],
)
def test_nothing_is_closed_that_may_still_be_answered(left, waited_s, age_s, closed):
    leftovers = Leftovers(left, print, wall=lambda: NOW_S + age_s)
    leftovers.look(waited_s, frozenset(open_commands(left.folder)))
    assert {name for name, (state, _, _) in rows(left).items() if state == "failed"} == closed


def test_command_of_another_process_that_came_after_the_start_is_left_alone(left, facts):
    ids = frozenset(open_commands(left.folder))
    left.append(facts(id="b-1", state=PENDING, node="ups_a", created_s=NOW_S))
    Leftovers(left, print, wall=lambda: NOW_S + 99).look(99.0, ids)
    assert list(open_commands(left.folder)) == ["b-1"]
