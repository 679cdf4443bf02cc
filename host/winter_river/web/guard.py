"""In front of every request: who asks, from where, and how much. Plain ASGI.

The page listens on loopback, and there three things still need care: a web site that points its own name at
127.0.0.1 (DNS rebinding: the Host header tells), a web site that posts to us from the visitor's browser (Origin and
Sec-Fetch-Site tell), and a body without end. Beyond loopback there are links only; see access. How often somebody may
ask is in limits.
"""

from __future__ import annotations

import json
import math
from collections.abc import Awaitable, Callable, Collection, MutableMapping, Sequence
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException

from winter_river.web.access import Links, Who
from winter_river.web.diagram import STYLE_HASH
from winter_river.web.limits import TOO_MANY, Limits

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

BODY_BYTES_MAX = 65_536  # chosen: a scenario of a hundred steps is 20 kB
COOKIE_DAYS = 1
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

POLICY = (
    f"default-src 'none'; script-src 'self'; style-src 'self' '{STYLE_HASH}'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-src 'self'; frame-ancestors 'self'"
)
# A debrief is a page of its own that can be mailed: its style is inside it, scripts it has none.
POLICY_DEBRIEF = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)
# For names only, and never for this machine's own: a browser applies it to every port of the name, and would call no
# other program there without TLS.
_STRICT = (b"strict-transport-security", b"max-age=7776000")  # 90 days, as long as the certificate
_LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")
_NO_LINK = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Winter River: a link is needed</title>
<h1>This page opens with a link</h1>
<p>The instructor has one for you: it ends in <code>/?k=</code> and some letters. A link ends when the run ends, and when
the instructor takes it back.</p>
<p>At the machine that runs Winter River, <a href="/?k=">give up the link of this browser</a>.</p>
</html>
"""


class Guard:
    """Lets through what may pass, with `who` in the request's state. open_as: who somebody on this machine is without a
    link, None where everybody needs one. hosts: the names this page is reached by, without port. tls: whether it is
    served over TLS."""

    def __init__(
        self,
        app: App,
        *,
        links: Links,
        open_as: Who | None,
        hosts: Collection[str],
        cookie: str,
        tls: bool = False,
        limits: Limits | None = None,
    ) -> None:
        self._app, self._links, self._open_as = app, links, open_as
        self._hosts, self._tls = frozenset(hosts), tls
        self._limits = Limits() if limits is None else limits
        # A browser takes a cookie of this name only over TLS, and from this very host.
        self._cookie = f"__Host-{cookie}" if tls else cookie
        self._scheme = "https" if tls else "http"

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # no web sockets here
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        strict = self._tls and _name_of(headers.get("host", "")) not in _LOCAL_NAMES
        send = _hardened(send, extra=(_STRICT,) if strict else ())
        fault = self._fault(scope, headers)
        if fault is not None:
            await _answer(send, *fault)
            return
        address = scope["client"][0] if scope.get("client") else ""
        token = _token(scope) if scope["path"] == "/" else None
        if token is not None:
            await self._enter(token, address, send)
            return
        shown = self._shown(headers)
        who = self._who(shown)
        known = who is not None and who.link_id != ""
        wait_s = self._limits.request(address, who.link_id if known and who is not None else "")
        if shown and not known:
            wait_s = max(wait_s, self._limits.failure(address) if who is None else 0.0)
        if wait_s:
            await _wait(send, wait_s)
            return
        if who is None:
            await self._turn_away(scope["path"], send)
            return
        scope.setdefault("state", {})["who"] = who
        await self._app(scope, _bounded(receive), send)

    def _fault(self, scope: MutableMapping[str, Any], headers: MutableMapping[str, str]) -> tuple[int, str, str] | None:
        """Why a request is refused before anybody looks at it: (status, error, cure)."""
        host = headers.get("host", "")
        if _name_of(host) not in self._hosts:
            return (
                421,
                f"this page is not called {host[:80]!r}",
                f"open it as {self._scheme}://{min(self._hosts)}:{scope['server'][1]}/",
            )
        if scope["method"] not in SAFE_METHODS:
            origin = headers.get("origin")
            if origin is not None and origin != f"{self._scheme}://{host}":
                return 403, "another web site asked for this", "open the page itself"
            if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
                return 403, "another web site asked for this", "open the page itself"
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > BODY_BYTES_MAX:
            return 413, f"the request is larger than {BODY_BYTES_MAX} bytes", "send less"
        return None

    def _shown(self, headers: MutableMapping[str, str]) -> str:
        """The token that a browser shows, or a program, or ""."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return token.strip()
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            return ""
        return "" if morsel is None else morsel.value

    def _who(self, shown: str) -> Who | None:
        return self._links.who(shown, otherwise=self._open_as) if shown else self._open_as

    async def _enter(self, token: str, address: str, send: Send) -> None:
        """A link was opened: the browser keeps its token, out of reach of any script, and forgets the address. An empty
        token gives the link up: the browser is again what it was without."""
        who = self._links.who(token) if token else None
        wait_s = self._limits.request(address, who.link_id if who is not None else "")
        if token and who is None:
            wait_s = max(wait_s, self._limits.failure(address))
        if wait_s:
            await _wait(send, wait_s)
            return
        if token and who is None:
            await _answer(send, 401, "this link is not of this run", "ask for a new one: a link ends when its run ends")
            return
        kept_s = COOKIE_DAYS * 86400 if token else 0
        cookie = f"{self._cookie}={token}; Path=/; Max-Age={kept_s}; HttpOnly; SameSite=Lax{'; Secure' * self._tls}"
        headers = [(b"location", b"/"), (b"set-cookie", cookie.encode("latin-1")), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 303, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async def _turn_away(self, path: str, send: Send) -> None:
        if path != "/":
            await _answer(send, 401, "a link is needed", "open the link that the instructor gave you")
            return
        body = _NO_LINK.encode()
        kind = [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 401, "headers": kind})
        await send({"type": "http.response.body", "body": body})


