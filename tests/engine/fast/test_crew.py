"""Threads that share out rows: whoever comes, late or not at all, all is done once, and what fails is told."""

import gc
import threading
import time
import weakref

import pytest
from winter_river.engine import build_plan, fast, new_world
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
        rows, done = list(range(50)), []

        def work(number, rows=rows, done=done):
            while rows:
                try:
                    row = rows.pop()
                except IndexError:  # another took the last one
                    return
                done.append(row)

        crew.together(work, count, lambda done=done: len(done) == 50)
        assert sorted(done) == list(range(50))


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


def test_it_is_raised_only_when_nobody_is_at_work_any_more():
    begun, at_work = threading.Event(), []

    def work(number):
        if number == 1:
            at_work.append(1)
            begun.set()
            time.sleep(0.2)
            at_work.clear()
        elif begun.wait(20):
            raise OSError("of who asks")

    with pytest.raises(OSError, match="who asks"):
        crew.together(work, 2, lambda: False)
    assert not at_work


def test_a_hand_comes_whether_it_listens_falls_asleep_or_sleeps():
    """Between two tasks there is more and less time than it listens (0.2 ms), and each needs it."""
    for number in range(600):
        helped = threading.Event()

        def helps(hand, helped=helped):
            if hand == 1:
                helped.set()

        crew.together(helps, 2, helped.is_set)
        time.sleep(number % 40 * 1e-5)


def test_a_hand_that_nobody_needs_sleeps_though_others_go_on_stepping(block, monkeypatch):
    """Worlds too few for two threads ring the bell all the same, each time before it would have listened to the end."""
    plan = build_plan(block)
    few = fast.compiled(plan).worlds(8, new_world(plan))
    crew.together(lambda _hand: True, 2, lambda: True)
    hand, helped, listened = crew._hands[0], threading.Event(), []
    is_rung = hand._is_rung
    monkeypatch.setattr(hand, "_is_rung", lambda at, heard: listened.append(helped.is_set()) or is_rung(at, heard))
    crew.together(lambda number: number == 1 and helped.set(), 2, helped.is_set)
    deadline_s = time.monotonic() + 20
    while not hand._is_asleep and time.monotonic() < deadline_s:
        few._advance(goes_on=0)  # as step, without the looks that tests take at the laws
    assert hand._is_asleep
    assert listened.count(True) <= 1


def test_who_asks_does_not_ask_whether_it_is_done_where_work_knows():
    def never():
        raise AssertionError

    crew.together(lambda _hand: True, 1, never)


def test_a_hand_that_waits_keeps_nothing():
    class Rows:
        pass

    rows, helped = Rows(), threading.Event()
    gone = weakref.ref(rows)

    def work(number, _held=rows):
        if number == 1:
            helped.set()

    crew.together(work, 2, helped.is_set)
    del rows, work
    deadline_s = time.monotonic() + 20
    while gone() is not None and time.monotonic() < deadline_s:
        gc.collect()
        time.sleep(0.01)
    assert gone() is None


@pytest.mark.parametrize("count", [1, 2, 3, 7, 64, 128, 256, 320])
@pytest.mark.parametrize("rows", [0, 1, 32, 64, 1000, 4096, 6400, 1_000_000])
def test_parts_are_all_rows_and_none_beyond(rows, count):
    ends = crew.parts(rows, count)
    assert len(ends) == count
    assert ends == sorted(ends)
    assert ends[-1] == rows


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
