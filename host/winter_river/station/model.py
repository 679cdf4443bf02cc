"""What the instructor's station says about itself: values only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from winter_river.engine import Event

Field = tuple[str, str]  # (node id, view field)


class StationError(ValueError):
    """What was asked cannot be done; the text says why and, after a line break, the cure."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Where engine time stands and how it passes.

    speed: asked for, engine seconds a second. speed_real: what is reached, 0 while frozen. unix_s: wall clock, s since
    1970, to the fraction.
    """

    t_s: float
    frozen: bool
    speed: float
    timeline: int
    speed_real: float
    unix_s: float


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """One instant that can be gone back to. name: "" for the automatic ones. hash: of the engine's world, hex."""

    id: str
    t_s: float
    timeline: int
    name: str
    hash: str


@dataclass(frozen=True, slots=True)
class InitialCondition:
    """A named state to start from. version rises when its file changes what it means."""

    id: str
    title: str
    version: int


@dataclass(frozen=True, slots=True)
class Change:
    """A command of a what-if, in_s seconds after the fork."""

    node_id: str
    command: str
    params: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    in_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the node's own core said to a Change: result done or rejected, with the contract's reason."""

    change: Change
    result: str
    reason: str


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A run ahead. t_s: engine times, one a second; series: by (node id, field), as long as t_s, None where a value
    is not a number. hash: of the world at the end."""

    t_s: Sequence[float]
    series: Mapping[Field, Sequence[float | None]]
    events: Sequence[Event]
    answers: Sequence[Answer]
    hash: str


@dataclass(frozen=True, slots=True)
class Curve:
    """One field over time, down-sampled: last, lowest and highest value of each piece; None where nothing is known."""

    last: Sequence[float | None]
    low: Sequence[float | None]
    high: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Trend:
    """t_s: the end of each piece, s of engine time. curves: by (node id, field)."""

    t_s: Sequence[float]
    curves: Mapping[Field, Curve]


@dataclass(frozen=True, slots=True)
class Memory:
    """What the station holds. bytes: of snapshots, inputs and history together, counted."""

    snapshots: int
    samples: int
    inputs: int
    bytes: int
