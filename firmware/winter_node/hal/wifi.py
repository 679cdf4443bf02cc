"""The Wi-Fi station: joins, stays joined, and says in plain words why not. Nothing here blocks."""

from winter_node import session, ticks

LOOK_MS = 200
JOIN_MS = 20000  # chosen: an access point that has not let us in by then is asked afresh
AP_NOT_SEEN = "AP NOT SEEN"
WRONG_PASSWORD = "WRONG PASSWORD"
JOINING = "JOINING WIFI"
TIMEOUT = "WIFI TIMEOUT"


class Wifi:
    """poll() gives (joined, why not)."""

    def __init__(self, hw, settings, rng, now_ms):
        self._network = hw.network
        self._wifi = settings["wifi"]
        self._rng = rng
        self._station = None
        self._tries = 0
        self._try_ms = ticks.add(now_ms, int(session.START_SPREAD_MS * rng()))
        self._look_ms = now_ms
        self._asked_ms = None  # tick of the last connect() that is still going on
        self._joined = False
        self._cause = JOINING

    def poll(self, now_ms):
        """(whether the network is there, why not in plain words)."""
        if ticks.diff(now_ms, self._look_ms) >= 0:
            self._look_ms = ticks.add(now_ms, LOOK_MS)
            self._look(now_ms)
        return self._joined, self._cause

    def rssi(self):
        """Signal strength in dBm, 0 where unknown."""
        try:
            return self._station.status("rssi") if self._joined else 0
        except (OSError, ValueError, TypeError):  # not every port tells it
            return 0

    def address(self):
        """Our own address as text, empty where there is none."""
        return self._station.ifconfig()[0] if self._joined else ""

    def _look(self, now_ms):
        if self._station is None:
            self._station = self._network.WLAN(self._network.STA_IF)
            self._station.active(True)
        self._joined = self._station.isconnected()
        if self._joined:
            self._tries = 0
            self._asked_ms = None
            self._cause = ""
        elif self._asked_ms is None:
            if ticks.diff(now_ms, self._try_ms) >= 0:
                self._station.connect(self._wifi["ssid"], self._wifi.get("password") or None)
                self._asked_ms = now_ms
        else:
            self._judge(self._station.status(), now_ms)

    def _judge(self, status, now_ms):
        """Reads a status of the driver; gives up this try on a fault or after JOIN_MS."""
        cause = JOINING
        # Ports name their codes differently and have more than these; a code that is not there matches nothing.
        if status == getattr(self._network, "STAT_NO_AP_FOUND", None):
            cause = AP_NOT_SEEN
        elif status in (
            getattr(self._network, "STAT_WRONG_PASSWORD", None),
            getattr(self._network, "STAT_HANDSHAKE_TIMEOUT", None),
        ):
            cause = WRONG_PASSWORD
        late = ticks.diff(now_ms, self._asked_ms) >= JOIN_MS
        if cause == JOINING and not late:
            self._cause = self._cause or JOINING
            return
        self._cause = cause if cause != JOINING else TIMEOUT
        self._station.disconnect()
        self._asked_ms = None
        self._try_ms = ticks.add(now_ms, session.backoff_ms(self._tries, self._rng))
        self._tries += 1
