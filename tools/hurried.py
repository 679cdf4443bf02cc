"""A lock for tests that hold a moment open."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock


class Hurried:
    """A lock for which somebody else has waited: he acts as soon as it is let go for the first time."""

    def __init__(self, lock: RLock, act: Callable[[], object]) -> None:
        self._lock, self._depth = lock, 0
        self._act: Callable[[], object] | None = act

    def __enter__(self) -> None:
        self._lock.acquire()
        self._depth += 1

    def __exit__(self, *exception: object) -> None:
        self._depth -= 1
        self._lock.release()
        if not self._depth and self._act:
            act, self._act = self._act, None
            act()
