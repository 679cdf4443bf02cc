"""The page of a run as plain HTTP, timed; and clients that misuse it."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from held_ports import held_port

from chaos.rig import Rig, Run

TIMEOUT_S = 15.0


class Page:
    """One run's page."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 80

    def get(self, path: str) -> Any:
        """The JSON that a GET gives. Raises OSError or http.client.HTTPException where it fails."""
        return self._ask("GET", path, None)

    def send(self, node_id: str, verb: str, params: Mapping[str, object]) -> bool:
        """Whether a command through the page was answered `done`."""
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            body = json.dumps({"command": verb, "params": params}).encode()
            return bool(self._ask("POST", f"/api/v1/nodes/{node_id}/command", body)["result"] == "done")
        return False

    def post(self, path: str, body: Mapping[str, object]) -> Any:
        """The JSON that a POST gives."""
        return self._ask("POST", path, json.dumps(body).encode())

    def timed(self, path: str) -> float:
        """Seconds a GET takes; infinite where it fails."""
        began_s = time.monotonic()
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            self.get(path)
            return time.monotonic() - began_s
        return float("inf")

    def _ask(self, method: str, path: str, body: bytes | None) -> Any:
        link = http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT_S)
        try:
            link.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            answer = link.getresponse()
            text = answer.read()
            if answer.status >= 400:
                raise http.client.HTTPException(f"{answer.status} {text[:200]!r}")
            return json.loads(text)
        finally:
            link.close()

    @contextlib.contextmanager
    def held(self, request: bytes, count: int) -> Iterator[list[socket.socket]]:
        """That many connections which have sent this and read nothing; those that were refused are left out."""
        links: list[socket.socket] = []
        try:
            for _ in range(count):
                with contextlib.suppress(OSError):
                    link = socket.create_connection((self.host, self.port), timeout=2)
                    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                    link.sendall(request)
                    links.append(link)
            yield links
        finally:
            for link in links:
                link.close()


def page_of(run: Run) -> Page:
    """The page of a run that has started."""
    return Page(run.line("page"))


def start(rig: Rig, *arguments: str, **options: Any) -> Run:
    """A run of 24 emulated nodes with a page on a free port, started. Its broker is its own unless one is given."""
    own = () if "--broker" in arguments else ("--mqtt-port", str(held_port()))
    run = rig.run("block-2n-24", "--page-port", str(held_port()), *own, *arguments, **options)
    run.wait_started()
    return run
