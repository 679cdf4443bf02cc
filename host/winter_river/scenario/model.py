"""A scenario as values: what is sent and what is expected, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Send:
    """A command to one node. result: the answer that counts as passed (`done`, unless the script wants a refusal)."""

    node_id: str
    verb: str
    params: Mapping[str, object]
    result: str = "done"


@dataclass(frozen=True, slots=True)
class Want:
    """What one field of a view must be: equal to `equals`, or within low and high (both included)."""

    field: str
    equals: str | float | bool | None = None
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        if self.equals is not None:
            return f"{self.field} = {_written(self.equals)}"
        low = "" if self.low is None else f"{self.low:g} <= "
        high = "" if self.high is None else f" <= {self.high:g}"
        return f"{low}{self.field}{high}"


@dataclass(frozen=True, slots=True)
class Expect:
    """What must be seen at one node: every want at the same moment, no later than within_s after the step."""

    node_id: str
    wants: tuple[Want, ...]
    within_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a script. at_s: seconds from its start; line: where it stands in the file."""

    at_s: float
    action: Send | Expect
    line: int = 0


@dataclass(frozen=True, slots=True)
class Scenario:
    """A whole script. facility: a library name or a path; calibration: empty for the facility's own."""

    name: str
    facility: str
    steps: tuple[Step, ...]
    seed: int = 1
    calibration: str = ""
    title: str = ""

    @property
    def end_s(self) -> float:
        """When the last step is over, the time it may take included."""
        return max((_over_s(step) for step in self.steps), default=0.0)


def _over_s(step: Step) -> float:
    return step.at_s + (step.action.within_s if isinstance(step.action, Expect) else 0.0)


def _written(value: str | float | bool) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
