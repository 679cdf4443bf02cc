"""Gauges out of what others count. Pure."""

from __future__ import annotations

from collections import deque

WINDOW_S = 300.0  # the failures of the last five minutes
SAMPLES_MAX = 1_000


class Share:
    """How many in a hundred tries failed within the last five minutes, from two counters that only rise."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int, int]] = deque(maxlen=SAMPLES_MAX)

    def pct(self, now_s: float, *, tries: int, failures: int) -> float:
        """tries: those that succeeded and those that failed. 0 where nothing was tried."""
        self._seen.append((now_s, tries, failures))
        while len(self._seen) > 2 and self._seen[1][0] <= now_s - WINDOW_S:
            self._seen.popleft()
        _, tries_before, failures_before = self._seen[0]
        tried = tries - tries_before
        return 100.0 * (failures - failures_before) / tried if tried > 0 else 0.0


class Rise:
    """By how much a counter rose within the last five minutes."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque(maxlen=SAMPLES_MAX)

    def of(self, now_s: float, count: int) -> int:
        """count: what the counter says now."""
        self._seen.append((now_s, count))
        while len(self._seen) > 2 and self._seen[1][0] <= now_s - WINDOW_S:
            self._seen.popleft()
        return count - self._seen[0][1]
