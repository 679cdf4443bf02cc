"""Where Python enters the compiled step. What these take are addresses of blocks and of tables of places (memory.py):
unpacking forty tables on the way in would cost more than stepping a small site."""

from __future__ import annotations

from winter_river.engine.connect import index_islands
from winter_river.engine.fast.types import bools_at, claimed, floats_at, plan_at, world_at
from winter_river.engine.step import advance, due_s

SHARE = 8  # chosen: so many worlds a thread takes at a time; the others wait for it at the end, not longer than it


def advance_one(plan: int, plan_places: int, world: int, world_places: int, end_s: float) -> bool:
    """step.advance of one world."""
    return advance(plan_at(plan, plan_places), world_at(world, world_places), end_s)


def due_one(world: int, world_places: int) -> float:
    """step.due_s of one world."""
    return due_s(world_at(world, world_places))


def index_one(plan: int, plan_places: int, world: int, world_places: int) -> None:
    """connect.index_islands of one world."""
    index_islands(plan_at(plan, plan_places), world_at(world, world_places))


def advance_some(
    plan: int,
    plan_places: int,
    first: int,
    apart: int,
    world_places: int,
    rows: int,
    end_s: int,
    done: int,
    taken: int,
    hand: int,
    hands: int,
) -> None:
    """step.advance of worlds of one plan, each to its own time; several threads at once share them out.

    first: the block of the first world; apart: bytes from each to the next. end_s, done: columns of all worlds, their
    times and what step.advance answers. taken: for each thread the world of its part that is taken next. A thread
    begins with its own part, which its core still knows from the step before, and ends with what is left of others'.
    """
    p = plan_at(plan, plan_places)
    times, answers = floats_at(end_s, rows), bools_at(done, rows)
    for other in range(hands):
        part = (hand + other) % hands
        last = rows * (part + 1) // hands
        begin = claimed(taken + 8 * part, SHARE)
        while begin < last:
            for k in range(begin, min(begin + SHARE, last)):
                answers[k] = advance(p, world_at(first + k * apart, world_places), times[k])
            begin = claimed(taken + 8 * part, SHARE)
