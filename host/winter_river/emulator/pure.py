"""A node without a board: the firmware's own core, driven by simulated time. No socket, no screen, no thread."""

from __future__ import annotations

import copy
import random
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from winter_node import settings as rules
from winter_node import ticks
from winter_node.core import Core
from winter_wire import schema, topics

LOG_LINES_MAX = 50


class Outgoing(NamedTuple):
    """A message on its way to the bus, in the order the service's own Message has."""

    topic: str
    payload: bytes
    qos: int
    retain: bool


@dataclass(frozen=True)
class PureSnapshot:
    """All that decides what a PureNode does next."""

    core: Mapping[str, Any]
    random_state: tuple[Any, ...]
    settings: Mapping[str, Any]
    subscriptions: frozenset[str]
    boot: int


class PureNode:
    """One node core. Every method takes simulated time and gives the messages that the node sends because of it.

    page, identified, log: what the shell of a board would have shown or printed.
    """

    def __init__(self, settings: Mapping[str, Any], *, seed: int = 0) -> None:
        """settings: a node.json; `id` and `type` are enough. The same seed gives the same boot ids and jitter."""
        self.settings = dict(settings)
        self.node_id: str = self.settings["id"]
        self._random = random.Random(f"{seed}:{self.node_id}")
        self.subscriptions: set[str] = set()
        self.page = self.identified = self.restarts = 0
        self.log: deque[str] = deque(maxlen=LOG_LINES_MAX)
        self.core = self._boot("power")

    def connect(self, now_ms: int) -> list[Outgoing]:
        """The bus is there: subscriptions, birth and all that follows."""
        return self._perform(self.core.on_connected(ticks.add(now_ms, 0)), now_ms)

    def disconnect(self, now_ms: int, cause: str = "NO BROKER") -> list[Outgoing]:
        """The bus is gone; cause as the screen would say it."""
        self.subscriptions.clear()
        return self._perform(self.core.on_disconnected(ticks.add(now_ms, 0), cause), now_ms)

    def receive(self, topic: str, payload: bytes, *, now_ms: int, retained: bool = False) -> list[Outgoing]:
        """One message from the bus. What the node has not subscribed to, a broker would not bring: it is passed over."""
        if topic not in self.subscriptions:
            return []
        return self._perform(self.core.on_message(topic, payload, retained, ticks.add(now_ms, 0)), now_ms)

    def tick(self, now_ms: int) -> list[Outgoing]:
        """Time has passed."""
        return self._perform(self.core.on_tick(ticks.add(now_ms, 0)), now_ms)

    def due_ms(self, now_ms: int) -> int:
        """Milliseconds until tick has something to do."""
        return int(self.core.due_ms(ticks.add(now_ms, 0)))

    def press(self, now_ms: int, *, long: bool = False) -> list[Outgoing]:
        """A finger on the button."""
        return self._perform(self.core.on_input("long" if long else "short", ticks.add(now_ms, 0)), now_ms)

    def will(self) -> Outgoing:
        """What the broker says for the node when it is gone."""
        topic, payload = self.core.will()
        return Outgoing(topic, payload, 1, True)

    def status(self, now_ms: int) -> dict[str, Any]:
        """The fields of its status, by contract."""
        return dict(self.core.status(ticks.add(now_ms, 0)))

    def snapshot(self) -> PureSnapshot:
        """A copy that restore() goes back to; it shares nothing with the node."""
        return PureSnapshot(
            core=copy.deepcopy(self.core.snapshot()),
            random_state=self._random.getstate(),
            settings=dict(self.settings),
            subscriptions=frozenset(self.subscriptions),
            boot=self.core.boot,
        )

    def restore(self, saved: PureSnapshot) -> None:
        """Becomes again what it was when the snapshot was taken."""
        self.settings = dict(saved.settings)
        self.core = Core(self.settings, saved.boot, self._random.random)
        self.core.commands.keep_settings = self._keep_settings
        self.core.restore(copy.deepcopy(dict(saved.core)))
        self._random.setstate(saved.random_state)
        self.subscriptions = set(saved.subscriptions)

    def _boot(self, cause: str) -> Any:
        """A new core; cause in the firmware's own words for why a board started."""
        core = Core(self.settings, self._random.randint(1, schema.COUNT_MAX), self._random.random)
        core.vitals["reset_cause"] = cause
        core.commands.keep_settings = self._keep_settings
        return core

    def _keep_settings(self, verb: str, params: Mapping[str, Any]) -> str:
        """What a board does through its flash: settings that hold from the next boot. Raises ValueError."""
        if verb == "factory_reset":
            return "settings"  # they are as they were given: nothing here changes who a node is
        known = {name: value for name, value in self.settings.items() if name != "epoch"}
        wanted, faults = rules.changed(rules.check(known)[0], params)
        if faults or not params:
            raise ValueError(faults[0] if faults else "nothing to change")
        self.settings["status_s"] = wanted["status_s"]  # all that a node without a network has a use for
        return ",".join(sorted(params))[:52]

    def _perform(self, actions: list[tuple[Any, ...]], now_ms: int) -> list[Outgoing]:
        sent: list[Outgoing] = []
        for action in actions:
            kind = action[0]
            if kind == "publish":
                sent.append(Outgoing(*action[1:]))
            elif kind == "subscribe":
                self.subscriptions.add(action[1])
            elif kind == "page":
                self.page = self.page + 1 if action[1] < 0 else action[1]
            elif kind == "identify":
                self.identified += 1
            elif kind == "log":
                self.log.append(action[1])
            elif kind == "epoch":
                self.settings["epoch"] = action[1]  # a board keeps it in flash: it outlives the restart
            elif kind == "restart":
                sent.extend(self._restart(now_ms))
            else:
                raise AssertionError(f"the core asked for {kind}, which nobody here knows")
        return sent

    def _restart(self, now_ms: int) -> list[Outgoing]:
        """The broker's last word for the old boot, then the birth of the new one: a reboot takes no time here."""
        gone = self.will()
        self.subscriptions.clear()
        self.restarts += 1
        self.core = self._boot("reset")
        return [gone, *self.connect(now_ms)]


def settings_of(node_id: str, type_name: str, *, root: str = topics.ROOT) -> dict[str, Any]:
    """The least node.json of a node: enough for a core."""
    return {"id": node_id, "type": type_name, "root": root}
