"""A fleet that shares its facility with real boards: each node is the twin of the board that may have its slot.

The rules are in `twins`; this is the shell around them: one more connection to the broker, and the fleet's own thread.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import deque
from collections.abc import Iterable
from typing import Any

from winter_node import session as sessions
from winter_wire import topics

from winter_river.address import Address
from winter_river.emulator import twins
from winter_river.emulator.fleet import Fleet
from winter_river.emulator.node import VirtualNode
from winter_river.emulator.slots import HasAddress, HasNodes, address_of
from winter_river.service.bus import Bus
from winter_river.service.messages import Incoming, Link

LOOK_S = 0.2  # how often the twins look at the time when nothing is heard


class MixedFleet(Fleet):
    """The twins of a facility's boards; a Fleet otherwise."""

    def __init__(
        self,
        facility: HasNodes,
        broker: str | Address | HasAddress,
        *,
        root: str = topics.ROOT,
        ear: Address | None = None,
        **options: Any,
    ) -> None:
        """options: as Fleet's, but no seed: twins are seeded by chance (see twins).

        ear: where they listen to all nodes, if that is not where nodes connect: at a secured site no node may.
        """
        super().__init__(facility, broker, root=root, seed=secrets.randbits(32), **options)
        types = {node_id: str(facility.nodes[node_id].settings()["type"]) for node_id in self.nodes}
        self._root = root
        self._twins = twins.Twins(types, now_s=time.monotonic())
        self._heard: deque[Incoming | Link] = deque()
        self._losses: dict[str, tuple[Any, int]] = {}  # node id -> (runner, sessions it has lost)
        self._bus = Bus(
            ear or address_of(broker),
            client_id=f"twins-{secrets.token_hex(4)}",
            subscriptions=[(topics.all_of(topics.STATUS, root), 0)],
        )
        self._ear = threading.Thread(target=self._listen, name="twins' ear", daemon=True)

    def boards(self) -> list[str]:
        """The slots that boards have now."""
        return self._twins.boards()

    def runs(self, node_id: str) -> bool:
        """Whether its twin is here and no board has its slot."""
        return super().runs(node_id) and node_id not in self._twins.boards()

    def start(self) -> None:
        self._bus.start()
        super().start()
        self._ear.start()

    def move(self, broker: Address) -> None:
        super().move(broker)
        self._bus.move(broker)

    def stop(self, *, timeout_s: float = 5.0) -> None:
        super().stop(timeout_s=timeout_s)
        self._bus.stop()

    def _listen(self) -> None:
        while not self._stopping.is_set():
            self._bus.wait(LOOK_S)
            self._heard.extend(self._bus.take())
            self._wake()

    def _first(self) -> Iterable[str]:
        return ()  # a twin starts when it knows that no board is there

    def _turn(self, wake: Any) -> None:
        super()._turn(wake)
        now_s = time.monotonic()
        while self._heard:
            item = self._heard.popleft()
            if isinstance(item, Link):
                self._twins.link(item.up, now_s=now_s)
                continue
            address = topics.parse(item.topic, self._root)
            if address is not None:
                self._twins.hear(address[0], item.payload, retained=item.retained, now_s=now_s)
        for act in self._twins.acts(now_s):
            self._perform(act)

    def _perform(self, act: twins.Act) -> None:
        node = self._nodes[act.node_id]
        now_ms = self._now_ms()
        if act.what == twins.TAKE:
            node.start(now_ms)
            if node.runner is not None:
                twins.adopt(node.runner.core, act.own)
        elif act.what == twins.YIELD:
            self._frozen.discard(act.node_id)
            node.vanish()
        elif act.what == twins.HOLD:
            self._frozen.add(act.node_id)
        else:
            self._frozen.discard(act.node_id)
        self._note(node)
        self._watch(act.node_id)
        self._set_due(act.node_id, now_ms)

    def _step(self, node_id: str, now_ms: int) -> None:
        super()._step(node_id, now_ms)
        self._note(self._nodes[node_id])

    def _note(self, node: VirtualNode) -> None:
        """Tell the rules of a new boot, and of a session that the broker has closed."""
        runner = node.runner
        if runner is None:
            return
        before, losses = self._losses.get(node.node_id, (None, 0))
        if before is not runner:
            self._twins.started(node.node_id, runner.core.boot)
            losses = 0
        counted = runner.session.counters["losses"]
        self._losses[node.node_id] = (runner, counted)
        if counted > losses and runner.session.cause == sessions.LINK_LOST:
            self._twins.cut_off(node.node_id, now_s=time.monotonic())
