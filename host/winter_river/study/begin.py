"""How the worlds of a study begin: from snapshots, and compiled where that is asked for."""

from __future__ import annotations

import functools
from collections.abc import Callable

from winter_river import engine
from winter_river.engine import fast

Begin = Callable[[engine.Snapshot], engine.World]


def beginner(plan: engine.Plan, *, compiled: bool) -> Begin:
    """What makes a world of this plan from a snapshot. compiled: stepped by numba, to the same bits; it must be there."""
    return fast.compiled(plan).restore if compiled else functools.partial(engine.restore, plan)
