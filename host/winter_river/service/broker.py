"""The MQTT broker of a run: a private mosquitto, the embedded one, or one that already runs somewhere.

    with start_broker("auto", port=1883, data_dir=folder) as broker:
        print(broker.url)

A broker of ours listens on loopback unless told otherwise, keeps nothing on disk, and ends with the process that
started it, even when that is killed. It lets anyone in who reaches it, but for a guarded one (profile secured): that is
a mosquitto with certificates, and rights of each name.
"""

import dataclasses
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from winter_river.address import Address, Certificates, parse_url
from winter_river.service import broker_embedded, broker_mosquitto, mqtt_probe, ports
from winter_river.service.broker_guarded import Guarded
from winter_river.service.broker_process import Child
from winter_river.service.broker_text import Listener

READY_S_MAX = 20.0  # chosen: Node on a busy Pi takes 4 s; a broker that needs five times that is broken
READY_POLL_S = 0.02
FREE_PORT_ATTEMPTS_MAX = 5

KINDS = ("auto", "mosquitto", "embedded", "mqtt://HOST:PORT", "mqtts://HOST:PORT")
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # a server's "any address" is no address to connect to
_CURE_GUARDED = "sudo apt install mosquitto   or   --broker mqtts://HOST:8885, one that is configured so already"
_CURE = "sudo apt install mosquitto   or   pip install 'winter-river[embedded]'"


class BrokerError(RuntimeError):
    """There is no broker to use; the text says why and what cures it."""


class PortTakenError(BrokerError):
    """Somebody else listens on the port that was asked for; `port` is its number, `holder` names who."""

    def __init__(self, host: str, port: int, *, option: str) -> None:
        self.port = port
        self.holder = ports.holder(port)
        text = f"port {port} is in use by {self.holder}; choose another one: {option} {port + 1}"
        if ports.OURS not in self.holder:  # the broker of another run has its engine already
            with suppress(mqtt_probe.ProbeError):
                mqtt_probe.probe(_reachable(host), port)
                text += f"\nIt is an MQTT broker that would serve, too: --broker {Address(_reachable(host), port)}"
        super().__init__(text)


@dataclass(frozen=True)
class Broker:
    """A broker that answered. `host` is where it listens; `url` is what a client on this machine connects to.

    nodes_port, passwords_port: of a guarded one, for nodes with certificates, and for those that have no TLS.
    """

    kind: str
    host: str
    port: int
    websocket_port: int | None = None
    certificates: Certificates | None = None
    nodes_port: int | None = None
    passwords_port: int | None = None
    passwords_host: str = ""
    _child: Child | None = None

    @property
    def address(self) -> Address:
        """For a client on this machine."""
        return Address(_reachable(self.host), self.port, certificates=self.certificates)

    @property
    def url(self) -> str:
        return str(self.address)

    @property
    def pid(self) -> int | None:
        """The process of a broker of ours; None for one that was given by its address."""
        return None if self._child is None else self._child.pid

    def fault(self) -> str:
        """Why a broker of ours is no longer running, with its last words; empty while it runs."""
        code = None if self._child is None else self._child.exit_code()
        if self._child is None or code is None:
            return ""
        return f"the {self.kind} broker ended with code {code}\n{self._child.log_tail()}".rstrip()

    def reload(self) -> None:
        """Have a broker of ours read its certificates, rights and passwords anew; nobody is disconnected.

        With a WebSocket listener it is restarted: Debian 12's mosquitto (2.0.11) reads its files anew once, and then
        crashes at one of the next connections to a WebSocket listener with TLS. Raises OSError.
        """
        if self._child is None:
            return
        if self.websocket_port is None:
            self._child.reload()
        else:
            self._child.restart()

    def stop(self) -> None:
        """End a broker of ours; one that was given by its address is left alone. Harmless a second time."""
        if self._child is not None:
            self._child.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start_broker(
    kind: str = "auto",
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    websocket_port: int | None = None,
    certificates: Certificates | None = None,
    guarded: Guarded | None = None,
    data_dir: Path,
    progress: Callable[[str], None] | None = None,
) -> Broker:
    """A broker that accepts clients now.

    kind: `auto` (mosquitto when installed, else embedded), `mosquitto`, `embedded`, or the address of one that runs.
    host: the address of this machine it listens on; port, websocket_port: 0 takes a free one, None is no WebSocket.
    certificates: for mqtts://, and a guarded broker: who we are there; see winter_river.address.
    guarded: what profile secured adds, where port is that of services and people.
    data_dir: its configuration and log go to a folder `broker` in there.
    progress: told one line when something is installed.
    Raises PortTakenError, BrokerError; ValueError for a kind that is none.
    """
    if kind.startswith(("mqtt://", "mqtts://")):
        return _running(parse_url(kind, certificates))
    if kind not in ("auto", "mosquitto", "embedded"):
        raise ValueError(f"the broker is {kind!r}; it must be one of {', '.join(KINDS)}")
    mosquitto = None if kind == "embedded" else broker_mosquitto.find()
    if guarded is not None and mosquitto is None:
        why = "the embedded broker knows no certificates and no rights" if kind == "embedded" else "it is not installed"
        raise BrokerError(f"profile secured needs mosquitto; {why}\ncure: {_CURE_GUARDED}")
    if kind == "mosquitto" and mosquitto is None:
        raise BrokerError("mosquitto is not installed; cure: sudo apt install mosquitto")
    if mosquitto is None and broker_embedded.find_node() is None:
        why = "is wanted but has no Node to run on" if kind == "embedded" else "and mosquitto are both missing"
        raise BrokerError(f"the embedded broker {why}; cure: {_CURE}")
    folder = data_dir / "broker"
    folder.mkdir(parents=True, exist_ok=True)
    launch = _Launch(
        mosquitto=mosquitto, host=host, folder=folder, progress=progress, guarded=guarded, certificates=certificates
    )
    for _ in range(FREE_PORT_ATTEMPTS_MAX - 1):
        try:
            return launch.start(port, websocket_port)
        except PortTakenError as error:
            if error.port in (port, websocket_port):  # the user's choice, not ours: no other will do
                raise
    return launch.start(port, websocket_port)


