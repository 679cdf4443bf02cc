"""What a coordinator counts, what it keeps, and who may watch it. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from winter_river import engine
from winter_river.service.messages import Input


@dataclass(slots=True)
class Work:
    """What the service has done since it began, filled by it and its shell. dropped, lag_ms and step_ms are measured by the shell."""

    tick: int = 0
    steps: int = 0
    skipped: int = 0  # ticks that a late step jumped
    laws_broken: int = 0
    dropped: int = 0
    lag_ms: float = 0.0
    step_ms: float = 0.0


class Counters(NamedTuple):
    """Everything that is counted; see Heard and Work for the meanings."""

    received: int
    rejected: int
    unknown: int
    late: int
    mismatched: int
    outdated: int
    tick: int
    steps: int
    skipped: int
    laws_broken: int
    dropped: int
    lag_ms: float
    step_ms: float


class CoordinatorSnapshot(NamedTuple):
    """The whole coordinator at one moment, bit-exact."""

    engine: engine.Snapshot
    state: Mapping[str, Any]

    @property
    def hash(self) -> str:
        """Hex; equal when world and service are equal."""
        digest = hashlib.sha256(self.engine.hash.encode())
        digest.update(repr(sorted(self.state.items())).encode())
        return digest.hexdigest()


class Watcher(Protocol):
    """Told what happens to the world, in order, while it happens; must be quick and must not call back."""

    def applied(self, t_s: float, inputs: Sequence[Input]) -> None:
        """These inputs were given to the engine at this instant and settled together."""

    def happened(self, events: Sequence[engine.Event]) -> None:
        """The engine gave these events."""

    def second(self, t_s: float) -> None:
        """Engine time is exactly at a whole second: each one, or fewer while time rushes by; see pace.next_row_s."""
