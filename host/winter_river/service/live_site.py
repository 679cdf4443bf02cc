"""The running facility as scenarios, screens and terminals see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

from winter_wire import schema, topics

from winter_river import air
from winter_river.engine import Event, Isolation
from winter_river.facility import Facility
from winter_river.service.desk import TIMEOUT_S
from winter_river.service.issuer import SERVICE, Issuer, Source
from winter_river.service.loop import Loop
from winter_river.site import NO_PARAMS, Ack


class ServiceError(RuntimeError):
    """The service cannot run; says why and what to do."""


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
