"""What rises by itself once it has begun: rectifiers that walk in, fans that run up.

Their steps depend on nothing but the time, so they are taken before the flow: one pass of settling is enough then, where
whoever steps after the flow makes another one necessary.
"""

from __future__ import annotations

from winter_river.engine.equipment.cooling import run_up
from winter_river.engine.equipment.ups import walk_in
from winter_river.engine.plan import Plan
from winter_river.engine.world import World


def run_ramps(plan: Plan, w: World) -> None:
    """Takes the steps that are due. One whose supply is lost at this very instant steps too, and then stops."""
    for u in w.upses:
        walk_in(u, plan.calibration, w.t_s)
    for m in w.coolings:
        if m.running:
            run_up(m, plan.calibration, w.t_s)
