"""Who runs the text of a study: as it stands, or compiled by numba (the extra `fast`). Both give the same."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from winter_river import engine
from winter_river.engine.layout import tables
from winter_river.study import passages, table, years
from winter_river.study.records import empty
from winter_river.study.story import Story

ENTRIES = "winter_river.study.entries"


class Telling(Protocol):
    """A story, its world, and what runs them."""

    def run(self) -> int: ...

    def call(self, name: str, *numbers: int) -> None:
        """keep_rest, forget, rehash or note."""

    def get(self, name: str) -> Any:
        """A scalar of the story."""

    def put(self, name: str, value: float) -> None: ...

    def first(self, name: str, count: int, field: str = "") -> list[Any]:
        """So many numbers of a column, or of a field of records."""

    def rows(self, name: str, count: int) -> Any:
        """So many records, for another story's `fill`."""

    def fill(self, name: str, values: Any) -> None:
        """Sets the first rows of a table."""

    def length(self, name: str) -> int: ...

    def lengthen(self, rows: dict[str, int]) -> None:
        """Makes tables longer, by zeros."""

    def copy(self) -> Any:
        """How the world stands, to be taken again."""

    def take(self, before: Any) -> None: ...

    @property
    def world(self) -> engine.World:
        """The world as the story's text left it."""


_CALLED: dict[str, Callable[..., None]] = {
    "keep_rest": passages.keep_rest, "forget": passages.forget, "rehash": table.rehash, "note": table.note,
}  # fmt: skip


class Plain:
    """The text as it stands."""

    def __init__(self, plan: engine.Plan, base: engine.Snapshot, story: Story) -> None:
        self._plan, self._s = plan, story
        self.world = engine.restore(plan, base)

    def run(self) -> int:
        return years.run(self._plan, self.world, self._s)

    def call(self, name: str, *numbers: int) -> None:
        _CALLED[name](self._s, *numbers)

    def get(self, name: str) -> Any:
        return getattr(self._s, name)

    def put(self, name: str, value: float) -> None:
        setattr(self._s, name, value)

    def first(self, name: str, count: int, field: str = "") -> list[Any]:
        rows = getattr(self._s, name)[:count]
        return [getattr(row, field) for row in rows] if field else rows

    def rows(self, name: str, count: int) -> Any:
        return [copy.copy(row) for row in getattr(self._s, name)[:count]]

    def fill(self, name: str, values: Sequence[Any]) -> None:
        getattr(self._s, name)[: len(values)] = values

    def length(self, name: str) -> int:
        return len(getattr(self._s, name))

    def lengthen(self, rows: dict[str, int]) -> None:
        for row in tables(Story):
            if row.name in rows:
                found = getattr(self._s, row.name)
                one = empty(row)
                found += [one() for _ in range(rows[row.name] - len(found))]

    def copy(self) -> engine.Snapshot:
        return engine.snapshot(self._plan, self.world)

    def take(self, before: engine.Snapshot) -> None:
        self.world = engine.restore(self._plan, before)


class Compiled:
    """The same text compiled."""

    def __init__(self, plan: engine.Plan, base: engine.Snapshot, story: Story) -> None:
        from winter_river.engine.fast import held, worlds  # here, because numba is an extra

        self._plan, self._kernel = plan, kernel()
        self._s = held.Held(story)
        self._site = worlds.Compiled(plan, kernel)
        self._w = held.Standing(self._site, base)

    def run(self) -> int:
        asks: int = self._kernel.run(*self._w.plan_at, *self._w.at, *self._s.at)
        return asks

    def call(self, name: str, *numbers: int) -> None:
        getattr(self._kernel, name)(*self._s.at, *numbers)

    def get(self, name: str) -> Any:
        return self._s.get(name)

    def put(self, name: str, value: float) -> None:
        self._s.put(name, value)

    def first(self, name: str, count: int, field: str = "") -> list[Any]:
        found: list[Any] = self._s.column(name, field)[:count].tolist()
        return found

    def rows(self, name: str, count: int) -> Any:
        return self._s.column(name)[:count]

    def fill(self, name: str, values: Any) -> None:
        self._s.fill(name, values)

    def length(self, name: str) -> int:
        return len(self._s.column(name))

    def lengthen(self, rows: dict[str, int]) -> None:
        self._s.lengthen(rows)

    def copy(self) -> Any:
        return self._w.copy()

    def take(self, before: Any) -> None:
        self._w.take(before)

    @property
    def world(self) -> engine.World:
        return self._w.now()


@functools.cache
def kernel() -> Any:
    """The compiled text."""
    from winter_river.engine.fast import kernel as kernels

    return kernels.load(ENTRIES, _text())


def is_kept() -> bool:
    """Whether this version was compiled before, so that it only has to be fetched."""
    from winter_river.engine.fast import kernel as kernels

    return kernels.is_kept(ENTRIES, _text())


def _text() -> tuple[Path, ...]:
    return tuple(sorted(Path(__file__).parent.glob("*.py")))


def telling(plan: engine.Plan, base: engine.Snapshot, story: Story, *, compiled: bool) -> Telling:
    return Compiled(plan, base, story) if compiled else Plain(plan, base, story)
