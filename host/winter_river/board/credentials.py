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
PORT_TLS = 8883  # and of MQTT over TLS
CERTIFICATES = "certs"  # their folder on the board
CERTIFICATE_BYTES_MAX = 8192  # chosen: four times a certificate of 2048 bits RSA; more would not fit a board's heap
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_ROLES = ("ca", "cert", "key")

EXAMPLE = """[wifi]
ssid = "..."
password = "..."  # leave it out for an open network

[broker]
host = "192.168.4.1"  # of the machine that runs the site, as the boards reach it
port = 1883
# user = "..."
# password = "..."
# ca = "ca.der"      # asks for TLS: the authority that the broker's certificate is of; a file beside this one
# cert = "node.der"  # where the broker wants one of us, too
# key = "node.key"   # mode 600
"""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a node needs to join. Passwords and keys are left out of repr().

    certificates: `ca`, `cert`, `key` -> (file name, content); empty without TLS. command_key: that a secured site signs
    this node's commands with, "" in profile lab.
    """

    ssid: str
    host: str
    port: int = PORT
    wifi_password: str = field(default="", repr=False)
    user: str = ""
    broker_password: str = field(default="", repr=False)
    certificates: Mapping[str, tuple[str, bytes]] = field(default_factory=dict, repr=False)
    command_key: str = field(default="", repr=False)

    def files(self) -> dict[str, bytes]:
        """The certificates by their path on the board."""
        return {f"{CERTIFICATES}/{name}": data for name, data in self.certificates.values()}

    def settings(self) -> dict[str, object]:
        """What a node.json says of how to join."""
        broker: dict[str, object] = {"host": self.host, "port": self.port}
        if self.user:
            broker |= {"user": self.user, "password": self.broker_password}
        if self.certificates:
            broker["tls"] = True
            # From the current folder: that is the root of a board, or what is mounted on it.
            broker |= {role: f"{CERTIFICATES}/{name}" for role, (name, _) in self.certificates.items()}
        found: dict[str, object] = {"wifi": {"ssid": self.ssid, "password": self.wifi_password}, "broker": broker}
        return found | ({"profile": "secured", "key": self.command_key} if self.command_key else {})


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
    broker = file.section("broker", ("host", "port", "user", "password", *_ROLES))
    certificates = _certificates(broker, path.parent)
    found = Credentials(
        ssid=wifi.text("ssid", high=32),
        wifi_password=wifi.text("password", "", low=0, high=63),
        host=broker.text("host", high=64),
        port=broker.whole("port", PORT_TLS if certificates else PORT, low=1, high=65535),
        user=broker.text("user", "", low=0, high=64),
        broker_password=broker.text("password", "", low=0, high=64),
        certificates=certificates,
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


def _certificates(broker: Section, folder: Path) -> dict[str, tuple[str, bytes]]:
    """The files that `ca`, `cert` and `key` name, read; a fault of each that cannot be used."""
    found: dict[str, tuple[str, bytes]] = {}
    for role in _ROLES:
        name = broker.text(role, "", low=0, high=64)
        if not name:
            continue
        place = folder / name
        try:
            data = place.read_bytes()
            open_to_others = bool(os.stat(place).st_mode & _OTHERS)
        except OSError as error:
            broker.fault(role, f"cannot be read: {place}: {error.strerror}")
            continue
        if role == "key" and open_to_others:
            broker.fault(role, f"can be read by others: {place}", f"chmod 600 {place}")
        if not 0 < len(data) <= CERTIFICATE_BYTES_MAX:
            broker.fault(role, f"has {len(data)} bytes; 1 to {CERTIFICATE_BYTES_MAX}: {place}")
        found[role] = (place.name, data)
    if found and "ca" not in found:
        broker.fault("cert", "needs `ca`: without it anybody could be the broker")
    if ("cert" in found) != ("key" in found):
        broker.fault("cert" if "cert" in found else "key", "`cert` and `key` go together")
    return found


def _check_length(wifi: Section, password: str) -> None:
    if password and len(password) < 8:  # WPA2 (IEEE 802.11) takes no shorter one
        wifi.fault("password", "has fewer than the 8 letters of WPA2")
