"""What drives the site from outside: the voltage of each grid, and its own protection against shorts."""

from __future__ import annotations

from winter_river.engine import events
from winter_river.engine.equipment.utility import utility_emf
from winter_river.engine.plan import BREAKER_MAIN, Plan
from winter_river.engine.protection import BACKUP
from winter_river.engine.shorts import backup_s
from winter_river.engine.world import World


def drive(plan: Plan, w: World, k: int) -> None:
    """Takes the voltage of a utility from its node, its malfunctions and its own breaker."""
    r = plan.utilities[k]
    island = w.islands[r.island]
    emf = utility_emf(w.nodes[r.node], w.utilities[k])
    if emf != island.emf:
        island.emf = emf
        island.dirty = True
        w.rewire = True


def run_utilities(plan: Plan, w: World) -> bool:
    """Opens a grid on a short that nobody in the site clears; only a reset brings it back. True where one opened."""
    changed = False
    if w.t_s < w.backup_due_s:
        return changed
    for k in range(len(plan.utilities)):
        r = plan.utilities[k]
        if w.t_s >= backup_s(plan, w, r.island) and not w.utilities[k].tripped:
            w.utilities[k].tripped = changed = True
            events.emit(plan, w, r.node, events.TRIP, BREAKER_MAIN, BACKUP, w.islands[r.island].told)
            drive(plan, w, k)
    return changed
