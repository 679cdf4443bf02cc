"""What a study writes down of the worlds: spells of darkness, what they are owed to, and when the next act is. Hot text."""

from __future__ import annotations

import math

from winter_river.study.story import NOBODY, SOUND, UNKNOWN_S, Story
from winter_river.study.table import OWED_OF, find


def has_room(s: Story, notes: int) -> bool:
    """Whether everything that a passage may add to the tables has its place. notes: how many signs it may change."""
    entries = s.toggled_count + s.acts_count + 2
    return (
        2 * (s.known_count + entries) < len(s.known)
        and s.ways_count + entries < len(s.passages)
        and s.notes_count + notes < len(s.notes)
        and s.waits_count + 1 < len(s.waits)
        and s.own_count + notes < len(s.own)
        and s.shares_count + notes + len(s.loads) < len(s.shares)
        and s.spells_count + s.own_count + s.before_count - s.before_at < len(s.spells)
    )


def planned_s(s: Story) -> float:
    """When the next failure, repair or visit is."""
    if s.next_s == UNKNOWN_S:
        s.next_s = _soonest_s(s)
    return s.next_s


def _soonest_s(s: Story) -> float:
    at_s = math.inf
    for f in s.failures:
        at_s = min(at_s, f.at_s)
    if s.planned_count > 0:
        for d in s.devices:
            at_s = min(at_s, d.reset_s, d.refuel_s)
    return at_s


def book(s: Story, k: int, live: bool, at_s: float) -> None:
    """Opens or closes a spell of darkness of a load. What happens after the end of the world is not counted."""
    load = s.loads[k]
    if at_s >= s.end_s:
        return
    if not live:
        load.dark, load.since_s = True, at_s
        load.owed = find(s, OWED_OF, k, s.fault_set)
        if load.is_rack:
            s.racks_dark += 1
            if s.racks_dark == 1:
                s.dark_since_s = at_s
    elif load.dark:
        load.dark = False
        _close(s, k, at_s)


def _close(s: Story, k: int, at_s: float) -> None:
    load = s.loads[k]
    lasts_s = at_s - load.since_s
    place = (s.world - s.world_first) * (len(s.loads) + 1) + k
    s.down_s[place] += lasts_s
    if load.since_s > 0.0:
        s.begun[place] += 1  # what was dark at the beginning began before it
    o = s.owed[load.owed]
    if o.until != s.world + 1:
        o.until, o.share = s.world + 1, s.shares_count
        share = s.shares[o.share]
        share.world, share.owed, share.seconds = s.world, load.owed, 0.0
        s.shares_count += 1
    s.shares[o.share].seconds += lasts_s
    if load.is_rack:
        s.racks_dark -= 1
        if s.racks_dark == 0:
            spell = s.own[s.own_count]
            spell.world, spell.begin_s, spell.end_s = s.world, s.dark_since_s, at_s
            s.own_count += 1


def end_world(s: Story) -> None:
    """Closes what is open, and joins the spells in which a rack was dark with those of the parts that ran before."""
    for k in range(len(s.loads)):
        if s.loads[k].dark:
            s.loads[k].dark = False
            _close(s, k, s.end_s)
    place = (s.world - s.world_first) * (len(s.loads) + 1) + len(s.loads)
    own, first = 0, s.spells_count
    while own < s.own_count or (s.before_at < s.before_count and s.before[s.before_at].world == s.world):
        mine = own < s.own_count
        if mine and s.before_at < s.before_count and s.before[s.before_at].world == s.world:
            mine = s.own[own].begin_s <= s.before[s.before_at].begin_s
        if mine:
            begin_s, end_s = s.own[own].begin_s, s.own[own].end_s
            own += 1
        else:
            begin_s, end_s = s.before[s.before_at].begin_s, s.before[s.before_at].end_s
            s.before_at += 1
        last = s.spells[max(s.spells_count - 1, 0)]
        if s.spells_count > first and begin_s <= last.end_s:
            last.end_s = max(last.end_s, end_s)  # spells that touch are one
        else:
            spell = s.spells[s.spells_count]
            spell.world, spell.begin_s, spell.end_s = s.world, begin_s, end_s
            s.spells_count += 1
    for k in range(first, s.spells_count):
        s.down_s[place] += s.spells[k].end_s - s.spells[k].begin_s
        if s.spells[k].begin_s > 0.0:
            s.begun[place] += 1
    s.own_count = 0


def begin_books(s: Story) -> None:
    """Nothing is dark, nobody is called, nothing is broken."""
    for load in s.loads:
        load.dark = False
    for d in s.devices:
        d.reset_s = d.refuel_s = math.inf
        d.told = NOBODY
    for f in s.failures:
        f.state, f.drawn, f.at_s = SOUND, False, math.inf
    s.next_s = UNKNOWN_S
    s.planned_count = s.toggled_count = s.acts_count = s.own_count = s.racks_dark = 0
