"""Breakers: inverse time by the IEC and IEEE curves, short time, instantaneous; and fuses in their place.

Several trips may be due at one instant; only the first is taken, then the network is solved again, because the
one that opened may have cleared the others' current. Of two at the same instant the one nearer the load goes
first, in each connected part: that is what selectivity means.
"""

from __future__ import annotations

from winter_river.engine import events
from winter_river.engine.calm import is_solved
from winter_river.engine.equipment import fuse as fuse_law
from winter_river.engine.equipment.malfunction import FAIL_TO_OPEN
from winter_river.engine.equipment.table import CURVES, GG
from winter_river.engine.equipment.ups import BYPASS
from winter_river.engine.plan import (
    BREAKER_BYPASS,
    BREAKER_INPUT,
    BREAKER_MAINS,
    NONE,
    UPS,
    BreakerPlan,
    Plan,
    is_board,
)
from winter_river.engine.shorts import GENERATOR_BACKUP_S, backup_s, shorted_bus
from winter_river.engine.units import NEVER_S, magnitude
from winter_river.engine.world import NEWTON_SHORT, BreakerState, World

# t = TMS (A / (M^p - 1) + B), M = current / pickup. IEEE C37.112 and IEC 60255-151, as printed in the manuals of
# the ABB REX610 and RED650. In the order of CURVES; the first leaves the element out.
CURVE_A = (0.0, 0.0515, 19.61, 28.2, 0.14, 13.5, 80.0, 120.0, 0.05)
CURVE_B = (0.0, 0.1140, 0.491, 0.1217, 0.0, 0.0, 0.0, 0.0, 0.0)
CURVE_P = (1.0, 0.02, 2.0, 2.0, 0.02, 1.0, 2.0, 1.0, 0.04)
# Above 20 times pickup the time stays that of 20 times. IEC 60255-151 lets the dependent time end at 20 times the
# setting; the ABB REB650 manual sets its tMin so "to fully comply with IEC curves definition", and the GE 745 manual
# (5.9) writes out both its IEC and its ANSI curves so.
FLAT_FROM = 20.0
# A disc returns in tr / (1 - M^2). IEC leaves resetting to the maker: chosen, as the IEEE curve of like steepness.
CURVE_RESET_S = (1.0, 4.85, 21.6, 29.1, 4.85, 21.6, 29.1, 21.6, 4.85)
NO_CURVE = CURVES.index("none")

INVERSE_TIME, SHORT_TIME, INSTANTANEOUS, OVERLOAD, NUISANCE, FUSE, BACKUP = range(7)  # what tripped
FULL = 1.0  # an integral that has run out: IEEE C37.112
NEARLY = 1.0 - 1e-9  # chosen: where an integral stops that was full at the instant another breaker cleared the current


def trip_s(curve: int, time_multiplier: float, multiple: float) -> float:
    """Seconds to trip at a constant multiple of pickup (of a fuse: of its rating); NEVER_S where it holds."""
    if curve == GG:
        return fuse_law.melt_s(multiple)
    if curve == NO_CURVE or multiple <= 1.0:
        return NEVER_S
    m = min(multiple, FLAT_FROM)
    return float(time_multiplier * (CURVE_A[curve] / (m ** CURVE_P[curve] - 1.0) + CURVE_B[curve]))


def heat_rate(b: BreakerPlan, current_pu: float) -> float:
    """Share of the trip per second: positive above pickup, negative (resetting) below."""
    if b.pickup_pu <= 0.0 or b.curve == NO_CURVE:
        return 0.0
    multiple = current_pu / b.pickup_pu
    if b.curve == GG:
        melt_s = fuse_law.melt_s(multiple)
        return 1.0 / melt_s if melt_s < NEVER_S else -fuse_law.cool_rate(multiple)
    if multiple > 1.0:
        return 1.0 / trip_s(b.curve, b.time_multiplier, multiple)
    return -(1.0 - multiple * multiple) / (b.time_multiplier * CURVE_RESET_S[b.curve])


def heat_now(s: BreakerState, t_s: float) -> float:
    return min(FULL, max(0.0, s.heat + s.rate * (t_s - s.since_s)))


def feel(b: BreakerPlan, s: BreakerState, t_s: float, current_pu: float) -> None:
    """Takes a new current: runs the integral up to now, and says when this breaker will trip if nothing changes."""
    s.current_pu = current_pu
    rate = heat_rate(b, current_pu)
    if rate != s.rate:
        heat = heat_now(s, t_s)
        s.heat = min(NEARLY, heat)
        s.rate = rate
        s.since_s = t_s
    s.short_s = _since(s.short_s, t_s, 0.0 < b.short_time_pu < current_pu)
    s.instant_s = _since(s.instant_s, t_s, 0.0 < b.instantaneous_pu < current_pu)
    due = min(s.short_s + b.short_time_delay_s, s.instant_s + b.instantaneous_delay_s)
    if rate > 0.0:
        due = min(due, s.since_s + (FULL - s.heat) / rate)
    s.due_s = due


def _since(since_s: float, t_s: float, above: bool) -> float:
    if not above:
        return NEVER_S
    return t_s if since_s == NEVER_S else since_s


def element_of(b: BreakerPlan, s: BreakerState, t_s: float) -> int:
    """Which element is due."""
    if b.curve == GG:
        return FUSE
    if t_s >= s.instant_s + b.instantaneous_delay_s:
        return INSTANTANEOUS
    return SHORT_TIME if t_s >= s.short_s + b.short_time_delay_s else INVERSE_TIME


