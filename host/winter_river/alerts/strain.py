"""How the power flow behind each source stands, by what the engine's events told of it. Pure.

A load that a collapse puts out brings the voltage back, and takes it down again when it starts anew, some 10 to 25 s
later: the flow has to stand for a minute before that is over. So a collapse that comes again and again is one alarm.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from winter_river.engine import Event
from winter_river.engine.events import SOLVER_WORDS
from winter_river.engine.world import NEWTON_COLLAPSE

RECENT_S = 60.0  # chosen: twice the longest time after which a server starts again (engine.calibration), and some
NEAR, COLLAPSED, NOT_SOLVED = WORSE = ("near_collapse", "collapsed", "not_solved")  # events, and values of `flow`
WELL, OVER = "well", "collapse_over"
FLOWS = (WELL, *WORSE)


def strains(log: Iterable[Event], t_s: float) -> dict[str, Mapping[str, object]]:
    """The facts `flow`, `gives_way` and `heaviest` of every source that was ever short of what was asked of it.

    log: oldest first. t_s: now. flow: the worst that lasts, or was told in the last RECENT_S; what gives way, and for
    which load, is that of the last time.
    """
    last: dict[str, Event] = {}
    ended: dict[str, float] = {}  # when the last one of a source ended; not in it while it lasts
    for event in log:
        if event.event in WORSE:
            last[event.node_id] = event
            ended.pop(event.node_id, None)
        elif event.node_id in last and event.node_id not in ended and _ends(last[event.node_id], event):
            ended[event.node_id] = event.t_s
    found: dict[str, Mapping[str, object]] = {}
    for node_id, event in last.items():
        stands = node_id in ended and t_s - ended[node_id] >= RECENT_S
        word = WELL if stands else event.event
        found[node_id] = {"flow": word, "gives_way": event.from_, "heaviest": event.to}
    return found


def _ends(begun: Event, event: Event) -> bool:
    """Whether an event ends what another began: close to collapse ends also where another solver is enough again, or the
    source itself has changed."""
    away = event.event == "state" or (event.event == "solver" and event.from_ == SOLVER_WORDS[NEWTON_COLLAPSE])
    return event.event == OVER or (begun.event == NEAR and away)
