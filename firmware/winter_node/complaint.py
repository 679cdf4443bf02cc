"""What a board does that does not know who it is, or whose program cannot be built: it says why, on screen and console.

It joins nothing and restarts nothing: it stays where somebody can read it, and leaves the console to whoever mends it.
"""

from winter_node import screen, ticks

TURN_MS = 4000  # chosen: time to read seven short lines


class Complaint:
    """Shows the faults, a screen at a time. step() and stop() as a Runner has them."""

    def __init__(self, oled, title, faults):
        """oled: hal.oled.Oled. faults: sentences."""
        self._oled = oled
        self._title = title
        self._faults = faults
        self._turn = 0
        self._turn_ms = None
        self._shown = None

    def step(self, now_ms):
        """One pass; milliseconds until the next."""
        if self._turn_ms is None:
            self._turn_ms = ticks.add(now_ms, TURN_MS)
        elif ticks.diff(now_ms, self._turn_ms) >= 0:
            self._turn_ms = ticks.add(now_ms, TURN_MS)
            self._turn += 1
        try:
            if self._oled.poll(now_ms):
                self._shown = None
            picture = screen.bad_settings_page(self._faults, self._turn, self._title)
            if picture != self._shown and self._oled.present():
                self._oled.show(picture)
                self._shown = picture
        except OSError:
            self._shown = None  # no screen, or it has gone; it is looked for again
        return TURN_MS

    def failed(self, error, now_ms):
        """There is nobody to tell: the console has it already."""

    def stop(self, now_ms):
        """There is no goodbye to say."""
