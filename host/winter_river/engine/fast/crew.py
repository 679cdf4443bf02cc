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


def together(work: Callable[[], object], rows: int) -> None:
    """Lets every core do the same: work takes from what is left of so many rows until nothing is. Raises what it
    raises."""
    hands = min(_cores(), rows // ROWS_MIN)
    others = [_threads(os.getpid()).submit(work) for _ in range(hands - 1)]
    try:
        work()
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
