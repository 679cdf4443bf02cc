"""Compiled worlds: one, or a million of one plan. What is done at the edges (apply, view, laws) does not know of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

from winter_river.engine import events
from winter_river.engine.fast import crew, job, kernel
from winter_river.engine.fast.memory import Bytes, Layout, block_of, dtype_of
from winter_river.engine.plan import Plan
from winter_river.engine.snapshot import Snapshot, split
from winter_river.engine.start import blank_world, new_world
from winter_river.engine.world import World


class Compiled:
    """A plan whose worlds are stepped compiled. functions: what gives the compiled functions, when they are needed;
    those of a study are others, with the engine's in them."""

    def __init__(self, plan: Plan, functions: Callable[[], SimpleNamespace] = kernel.kernel) -> None:
        self.plan, self._functions = plan, functions
        blank = blank_world(plan, 0)
        self.layout = Layout(World, blank)
        self.scalars = attrgetter(*self.layout.scalars)
        plan_layout = Layout(Plan, plan)
        self._kept = block_of(plan_layout.size), plan_layout.places  # the addresses below are theirs
        plan_layout.pack(plan, self._kept[0])
        self.plan_at = tuple(int(array.ctypes.data) for array in self._kept)
        self.places_at = int(self.layout.places.ctypes.data)
        self._blank = Block(self, block_of(self.layout.size))
        self.layout.pack(blank, self._blank.bytes)

    def new_world(self, *, seed: int = 0) -> World:
        """As engine.new_world."""
        return self.world(new_world(self.plan, seed=seed))

    def restore(self, snapshot: Snapshot) -> World:
        """As engine.restore."""
        block = self._blank.copy()
        data = split(self.plan, snapshot, self.layout.rows)
        for name, part in data.items():
            block.bytes[self.layout.place(name)] = np.frombuffer(part, np.uint8)
        self._functions().index_one(*self.plan_at, *block.at)
        # Last, because finding the islands marks all of them.
        block.bytes[self.layout.place("islands")] = np.frombuffer(data["islands"], np.uint8)
        return block.world()

    def world(self, w: World) -> World:
        """A compiled world that stands as a plain one does."""
        block = Block(self, block_of(self.layout.size))
        self.layout.pack(w, block.bytes)
        return block.world()

    def worlds(self, count: int, w: World) -> Worlds:
        """Many worlds that all stand as one does, plain or compiled."""
        return Worlds(self, count, w)


class Block:
    """The bytes of one world, and what steps it (world.Machine).

    The records and columns of its World are views of the bytes. Its scalars are the World's own, because a number
    cannot be a view: they are put into the bytes before each compiled call and fetched after it.
    """

    def __init__(self, compiled: Compiled, block: Bytes) -> None:
        self._compiled, self.bytes = compiled, block
        self.at = int(block.ctypes.data), compiled.places_at

    def world(self) -> World:
        layout = self._compiled.layout
        scalars = dict(zip(layout.scalars, layout.scalar_row.unpack_from(self.bytes.data), strict=True))
        return World(**scalars, **dict(layout.views(self.bytes)), machine=self)

    def store(self, w: World) -> None:
        self._compiled.layout.scalar_row.pack_into(self.bytes.data, 0, *self._compiled.scalars(w))

    def load(self, w: World) -> None:
        layout = self._compiled.layout
        for name, value in zip(layout.scalars, layout.scalar_row.unpack_from(self.bytes.data), strict=True):
            setattr(w, name, value)

    def advance(self, w: World, end_s: float) -> bool:
        self.store(w)
        done: bool = kernel.kernel().advance_one(*self._compiled.plan_at, *self.at, end_s)
        self.load(w)
        return done

    def saved(self, w: World) -> bytes:
        self.store(w)
        return self._compiled.layout.saved(self.bytes)

    def fork(self, w: World) -> World:
        self.store(w)
        return self.copy().world()

    def copy(self) -> Block:
        block = Block(self._compiled, block_of(self.bytes.size))
        block.bytes[:] = self.bytes
        return block