@dataclass(frozen=True)
class _Launch:
    """One choice of broker, address and folder, from which ports can be tried."""

    mosquitto: str | None
    host: str
    folder: Path
    progress: Callable[[str], None] | None
    guarded: Guarded | None
    certificates: Certificates | None

    def start(self, port: int, websocket_port: int | None) -> Broker:
        """Start on these ports, 0 being any free one, and wait until it accepts clients. Raises BrokerError."""
        port = self._usable(port, option="--mqtt-port" if self.guarded is None else "--site-port")
        if websocket_port is not None:
            websocket_port = self._usable(websocket_port, option="--websocket-port", avoid=port)
        guarded = None if self.guarded is None else self._with_ports(self.guarded, port)
        child = self._launch(port, websocket_port, guarded)
        kind = "embedded" if self.mosquitto is None else "mosquitto"
        broker = Broker(kind, self.host, port, websocket_port, _child=child)
        if guarded is not None:
            broker = dataclasses.replace(
                broker,
                certificates=self.certificates,
                nodes_port=guarded.nodes_port,
                passwords_port=guarded.passwords_port,
                passwords_host=guarded.passwords_host,
            )
        try:
            self._await_ready(broker, child)
        except BaseException:
            child.stop()
            raise
        return broker

    def _with_ports(self, guarded: Guarded, port: int) -> Guarded:
        """With the ports that it takes in the end."""
        nodes_port = self._usable(guarded.nodes_port, option="--tls-port", avoid=port)
        passwords_port = guarded.passwords_port
        if passwords_port is not None:
            passwords_port = self._usable(passwords_port, option="--mqtt-port", avoid=nodes_port)
        return dataclasses.replace(guarded, nodes_port=nodes_port, passwords_port=passwords_port)

    def _launch(self, port: int, websocket_port: int | None, guarded: Guarded | None) -> Child:
        try:
            if self.mosquitto is not None:
                if guarded is not None:
                    listeners = guarded.listeners(self.host, port, websocket_port)
                else:
                    listeners = [Listener(port, self.host)]
                    if websocket_port is not None:
                        listeners.append(Listener(websocket_port, self.host, websocket=True))
                return broker_mosquitto.start(self.mosquitto, listeners, folder=self.folder)
            return broker_embedded.start(
                host=self.host, port=port, websocket_port=websocket_port, folder=self.folder, progress=self.progress
            )
        except (broker_embedded.EmbeddedError, OSError) as error:
            raise BrokerError(f"the broker does not start: {error}") from error

    def _usable(self, port: int, *, option: str, avoid: int = 0) -> int:
        try:
            if port == 0:
                return ports.find_free(self.host, avoid=avoid)
            if not ports.is_free(self.host, port):
                raise PortTakenError(self.host, port, option=option)
        except OSError as error:
            raise BrokerError(f"cannot listen on {self.host}:{port}: {error.strerror or error}") from error
        return port

    def _await_ready(self, broker: Broker, child: Child) -> None:
        """Wait until the process we started is the one that listens, and answers as a broker does."""
        all_ports = (broker.port, broker.websocket_port, broker.nodes_port, broker.passwords_port)
        wanted = [each for each in all_ports if each is not None]
        end_s = time.monotonic() + READY_S_MAX
        while not all(ports.listens(child.pid, each) for each in wanted):
            if broker.fault():
                self._raise_fault(broker, wanted)
            if time.monotonic() > end_s:
                raise BrokerError(
                    f"the {broker.kind} broker did not listen within {READY_S_MAX:g} s\n{child.log_tail()}"
                )
            time.sleep(READY_POLL_S)
        try:
            # It is a process of ours, which a busy machine may let wait a second time.
            mqtt_probe.probe(
                _reachable(self.host), broker.port, certificates=broker.certificates, timeout_s=READY_S_MAX
            )
        except mqtt_probe.ProbeError as error:
            raise BrokerError(f"the {broker.kind} broker listens but does not work: {error}") from error

    def _raise_fault(self, broker: Broker, wanted: list[int]) -> None:
        """Say why it ended; a port somebody took in the meantime is the one reason a caller can mend."""
        for port in wanted:
            if not ports.is_free(self.host, port):
                raise PortTakenError(self.host, port, option="--mqtt-port")
        raise BrokerError(broker.fault())


def _running(address: Address) -> Broker:
    """A broker that somebody else runs. Raises BrokerError when it is not there, ValueError for a bad address."""
    if address.user is not None:
        raise ValueError("the broker address names a user; this program connects without a user name and password")
    try:
        mqtt_probe.probe(address.host, address.port, certificates=address.certificates)
    except mqtt_probe.ProbeError as error:
        raise BrokerError(
            f"no broker to use at {address.host}:{address.port}: {error}\n"
            "cure: start that one first, or leave --broker out and a broker is started, too"
        ) from error
    return Broker("given", address.host, address.port, certificates=address.certificates)


def _reachable(host: str) -> str:
    """The address a client on this machine connects to when a server listens on host."""
    return _EVERYWHERE.get(host, host)