def _token(scope: MutableMapping[str, Any]) -> str | None:
    """The `k` of a request's address; None without one."""
    query = scope["query_string"].decode("latin-1")
    return next(iter(parse_qs(query, keep_blank_values=True, max_num_fields=50).get("k", [])), None)


def _name_of(host: str) -> str:
    """A Host header without its port."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.rpartition(":")[0] if ":" in host else host


def _hardened(send: Send, *, extra: Sequence[tuple[bytes, bytes]]) -> Send:
    async def hardened(message: Message) -> None:
        if message["type"] == "http.response.start":
            names = {name.lower() for name, _ in message["headers"]}
            more = [pair for pair in (*_HEADERS, *extra) if pair[0] not in names]
            if b"content-security-policy" not in names:
                more.append((b"content-security-policy", POLICY.encode()))
            if b"cache-control" not in names:
                more.append((b"cache-control", b"no-store"))
            message["headers"] = [*message["headers"], *more]
        await send(message)

    return hardened


class TooLarge(HTTPException):
    """A body without a stated length went on too long."""

    def __init__(self) -> None:
        super().__init__(413, f"the request is larger than {BODY_BYTES_MAX} bytes")


def _bounded(receive: Receive) -> Receive:
    taken = 0

    async def bounded() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > BODY_BYTES_MAX:
            raise TooLarge
        return message

    return bounded


async def _wait(send: Send, wait_s: float) -> None:
    after_s = math.ceil(wait_s)
    more = [(b"retry-after", str(after_s).encode())]
    await _answer(send, TOO_MANY, "too many requests", f"wait {after_s} s", more)


async def _answer(send: Send, status: int, error: str, cure: str, more: Sequence[tuple[bytes, bytes]] = ()) -> None:
    body = json.dumps({"error": error, "cure": cure}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
