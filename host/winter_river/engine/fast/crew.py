"""Threads for compiled work on many rows: it lets go of Python's lock, so that they run side by side.

They are made once and kept: making some takes longer than stepping a thousand worlds. Who asks works too, and waits for
no thread that has not begun: where the processor is busy, or wakes slowly, the work is done without it. Which rows are
whose, and how many are done, is counted in compiled text (types.claimed): a future, or passing Python's lock on, takes
longer than stepping fifty. Here is as little Python as can be: the worlds have driven it out of the near memory each
time, and each object that it touches has to come back from the far one.
"""

from __future__ import annotations

import os
import threading
import time
from array import array
from collections.abc import Callable
from contextlib import suppress

from winter_river.engine.fast.kernel import kernel

AHEAD_MAX = 10  # chosen: worlds of 24 nodes that who asks does in the 0.02 ms before the others begin
ROWS_MIN = 32  # chosen: fewer cost more to hand over than to do
LOOK_S = 1e-4  # chosen: how often is looked whether the others have ended, once compiled text has waited for them

Work = Callable[[int], object]


def hands(rows: int) -> int:
    """How many threads are worth their while for so many rows."""
    return max(1, min(len(os.sched_getaffinity(0)), rows // ROWS_MIN))


def parts(rows: int, count: int) -> list[int]:
    """Where the part of each of so many threads ends; the first one's is larger by what it does before others begin."""
    ahead = min(AHEAD_MAX, rows // 100)
    return [min(rows * number // count + ahead, rows) for number in range(1, count)] + [rows]


def together(work: Work, count: int, is_done: Callable[[], bool]) -> None:
    """Lets so many threads do the same, each told its number: work takes from what is left until nothing is, and gives
    True where it knows that all that was taken is done too.

    is_done: whether it is, asked where work does not know. A thread may come when nothing is left, even after this has
    returned: what work reads must live as long as work. Raises what work raises, once nobody is at work any more.
    """
    task = Task(work)
    if len(_hands) < count - 1:
        _hands.extend(Hand(number) for number in range(len(_hands) + 1, count))
    for number in range(count - 1):
        _hands[number].give(task)
    try:
        if work(0) is True:
            return
        while not is_done():
            if task.failures:
                raise task.failures[0]
            time.sleep(LOOK_S)
    except BaseException:
        task.is_given_up = True
        while any(hand.task is task for hand in _hands):
            time.sleep(LOOK_S)
        raise


class Task:
    """What is done together once. is_given_up: who has not begun with it need not."""

    __slots__ = ("failures", "is_given_up", "work")

    def __init__(self, work: Work) -> None:
        self.work = work
        self.failures: list[BaseException] = []
        self.is_given_up = False


class Hand:
    """One thread, which does what it was given last: what others gave meanwhile they do themselves. task: what it is
    at. Between two tasks it listens for the bell a while before it sleeps: to wake it takes who asks 0.03 ms."""

    __slots__ = ("_given", "_is_asleep", "_is_rung", "_number", "_wanted", "task")

    def __init__(self, number: int) -> None:
        self._number, self._is_rung = number, kernel().is_changed
        self._wanted = threading.Lock()
        self._wanted.acquire()
        self._is_asleep = False
        self._given: Task | None = None
        self.task: Task | None = None
        threading.Thread(target=self._run, name=f"winter-river-worlds-{number}", daemon=True).start()

    def give(self, task: Task) -> None:
        self._given = task
        if self._is_asleep:
            with suppress(RuntimeError):  # another has woken it already
                self._wanted.release()

    def _run(self) -> None:
        while True:
            heard = _bell[0]  # first this, then the look: what is given now rings afterwards
            if self._given is None:
                self._is_rung(BELL_AT, heard)
            if self._given is None:  # it has not rung, or for others
                # First it says that it sleeps, then it looks once more: who gives something wakes it, or it is seen.
                self._is_asleep = True
                if self._given is None:
                    self._wanted.acquire()
                self._is_asleep = False
            # First it says what it is at, then it asks whether that is given up: who gives it up waits for it, or is heard.
            self.task = self._given
            self._given = None
            if self.task and not self.task.is_given_up:
                try:
                    self.task.work(self._number)
                except BaseException as error:  # noqa: BLE001 (told to who asked)
                    self.task.failures.append(error)
            self.task = None  # and with it what it holds


_hands: list[Hand] = []  # a fork has none of its parent's
os.register_at_fork(after_in_child=_hands.clear)
# Compiled work counts it up as it begins: then Python's lock is free for who hears it.
_bell = array("q", [0])
BELL_AT, _ = _bell.buffer_info()
