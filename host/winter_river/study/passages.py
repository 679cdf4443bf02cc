"""Passages from one rest of the site to the next: found and told again, or worked out by the engine. Hot text."""

from __future__ import annotations

from winter_river.engine.calm import is_unsettled
from winter_river.engine.plan import Plan
from winter_river.engine.step import advance
from winter_river.engine.world import World
from winter_river.study.acts import keep, plan_by, report, take_back, visit
from winter_river.study.books import book, has_room, planned_s
from winter_river.study.story import (
    ASKED,
    DEBT,
    LAWS,
    NOBODY,
    NOTHING,
    REST,
    RESTLESS,
    ROOM,
    SET,
    TROUBLE,
    WAIT,
    PassageRow,
    Story,
)
from winter_river.study.table import OWED_OF, REST_OF, SET_AFTER, WAY_AFTER, WAY_FROM, find, note
from winter_river.study.watch import LOAD, is_at_rest, sign_now, still_in_s

QUIET_S = 60.0  # with nothing due for so long it is worth asking whether the site is at rest
CHANGES_MAX = 100_000  # in one passage; more is a site that never comes to rest
HASH_BITS = 0x7FFFFFFF


def find_way(s: Story) -> int:
    """Finds the set of what is broken, and s.way: the passage that begins now, NOBODY where it is not to be remembered.

    NOTHING, or what it needs first."""
    while s.toggled_count > 0:
        after = find(s, SET_AFTER, s.fault_set, s.toggled[s.toggled_count - 1]) if s.fault_set != NOBODY else NOBODY
        if after == NOBODY:
            return SET
        s.fault_set = after
        s.toggled_count -= 1
    if s.fault_set == NOBODY:
        return SET
    s.way = NOBODY
    if s.remembers and s.rest != NOBODY:
        s.way = _way(s, WAY_FROM, s.rest, s.fault_set)
        for turn in range(s.acts_count):
            s.way = _way(s, WAY_AFTER, s.way, s.acts[turn])
        p = s.passages[s.way]
        if p.is_known and p.first == p.end and p.lasts_s == 0.0:
            return NOTHING
    if len(s.loads) == 0 or find(s, OWED_OF, 0, s.fault_set) != NOBODY:
        return NOTHING
    return DEBT


def _way(s: Story, kind: int, a: int, b: int) -> int:
    found = find(s, kind, a, b)
    if found == NOBODY:
        found = s.ways_count
        s.ways_count += 1
        s.passages[found].is_known = False
        note(s, kind, a, b, found)
    return found


def tell(s: Story) -> bool:
    """Tells the passage, or what of it comes before its last wait before the next act; False, and nothing has happened,
    where it is not known or the act comes before it waits."""
    if s.way == NOBODY:
        return False
    p = s.passages[s.way]
    if not p.is_known:
        return False
    if p.first == p.end:
        if planned_s(s) <= s.now_s + p.lasts_s:
            return _tell_to_wait(s, p)
    else:
        keep(s)
        _plan(s, p.first, p.end)
        if planned_s(s) <= s.now_s + p.lasts_s:
            _take_back(s)
            return _tell_to_wait(s, p)
        _book(s, p.first, p.end)
        for k in range(len(s.signs)):
            s.signs[k].shows = s.rest_signs[p.rest * len(s.signs) + k]
    s.rest, s.held = p.rest, False
    return True


def _plan(s: Story, first: int, end: int) -> None:
    """What these notes mean for the failures and the crews."""
    for k in range(first, end):
        r = s.signs[s.notes[k].sign]
        r.shows = s.notes[k].shows
        plan_by(s, r, s.now_s + s.notes[k].offset_s)


def _book(s: Story, first: int, end: int) -> None:
    """What these notes mean for the loads."""
    for k in range(first, end):
        r = s.signs[s.notes[k].sign]
        if r.what == LOAD:
            book(s, r.load, s.notes[k].shows == 1, s.now_s + s.notes[k].offset_s)


def _take_back(s: Story) -> None:
    """Everything stands as at the rest where the passage began."""
    take_back(s)
    for k in range(len(s.signs)):
        s.signs[k].shows = s.rest_signs[s.rest * len(s.signs) + k]


def _tell_to_wait(s: Story, p: PassageRow) -> bool:
    """Tells what comes before the last wait before the next act: the engine goes on from the world that was kept there."""
    for number in range(p.wait_end - 1, p.wait_first - 1, -1):
        x = s.waits[number]
        keep(s)
        _plan(s, p.first, x.note_end)
        if planned_s(s) > s.now_s + x.offset_s:
            _book(s, p.first, x.note_end)
            s.rest, s.held = NOBODY, False
            s.wait, s.stood_s = number, s.now_s + x.offset_s
            return True
        _take_back(s)
    return False


def _go(plan: Plan, w: World, dt_s: float) -> None:
    """Lets time pass. Nobody reads the events."""
    end_s = w.t_s + dt_s
    while not advance(plan, w, end_s):
        w.events_count = 0
    w.events_count = 0


def take_over(w: World, s: Story) -> None:
    """The engine's world was put where the story is: what the nodes told it is what they will tell first."""
    s.is_fetched = False
    s.zero_s = (s.now_s if s.wait == NOBODY else s.stood_s) - w.t_s
    s.wait = NOBODY
    for d in s.devices:
        d.told = NOBODY


