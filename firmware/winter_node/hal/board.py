"""The board itself: why it started, how much memory is left, its watchdog, its restart button."""

_HEAP_LOW = 16384  # chosen: below this it is worth a collection to know what is really free
WATCHDOG_MS = 30000  # chosen: longer than the longest wait named in this folder, the name look-up included


class Board:
    """hw.machine and hw.gc in our words."""

    def __init__(self, hw, settings):
        self._hw = hw
        self._wanted = settings.get("watchdog", True)
        self._watchdog = None

    def feed(self):
        """Tells the watchdog that all is well; it starts with the first time, since a board that cannot even begin is
        not to restart, but to say why."""
        if self._watchdog is not None:
            self._watchdog.feed()
        elif self._wanted:
            self._watchdog = self._hw.machine.WDT(timeout=WATCHDOG_MS)

    def restart(self):
        self._hw.machine.reset()

    def heap_free(self):
        """Free heap, bytes, garbage left out when it is scarce; 0 where the interpreter does not tell."""
        mem_free = getattr(self._hw.gc, "mem_free", None)
        if mem_free is None:
            return 0
        if mem_free() < _HEAP_LOW:
            self._hw.gc.collect()
        return mem_free() & 0x7FFFFFFF

    def reset_cause(self):
        """Why the board started, in one word of at most 12 letters."""
        machine = self._hw.machine
        cause = machine.reset_cause()
        for name, word in (
            ("PWRON_RESET", "power"),
            ("HARD_RESET", "reset"),
            ("WDT_RESET", "watchdog"),
            ("DEEPSLEEP_RESET", "sleep"),
            ("SOFT_RESET", "soft"),
        ):
            if getattr(machine, name, None) == cause:
                return word
        return "unknown"

    def boot_id(self):
        """A number for this boot that the last one did not have: 31 random bits, never 0."""
        drawn = self._hw.os.urandom(4)
        return (drawn[0] << 24 | drawn[1] << 16 | drawn[2] << 8 | drawn[3]) & 0x7FFFFFFF or 1

    def random(self):
        """A number in [0, 1) from the chip's noise source."""
        drawn = self._hw.os.urandom(2)
        return (drawn[0] << 8 | drawn[1]) / 65536

    def log(self, text):
        """A line on the console."""
        self._hw.print(text)
