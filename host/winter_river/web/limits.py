"""How much one visitor may ask: requests a second of an address and of a link, and links that are none.

Each is a bucket that fills steadily and is emptied by use. The tables are bounded: who has not been seen for longest is
forgotten first, which gives him a full bucket again.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

VISITORS_MAX = 10_000  # chosen: 2 MB; no class and no attacker of one network has more addresses
TOO_MANY = 429


class Rate(NamedTuple):
    """per_s: what comes back in a second. burst: what may be used at once."""

    per_s: float
    burst: float


OF_ADDRESS = Rate(500.0, 2_000.0)  # chosen: a class of 50 behind one address opens its pages at once (40 requests each)
OF_LINK = Rate(100.0, 500.0)  # chosen: ten open pages of one person; a script that polls hard is told to wait
OF_FAILURES = Rate(0.1, 10.0)  # chosen: ten mistyped links, then one in ten seconds; a link has 128 random bits


@dataclass(slots=True)
class _Buckets:
    rate: Rate
    _left: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)  # key -> (left, at s)

    def take(self, key: str, now_s: float) -> float:
        """0 where there was something left, else the seconds until there is."""
        left, at_s = self._left.pop(key, (self.rate.burst, now_s))
        left = min(self.rate.burst, left + (now_s - at_s) * self.rate.per_s)
        if len(self._left) >= VISITORS_MAX:
            self._left.popitem(last=False)
        wait_s = 0.0 if left >= 1 else (1 - left) / self.rate.per_s
        self._left[key] = (left if wait_s else left - 1, now_s)
        return wait_s

    def __len__(self) -> int:
        return len(self._left)


class Limits:
    """The buckets of one page. refused: how many requests had to wait."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._addresses, self._links, self._failures = map(_Buckets, (OF_ADDRESS, OF_LINK, OF_FAILURES))
        self.refused = 0

    def request(self, address: str, link_id: str = "") -> float:
        """Seconds to wait before this one is answered; 0: at once. link_id: "" without a link."""
        now_s = self._clock()
        wait_s = self._links.take(link_id, now_s) if link_id else self._addresses.take(address, now_s)
        self.refused += wait_s > 0
        return wait_s

    def failure(self, address: str) -> float:
        """The same for a link that is none of ours."""
        wait_s = self._failures.take(address, self._clock())
        self.refused += wait_s > 0
        return wait_s

    def __len__(self) -> int:
        return max(len(self._addresses), len(self._links), len(self._failures))
