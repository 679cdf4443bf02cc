"""Threads that share out rows: whoever comes, late or not at all, all is done once, and what fails is told."""

import threading

import pytest
from winter_river.engine.fast import crew


def shared_out(rows, taken, done):
    """Work that takes one row after the other; taken and done are lists, whose appends are whole."""
    lock = threading.Lock()

    def work(number):
        while True:
            with lock:
                if len(taken) == rows:
                    return
                taken.append(number)
            done.append(number)

    return work


@pytest.mark.parametrize("count", [1, 2, 3])
def test_every_row_is_done_once_whatever_hands_there_are(count):
    for _ in range(200):
        taken, done = [], []
        crew.together(shared_out(50, taken, done), count, lambda done=done: len(done) == 50)
        assert len(taken) == len(done) == 50
        assert set(taken) <= set(range(count))


def test_what_was_given_to_a_busy_hand_is_done_by_who_asks():
    begun, go_on = threading.Event(), threading.Event()

    def long(number):
        if number == 1:
            begun.set()
            go_on.wait(20)

    crew.together(long, 2, lambda: begun.wait(20))
    taken, done = [], []
    crew.together(shared_out(50, taken, done), 2, lambda: len(done) == 50)
    assert taken == [0] * 50
    go_on.set()


def test_what_fails_in_another_thread_is_raised_where_it_was_asked_for():
    def fails(number):
        if number == 1:
            raise OSError("of the second hand")

    with pytest.raises(OSError, match="second hand"):
        crew.together(fails, 2, lambda: False)


def test_a_hand_works_again_after_a_failure():
    def fails(number):
        raise OSError("here")

    with pytest.raises(OSError, match="here"):
        crew.together(fails, 2, lambda: False)
    helped = threading.Event()

    def helps(number):
        if number == 1:
            helped.set()

    crew.together(helps, 2, helped.is_set)
    assert helped.is_set()
