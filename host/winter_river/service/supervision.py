"""What a service manager is told of this process: the protocol of sd_notify(3), one datagram a word.

Nothing is sent where nobody asked for it (no NOTIFY_SOCKET in the environment), so a run in a terminal is the same.
The watchdog is fed by the engine's own passes and by nothing else: an engine that hangs is one that is not fed for,
however well the other threads are.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Mapping

FEED_S_MIN = 1.0  # chosen: the engine passes up to 20 times a second; once is enough for any watchdog of 2 s and more


class Supervisor:
    """The service manager above us, where there is one. Safe from any thread; never raises and never waits."""

    def __init__(self, environment: Mapping[str, str], *, clock: Callable[[], float] = time.monotonic) -> None:
        """environment: as systemd sets it."""
        name = environment.get("NOTIFY_SOCKET", "")
        self._address = f"\0{name[1:]}" if name.startswith("@") else name  # @: the abstract namespace
        self._clock, self._fed_s = clock, -FEED_S_MIN
        self._ready = False

    @property
    def asked(self) -> bool:
        """Whether anybody wants to know."""
        return bool(self._address)

    def ready(self, status: str) -> None:
        """All is up. status: one line for `systemctl status`."""
        self._ready = True
        self._send(f"READY=1\nSTATUS={status}")

    def alive(self) -> None:
        """The engine has done a pass."""
        now_s = self._clock()
        if self._ready and now_s - self._fed_s >= FEED_S_MIN:
            self._fed_s = now_s
            self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """We are on our way out."""
        self._send("STOPPING=1")

    def _send(self, words: str) -> None:
        if not self._address:
            return
        # A manager that is gone, or too busy to listen, is its own trouble: it will ask again, or restart us.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
            sending.setblocking(False)
            sending.sendto(words.encode(), self._address)
