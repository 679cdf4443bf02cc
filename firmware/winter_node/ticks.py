"""Milliseconds that wrap, as a board's ticks_ms() gives them; for pure code that has no `time` module."""

PERIOD = 1 << 30  # MicroPython's ticks wrap here on 32-bit chips
_HALF = PERIOD >> 1


def add(ticks_ms, delta_ms):
    """The tick delta_ms after (negative: before) ticks_ms."""
    return (ticks_ms + delta_ms) & (PERIOD - 1)


def diff(later_ms, earlier_ms):
    """Signed milliseconds from earlier_ms to later_ms; right while they are less than six days apart."""
    return ((later_ms - earlier_ms + _HALF) & (PERIOD - 1)) - _HALF
