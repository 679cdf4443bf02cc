"""Passages from one rest to the next, remembered: the same done to the same rest gives the same story.

An optimisation and nothing else: without it every passage is computed. It is bounded, and what does not fit is
computed again.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from winter_river import engine
from winter_river.study.watch import Note, Signs, rest

RESTS_MAX = 20_000  # chosen: some 100 MB of snapshots of a side of twelve devices
PASSAGES_MAX = 200_000
Way = tuple[int, tuple[int, ...], tuple[tuple[int, int], ...]]  # from which rest, what is broken then, who visits


@dataclass(frozen=True, slots=True)
class Passage:
    """notes: what changed and how long after the act. lasts_s: until the site is at rest. rest: which."""

    notes: tuple[tuple[float, Note], ...]
    lasts_s: float
    rest: int


@dataclass(slots=True)
class Memory:
    """The rests that were met, by number: their snapshot and signs; and the passages between them."""

    numbers: dict[tuple[int, ...], int] = field(default_factory=dict)
    snapshots: list[engine.Snapshot] = field(default_factory=list)
    signs: list[Signs] = field(default_factory=list)
    passages: dict[Way, Passage] = field(default_factory=dict)

    def place_of(self, plan: engine.Plan, w: engine.World, signs: Signs, refuel_s: float) -> int:
        """The number of the rest a world is at; -1 where it is not at rest, or there is no room for a new one."""
        key = rest(plan, w, refuel_s)
        if key is None:
            return -1
        number = self.numbers.get(key, -1)
        if number < 0 and len(self.snapshots) < RESTS_MAX:
            number = self.numbers[key] = len(self.snapshots)
            self.snapshots.append(engine.snapshot(plan, w))
            self.signs.append(signs)
        return number

    def keep(self, way: Way, passage: Passage) -> None:
        if len(self.passages) < PASSAGES_MAX:
            self.passages[way] = passage
