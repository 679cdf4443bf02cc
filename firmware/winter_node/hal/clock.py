"""The time of day, for `ts` only: nothing in the node depends on it. 0 until a time server has answered."""

from winter_node import ticks

ASK_EVERY_MS = 3600000  # chosen: a crystal drifts less than a second in an hour
ASK_AGAIN_MS = 60000
SINCE_1970_S = 946684800  # seconds from 1970 to 2000, where a board's clock starts counting


class Clock:
    """Asks a time server now and then. poll() blocks while it asks: 1 s at most, ntptime's own timeout."""

    def __init__(self, hw, settings, now_ms):
        self._hw = hw
        self._host = settings.get("ntp") or ""
        self._ask_ms = now_ms
        self._set = False

    def poll(self, now_ms):
        """Asks when it is time to; a server that does not answer is asked again later."""
        if not self._host or ticks.diff(now_ms, self._ask_ms) < 0:
            return
        self._ask_ms = ticks.add(now_ms, ASK_AGAIN_MS)
        try:
            self._hw.ntptime.host = self._host
            self._hw.ntptime.settime()
        except OSError:
            return
        self._set = True
        self._ask_ms = ticks.add(now_ms, ASK_EVERY_MS)

    def unix_s(self):
        """Whole seconds since 1970, 0 while unset."""
        if not self._set:
            return 0
        seconds = int(self._hw.time.time())
        # Some ports count from 2000, others from 1970.
        return seconds + SINCE_1970_S if self._hw.time.gmtime(0)[0] == 2000 else seconds
