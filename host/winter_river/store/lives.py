"""One boot of a node after the other, so that what it tells is kept once and at the time at which it happened. Pure.

A node counts its events from 1 in each boot and dates them by its uptime; boot ids may come again (emulated nodes of one
seed have the same in every run). What tells boots apart is when they began: the time of a status less its uptime.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

APART_MS = 5_000  # chosen: an uptime is in whole seconds, and a link may hold a status back for some
PROMPT_MS = 2_000  # chosen: an event that came this soon has the time of its coming, which is finer than the uptime
TOLD_MAX = 64  # ids a node: its outbox holds 16, and nothing older is sent again


@dataclass(slots=True)
class Life:
    """The boot that a node is in. run: when it began as first reckoned, s since 1970; 0 before anything is known.

    known: the run of its newest event that is kept already, of an earlier life of ours.
    """

    known: int = 0
    run: int = 0
    _began_ms: int = 0
    _boot: int | None = None
    _uptime_s: float = 0.0
    _told: deque[int] = field(default_factory=lambda: deque(maxlen=TOLD_MAX))

    def seen(self, boot: int | None, uptime_s: float, ms: int) -> None:
        """It was alive at ms, for so long already."""
        began_ms = ms - int(uptime_s * 1000)
        again = uptime_s <= self._uptime_s and began_ms > self._began_ms + APART_MS
        if not self.run or again or (boot is not None and self._boot is not None and boot != self._boot):
            self._begin(began_ms)
        self._began_ms, self._uptime_s = began_ms, uptime_s
        self._boot = self._boot if boot is None else boot

    def happened(self, number: int, uptime_s: float, ms: int) -> int | None:
        """When an event was that came at ms, since 1970; None where it had come before."""
        if not self.run:
            self.seen(None, uptime_s, ms)
        if number in self._told:
            return None
        self._told.append(number)
        then_ms = self._began_ms + int(uptime_s * 1000)
        return ms if ms - then_ms < PROMPT_MS else then_ms

    def _begin(self, began_ms: int) -> None:
        known, self.known = self.known, 0
        if known and abs(began_ms - known * 1000) <= APART_MS:
            self.run = known
        else:
            self.run = max(began_ms // 1000, self.run + 1)
        self._told.clear()
