"""One part of a site through the years: the shell of the text in years.py, with all that is kept from world to world.

It answers what the text asks for: worlds, numbers for rests and for sets of failures, whom darkness is owed to, and
longer tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from winter_river import engine
from winter_river.engine import events
from winter_river.study import structure
from winter_river.study.assumptions import Assumptions
from winter_river.study.cuts import Cuts
from winter_river.study.held import hold_to_the_laws
from winter_river.study.rates import HOUR_S, Failure
from winter_river.study.records import story_of
from winter_river.study.story import (
    BEGIN,
    DEBT,
    LAWS,
    NOBODY,
    NOTHING,
    PASS,
    REST,
    ROOM,
    SET,
    SOUND,
    TROUBLE,
    WAIT,
    WORLD,
)
from winter_river.study.table import OWED_OF, SET_AFTER
from winter_river.study.telling import telling
from winter_river.study.watch import is_at_rest

BYTES_MAX = 200_000_000  # of all parts of a site in one process; chosen: a small computer has room for two
ENTRY_BYTES = 100  # about what each of the rest takes: a way with its passage, a set, an entry
# What grows, and what says how much of it is in use.
GROWING = (
    ("known", "known_count"), ("passages", "ways_count"), ("notes", "notes_count"), ("waits", "waits_count"),
    ("own", "own_count"), ("shares", "shares_count"), ("spells", "spells_count"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sums:
    """What some worlds came to. down_s, begun: by world, then by load and, last, of any rack of this part and those
    before it. worlds, owed, seconds: shares of darkness, in the order of the worlds (their places); owed is a row of
    debtors: (place of the load, its failures)."""

    down_s: list[float]
    begun: list[int]
    worlds: list[int]
    owed: list[int]
    seconds: list[float]
    debtors: tuple[tuple[int, tuple[int, ...]], ...]


class Part:
    """Made once, then run through many worlds. numbers: of the failures over the whole site; seed, end_s: of the study."""

    def __init__(
        self,
        plan: engine.Plan,
        failures: Sequence[Failure],
        numbers: Sequence[int],
        *,
        seed: int,
        end_s: float,
        assumptions: Assumptions,
        remembers: bool,
        compiled: bool,
        bytes_max: int = BYTES_MAX,
        laws_every: int = 0,
    ) -> None:
        """laws_every: the ten laws are held against every so manieth step of a passage, 0 for none; a broken one raises
        RuntimeError."""
        self.plan, self.bytes_max = plan, bytes_max
        self._loads = structure.loads(plan)
        self.loads = tuple(plan.devices[k].id for k in self._loads)
        self._numbers = tuple(numbers)
        self._cuts = Cuts(plan, failures)
        self._failures = len(failures)
        self._done = 0
        world = engine.new_world(plan)
        s = story_of(plan, failures, numbers, world)
        s.seed, s.end_s, s.remembers, s.laws_every = seed % 2**64, end_s, remembers, laws_every
        s.refuel_s, s.reset_s = assumptions.refuel_h * HOUR_S, assumptions.reset_h * HOUR_S
        rests = remembers and is_at_rest(plan, world, s)
        base = engine.snapshot(plan, world)
        self._tells = telling(plan, base, s, compiled=compiled)
        self._world_bytes = len(base.to_bytes())
        self._base = self._tells.copy()
        self._rests: list[Any] = []
        self._waits: list[Any] = []
        if rests:
            self._keep_rest()
            self._tells.put("first_rest", 0)
        self._sets: dict[tuple[int, ...], int] = {(): 0}
        self._members: list[tuple[int, ...]] = [()]
        self._debts: dict[tuple[int, tuple[int, ...]], int] = {}
        self._debtors: list[tuple[int, tuple[int, ...]]] = []

    @property
    def computed(self) -> int:
        """How many passages the engine has worked out."""
        return int(self._tells.get("computed"))

    def run(self, worlds: Sequence[int], before: Part | None) -> Sums:
        """The sums of these worlds. before: the part that ran through them before this one."""
        tells, wide = self._tells, len(self._loads) + 1
        size = len(worlds) * wide
        known = before._tells.get("spells_count") if before else 0
        for name, rows in (("worlds", len(worlds)), ("down_s", size), ("begun", size), ("before", known)):
            if rows > tells.length(name):
                tells.lengthen({name: rows})
        tells.fill("worlds", [world % 2**64 for world in worlds])
        tells.fill("down_s", [0.0] * size)
        tells.fill("begun", [0] * size)
        if before and known:
            tells.fill("before", before._tells.rows("spells", known))
        first = self._done
        self._done += len(worlds)
        for name, value in (("world", first), ("world_first", first), ("world_end", self._done), ("phase", BEGIN)):
            tells.put(name, value)
        for name, value in (("shares_count", 0), ("spells_count", 0), ("before_at", 0), ("before_count", known)):
            tells.put(name, value)
        while (asks := tells.run()) != NOTHING:
            self._answer(asks)
        found = tells.get("shares_count")
        return Sums(
            tells.first("down_s", size),
            tells.first("begun", size),
            [world - first for world in tells.first("shares", found, "world")],
            tells.first("shares", found, "owed"),
            tells.first("shares", found, "seconds"),
            tuple(self._debtors),
        )

    def _answer(self, asks: int) -> None:
        if asks == WORLD:
            self._take()
        elif asks == WAIT:
            if self._bytes() < self.bytes_max:
                count = self._tells.get("waits_count")
                self._waits[count:] = [self._tells.copy()]
                self._tells.put("waits_count", count + 1)
        elif asks == REST:
            if self._bytes() < self.bytes_max:
                self._keep_rest()
            else:
                self._tells.put("is_full", True)
        elif asks == SET:
            self._find_set()
        elif asks == DEBT:
            self._settle_debts()
        elif asks == ROOM:
            self._make_room()
        elif asks == LAWS:
            hold_to_the_laws(self.plan, self._tells.world)
        elif asks == TROUBLE:
            events.check(self._tells.world, 0)
        else:
            raise RuntimeError(f"{self.plan.devices[0].id} and what hangs on it does not come to rest")

    def _take(self) -> None:
        """Lets the world stand where the story is: in a passage, at a rest, or at the beginning."""
        rest, wait = self._tells.get("rest"), self._tells.get("wait")
        kept = self._waits[wait] if wait != NOBODY else self._base if rest == NOBODY else self._rests[rest]
        self._tells.take(kept)

    def _bytes(self) -> int:
        """About how much is remembered."""
        entries = self._tells.length("known") + self._tells.length("notes") + len(self._members)
        return (len(self._rests) + len(self._waits)) * self._world_bytes + entries * ENTRY_BYTES

    def _keep_rest(self) -> None:
        """Keeps the world as it stands, under the next number."""
        tells = self._tells
        self._rests.append(tells.copy())
        rows = {"rest_keys": tells.length("key"), "rest_signs": tells.length("signs")}
        if len(self._rests) * rows["rest_keys"] > tells.length("rest_keys"):
            tells.lengthen({name: max(tells.length(name), 2 * len(self._rests) * each) for name, each in rows.items()})
        tells.call("keep_rest")

    def _find_set(self) -> None:
        """Gives the set of what is broken its number: after the last of what was toggled, or all of it."""
        tells = self._tells
        before, toggled = tells.get("fault_set"), tells.get("toggled_count")
        if before == NOBODY or toggled == 0:
            states = tells.first("failures", self._failures, "state")
            tells.put("fault_set", self._number_of(tuple(k for k, state in enumerate(states) if state != SOUND)))
            tells.put("toggled_count", 0)
            return
        one = tells.first("toggled", toggled)[-1]
        after = self._number_of(tuple(sorted(set(self._members[before]) ^ {one})))
        tells.call("note", SET_AFTER, before, one, after)

    def _number_of(self, broken: tuple[int, ...]) -> int:
        number = self._sets.setdefault(broken, len(self._members))
        if number == len(self._members):
            self._members.append(broken)
        return number

    def _settle_debts(self) -> None:
        """Says of each load whom its darkness would be owed to with what is broken now."""
        tells = self._tells
        now = tells.get("fault_set")
        for place, load in enumerate(self._loads):
            owed_to = self._cuts.owed_to(load, self._members[now])
            debtor = place, tuple(self._numbers[k] for k in owed_to)
            number = self._debts.setdefault(debtor, len(self._debtors))
            if number == len(self._debtors):
                self._debtors.append(debtor)
                if number == tells.length("owed"):
                    tells.lengthen({"owed": 2 * number})
            tells.call("note", OWED_OF, place, now, number)

    def _make_room(self) -> None:
        """Longer tables; or, where that would be too much and a passage has ended, none of what was remembered."""
        tells = self._tells
        if tells.get("phase") == PASS and (tells.get("is_full") or self._bytes() >= self.bytes_max):
            self._forget()
            return
        full = [name for name, count in GROWING if 4 * tells.get(count) >= tells.length(name)]
        for name in full or [name for name, _ in GROWING]:  # a long passage may need much at once
            length = tells.length(name)
            if name == "known":
                tells.lengthen({"known_before": length})
                tells.fill("known_before", tells.rows(name, length))
            tells.lengthen({name: 2 * length})
            if name == "known":
                tells.call("rehash")

    def _forget(self) -> None:
        tells = self._tells
        if tells.get("rest") > 0 or tells.get("wait") != NOBODY:
            if not tells.get("held"):
                self._take()
                tells.put("held", True)
                tells.put("is_fetched", True)
            tells.put("rest", NOBODY)
        del self._rests[1:], self._waits[:]
        tells.call("forget")
        self._sets, self._members = {(): 0}, [()]
