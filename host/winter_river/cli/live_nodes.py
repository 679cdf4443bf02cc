"""The nodes of a run that are on this machine: what they need, and the fleet of them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from winter_river.cli.errors import CommandError
from winter_river.settings import PORT_DEFAULT, PORT_TLS_DEFAULT, Settings

if TYPE_CHECKING:
    from winter_river.cli.secured import Secured
    from winter_river.emulator import Fleet
    from winter_river.emulator.vm import VmFleet
    from winter_river.facility import Facility
    from winter_river.service.broker import Broker

LOOPBACK = "127.0.0.1"


def fetch(settings: Settings, say: Callable[[str], None]) -> None:
    """Bring what the nodes need to this machine, once. Raises CommandError with the cure."""
    from winter_river import drivers

    try:
        drivers.path(progress=say)
    except RuntimeError as error:
        raise CommandError(f"the display and MQTT drivers are missing: {error}") from error
    if settings.nodes == "vm":
        from winter_river.emulator.vm import VmError, package

        try:
            package.find(progress=say)
        except VmError as error:
            raise CommandError(str(error)) from error


def fleet_of(
    facility: "Facility", broker: "Broker", settings: Settings, secured: "Secured | None"
) -> "Fleet | VmFleet | None":
    """The nodes that run on this machine."""
    if settings.nodes == "none":
        return None
    if secured is not None:
        return _secured_fleet(facility, broker, settings, secured)
    if settings.nodes == "vm":
        from winter_river.emulator.vm import VmFleet

        return VmFleet(facility, broker, root=settings.root, seed=settings.seed)
    if settings.nodes == "mixed":
        from winter_river.emulator.mixed import MixedFleet

        return MixedFleet(facility, broker.address, root=settings.root)
    from winter_river.emulator import Fleet

    return Fleet(facility, broker.address, root=settings.root, seed=settings.seed)


def _secured_fleet(facility: "Facility", broker: "Broker", settings: Settings, secured: "Secured") -> "Fleet | VmFleet":
    """The same in profile secured: each node with what is its own, at the port for what it can do."""
    from winter_river.address import Address

    if settings.nodes == "vm":  # the MicroPython of the VMs has no TLS
        from winter_river.emulator.vm import VmFleet

        address = Address(LOOPBACK, broker.passwords_port or PORT_DEFAULT)
        bundles = secured.bundles(facility)
        return VmFleet(facility, address, root=settings.root, seed=settings.seed, bundles=bundles)
    # A broker that somebody else runs: its port for nodes is the one that is set, or the usual one.
    address = Address(broker.address.host, broker.nodes_port or settings.tls_port or PORT_TLS_DEFAULT)
    bundles = secured.bundles(facility)
    if settings.nodes == "mixed":
        from winter_river.emulator.mixed import MixedFleet

        return MixedFleet(facility, address, root=settings.root, ear=broker.address, bundles=bundles)
    from winter_river.emulator import Fleet

    return Fleet(facility, address, root=settings.root, seed=settings.seed, bundles=bundles)
