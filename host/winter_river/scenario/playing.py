"""Plays the steps of a scenario: what is due, what waits for what, and what came of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from winter_river.scenario.conditions import Views
from winter_river.scenario.cues import Ask, ByHand, Cue
from winter_river.scenario.model import (
    BACK,
    NO_BROKER,
    NO_POWER,
    NO_WIFI,
    Disturb,
    Expect,
    Hint,
    Predict,
    Say,
    Scenario,
    Send,
    Step,
    step_id,
)
from winter_river.scenario.records import Records
from winter_river.scenario.result import Outcome
from winter_river.site import Ack, Site

INSTANT_S = 0.0005  # times are whole milliseconds; nearer than half of one is the same instant
EXERCISE_BY = "exercise"  # who sends the commands of a scenario
_BY_HAND = {
    NO_WIFI: "Take {} off the Wi-Fi",
    NO_POWER: "Unplug {}",
    NO_BROKER: "Stop the broker",
    BACK: "Put {} back",
}


@runtime_checkable
class Disturbable(Protocol):
    """A site whose nodes and bus can be taken away; a simulation is one, a table of boards is not."""

    def remove(self, node_id: str) -> None:
        """Pull a node's plug."""

    def insert(self, node_id: str) -> None:
        """Plug it in again."""

    def freeze_node(self, node_id: str) -> None:
        """Silence a node."""

    def thaw_node(self, node_id: str) -> None:
        """Let it speak again."""

    def lose_broker(self) -> None:
        """Stop the bus."""

    def return_broker(self) -> None:
        """Start it again."""


@dataclass(frozen=True, slots=True)
class Played:
    """What has just happened, as cues. moved: whether the site is another one since."""

    cues: tuple[Cue, ...]
    moved: bool


