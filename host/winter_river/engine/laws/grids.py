"""What hangs on the frequency of a grid: who shows it, and who may work with it. From severities and ratings alone."""

from __future__ import annotations

from collections.abc import Iterator

from winter_river.engine import plan as p
from winter_river.engine.equipment import ups as ups_law
from winter_river.engine.laws.branches import Branch, severity
from winter_river.engine.plan import NONE, NodePlan, Plan
from winter_river.engine.view import view
from winter_river.engine.world import World

WIDEST = 0.15  # EN 50160: what a severity of 1 stands for
UPS_PU, FOLLOWER_PU = 0.05, (56.5 / 60.0 - 1.0, 62.0 / 60.0 - 1.0)
TINY_PU = 1e-9


def grids(plan: Plan, w: World, branches: dict[int, Branch]) -> Iterator[str]:
    """A utility's frequency is that of its malfunctions all over what it feeds; no rectifier and nothing that follows
    the grid works where it is out of its window."""
    off = {n.index: _off_pu(plan, w, n) for n in plan.nodes if n.kind == p.UTILITY}
    if not any(off.values()) and not any(u.off_pu for u in w.utilities):
        return
    for n in plan.nodes:
        source = _source(plan, n.bus_in, branches)
        if source not in off:
            continue
        if n.kind != p.UPS:
            expected_hz = plan.ratings[source]["frequency_hz"] * (1.0 + off[source])
            shown_hz = float(str(view(plan, w, n.id)["frequency_hz"]))
            if not abs(shown_hz - expected_hz) <= 1e-6:
                yield f"law 3: {n.id} has {shown_hz:g} Hz, its grid {expected_hz:g} Hz"
        elif w.upses[n.slot].rectifier >= ups_law.WALKING and not abs(off[source]) <= UPS_PU + TINY_PU:
            yield f"law 5: the rectifier of {n.id} works at {off[source]:+.3%} of its frequency"
        low, high = FOLLOWER_PU
        if n.kind in (p.BESS, p.PV) and not low - TINY_PU <= off[source] <= high + TINY_PU:
            yield f"law 5: {n.id} follows a grid that is off by {off[source]:+.3%}"


def _off_pu(plan: Plan, w: World, n: NodePlan) -> float:
    return WIDEST * (severity(plan, w, n, "frequency_high") - severity(plan, w, n, "frequency_low"))


def _source(plan: Plan, bus: int, branches: dict[int, Branch]) -> int:
    """The device whose voltage a bus has, NONE where it has none."""
    if bus not in branches:
        return NONE
    while branches[bus].parent != NONE:
        bus = branches[bus].parent
    return plan.buses[bus].node
