"""What explains to a transfer that a source of its went, or came back.

A source that is dead carries the explanation itself (states.py). One that is live but not good enough has no news of its
own: what drives it has, be it a grid that sags, swells or drifts, a network that has collapsed, or one that its load
pulls too low.
"""

from __future__ import annotations

from winter_river.engine.collapse import collapse_at
from winter_river.engine.grid_frequency import grid_of
from winter_river.engine.plan import NONE, Plan
from winter_river.engine.states import FREQUENCY, SAG, SWELL
from winter_river.engine.undervoltage import lifted_at, low_at
from winter_river.engine.units import magnitude
from winter_river.engine.world import World


def what_took(plan: Plan, w: World, feed: int) -> int:
    """The event that took a source away, dead or live; 0 where none is known."""
    if not w.nodes[feed].live:
        return w.nodes[feed].origin
    bus = plan.nodes[feed].bus_out
    grid = grid_of(plan, w, bus)
    found = collapse_at(w, bus)
    if grid != NONE:
        state = w.nodes[grid].state
        if state == SAG or state == FREQUENCY or (state == SWELL and magnitude(w.v[bus]) > 1.0):
            found = max(found, w.nodes[grid].origin)
    return found if found > 0 else low_at(plan, w, bus)


def what_gave(plan: Plan, w: World, feed: int) -> int:
    """The last event of a source, of the grid that drives it, or of the way between; 0 where there was none."""
    bus = plan.nodes[feed].bus_out
    grid = grid_of(plan, w, bus)
    return max(w.nodes[feed].origin, w.nodes[grid].origin if grid != NONE else 0, lifted_at(w, bus))
