"""The forms of requests and answers, as OpenAPI tells them. They stop at the edge: inside are plain values."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

Text = Annotated[str, Field(max_length=255)]
NodeId = Annotated[str, Field(max_length=32, examples=["ups_a"])]
Whole = Annotated[int, Field(ge=-(2**53), le=2**53)]
Value = bool | Whole | FiniteFloat | Text


class Form(BaseModel):
    """A request: what it does not know is a fault, not passed over."""

    model_config = ConfigDict(extra="forbid")


class Fault(BaseModel):
    error: str
    cure: str


class CommandForm(Form):
    command: Annotated[str, Field(min_length=1, max_length=16, examples=["set_fault"])]
    params: Annotated[dict[Annotated[str, Field(max_length=16)], Value], Field(max_length=8)] = {}
    priority: Annotated[int, Field(ge=1, le=16)] = 8


class AuditRow(BaseModel):
    """One command, as the audit has it. Times are seconds since 1970. state: pending, executing, completed, failed."""

    id: str
    node: str
    verb: str
    params: dict[str, Any]
    by: str
    door: str
    address: str
    priority: int
    state: str
    created_s: float
    executed_s: float | None
    completed_s: float | None
    result: str
    error: str


class AuditAnswer(BaseModel):
    commands: list[AuditRow]


class PressForm(Form):
    long: bool = False


class AckAnswer(BaseModel):
    """What the node answered. words and cure: of the reason, "" when done."""

    id: str
    node_id: str
    result: Literal["done", "rejected", "failed"]
    reason: str
    applied: str
    words: str
    cure: str


class EventAnswer(BaseModel):
    id: int
    t_s: float
    node_id: str
    event: str
    from_: str = Field(alias="from")
    to: str
    cause: int


class EventsAnswer(BaseModel):
    timeline: int
    events: list[EventAnswer]


class WhyAnswer(BaseModel):
    """chain: the event that brought it there, its cause, and so on. isolated_by: what keeps it dead, null while live."""

    node_id: str
    text: list[str]
    isolated_by: str | None
    chain: list[EventAnswer]


class FlowAnswer(BaseModel):
    power_kw: float
    live: bool


class ClockAnswer(BaseModel):
    """begin_s: how far back time can be looked at and gone back to."""

    t_s: float
    frozen: bool
    speed: float
    speed_real: float
    timeline: int
    unix_s: float
    begin_s: float


class StateAnswer(BaseModel):
    """The whole state. paint: SVG element id -> class or text; see GET /diagram.svg. may: rights of this role."""

    seq: int
    clock: ClockAnswer
    role: str
    name: str
    may: list[str]
    health: dict[str, Any]
    facility: dict[str, Any]
    nodes: dict[str, dict[str, Any]]
    flows: dict[str, FlowAnswer]
    paint: dict[str, str]
    exercise: dict[str, Any] | None
    alarms: dict[str, Any]


class FacilityAnswer(BaseModel):
    name: str
    title: str
    calibration: str
    nodes: dict[str, dict[str, Any]]
    types: dict[str, dict[str, Any]]
    fields: dict[str, dict[str, Any]]
    letters: dict[str, str]
    weathers: list[str]
    two_step: dict[str, list[str]] | None


class ClockForm(Form):
    """value: seconds of step (default 1) and back, engine seconds of goto, engine seconds a second of speed."""

    action: Literal["run", "freeze", "step", "speed", "back", "goto"]
    value: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] | None = None


class SnapshotForm(Form):
    name: Annotated[str, Field(min_length=1, max_length=80)]


class SnapshotAnswer(BaseModel):
    id: str
    t_s: float
    timeline: int
    name: str
    hash: str


class InitialConditionAnswer(BaseModel):
    id: str
    title: str
    version: int


class ChangeForm(Form):
    node_id: NodeId
    command: Annotated[str, Field(min_length=1, max_length=16)]
    params: Annotated[dict[Annotated[str, Field(max_length=16)], Value], Field(max_length=8)] = {}
    in_s: Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)] = 0.0


class WhatIfForm(Form):
    """from_s: an instant of the past, null for now. fields: `ups_a.soc_pct`, ..."""

    changes: Annotated[list[ChangeForm], Field(max_length=20)] = []
    from_s: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] | None = None
    ahead_s: Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)] = 600.0
    fields: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=50)] = []


class WhatIfAnswer(BaseModel):
    t_s: list[float]
    series: dict[str, list[float | None]]
    events: list[EventAnswer]
    answers: list[dict[str, str]]
    hash: str


class TrendAnswer(BaseModel):
    """t_s: the end of each piece. series: the last value of it; low and high: its lowest and highest."""

    t_s: list[float]
    series: dict[str, list[float | None]]
    low: dict[str, list[float | None]]
    high: dict[str, list[float | None]]


class AtAnswer(BaseModel):
    """screens: as the stream of screens has them, where they were asked for."""

    t_s: float
    nodes: dict[str, dict[str, Any]]
    facility: dict[str, Any]
    flows: dict[str, FlowAnswer]
    paint: dict[str, str]
    screens: dict[str, Any] = {}


class LinkForm(Form):
    role: Literal["viewer", "trainee", "operator", "instructor", "admin"]
    name: Annotated[str, Field(max_length=40)] = ""


class LinkAnswer(BaseModel):
    id: str
    role: str
    name: str


class NewLinkAnswer(LinkAnswer):
    """url: shown this once; we keep its hash only."""

    url: str


class RoleAnswer(BaseModel):
    role: str
    name: str
    may: list[str]


class ScenarioAnswer(BaseModel):
    name: str
    title: str
    about: str
    points: float
    until_s: float | None
    fits: bool
    why_not: str


class ExerciseForm(Form):
    scenario: Annotated[str, Field(min_length=1, max_length=64)]
    exam: bool = False
    trainee: Annotated[str, Field(max_length=80)] = ""


class ExerciseAnswer(BaseModel):
    exercise: dict[str, Any] | None


class AnswerForm(Form):
    step: Annotated[str, Field(max_length=64)]
    choice: Text


class AcknowledgeForm(Form):
    """node_id: "" for all."""

    node_id: Annotated[str, Field(max_length=32)] = ""


AlarmName = Annotated[str, Field(max_length=65, examples=["utility_lost/utility_a"])]
Reason = Annotated[str, Field(min_length=1, max_length=200)]


class AlarmForm(Form):
    """alarm: as rule/node; "" for all that wait."""

    alarm: AlarmName = ""


class ShelveForm(Form):
    alarm: AlarmName
    minutes: Annotated[float, Field(gt=0, le=1440, allow_inf_nan=False)]
    reason: Reason


class UnshelveForm(Form):
    alarm: AlarmName


class ServiceForm(Form):
    """in_service: false takes the alarm out of service, for a reason, until somebody brings it back."""

    alarm: AlarmName
    in_service: bool
    reason: Annotated[str, Field(max_length=200)] = ""


class TransitionAnswer(BaseModel):
    alarm: str
    rule: str
    node_id: str
    priority: str
    from_: Annotated[str, Field(alias="from")]
    to: str
    act: str
    message: str
    by: str
    reason: str
    t_s: float
    unix_s: int
    cause: int
    consequences: int


class TransitionsAnswer(BaseModel):
    changes: list[TransitionAnswer]


class AlarmsAnswer(BaseModel):
    """alarms: those that are not normal, what needs a person first. count: by state. unjudged: rules that cannot be
    judged here. fault: why alarms are not kept or judged, "" while all is well."""

    alarms: list[dict[str, Any]]
    count: dict[str, int]
    left_out: int
    figures: dict[str, Any]
    unjudged: list[str]
    fault: str


class RuleAnswer(BaseModel):
    id: str
    priority: str
    when: str
    until: str
    types: list[str]
    nodes: list[str]
    hold_s: float
    off_s: float
    message: str
    cure: str
    source: str
    not_judged: str


class TagForm(Form):
    node_id: NodeId
    on: bool
    text: Annotated[str, Field(max_length=200)] = ""


class TextAnswer(BaseModel):
    text: str


class CountAnswer(BaseModel):
    count: int


class EndAnswer(BaseModel):
    debrief: str


class HistoryAnswer(BaseModel):
    """store: its file, and counters since the run began; dropped: by reason."""

    nodes: list[dict[str, Any]]
    store: dict[str, Any]


class CurveAnswer(BaseModel):
    """Columns of equal length. unix_s: where each piece begins, or when the single reading came; width_s: of each piece, 0
    for single readings. mean, low, high: null where no reading of it was good, and its quality is bad; uncertain: some were not good."""

    node_id: str
    field: str
    unit: str
    width_s: float
    unix_s: list[float]
    mean: list[float | None]
    low: list[float | None]
    high: list[float | None]
    readings: list[int]
    quality: list[Literal["good", "uncertain", "bad"]]


class HappeningsAnswer(BaseModel):
    events: list[dict[str, Any]]


class LatestAnswer(BaseModel):
    nodes: dict[str, dict[str, Any]]
