"""Any holder of tables (layout.py) as one block of bytes, for text that is compiled beside the engine's; and a world
that may stand again as it stood before."""

from __future__ import annotations

from typing import Any

import numpy as np

from winter_river.engine.fast.memory import Bytes, Layout, block_of, dtype_of
from winter_river.engine.fast.worlds import Block, Compiled
from winter_river.engine.snapshot import Snapshot
from winter_river.engine.world import World


class Held:
    """The bytes of a holder. at: what compiled text takes to find them (types.holder_at); it changes where a table
    gets longer."""

    def __init__(self, holder: object) -> None:
        self._layout = Layout(type(holder), holder)
        self._bytes = block_of(self._layout.size)
        self._layout.pack(holder, self._bytes)
        self._look()

    def _look(self) -> None:
        self.at = int(self._bytes.ctypes.data), int(self._layout.places.ctypes.data)
        self._views: dict[str, Any] = {}

    def column(self, name: str, field: str = "") -> Any:
        """A table, or a field of its rows, to read and to set."""
        view = self._views.get(name)
        if view is None:
            table = self._layout.tables[self._layout.numbers[name]]
            view = self._views[name] = self._bytes[self._layout.place(name)].view(dtype_of(table))
        return view[field] if field else view

    def get(self, name: str) -> Any:
        """A scalar."""
        return self.column(name)[0].item()

    def put(self, name: str, value: float) -> None:
        """Sets a scalar."""
        self.column(name)[0] = value

    def fill(self, name: str, values: Any) -> None:
        """Sets a table, or its first rows; bytes of rows or numbers."""
        view = self.column(name)
        view[: len(values)] = values

    def lengthen(self, rows: dict[str, int]) -> None:
        """Makes tables longer; what is new is zero."""
        before, old = self._layout, self._bytes
        self._layout = before.lengthened(rows)
        self._bytes = block_of(self._layout.size)
        for table in before.tables:
            data, place = old[before.place(table.name)], self._layout.place(table.name)
            self._bytes[place.start : place.start + len(data)] = data
        self._look()


class Standing:
    """One world that is stepped by compiled text, and may be put back to how it stood."""

    def __init__(self, site: Compiled, first: Snapshot) -> None:
        self.plan_at = site.plan_at
        block = site.restore(first).machine
        assert isinstance(block, Block)
        self._block, self._bytes, self.at = block, block.bytes, block.at

    def now(self) -> World:
        """The world, to look at."""
        return self._block.world()

    def copy(self) -> Bytes:
        """How it stands."""
        return self._bytes.copy()

    def take(self, before: Bytes) -> None:
        """Lets it stand as it did."""
        np.copyto(self._bytes, before)
