"""Commands under way while a fault strikes, and what became of each, told by what the nodes report.

Each rack is told to take a little more load, again and again, by one issuer of its own that waits for every answer. So
the loads a rack reports can only rise: one that falls is a command done a second time, or too late. And whatever was
answered `done` must be there in the end.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from winter_river.site import Ack
from winter_wire import topics

from chaos.rig import Spy

FIRST_KW, STEP_KW = 10.0, 0.01
PAUSE_S = 0.05
TIMEOUT_S = 5.0  # the service's own
FIELD = "load_set_kw"


class CanSend(Protocol):
    """A site, as far as orders need it."""

    def send(self, node_id: str, verb: str, params: dict[str, object], *, by: str, timeout_s: float) -> Ack: ...


class Orders:
    """The issuers and their book. sent: how many commands; done: how many of them were answered so."""

    def __init__(self, site: CanSend, racks: Sequence[str]) -> None:
        self._site, self.racks = site, list(racks)
        self._acked_kw = {node_id: 0.0 for node_id in racks}
        self._sent_kw = {node_id: FIRST_KW for node_id in racks}
        self._lock = threading.Lock()
        self.sent = self.done = self.silent = 0
        self._stop = threading.Event()

    @contextmanager
    def going(self) -> Iterator[None]:
        """While this lasts, commands are sent; at its end every one of them has been answered or has expired."""
        threads = [threading.Thread(target=self._work, args=(each,), daemon=True) for each in self.racks]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join(2 * TIMEOUT_S)

    def _work(self, node_id: str) -> None:
        while not self._stop.is_set():
            self._sent_kw[node_id] = value = round(self._sent_kw[node_id] + STEP_KW, 3)
            ack = self._site.send(node_id, "set_load", {"power_kw": value}, by="chaos", timeout_s=TIMEOUT_S)
            with self._lock:
                self.sent += 1
                if ack.done:
                    self.done += 1
                    self._acked_kw[node_id] = value
                else:
                    self.silent += 1
            time.sleep(PAUSE_S)

    def lost(self, spy: Spy) -> list[str]:
        """Racks that no longer report what they had said was done."""
        wrong = []
        for node_id in self.racks:
            told = self._told(spy, node_id)
            if not told or told[-1] < self._acked_kw[node_id]:
                wrong.append(f"{node_id} has {told[-1:]} and had said {self._acked_kw[node_id]}")
        return wrong

    def twice(self, spy: Spy) -> list[str]:
        """Moments at which a rack went back to an older command, or took one that nobody sent."""
        wrong = []
        for node_id in self.racks:
            told = [value for value in self._told(spy, node_id) if value >= FIRST_KW and value < 2 * FIRST_KW]
            wrong += [f"{node_id} {one} then {next_}" for one, next_ in itertools.pairwise(told) if next_ < one]
            wrong += [f"{node_id} {value} was never sent" for value in told if value > self._sent_kw[node_id]]
        return wrong

    def _told(self, spy: Spy, node_id: str) -> list[float]:
        rows = [row.get(FIELD) for row in spy.heard(node_id, topics.STATUS)]
        return [float(value) for value in rows if isinstance(value, (int, float))]
