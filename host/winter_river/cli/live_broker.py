"""The broker of a run: which one, on which ports, and what it is guarded with."""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

from winter_river.cli.connection import certificates_of
from winter_river.cli.errors import CommandError
from winter_river.settings import PORT_DEFAULT, PORT_SITE_DEFAULT, PORT_TLS_DEFAULT, Settings, is_address

if TYPE_CHECKING:
    from winter_river.cli.secured import Secured
    from winter_river.service.broker import Broker

PORTS_TRIED_MAX = 10  # chosen: a machine with ten brokers in a row wants to be asked


def broker_of(settings: Settings, secured: "Secured | None", *, host: str, say: Callable[[str], None]) -> "Broker":
    """The broker of the run. Raises CommandError saying what holds the port and how to choose another."""
    from winter_river import paths
    from winter_river.service import ports
    from winter_river.service.broker import BrokerError, PortTakenError, start_broker

    if secured is not None and settings.broker.startswith("mqtt://"):
        raise CommandError(
            f"profile secured speaks to no broker without TLS: {settings.broker}\ncure: --broker mqtts://HOST:8885, or none"
        )
    certificates = guarded = None
    if is_address(settings.broker) and settings.broker.startswith("mqtts://"):
        certificates = certificates_of(settings)
    if secured is not None and (certificates is None or not settings.broker_cert):
        certificates = secured.certificates("service", "service")
    if secured is not None and not is_address(settings.broker):
        guarded = secured.guarded(settings, host=host)
        guarded = dataclasses.replace(
            guarded,
            nodes_port=_free_port(settings.tls_port, PORT_TLS_DEFAULT, host, say),
            passwords_port=guarded.passwords_port
            and _free_port(settings.mqtt_port, PORT_DEFAULT, guarded.passwords_host, say),
        )
    wanted, usual = settings.mqtt_port, PORT_DEFAULT
    if secured is not None:
        wanted, usual = settings.site_port, PORT_SITE_DEFAULT
    option = "--mqtt-port" if secured is None else "--site-port"
    first = wanted or usual
    last = first if wanted else first + PORTS_TRIED_MAX - 1
    for port in range(first, last + 1):
        try:
            return start_broker(
                settings.broker,
                host=host,
                port=port,
                websocket_port=settings.websocket_port or None,
                certificates=certificates,
                guarded=guarded,
                data_dir=paths.data_dir(),
                progress=say,
            )
        except PortTakenError as error:
            # A second run by mistake must not go unnoticed; some other program on the usual port is no reason to stop.
            if port == last or error.port != port or ports.OURS in error.holder:
                raise CommandError(str(error)) from error
            say(f"port {port} is in use by {error.holder}: taking {port + 1} ({option} chooses)")
        except (BrokerError, ValueError) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            what = f"{error.filename or paths.data_dir()}: {error.strerror or error}"
            raise CommandError(f"{what}\ncure: export WINTER_RIVER_DATA_DIR=/another/folder") from error
    raise AssertionError("the last port either serves or raises")


def _free_port(wanted: int, usual: int, host: str, say: Callable[[str], None]) -> int:
    """The port that was asked for; else the usual one, or the next free one, which is told."""
    from winter_river.service import ports

    if wanted:
        return wanted
    for port in range(usual, usual + PORTS_TRIED_MAX):
        if ports.is_free(host, port):
            if port != usual:
                say(f"port {usual} is in use by {ports.holder(usual)}: taking {port}")
            return port
    return usual  # whoever starts the broker tells who holds it
