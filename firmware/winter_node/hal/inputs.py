"""The button: debounced by time, told apart as short (turns the page) and long (moves the handle)."""

from winter_node import ticks

DEBOUNCE_MS = 30
LONG_MS = 1000  # chosen: longer than an accidental lean on the button
POLL_MS = 20


class Button:
    """A push-button to ground with a pull-up. poll() gives the presses that have just been recognised."""

    def __init__(self, hw, board):
        """board: pin `button`, None where there is none."""
        pin = board.get("button")
        machine = hw.machine
        self._pin = None if pin is None else machine.Pin(pin, machine.Pin.IN, machine.Pin.PULL_UP)
        self._down = False
        self._raw = False
        self._changed_ms = None
        self._down_ms = None
        self._told = False  # the long press is told while the finger is still down

    def poll(self, now_ms):
        presses = []
        if self._pin is None:
            return presses
        raw = self._pin.value() == 0
        if raw != self._raw or self._changed_ms is None:
            self._raw = raw
            self._changed_ms = now_ms
        if raw != self._down and ticks.diff(now_ms, self._changed_ms) >= DEBOUNCE_MS:
            self._down = raw
            if raw:
                self._down_ms = self._changed_ms
                self._told = False
            elif not self._told:
                presses.append("short")
        if self._down and not self._told and ticks.diff(now_ms, self._down_ms) >= LONG_MS:
            self._told = True
            presses.append("long")
        return presses

    def busy(self):
        """Whether a press is under way and poll() should be called every POLL_MS."""
        return self._raw or self._down
