"""What an exercise tells those who run it: each cue is shown once, in the order given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from winter_river.scenario.model import Say

__all__ = ["Ask", "ByHand", "Cue", "Done", "OutOfBounds", "Say", "cue_fields"]


@dataclass(frozen=True, slots=True)
class Ask:
    """A question is open until it is answered or its time is over (None: the exercise's).

    freeze: the site should stand still meanwhile, where it can.
    """

    step_id: str
    question: str
    choices: tuple[str, ...]
    within_s: float | None = None
    freeze: bool = False


@dataclass(frozen=True, slots=True)
class ByHand:
    """Something that this site cannot do by itself and a person has to: pull a plug, switch off an access point."""

    text: str


@dataclass(frozen=True, slots=True)
class OutOfBounds:
    """What must not happen has happened. stop: the exercise ends here."""

    why: str
    stop: bool


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing more will happen; the result is there."""

    passed: bool
    points: float
    points_max: float


Cue: TypeAlias = Say | Ask | ByHand | OutOfBounds | Done


def cue_fields(cue: Cue) -> dict[str, object]:
    """A cue as plain values for JSON; `cue` is its kind."""
    if isinstance(cue, Say):
        return {"cue": "say", "text": cue.text}
    if isinstance(cue, Ask):
        fields = {"cue": "ask", "step": cue.step_id, "question": cue.question, "choices": list(cue.choices)}
        return fields | {"within_s": cue.within_s, "freeze": cue.freeze}
    if isinstance(cue, ByHand):
        return {"cue": "by_hand", "text": cue.text}
    if isinstance(cue, OutOfBounds):
        return {"cue": "out_of_bounds", "why": cue.why, "stop": cue.stop}
    return {"cue": "done", "passed": cue.passed, "points": cue.points, "points_max": cue.points_max}
