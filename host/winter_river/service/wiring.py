"""The live service put together: bus, coordinator, loop, and the site that others talk to."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Self

from winter_wire import schema, topics

from winter_river.address import Address
from winter_river.alerts.keeper import AlarmKeeper
from winter_river.alerts.memory import Memory
from winter_river.alerts.model import Rule
from winter_river.alerts.rules import built_in
from winter_river.audit import Trail
from winter_river.facility import Facility
from winter_river.scenario.records import Action
from winter_river.service.alarms import AlarmEvents, ServiceGauges
from winter_river.service.bus import Bus
from winter_river.service.clerk import Clerk
from winter_river.service.coordinator import Coordinator
from winter_river.service.desk import Desk, Keys, no_keys
from winter_river.service.issuer import Issuer, Source
from winter_river.service.leftovers import Leftovers
from winter_river.service.live_site import LiveSite, ServiceError
from winter_river.service.loop import Loop
from winter_river.service.loop_line import LoopLine
from winter_river.service.moving import move
from winter_river.service.roster import Note
from winter_river.site import Ack
from winter_river.station import Station
from winter_river.store import Keeper

CLASS_DOORS = ("page", "rest", "exercise")  # see web.routes_act and web.exercise_site
WILL_HOLD_S = 0.2  # chosen: mosquitto 2.0.11 sends all last wills within 1 ms of hanging up when it is stopped


@dataclass(frozen=True, slots=True)
class Report:
    """The service at a glance. why_down: "" while connected. failure: "" while the engine runs.

    unaudited: changes of state of commands that the audit did not take, and commands of others that came too fast for it.
    """

    broker: str
    connected: bool
    why_down: str
    facility: str
    seed: int
    t_s: float
    nodes: int
    online: int
    counters: Mapping[str, float]
    balance: Mapping[str, object]
    notes: Sequence[Note]
    failure: str
    unaudited: int = 0


class Service:
    """One facility, live on one broker. start() it, use `site`, stop() it; also a context manager."""

    def __init__(
        self,
        facility: Facility,
        broker: str | Address,
        *,
        seed: int = 0,
        root: str = topics.ROOT,
        grace: bool = True,
        record: Path | None = None,
        keeper: Keeper | None = None,
        audit: Path | None = None,
        keys: Keys = no_keys,
        secured: bool = False,
        epoch: int | None = None,
        rules: Sequence[Rule] | None = None,
        alarm_file: Path | None = None,
    ) -> None:
        """broker: its address, or a URL. record, audit: the folders of recording and audit, None for none. keeper:
        of its history; whoever gives it starts it before us and stops it after us.

        keys: a node's key, to sign its commands with. secured: profile `secured`, where only the whole signed form of
        a command goes out, and none that the audit does not take. epoch: the fencing number of this start, if any.
        rules: of the alarms, None for the built-in ones. alarm_file: where what was acknowledged and shelved outlives
        this process, None where it does not.
        grace: nodes are being started or are out there; False: nobody is expected (`--nodes none`).
        """
        boot = secrets.randbelow(schema.COUNT_MAX) + 1
        version = metadata.version("winter-river")
        self._coordinator = Coordinator(
            facility,
            seed=seed,
            root=root,
            boot=boot,
            version=version,
            grace=grace,
            will_hold_s=WILL_HOLD_S,
        )
        self._seed = seed
        desk = Desk("service", root, keys=keys, secured=secured, epoch=epoch)
        # Not "engine" alone: two services with one client id would throw each other off the broker for ever. As two
        # clients they both live, hear each other, and say so.
        self._bus = Bus(
            broker,
            client_id=f"{topics.ENGINE}-{boot:x}",
            subscriptions=[
                *desk.subscriptions(),
                *((topics.all_of(leaf, root), 1) for leaf in (topics.COMMAND, topics.EVENT)),
            ],
            will=self._coordinator.goodbye,
        )
        self._loop = Loop(self._coordinator, self._bus, desk)
        if keeper is not None:
            self._loop.came, self._loop.went = keeper.hear, keeper.tell
        trail = None if audit is None else Trail(audit)
        self.issuer = Issuer(desk, LoopLine(self._loop), ledger=trail, trouble=self._note, answered=self._answered)
        self.site = LiveSite(self._loop, self.issuer)
        self.station = Station(
            self._loop, self.site, seed=seed, root=root, boot=boot, program=version, record=record,
            own=(f"{desk.name}-{desk.token}-", f"{topics.ENGINE}-{boot:x}-"), keys=desk.key if secured else None,
        )  # fmt: skip
        self.site.set_weather = lambda own, by: self.station.set_weather(own, by=by)
        self._clerk = None if trail is None else Clerk(trail, self._note)
        self._leftovers = None if trail is None else Leftovers(trail, self._note)
        if self._clerk is not None:
            self.station.overheard = self._clerk.take
        self.alarms = AlarmKeeper(
            self.site,
            built_in() if rules is None else rules,
            memory=None if alarm_file is None else Memory(alarm_file),
        )
        self.alarms.measure(ServiceGauges(self._loop, self._unaudited).read)
        self.alarms.listen(AlarmEvents(self._loop, root).tell)
        self.station.alarms = self.alarms

    def start(self) -> None:
        """Starts connecting and running; the engine runs whether the broker answers or not."""
        if self._clerk is not None:
            self._clerk.start()
        if self._leftovers is not None:
            self._leftovers.start()
        self._bus.start()
        self._loop.start()
        self.station.subscribe(self.alarms.stir)
        self.alarms.start()

    def tell_alive(self, alive: Callable[[], None]) -> None:
        """alive: called by the engine's thread after each of its passes, at least once a second; must be quick."""
        self._loop.alive = alive

    def wait_ready(self, timeout_s: float = 10.0) -> None:
        """Returns once the broker has let us in and the first step is done. Raises BusError naming the cause."""
        self._bus.wait_connected(timeout_s)
        with self._loop.lock:
            done = self._loop.stepped.wait_for(
                lambda: self._coordinator.work.steps or not self._loop.running, timeout_s
            )
        if not done or self._loop.failure is not None:
            raise ServiceError(f"the engine did not start: {self._loop.failure or 'no step yet'}")

    def move(self, broker: Address) -> None:
        """Leaves its broker for that one; see winter_river.service.moving. Raises BusError where it cannot, and goes back."""
        move(self._bus, broker, goodbye=self._coordinator.goodbye)

    def wait_online(self, count: int | None = None, timeout_s: float = 30.0) -> bool:
        """Whether that many nodes (None: all) are online within the time."""
        ids = list(self.site.facility.nodes)
        wanted = len(ids) if count is None else count
        with self._loop.lock:
            return self._loop.stepped.wait_for(
                lambda: sum(self._coordinator.presence(node_id) == "online" for node_id in ids) >= wanted, timeout_s
            )

    def stop(self) -> None:
        """Ends the engine, leaves its goodbye on the broker and closes the connection, within 2 s."""
        self.alarms.stop()
        self._loop.stop()
        self.station.close()
        self._bus.stop([self._coordinator.goodbye()])
        if self._clerk is not None:
            self._clerk.stop()
        if self._leftovers is not None:
            self._leftovers.stop()

    def _answered(self, ack: Ack, verb: str, params: Mapping[str, object], by: str, source: Source) -> None:
        """Tells of our own commands whoever keeps the class, but for those that he gives himself."""
        if source.door not in CLASS_DOORS:
            self.station.acted(Action(self.site.t_s, ack.node_id, verb, dict(params), by, ack.result, ack.reason))

    def _unaudited(self) -> int:
        return self.issuer.unaudited + (0 if self._clerk is None else self._clerk.dropped)

    def _note(self, text: str) -> None:
        with self._loop.lock:
            self._coordinator.note("", text)

    @property
    def failure(self) -> BaseException | None:
        """The exception that ended the engine, None while all is well."""
        return self._loop.failure

    def report(self) -> Report:
        """The service at a glance, as a copy."""
        with self._loop.lock:
            coordinator = self._coordinator
            ids = list(coordinator.facility.nodes)
            return Report(
                broker=str(self._bus.address),
                connected=self._bus.connected,
                why_down="" if self._bus.connected else self._bus.why_down,
                facility=coordinator.facility.name,
                seed=self._seed,
                t_s=coordinator.t_s,
                nodes=len(ids),
                online=sum(coordinator.presence(node_id) == "online" for node_id in ids),
                counters=coordinator.counters._asdict(),
                balance=coordinator.balance(),
                notes=coordinator.notes(),
                failure=str(self._loop.failure or ""),
                unaudited=self._unaudited(),
            )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()
