"""Where Python enters the compiled step. What these take are addresses of blocks and of tables of places (memory.py):
unpacking forty tables on the way in would cost more than stepping a small site."""

from __future__ import annotations

from winter_river.engine.connect import index_islands
from winter_river.engine.events import NO_TROUBLE
from winter_river.engine.fast.crew import APART, DONE, FULL, IN_TROUBLE
from winter_river.engine.fast.types import bytes_at, claimed, floats_at, plan_at, world_at
from winter_river.engine.step import advance

WAITS_MAX = 10_000  # chosen: 0.1 ms, longer than a share takes; sleeping and waking take as long
AFTER_YOU = 1000  # chosen: 5 us, in which who asked gets Python's lock; to wait for it, asleep, would take 50
SHARE = 8  # chosen: so many worlds a thread takes at a time; the others wait for it at the end, not longer than it


def advance_one(plan: int, plan_places: int, world: int, world_places: int, end_s: float) -> bool:
    """step.advance of one world."""
    return advance(plan_at(plan, plan_places), world_at(world, world_places), end_s)


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
    dt_s: int,
    end_s: int,
    ends: int,
    goes_on: int,
    taken: int,
    hand: int,
    hands: int,
) -> None:
    """step.advance of worlds of one plan, each by its own time; several threads at once share them out.

    first: the block of the first world; apart: bytes from each to the next. dt_s, end_s, ends: columns of all worlds: by
    how much, until when (goes_on: as it stands there, else it is put there), and how it ended: DONE, FULL, or IN_TROUBLE.
    taken: for each thread the world of its part that is taken next, and where the part ends; behind them how many worlds
    are done; each APART from the one before. A thread begins with its own part, which its core still knows from the step
    before, and ends with what is left of others'; then it waits a while for theirs, and lets the first go first.
    """
    p = plan_at(plan, plan_places)
    steps, times, answers = floats_at(dt_s, rows), floats_at(end_s, rows), bytes_at(ends, rows)
    ours, done_count = 0, taken + APART * hands
    for other in range(hands):
        part = (hand + other) % hands
        last = claimed(taken + APART * part + 8, 0)
        begin = claimed(taken + APART * part, SHARE)
        while begin < last:
            for k in range(begin, min(begin + SHARE, last)):
                w = world_at(first + k * apart, world_places)
                if goes_on == 0:
                    times[k] = w.t_s + steps[k]
                answers[k] = DONE if advance(p, w, times[k]) else FULL
                if w.trouble != NO_TROUBLE:
                    answers[k] = IN_TROUBLE
            ours += min(begin + SHARE, last) - begin
            begin = claimed(taken + APART * part, SHARE)
    claimed(done_count, ours)
    waits = 0
    while waits < WAITS_MAX and claimed(done_count, 0) < rows:
        waits += 1
    if hand > 0:
        for _ in range(AFTER_YOU):
            claimed(done_count, 0)