class Worlds:
    """Many worlds of one plan, each with its own clock, stepped over all cores."""

    def __init__(self, compiled: Compiled, count: int, w: World) -> None:
        self._compiled = compiled
        one = compiled.world(w) if w.machine is None else w
        assert isinstance(one.machine, Block)
        one.machine.store(one)
        self._blocks = block_of(count * compiled.layout.size).reshape(count, compiled.layout.size)
        self._blocks[:] = one.machine.bytes
        # By how much: first that of all, then that of each.
        self._steps_s, self._ends_s, self._answers = np.zeros(1 + count), np.zeros(count), np.zeros(count, np.uint8)
        at = [int(column.ctypes.data) for column in (self._blocks, self._steps_s, self._ends_s, self._answers)]
        words = (
            *compiled.plan_at,
            at[0],
            self._blocks.strides[0],
            compiled.places_at,
            count,
            at[1],
            0,
            *at[2:],
            crew.BELL_AT,
            0,
        )
        self._ends = crew.parts(count, crew.hands(count))
        self._job = job.packed(words, self._ends)
        self._some = kernel.kernel().advance_some
        self._taken: dict[int, list[events.Event]] = {}

    def __len__(self) -> int:
        return len(self._blocks)

    @property
    def size(self) -> int:
        """Bytes of all of them."""
        return self._blocks.nbytes

    def __getitem__(self, k: int) -> World:
        """One of them, to look at; whoever changes it writes it back by `put`."""
        return Block(self._compiled, self._blocks[k]).world()

    def put(self, w: World) -> None:
        """Takes back a world of these that was changed: something was applied to it, or it was stepped by itself."""
        assert isinstance(w.machine, Block)
        w.machine.store(w)

    def column(self, table: str, field: str = "") -> npt.NDArray[Any]:
        """A field of a table in all worlds, to read or to set: (worlds, rows), or (worlds,) for a scalar."""
        layout = self._compiled.layout
        place, row = layout.place(table), dtype_of(layout.tables[layout.numbers[table]])
        found = self._blocks[:, place].view(row)
        return found[field] if field else found[:, 0] if table in layout.scalars else found

    def step(self, dt_s: float | Sequence[float] | npt.NDArray[np.float64]) -> None:
        """Every world by dt_s, one for all or one each, as engine.step does one. The events wait in `take`.

        Raises RuntimeError for the first world that does not come to rest.
        """
        if isinstance(dt_s, float | int):
            self._steps_s[0], self._job[job.STEP_BYTES] = dt_s, 0
            is_right = 0.0 <= dt_s < math.inf
        else:
            each_s = self._steps_s[1:]
            each_s[:], self._job[job.STEP_BYTES] = dt_s, each_s.itemsize
            is_right = bool(((each_s >= 0.0) & (each_s < math.inf)).all())
        if not is_right:  # nan is neither
            raise ValueError("dt_s must be finite numbers of seconds, not negative")
        unfinished = self._advance(goes_on=0)
        while unfinished:
            for k in np.flatnonzero(self._answers == job.IN_TROUBLE):
                events.check(self[int(k)], 0)
            for k in np.flatnonzero(self._answers == job.FULL):
                self._fetch(int(k))
            unfinished = self._advance(goes_on=1)

    def _advance(self, *, goes_on: int) -> int:
        """Lets every world advance, over all cores: the compiled step lets other threads run. How many have not come to
        the end."""
        given, some = self._job[:], self._some
        given[job.GOES_ON] = goes_on
        at, done = given.buffer_info()[0], len(given) - job.APART // 8

        def work(hand: int, _held: object = (self, given)) -> object:
            return some(at, hand)

        crew.together(work, len(self._ends), lambda: given[done] >= given[job.ROWS])
        return given[done + 1]

    def _fetch(self, k: int) -> None:
        w = self[k]
        found = self._taken.setdefault(k, [])
        found += events.take(self._compiled.plan, w)
        events.check(w, len(found))
        self.put(w)

    def take(self, k: int) -> list[events.Event]:
        """The events of a world since they were taken last, in their order."""
        self._fetch(k)
        return self._taken.pop(k)