def clear(s: BreakerState, t_s: float) -> None:
    """As after a reset: closed and cold."""
    s.tripped = False
    s.current_pu = s.heat = s.rate = 0.0
    s.since_s = t_s
    s.short_s = s.instant_s = s.due_s = NEVER_S


def _carries(plan: Plan, w: World, b: BreakerPlan) -> bool:
    """Whether the current of its bus is this breaker's: one cable leads to the input and the bypass of a UPS."""
    if b.role != BREAKER_INPUT and b.role != BREAKER_BYPASS:
        return True
    return (b.role == BREAKER_BYPASS) == (w.upses[plan.nodes[b.node].slot].path == BYPASS)


def _what_began(plan: Plan, w: World, b: BreakerPlan) -> int:
    """What a breaker is about to trip for: a short that its source has just been told to feed, else what set this instant
    off, else a short that is there already."""
    cause, k = events.group_cause(w, plan.nodes[b.node].group), w.island_of[b.bus]
    if k >= 0 and w.islands[k].solver == NEWTON_SHORT and (cause == 0 or w.islands[k].told >= w.first_event):
        return w.islands[k].told
    return cause


def feel_all(plan: Plan, w: World) -> float:
    """Gives every closed breaker whose current changed its new one, where that may run anything; the earliest instant at
    which one is due, which is kept too: with thousands of breakers it takes long to look."""
    earliest_s = NEVER_S
    for k in range(len(plan.breakers)):
        b, s = plan.breakers[k], w.breakers[k]
        if w.calm and not is_solved(w, b.bus):
            earliest_s = min(earliest_s, s.due_s)
            continue
        c = w.i[b.bus]
        quiet = s.due_s == NEVER_S and s.heat == 0.0 and s.rate <= 0.0 and not s.stuck
        if quiet and b.role != BREAKER_MAINS and c.real * c.real + c.imag * c.imag <= b.quiet_pu * b.quiet_pu:
            continue  # cold and below every pickup, before and after: nothing runs, and nobody asks for its current
        current_pu = magnitude(c)
        if b.role == BREAKER_MAINS:
            tie = plan.boards[plan.nodes[b.node].slot].tie
            current_pu = max(current_pu, magnitude(w.tie_current[tie]))
        if s.tripped or not _carries(plan, w, b):
            current_pu = 0.0
        if quiet and current_pu <= b.quiet_pu:
            continue
        was_due = s.due_s < NEVER_S
        if current_pu != s.current_pu:
            feel(b, s, w.t_s, current_pu)
        if not was_due and s.due_s < NEVER_S:
            s.cause = _what_began(plan, w, b)
        earliest_s = min(earliest_s, s.due_s)
    w.breaker_due_s = earliest_s
    return earliest_s


def protect(plan: Plan, w: World) -> bool:
    """Opens what is due now, at most one breaker in each connected part; True if any."""
    if feel_all(plan, w) > w.t_s:
        return False
    opened = False
    for group in range(plan.groups):
        w.group_opened[group] = False
    for k in range(len(plan.breakers) - 1, -1, -1):
        s = w.breakers[k]
        b = plan.breakers[k]
        if s.due_s <= w.t_s and not w.group_opened[plan.nodes[b.node].group]:
            element = element_of(b, s, w.t_s)
            may_jam = is_board(plan.nodes[b.node].kind) and b.curve != GG  # a link melts, whatever its switch does
            if may_jam and w.nodes[b.node].fault & FAIL_TO_OPEN != 0:
                s.due_s = NEVER_S
                if not s.stuck:
                    s.stuck = True
                    events.emit(plan, w, b.node, events.STUCK_CLOSED, b.role, element, s.cause)
                continue
            clear(s, w.t_s)
            s.tripped = True
            events.emit(plan, w, b.node, events.TRIP, b.role, element, s.cause)
            w.rewire = opened = w.group_opened[plan.nodes[b.node].group] = True
    if not opened:  # what was due is jammed
        feel_all(plan, w)
    return opened


def _is_held(plan: Plan, w: World, bus: int, by_s: float) -> bool:
    """Whether no breaker on the way from the source to a short is about to clear it, by then at the latest."""
    for k in range(len(plan.buses)):
        w.on_way[k] = False
    while bus >= 0:
        w.on_way[bus] = True
        bus = w.parent[bus]
    for k in range(len(plan.breakers)):
        due_s = w.breakers[k].due_s
        if w.on_way[plan.breakers[k].bus] and due_s < NEVER_S and due_s <= by_s:
            return False
    return True


def watch_shorts(plan: Plan, w: World) -> None:
    """Notes since when each source feeds a short that it has to clear itself."""
    if not w.shorted and w.backup_due_s == NEVER_S:
        return
    w.backup_due_s = NEVER_S
    for k in range(len(plan.islands)):
        island, bus = w.islands[k], shorted_bus(plan, w, k)
        by_s = NEVER_S
        if island.left_pu < 1.0:  # at its limit it can wait for no breaker that takes longer
            by_s = min(island.short_s, w.t_s) + GENERATOR_BACKUP_S
        held = (
            bus != NONE
            and island.converged
            and plan.nodes[plan.islands[k].node].kind != UPS  # an inverter goes by its overload table
            and _is_held(plan, w, bus, by_s)
        )
        if not held:
            island.short_s = NEVER_S
        elif island.short_s == NEVER_S:
            island.short_s = w.t_s
        w.backup_due_s = min(w.backup_due_s, backup_s(plan, w, k))
