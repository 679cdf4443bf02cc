"""The laws of physics, checked on a live service without the solver. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from winter_wire import topics

from winter_river.engine import Event, Plan, World, laws

if TYPE_CHECKING:
    from winter_river.service.model import Work
    from winter_river.service.roster import Roster

# Checking the laws costs about 0.02 ms a node (measured: 0.5 ms for 24 nodes, 62 ms for 2,400). Larger sites are
# checked once a tick only: even those 2,400 nodes then spend 6 % of a core on it.
NODES_EACH_STEP_MAX = 200
NOTES_MAX = 20

latches = laws.latches


def broken(plan: Plan, world: World, found: Sequence[Event], before: laws.Latches) -> list[str]:
    """What does not hold after a step, with its numbers. found: the step's events; before: the latches before it."""
    return laws.check(plan, world, events=found, before=before)


def tell(text: str, work: Work, roster: Roster) -> None:
    """Counts a broken law and says the first few with their numbers. The run goes on: a class in front of a live
    site is better served by a figure that is shown as doubtful than by a dead service."""
    work.laws_broken += 1
    if work.laws_broken <= NOTES_MAX:
        roster.note(topics.ENGINE, f"law broken: {text}")
