"""Failures, repairs and visits: when they are, and what they change. Hot text."""

from __future__ import annotations

import math

from winter_river.engine.inputs import break_at_once, refuel
from winter_river.engine.plan import GENERATOR as GENERATOR_KIND
from winter_river.engine.plan import Plan
from winter_river.engine.world import World
from winter_river.study.books import begin_books
from winter_river.study.rates import BATTERY, CLOCK, RUN, START, TRANSFER
from winter_river.study.story import BROKEN, LATENT, NOBODY, REFUEL, RESET, SOUND, UNKNOWN_S, SignRow, Story
from winter_river.study.stream import exponential, stream, uniform
from winter_river.study.watch import CRANKING, GENERATOR, IDLE, INPUT, LATCH, RUNNING, SOURCE

FAILS, FAILS_TO_START, STAYS = 1, 2, 4  # what a device reports, as bits


def begin_world(s: Story) -> None:
    """The long run's mix of sound and broken: exact, because repairs have no memory."""
    begin_books(s)
    for k in range(len(s.failures)):
        f = s.failures[k]
        s.streams[k] = stream(s.seed, s.worlds[s.world - s.world_first], s.numbers[k])
        if f.share_down > 0.0:
            if uniform(s.streams, k) < f.share_down:
                f.state = BROKEN
                _toggle(s, k)
            f.at_s = exponential(s.streams, k, f.mean_down_s if f.state == BROKEN else f.mean_up_s)
    for r in s.signs:
        r.shows = r.first
    s.now_s, s.rest, s.fault_set, s.held, s.wait = 0.0, s.first_rest, 0, False, NOBODY


def _toggle(s: Story, k: int) -> None:
    """A failure is there or gone: the set of what is broken is looked up when the next passage begins."""
    s.toggled[s.toggled_count] = k
    s.toggled_count += 1


def draw_demands(s: Story) -> None:
    """Decides how the next demand of each idle device ends, once; it shows when the demand comes."""
    for k in s.demands:
        f = s.failures[k]
        if not f.drawn and f.state == SOUND and s.signs[f.demand].shows == IDLE:
            f.drawn = True
            if uniform(s.streams, k) < f.ratio:
                f.state = LATENT
                _toggle(s, k)


def happen(s: Story) -> None:
    """Failures, repairs and visits that are due now; s.acts are the visits."""
    s.acts_count, s.next_s = 0, UNKNOWN_S
    for k in range(len(s.failures)):
        f = s.failures[k]
        if f.at_s != s.now_s:
            continue
        if f.state != LATENT:
            _toggle(s, k)
        if f.state == BROKEN:
            f.state, f.drawn = SOUND, False
            mean_s = f.mean_up_s if f.kind == CLOCK or f.kind == BATTERY else math.inf
        else:
            f.state, mean_s = BROKEN, f.mean_down_s
        f.at_s = s.now_s + exponential(s.streams, k, mean_s) if mean_s < math.inf else math.inf
    if s.planned_count > 0:
        _visit(s)


def _visit(s: Story) -> None:
    """Who comes now. Whoever comes for a trip resets everything that is tripped and not under repair: one after
    the other, each reset would meet the whole load of a dual-cord site and trip again."""
    come = False
    for d in s.devices:
        come = come or d.reset_s <= s.now_s
    for k in range(len(s.devices) if come else 0):
        d = s.devices[k]
        if d.reset_s == math.inf:
            continue
        again_s = -math.inf
        for number in range(d.first, d.end):
            if s.failures[number].state == BROKEN:
                again_s = max(again_s, s.failures[number].at_s)
        # Taken back when the latch has gone; otherwise they come again.
        d.reset_s = again_s if again_s > -math.inf else s.now_s + s.reset_s
        if again_s == -math.inf:
            _act(s, RESET, k)
    for k in range(len(s.devices)):
        d = s.devices[k]
        if d.refuel_s <= s.now_s:
            _act(s, REFUEL, k)
            runs = s.signs[d.runs].shows == RUNNING
            d.refuel_s = s.now_s + s.refuel_s if runs else math.inf
            if not runs:
                s.planned_count -= 1


def _act(s: Story, kind: int, device: int) -> None:
    s.acts[s.acts_count] = kind * len(s.devices) + device
    s.acts_count += 1


