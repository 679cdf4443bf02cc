"""The step: inputs -> connect -> flow -> control -> protect until still, then events, then time.

What takes no time (settling) is apart from what does. A step is split at every instant at which something
changes by itself, so its length only decides how often somebody looks.
"""

from __future__ import annotations

from winter_river.engine import events
from winter_river.engine.calm import is_unsettled
from winter_river.engine.connect import connect
from winter_river.engine.control import control
from winter_river.engine.flow import draw, solve
from winter_river.engine.followers import draw_followers, run_profiles, store_all
from winter_river.engine.heat import run_transformers
from winter_river.engine.inputs import run_malfunctions, take_inputs
from winter_river.engine.meters import book
from winter_river.engine.plan import Plan
from winter_river.engine.protection import protect, watch_shorts
from winter_river.engine.ramps import run_ramps
from winter_river.engine.sets import run_sets
from winter_river.engine.states import tell_all
from winter_river.engine.units import NEVER_S
from winter_river.engine.world import World

# Chosen: each pass of settling moves something for good (a trip, a mode, a position), so its length is bounded by the
# number of devices; more is a loop of ours.
PASSES_MIN = 100
STUCK_MAX = 1000  # chosen: settlings in a row at one instant; more is a delay of ours that never runs out


def settle(plan: Plan, w: World) -> None:
    """Brings the world to rest at this instant, or sets w.trouble."""
    w.first_event = w.next_event
    w.calm = not w.unsettled
    for x in w.wiring:
        x.solved = False
    if w.breaker_due_s <= w.t_s:
        protect(plan, w)  # by what flowed up to now: before what lets go at this very instant
    run_malfunctions(plan, w)
    if w.touched:
        take_inputs(plan, w)
    w.moved = w.moved or not w.calm
    run_profiles(plan, w)
    run_ramps(plan, w)
    passes = PASSES_MIN + 10 * len(plan.nodes)
    settled = False
    while not settled and passes > 0:
        passes -= 1
        if w.rewire:
            w.rewire = False
            w.moved = True
            w.calm = False
            connect(plan, w)
        draw(plan, w)
        draw_followers(plan, w)
        solve(plan, w)
        settled = not control(plan, w) and not protect(plan, w)
        w.moved = w.moved or not settled
    if not settled:
        w.trouble = events.UNSETTLED
    watch_shorts(plan, w)
    store_all(plan, w)
    run_sets(plan, w)
    if plan.reports:
        run_transformers(plan, w)
        tell_all(plan, w)
        book(plan, w)
    w.due_s = due_s(w)
    w.unsettled = False


def due_s(w: World) -> float:
    """The next instant at which something changes by itself, NEVER_S where nothing will."""
    at_s = pending_s(w)
    for o in w.transformers:
        at_s = min(at_s, o.due_s)
    for g in w.generators:
        at_s = min(at_s, g.due_s)
    return at_s


def pending_s(w: World) -> float:
    """The same without what a site at rest may still have before it (study/watch.py): that the oil of a transformer,
    which only warns, gets warm, and that a set runs out of fuel or goes through its modes."""
    at_s = min(w.malfunction_due_s, w.profile_due_s, w.server_due_s, w.breaker_due_s, w.backup_due_s)
    for o in w.transformers:
        at_s = min(at_s, o.tap_s)
    for h in w.rooms:
        at_s = min(at_s, h.due_s)
    for x in w.transfers:
        at_s = min(at_s, x.due_s)
    for g in w.generators:
        at_s = min(at_s, g.machine_due_s)
    for u in w.upses:
        at_s = min(at_s, u.due_s)
    for m in w.coolings:
        at_s = min(at_s, m.due_s)
    for f in w.followers:
        at_s = min(at_s, f.back_s)
    for e in w.storages:
        at_s = min(at_s, e.edge_s, e.heat_s)
    return at_s


def advance(plan: Plan, w: World, end_s: float) -> bool:
    """Settles what was applied, then lets time pass to end_s, from change to change.

    False where it stops short because the events must be taken first; w.trouble ends it.
    """
    if is_unsettled(w):
        settle(plan, w)
    stuck = 0
    while w.due_s <= end_s and w.trouble == events.NO_TROUBLE:
        if events.is_filling(w):
            return False
        stuck = 0 if w.due_s > w.t_s else stuck + 1
        if stuck > STUCK_MAX:
            w.trouble = events.STUCK
            return True
        w.t_s = max(w.t_s, w.due_s)
        settle(plan, w)
    if w.trouble == events.NO_TROUBLE:
        w.t_s = end_s
    return True


def step(plan: Plan, world: World, dt_s: float) -> list[events.Event]:
    """Settles what was applied, lets dt_s seconds pass, and gives the events in their order.

    dt_s: >= 0; 0 only settles. What falls due exactly at the end happens in this step.
    Raises ValueError for a negative or infinite dt_s, RuntimeError where the world does not come to rest.
    """
    if not 0.0 <= dt_s < NEVER_S:
        raise ValueError(f"dt_s is {dt_s}; a finite number of seconds, not negative")
    end_s = world.t_s + dt_s
    found: list[events.Event] = []
    done = False
    while not done:
        done = world.machine.advance(world, end_s) if world.machine else advance(plan, world, end_s)
        found += events.take(plan, world)
        events.check(world, len(found))
    return found


def next_change_s(plan: Plan, world: World) -> float:
    """Seconds until something changes by itself: 0 when inputs wait to be settled, math.inf when nothing will."""
    if is_unsettled(world):
        return 0.0
    return max(0.0, world.due_s - world.t_s)
