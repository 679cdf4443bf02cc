"""Whether what is seen after a restart is what was known before it, or has come since. Pure.

A run begins with what its nodes say of themselves: the loss of a utility that is lost already becomes an event when its
node is first heard. What began with an event of a node that had spoken before is new, and nobody has acknowledged it.
"""

from __future__ import annotations

import math

from winter_river.alerts.causes import chain_of
from winter_river.alerts.model import ONLINE, Rule, Seen

TOLD_S = 2.0  # chosen: a look and a step, by which what a node said first becomes events of the engine


class Met:
    """Since when each node is known to be there in this run, on engine time."""

    def __init__(self) -> None:
        self._since_s: dict[str, float] = {}

    def look(self, seen: Seen) -> None:
        """Remembers who is heard for the first time."""
        for node_id, facts in seen.facts.items():
            if facts.get("presence") == ONLINE:
                self._since_s.setdefault(node_id, seen.moment.t_s)

    def is_new(self, rule: Rule, node_id: str, seen: Seen) -> bool:
        """Whether the condition of a rule began with an event of a node that had said already how it stands."""
        chain = chain_of(rule, node_id, seen.events)
        first = seen.events[chain[-1]] if chain else None
        return first is not None and first.t_s > self._since_s.get(first.node_id, math.inf) + TOLD_S

    def back_to(self, t_s: float) -> None:
        """Engine time was taken back."""
        self._since_s = {node_id: min(since_s, t_s) for node_id, since_s in self._since_s.items()}
