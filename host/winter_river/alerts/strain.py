"""How the power flow behind each source stands, by what the engine's events told of it. Pure.

A load that a collapse puts out brings the voltage back, and takes it down again when it starts anew, some 10 to 25 s
later, or when the last of its turn has: the flow has to stand for RECENT_S before that is over. So a collapse that comes
again and again is one alarm.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import TypeVar

from winter_river.engine import Event
from winter_river.engine.calibration import CALIBRATION_BY_NAME
from winter_river.engine.events import SOLVER_WORDS
from winter_river.engine.world import NEWTON_COLLAPSE

RACKS = 10  # chosen: behind one feeder, more than twice as many as the library has; of more each collapse may ask anew
# What a weak feeder put out is back, and out again, within this: restarts, and the turns that racks take, of the slowest.
RECENT_S = float(math.ceil(max(each.restart_s + RACKS * each.stagger_s for each in CALIBRATION_BY_NAME.values())))
# Events, and values of `flow`.
LOW, NEAR, COLLAPSED, NOT_SOLVED = WORSE = ("undervoltage", "near_collapse", "collapsed", "not_solved")
WELL, OVER, LOW_OVER = "well", "collapse_over", "undervoltage_over"
FLOWS = (WELL, *WORSE)
Key = TypeVar("Key")
_NEWTON = SOLVER_WORDS[NEWTON_COLLAPSE]


@dataclass(slots=True)
class _Trouble:
    """flow: which. event: the last that told of it. over_s: when it ended, None while it lasts."""

    flow: str
    event: Event
    over_s: float | None = None

    def stands(self, t_s: float) -> bool:
        return self.over_s is None or t_s - self.over_s < RECENT_S


class Strains:
    """What the engine's events told so far, also when they have left the log: two troubles at most of each source, and one
    of each device that gives way to its load."""

    def __init__(self) -> None:
        self._short: dict[str, _Trouble] = {}  # collapsed, or without a solution
        self._near: dict[str, _Trouble] = {}
        self._low: dict[tuple[str, str], _Trouble] = {}  # load pulls a voltage too low, no more; by what gives way, too
        self._last_id = 0

    def hear(self, log: dict[int, Event]) -> None:
        """Takes in what is new in the log. log: by id, oldest first."""
        fresh = list(takewhile(lambda event_id: event_id > self._last_id, reversed(log)))
        for event_id in reversed(fresh):
            self._take(log[event_id])
            self._last_id = event_id

    def facts(self, t_s: float) -> dict[str, Mapping[str, object]]:
        """The facts `flow`, `gives_way` and `heaviest` of every source that was ever short of what was asked of it.

        t_s: now. flow: the worst that lasts, or was told in the last RECENT_S; what gives way, and for which load, is
        that of the last time. A source is close to collapse as long as its flow takes Newton's method for that, in
        whatever state it is: the engine tells when another is enough again, or nothing is behind it any more.
        """
        found: dict[str, list[_Trouble]] = {}
        for node_id, trouble in (*self._short.items(), *self._near.items()):
            found.setdefault(node_id, []).append(trouble)
        for (node_id, _), trouble in sorted(self._low.items(), key=lambda item: item[1].event, reverse=True):
            found.setdefault(node_id, []).append(trouble)
        return {node_id: _facts(troubles, t_s) for node_id, troubles in found.items()}

    def back_to(self, t_s: float) -> None:
        """Engine time was taken back: what ended later lasts, what began later has not been. What was before that is
        known as far as the log tells it, which is heard again."""
        self._last_id = 0
        _back_to(self._short, t_s)
        _back_to(self._near, t_s)
        _back_to(self._low, t_s)

    def _take(self, event: Event) -> None:
        if event.event in (COLLAPSED, NOT_SOLVED):
            self._short[event.node_id] = _Trouble(event.event, event)
        elif event.event == NEAR:
            self._near[event.node_id] = _Trouble(NEAR, event)
        elif event.event == LOW:
            self._low[event.node_id, event.from_] = _Trouble(LOW, event)
        elif event.event == LOW_OVER:
            _end(self._low, (event.node_id, event.from_), event)
        elif event.event == OVER:
            _end(self._short, event.node_id, event)
        elif event.event == "solver" and event.from_ == _NEWTON:
            _end(self._near, event.node_id, event)
        elif event.event == "solver" and event.to == _NEWTON and _lasts(self._short, event.node_id):
            # Of a collapse, which alone is told.
            self._near[event.node_id] = _Trouble(NEAR, self._short[event.node_id].event)


def _lasts(troubles: Mapping[Key, _Trouble], key: Key) -> bool:
    return key in troubles and troubles[key].over_s is None


def _end(troubles: Mapping[Key, _Trouble], key: Key, event: Event) -> None:
    if _lasts(troubles, key):
        troubles[key].over_s = event.t_s


def _back_to(troubles: dict[Key, _Trouble], t_s: float) -> None:
    for key, trouble in list(troubles.items()):
        if trouble.event.t_s > t_s:
            del troubles[key]
        elif trouble.over_s is not None and trouble.over_s > t_s:
            trouble.over_s = None


def _facts(troubles: Sequence[_Trouble], t_s: float) -> Mapping[str, object]:
    """troubles: the worst first."""
    for trouble in troubles:
        if trouble.stands(t_s):
            return {"flow": trouble.flow, "gives_way": trouble.event.from_, "heaviest": trouble.event.to}
    event = max(trouble.event for trouble in troubles)
    return {"flow": WELL, "gives_way": event.from_, "heaviest": event.to}
