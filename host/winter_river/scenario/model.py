"""A scenario as values: what is sent, said, asked and expected, what a trainee has to do, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from winter_river.scenario.conditions import Condition

HINT_POINTS = 1.0  # chosen: a hint costs a little, as in the field's trainers (1 % each), and is never free
PASS_SHARE = 0.7  # chosen: 7 of 10, as the trainee assessment has it
NO_WIFI, NO_POWER, NO_BROKER, BACK = "no_wifi", "no_power", "no_broker", "back"
COMMAND, TAG, UNTAG, ACKNOWLEDGE, SEE = "command", "tag", "untag", "acknowledge", "see"


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
    """What must be seen at one node: every want at the same moment, no later than within_s after the step.

    nodes: the ids that node_id means where it is a pattern such as `server_rack_*`, all of them; else empty.
    """

    node_id: str
    wants: tuple[Want, ...]
    within_s: float = 0.0
    nodes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Say:
    """A text for everybody who looks on."""

    text: str


@dataclass(frozen=True, slots=True)
class Predict:
    """A question with its right answer. within_s: the time to answer it, None for the whole exercise.

    because: told once it is answered. freeze: the site should stand still while it is open, where that is possible.
    """

    ask: str
    choices: tuple[str, ...]
    answer: str
    points: float = 1.0
    within_s: float | None = None
    because: str = ""
    freeze: bool = False


@dataclass(frozen=True, slots=True)
class Hint:
    """From now on this is what a trainee is told who asks for help, unless a task has its own hint."""

    text: str


@dataclass(frozen=True, slots=True)
class Disturb:
    """What happens to nodes as things, not to what they stand for: no_wifi, no_power, or back again.

    nodes: empty where it is the broker that is lost (no_broker) or back.
    """

    nodes: tuple[str, ...]
    what: str


Doing: TypeAlias = Send | Expect | Say | Predict | Hint | Disturb


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a script; line: where it stands in the file.

    at_s: seconds from the start. A step with `when` waits for the step above it and then for the condition; one with
    after_s alone happens that long after the step above it; with both, that long after the condition. at_s is then
    that of the step above.
    """

    at_s: float
    action: Doing
    line: int = 0
    when: Condition | None = None
    after_s: float | None = None
    id: str = ""

    @property
    def is_timed(self) -> bool:
        """Whether it happens at at_s, whatever else happened."""
        return self.when is None and self.after_s is None


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that a task wants done: a command, a lock-out tag, an alarm acknowledged, or a state that is reached.

    params: what the command must carry, equal or within a Want's bounds; others do not matter.
    """

    kind: str
    node_id: str = ""
    verb: str = ""
    params: Mapping[str, Want] = field(default_factory=lambda: MappingProxyType({}))
    condition: Condition | None = None

    def __str__(self) -> str:
        if self.condition is not None:
            return f"see {self.condition}"
        if self.kind != COMMAND:
            return f"{self.kind} {self.node_id}"
        return " ".join([self.verb.replace("_", " "), self.node_id, *(str(want) for want in self.params.values())])


@dataclass(frozen=True, slots=True)
class Task:
    """A critical task: its cue, what is to be done in which order, by when, and what it is worth.

    cue: None where at_s alone starts it. follows: the id of a task that must be done before the cue counts, or empty.
    within_s: from the cue, None for no deadline.
    """

    id: str
    title: str
    deeds: tuple[Deed, ...]
    points: float
    cue: Condition | None = None
    at_s: float = 0.0
    follows: str = ""
    within_s: float | None = None
    any_order: bool = False
    hints: tuple[str, ...] = ()
    because: str = ""


@dataclass(frozen=True, slots=True)
class Bound:
    """What must not happen. stop: the exercise ends there. points: what it costs each time."""

    condition: Condition
    why: str
    stop: bool = True
    points: float = 0.0


@dataclass(frozen=True, slots=True)
class Goal:
    """Points for what is counted over the whole exercise.

    limit: kWh not served at most, or the seconds within which each alarm is acknowledged.
    """

    limit: float
    points: float


@dataclass(frozen=True, slots=True)
class Costs:
    """Points lost each time: for a hint, for an operation that was refused, for one that no task wanted."""

    hint: float = HINT_POINTS
    refused: float = 0.0
    unneeded: float = 0.0


@dataclass(frozen=True, slots=True)
class Control:
    """What a trainee may operate: these nodes, with one verb or with all that operate (verb empty)."""

    nodes: tuple[str, ...]
    verb: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A whole script. facility: a library name or a path; calibration: empty for the facility's own.

    controls: None where a trainee may operate everything. until_s: when it ends at the latest, None for when all is
    done. points_pass: None for PASS_SHARE of all points.
    """

    name: str
    facility: str
    steps: tuple[Step, ...]
    seed: int = 1
    calibration: str = ""
    title: str = ""
    about: str = ""
    initial_condition: str = ""
    controls: tuple[Control, ...] | None = None
    steady_state: tuple[Expect, ...] = ()
    tasks: tuple[Task, ...] = ()
    out_of_bounds: tuple[Bound, ...] = ()
    rollback: tuple[Send | Disturb, ...] = ()
    until_s: float | None = None
    points_pass: float | None = None
    costs: Costs = field(default_factory=Costs)
    energy_not_served: Goal | None = None
    alarms: Goal | None = None
    trends: tuple[tuple[str, str], ...] = ()

    @property
    def end_s(self) -> float:
        """When the last step of known time is over, the time it may take included."""
        return max((_over_s(step) for step in self.steps), default=0.0)

    @property
    def predictions(self) -> tuple[tuple[str, Predict], ...]:
        """The questions with the ids of their steps, in file order."""
        found = ((step_id(index, step), step.action) for index, step in enumerate(self.steps))
        return tuple((name, action) for name, action in found if isinstance(action, Predict))

    @property
    def points(self) -> float:
        """All the points there are; 0 where the scenario is not scored."""
        goals = (goal.points for goal in (self.energy_not_served, self.alarms) if goal)
        predictions = (action.points for _, action in self.predictions)
        return sum(task.points for task in self.tasks) + sum(predictions) + sum(goals)


def step_id(index: int, step: Step) -> str:
    """The name of a step: its own, or its place in the file from 1."""
    return step.id or f"step-{index + 1}"


def _over_s(step: Step) -> float:
    return step.at_s + (step.action.within_s if isinstance(step.action, Expect) else 0.0)


def _written(value: str | float | bool) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
