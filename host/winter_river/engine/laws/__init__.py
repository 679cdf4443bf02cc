"""The ten laws of conservation and conduct, checked without the solver.

Everything is worked again from the ratings (ohms, volts, watts) and the solved voltages and currents: no flow, no
connect, no per-unit impedance is used, so a wrong base, a wrong branch or a stale solution shows.
"""

from __future__ import annotations

from collections.abc import Sequence

from winter_river.engine.events import Event
from winter_river.engine.laws.branches import Branch, closed_branches
from winter_river.engine.laws.conduct import Latches, conduct, latches, ranges, sets, transfers
from winter_river.engine.laws.currents import balance, dead_or_alive, kirchhoff, power_triangles, shorts
from winter_river.engine.laws.grids import grids
from winter_river.engine.laws.stores import arrays, batteries, energy, profiles, storages
from winter_river.engine.plan import Plan
from winter_river.engine.world import World

__all__ = ["Branch", "Latches", "check", "closed_branches", "latches"]


def check(plan: Plan, world: World, *, events: Sequence[Event] = (), before: Latches | None = None) -> list[str]:
    """The laws a settled world breaks, in words; [] when all ten hold.

    events: of the step that led here, to check that causes come before effects. before: latches() before it.
    """
    branches = closed_branches(plan, world)
    broken = [*dead_or_alive(plan, world, branches)]
    if not broken:
        broken += kirchhoff(plan, world, branches)
        broken += balance(plan, world, branches)
    broken += power_triangles(plan, world)
    broken += shorts(plan, world, branches)
    broken += batteries(plan, world, branches)
    broken += storages(plan, world, branches)
    broken += arrays(plan, world, branches)
    broken += profiles(plan, world)
    broken += grids(plan, world, branches)
    if plan.reports:  # without, nothing counts energy
        broken += energy(plan, world)
    broken += transfers(plan, world, branches)
    broken += sets(plan, world)
    broken += ranges(plan, world)
    broken += conduct(plan, world, events, before)
    return broken
