"""The switchgear: a bus with one incomer, or with two and the transfer between them (static: static_switch.py)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from winter_river.engine.equipment.closed_transition import OPENS, OVERLAP_S, OVERLAPS, how_to_leave, overlap_due_s
from winter_river.engine.equipment.table import (
    Combination,
    Equipment,
    Rating,
    breaker_ratings,
    feed_ratings,
    transfer_rating,
)
from winter_river.engine.units import ALWAYS_S, NEVER_S

if TYPE_CHECKING:
    from winter_river.engine.calibration import Calibration


def _combinations(ratings: Mapping[str, float]) -> tuple[Combination, ...]:
    if ratings["transfer"] > 0.0 and ratings["parallel"] > 0.0:
        return (("transfer", "sts takes one source at a time, but parallel is on"),)
    if ratings["transition"] > 0.0 and ratings["transfer"] > 0.0:
        return (("transition", "closed joins two sources, but transfer is sts, which never does"),)
    if ratings["transition"] > 0.0 and ratings["parallel"] > 0.0:
        return (("transition", "closed is for one source at a time, but parallel is on"),)
    return ()


SWITCHGEAR = Equipment(
    type="switchgear",
    ratings=(
        *breaker_ratings(),
        Rating("parallel", 0.0, 0.0, 1.0, "chosen: one source at a time; on: both mains closed", ("off", "on")),
        transfer_rating(
            source="chosen: a mechanical changeover; sts: a static switch, in milliseconds between two live sources"
        ),
        Rating(
            "transition",
            0.0,
            0.0,
            1.0,
            "chosen: break before make; closed: between two live sources in step it makes before it breaks",
            ("open", "closed"),
        ),
        *feed_ratings("feed", "the busway from its first source"),
        *feed_ratings("second_feed", "the busway from its second source"),
    ),
    feeds_min=1,
    feeds_max=2,
    fed_by=("utility", "transformer", "switchgear", "distribution", "generator", "ups", "meter"),
    combinations=_combinations,
)

OPEN, FIRST, SECOND, BOTH = range(4)  # position and target; BOTH: overlapping, on the way to its target
AUTO = 0  # source_set; FIRST and SECOND are its other values
LOST_PU = 0.85  # chosen with GOOD_PU: a source below this is lost
GOOD_PU = 0.90  # and good again from here: ITIC's steady band
APART_HZ = 0.5  # UFGS 26 33 53: two grids may be no further apart, or they are not one
# Chosen: frequency off by so much is a lost source, and good again inside; controllers have 85 to 98 % and some 2 % in.
LOST_HZ_PU, GOOD_HZ_PU = 0.05, 0.03


@dataclass(slots=True, frozen=True)
class BoardPlan:
    """A bus behind a breaker: switchgear, distribution, pdu. transfer, tie: its row there; NONE with one source."""

    node: int
    rated_pu: float
    transfer: int
    tie: int


@dataclass(slots=True, frozen=True)
class TransferPlan:
    """The two incomers of one switchgear. generator: what starts for the second one, NONE for another utility.
    static: by a static switch. closed: it may make before it breaks."""

    node: int
    generator: int
    static: bool
    closed: bool


@dataclass(slots=True, frozen=True)
class TiePlan:
    """Both mains of one switchgear closed: the second one, from feed_bus to bus by z, is where the loop is cut.
    utility_1, utility_2: the places of the utilities that it joins, NONE where both mains come from one node."""

    node: int
    feed_bus: int
    bus: int
    z: complex
    utility_1: int
    utility_2: int


@dataclass(slots=True)
class TransferState:
    """Two incomers. position, target: 0 open, 1 first, 2 second; source_set: 0 auto, 1 first, 2 second.

    fault_behind: of a static switch: an overcurrent locks it where it is. sync_s: since when it waits for its sources
    to be in step; position 3: on both, for the moment of a closed transition.
    """

    position: int = 1
    target: int = 1
    opened_s: float = ALWAYS_S
    closed_s: float = ALWAYS_S
    gap_s: float = 0.0
    source_set: int = 0
    first_ok: bool = True
    first_since_s: float = ALWAYS_S
    second_ok: bool = False
    second_since_s: float = ALWAYS_S
    fault_behind: bool = False
    sync_s: float = NEVER_S
    due_s: float = NEVER_S


@dataclass(slots=True)
class TieState:
    """closed: both mains carry. second: it alone feeds the bus.

    source_set: 0 both, 1 only the first, 2 only the second: from one to the other both are closed for an instant.
    """

    closed: bool = False
    second: bool = False
    source_set: int = 0


def watch_sources(x: TransferState, t_s: float, *, first_pu: float, second_pu: float) -> None:
    """Notes since when each source has been good or lost, with a dead band between."""
    first_ok = first_pu >= (LOST_PU if x.first_ok else GOOD_PU)
    if first_ok != x.first_ok:
        x.first_ok = first_ok
        x.first_since_s = t_s
    second_ok = second_pu >= (LOST_PU if x.second_ok else GOOD_PU)
    if second_ok != x.second_ok:
        x.second_ok = second_ok
        x.second_since_s = t_s
    if second_pu == 0.0 and not x.second_ok:
        x.second_since_s = ALWAYS_S  # dead: there is nothing to ride through


def fed_by(x: TransferState) -> int:
    """Which source the flow takes it to be on: in an overlap the one that it leaves, as the other takes next to nothing
    of the load in so short a time (engine/overlap.py tells what)."""
    return BOTH - x.target if x.position == BOTH else x.position


def first_is_lost(x: TransferState, c: Calibration, t_s: float) -> bool:
    return not x.first_ok and t_s >= x.first_since_s + c.source_bad_s


def second_is_lost(x: TransferState, c: Calibration, t_s: float) -> bool:
    """A dip is ridden through as on the first source; a dead one is left at once, for no load is on it any more."""
    return not x.second_ok and t_s >= x.second_since_s + c.source_bad_s


def second_is_ready(x: TransferState, c: Calibration, t_s: float, generator: bool) -> bool:
    """A running generator is ready at once (its run-up counted); another utility must have been good a while."""
    return x.second_ok and (generator or t_s >= x.second_since_s + c.source_good_s)


def wants_generator(x: TransferState, c: Calibration, t_s: float) -> bool:
    """Whether this switchgear keeps the start contact of its generator closed."""
    return first_is_lost(x, c, t_s) or SECOND in (x.source_set, x.position, x.target) or x.position == BOTH


def move(x: TransferState, t_s: float, *, position: int, gap_s: float = 0.0) -> None:
    """Takes a position; leaving one opens it for at least gap_s."""
    x.position = position
    if position == OPEN:
        x.opened_s = t_s
        x.gap_s = gap_s
    else:
        x.closed_s = t_s
        x.target = position


def transfer(
    x: TransferState,
    c: Calibration,
    t_s: float,
    *,
    locked: bool,
    generator: bool,
    coming: bool,
    closed: bool,
    stepped: bool,
) -> None:
    """Moves the two incomers by what watch_sources saw: break before make; both only where closed and in step.

    locked: opened by the operator, tripped, faulted or absent: both incomers open and stay so.
    generator: the second source is one. coming: it may still start, so the first incomer waits for it.
    closed: it may make before it breaks. stepped: its two sources are in step.
    """
    ready = second_is_ready(x, c, t_s, generator)
    # Leaving a live source takes longer: the residual voltage of its motors must decay.
    gap_s = c.gap_live_s
    if (x.position == FIRST and not x.first_ok) or (x.position == SECOND and not x.second_ok):
        gap_s = c.gap_dead_s
    to = x.position
    if locked:
        to = x.target = OPEN
    elif x.position == FIRST:
        to = _from_first(x, c, t_s, ready=ready, coming=coming)
    elif x.position == SECOND:
        back = x.first_ok and (x.source_set == FIRST or t_s >= x.first_since_s + c.retransfer_s)
        if second_is_lost(x, c, t_s) or (back and x.source_set != SECOND):
            to = FIRST if x.first_ok else OPEN
    elif x.position == BOTH:
        # A source that dies meanwhile ends it: the main of a dead one opens, the other keeps the load.
        there_ok = x.first_ok if x.target == FIRST else x.second_ok
        here_ok = x.second_ok if x.target == FIRST else x.first_ok
        if not here_ok or not there_ok or t_s >= x.closed_s + OVERLAP_S:
            move(x, t_s, position=x.target if there_ok else fed_by(x))
        return
    if to == x.position:
        x.sync_s = NEVER_S
    else:
        both_ok = x.first_ok and x.second_ok and to != OPEN
        how = how_to_leave(x, t_s, closed=closed, both_ok=both_ok, stepped=stepped, generator=generator)
        if how == OVERLAPS:
            move(x, t_s, position=BOTH)
            x.target = to
        elif how == OPENS:
            move(x, t_s, position=OPEN, gap_s=gap_s)
            x.target = to
    if x.position == OPEN and not locked:
        _close(x, c, t_s, ready=ready)


def _from_first(x: TransferState, c: Calibration, t_s: float, *, ready: bool, coming: bool) -> int:
    """Where a transfer on its first source goes."""
    lost = first_is_lost(x, c, t_s)
    if ready and (x.source_set == SECOND or (lost and x.source_set == AUTO)):
        return SECOND
    # With nothing to come: open, so that the load returns only to a source that has been good for a while.
    return OPEN if lost and not ready and not coming else FIRST


def _close(x: TransferState, c: Calibration, t_s: float, *, ready: bool) -> None:
    """Picks what to close on, and closes when the gap is over; a move under way is finished if its source is good."""
    going_on = (x.target == FIRST and x.first_ok) or (x.target == SECOND and ready)
    if not going_on:
        first_ready = x.first_ok and t_s >= x.first_since_s + c.source_good_s
        if ready and (x.source_set == SECOND or (x.source_set == AUTO and not x.first_ok)):
            x.target = SECOND
        elif first_ready:
            x.target = FIRST
        elif ready and x.source_set == AUTO:
            x.target = SECOND
        else:
            x.target = OPEN
    if x.target != OPEN and t_s >= x.opened_s + x.gap_s:
        move(x, t_s, position=x.target)


def transfer_due_s(x: TransferState, c: Calibration, t_s: float, *, locked: bool, generator: bool) -> float:
    """The next instant at which a delay of this transfer runs out; what is past has been acted on."""
    due = NEVER_S
    if not x.first_ok:
        due = _later(due, x.first_since_s + c.source_bad_s, t_s)
    elif not locked:
        if x.position == OPEN:
            due = _later(due, x.first_since_s + c.source_good_s, t_s)
        elif x.position == SECOND:
            due = _later(due, x.first_since_s + c.retransfer_s, t_s)
    if x.second_ok and not generator:
        due = _later(due, x.second_since_s + c.source_good_s, t_s)
    if x.position == SECOND and not x.second_ok:
        due = _later(due, x.second_since_s + c.source_bad_s, t_s)
    if x.position == BOTH:
        due = _later(due, x.closed_s + OVERLAP_S, t_s)
    due = min(due, overlap_due_s(x, t_s))
    if x.position == OPEN:
        due = _later(due, x.opened_s + x.gap_s, t_s)  # with nothing to close on as well: only then it is at rest
    return due


def _later(due_s: float, at_s: float, t_s: float) -> float:
    return at_s if t_s < at_s < due_s else due_s
