"""Plays a scenario on any site, simulated or live, and tells what was expected and what was seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from winter_wire import schema

from winter_river.scenario.model import Expect, Scenario, Send, Step, Want
from winter_river.site import Ack, Site

LOOK_S = 0.1  # chosen: how often an expectation with time left is looked at again
_INSTANT_S = 0.0005  # times are whole milliseconds; nearer than half of one is the same instant


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
class Result:
    """How a whole scenario ended. outcomes: one for each step, in the order they were decided."""

    scenario: Scenario
    outcomes: tuple[Outcome, ...]
    t_s: float

    @property
    def passed(self) -> bool:
        """Whether every step passed."""
        return all(outcome.passed for outcome in self.outcomes)

    @property
    def failures(self) -> tuple[Outcome, ...]:
        """The steps that did not pass."""
        return tuple(outcome for outcome in self.outcomes if not outcome.passed)


def run_scenario(
    scenario: Scenario,
    site: Site,
    *,
    step_s: float = 1.0,
    until_s: float | None = None,
    on_step: Callable[[float], None] | None = None,
) -> Result:
    """Play every step of a scenario from now on, then go on to until_s where that is later.

    on_step(t_s) is called at the start and after each step_s of the script's time, when all that happens at that
    instant has happened: a trace or a screen hangs there. Never raises for a failed step.
    """
    start_s = site.t_s
    end_s = max(scenario.end_s, until_s or 0.0)
    ahead = list(scenario.steps)
    pending: list[Step] = []
    outcomes: list[Outcome] = []
    beats = 0
    while True:
        now_s = site.t_s - start_s
        while ahead and ahead[0].at_s <= now_s + _INSTANT_S:
            step = ahead.pop(0)
            if isinstance(step.action, Send):
                outcomes.append(_sent(step, step.action, site, now_s))
            else:
                pending.append(step)
        pending = _looked(pending, site, now_s, outcomes)
        if beats * step_s <= now_s + _INSTANT_S:
            beats = int((now_s + _INSTANT_S) // step_s) + 1
            if on_step is not None:
                on_step(now_s)
        if now_s >= end_s - _INSTANT_S:
            return Result(scenario, tuple(outcomes), now_s)
        next_s = min(end_s, beats * step_s, *(step.at_s for step in ahead[:1]))
        if pending:
            next_s = min(next_s, now_s + LOOK_S, *(_deadline_s(step) for step in pending))
        site.advance(max(round(next_s - now_s, 6), 0.001))


def _sent(step: Step, send: Send, site: Site, now_s: float) -> Outcome:
    ack: Ack = site.send(send.node_id, send.verb, send.params)
    params = " ".join(f"{name}={_written(value)}" for name, value in send.params.items())
    wanted = " ".join(part for part in (send.node_id, send.verb, params) if part) + f" -> {send.result}"
    seen = f"{ack.result} {ack.reason}".strip()
    return Outcome(step, ack.result == send.result, wanted, seen, now_s)


def _deadline_s(step: Step) -> float:
    return step.at_s + (step.action.within_s if isinstance(step.action, Expect) else 0.0)


def _looked(pending: list[Step], site: Site, now_s: float, outcomes: list[Outcome]) -> list[Step]:
    """Look at what is expected; the decided go to outcomes, the rest is still pending."""
    left: list[Step] = []
    for step in pending:
        expect = step.action
        if not isinstance(expect, Expect):
            continue
        view = site.view(expect.node_id)
        wanted = f"{expect.node_id} " + ", ".join(str(want) for want in expect.wants)
        seen = ", ".join(f"{want.field} = {_written(view.get(want.field, 'nothing'))}" for want in expect.wants)
        if all(meets(want, view) for want in expect.wants):
            outcomes.append(Outcome(step, True, wanted, seen, now_s))
        elif now_s >= _deadline_s(step) - _INSTANT_S:
            outcomes.append(Outcome(step, False, wanted, seen, now_s))
        else:
            left.append(step)
    return left


def meets(want: Want, view: Mapping[str, object]) -> bool:
    """Whether a view shows what is wanted; a number counts as equal where it is published the same."""
    seen = view.get(want.field)
    if isinstance(want.equals, (str, bool)):
        return seen == want.equals
    if isinstance(seen, bool) or not isinstance(seen, (int, float)):
        return False
    if want.equals is not None:
        decimals: int = schema.ROWS[want.field][2]
        half: float = 0.5 * 10.0**-decimals
        return abs(seen - want.equals) <= half * (1 + 1e-9)
    return (want.low is None or seen >= want.low) and (want.high is None or seen <= want.high)


def _written(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)
