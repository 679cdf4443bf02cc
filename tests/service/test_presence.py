"""The presence machine: the contract's words and times, and properties that hold for any history."""

from hypothesis import given
from hypothesis import strategies as st
from winter_river.service import presence
from winter_river.service.presence import ALIVE, GONE, HINT, after, begin, excused, passed

HAPPENINGS = (ALIVE, GONE, HINT)
HISTORIES = st.lists(st.tuples(st.floats(0, 60), st.sampled_from((*HAPPENINGS, "time", "deaf"))), max_size=30)


def run(history, *, awaited=True):
    """The presence and the time after a history of (seconds passed, what then happens)."""
    node, now_s = begin(0.0, awaited=awaited), 0.0
    for wait_s, what in history:
        now_s += wait_s
        node = passed(node, now_s)
        if what == "deaf":
            node = excused(node, now_s)
        elif what != "time":
            node = after(node, what, now_s)
    return node, now_s


def test_node_goes_stale_after_three_missed_intervals_and_offline_after_twenty_seconds():
    node = after(begin(0.0, awaited=True), ALIVE, 100.0)
    assert passed(node, 114.9).word == "online"
    assert passed(node, 115.0).word == "stale"
    assert passed(node, 119.9).word == "stale"
    assert passed(node, 120.0).word == "offline"


def test_last_will_takes_an_online_node_out_at_once():
    node = after(after(begin(0.0, awaited=True), ALIVE, 1.0), GONE, 1.1)
    assert node.word == "offline"
    assert not node.carries


def test_awaited_node_counts_as_there_for_twenty_seconds_and_then_no_more():
    node = begin(0.0, awaited=True)
    assert passed(node, 19.9).carries
    assert not passed(node, 20.0).carries


def test_unexpected_node_is_absent_until_it_speaks():
    node = begin(0.0, awaited=False)
    assert not node.carries
    assert after(node, ALIVE, 0.1).word == "online"


def test_retained_status_lets_an_unexpected_node_be_awaited_but_never_makes_it_online():
    node = after(begin(0.0, awaited=False), HINT, 0.0)
    assert node.word == "stale"
    assert not passed(node, 20.0).carries


def test_retained_status_does_not_bring_back_a_node_that_has_gone():
    gone = after(begin(0.0, awaited=True), GONE, 1.0)
    assert after(gone, HINT, 2.0) == gone


def test_deaf_listener_gives_nodes_thirty_five_seconds_to_be_heard():
    node = excused(after(begin(0.0, awaited=True), ALIVE, 0.0), 60.0)
    assert passed(node, 94.9).carries
    assert not passed(node, 95.0).carries


def test_deaf_listener_does_not_revive_a_node_that_was_offline():
    node = passed(after(begin(0.0, awaited=True), ALIVE, 0.0), 20.0)
    assert not excused(node, 60.0).carries


@given(HISTORIES, st.booleans())
def test_the_word_is_always_one_of_three(history, awaited):
    node, _ = run(history, awaited=awaited)
    assert node.word in ("online", "stale", "offline")
    assert node.carries == (node.word != "offline")


@given(HISTORIES, st.booleans())
def test_a_sign_of_life_always_means_online(history, awaited):
    node, now_s = run(history, awaited=awaited)
    assert after(node, ALIVE, now_s).word == "online"


@given(HISTORIES, st.booleans())
def test_long_silence_always_means_offline(history, awaited):
    node, now_s = run(history, awaited=awaited)
    assert passed(node, now_s + presence.RECONNECT_S).word == "offline"


@given(HISTORIES, st.booleans())
def test_only_a_live_status_makes_a_node_online(history, awaited):
    node, _ = run([(wait_s, what) for wait_s, what in history if what != ALIVE], awaited=awaited)
    assert node.word != "online"


@given(HISTORIES, st.lists(st.floats(0, 40), min_size=1, max_size=5))
def test_looking_often_or_once_comes_to_the_same(history, looks_s):
    node, now_s = run(history)
    often = node
    for look_s in sorted(looks_s):
        often = passed(often, now_s + look_s)
    assert often == passed(node, now_s + max(looks_s))
