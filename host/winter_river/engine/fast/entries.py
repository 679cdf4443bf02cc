"""Where Python enters the compiled step. What these take are addresses of blocks and of tables of places (memory.py):
unpacking forty tables on the way in would cost more than stepping a small site."""

from __future__ import annotations

from winter_river.engine.connect import index_islands
from winter_river.engine.events import NO_TROUBLE
from winter_river.engine.fast import job
from winter_river.engine.fast.types import bytes_at, claimed, floats_at, plan_at, whole_at, world_at
from winter_river.engine.step import advance

WAITS_MAX = 10_000  # chosen: 0.1 ms, longer than a share takes; sleeping and waking take as long
WATCHES_MAX = 40_000  # chosen: 0.2 ms, longer than who steps in a loop needs between two steps
AFTER_YOU = 1000  # chosen: 5 us, in which who asked gets Python's lock; to wait for it, asleep, would take 50
SHARE = 8  # chosen: so many worlds a thread takes at a time; the others wait for it at the end, not longer than it


def is_changed(at: int, seen: int) -> bool:
    """Whether the number at an address is another one, or becomes it within a while."""
    changed, waits = False, 0
    while not changed and waits < WATCHES_MAX:
        waits += 1
        changed = claimed(at, 0) != seen
    return changed


def advance_one(plan: int, plan_places: int, world: int, world_places: int, end_s: float) -> bool:
    """step.advance of one world."""
    return advance(plan_at(plan, plan_places), world_at(world, world_places), end_s)


def index_one(plan: int, plan_places: int, world: int, world_places: int) -> None:
    """connect.index_islands of one world."""
    index_islands(plan_at(plan, plan_places), world_at(world, world_places))


def advance_some(at: int, hand: int) -> bool:
    """step.advance of worlds of one plan, each by its own time; several threads at once share them out. Whether all are done.

    at: where is what job.py says. A thread begins with its own part, which its core still knows from the step
    before, and ends with what is left of others'; then it waits a while for theirs, and lets the first go first.
    """
    given = whole_at(at, job.WORDS)
    if hand == 0:
        claimed(given[job.BELL], 1)
    p, places = plan_at(given[job.PLAN], given[job.PLAN_PLACES]), given[job.WORLD_PLACES]
    rows, hands = given[job.ROWS], given[job.HANDS]
    times, answers = floats_at(given[job.ENDS_S], rows), bytes_at(given[job.ANSWERS], rows)
    ours, not_done, counts = 0, 0, at + job.COUNTS_AT
    done_count = counts + job.APART * hands
    for other in range(hands):
        part = counts + job.APART * ((hand + other) % hands)
        last = claimed(part + job.PART_END, 0)
        begin = claimed(part, SHARE)
        while begin < last:
            end = min(begin + SHARE, last)
            for k in range(begin, end):
                w = world_at(given[job.FIRST] + k * given[job.BYTES], places)
                if given[job.GOES_ON] == 0:
                    times[k] = w.t_s + floats_at(given[job.STEPS_S] + (k + 1) * given[job.STEP_BYTES], 1)[0]
                answers[k] = job.DONE if advance(p, w, times[k]) else job.FULL
                if w.trouble != NO_TROUBLE:
                    answers[k] = job.IN_TROUBLE
                if answers[k] != job.DONE:
                    not_done += 1
            ours += end - begin
            begin = claimed(part, SHARE)
    claimed(done_count + job.UNFINISHED, not_done)
    claimed(done_count, ours)
    done, waits = False, 0
    while not done and waits < WAITS_MAX:
        waits += 1
        done = claimed(done_count, 0) == rows
    if hand > 0:
        for _ in range(AFTER_YOU):
            claimed(done_count, 0)
    return done
