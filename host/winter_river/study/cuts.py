"""Which failures an outage is owed to: those in a minimal cut, a set of failures no part of which is enough."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from winter_river.engine import Plan
from winter_river.study import structure
from winter_river.study.rates import BATTERY, TRANSFER, Failure

SIZE_MAX = 4  # chosen: failures at once that are looked into; sets of five are too rare to be worth their combinations
KNOWN_MAX = 100_000  # chosen: sets of failures remembered, some tens of MB


class Cuts:
    """Answers for one part of a site. failures: its own, named by their place."""

    def __init__(self, plan: Plan, failures: Sequence[Failure]) -> None:
        self.plan = plan
        self.failures = failures
        self.upstream = structure.upstream(plan)
        # What a rack needs: its way to a source, and with it the ways of what cools it.
        self.coolers = structure.coolers(plan)
        self.needs = {
            load: self.upstream[load].union(*(self.upstream[unit] for unit in self.coolers.get(load, ())))
            for load in structure.loads(plan)
        }
        self.feeds = [[plan.index[feed] for feed in device.feeds] for device in plan.devices]
        self.at = [plan.index[failure.node_id] for failure in failures]
        self.known: dict[tuple[int, tuple[int, ...]], tuple[int, ...]] = {}

    def owed_to(self, load: int, active: tuple[int, ...]) -> tuple[int, ...]:
        """The failures among the active ones that a load's outage is owed to; () where none of them is on its way.

        Power could still come where a battery or a moment's delay is to blame and no path is cut, and so could air
        where one unit of several is lost; then everything that is broken on the load's way counts.
        """
        key = (load, active)
        if key not in self.known:
            if len(self.known) >= KNOWN_MAX:
                self.known.clear()
            self.known[key] = self._found(load, tuple(f for f in active if self.at[f] in self.needs[load]))
        return self.known[key]

    def _found(self, load: int, near: tuple[int, ...]) -> tuple[int, ...]:
        cuts: list[set[int]] = []
        for size in range(1, min(len(near), SIZE_MAX) + 1):
            for some in itertools.combinations(near, size):
                if not any(cut <= set(some) for cut in cuts) and not self._fed(load, some):
                    cuts.append(set(some))
        return tuple(sorted(set().union(*cuts))) if cuts else near

    def _fed(self, load: int, broken: Sequence[int]) -> bool:
        """Whether a path to a source is left, given time for transfers and starts, and something that cools."""
        dead = {self.at[f] for f in broken if self.failures[f].kind not in (TRANSFER, BATTERY)}
        stuck = {self.at[f] for f in broken if self.failures[f].kind == TRANSFER}
        live: dict[int, bool] = {}
        for k in sorted(self.needs[load]):
            feeds = self.feeds[k][:1] if k in stuck else self.feeds[k]
            live[k] = k not in dead and (not feeds or any(live[feed] for feed in feeds))
        coolers = self.coolers.get(load, ())
        return live[load] and (not coolers or any(live[unit] for unit in coolers))
