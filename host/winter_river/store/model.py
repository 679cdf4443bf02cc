"""What is kept, as values: a reading of one node at one moment, something that happened, a point of a curve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

# Quality of a reading, the three words that BACnet, OPC and historians share. The number is what the store holds.
GOOD, UNCERTAIN, BAD = 0, 1, 2
QUALITIES = ("good", "uncertain", "bad")


class Reading(NamedTuple):
    """One status of one node. ms: when it came, since 1970. numbers: every key of it that held a number.

    quality: UNCERTAIN where the time is doubtful, BAD where the node was silent or gone: then numbers is empty.
    """

    node_id: str
    type: str
    ms: int
    quality: int
    status: str
    state: str
    handle: str
    fault: str
    seq: int  # breaks the tie of two readings of one millisecond
    numbers: Mapping[str, float]


class Happening(NamedTuple):
    """One event. source: who told of it, the engine or a node of itself. run: when that process, or that boot of the
    node, began, s since 1970; id, timeline, cause: as in the contract; t_s: engine time, or the node's own uptime."""

    source: str
    run: int
    timeline: int
    id: int
    ms: int
    node_id: str
    t_s: float
    event: str
    from_: str
    to: str
    cause: int


class Point(NamedTuple):
    """A piece of a curve, of so many readings. ms: where it begins, or the moment of the one reading.

    None: nothing good was there.
    """

    ms: int
    mean: float | None
    low: float | None
    high: float | None
    readings: int
    quality: int  # UNCERTAIN where some of its readings were not good, BAD where none was


class Span(NamedTuple):
    """A node that has history, from and to when."""

    node_id: str
    type: str
    from_ms: int
    to_ms: int


class Series(NamedTuple):
    """A curve of one field of one node. width_ms: of each point, 0 where they are single readings."""

    node_id: str
    field: str
    unit: str
    width_ms: int
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """The keeping at a glance; every counter since this process began.

    file: "" where nothing is kept. fault: the last failure while it lasts, "" while all is well. rows: committed.
    lag_s: age of the oldest message that is not committed yet. queue: messages that wait, of queue_max.
    dropped: reason -> messages that are not in the store and never will be. writes, write_failures: transactions.
    sinks: name -> what waits for it, and what it has taken, refused and failed.
    """

    file: str = ""
    fault: str = ""
    rows: int = 0
    lag_s: float = 0.0
    queue: int = 0
    queue_max: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    writes: int = 0
    write_failures: int = 0
    reads: int = 0
    read_failures: int = 0
    file_bytes: int = 0
    disk_free_pct: float = 100.0
    sinks: Mapping[str, SinkHealth] = field(default_factory=dict)


class SinkHealth(NamedTuple):
    """One sink: what waits in the out-box, what it took, what it refused for good, tries that failed; fault: the last."""

    waiting: int = 0
    sent: int = 0
    refused: int = 0
    failures: int = 0
    fault: str = ""
