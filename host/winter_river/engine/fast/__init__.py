"""The engine compiled by numba, for large sites and long studies: the extra `fast`. The text is the engine's own.

site = compiled(plan)                   the first one of a version compiles for some seconds; then it is on the disk
world = site.new_world()                as engine.new_world; apply, step, view, snapshot as ever
many = site.worlds(1000, world)         many.step(1.0), many[k], many.take(k)
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from winter_river.engine.fast.worlds import Compiled
    from winter_river.engine.plan import Plan


def is_installed() -> bool:
    """Whether numba is there (make setup FAST=1)."""
    return importlib.util.find_spec("numba") is not None


def is_kept() -> bool:
    """Whether this version was compiled before, so that it only has to be fetched."""
    from winter_river.engine.fast import kernel

    return kernel.is_kept()


def prepare() -> None:
    """Compiles what one world needs, or fetches it: half a minute, or a tenth of a second."""
    from winter_river.engine.building import build_plan
    from winter_river.engine.equipment import Device
    from winter_river.engine.fast.worlds import Compiled
    from winter_river.engine.snapshot import snapshot
    from winter_river.engine.step import next_change_s, step

    plan = build_plan([Device("utility", "utility", (), {"voltage_v": 480.0})])
    site = Compiled(plan)
    world = site.restore(snapshot(plan, site.new_world()))
    step(plan, world, 1.0)
    next_change_s(plan, world)


def compiled(plan: Plan) -> Compiled:
    """The plan, its worlds to be stepped compiled. Raises RuntimeError where numba is missing."""
    if not is_installed():
        raise RuntimeError("numba is missing; cure: make setup FAST=1, or pip install 'winter-river[fast]'")
    from winter_river.engine.fast.worlds import Compiled  # here, because numba is an extra

    return Compiled(plan)
