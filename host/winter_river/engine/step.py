"""The step: inputs -> connect -> flow -> control -> protect until still, then events, then time.

What takes no time (settling) is apart from what does. A step is split at every instant at which something
changes by itself, so its length only decides how often somebody looks.
"""

from __future__ import annotations

from winter_river.engine import events
from winter_river.engine.connect import connect
from winter_river.engine.control import control
from winter_river.engine.flow import draw, solve
from winter_river.engine.inputs import take_inputs
from winter_river.engine.meters import book
from winter_river.engine.plan import Plan
from winter_river.engine.protection import protect
from winter_river.engine.states import tell_all
from winter_river.engine.units import NEVER_S
from winter_river.engine.world import World

# Each pass of settling moves something for good (a trip, a mode, a position), so its length is bounded by the
# number of devices; more is a loop of ours.
PASSES_MIN = 100
STUCK_MAX = 1000  # settlings in a row at one instant; more is a delay of ours that never runs out


def settle(plan: Plan, w: World) -> None:
    """Brings the world to rest at this instant. Raises RuntimeError when it will not rest."""
    w.first_event = w.next_event
    if w.touched:
        take_inputs(plan, w)
    for _ in range(PASSES_MIN + 10 * len(plan.nodes)):
        if w.rewire:
            w.rewire = False
            connect(plan, w)
        draw(plan, w)
        solve(plan, w)
        if control(plan, w):
            continue
        if not protect(plan, w):
            break
    else:
        raise RuntimeError(f"the world does not settle at t = {w.t_s} s")
    tell_all(plan, w)
    book(plan, w)
    w.unsettled = False


def due_s(w: World) -> float:
    """The next instant at which something changes by itself, NEVER_S where nothing will."""
    return min(
        min([x.due_s for x in w.transfers], default=NEVER_S),
        min([g.due_s for g in w.generators], default=NEVER_S),
        min([u.due_s for u in w.upses], default=NEVER_S),
        min([s.due_s for s in w.servers], default=NEVER_S),
        min([m.due_s for m in w.coolings], default=NEVER_S),
        min([b.due_s for b in w.breakers], default=NEVER_S),
    )


def step(plan: Plan, world: World, dt_s: float) -> list[events.Event]:
    """Settles what was applied, lets dt_s seconds pass, and gives the events in their order.

    dt_s: >= 0; 0 only settles. What falls due exactly at the end happens in this step.
    Raises ValueError for a negative or infinite dt_s.
    """
    if not 0.0 <= dt_s < NEVER_S:
        raise ValueError(f"dt_s is {dt_s}; a finite number of seconds, not negative")
    end_s = world.t_s + dt_s
    if world.unsettled:
        settle(plan, world)
    at_s = due_s(world)
    stuck = 0
    while at_s <= end_s:
        stuck = 0 if at_s > world.t_s else stuck + 1
        if stuck > STUCK_MAX:
            raise RuntimeError(f"time stands still at t = {world.t_s} s")
        world.t_s = max(world.t_s, at_s)
        settle(plan, world)
        at_s = due_s(world)
    world.t_s = end_s
    return events.take(plan, world)


def next_change_s(plan: Plan, world: World) -> float:
    """Seconds until something changes by itself: 0 when inputs wait to be settled, math.inf when nothing will."""
    return 0.0 if world.unsettled else max(0.0, due_s(world) - world.t_s)