def plan_by(s: Story, r: SignRow, at_s: float) -> None:
    """What a change of a sign means for the failures and the crews."""
    d = s.devices[r.device]
    s.next_s = UNKNOWN_S
    if r.what == LATCH:
        if (d.reset_s < math.inf) != (r.shows == 1):
            d.reset_s = at_s + s.reset_s if r.shows == 1 else math.inf
            s.planned_count += 1 if r.shows == 1 else -1
        return
    if r.what == GENERATOR and r.shows == RUNNING and d.refuel_s == math.inf:
        d.refuel_s = at_s + s.refuel_s
        s.planned_count += 1
    for k in range(d.first, d.end):
        f = s.failures[k]
        if f.kind == RUN and r.what == GENERATOR and f.state == SOUND:
            f.at_s = at_s + exponential(s.streams, k, f.mean_up_s) if r.shows == RUNNING else math.inf
        elif f.ratio > 0.0 and r.shows == CRANKING and r.what == _demand_of(f.kind):
            f.drawn = False
            if f.state == LATENT:
                f.state = BROKEN
                f.at_s = at_s + exponential(s.streams, k, f.mean_down_s)


def _demand_of(kind: int) -> int:
    """What shows a demand of a way of failing."""
    if kind == START:
        return GENERATOR
    return SOURCE if kind == TRANSFER else INPUT


def visit(plan: Plan, w: World, s: Story) -> None:
    """Lets those who came do their work in the engine's world."""
    for turn in range(s.acts_count):
        k = s.acts[turn] % len(s.devices)
        me = w.nodes[k]
        if s.acts[turn] < len(s.devices):
            me.resets += 1
            me.reset_due = True
        else:
            w.generators[plan.nodes[k].slot].refuels += 1
            refuel(plan, w, plan.nodes[k].slot)
        me.touched = w.touched = True


def report(plan: Plan, w: World, s: Story) -> bool:
    """Lets each node report in the engine's world what is broken now; True where anything is news."""
    news = False
    for k in range(len(s.devices)):
        d = s.devices[k]
        if d.first == d.end:
            continue
        words = _words(plan, s, k)
        if words != d.told:
            d.told = words
            break_at_once(plan, w, k, 0, broken=words & FAILS != 0)
            if plan.nodes[k].kind == GENERATOR_KIND:
                break_at_once(plan, w, k, 1, broken=words & FAILS_TO_START != 0)
            if d.picks:
                w.transfers[plan.boards[plan.nodes[k].slot].transfer].source_set = 1 if words & STAYS != 0 else 0
            news = True
    return news


def _words(plan: Plan, s: Story, k: int) -> int:
    """What a device would report."""
    d = s.devices[k]
    words = 0
    for number in range(d.first, d.end):
        f = s.failures[number]
        if f.state == SOUND:
            continue
        # What keeps a device dead has to be down; what shows on demand is in it from the draw on.
        if (
            f.state == BROKEN
            and (f.kind == CLOCK or f.kind == RUN)
            or f.kind == BATTERY
            and d.input != NOBODY
            and s.signs[d.input].shows == 1
        ):
            words |= FAILS
        elif f.kind == START:
            words |= FAILS_TO_START
        elif f.kind == TRANSFER:
            words |= STAYS
    return words


def keep(s: Story) -> None:
    """Notes how everything stands, before a passage that may turn out not to be told."""
    for k in range(len(s.failures)):
        f = s.failures[k]
        f.before_state, f.before_drawn, f.before_at_s = f.state, f.drawn, f.at_s
        s.before_streams[k] = s.streams[k]
    for d in s.devices:
        d.before_reset_s, d.before_refuel_s = d.reset_s, d.refuel_s
    s.before_planned_count = s.planned_count


def take_back(s: Story) -> None:
    """Everything stands as it was kept."""
    for k in range(len(s.failures)):
        f = s.failures[k]
        f.state, f.drawn, f.at_s = f.before_state, f.before_drawn, f.before_at_s
        s.streams[k] = s.before_streams[k]
    for d in s.devices:
        d.reset_s, d.refuel_s = d.before_reset_s, d.before_refuel_s
    s.planned_count, s.next_s = s.before_planned_count, UNKNOWN_S
