"""Time as a port: what needs the time is handed a clock, and tests hand it one they turn themselves."""

import time
from typing import Protocol


class Clock(Protocol):
    """Seconds that only go forward; where they start from means nothing."""

    def now_s(self) -> float:
        """The time now, in seconds."""

    def sleep_s(self, seconds: float) -> None:
        """Lets that much time pass."""


class MonotonicClock:
    """The machine's own clock, unmoved by summer time, corrections or a clock that was never set."""

    def now_s(self) -> float:
        return time.monotonic()

    def sleep_s(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))


class ManualClock:
    """A clock that moves only when told; sleeping on it moves it at once.

    start_s: what it shows at first.
    """

    def __init__(self, start_s: float = 0.0) -> None:
        self._now_s = float(start_s)

    def now_s(self) -> float:
        return self._now_s

    def sleep_s(self, seconds: float) -> None:
        self.advance(max(0.0, seconds))

    def advance(self, seconds: float) -> None:
        """Moves the clock forward. Raises ValueError for a negative or not finite number of seconds."""
        if not 0 <= seconds < float("inf"):
            raise ValueError(f"a clock advances by 0 s or more; got {seconds} s")
        self._now_s += seconds
