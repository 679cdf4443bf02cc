"""Many virtual nodes in one process and one thread: each is stepped when its socket stirs or its time has come."""

from __future__ import annotations

import heapq
import selectors
import socket as _socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

from winter_wire import topics

from winter_river.address import Address
from winter_river.emulator.flash import Flash
from winter_river.emulator.network import AccessPoint
from winter_river.emulator.node import VirtualNode
from winter_river.emulator.slots import (
    SSID,
    Bundles,
    HasAddress,
    HasBundle,
    HasNodes,
    address_of,
    certificate_files,
    settings_by_node,
)
from winter_river.emulator.sockets import StreamSocket

STAGGER_MS = 10  # chosen: between two starts; the firmware spreads its joins by itself on top of that
STAGGER_MS_MAX = 2000
GAP_MS = 2  # chosen: least time between two steps of a node, a tenth of what a board takes
IDLE_MS_MAX = 1000


class Fleet:
    """The virtual nodes of a facility. start(), or `with`, runs them in a thread of their own, run() in the caller's.

    What other threads ask for (kill, press, freeze ...) happens in the fleet's thread, in order, before its next step.
    access_point: the radio that all nodes share. steps: how often any node was stepped. failure: what ended the
    fleet's thread, None while nothing did; a node's own failure never does.
    """

    def __init__(
        self,
        facility: HasNodes,
        broker: str | Address | HasAddress,
        *,
        seed: int = 0,
        node_ids: Iterable[str] | None = None,
        root: str = topics.ROOT,
        screens: bool = True,
        settings: Mapping[str, Any] | None = None,
        bundles: Bundles | None = None,
        now_ms: Callable[[], int] = lambda: time.monotonic_ns() // 1_000_000,
    ) -> None:
        """broker: its URL, its address, or a Broker. node_ids: which of the facility's nodes, by default all.

        settings: added to every node.json. bundles: each node's own certificate and key, at a secured site. Raises
        ValueError for a node that the facility has not, or a broker that nodes cannot join.
        """
        self.access_point = AccessPoint(SSID)
        self.steps = 0
        self._now_ms = now_ms
        address = address_of(broker)
        wanted = settings_by_node(facility, address, node_ids=node_ids, root=root, extra=settings, bundles=bundles)
        self._nodes = {
            node_id: VirtualNode(
                each,
                seed=seed,
                access_point=self.access_point,
                screen=screens,
                flash=Flash(certificate_files(address) if bundles is None else bundles[node_id].files()),
                unix_s=time.time,
            )
            for node_id, each in wanted.items()
        }
        self.failure: Exception | None = None
        self._unstarted: set[str] = set()
        self._frozen: set[str] = set()
        self._due: dict[str, int] = {}
        self._queue: list[tuple[int, str]] = []  # (due, id); one that _due contradicts is out of date
        self._watched: dict[str, StreamSocket] = {}
        self._asked: deque[Callable[[], None]] = deque()
        self._selector: selectors.BaseSelector | None = None
        self._waker: _socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    @property
    def nodes(self) -> Mapping[str, VirtualNode]:
        """The nodes by id. Look only: while the fleet runs, they belong to its thread."""
        return self._nodes

    def node(self, node_id: str) -> VirtualNode:
        """One node; raises KeyError where there is none."""
        return self._nodes[node_id]

    def runs(self, node_id: str) -> bool:
        """Whether that node is one of these, with power or without."""
        return node_id in self._nodes

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def start(self) -> None:
        """Power on, one node after the other, in a thread of the fleet's own."""
        self._stopping.clear()
        self.failure = None
        self._thread = threading.Thread(target=self._run_in_thread, name="fleet", daemon=True)
        self._thread.start()

    def stop(self, *, timeout_s: float = 5.0) -> None:
        """Every node says goodbye and goes off; waits for the thread, where there is one."""
        self.request_stop()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout_s)
            self._thread = None

    def request_stop(self) -> None:
        """Ask for the stop without waiting; safe in a signal handler."""
        self._stopping.set()
        self._wake()

    def kill(self, node_id: str) -> None:
        """Cut a node's power: its last will follows."""

        def act(node: VirtualNode, now_ms: int) -> None:
            self._unstarted.discard(node.node_id)
            node.kill()

        self._ask(node_id, act)

    def power_on(self, node_id: str) -> None:
        """Give a killed node its power back; one that has it goes on."""
        self._ask(node_id, lambda node, now_ms: None if node.powered else node.start(now_ms))

    def renew(self, node_id: str, bundle: HasBundle) -> None:
        """Flash a node anew with what it has been provisioned with, and start it: its key is another."""

        def act(node: VirtualNode, now_ms: int) -> None:
            node.kill()
            node.provide(bundle)
            node.start(now_ms)

        self._ask(node_id, act)

    def freeze(self, node_id: str) -> None:
        """Let a node hang with its connection open: nobody hears from it, no last will until the keepalive ends."""
        self._ask(node_id, lambda node, now_ms: self._frozen.add(node.node_id))

    def thaw(self, node_id: str) -> None:
        """Let a frozen node go on."""
        self._ask(node_id, lambda node, now_ms: self._frozen.discard(node.node_id))

    def move(self, broker: Address) -> None:
        """All nodes leave their broker for that one, as they are; the old one speaks their last wills. Raises
        ValueError for one with TLS, for which they would need other certificates."""
        if broker.certificates is not None:
            raise ValueError(f"nodes that run cannot move to {broker}: they have no certificates for it")
        host = _socket.gethostbyname(broker.host)
        for node_id in self._nodes:
            self._ask(node_id, lambda node, now_ms: node.move(host, broker.port))

    def press(self, node_id: str, *, long: bool = False) -> None:
        """A finger on a node's button."""
        self._ask(node_id, lambda node, now_ms: node.press(long=long))

    def _run_in_thread(self) -> None:
        try:
            self.run()
        except Exception as error:
            self.failure = error
            raise

    def run(self) -> None:
        """Run the nodes until somebody asks for the stop."""
        now_ms = self._now_ms()
        self._selector = selectors.DefaultSelector()
        wake, self._waker = _socket.socketpair()
        wake.setblocking(False)
        self._waker.setblocking(False)
        self._selector.register(wake, selectors.EVENT_READ, None)
        try:
            self._unstarted = set(self._first())
            apart_ms = min(STAGGER_MS, STAGGER_MS_MAX // max(1, len(self._nodes)))
            for index, node_id in enumerate(self._nodes):
                self._set_due(node_id, now_ms + index * apart_ms)
            while not self._stopping.is_set():
                self._turn(wake)
        finally:
            for node in self._nodes.values():
                node.stop()
            self._selector.close()
            self._waker.close()
            wake.close()
            self._selector = self._waker = None
            self._watched.clear()
            self._due.clear()
            self._queue.clear()

    def _first(self) -> Iterable[str]:
        """The nodes that get power when the fleet starts."""
        return self._nodes

    def _turn(self, wake: _socket.socket) -> None:
        """Wait for the next thing to do, then do all that is due."""
        assert self._selector is not None
        now_ms = self._now_ms()
        wait_ms = min(IDLE_MS_MAX, self._queue[0][0] - now_ms) if self._queue else IDLE_MS_MAX
        for key, _ in self._selector.select(max(0, wait_ms) / 1000):
            if key.data is None:
                _drain(wake)
            else:
                self._set_due(key.data, min(self._due.get(key.data, now_ms), self._now_ms()))
        while self._asked:
            self._asked.popleft()()
        now_ms = self._now_ms()
        while self._queue and self._queue[0][0] <= now_ms:
            due_ms, node_id = heapq.heappop(self._queue)
            if self._due.get(node_id) == due_ms:
                self._step(node_id, now_ms)

    def _step(self, node_id: str, now_ms: int) -> None:
        node = self._nodes[node_id]
        if node_id in self._frozen:
            self._set_due(node_id, now_ms + IDLE_MS_MAX)
            return
        if node_id in self._unstarted:
            self._unstarted.discard(node_id)
            node.start(now_ms)
        self.steps += 1
        wait_ms = node.step(now_ms)
        self._set_due(node_id, now_ms + max(GAP_MS, wait_ms))
        self._watch(node_id)

    def _watch(self, node_id: str) -> None:
        """Wait for the node's socket of now: the firmware has one at most, and a frozen or deaf node none.

        Called after whatever may close a socket and before any other node runs: the system gives the number of a
        closed socket to the next one.
        """
        assert self._selector is not None
        node = self._nodes[node_id]
        hears = node_id not in self._frozen and node.link_up()
        socket = next(iter(node.board.sockets.opened), None) if hears else None
        old = self._watched.get(node_id)
        if old is socket:
            return
        if old is not None:
            self._selector.unregister(old)
            del self._watched[node_id]
        if socket is not None:
            self._selector.register(socket, selectors.EVENT_READ, node_id)
            self._watched[node_id] = socket

    def _set_due(self, node_id: str, due_ms: int) -> None:
        if self._due.get(node_id) != due_ms:
            self._due[node_id] = due_ms
            heapq.heappush(self._queue, (due_ms, node_id))

    def _ask(self, node_id: str, act: Callable[[VirtualNode, int], None]) -> None:
        node = self._nodes[node_id]

        def do() -> None:
            now_ms = self._now_ms()
            act(node, now_ms)
            self._watch(node_id)
            self._set_due(node_id, now_ms)

        self._asked.append(do)
        self._wake()

    def _wake(self) -> None:
        waker = self._waker
        if waker is not None:
            try:
                waker.send(b"!")
            except OSError:  # full: it is awake anyway; closed: it has stopped meanwhile
                return


def _drain(wake: _socket.socket) -> None:
    try:
        while wake.recv(4096):
            continue
    except BlockingIOError:
        return
