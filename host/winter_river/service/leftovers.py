"""Closes what an earlier run left open in the audit, in a thread of its own: reading takes a moment.

A command of another process may be on its way while we start, so nothing is closed before whoever sent it would have
given up.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from winter_wire import topics

from winter_river.audit import AuditError, Trail
from winter_river.audit.closing import close, open_commands
from winter_river.service.overhearing import ANSWER_S, ORDER_S

STOP_S = 1.0


class Leftovers:
    """See the module. closed: how many so far. trouble: told where the audit does not take it."""

    def __init__(self, trail: Trail, trouble: Callable[[str], None], *, wall: Callable[[], float] = time.time) -> None:
        self.closed = 0
        self._trail, self._trouble, self._wall = trail, trouble, wall
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="leftovers", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def look(self, waited_s: float, ids: frozenset[str]) -> None:
        """Closes those of these ids that nobody waits for any more. waited_s: since they were found open."""
        now_s = self._wall()

        def is_left(facts: Mapping[str, Any]) -> bool:
            limit_s = ORDER_S if facts["node"] in topics.VIRTUAL else ANSWER_S
            # Its age alone is not enough where somebody has set the clock back since.
            return facts["id"] in ids and (waited_s >= limit_s or now_s - facts["created_s"] >= limit_s)

        self.closed += close(self._trail, is_left, at_s=now_s)

    def _run(self) -> None:
        try:
            ids = frozenset(open_commands(self._trail.folder))
            waited_s = 0.0
            for moment_s in (0.0, ANSWER_S, ORDER_S) if ids else ():
                if self._stopping.wait(moment_s - waited_s):
                    return
                waited_s = moment_s
                self.look(waited_s, ids)
        except AuditError as error:
            self._trouble(f"commands that an earlier run left open are still so in the audit: {error.cause}")
        except OSError as error:
            self._trouble(f"the audit cannot be read: {error}")
