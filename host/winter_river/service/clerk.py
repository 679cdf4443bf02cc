"""Writes what was overheard on the bus into the audit, in a thread of its own: the engine waits for no disk."""

from __future__ import annotations

import queue
import secrets
import threading
import time
from collections.abc import Callable

from winter_river.audit import COMPLETED, FAILED, AuditError, Trail, masked
from winter_river.service.issuer import COMMAND
from winter_river.service.overhearing import Overheard

DOOR = "bus"  # somebody who needs no door of ours; MQTT does not tell from where
WAITING_MAX = 500
PER_S_MAX = 50  # chosen: a storm of commands must not fill the disk: 80 MB an hour at worst
STOP_S = 1.0


class Clerk:
    """The commands of others as lines of the audit, one each, when they have been answered.

    `winter-river send` on this machine writes its own: what is in the audit already is passed over. dropped: commands
    that came faster than they could be written, or that the audit did not take; trouble is told.
    """

    def __init__(self, trail: Trail, trouble: Callable[[str], None]) -> None:
        self.dropped = self._crowded = 0
        self._trail, self._trouble = trail, trouble
        self._waiting: queue.Queue[tuple[Overheard, float] | None] = queue.Queue(WAITING_MAX)
        self._token = secrets.token_hex(4)
        self._count = 0
        self._thread = threading.Thread(target=self._run, name="clerk", daemon=True)
        self._stopping = False

    def start(self) -> None:
        """Begins writing."""
        self._thread.start()

    def take(self, heard: Overheard, now_s: float) -> None:
        """Puts one in line; never blocks. now_s: on the clock of its times."""
        try:
            self._waiting.put_nowait((heard, time.time() - now_s))
        except queue.Full:
            self.dropped += 1
            self._crowded += 1
            if self._crowded == 1:
                self._trouble("commands come faster over the bus than the audit takes them: NOT ALL ARE IN IT")

    def stop(self) -> None:
        """Writes what waits, for a moment, and ends."""
        self._stopping = True
        if self._thread.is_alive():
            try:
                self._waiting.put_nowait(None)
            except queue.Full:
                pass  # it looks whether to stop after each line
            self._thread.join(STOP_S)

    def _run(self) -> None:
        told = ""
        while (item := self._waiting.get()) is not None:
            heard, offset_s = item
            try:
                if not (heard.id and self._trail.has(heard.id)):
                    self._trail.append(self._facts(heard, offset_s))
            except AuditError as error:
                self.dropped += 1
                if str(error) != told:
                    told = str(error)
                    self._trouble(
                        f"{heard.node_id} {heard.verb}, asked over the bus, IS NOT IN THE AUDIT: {error.cause}"
                    )
            if self._stopping and self._waiting.empty():
                return
            if not self._stopping:
                time.sleep(1 / PER_S_MAX)

    def _facts(self, heard: Overheard, offset_s: float) -> dict[str, object]:
        self._count += 1
        done = heard.result == "done"
        asked_s = round(heard.at_s + offset_s, 3)
        ended_s = round((heard.answered_s or heard.at_s) + offset_s, 3)
        return {
            "kind": COMMAND,
            "id": heard.id or f"{DOOR}-{self._token}-{self._count}",
            "node": heard.node_id,
            "verb": heard.verb,
            "params": masked(heard.params),
            "by": heard.by,
            "door": DOOR,
            "address": "",
            "priority": heard.priority,
            "epoch": heard.epoch,
            "state": COMPLETED if done else FAILED,
            "created_s": asked_s,
            "executed_s": asked_s,
            "completed_s": ended_s,
            "result": heard.result,
            "error": "" if done else heard.reason,
        }
