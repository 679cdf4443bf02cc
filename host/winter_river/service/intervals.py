"""How often nodes report, where the settings say so: each is told once in each of its boots, by the usual command.

A node owns its interval and may keep it over a restart or not; one that comes later, or comes back, is told then. One
that was told otherwise since, by a command to it alone, keeps that until its next boot.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from winter_wire import codec, topics

from winter_river.audit import AuditError
from winter_river.service.presence import ONLINE
from winter_river.site import Ack

LOOK_S = 1.0
AGAIN_S = 10.0  # chosen: two status intervals; a node that did not take it is not pestered
TELL_S = 2.0  # how long one node may take to answer
STOP_S_MAX = 5.0
BY = "settings"


class Site(Protocol):
    """What is needed of a live site."""

    def facts(self) -> Mapping[str, Mapping[str, object]]: ...
    def reports(self) -> Mapping[str, bytes]: ...
    def send(self, node_id: str, verb: str, params: Mapping[str, Any], *, by: str, timeout_s: float) -> Ack: ...


class Intervals:
    """start() it, want() an interval, stop() it. told: node id -> (boot, interval) that it has taken."""

    def __init__(self, site: Site, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._site, self._clock = site, clock
        self._wanted = (0, 0)  # how often, and the number of this wish
        self.told: dict[str, tuple[int, int]] = {}
        self._tried: dict[str, tuple[int, float]] = {}  # node id -> the wish that it was told last, and when
        self._stirred, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="intervals", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def want(self, seconds: int) -> None:
        """Every node is to report that often; 0: as it has it itself."""
        self._wanted = (seconds, self._wanted[1] + 1)
        self._stirred.set()

    def stop(self) -> None:
        self._stopping.set()
        self._stirred.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S_MAX)

    def look(self) -> None:
        """Tells every node that is there and has not been told; ends where another interval is wanted meanwhile."""
        wanted = self._wanted
        wanted_s, number = wanted
        if not wanted_s:
            return
        reports = self._site.reports()
        for node_id, facts in self._site.facts().items():
            boot = _boot_of(reports.get(node_id, b""))
            if facts["presence"] != ONLINE or boot is None or self.told.get(node_id) == (boot, wanted_s):
                continue
            if self._wanted != wanted or self._stopping.is_set():
                return
            tried, tried_s = self._tried.get(node_id, (0, 0.0))
            if tried == number and self._clock() - tried_s < AGAIN_S:
                continue
            self._tried[node_id] = (number, self._clock())
            try:
                answer = self._site.send(node_id, "config", {"status_s": wanted_s}, by=BY, timeout_s=TELL_S)
            except (AuditError, ValueError):
                continue  # it is told of by the audit itself, and tried again
            if answer.done:
                self.told[node_id] = (boot, wanted_s)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._stirred.wait(LOOK_S)
            self._stirred.clear()
            if not self._stopping.is_set():
                self.look()


def _boot_of(payload: bytes) -> int | None:
    message, _ = codec.decode(topics.STATUS, payload) if payload else (None, None)
    return None if message is None else message.get("boot")
