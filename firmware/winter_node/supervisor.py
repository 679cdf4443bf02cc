"""Watches over the node itself: whether the loop is healthy, how often it crashed, when safe mode begins and ends. Pure.

A crash is a boot that the watchdog caused. Three in a row, with no healthy minute between them, start safe mode: network,
orders about settings, and the cause on the screen.
"""

from winter_node import ticks

CRASHES_MAX = 3  # as in ESPHome's safe mode, with 3 for its 10: whoever stands before a table-top waits no 5 minutes
HEALTHY_MS = 60000  # as there: a boot is good after a minute
PASS_MS = 25000  # chosen: longer than an adapter that failed is left alone
HEAP_FREE_MIN = 4096  # chosen: a status, its packet and a picture; with less the node can only fail
PARTS = ("wifi", "mqtt", "oled")
WHY_LETTERS_MAX = 48
_COUNT_MAX = 0x7FFFFFFF


class Supervisor:
    """One boot's health and what the flash remembers of the boots before it."""

    def __init__(self, flash, reset_cause, now_ms):
        """flash: counters that outlive a reboot (hal.flash.Flash). reset_cause: in the words of hal.board."""
        self._flash = flash
        self.boots = (flash.get("boots", 0) + 1) & _COUNT_MAX
        self.crashes = flash.get("crashes", 0)
        self.why = flash.get("why", "")
        if reset_cause == "watchdog":
            self.crashes += 1
            self.why = self.why or reset_cause
        elif not self.crashes:
            self.why = ""  # an exception of a boot that got over it
        self._keep(True)
        self._passed = {}
        for part in PARTS:
            self._passed[part] = now_ms
        self._well_since_ms = now_ms
        self._heap_low = False
        self._noted = False

    def safe(self):
        """Whether this boot is to do no more than talk about settings."""
        return self.crashes >= CRASHES_MAX

    def passed(self, part, now_ms):
        """A part of the loop has come back, in whatever way: what failed is shown, what hangs needs the watchdog."""
        if part in self._passed:
            self._passed[part] = now_ms

    def heap(self, free_bytes):
        """The free memory after a collection, 0 where nobody knows."""
        self._heap_low = 0 < free_bytes < HEAP_FREE_MIN

    def failed(self, error, now_ms):
        """An exception of our own came out of the loop: its words are kept, once a boot, for the boot after it."""
        self._well_since_ms = now_ms
        if not self._noted:
            self._noted = True
            self.why = repr(error)[:WHY_LETTERS_MAX]
            self._keep()

    def healthy(self, now_ms):
        """Whether the watchdog may be fed: the pass was whole, no part hangs, there is memory to work with."""
        well = not self._heap_low
        for part in PARTS:
            well = well and ticks.diff(now_ms, self._passed[part]) < PASS_MS
        if not well:
            self._well_since_ms = now_ms
        elif self.crashes and not self.safe() and ticks.diff(now_ms, self._well_since_ms) >= HEALTHY_MS:
            self.forgive()
        return well

    def leaves_safe_mode(self, now_ms):
        """Whether a minute of health in safe mode is over, so that the whole program may be tried again."""
        return self.safe() and ticks.diff(now_ms, self._well_since_ms) >= HEALTHY_MS

    def forgive(self):
        """The crashes are over: a minute of health, or somebody's order."""
        if self.crashes:
            self.crashes = 0
            self._keep()

    def _keep(self, boot=False):
        values = {"boots": self.boots} if boot else {}
        values["crashes"] = self.crashes
        values["why"] = self.why
        try:
            self._flash.put_all(values)
        except OSError:
            return  # a chip that takes no writes must not stop a node that can run
