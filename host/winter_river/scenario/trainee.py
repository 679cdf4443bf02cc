"""Trainees that are programs: one that does everything right, for checks without people, and one that does nothing."""

from __future__ import annotations

from typing import Protocol

from winter_river.scenario.exercise import Exercise
from winter_river.scenario.model import ACKNOWLEDGE, COMMAND, SEE, TAG, Deed, Want
from winter_river.scenario.records import Action
from winter_river.site import Site

NAME = "trainee"


class Trainee(Protocol):
    """Who operates the site in an exercise."""

    def act(self, exercise: Exercise, site: Site) -> bool:
        """Do what is to be done now; gives whether anything was done."""


class IdleTrainee:
    """Looks on."""

    def act(self, exercise: Exercise, site: Site) -> bool:
        """Nothing, ever."""
        return False


class PerfectTrainee:
    """Answers every question right, acknowledges every alarm and does every task at its cue, in its order."""

    def __init__(self) -> None:
        self._tried: set[tuple[str, int]] = set()

    def act(self, exercise: Exercise, site: Site) -> bool:
        """One thing a call."""
        answers = dict(exercise.scenario.predictions)
        for name in exercise.open_questions():
            exercise.answer(name, answers[name].answer)
            return True
        for task in exercise.scenario.tasks:
            if task.id not in exercise.records.cued:
                continue
            for place, deed in enumerate(task.deeds):
                if (task.id, place) in exercise.records.deeds:
                    continue
                if deed.kind == SEE:
                    break
                if (task.id, place) not in self._tried:
                    self._tried.add((task.id, place))
                    do(deed, exercise, site)
                    return True
        return exercise.scenario.alarms is not None and exercise.acknowledge() > 0


def do(deed: Deed, exercise: Exercise, site: Site, *, by: str = NAME) -> None:
    """Do one thing that a task wants, as a person at the page would."""
    if deed.kind == COMMAND:
        params = {name: _value(want) for name, want in deed.params.items()}
        command(exercise, site, deed.node_id, deed.verb, params, by=by)
    elif deed.kind == ACKNOWLEDGE:
        exercise.acknowledge(deed.node_id)
    elif deed.kind == TAG:
        exercise.tag(deed.node_id, by)
    else:
        exercise.untag(deed.node_id, by)


def command(
    exercise: Exercise, site: Site, node_id: str, verb: str, params: dict[str, object], *, by: str = NAME
) -> str:
    """Operate a node within the rules of the exercise; gives why that was refused, or empty."""
    why = exercise.refuses(node_id, verb)
    if why:
        exercise.acted(Action(site.t_s, node_id, verb, params, by, "rejected", why))
        return why
    ack = site.send(node_id, verb, params, by=by)
    exercise.acted(Action(site.t_s, node_id, verb, params, by, ack.result, ack.reason))
    return ack.reason


def _value(want: Want) -> object:
    """A value that is wanted; a whole number as one, for parameters that count."""
    value = want.equals if want.equals is not None else want.low if want.low is not None else want.high
    return int(value) if isinstance(value, float) and value.is_integer() else value
