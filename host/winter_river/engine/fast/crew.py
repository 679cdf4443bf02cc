"""Threads for compiled work on many rows: it lets go of Python's lock, so that they run side by side.

They are made once and kept: making some takes longer than stepping a thousand worlds. Who asks works too, and waits for
no thread that has not begun: where the processor is busy, or wakes slowly, the work is done without it. Which rows are
whose, and how many are done, is counted in compiled text (types.claimed): a future, or passing Python's lock on, takes
longer than stepping fifty.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from functools import cache

FULL, DONE, IN_TROUBLE = range(3)  # how a world ended: it stopped short because its events must be taken, ...
APART = 64  # bytes from one count to the next: a line of the cache each, so that no thread waits for another's
AHEAD_MAX = 10  # chosen: half of the worlds of 24 nodes that who asks does in the 0.03 ms before the others wake
ROWS_MIN = 32  # chosen: fewer cost more to hand over than to do
LOOK_S = 1e-4  # chosen: how often is looked whether the others have ended, once compiled text has waited for them

Work = Callable[[int], object]


def hands(rows: int) -> int:
    """How many threads are worth their while for so many rows."""
    return max(1, min(_cores(), rows // ROWS_MIN))


def parts(rows: int, count: int) -> list[int]:
    """Where the part of each of so many threads ends; the first one's is larger by what it does before others wake."""
    ahead = min(AHEAD_MAX, rows // 100)
    return [min(rows * number // count + ahead, rows) for number in range(1, count)] + [rows]


def together(work: Work, count: int, is_done: Callable[[], bool]) -> None:
    """Lets so many threads do the same, each told its number: work takes from what is left until nothing is.

    is_done: whether all that was taken is done too. A thread may come when nothing is left, even after this has
    returned: what work reads must live as long as work. Raises what work raises, once nobody is at work any more.
    """
    failures: list[BaseException] = []
    begun, ended, given_up = [], [], threading.Event()

    def watched(number: int) -> None:
        begun.append(number)
        try:
            if not given_up.is_set():
                work(number)
        except BaseException as error:  # noqa: BLE001 (told to who asked)
            failures.append(error)
        finally:
            ended.append(number)

    for number in range(1, count):
        _hand(os.getpid(), number).give(watched)
    try:
        work(0)
        while not is_done():
            if failures:
                raise failures[0]
            time.sleep(LOOK_S)
    except BaseException:
        given_up.set()
        while len(ended) < len(begun):
            time.sleep(LOOK_S)
        raise


class Hand:
    """One thread, which does what it was given last: what others gave meanwhile they do themselves."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._wanted = threading.Lock()
        self._wanted.acquire()
        self._work: Work | None = None
        threading.Thread(target=self._run, name=f"winter-river-worlds-{number}", daemon=True).start()

    def give(self, work: Work) -> None:
        self._work = work
        try:
            self._wanted.release()
        except RuntimeError:  # it has not begun with what was given before
            return

    def _run(self) -> None:
        while True:
            self._wanted.acquire()
            work, self._work = self._work, None
            if work:
                work(self._number)
            del work  # and what it holds


def _cores() -> int:
    return len(os.sched_getaffinity(0))


@cache
def _hand(_process: int, number: int) -> Hand:
    """Those of this process: a fork has none of its parent's."""
    return Hand(number)
