"""A live site put together: broker, engine service, emulated nodes; started in order and always taken down again."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from winter_river.cli.errors import CommandError
from winter_river.cli.live_broker import broker_of
from winter_river.cli.live_nodes import fetch, fleet_of
from winter_river.cli.live_store import keeper_of, secret_of
from winter_river.settings import Settings, is_address

if TYPE_CHECKING:
    from winter_river.address import Address
    from winter_river.cli.live_moving import Seat
    from winter_river.cli.secured import Secured
    from winter_river.emulator import Fleet
    from winter_river.emulator.vm import VmFleet
    from winter_river.facility import Facility
    from winter_river.service.broker import Broker
    from winter_river.service.wiring import Service
    from winter_river.settings.live import LiveSettings
    from winter_river.store import Keeper
    from winter_river.ui.health import Health
    from winter_river.web.server import PageServer

READY_S_MAX = 10.0
# chosen: 24 nodes need 1.5, 6 and 2 s; a large site comes up in front of its spectators
NODES_S_MAX = {"emulated": 3.0, "vm": 15.0, "mixed": 4.0}
VM_NODES_MAX = 100  # chosen: 1.3 GB; a larger site in VMs would only thrash the machine
NOTE_S = 15.0  # chosen: long enough to be read in passing
NOTICES_MAX = 100
LOOPBACK = "127.0.0.1"
SCENARIOS = "scenarios"  # folder below the current one
RECORDINGS = "recordings"  # folder of what can be replayed, in the data folder


@dataclass(slots=True)
class Live:
    """A running site: its service and the broker it speaks over; is_open: other machines can reach that broker.

    fleet: the nodes that run on this machine, None where there are none. page: None with `--no-page`.
    keeper: of the history, None with `--no-store` and where the store cannot be used. secured: None in profile lab.
    broker: another one after a move. seat: who is told of it.
    """

    facility: "Facility"
    service: "Service"
    broker: "Broker"
    seed: int
    is_open: bool
    fleet: "Fleet | VmFleet | None" = None
    page: "PageServer | None" = None
    keeper: "Keeper | None" = None
    secured: "Secured | None" = None
    seat: "Seat | None" = None
    _notices: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=NOTICES_MAX))

    def tell(self, text: str) -> None:
        """Something that whoever watches the run should know, from any thread."""
        self._notices.append((time.monotonic(), text))

    def notices(self, since_s: float = 0.0) -> list[tuple[float, str]]:
        """(moment, text) of what was told after a moment of the monotonic clock."""
        return [each for each in list(self._notices) if each[0] > since_s]

    def health(self) -> "Health":
        """What the header of a screen says."""
        from winter_river.ui.health import Health

        report = self.service.report()
        balance = {name: value for name, value in report.balance.items() if isinstance(value, (int, float))}
        note = "OPEN TO THE NETWORK" if self.is_open and self.secured is None else ""
        for _, text in self.notices(time.monotonic() - NOTE_S)[-1:]:
            note = text
        if report.notes and report.t_s - report.notes[-1].t_s < NOTE_S:
            note = f"{report.notes[-1].node_id} {report.notes[-1].text}".strip()
        note = self.page_fault() or note
        if self.keeper is not None and (fault := self.keeper.health().fault):
            note = f"the history waits: {fault}"
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
            alarms=self._alarms(),
        )

    def _alarms(self) -> str:
        """How many wait, and the worst of them, as the header of a screen has room for it."""
        from winter_river.alerts.states import WAITING

        waiting = [alarm for alarm in self.service.alarms.alarms if alarm.state in WAITING]
        if not waiting:
            return ""
        count = f"{len(waiting)} ALARMS" if len(waiting) > 1 else "ALARM"
        return f"{count} {waiting[0].priority}: {waiting[0].message} (a)"

    def acknowledge(self) -> str:
        """Says that every alarm has been seen; what came of it, in words."""
        seen = self.service.alarms.acknowledge_all(by="live view")
        return f"{len(seen)} alarms acknowledged" if len(seen) != 1 else f"acknowledged: {seen[0].message}"

    def fatal(self) -> str:
        """Why the run cannot go on, or ""."""
        if self.service.failure is not None:
            return f"the engine stopped: {self.service.failure}; this is a fault of ours: --debug shows where"
        if self.fleet is not None and self.fleet.failure is not None:
            return f"the nodes stopped: {self.fleet.failure}"
        return self.broker.fault()

    def page_fault(self) -> str:
        """Why there is no page any more, or ""; the run goes on without it."""
        fault = "" if self.page is None else self.page.fault()
        return f"{fault}; the run goes on" if fault else ""


@contextmanager
def live(facility: "Facility", settings: Settings, *, host: str, say: Callable[[str], None]) -> Iterator[Live]:
    """A running site; leaving it stops everything that was started, in reverse order.

    host: the address of this machine that a broker of ours listens on. say: told one line on progress.
    Raises CommandError with the cure.
    """
    from winter_river import paths
    from winter_river.alerts.loader import RulesError, all_of
    from winter_river.cli.live_alarms import Routing, alarm_file, measure, own_rules
    from winter_river.cli.live_moving import Seat
    from winter_river.cli.live_settings import live_settings
    from winter_river.service.bus import BusError
    from winter_river.service.desk import no_keys
    from winter_river.service.intervals import Intervals
    from winter_river.service.live_site import ServiceError
    from winter_river.service.wiring import Service

    with ExitStack() as running:
        if settings.nodes == "vm" and len(facility.nodes) > VM_NODES_MAX:
            raise CommandError(
                f"{facility.name} has {len(facility.nodes)} nodes; --nodes vm runs {VM_NODES_MAX} at most, at about 13 MB "
                "each\ncure: --nodes emulated"
            )
        if settings.nodes == "vm" and settings.broker.startswith("mqtts://") and settings.profile == "lab":
            raise CommandError(
                "MicroPython VMs have no TLS, so --nodes vm cannot join mqtts://\ncure: --nodes emulated"
            )
        if settings.nodes != "none":
            fetch(settings, say)
        secured = None
        if settings.profile == "secured":
            from winter_river.cli.secured import prepared

            secured = prepared(facility, settings, host=host, say=say)
            seen = secured.seen(facility.nodes)
        broker = broker_of(settings, secured, host=host, say=say)
        seat = running.enter_context(Seat(broker, host=host))
        if is_address(settings.broker):
            _refuse_a_second_engine(broker.address, settings.root)
            if secured is not None and settings.nodes == "vm":
                raise CommandError(
                    "--nodes vm joins a broker of this run only, in profile secured\ncure: leave out --broker"
                )
        try:
            own = own_rules(facility, settings)
        except RulesError as error:
            raise CommandError(str(error)) from None
        keeper = keeper_of(facility.name, settings, say)
        if keeper is not None:
            running.enter_context(keeper)
        service = Service(
            facility,
            broker.address,
            seed=settings.seed,
            root=settings.root,
            grace=settings.nodes != "none",
            record=paths.data_dir() / RECORDINGS,
            keeper=keeper,
            audit=paths.audit_dir(),
            keys=no_keys if secured is None else secured.site.keys,
            secured=secured is not None,
            epoch=None if secured is None else secured.epoch,
            rules=all_of(own),
            alarm_file=alarm_file(facility.name),
        )
        measure(service, keeper, secured)
        routing = Routing(service, facility, settings)
        running.callback(routing.stop)
        running.enter_context(service)
        try:
            service.wait_ready(READY_S_MAX)
        except (BusError, ServiceError) as error:
            raise CommandError(str(error)) from error
        fleet = fleet_of(facility, broker, settings, secured)
        if fleet is not None:
            running.enter_context(fleet)
            if not service.wait_online(timeout_s=NODES_S_MAX[settings.nodes]):
                say("some nodes are still starting")
        intervals = Intervals(service.site)
        running.callback(intervals.stop)
        intervals.want(settings.status_s)
        intervals.start()
        held = live_settings(
            settings,
            service=service,
            fleet=fleet,
            keeper=keeper,
            routing=routing,
            intervals=intervals,
            seat=seat,
        )
        live = Live(
            facility,
            service,
            broker,
            settings.seed,
            is_open=host != LOOPBACK,
            fleet=fleet,
            keeper=keeper,
            secured=secured,
            seat=seat,
        )
        seat.moved.append(lambda fresh: setattr(live, "broker", fresh))
        if settings.page:  # last: from its page the broker may be changed at once
            live.page = running.enter_context(_page(service, fleet, keeper, settings, secured, host=host, held=held))
        if secured is not None:
            from winter_river.cli.secured import Renewal
            from winter_river.emulator import Fleet

            take_up = [broker.reload, *([] if live.page is None else [live.page.reload])]
            nodes_at = None if broker.nodes_port is None else (broker.address.host, broker.nodes_port)
            renewal = Renewal(secured, since=seen, take_up=take_up, tell=live.tell, nodes_at=nodes_at)
            if isinstance(fleet, Fleet):
                renewal.provide(list(fleet.nodes), fleet.renew)
            running.enter_context(renewal)
        yield live


def _refuse_a_second_engine(address: "Address", root: str) -> None:
    """Two engines on one bus would fight over every node. Raises CommandError with the cure where one is there."""
    from winter_river.cli.connection import engine_lives_at

    if engine_lives_at(address, root):
        raise CommandError(
            f"an engine already runs a site at {address} under {root}/\n"
            "end it, or leave out --broker to have a broker of your own"
        )


def _page(
    service: "Service",
    fleet: "Fleet | VmFleet | None",
    keeper: "Keeper | None",
    settings: Settings,
    secured: "Secured | None",
    *,
    host: str,
    held: "LiveSettings",
) -> "PageServer":
    """The page of the run, not yet started. Raises CommandError where it cannot listen."""
    from winter_river.paths import audit_dir
    from winter_river.web.plant import Plant
    from winter_river.web.server import PageServer, PageServerError, PageTls

    tls = None
    if secured is not None:
        site = secured.site
        tls = PageTls(site.places.pair("page", "page"), site.read().hosts, settings.tls_min)
    plant = Plant(
        service.site,
        service.station,
        service.report,
        fleet,
        scenarios=_scenarios(settings),
        keeper=keeper,
        audit=audit_dir(),
        alarms=service.alarms,
        settings=held,
    )
    try:
        reader = secret_of(settings.page_token_file)
        return PageServer(plant, host=host, port=settings.page_port, tls=tls, reader=reader)
    except PageServerError as error:
        raise CommandError(str(error)) from error
    except ValueError as error:
        raise CommandError(f"{settings.page_token_file}: {error}\ncure: openssl rand -hex 16 > FILE") from error


def _scenarios(settings: Settings) -> Path | None:
    """The folder of scenarios of one's own; None where none is named and the current folder has none.

    Raises CommandError for one that is named and not there.
    """
    folder = Path(settings.scenarios or SCENARIOS).expanduser().absolute()
    if folder.is_dir():
        return folder
    if settings.scenarios:
        raise CommandError(
            f"{settings.scenarios} is not a folder\ncure: --scenarios FOLDER, one with scenarios (*.yaml)"
        )
    return None
