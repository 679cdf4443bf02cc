"""How good a source is to a transfer, and what explains that it went, or came back.

A source that is dead carries the explanation itself (states.py). One that is live but not good enough has no news of its
own: what drives it has, be it a grid that sags, swells or drifts, a network that has collapsed, or one that its load
pulls too low.
"""

from __future__ import annotations

from winter_river.engine.collapse import collapse_at
from winter_river.engine.equipment import switchgear as switchgear_law
from winter_river.engine.equipment.utility import in_window
from winter_river.engine.grid_frequency import grid_of, off_pu
from winter_river.engine.plan import NONE, Plan
from winter_river.engine.states import FREQUENCY, SAG, SWELL
from winter_river.engine.undervoltage import lifted_at, low_at
from winter_river.engine.units import magnitude
from winter_river.engine.world import World


def voltage_pu(plan: Plan, w: World, node: int) -> float:
    """The voltage that a device delivers, per unit of its nominal; 0 when dead."""
    return magnitude(w.v[plan.nodes[node].bus_out])


def source_pu(plan: Plan, w: World, node: int, was_ok: bool) -> float:
    """The voltage of a source as a transfer takes it: none where its frequency is out of its window."""
    off = off_pu(plan, w, plan.nodes[node].bus_out)
    beyond, again = switchgear_law.LOST_HZ_PU, switchgear_law.GOOD_HZ_PU
    if off != 0.0 and not in_window(off, was=was_ok, beyond_pu=beyond, again_pu=again):
        return 0.0
    return voltage_pu(plan, w, node)


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
