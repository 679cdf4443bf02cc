"""Plays a scenario on any site, simulated or live, from its start to its end, with a trainee that is a program."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from winter_river.scenario.exercise import RUNNING, Exercise
from winter_river.scenario.model import Scenario
from winter_river.scenario.playing import INSTANT_S
from winter_river.scenario.result import Outcome, Result
from winter_river.scenario.trainee import PerfectTrainee, Trainee
from winter_river.site import Site

__all__ = ["Outcome", "Result", "run_scenario"]

ACTS_MAX = 1_000  # at one instant; more is a trainee that runs in circles


def run_scenario(
    scenario: Scenario,
    site: Site,
    *,
    step_s: float = 1.0,
    until_s: float | None = None,
    on_step: Callable[[float], None] | None = None,
    trainee: Trainee | None = None,
    exam: bool = False,
) -> Result:
    """Play every step of a scenario from now on, then go on to until_s where that is later.

    on_step(t_s) is called at the start and after each step_s of the script's time, when all that happens at that
    instant has happened: a trace or a screen hangs there. trainee: one that does everything right where none is given.
    Never raises for a failed step.
    """
    trainee = trainee or PerfectTrainee()
    exercise = Exercise(scenario, site.facility, exam=exam)
    start_s, beats = site.t_s, 0
    end_s = max(scenario.end_s, until_s or 0.0)
    exercise.begin(site)
    while True:
        for _ in range(ACTS_MAX):
            if not trainee.act(exercise, site):
                break
            exercise.passed(site)
        now_s = site.t_s - start_s
        if beats * step_s <= now_s + INSTANT_S:
            beats = int((now_s + INSTANT_S) // step_s) + 1
            if on_step is not None:
                on_step(now_s)
        if now_s >= max(end_s, scenario.until_s or 0.0) - INSTANT_S:
            exercise.end()
        if exercise.state != RUNNING and (now_s >= end_s - INSTANT_S or exercise.stopped):
            return dataclasses.replace(exercise.end(), t_s=round(now_s, 3))
        next_s = min(beats * step_s, exercise.due_s() - start_s)
        if now_s < end_s - INSTANT_S:
            next_s = min(next_s, end_s)
        site.advance(max(round(next_s - now_s, 6), 0.001))
        exercise.passed(site)
