"""Threads for compiled work on many rows: it lets go of Python's lock, so that they run side by side.

They are made once and kept: making some takes longer than stepping a thousand worlds. Who asks works too, and waits for
no thread that has not begun: where the processor is busy, or wakes slowly, the work is done without it. Which rows are
whose is settled in compiled text (types.claimed), because passing Python's lock on takes longer than stepping fifty.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

ROWS_MIN = 32  # chosen: fewer cost more to hand over than to do


def hands(rows: int) -> int:
    """How many threads are worth their while for so many rows."""
    return max(1, min(_cores(), rows // ROWS_MIN))


def together(work: Callable[[int], object], count: int) -> None:
    """Lets so many threads do the same, each told its number: work takes from what is left until nothing is. Raises
    what it raises."""
    others = [_threads(os.getpid()).submit(work, hand) for hand in range(1, count)]
    try:
        work(0)
    finally:
        for other in others:
            if not other.cancel():
                other.result()


def _cores() -> int:
    return len(os.sched_getaffinity(0))


@cache
def _threads(_process: int) -> ThreadPoolExecutor:
    """Those of this process: a fork has none of its parent's."""
    return ThreadPoolExecutor(_cores(), "winter-river-worlds")
