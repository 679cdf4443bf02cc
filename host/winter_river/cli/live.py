"""A live site put together: broker, engine service, emulated nodes; started in order and always taken down again."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from winter_river.cli.errors import CommandError
from winter_river.settings import PORT_DEFAULT, Settings

if TYPE_CHECKING:
    from winter_river.facility import Facility
    from winter_river.service.broker import Broker
    from winter_river.service.wiring import Service
    from winter_river.ui.health import Health

PORTS_TRIED_MAX = 10  # chosen: a machine with ten brokers in a row wants to be asked
READY_S_MAX = 10.0
NODES_S_MAX = 3.0  # chosen: 24 nodes need about 1.5 s; a large site comes up in front of its spectators
NOTE_S = 15.0  # chosen: long enough to be read in passing
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Live:
    """A running site: its service and the broker it speaks over; is_open: other machines can reach that broker."""

    facility: "Facility"
    service: "Service"
    broker: "Broker"
    seed: int
    is_open: bool

    def health(self) -> "Health":
        """What the header of a screen says."""
        from winter_river.ui.health import Health

        report = self.service.report()
        balance = {name: value for name, value in report.balance.items() if isinstance(value, (int, float))}
        note = "OPEN TO THE NETWORK" if self.is_open else ""
        if report.notes and report.t_s - report.notes[-1].t_s < NOTE_S:
            note = f"{report.notes[-1].node_id} {report.notes[-1].text}".strip()
        if report.counters.get("laws_broken"):
            note = f"{report.counters['laws_broken']:.0f} laws broken: a fault of ours"
        if not report.connected:
            note = f"broker lost: {report.why_down}"
        return Health(
            broker=report.broker,
            nodes=report.nodes,
            online=report.online,
            lag_ms=float(report.counters.get("lag_ms", 0.0)),
            seed=self.seed,
            source_kw=balance.get("source_kw", 0.0),
            it_kw=balance.get("it_kw", 0.0),
            pue=balance.get("pue", 0.0),
            note=note,
        )

    def fatal(self) -> str:
        """Why the run cannot go on, or ""."""
        if self.service.failure is not None:
            return f"the engine stopped: {self.service.failure}; this is a fault of ours: --debug shows where"
        return self.broker.fault()


@contextmanager
def live(facility: "Facility", settings: Settings, *, host: str, say: Callable[[str], None]) -> Iterator[Live]:
    """A running site; leaving it stops everything that was started, in reverse order.

    host: the address of this machine that a broker of ours listens on. say: told one line on progress.
    Raises CommandError with the cure.
    """
    from winter_river import drivers
    from winter_river.service.bus import BusError
    from winter_river.service.wiring import Service, ServiceError

    with ExitStack() as running:
        if settings.nodes == "emulated":
            try:
                drivers.path(progress=say)
            except (RuntimeError, OSError) as error:
                raise CommandError(f"the display and MQTT drivers are missing: {error}") from error
        broker = running.enter_context(_broker(settings, host=host, say=say))
        service = Service(
            facility, broker.url, seed=settings.seed, root=settings.root, grace=settings.nodes == "emulated"
        )
        running.enter_context(service)
        try:
            service.wait_ready(READY_S_MAX)
        except (BusError, ServiceError) as error:
            raise CommandError(str(error)) from error
        if settings.nodes == "emulated":
            from winter_river.emulator import Fleet

            running.enter_context(Fleet(facility, broker, root=settings.root, seed=settings.seed))
            if not service.wait_online(timeout_s=NODES_S_MAX):
                say("some nodes are still starting")
        yield Live(facility, service, broker, settings.seed, is_open=host != LOOPBACK)


def _broker(settings: Settings, *, host: str, say: Callable[[str], None]) -> "Broker":
    """The broker of the run. Raises CommandError saying what holds the port and how to choose another."""
    from winter_river import paths
    from winter_river.service.broker import BrokerError, PortTakenError, start_broker

    first = settings.mqtt_port or PORT_DEFAULT
    last = first if settings.mqtt_port else first + PORTS_TRIED_MAX - 1
    for port in range(first, last + 1):
        try:
            return start_broker(settings.broker, host=host, port=port, data_dir=paths.data_dir(), progress=say)
        except PortTakenError as error:
            # A second run by mistake must not go unnoticed; some other program on the usual port is no reason to stop.
            if port == last or "Winter River" in error.holder:
                raise CommandError(str(error)) from error
            say(f"port {port} is in use by {error.holder}: taking {port + 1} (--mqtt-port chooses)")
        except (BrokerError, ValueError) as error:
            raise CommandError(str(error)) from error
    raise AssertionError("the last port either serves or raises")
