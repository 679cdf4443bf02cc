"""Whether what is seen or done is what was wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from winter_wire import schema

from winter_river.scenario.model import COMMAND, SEE, Task, Want

if TYPE_CHECKING:
    from winter_river.scenario.conditions import Views
    from winter_river.scenario.records import Action, DoneDeed

Deeds = Mapping[tuple[str, int], "DoneDeed"]


def meets(want: Want, view: Mapping[str, object]) -> bool:
    """Whether a view, or the parameters of a command, show what is wanted.

    A number counts as equal where it is published the same.
    """
    seen = view.get(want.field)
    if isinstance(want.equals, (str, bool)):
        return seen == want.equals
    if isinstance(seen, bool) or not isinstance(seen, (int, float)):
        return False
    if want.equals is not None:
        decimals: int = schema.ROWS[want.field][2] if want.field in schema.ROWS else 3
        half: float = 0.5 * 10.0**-decimals
        return abs(seen - want.equals) <= half * (1 + 1e-9)
    return (want.low is None or seen >= want.low) and (want.high is None or seen <= want.high)


def next_deed(task: Task, action: Action, deeds: Deeds) -> tuple[int | None, bool]:
    """The first deed of a task that an action does and that was not done yet; and whether one like it was done."""
    repeated = False
    for place, deed in enumerate(task.deeds):
        if deed.kind == COMMAND:
            fits = deed.verb == action.verb and all(meets(want, action.params) for want in deed.params.values())
        else:
            fits = deed.kind == action.verb
        if fits and deed.node_id == action.node_id:
            if (task.id, place) not in deeds:
                return place, False
            repeated = True
    return None, repeated


def reached(task: Task, deeds: Deeds, views: Views) -> Iterator[int]:
    """The states of a task that are reached now.

    A state is looked at once the deed before it is done; where order does not matter, once all that is to be done is.
    """
    acts = [place for place, deed in enumerate(task.deeds) if deed.kind != SEE]
    acted = all((task.id, place) in deeds for place in acts)
    before = True
    for place, deed in enumerate(task.deeds):
        done = (task.id, place) in deeds
        if not done and deed.kind == SEE and (acted if task.any_order else before):
            done = deed.condition is not None and deed.condition.holds(views)
            if done:
                yield place
        before = done
