"""Where Python enters the compiled text of a study; what these take are addresses (engine/fast/entries.py)."""

from __future__ import annotations

from winter_river.engine.connect import index_islands
from winter_river.engine.fast.types import plan_at, world_at
from winter_river.study import passages, table, years
from winter_river.study.holder import story_at


def index_one(plan: int, plan_places: int, world: int, world_places: int) -> None:
    """connect.index_islands of one world."""
    index_islands(plan_at(plan, plan_places), world_at(world, world_places))


def run(plan: int, plan_places: int, world: int, world_places: int, story: int, story_places: int) -> int:
    """years.run."""
    return years.run(plan_at(plan, plan_places), world_at(world, world_places), story_at(story, story_places))


def keep_rest(story: int, story_places: int) -> None:
    """passages.keep_rest."""
    passages.keep_rest(story_at(story, story_places))


def forget(story: int, story_places: int) -> None:
    """passages.forget."""
    passages.forget(story_at(story, story_places))


def rehash(story: int, story_places: int) -> None:
    """table.rehash."""
    table.rehash(story_at(story, story_places))


def note(story: int, story_places: int, kind: int, a: int, b: int, value: int) -> None:
    """table.note."""
    table.note(story_at(story, story_places), kind, a, b, value)
