"""What explains to a transfer that a source of its went, or came back.

A source that is dead carries the explanation itself (states.py). One that is live but not good enough has no news of its
own: what drives it has, be it a grid that sags, swells or drifts, or a network that has collapsed.
"""

from __future__ import annotations

from winter_river.engine.collapse import collapse_at
from winter_river.engine.plan import NONE, UTILITY, Plan
from winter_river.engine.states import FREQUENCY, SAG, SWELL
from winter_river.engine.units import magnitude
from winter_river.engine.world import World


def _grid(plan: Plan, w: World, feed: int) -> int:
    """The utility that drives a device, NONE where none does."""
    island = w.island_of[plan.nodes[feed].bus_out]
    if island < 0:
        return NONE
    node = plan.islands[island].node
    return node if plan.nodes[node].kind == UTILITY else NONE


def what_took(plan: Plan, w: World, feed: int) -> int:
    """The event that took a source away, dead or live; 0 where none is known: the load on it may just have grown."""
    if not w.nodes[feed].live:
        return w.nodes[feed].origin
    grid, bus = _grid(plan, w, feed), plan.nodes[feed].bus_out
    found = collapse_at(w, bus)
    if grid != NONE:
        state = w.nodes[grid].state
        if state == SAG or state == FREQUENCY or (state == SWELL and magnitude(w.v[bus]) > 1.0):
            found = max(found, w.nodes[grid].origin)
    return found


def what_gave(plan: Plan, w: World, feed: int) -> int:
    """The last event of a source, or of the grid that drives it; 0 where there was none."""
    grid = _grid(plan, w, feed)
    return max(w.nodes[feed].origin, w.nodes[grid].origin if grid != NONE else 0)
