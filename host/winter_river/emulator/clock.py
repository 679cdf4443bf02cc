"""A node's `time` module: ticks that wrap, moved only by whoever steps the node."""

import time
from collections.abc import Callable

TICKS_PERIOD = 1 << 30  # MicroPython's ticks_ms() wraps here (MICROPY_PY_TIME_TICKS_PERIOD, 30 bits)
_HALF = TICKS_PERIOD // 2
EPOCH_2000_S = 946_684_800  # an ESP32 counts from 2000-01-01, in seconds since 1970


def ticks_add(ticks: int, delta: int) -> int:
    return (ticks + delta) & (TICKS_PERIOD - 1)


def ticks_diff(later: int, earlier: int) -> int:
    """Signed distance of two ticks, right while they are less than half a period apart."""
    return ((later - earlier + _HALF) & (TICKS_PERIOD - 1)) - _HALF


class NodeTime:
    """The `time` module of one board. Time stands still within a step; sleeping moves it, and waits for nothing.

    now_ms: ms since the boot, set by the stepper. unix_s: gives seconds since 1970 once a time server has answered;
    None before that: the board then counts from 2000-01-01, as one does that was just switched on.
    """

    ticks_add = staticmethod(ticks_add)
    ticks_diff = staticmethod(ticks_diff)

    def __init__(self, *, ticks_start_ms: int = 0) -> None:
        """ticks_start_ms: what the ticks are at now_ms 0, to bring their wrap near."""
        self.now_ms = 0
        self.unix_s: Callable[[], float] | None = None
        self._ticks_start_ms = ticks_start_ms

    def ticks_ms(self) -> int:
        return ticks_add(self._ticks_start_ms, self.now_ms)

    def ticks_us(self) -> int:
        return (self._ticks_start_ms + self.now_ms) * 1000 & (TICKS_PERIOD - 1)

    def sleep_ms(self, ms: int) -> None:
        self.now_ms += max(0, ms)

    def sleep_us(self, us: int) -> None:
        self.now_ms += max(0, us) // 1000

    def sleep(self, seconds: float) -> None:
        self.sleep_ms(int(seconds * 1000))

    def time(self) -> int:
        """Whole seconds since 2000-01-01: of the real clock where it is set, else since power came on."""
        return int(self.unix_s()) - EPOCH_2000_S if self.unix_s else self.now_ms // 1000

    def gmtime(self, seconds: int | None = None) -> tuple[int, ...]:
        """(year, month, day, hour, minute, second, weekday, yearday) of seconds since 2000-01-01."""
        then = time.gmtime((self.time() if seconds is None else seconds) + EPOCH_2000_S)
        return (*then[:6], then.tm_wday, then.tm_yday)

    localtime = gmtime
