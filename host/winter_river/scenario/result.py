"""How an exercise went, as values: what reports, pages and histories are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from winter_river.scenario.model import PASS_SHARE, Scenario, Step

DONE, LATE, OUT_OF_ORDER, MISSED = "done", "late", "out_of_order", "missed"
TASK, PREDICTION, ENERGY, ALARMS, COST = "task", "prediction", "energy", "alarms", "cost"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one step ended. wanted and seen are words for people; t_s is when, in seconds of the script."""

    step: Step
    passed: bool
    wanted: str
    seen: str
    t_s: float

    def __str__(self) -> str:
        mark = "ok  " if self.passed else "FAIL"
        text = f"{mark} {self.step.at_s:8.3f} s  {self.wanted}"
        return text if self.passed else f"{text}; seen {self.seen} at {self.t_s:g} s"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline. kind: event, step, say, ask, answer, action, refused, task, hint, tag, alarm, bounds
    or back. t_s: seconds of the exercise."""

    t_s: float
    kind: str
    text: str
    node_id: str = ""


@dataclass(frozen=True, slots=True)
class DeedResult:
    """How one thing of a task was done. state: done, late, out_of_order or missed; t_s: when, None where missed."""

    text: str
    state: str
    t_s: float | None
    points: float
    points_max: float


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the score sheet. kind: task, prediction, energy, alarms or cost; a cost has negative points.

    cue_s and due_s: of a task, None where its cue never came, or where it has no deadline.
    """

    id: str
    kind: str
    title: str
    points: float
    points_max: float
    text: str = ""
    deeds: tuple[DeedResult, ...] = ()
    cue_s: float | None = None
    due_s: float | None = None


@dataclass(frozen=True, slots=True)
class Instant:
    """The whole site at one moment of the exercise."""

    t_s: float
    views: Mapping[str, Mapping[str, object]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Series:
    """Curves over time, one value a moment of t_s; None where there is no number. fields: (node id, field)."""

    t_s: tuple[float, ...] = ()
    fields: Mapping[tuple[str, str], tuple[float | None, ...]] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Result:
    """How a whole scenario ended. outcomes: of its commands and expectations, in the order they were decided.

    stopped: why it was stopped out of bounds, empty where it was not. energy_not_served_kwh: by rack, those with any.
    backtracks: how often time was taken back; what was done on such a branch is not in here.
    """

    scenario: Scenario
    outcomes: tuple[Outcome, ...]
    t_s: float
    sheet: tuple[Row, ...] = ()
    timeline: tuple[Entry, ...] = ()
    entries_dropped: int = 0
    energy_not_served_kwh: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    worst: Instant | None = None
    series: Series = field(default_factory=Series)
    trainee: str = ""
    exam: bool = False
    hints: int = 0
    refused: int = 0
    unneeded: int = 0
    backtracks: int = 0
    stopped: str = ""

    @property
    def failures(self) -> tuple[Outcome, ...]:
        """The commands and expectations that did not pass."""
        return tuple(outcome for outcome in self.outcomes if not outcome.passed)

    @property
    def points(self) -> float:
        """What was reached, never below 0."""
        return max(0.0, round(sum(row.points for row in self.sheet), 2))

    @property
    def points_max(self) -> float:
        """What could be reached; 0 where the scenario is not scored."""
        return self.scenario.points

    @property
    def points_pass(self) -> float:
        """What it takes to pass."""
        given = self.scenario.points_pass
        return round(PASS_SHARE * self.points_max, 2) if given is None else given

    @property
    def scored(self) -> bool:
        """Whether the score passes and nothing went out of bounds; what the site itself did is not asked."""
        return not self.stopped and self.points >= self.points_pass

    @property
    def passed(self) -> bool:
        """Whether every command and expectation passed, and the score too."""
        return self.scored and all(outcome.passed for outcome in self.outcomes)

    @property
    def energy_not_served_total_kwh(self) -> float:
        """Of all racks together."""
        return round(sum(self.energy_not_served_kwh.values()), 3)

    @property
    def missed(self) -> tuple[tuple[Row, DeedResult], ...]:
        """What was not done, or not as it should: (its task, the thing itself)."""
        return tuple((row, deed) for row in self.sheet for deed in row.deeds if deed.state != DONE)
