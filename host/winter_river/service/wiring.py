"""The live service put together: bus, coordinator, loop, and the site that others talk to."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import NamedTuple, Self

from winter_wire import schema, topics

from winter_river import air
from winter_river.address import Address
from winter_river.alerts.keeper import AlarmKeeper
from winter_river.alerts.memory import Memory
from winter_river.alerts.model import Rule
from winter_river.alerts.rules import built_in
from winter_river.audit import AuditError, Trail
from winter_river.engine import Event, Isolation
from winter_river.facility import Facility
from winter_river.scenario.records import Action
from winter_river.service.alarms import AlarmEvents, ServiceGauges
from winter_river.service.bus import Bus, BusError
from winter_river.service.clerk import Clerk
from winter_river.service.coordinator import Coordinator
from winter_river.service.desk import TIMEOUT_S, Desk, Keys, no_keys
from winter_river.service.issuer import SERVICE, Issuer, Source
from winter_river.service.leftovers import Leftovers
from winter_river.service.loop import Loop
from winter_river.service.loop_line import LoopLine
from winter_river.service.moving import move
from winter_river.service.roster import Note
from winter_river.site import NO_PARAMS, Ack
from winter_river.station import Station
from winter_river.store import Keeper

CLASS_DOORS = ("page", "rest", "exercise")  # see web.routes_act and web.exercise_site
WILL_HOLD_S = 0.2  # chosen: mosquitto 2.0.11 sends all last wills within 1 ms of hanging up when it is stopped


class ServiceError(RuntimeError):
    """The service cannot run; says why and what to do."""


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


class Sight(NamedTuple):
    """A live site at one moment, everything of the same step; by node id unless said otherwise.

    balance: of the whole site, and weather: the air outside, by the contract's names. reports: the last status of each
    node that has spoken, as it came over the bus. last_event: the id of the newest event, 0 for none.
    """

    t_s: float
    views: Mapping[str, Mapping[str, object]]
    presences: Mapping[str, str]
    balance: Mapping[str, object]
    weather: Mapping[str, object]
    reports: Mapping[str, bytes]
    last_event: int


SetWeather = Callable[[Mapping[str, object], str], str]  # (parameters, by whom) -> the air in words


class LiveSite:
    """The running facility as scenarios and screens see it; every answer is a copy. Safe from any thread."""

    def __init__(self, loop: Loop, issuer: Issuer, source: Source = SERVICE) -> None:
        self._loop, self._issuer, self.source = loop, issuer, source
        self.set_weather: SetWeather | None = None  # set by whoever puts the service together

    @property
    def secured(self) -> bool:
        """Whether this is profile `secured`: dangerous commands are selected first."""
        return self._issuer.desk.secured

    def through(self, door: str, address: str = "") -> LiveSite:
        """The same site, for commands from another door: its name, and the address of who stands there."""
        site = LiveSite(self._loop, self._issuer, Source(door, address))
        site.set_weather = self.set_weather
        return site

    @property
    def facility(self) -> Facility:
        """What is running."""
        return self._loop.coordinator.facility

    @property
    def t_s(self) -> float:
        """Seconds since the run began, by the engine's time."""
        with self._loop.lock:
            return self._loop.coordinator.t_s

    def send(
        self,
        node_id: str,
        verb: str,
        params: Mapping[str, object] = NO_PARAMS,
        *,
        by: str = "",
        priority: int = schema.PRIORITY_DEFAULT,
        timeout_s: float = TIMEOUT_S,
        confirmed: bool = False,
    ) -> Ack:
        """Asks a node and waits for its answer; silence ends in failed/expired, at once while there is no broker.
        Raises ValueError for an unknown node, or for parameters that cannot be written; AuditError: see Issuer."""
        if node_id == topics.WEATHER:
            return self._to_weather(verb, params, by)
        if node_id not in self.facility.nodes:
            raise ValueError(f"{node_id} is not a node of {self.facility.name}")
        return self._issuer.send(
            node_id, verb, params, by=by, source=self.source, priority=priority, timeout_s=timeout_s,
            confirmed=confirmed,
        )  # fmt: skip

    def _to_weather(self, verb: str, params: Mapping[str, object], by: str) -> Ack:
        """The weather is here and not on the bus; what is done to it is audited as a command to a node is."""
        assert self.set_weather is not None
        try:
            with self.acting(topics.WEATHER, verb, params, by=by):
                applied = self.set_weather(air.params_of(verb, params), by)
            ack = Ack("", topics.WEATHER, schema.RESULT_DONE, "", applied)
        except ValueError as error:
            ack = Ack("", topics.WEATHER, schema.RESULT_REJECTED, air.reason_of(verb), str(error))
        self._issuer.answered(ack, verb, params, by, self.source)
        return ack

    def acting(
        self, node_id: str, verb: str, params: Mapping[str, object] = NO_PARAMS, *, by: str
    ) -> AbstractContextManager[None]:
        """Around what is done at this door and not over the bus; see Issuer."""
        return self._issuer.acting(node_id, verb, params, by=by, source=self.source)

    def refused(self, node_id: str, verb: str, params: Mapping[str, object] = NO_PARAMS, *, by: str, why: str) -> None:
        """Has the audit tell of a command that somebody asked at this door and may not ask."""
        self._issuer.refused(node_id, verb, params, by=by, source=self.source, why=why)

    def view(self, node_id: str) -> Mapping[str, object]:
        """The contract's view fields of a node with its type and status word."""
        with self._loop.lock:
            return self._loop.coordinator.view(node_id)

    def isolation(self, node_id: str) -> Isolation | None:
        """What keeps a node dead; None while it is live."""
        with self._loop.lock:
            return self._loop.coordinator.isolation(node_id)

    def events(self, since_id: int = 0) -> Sequence[Event]:
        """The events with ids above since_id, oldest first."""
        with self._loop.lock:
            return self._loop.coordinator.events(since_id)

    def presence(self, node_id: str) -> str:
        """online, stale or offline."""
        with self._loop.lock:
            return self._loop.coordinator.presence(node_id)

    def moment(self) -> AbstractContextManager[object]:
        """While this lasts nothing happens here, so that several answers are of one moment. The engine waits: be quick."""
        return self._loop.lock

    def sight(self) -> Sight:
        """Everything that a screen shows, of one moment."""
        with self._loop.lock:
            coordinator = self._loop.coordinator
            ids = coordinator.facility.nodes
            events = coordinator.events()
            return Sight(
                t_s=coordinator.t_s,
                views={node_id: coordinator.view(node_id) for node_id in ids},
                presences={node_id: coordinator.presence(node_id) for node_id in ids},
                balance=coordinator.balance(),
                weather=coordinator.view(topics.WEATHER),
                reports=self.reports(),
                last_event=events[-1].id if events else 0,
            )

    def reports(self) -> Mapping[str, bytes]:
        """The last status of each node that has spoken, as it came over the bus."""
        with self._loop.lock:
            return {node_id: seen.payload for node_id, seen in self._loop.desk.sightings.items()}

    def facts(self) -> Mapping[str, Mapping[str, object]]:
        """Of each node what its view does not tell: presence, silence, two of one id."""
        with self._loop.lock:
            return self._loop.coordinator.facts(self._loop.clock())

    @property
    def timeline(self) -> int:
        """It rises whenever time is taken back."""
        with self._loop.lock:
            return self._loop.coordinator.timeline

    def advance(self, seconds: float) -> None:
        """Waits until that much engine time has passed. Raises ServiceError when the engine stops meanwhile."""
        loop = self._loop
        with loop.lock:
            until_s = loop.coordinator.t_s + seconds
            while loop.coordinator.t_s < until_s:
                if not loop.running:
                    raise ServiceError(f"the engine has stopped: {loop.failure or 'it was asked to'}")
                loop.stepped.wait(1.0)


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


__all__ = ["AuditError", "BusError", "LiveSite", "LoopLine", "Report", "Service", "ServiceError", "Sight"]
