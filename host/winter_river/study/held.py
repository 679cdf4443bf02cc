"""A study held to the ten laws, where somebody asks for it: it costs about as much as three steps of 24 nodes."""

from __future__ import annotations

from collections.abc import Sequence

from winter_river import engine


def hold_to_the_laws(plan: engine.Plan, world: engine.World, events: Sequence[engine.Event] = ()) -> None:
    """Raises RuntimeError, with the laws and the instant, where a settled world breaks any. events: of its last step."""
    broken = engine.laws.check(plan, world, events=events)
    if broken:
        raise RuntimeError(f"at {world.t_s:g} s the site breaks {'; '.join(broken)}")
