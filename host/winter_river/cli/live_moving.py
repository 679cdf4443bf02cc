"""The broker of a run: the one it has, and how a running site leaves it for another."""

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from winter_river.cli.connection import engine_lives_at
from winter_river.cli.errors import CommandError
from winter_river.cli.live_broker import broker_of
from winter_river.settings import Settings

if TYPE_CHECKING:
    from winter_river.emulator import Fleet
    from winter_river.emulator.vm import VmFleet
    from winter_river.service.broker import Broker
    from winter_river.service.wiring import Service

NODES_S_MAX = 6.0  # chosen: a node is back within two seconds; a site that takes longer goes on coming by itself
AGAIN = "write it into the settings file and start the run again"


class Seat:
    """Which broker a run is on; a context manager that stops it, or the one that it is on by then.

    moved: told of the new broker, after a move.
    """

    def __init__(self, broker: "Broker", *, host: str) -> None:
        """host: the address of this machine that a broker of ours listens on."""
        self.broker, self._host = broker, host
        self.moved: list[Callable[[Broker], None]] = []

    def applier(
        self, service: "Service", fleet: "Fleet | VmFleet | None", *, secured: bool
    ) -> Callable[[Settings, Settings], str]:
        """What makes a changed setting `broker` hold."""
        from winter_river.settings.live import RefusedError

        def apply(old: Settings, new: Settings) -> str:
            if new.broker == old.broker:
                return ""
            why_not = "" if not secured else "in profile secured every part has its certificates for this broker"
            why_not = why_not or _stays(fleet, service, new.broker)
            if why_not:
                raise RefusedError(f"the broker cannot be changed while the site runs: {why_not}\ncure: {AGAIN}")
            try:
                fresh = broker_of(new, None, host=self._host, say=lambda _line: None)
            except CommandError as error:
                cure = "" if "\ncure: " in str(error) else "\ncure: see that a broker runs there, or name another one"
                raise RefusedError(f"{error}{cure}") from None
            try:
                self._move(service, fleet, fresh, new.root)
            except BaseException:
                fresh.stop()
                raise
            return self._took(service, fresh)

        return apply

    def _move(self, service: "Service", fleet: "Fleet | VmFleet | None", fresh: "Broker", root: str) -> None:
        from winter_river.service.bus import BusError
        from winter_river.settings.live import RefusedError

        try:
            if engine_lives_at(fresh.address, root):
                raise RefusedError(
                    f"an engine already runs a site at {fresh.url} under {root}/\ncure: end it, or name another broker"
                )
            service.move(fresh.address)
        except BusError as error:
            raise RefusedError(f"{error.cause}\ncure: {error.cure or 'see that a broker runs there'}") from None
        except CommandError as error:
            raise RefusedError(str(error)) from None
        if fleet is not None:
            fleet.move(fresh.address)  # type: ignore[union-attr]  # _stays has let no VMs pass

    def _took(self, service: "Service", fresh: "Broker") -> str:
        """The old broker goes when nobody is on it any more, nor looks at it: one that has ended ends the run."""
        all_there = service.wait_online(timeout_s=NODES_S_MAX)
        old, self.broker = self.broker, fresh
        for tell in self.moved:
            tell(fresh)
        old.stop()
        report = service.report()
        there = "all nodes" if all_there else f"{report.online} of {report.nodes} nodes so far"
        return f"the site is at {fresh.url} now, with {there}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.broker.stop()


def _stays(fleet: "Fleet | VmFleet | None", service: "Service", broker: str) -> str:
    """Why not everybody can leave for that broker, or ""."""
    from winter_river.emulator.mixed import MixedFleet
    from winter_river.emulator.vm import VmFleet

    if isinstance(fleet, VmFleet):
        return "MicroPython VMs have theirs in their own node.json"
    if broker.startswith("mqtts://"):
        return "nodes that run have no certificates for one with TLS"
    there = [node_id for node_id, each in service.site.facts().items() if each["presence"] == "online"]
    boards = fleet.boards() if isinstance(fleet, MixedFleet) else [] if fleet is not None else there
    if boards:
        more = f" and {len(boards) - 3} more" if len(boards) > 3 else ""
        return f"the boards {', '.join(boards[:3])}{more} would stay behind; give them the new address first (config)"
    return ""
