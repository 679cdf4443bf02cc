"""The last reading of each node, for as long as it may still be believed. Pure."""

from __future__ import annotations

from winter_river.store.ingest import NODES_MAX
from winter_river.store.model import Reading

LATEST_S_MAX = 300.0  # acceptance V09: a last state older than this is no state


class Latest:
    """Node id -> last reading. at_s: of a steady clock. Owned by one thread; others read single entries."""

    def __init__(self, *, seconds_max: float = LATEST_S_MAX) -> None:
        self._seconds_max = seconds_max
        self._kept: dict[str, tuple[float, Reading]] = {}

    def take(self, reading: Reading, *, at_s: float) -> None:
        """A new last reading of its node."""
        if reading.node_id in self._kept or len(self._kept) < NODES_MAX:
            self._kept[reading.node_id] = (at_s, reading)

    def of(self, node_id: str, *, at_s: float) -> Reading | None:
        """The last reading of a node; None where it never spoke, or too long ago."""
        entry = self._kept.get(node_id)
        return entry[1] if entry is not None and at_s - entry[0] <= self._seconds_max else None

    def all(self, *, at_s: float) -> dict[str, Reading]:
        """Node id -> last reading, of all that are fresh."""
        return {
            node_id: reading
            for node_id, (since_s, reading) in list(self._kept.items())
            if at_s - since_s <= self._seconds_max
        }
