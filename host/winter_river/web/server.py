"""The server of the page, in a thread of the service's process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import threading
import traceback
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Self

import uvicorn

from winter_river import paths
from winter_river.web.access import ADMIN, VIEWER, Links, Who
from winter_river.web.app import create
from winter_river.web.archive import Archive
from winter_river.web.desk import Desk
from winter_river.web.plant import Plant

DEBRIEFS = "debriefs"  # folder below the data folder
PORT_DEFAULT = 8080
PORTS_TRIED_MAX = 20
START_S_MAX = 10.0
STOP_S_MAX = 3.0
FAULTS_KEPT_MAX = 20
LOOPBACK = "127.0.0.1"
_TLS_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
_LOOPBACK_NAMES = (LOOPBACK, "localhost", "[::1]")


class PageServerError(RuntimeError):
    """The page cannot be served; the text says why and how to cure it."""


@dataclass(frozen=True, slots=True)
class PageTls:
    """What the page proves itself with. pair: file of its certificate and key. hosts: the names in the certificate.

    tls_min: the lowest version that is spoken, 1.2 or 1.3.
    """

    pair: Path
    hosts: tuple[str, ...]
    tls_min: str = "1.2"


class PageServer:
    """The page of one run. start() it, show `url`, stop() it; also a context manager.

    url: where the page is; beyond loopback, and with TLS, it carries an admin's link.
    """

    def __init__(
        self, plant: Plant, *, host: str = LOOPBACK, port: int = 0, tls: PageTls | None = None, reader: str = ""
    ) -> None:
        """host: an address of this machine. port: 0 means PORT_DEFAULT, or the next free one. tls: then nobody comes in
        without a link, from this machine neither. reader: a token by which a program may look, in this run and the next.

        Raises PageServerError where it cannot listen, ValueError for a token that could be guessed.
        """
        self._tls = tls
        self.links = Links()
        if reader:
            self.links.admit(reader, VIEWER, "program")
        self._socket = _listen(host, port)
        self.port: int = self._socket.getsockname()[1]
        self.address = f"http{'s' if tls else ''}://{host}:{self.port}"
        self.desk = Desk(plant, Archive(paths.data_dir() / DEBRIEFS), self.links, address=self.address)
        is_open = host != LOOPBACK or tls is not None
        self.url = f"{self.address}/"
        if is_open:
            token, _ = self.links.create(ADMIN, "admin")
            self.url = f"{self.address}/?k={token}"
        app = create(
            self.desk,
            version=metadata.version("winter-river"),
            open_as=None if is_open else Who(ADMIN, "admin"),
            hosts=_hosts(host, tls),
            tls=tls is not None,
            cookie=f"winter_river_{self.port}",  # cookies know no ports, and two runs may share a machine
        )
        pair = None if tls is None else str(tls.pair)
        self._config = uvicorn.Config(
            app,
            ssl_certfile=pair,
            ssl_keyfile=pair,
            log_config=None,
            log_level="error",
            access_log=False,
            lifespan="on",
            server_header=False,
            timeout_graceful_shutdown=1,
            limit_concurrency=1_000,
            h11_max_incomplete_event_size=32_768,
        )
        self._server = uvicorn.Server(self._config)
        self.desk.end = self._end
        # A line on stderr would tear the live view. What breaks in a route was answered with 500, and is counted.
        self._log = _Faults()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="page server", daemon=True)

    def start(self) -> None:
        """Returns once the page answers. Raises PageServerError."""
        try:
            self._config.load()
        except (OSError, ssl.SSLError) as error:
            what = "" if self._tls is None else f"{self._tls.pair}: "
            raise PageServerError(f"{what}{error}\ncure: winter-river provision rotate page") from error
        if self._tls is not None and self._config.ssl is not None:
            self._config.ssl.minimum_version = _TLS_VERSIONS[self._tls.tls_min]
        self._thread.start()
        for _ in range(int(START_S_MAX / 0.02)):
            if self._server.started:
                return
            if not self._thread.is_alive():
                break
            self._thread.join(0.02)
        raise PageServerError(f"the page did not start: {self._failure or 'it takes too long'}")

    def stop(self) -> None:
        """Lets every page go and closes the port, within STOP_S_MAX."""
        self._end()
        if self._thread.is_alive():
            with contextlib.suppress(RuntimeError):  # its loop has ended meanwhile
                self._loop.call_soon_threadsafe(self.desk.stream.close)
                self._loop.call_soon_threadsafe(self.desk.screens.close)
            self._thread.join(STOP_S_MAX)
        self._socket.close()

    def reload(self) -> None:
        """Takes up a renewed certificate for whoever connects from now on; harmless without TLS."""
        if self._tls is not None and self._config.ssl is not None:
            self._config.ssl.load_cert_chain(self._tls.pair)

    def _end(self) -> None:
        self._server.should_exit = True

    def fault(self) -> str:
        """Why the page is not served any more, or ""."""
        broken = self._failure or self.desk.pump.failure
        return "" if broken is None else f"the page stopped: {broken!r}; this is a fault of ours"

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - kept and shown by whoever started us
            self._failure = error

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        log = logging.getLogger("uvicorn.error")
        log.addHandler(self._log)
        log.propagate = False
        try:
            await self._server.serve(sockets=[self._socket])
        finally:
            log.removeHandler(self._log)

    @property
    def faults(self) -> Sequence[str]:
        """The last requests that broke on our side, as tracebacks; empty, or something is wrong with us."""
        return tuple(self._log.texts)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()


class _Faults(logging.Handler):
    """Keeps the last exceptions that came out of our routes."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: deque[str] = deque(maxlen=FAULTS_KEPT_MAX)

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[0] is not None:
            self.texts.append("".join(traceback.format_exception(*record.exc_info)))


def _hosts(host: str, tls: PageTls | None) -> tuple[str, ...]:
    """What the page may be called by, as a Host header writes it."""
    if tls is not None:
        return tuple(f"[{name}]" if ":" in name else name for name in tls.hosts)
    return (host,) if host != LOOPBACK else _LOOPBACK_NAMES


def _listen(host: str, port: int) -> socket.socket:
    first = port or PORT_DEFAULT
    last = first if port else first + PORTS_TRIED_MAX - 1
    for number in range(first, last + 1):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, number))
            listener.listen(128)
        except OSError as error:
            listener.close()
            if number == last:
                raise PageServerError(
                    f"port {number} of {host}: {error.strerror}\ncure: --page-port NUMBER, or --no-page"
                ) from error
            continue
        return listener
    raise AssertionError("the last port either listens or raises")
