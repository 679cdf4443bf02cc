"""Passages from one rest to the next, remembered: the same done to the same rest gives the same story.

An optimisation and nothing else: without it every passage is computed. It is bounded, and what does not fit is
computed again.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from winter_river import engine
from winter_river.study.watch import Note, Signs, rest

BYTES_MAX = 200_000_000  # of all parts of a site in one process; chosen: a small computer has room for two
NOTE_BYTES = 250  # about what one note of a passage takes
Way = tuple[int, tuple[int, ...], tuple[tuple[int, int], ...]]  # from which rest, what is broken then, who visits


@dataclass(frozen=True, slots=True)
class Passage:
    """notes: what changed and how long after the act. lasts_s: until the site is at rest. rest: which."""

    notes: tuple[tuple[float, Note], ...]
    lasts_s: float
    rest: int


@dataclass(slots=True)
class Memory:
    """The rests that were met, by number: their snapshot and signs; and the passages between them.

    bytes_max: about how much it may hold; bytes_held: about how much it does.
    """

    bytes_max: int = BYTES_MAX
    bytes_held: int = 0
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
        if number < 0 and self.bytes_held < self.bytes_max:
            number = self.numbers[key] = len(self.snapshots)
            taken = engine.snapshot(plan, w)
            self.snapshots.append(taken)
            self.signs.append(signs)
            self.bytes_held += len(taken.to_bytes()) + NOTE_BYTES
        return number

    def keep(self, way: Way, passage: Passage) -> None:
        if self.bytes_held < self.bytes_max:
            self.passages[way] = passage
            self.bytes_held += (2 + len(passage.notes)) * NOTE_BYTES
