"""A whole site in one process, without clock or broker: the real engine service joined to a real firmware core a node.

A command means here what it means on a board: it goes as bytes to the node's own core, which decides, answers and
reports; the coordinator of the live service hears the report and drives the engine; its views go back to the cores.
Only time and the bus are missing: time is a number, and every message arrives at once.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from winter_wire import codec, schema, topics

from winter_river import air
from winter_river.emulator.pure import Outgoing, PureNode, PureSnapshot
from winter_river.facility.faults import nearest
from winter_river.scenario.trace import published
from winter_river.service.coordinator import Coordinator
from winter_river.service.model import CoordinatorSnapshot
from winter_river.site import NO_PARAMS, Ack

if TYPE_CHECKING:
    from winter_river.engine import Event, Isolation
    from winter_river.facility import Facility

DT_S_MIN = 0.001  # the contract's times are whole milliseconds
ADVANCE_S_MAX = 366 * 86400.0  # chosen: longer runs are studies, which use the engine alone
# Nodes are switched on this long before time 0, so that at 0 each has been told what it is and has said so.
BOOT_MS = 2000
_ANSWER_MS = 1000  # of BOOT_MS: when the first views reach the nodes
_SAME_S = 1e-9  # nearer than this is the same instant


@dataclass(frozen=True, slots=True)
class SimulationSnapshot:
    """A simulation at one moment: the engine service, every node's core, and which of them are not running."""

    t_s: float
    coordinator: CoordinatorSnapshot
    nodes: Mapping[str, PureSnapshot]
    absent: frozenset[str]
    frozen: frozenset[str]
    sent: int
    inserted: int
    broker_lost: bool = False

    @property
    def hash(self) -> str:
        """Hex; two simulations with the same hash go on alike."""
        digest = hashlib.sha256(self.coordinator.hash.encode())
        rest = [self.t_s, sorted(self.absent), sorted(self.frozen), self.sent, self.inserted, self.broker_lost]
        digest.update(json.dumps(rest).encode())
        for node_id, saved in self.nodes.items():
            state = [node_id, saved.core, saved.random_state, sorted(saved.subscriptions), saved.boot]
            digest.update(json.dumps(state, sort_keys=True).encode())
        return digest.hexdigest()


