"""What has happened in an exercise so far, each with its time, so that time can be taken back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from winter_river.scenario.result import Entry, Outcome

_Key = TypeVar("_Key")

ENTRIES_MAX = 5_000  # chosen: an hour of a busy site; a page of more is read by nobody


@dataclass(frozen=True, slots=True)
class Action:
    """What somebody asked of a node, and the answer. t_s: the site's time. result: done, rejected or failed."""

    t_s: float
    node_id: str
    verb: str
    params: Mapping[str, object]
    by: str = ""
    result: str = "done"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """A question's answer: the choice, and when."""

    t_s: float
    choice: str


@dataclass(frozen=True, slots=True)
class DoneDeed:
    """A deed of a task that was done, and whether all before it had been."""

    t_s: float
    in_order: bool


@dataclass(frozen=True, slots=True)
class TagEvent:
    """A lock-out tag placed on a node, or taken off. owner: the name that it shows; owner_id: whose it is."""

    t_s: float
    node_id: str
    owner: str
    owner_id: str
    text: str
    placed: bool


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm that asked for a person. acknowledged_s: when somebody said that he saw it, None for not yet."""

    t_s: float
    node_id: str
    acknowledged_s: float | None = None
    rule: str = ""
    priority: str = ""
    message: str = ""


@dataclass(slots=True)
class Records:
    """Everything so far, by the exercise's own seconds. Only what can be forgotten again by its time is in here.

    begun: step index -> when it happened. cued: task -> when its cue came. broken: (when, place of the bound).
    demands: (when, rack, kW it wants from then on).
    """

    begun: dict[int, float] = field(default_factory=dict)
    condition_met: dict[int, float] = field(default_factory=dict)
    decided: dict[int, float] = field(default_factory=dict)
    answers: dict[str, Answered] = field(default_factory=dict)
    cued: dict[str, float] = field(default_factory=dict)
    deeds: dict[tuple[str, int], DoneDeed] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    hints: list[Entry] = field(default_factory=list)
    refused: list[Action] = field(default_factory=list)
    unneeded: list[Action] = field(default_factory=list)
    tags: list[TagEvent] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    broken: list[tuple[float, int]] = field(default_factory=list)
    demands: list[tuple[float, str, float]] = field(default_factory=list)
    entries_dropped: int = 0

    def note(self, t_s: float, kind: str, text: str, node_id: str = "") -> None:
        """Add a line to the timeline, or count it where that is full."""
        if len(self.entries) < ENTRIES_MAX:
            self.entries.append(Entry(round(t_s, 3), kind, text, node_id))
        else:
            self.entries_dropped += 1

    def back_to(self, t_s: float) -> None:
        """Forget everything later than t_s."""
        for times in (self.begun, self.condition_met, self.decided):
            _keep_times(times, t_s)
        _keep_times(self.cued, t_s)
        self.answers = {key: answer for key, answer in self.answers.items() if answer.t_s <= t_s}
        self.deeds = {key: deed for key, deed in self.deeds.items() if deed.t_s <= t_s}
        self.outcomes[:] = [each for each in self.outcomes if each.t_s <= t_s]
        for entries in (self.entries, self.hints):
            entries[:] = [each for each in entries if each.t_s <= t_s]
        for actions in (self.refused, self.unneeded):
            actions[:] = [each for each in actions if each.t_s <= t_s]
        self.tags[:] = [each for each in self.tags if each.t_s <= t_s]
        self.broken = [row for row in self.broken if row[0] <= t_s]
        self.demands = [row for row in self.demands if row[0] <= t_s]
        self.alarms = [_unacknowledged_after(alarm, t_s) for alarm in self.alarms if alarm.t_s <= t_s]

    def tags_on(self, node_id: str) -> tuple[TagEvent, ...]:
        """The tags that hang on a node now, one for each owner."""
        hanging: dict[str, TagEvent] = {}
        for event in self.tags:
            if event.node_id == node_id and event.placed:
                hanging[event.owner_id] = event
            elif event.node_id == node_id:
                hanging.pop(event.owner_id, None)
        return tuple(hanging.values())


def _keep_times(times: dict[_Key, float], t_s: float) -> None:
    for key in [key for key, value in times.items() if value > t_s]:
        del times[key]


def _unacknowledged_after(alarm: Alarm, t_s: float) -> Alarm:
    late = alarm.acknowledged_s is not None and alarm.acknowledged_s > t_s
    return dataclasses.replace(alarm, acknowledged_s=None) if late else alarm
