"""A board's `network` module: a station and the access point it may or may not find."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from winter_river.emulator.clock import NodeTime

# Numbers of the ESP32 port: its own, and reasons of the Wi-Fi driver passed through (esp_wifi_types.h).
STAT_IDLE, STAT_CONNECTING, STAT_GOT_IP = 1000, 1001, 1010
STAT_BEACON_TIMEOUT, STAT_NO_AP_FOUND, STAT_WRONG_PASSWORD = 200, 201, 202
STA_IF, AP_IF = 0, 1
ATTEMPT_MS = 100  # chosen: a real join takes 1 to 4 s; a demonstration should not wait for it
RSSI_DBM = -55  # chosen: a board on the same table
_CONFIG_KEYS = ("pm", "hostname", "dhcp_hostname", "txpower", "channel", "ssid", "reconnects", "mac")


@dataclass
class AccessPoint:
    """The radio around a node, for tests and stories to change while it runs. password "" is an open network."""

    ssid: str
    password: str = ""
    up: bool = True
    rssi_dbm: int = RSSI_DBM


class Wlan:
    """`network.WLAN(STA_IF)`: tries until it is in, or as often as config(reconnects=n) allows, like the real one.

    As there, status() names a missing access point and a wrong password while it goes on trying.
    """

    PM_NONE, PM_PERFORMANCE, PM_POWERSAVE = 0, 1, 2
    IF_STA, IF_AP = STA_IF, AP_IF

    def __init__(self, time: NodeTime, access_point: AccessPoint, mac: bytes) -> None:
        self._time, self._access_point, self._mac = time, access_point, mac
        self._active = self._wanted = self._connected = False
        self._reason = 0
        self._attempts = self._attempts_max = 0  # 0: no end of trying
        self._attempt_ends_ms = 0
        self._ssid = self._key = ""
        self._settings: dict[str, Any] = {"pm": self.PM_PERFORMANCE, "hostname": "mpy-esp32", "txpower": 20}

    def active(self, on: bool | None = None) -> bool:
        if on is not None:
            self._active = bool(on)
            if not on:
                self.disconnect()
        return self._active

    def connect(self, ssid: str | None = None, key: str = "", *, bssid: bytes | None = None) -> None:
        if not self._active:
            raise OSError("Wifi Not Started")
        if ssid is not None:
            self._ssid, self._key = str(ssid), str(key or "")
        self._wanted, self._connected = True, False
        self._reason = self._attempts = 0
        self._attempt_ends_ms = self._time.now_ms + ATTEMPT_MS

    def disconnect(self) -> None:
        self._wanted = self._connected = False
        self._reason = 0

    def isconnected(self) -> bool:
        self._update()
        return self._connected

    def status(self, what: str | None = None) -> int:
        self._update()
        if what == "rssi":
            return self._access_point.rssi_dbm if self._connected else 0
        if what is not None:
            raise ValueError("unknown status param")
        if self._connected:
            return STAT_GOT_IP
        if self._reason in (STAT_NO_AP_FOUND, STAT_WRONG_PASSWORD):
            return self._reason
        return STAT_CONNECTING if self._wanted else self._reason or STAT_IDLE

    def config(self, name: str | None = None, **settings: Any) -> Any:
        if name is not None:
            known = {"mac": self._mac, "ssid": self._ssid, "essid": self._ssid, "channel": 6, **self._settings}
            if name not in known:
                raise ValueError("unknown config param")
            return known[name]
        for key, value in settings.items():
            if key not in _CONFIG_KEYS:
                raise ValueError("unknown config param")
            if key == "reconnects":
                self._attempts_max = 0 if value == -1 else value + 1
            self._settings[key] = value
        return None

    def ifconfig(self, addresses: Sequence[str] | None = None) -> tuple[str, str, str, str]:
        """(address, mask, gateway, DNS): loopback, where an emulated node really is."""
        self._update()
        if not self._connected:
            return ("0.0.0.0",) * 4
        return ("127.0.0.1", "255.0.0.0", "127.0.0.1", "127.0.0.1")

    def scan(self) -> list[tuple[bytes, bytes, int, int, int, bool]]:
        """(ssid, bssid, channel, RSSI in dBm, security, hidden) of each access point in sight."""
        point = self._access_point
        security = 3 if point.password else 0
        return [(point.ssid.encode(), self._mac, 6, point.rssi_dbm, security, False)] if point.up else []

    def _update(self) -> None:
        """Bring the station to now: lose an access point that has gone, end an attempt whose time has come."""
        if self._connected and not self._access_point.up:
            self._connected, self._reason = False, STAT_BEACON_TIMEOUT
            self._attempt_ends_ms = self._time.now_ms + ATTEMPT_MS
        if self._connected or not self._wanted or self._time.now_ms < self._attempt_ends_ms:
            return
        point = self._access_point
        if not point.up or point.ssid != self._ssid:
            self._reason = STAT_NO_AP_FOUND
        elif point.password != self._key:
            self._reason = STAT_WRONG_PASSWORD
        else:
            self._connected, self._reason, self._attempts = True, 0, 0
            return
        self._attempts += 1
        self._wanted = not self._attempts_max or self._attempts < self._attempts_max
        self._attempt_ends_ms = self._time.now_ms + ATTEMPT_MS


class Network:
    """The `network` module of one board."""

    STA_IF, AP_IF = STA_IF, AP_IF
    STAT_IDLE, STAT_CONNECTING, STAT_GOT_IP = STAT_IDLE, STAT_CONNECTING, STAT_GOT_IP
    STAT_BEACON_TIMEOUT, STAT_NO_AP_FOUND = STAT_BEACON_TIMEOUT, STAT_NO_AP_FOUND
    STAT_WRONG_PASSWORD = STAT_WRONG_PASSWORD
    STAT_ASSOC_FAIL, STAT_HANDSHAKE_TIMEOUT = 203, 204

    def __init__(self, time: NodeTime, access_point: AccessPoint, mac: bytes) -> None:
        self._station = Wlan(time, access_point, mac)
        self._hostname = "mpy-esp32"

    def WLAN(self, interface: int = STA_IF) -> Wlan:
        """The station; it is one object however often it is asked for. An access point of its own: OSError."""
        if interface != STA_IF:
            raise OSError("only the station is emulated")
        return self._station

    def hostname(self, name: str | None = None) -> str:
        if name is not None:
            self._hostname = name
        return self._hostname

    def country(self, code: str | None = None) -> str:
        return "XX"