class Simulation:
    """A site that runs as fast as it is asked to. A `Site`, so scenarios play on it.

    The same facility, seed and calls give the same bytes. At time 0 everything is healthy and settled.
    """

    def __init__(self, facility: Facility, seed: int = 1, *, dt_s: float = 1.0) -> None:
        """dt_s: the longest engine step, DT_S_MIN or more; the service's own tick of 1 s stays beside it."""
        if not DT_S_MIN <= dt_s < math.inf:
            raise ValueError(f"dt_s is {dt_s} s; must be at least {DT_S_MIN} s")
        self.facility = facility
        self._seed, self._dt_s, self._t_s = seed, dt_s, 0.0
        self._coordinator = Coordinator(facility, seed=seed)
        self._nodes = {node_id: self._new_node(node_id, seed) for node_id in facility.nodes}
        self._absent: set[str] = set()
        self._frozen: set[str] = set()
        self._broker_lost = False
        self._sent = self._inserted = 0
        self._listeners: dict[str, str] = {}  # topic -> id of the node that listens to it
        for node_id in facility.nodes:
            for leaf in (topics.VIEW, topics.COMMAND):
                self._listeners[topics.topic(node_id, leaf)] = node_id
        self._due: list[tuple[int, str]] = []  # a heap: (milliseconds of the nodes' clock, id)
        self._planned: dict[str, int] = {}  # the one entry of the heap that counts for each node
        for node in self._nodes.values():
            self._hear(node.connect(0))
        self._deliver(self._coordinator.step(0.0), now_ms=_ANSWER_MS)
        self._plan_ticks()

    @property
    def t_s(self) -> float:
        """Simulated seconds since the start."""
        return self._t_s

    @property
    def laws_broken(self) -> int:
        """How often a law of physics did not hold after a step; 0, or something is wrong with the engine."""
        return self._coordinator.counters.laws_broken

    def law_notes(self) -> tuple[str, ...]:
        """What the service has noted so far, broken laws with their numbers among it."""
        return tuple(f"{note.t_s:g} s {note.node_id}: {note.text}" for note in self._coordinator.notes())

    def command(self, node_id: str, verb: str, **params: object) -> Ack:
        """Ask a node to do something, its parameters by name: `command("ups_a", "set_fault", state=True)`.

        The air outside is the node `weather`: `command("weather", "set_weather", preset="arizona")`; see balance().
        """
        return self.send(node_id, verb, params)

    def send(self, node_id: str, verb: str, params: Mapping[str, object] = NO_PARAMS, *, by: str = "simulation") -> Ack:
        """Ask a node to do something and get its answer; what it reports has reached the engine.

        As on a board a node reports at most every 100 ms, so the second of two commands at one instant may show
        only then. A node that is not running gives result failed, reason expired. Raises ValueError for an unknown
        node and for parameters that cannot be written down.
        """
        if node_id != topics.WEATHER:
            self._must_exist(node_id)
        self._sent += 1
        command_id = f"simulation-{self._sent}"
        if node_id == topics.WEATHER:
            return self._set_weather(command_id, verb, params)
        fields = {"v": schema.VERSION, "command": verb, "params": dict(params), "id": command_id, "by": by}
        payload = codec.encode("command", fields)
        if self._broker_lost or not self._runs(node_id):
            return Ack(command_id, node_id, schema.RESULT_FAILED, "expired")
        topic = topics.topic(node_id, topics.COMMAND)
        messages = self._nodes[node_id].receive(topic, payload, now_ms=self._now_ms())
        self._hear(messages)
        self._plan_tick(node_id)
        self._step()
        return _ack_in(messages, command_id, node_id)

    def view(self, node_id: str) -> dict[str, object]:
        """What the engine computed for a node: the contract's view fields, `type`, and `status` (offline when absent).
        Of `facility`, the site as a whole, and `weather`: their own fields.

        Numbers have the contract's decimals, as on the bus.
        """
        if node_id not in (topics.FACILITY, topics.WEATHER):
            self._must_exist(node_id)
        return published(self._coordinator.view(node_id))

    def status(self, node_id: str) -> dict[str, object]:
        """What the node itself would report now: the contract's status fields."""
        self._must_exist(node_id)
        return self._nodes[node_id].status(self._now_ms())

    def presence(self, node_id: str) -> str:
        """online, stale or offline."""
        self._must_exist(node_id)
        return self._coordinator.presence(node_id)

    def balance(self) -> dict[str, object]:
        """The power balance of the whole site, by the contract's names."""
        return self._coordinator.balance()

    def isolation(self, node_id: str) -> Isolation | None:
        """What keeps a node dead; None while it is live."""
        self._must_exist(node_id)
        return self._coordinator.isolation(node_id)

    def events(self, since_id: int = 0) -> Sequence[Event]:
        """The events with ids above since_id, oldest first."""
        return self._coordinator.events(since_id)

    def advance(self, seconds: float) -> None:
        """Let simulated time pass. Raises ValueError below zero and beyond a year."""
        if not 0 <= seconds <= ADVANCE_S_MAX:
            raise ValueError(f"seconds is {seconds}; must be 0 to {ADVANCE_S_MAX:g}")
        end_s = round(self._t_s + seconds, 6)
        while self._t_s < end_s:
            step_s = min(end_s, self._next_beat_s(), max(self._coordinator.due_s(self._t_s), self._t_s))
            due_s = self._next_tick_s()
            # A report that is due at the very instant of a step waits until time goes on, so that a command given at
            # that instant is not held back by the 100 ms between two reports.
            if due_s < step_s:
                self._t_s = max(self._t_s, due_s)
                self._tick_node()
            else:
                self._t_s = step_s
                self._step()

    def remove(self, node_id: str) -> None:
        """Take a node out of its slot: the broker tells its last will, and what it carried is dead."""
        self._must_exist(node_id)
        if node_id in self._absent:
            return
        node = self._nodes[node_id]
        self._absent.add(node_id)
        self._frozen.discard(node_id)
        self._plan_tick(node_id)
        self._hear([node.will(), *node.disconnect(self._now_ms())])
        self._step()

    def insert(self, node_id: str) -> None:
        """Put a node back into its empty slot: it boots with its handle, faults and setpoints at their defaults."""
        self._must_exist(node_id)
        if node_id not in self._absent:
            return
        self._absent.discard(node_id)
        self._inserted += 1
        # Another seed for each insertion gives another boot id; a shift keeps it apart from every seed of a user.
        self._nodes[node_id] = self._new_node(node_id, self._seed + (self._inserted << 32))
        self._join(node_id)

    def freeze_node(self, node_id: str) -> None:
        """Stop a node's program where it is: silence without a last will. It is offline after 20 s."""
        self._must_exist(node_id)
        if self._runs(node_id):
            self._frozen.add(node_id)
            self._plan_tick(node_id)

    def thaw_node(self, node_id: str) -> None:
        """Let a frozen node go on. Its session is lost by then, so it connects anew, with all it had set."""
        self._must_exist(node_id)
        if node_id in self._frozen:
            self._frozen.discard(node_id)
            self._hear(self._nodes[node_id].disconnect(self._now_ms()))
            self._join(node_id)

    def lose_broker(self) -> None:
        """Stop the bus: nothing reaches anybody. The engine goes on, and no node's silence is held against it."""
        if not self._broker_lost:
            self._broker_lost = True
            self._coordinator.link_down(self._t_s)

    def return_broker(self) -> None:
        """Start the bus again: every node that runs connects anew and says how it stands."""
        if self._broker_lost:
            self._broker_lost = False
            self._coordinator.link_up(self._t_s)
            for node_id in self._nodes:
                if self._runs(node_id):
                    self._hear(self._nodes[node_id].disconnect(self._now_ms()))
                    self._hear(self._nodes[node_id].connect(self._now_ms()))
                    self._plan_tick(node_id)
            self._step()

    def press(self, node_id: str, *, long: bool = False) -> None:
        """A finger on the node's button: short turns its page, long moves its handle by hand."""
        self._must_exist(node_id)
        if self._runs(node_id):
            self._hear(self._nodes[node_id].press(self._now_ms(), long=long))
            self._plan_tick(node_id)
            self._step()

    def snapshot(self) -> SimulationSnapshot:
        """The whole simulation at this moment, bit-exact, independent of what happens later."""
        # Cores count their uptime when they are looked at: all look now, so that equal moments have equal snapshots.
        for node_id in self._nodes:
            self._plan_tick(node_id)
        return SimulationSnapshot(
            t_s=self._t_s,
            coordinator=self._coordinator.snapshot(),
            nodes={node_id: node.snapshot() for node_id, node in self._nodes.items()},
            absent=frozenset(self._absent),
            frozen=frozenset(self._frozen),
            sent=self._sent,
            inserted=self._inserted,
            broker_lost=self._broker_lost,
        )

    def restore(self, snapshot: SimulationSnapshot) -> None:
        """Back to exactly that moment of a simulation of the same facility; any number of times."""
        if list(snapshot.nodes) != list(self._nodes):
            raise ValueError("the snapshot is of another facility")
        self._t_s = snapshot.t_s
        self._coordinator.restore(snapshot.coordinator)
        for node_id, saved in snapshot.nodes.items():
            self._nodes[node_id].restore(saved)
        self._absent, self._frozen = set(snapshot.absent), set(snapshot.frozen)
        self._sent, self._inserted = snapshot.sent, snapshot.inserted
        self._broker_lost = snapshot.broker_lost
        self._plan_ticks()

    # Inside

    def _set_weather(self, command_id: str, verb: str, params: Mapping[str, object]) -> Ack:
        if self._broker_lost:
            return Ack(command_id, topics.WEATHER, schema.RESULT_FAILED, "expired")
        try:
            found = self._coordinator.set_weather(air.params_of(verb, params), self._t_s)
        except ValueError as error:
            return Ack(command_id, topics.WEATHER, schema.RESULT_REJECTED, air.reason_of(verb), str(error))
        self._step()
        return Ack(command_id, topics.WEATHER, schema.RESULT_DONE, "", air.words_of(found))

    def _new_node(self, node_id: str, seed: int) -> PureNode:
        return PureNode(self.facility.nodes[node_id].settings(), seed=seed)

    def _must_exist(self, node_id: str) -> None:
        if node_id not in self.facility.nodes:
            hint = nearest(str(node_id), self.facility.nodes)
            raise ValueError(f"there is no node {node_id!r} in {self.facility.name}" + (f"; {hint}" if hint else ""))

    def _runs(self, node_id: str) -> bool:
        return node_id not in self._absent and node_id not in self._frozen

    def _now_ms(self) -> int:
        """The nodes' clock."""
        return BOOT_MS + round(self._t_s * 1000)

    def _join(self, node_id: str) -> None:
        self._hear(self._nodes[node_id].connect(self._now_ms()))
        self._plan_tick(node_id)
        self._step()

    def _hear(self, messages: Iterable[Outgoing]) -> None:
        for message in [] if self._broker_lost else messages:
            self._coordinator.receive(message.topic, message.payload, retained=False, now_s=self._t_s)

    def _step(self) -> None:
        self._deliver(self._coordinator.step(self._t_s), now_ms=self._now_ms())

    def _deliver(self, messages: Iterable[tuple[str, bytes, int, bool]], *, now_ms: int) -> None:
        """Messages of the service to the nodes that listen, and what these say to it."""
        for topic, payload, _, _ in messages:
            node_id = self._listeners.get(topic)
            if node_id is not None and self._runs(node_id) and not self._broker_lost:
                self._hear(self._nodes[node_id].receive(topic, payload, now_ms=now_ms))
                self._plan_tick(node_id)

    def _next_beat_s(self) -> float:
        """The next multiple of dt_s."""
        return round((math.floor(self._t_s / self._dt_s + _SAME_S) + 1) * self._dt_s, 6)

    def _plan_ticks(self) -> None:
        self._due.clear()
        self._planned.clear()
        for node_id in self._nodes:
            self._plan_tick(node_id)

    def _plan_tick(self, node_id: str) -> None:
        """Note when a node next wants to look at its clock; an older note of it no longer counts."""
        if not self._runs(node_id):
            self._planned.pop(node_id, None)
            return
        now_ms = self._now_ms()
        due_ms = now_ms + self._nodes[node_id].due_ms(now_ms)
        if self._planned.get(node_id) != due_ms:
            self._planned[node_id] = due_ms
            heapq.heappush(self._due, (due_ms, node_id))

    def _next_tick_s(self) -> float:
        while self._due and self._planned.get(self._due[0][1]) != self._due[0][0]:
            heapq.heappop(self._due)
        return (self._due[0][0] - BOOT_MS) / 1000 if self._due else math.inf

    def _tick_node(self) -> None:
        """Let the node whose turn it is look at its clock."""
        _, node_id = heapq.heappop(self._due)
        del self._planned[node_id]
        self._hear(self._nodes[node_id].tick(self._now_ms()))
        self._plan_tick(node_id)


def _ack_in(messages: Iterable[Outgoing], command_id: str, node_id: str) -> Ack:
    """The answer to one command among the messages a node sent."""
    for message in messages:
        if message.topic == topics.topic(node_id, topics.ACK):
            fields, _ = codec.decode("ack", message.payload)
            if fields is not None and fields["id"] == command_id:
                return Ack(command_id, node_id, fields["result"], fields.get("reason", ""), fields.get("applied", ""))
    raise AssertionError(f"{node_id} did not answer {command_id}")  # the core answers every command
