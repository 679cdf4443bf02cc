"""Brings the out-box to one sink, in a thread of its own: batches in order, tried until they are taken.

A sink that does not answer, or says that it cannot now, is tried again after 1, 2, 4 ... 60 s; meanwhile rows wait in the
out-box, with the time at which they came. A batch that it calls wrong is halved until the one wrong row is found: that
one is refused for good and counted, the others arrive.
"""

from __future__ import annotations

import http.client
import random
import sqlite3
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from typing import TypeVar

from winter_river.store import outbox
from winter_river.store.model import Happening, Reading, SinkHealth
from winter_river.store.sinks.targets import Request, Target
from winter_river.store.tables import StoreError

BATCH_MAX = 2_000  # rows a request, some 500 kB; InfluxDB's own advice is 5,000 lines
TIMEOUT_S = 10.0
BACKOFF_S = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 60.0)  # the last one repeats
JITTER = 0.2
WRONG = frozenset((400, 413, 415, 422))  # of the batch, not of the moment
MISSING = 404
IDLE_S = 5.0  # without news from the keeper
STOP_S_MAX = 2.0
ANSWER_BYTES = 300

Answer = TypeVar("Answer")
Item = tuple[int, Reading | Happening]


class Unreachable(Exception):
    """The sink did not take a batch, and may take it later. status: of HTTP, 0 without an answer."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Sender:
    """start() it, stir() it after a commit, stop() it. ask: puts a question to the store; see Keeper.ask."""

    def __init__(
        self,
        target: Target,
        ask: Callable[[Callable[[sqlite3.Connection], list[Item]]], list[Item]],
        *,
        mark: int,
        backoff_s: Sequence[float] = BACKOFF_S,
    ) -> None:
        """mark: how far the sink had come."""
        self.target, self.mark = target, mark
        self._ask, self._backoff_s = ask, backoff_s
        self._sent = self._refused = self._failures = self._failures_in_a_row = 0
        self._fault = ""
        self._prepared = False
        self._news, self._stopping = threading.Event(), threading.Event()
        # No proxy from the environment: a sink is named by its address, and that is where its readings go.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())
        self._random = random.Random()
        self._thread = threading.Thread(target=self._run, name=f"sink {target.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stir(self) -> None:
        """There may be something to bring."""
        self._news.set()

    def stop(self) -> None:
        """Ends the thread; what was not brought stays in the out-box."""
        self._stopping.set()
        self._news.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S_MAX)

    def health(self, *, waiting: int) -> SinkHealth:
        """waiting: rows of the out-box that it has still to take."""
        return SinkHealth(max(0, waiting), self._sent, self._refused, self._failures, self._fault)

    def _run(self) -> None:
        try:
            self._serve()
        except Exception as error:  # noqa: BLE001 - the run goes on; health tells that this sink is served no more
            self._failures += 1
            self._fault = f"{self.target.name} is served no more: {error!r}; this is a fault of ours"

    def _serve(self) -> None:
        while not self._stopping.is_set():
            self._news.wait(IDLE_S)
            self._news.clear()
            while not self._stopping.is_set() and self.turn():
                pass

    def turn(self) -> bool:
        """Brings one batch; whether there may be more. Waits where the sink does not take it."""
        try:
            batch = self._ask(lambda connection: outbox.pending(connection, after=self.mark, count_max=BATCH_MAX))
            if not batch:
                return False
            self._bring(batch)
        except (Unreachable, StoreError) as error:
            self._failures += 1
            self._fault = str(error)
            pause_s = self._backoff_s[min(self._failures_in_a_row, len(self._backoff_s) - 1)]
            self._failures_in_a_row += 1
            self._stopping.wait(pause_s * self._random.uniform(1 - JITTER, 1 + JITTER))
            return True
        self._failures_in_a_row, self._fault = 0, ""
        return len(batch) == BATCH_MAX

    def _bring(self, batch: Sequence[Item]) -> None:
        """Brings a batch, or each half of it where the sink calls the whole wrong. Raises Unreachable."""
        request = Request(self.target.url, self.target.encode([item for _, item in batch]))
        try:
            self._post(request)
        except Unreachable as error:
            if error.status == MISSING and self.target.prepare is not None and not self._prepared:
                self._prepared = True
                self._post(self.target.prepare)
                self._bring(batch)
                return
            if error.status not in WRONG:
                raise
            if len(batch) > 1:
                self._bring(batch[: len(batch) // 2])
                self._bring(batch[len(batch) // 2 :])
                return
            self._refused += 1
            self._fault = str(error)
        else:
            self._sent += len(batch)
            self._prepared = False
        self.mark = batch[-1][0]

    def _post(self, request: Request) -> None:
        post = urllib.request.Request(request.url, request.body, dict(self.target.headers), method="POST")
        where = self.target.name
        try:
            with self._opener.open(post, timeout=TIMEOUT_S) as answer:
                answer.read(ANSWER_BYTES)
        except urllib.error.HTTPError as error:
            text = error.read(ANSWER_BYTES).decode(errors="replace").strip()
            raise Unreachable(error.code, f"{where} answered {error.code}: {text or error.reason}") from error
        except urllib.error.URLError as error:
            raise Unreachable(0, f"{where} cannot be reached: {error.reason}") from error
        except (OSError, http.client.HTTPException, ssl.SSLError) as error:
            raise Unreachable(0, f"{where} cannot be reached: {error or type(error).__name__}") from error


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A sink that sends us elsewhere is set up wrongly, and its secret is not for elsewhere."""

    def redirect_request(self, *_: object) -> None:
        return None
