"""How the alarms do, by the figures of EEMUA 191 and ANSI/ISA-18.2-2016, clause 16. Pure.

Counted are alarms that ask for a person: consequences under their cause and what is shelved do not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from winter_river.alerts.model import Key

WINDOW_S = 600.0  # both standards count in ten minutes
RATE_GOOD = 1  # EEMUA 191: one in ten minutes is very likely to be acceptable
RATE_MAX = 2  # ISA-18.2: two are the most that can be managed
FLOOD_FROM = 10  # ISA-18.2: a flood begins above ten in ten minutes ...
FLOOD_TO = 5  # ... and ends below five
CHATTER_TIMES, CHATTER_S = 3, 60.0  # ISA-18.2: three times in a minute
STALE_S = 24 * 3600.0  # ISA-18.2: an alarm that stands for a day is stale
TIMES_MAX = 10_000  # of one window


@dataclass(slots=True)
class Figures:
    """total: annunciations ever. flood: whether one goes on. floods: how many there were."""

    total: int = 0
    flood: bool = False
    floods: int = 0
    _times: deque[tuple[float, Key]] = field(default_factory=lambda: deque(maxlen=TIMES_MAX))

    def annunciated(self, now_s: float, key: Key) -> None:
        """An alarm has asked for a person."""
        self.total += 1
        self._times.append((now_s, key))
        self.rate(now_s)

    def rate(self, now_s: float) -> int:
        """Annunciations in the last ten minutes; looks whether a flood begins or ends."""
        while self._times and self._times[0][0] <= now_s - WINDOW_S:
            self._times.popleft()
        count = len(self._times)
        if not self.flood and count > FLOOD_FROM:
            self.flood, self.floods = True, self.floods + 1
        elif self.flood and count < FLOOD_TO:
            self.flood = False
        return count

    def chattering(self, now_s: float) -> list[Key]:
        """The alarms that came three times within the last minute."""
        counts: dict[Key, int] = {}
        for at_s, key in self._times:
            if at_s > now_s - CHATTER_S:
                counts[key] = counts.get(key, 0) + 1
        return [key for key, count in counts.items() if count >= CHATTER_TIMES]

    def told(self, now_s: float) -> Mapping[str, Any]:
        """The same as plain values."""
        rate = self.rate(now_s)
        return {
            "rate_10min": rate,
            "acceptable": rate <= RATE_GOOD,
            "flood": self.flood,
            "floods": self.floods,
            "total": self.total,
            "chattering": ["/".join(filter(None, key)) for key in self.chattering(now_s)],
        }
