"""One part of a site through the years of many worlds: failures, repairs and crews act, the engine follows.

Time goes from one change to the next. Between two acts of the study the site comes to rest; a passage from one rest to
the next is always the same when the same is done to it, so it is remembered and told again instead of being worked
out (passages.py). Told or worked out, the draws are the same.

Hot text (engine/world.py): it runs as it stands, or compiled by numba with the engine.
"""

from __future__ import annotations

from winter_river.engine.plan import Plan
from winter_river.engine.world import World
from winter_river.study.acts import begin_world, draw_demands, happen
from winter_river.study.books import end_world, has_room, planned_s
from winter_river.study.passages import (
    ask_rest,
    begin_passage,
    end_passage,
    find_way,
    step_on,
    take_over,
    tell,
    wait,
)
from winter_river.study.story import (
    ASKED,
    BEGIN,
    COMPUTE,
    KEPT,
    NEXT,
    NOBODY,
    NOTHING,
    PASS,
    REST,
    ROOM,
    STEP,
    WORLD,
    Story,
)


def run(plan: Plan, w: World, s: Story) -> int:
    """Goes on until all worlds have ended (NOTHING), or says what it needs from its shell (story.py)."""
    while True:
        if s.phase == BEGIN:
            if s.world == s.world_end:
                return NOTHING
            begin_world(s)
            draw_demands(s)
            s.phase = PASS
        elif s.phase == PASS:
            if s.is_full or not has_room(s, 0):
                return ROOM
            asks = find_way(s)
            if asks != NOTHING:
                return asks
            if s.way != NOBODY and not has_room(s, s.passages[s.way].end - s.passages[s.way].first):
                return ROOM
            s.phase = NEXT if tell(s) else COMPUTE
        elif s.phase == COMPUTE:
            if not s.held:
                s.held = s.is_fetched = True
                return WORLD
            if s.is_fetched:
                take_over(w, s)
            begin_passage(plan, w, s)
            s.phase = STEP
        elif s.phase == STEP:
            asks = step_on(plan, w, s)
            if asks == NOTHING:
                s.phase = KEPT
            elif asks == ASKED:
                s.phase = ASKED
            else:
                return asks
        elif s.phase == ASKED:
            if ask_rest(s) != NOTHING and not s.is_full:
                return REST  # the shell keeps its world and calls keep_rest, or says that the memory is full
            s.phase = STEP if s.rest == NOBODY and not wait(plan, w, s) else KEPT
        elif s.phase == KEPT:
            end_passage(w, s)
            s.phase = NEXT
        else:
            s.now_s = planned_s(s)
            if s.now_s < s.end_s:
                happen(s)
                draw_demands(s)
                s.phase = PASS
            elif not has_room(s, 0):
                return ROOM
            else:
                end_world(s)
                s.world += 1
                s.phase = BEGIN