def begin_passage(plan: Plan, w: World, s: Story) -> None:
    """Does in the engine's world what was done to the site."""
    # It stands at its last change, and nothing moves by itself until now.
    _go(plan, w, max(0.0, s.now_s - s.zero_s - w.t_s))
    s.begin_s = w.t_s
    visit(plan, w, s)
    report(plan, w, s)
    s.dt_s, s.rest = 0.0, NOBODY
    s.changes = 0
    s.computed += 1
    s.note_first, s.wait_first = s.notes_count, s.waits_count


def step_on(plan: Plan, w: World, s: Story) -> int:
    """Lets the engine go on until the next act (NOTHING) or to what looks like a rest (ASKED); or asks for something:
    WAIT, that the shell keeps its world and counts it among the waits, if it likes; LAWS, that it checks them."""
    while True:
        if not has_room(s, len(s.signs)):
            return ROOM
        _go(plan, w, s.dt_s)
        if w.trouble != 0:
            return TROUBLE
        if s.laws_every > 0 and not s.is_checked and s.changes % s.laws_every == 0:
            s.is_checked = True
            s.dt_s = 0.0  # when it comes back nothing is due any more
            return LAWS
        s.is_checked = False
        s.changes += 1
        if s.changes > CHANGES_MAX:
            return RESTLESS
        if _look(plan, w, s) and report(plan, w, s):
            s.dt_s = 0.0
            continue
        s.dt_s = 0.0 if is_unsettled(w) else max(0.0, w.due_s - w.t_s)
        if s.dt_s > QUIET_S and s.remembers and is_at_rest(plan, w, s):
            return ASKED
        if wait(plan, w, s):
            return NOTHING
        if s.dt_s > QUIET_S and s.way != NOBODY:
            x = s.waits[s.waits_count]
            x.offset_s, x.note_end = w.t_s - s.begin_s, s.notes_count
            return WAIT


def wait(plan: Plan, w: World, s: Story) -> bool:
    """Whether the next act comes before the next change."""
    if s.dt_s > QUIET_S and s.remembers:
        still_s = still_in_s(plan, w)
        if 0.0 < still_s < s.dt_s:
            s.dt_s = still_s
    return s.now_s + (w.t_s - s.begin_s) + s.dt_s >= planned_s(s)


def _look(plan: Plan, w: World, s: Story) -> bool:
    """Takes every sign that changed; True where any did."""
    changed = False
    offset_s = w.t_s - s.begin_s
    first, end = (0, len(s.signs)) if w.moved else (s.watched_first, s.watched_end)
    for k in range(first, end):
        r = s.signs[k]
        shows = sign_now(plan, w, r)
        if shows == r.shows:
            continue
        changed = True
        r.shows = shows
        if s.way != NOBODY:
            one = s.notes[s.notes_count]
            one.offset_s, one.sign, one.shows = offset_s, k, shows
            s.notes_count += 1
        plan_by(s, r, s.now_s + offset_s)
        if r.what == LOAD:
            book(s, r.load, shows == 1, s.now_s + offset_s)
    w.moved = False
    return changed


def ask_rest(s: Story) -> int:
    """Looks up the rest whose key is s.key: NOTHING where it is known, and s.rest its number; else REST."""
    h = s.key_count
    for k in range(s.key_count):
        h = (h * 31 + s.key[k]) & HASH_BITS
    turn = 0
    while True:
        found = find(s, REST_OF, h, turn)
        if found == NOBODY:
            return REST
        same = True
        for k in range(s.key_count):
            if s.rest_keys[found * len(s.key) + k] != s.key[k]:
                same = False
                break
        if same:
            s.rest = found
            return NOTHING
        turn += 1


def keep_rest(s: Story) -> None:
    """Takes the rest that was asked for under the next number; its world is kept by the shell."""
    h = s.key_count
    for k in range(s.key_count):
        h = (h * 31 + s.key[k]) & HASH_BITS
        s.rest_keys[s.rests_count * len(s.key) + k] = s.key[k]
    for k in range(len(s.signs)):
        s.rest_signs[s.rests_count * len(s.signs) + k] = s.signs[k].shows
    turn = 0
    while find(s, REST_OF, h, turn) != NOBODY:
        turn += 1
    note(s, REST_OF, h, turn, s.rests_count)
    s.rest = s.rests_count
    s.rests_count += 1


def forget(s: Story) -> None:
    """Empties the memory but for the rest of a healthy site, which is number 0."""
    for k in range(len(s.known)):
        s.known[k].kind = 0
    s.known_count = s.ways_count = s.notes_count = s.waits_count = 0
    s.is_full = False
    s.toggled_count, s.fault_set = 0, NOBODY
    if s.rests_count > 0:
        h = len(s.key)
        for k in range(len(s.key)):
            h = (h * 31 + s.rest_keys[k]) & HASH_BITS
        note(s, REST_OF, h, 0, 0)
        s.rests_count = 1


def end_passage(w: World, s: Story) -> None:
    """Remembers the passage where it led from a rest to a rest."""
    if s.way == NOBODY:
        return
    if s.rest == NOBODY:
        s.notes_count, s.waits_count = s.note_first, s.wait_first
        return
    p = s.passages[s.way]
    p.is_known = True
    p.first, p.end = s.note_first, s.notes_count
    p.wait_first, p.wait_end = s.wait_first, s.waits_count
    p.lasts_s, p.rest = w.t_s - s.begin_s, s.rest
