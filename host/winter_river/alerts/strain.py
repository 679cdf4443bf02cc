"""How the power flow behind each source stands, by what the engine's events told of it. Pure.

A load that a collapse puts out brings the voltage back, and takes it down again when it starts anew, some 10 to 25 s
later: the flow has to stand for a minute before that is over. So a collapse that comes again and again is one alarm.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from winter_river.engine import Event

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
    ended: dict[str, float] = {}  # when the last collapse of a source ended; not in it while it lasts
    for event in log:
        if event.event in WORSE:
            last[event.node_id] = event
            # Close to collapse is told only as it comes: no load stays on at the voltage that is left there.
            ended[event.node_id] = event.t_s
            if event.event != NEAR:
                del ended[event.node_id]
        elif event.event == OVER and event.node_id in last:
            ended[event.node_id] = event.t_s
    found: dict[str, Mapping[str, object]] = {}
    for node_id, event in last.items():
        stands = node_id in ended and t_s - ended[node_id] >= RECENT_S
        word = WELL if stands else event.event
        found[node_id] = {"flow": word, "gives_way": event.from_, "heaviest": event.to}
    return found
