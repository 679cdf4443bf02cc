"""Wi-Fi and broker credentials: from a file of the user's that git ignores, or asked for. Never defaults, never shown.

They go from here into a node's node.json and nowhere else: no command line, no log, no message.
"""

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from winter_river.board.errors import BoardError
from winter_river.board.toml_lines import Section, TomlFile

FILE_NAME = "credentials.toml"
PORT = 1883  # IANA's port of MQTT
_OTHERS = stat.S_IRWXG | stat.S_IRWXO

EXAMPLE = """[wifi]
ssid = "..."
password = "..."  # leave it out for an open network

[broker]
host = "192.168.4.1"  # of the machine that runs the site, as the boards reach it
port = 1883
# user = "..."
# password = "..."
"""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a node needs to join. Passwords are left out of repr()."""

    ssid: str
    host: str
    port: int = PORT
    wifi_password: str = field(default="", repr=False)
    user: str = ""
    broker_password: str = field(default="", repr=False)

    def settings(self) -> dict[str, object]:
        """The `wifi` and `broker` groups of a node.json."""
        broker: dict[str, object] = {"host": self.host, "port": self.port}
        if self.user:
            broker |= {"user": self.user, "password": self.broker_password}
        return {"wifi": {"ssid": self.ssid, "password": self.wifi_password}, "broker": broker}


def find(places: tuple[Path, ...]) -> Path | None:
    """The first credentials file there is in these folders."""
    return next((folder / FILE_NAME for folder in places if (folder / FILE_NAME).is_file()), None)


def read(path: Path) -> Credentials:
    """The credentials in a file.

    Raises BoardError where others may read it, FileError with every fault of its text (never a value of it).
    """
    if os.stat(path).st_mode & _OTHERS:
        raise BoardError(f"{path} holds passwords and can be read by others", f"chmod 600 {path}")
    file = TomlFile(path)
    file.section("", ("wifi", "broker"))
    wifi = file.section("wifi", ("ssid", "password"))
    broker = file.section("broker", ("host", "port", "user", "password"))
    found = Credentials(
        ssid=wifi.text("ssid", high=32),
        wifi_password=wifi.text("password", "", low=0, high=63),
        host=broker.text("host", high=64),
        port=broker.whole("port", PORT, low=1, high=65535),
        user=broker.text("user", "", low=0, high=64),
        broker_password=broker.text("password", "", low=0, high=64),
    )
    _check_length(wifi, found.wifi_password)
    file.finish()
    return found


def ask(ask_text: Callable[[str], str], ask_secret: Callable[[str], str]) -> Credentials:
    """The credentials as a person types them; secrets are not echoed. Raises BoardError for what cannot be."""
    ssid = ask_text("Wi-Fi network (SSID): ").strip()
    password = ask_secret("Wi-Fi password (empty: an open network): ")
    host = ask_text("Broker, as the board reaches it (host or host:port): ").strip()
    user = ask_text("Broker user (empty: none): ").strip()
    broker_password = ask_secret("Broker password: ") if user else ""
    host, _, port_text = host.partition(":")
    port = int(port_text) if port_text.isdecimal() else PORT if not port_text else 0
    if not 1 <= len(ssid) <= 32 or not 1 <= len(host) <= 64 or not 1 <= port <= 65535:
        raise BoardError("a network name has 1 to 32 letters, a broker is a host or host:port", "try again")
    if password and not 8 <= len(password) <= 63:
        raise BoardError("a Wi-Fi password has 8 to 63 letters", "try again")
    return Credentials(ssid, host, port, password, user, broker_password)


def missing(places: tuple[Path, ...]) -> BoardError:
    """What is said where there is no file and nobody to ask."""
    path = places[-1] / FILE_NAME
    return BoardError(
        f"there are no Wi-Fi and broker credentials: no {FILE_NAME} in {' or '.join(map(str, places))}",
        f"write {path} (mode 600):\n{EXAMPLE}",
    )


def secrets_of(found: Credentials) -> Mapping[str, str]:
    """The passwords by what they are for, without the empty ones; for whoever has to keep them out of a text."""
    both = {"Wi-Fi password": found.wifi_password, "broker password": found.broker_password}
    return {name: value for name, value in both.items() if value}


def _check_length(wifi: Section, password: str) -> None:
    if password and len(password) < 8:  # WPA2 (IEEE 802.11) takes no shorter one
        wifi.fault("password", "has fewer than the 8 letters of WPA2")
