"""Alarms to other programs by HTTP: chats, pagers, mail and SMS gateways all take a webhook.

Each route has its own bounded queue and thread, so that one that hangs keeps no other waiting. A call that fails is tried
again after 1, 2, 4 ... 60 s; one that is refused (4xx but 408 and 429) is not: nothing about it will change. Signed as the
Standard Webhooks specification 1.0 says (webhook-id, webhook-timestamp, webhook-signature `v1,` base64 of HMAC-SHA256
over id.timestamp.body), where the route has a secret; the id stays the same at every try, so a receiver knows repeats.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import http.client
import json
import random
import secrets
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

from winter_river.alerts.model import PRIORITIES, Transition, rank
from winter_river.alerts.telling import is_told, transition_fields

QUEUE_MAX = 1_000  # chosen: an hour of an endless flood; the oldest is dropped, and counted
TIMEOUT_S = 5.0
FIRST_S, LAST_S = 1.0, 60.0
JITTER = 0.2
TRIES_MAX = 2_000  # chosen: a day and a half of tries; then the call is given up, and counted
ANSWER_BYTES_MAX = 65_536
SECRET_PREFIX = "whsec_"  # as the specification writes secrets
_AGAIN = (408, 429)


@dataclass(frozen=True, slots=True)
class Route:
    """Where alarms go. least: the least priority that goes there. secret: b"" for no signature."""

    url: str
    least: str = PRIORITIES[-1]
    secret: bytes = b""

    def takes(self, transition: Transition) -> bool:
        return is_told(transition) and rank(transition.priority) <= rank(self.least)


class Call(NamedTuple):
    """One call on its way."""

    id: str
    body: bytes


@dataclass(slots=True)
class Counts:
    """sent: taken by the other side. failed: tries that were in vain. refused: not tried again. dropped: no room, or
    given up. why: the last failure."""

    sent: int = 0
    failed: int = 0
    refused: int = 0
    dropped: int = 0
    why: str = ""


def secret_of(text: str) -> bytes:
    """The bytes of a secret as it is written: `whsec_` and base64, or plain letters. Raises ValueError."""
    if not text.startswith(SECRET_PREFIX):
        return text.encode()
    try:
        return base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("what follows whsec_ is not base64") from error


def body_of(transition: Transition, *, site: str) -> bytes:
    """What is sent: type `alarm.raise`, `alarm.clear`, `alarm.acknowledge` ..., and the alarm."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(transition.moment.unix_s))
    fields = {
        "type": f"alarm.{transition.act}",
        "timestamp": stamp,
        "data": {"site": site, **transition_fields(transition)},
    }
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def headers_of(route: Route, call: Call, unix_s: int) -> dict[str, str]:
    """The headers of one try."""
    found = {"content-type": "application/json", "webhook-id": call.id, "webhook-timestamp": str(unix_s)}
    if route.secret:
        signed = f"{call.id}.{unix_s}.".encode() + call.body
        digest = hmac.new(route.secret, signed, hashlib.sha256).digest()
        found["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
    return found


def delay_s(tries: int, rng: random.Random) -> float:
    """How long to wait after so many tries in vain."""
    return min(LAST_S, FIRST_S * 2.0 ** min(tries - 1, 10)) * rng.uniform(1 - JITTER, 1 + JITTER)


class Webhook:
    """One route at work; tell() it of transitions from any thread. `counts` are its own."""

    def __init__(
        self,
        route: Route,
        *,
        site: str,
        rng: random.Random | None = None,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        """site: which one it is, in every call. wait: how to let time pass between tries (tests)."""
        self.route, self.counts = route, Counts()
        self._site, self._rng = site, rng or random.Random()
        self._queue: deque[Call] = deque()
        self._lock = threading.Lock()
        self._stirred, self._stopping = threading.Event(), threading.Event()
        self._wait = wait or self._stopping.wait
        self._tls = ssl.create_default_context() if route.url.startswith("https:") else None
        self._thread = threading.Thread(target=self._run, name="webhook", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends it after the call it is in; what waits is counted as dropped."""
        self._stopping.set()
        self._stirred.set()
        if self._thread.is_alive():
            self._thread.join(TIMEOUT_S + 1.0)
        with self._lock:
            self.counts.dropped += len(self._queue)
            self._queue.clear()

    @property
    def waiting(self) -> int:
        """How many calls wait, the one under way included."""
        return len(self._queue)

    def tell(self, transitions: Sequence[Transition]) -> None:
        """Takes what is for this route; never waits."""
        for each in transitions:
            if self.route.takes(each):
                call = Call(f"msg_{secrets.token_hex(12)}", body_of(each, site=self._site))
                with self._lock:
                    if len(self._queue) >= QUEUE_MAX:
                        self._queue.popleft()
                        self.counts.dropped += 1
                    self._queue.append(call)
                self._stirred.set()

    def _run(self) -> None:
        tries = 0
        while not self._stopping.is_set():
            with self._lock:
                call = self._queue[0] if self._queue else None
            if call is None:
                self._stirred.wait()
                self._stirred.clear()
                continue
            tries += 1
            if self._call(call) or tries >= TRIES_MAX:
                tries = self._done(call, given_up=tries >= TRIES_MAX)
            else:
                self._wait(delay_s(tries, self._rng))

    def _done(self, call: Call, *, given_up: bool) -> int:
        with self._lock:
            self.counts.dropped += given_up
            if self._queue and self._queue[0] is call:
                self._queue.popleft()
        return 0

    def _call(self, call: Call) -> bool:
        """Whether the call is over: taken, or refused for good."""
        try:
            status = self._post(call)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.counts.failed += 1
            self.counts.why = str(error) or type(error).__name__
            return False
        if 200 <= status < 300:
            self.counts.sent += 1
            self.counts.why = ""
            return True
        self.counts.why = f"it answers {status}"
        if 400 <= status < 500 and status not in _AGAIN:
            self.counts.refused += 1
            return True
        self.counts.failed += 1
        return False

    def _post(self, call: Call) -> int:
        """The status of the answer. Redirects are not followed: an alarm goes where it was meant to go."""
        parts = urlsplit(self.route.url)
        host, port = parts.hostname or "", parts.port
        if self._tls is not None:
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, port, timeout=TIMEOUT_S, context=self._tls
            )
        else:
            connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
        try:
            path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
            connection.request("POST", path, call.body, headers_of(self.route, call, int(time.time())))
            answer = connection.getresponse()
            answer.read(ANSWER_BYTES_MAX)
            return answer.status
        finally:
            connection.close()