class Player:
    """Keeps nothing of its own: all is in the records, which may be taken back in time."""

    def __init__(self, scenario: Scenario, records: Records) -> None:
        self._scenario, self._records = scenario, records
        self._index = {id(step): index for index, step in enumerate(scenario.steps)}

    def play(self, now_s: float, site: Site, views: Views) -> Played | None:
        """Let the next step that is due happen; None where none is."""
        for index, step in enumerate(self._scenario.steps):
            if index not in self._records.begun and self._is_due(index, step, now_s, views):
                self._records.begun[index] = now_s
                cues = tuple(self._begin(index, step, now_s, site))
                return Played(cues, moved=isinstance(step.action, (Send, Disturb)))
        return None

    def pending(self) -> list[Step]:
        """The expectations that are not decided yet."""
        return [
            step
            for index, step in enumerate(self._scenario.steps)
            if isinstance(step.action, Expect) and index in self._records.begun and index not in self._records.decided
        ]

    def begun_s(self, step: Step) -> float:
        """When a step that has happened was due."""
        return step.at_s if step.is_timed else self._records.begun[self._index[id(step)]]

    def decide(self, step: Step, outcome: Outcome) -> None:
        """An expectation is met, or its time is over."""
        self._records.decided[self._index[id(step)]] = outcome.t_s
        self._records.outcomes.append(outcome)
        mark = "as expected" if outcome.passed else f"expected, but seen {outcome.seen}"
        self._records.note(outcome.t_s, "step", f"{outcome.wanted}: {mark}")

    def give_up(self, now_s: float) -> None:
        """The exercise is over: expectations that were not decided, or never came to their turn, have failed."""
        for index, step in enumerate(self._scenario.steps):
            if isinstance(step.action, Expect) and index not in self._records.decided:
                wanted = f"{step.action.node_id} " + ", ".join(str(want) for want in step.action.wants)
                seen = f"nothing: it never came to `{step.when}`" if step.when else "nothing: the exercise ended before"
                self.decide(step, Outcome(step, False, wanted, seen, now_s))

    def is_over(self, now_s: float) -> bool:
        """Whether every step has happened, every expectation is decided and no question is open."""
        begun_all = len(self._records.begun) == len(self._scenario.steps)
        return begun_all and not self.pending() and not self.open_questions(now_s)

    def open_questions(self, now_s: float) -> dict[str, Predict]:
        """The questions that are asked, not answered and not too late, by their ids."""
        found = {}
        for index, step in enumerate(self._scenario.steps):
            action, name = step.action, step_id(index, step)
            if not isinstance(action, Predict) or index not in self._records.begun or name in self._records.answers:
                continue
            late_s = math.inf if action.within_s is None else self._records.begun[index] + action.within_s
            if now_s < late_s - INSTANT_S:
                found[name] = action
        return found

    def due_s(self, now_s: float, *, look_s: float) -> float:
        """When something may happen next that is known by time, in seconds of the exercise."""
        times = [self._scenario.until_s] if self._scenario.until_s is not None else []
        for index, step in enumerate(self._scenario.steps):
            if index not in self._records.begun:
                times.append(self._planned_s(index, step))
            elif isinstance(step.action, Expect) and index not in self._records.decided:
                times += [now_s + look_s, self.begun_s(step) + step.action.within_s]
            elif isinstance(step.action, Predict) and step.action.within_s is not None:
                times.append(self._records.begun[index] + step.action.within_s)
        return min((time_s for time_s in times if time_s > now_s + INSTANT_S), default=math.inf)

    def sent(self, step: Step, action: Send | Disturb, site: Site, now_s: float) -> Outcome:
        """What came of a command or a disturbance."""
        if isinstance(action, Disturb):
            _disturb(action, site)
            return Outcome(step, True, _told(action), "", now_s)
        ack: Ack = site.send(action.node_id, action.verb, action.params, by=EXERCISE_BY)
        demand_kw = action.params.get("power_kw")
        if action.verb == "set_load" and ack.done and isinstance(demand_kw, (int, float)):
            self._records.demands.append((now_s, action.node_id, float(demand_kw)))
        return Outcome(step, ack.result == action.result, _written(action), f"{ack.result} {ack.reason}".strip(), now_s)

    def _is_due(self, index: int, step: Step, now_s: float, views: Views) -> bool:
        if step.when is not None and index not in self._records.condition_met:
            above_s = self._over_s(index - 1)
            if now_s < above_s - INSTANT_S or not step.when.holds(views):
                return False
            self._records.condition_met[index] = now_s
        return now_s >= self._planned_s(index, step) - INSTANT_S

    def _planned_s(self, index: int, step: Step) -> float:
        """When a step will happen, infinite while that is not known."""
        if step.when is not None:
            return self._records.condition_met.get(index, math.inf) + (step.after_s or 0.0)
        return step.at_s if step.after_s is None else self._over_s(index - 1) + step.after_s

    def _over_s(self, index: int) -> float:
        """When a step was over: an expectation decided, a question answered or too late; infinite until then."""
        if index < 0:
            return 0.0
        step, begun_s = self._scenario.steps[index], self._records.begun.get(index, math.inf)
        if isinstance(step.action, Expect):
            return self._records.decided.get(index, math.inf)
        if isinstance(step.action, Predict):
            answered = self._records.answers.get(step_id(index, step))
            late_s = math.inf if step.action.within_s is None else begun_s + step.action.within_s
            return min(late_s, answered.t_s if answered else math.inf)
        return begun_s

    def _begin(self, index: int, step: Step, now_s: float, site: Site) -> Iterator[Cue]:
        action, records = step.action, self._records
        if isinstance(action, (Send, Disturb)):
            outcome = self.sent(step, action, site, now_s)
            records.outcomes.append(outcome)
            node_id = action.node_id if isinstance(action, Send) else ""
            records.note(now_s, "step", outcome.wanted.removeprefix(f"{node_id} "), node_id)
            if isinstance(action, Disturb) and not isinstance(site, Disturbable):
                yield ByHand(_told(action))
        elif isinstance(action, Say):
            records.note(now_s, "say", action.text)
            yield action
        elif isinstance(action, Predict):
            records.note(now_s, "ask", action.ask)
            yield Ask(step_id(index, step), action.ask, action.choices, action.within_s, action.freeze)
        elif isinstance(action, Hint):
            return


def _disturb(action: Disturb, site: Site) -> None:
    if not isinstance(site, Disturbable):
        return
    if not action.nodes:
        site.lose_broker() if action.what == NO_BROKER else site.return_broker()
    for node_id in action.nodes:
        if action.what == NO_WIFI:
            site.freeze_node(node_id)
        elif action.what == NO_POWER:
            site.remove(node_id)
        else:
            # A node comes back the way it went; for the other way this does nothing.
            site.insert(node_id)
            site.thaw_node(node_id)


def _told(action: Disturb) -> str:
    return _BY_HAND[action.what].format(", ".join(action.nodes) or "the broker")


def _written(send: Send) -> str:
    """`utility_a set_fault state=true -> done`."""
    params = " ".join(f"{name}={written(value)}" for name, value in send.params.items())
    return " ".join(part for part in (send.node_id, send.verb, params) if part) + f" -> {send.result}"


def written(value: object) -> str:
    """A value of a view or a command as it is shown."""
    return f"{value:.6g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)


def current_hint(scenario: Scenario, begun: Mapping[int, float]) -> str:
    """The text of the last hint step that has happened, or empty."""
    texts = [
        step.action.text
        for index, step in enumerate(scenario.steps)
        if index in begun and isinstance(step.action, Hint)
    ]
    return texts[-1] if texts else ""
