"""Events: what happened, when, to whom, and which event caused it. Numbers inside a step, words at its end."""

from __future__ import annotations

from typing import NamedTuple

from winter_wire import schema

from winter_river.engine.plan import BREAKER_WORDS, COOLING, SWITCHGEAR, NodePlan, Plan
from winter_river.engine.words import HANDLE_WORDS, STATE_WORDS, fault_text
from winter_river.engine.world import World

STATE, HANDLE, FAULT, PRESENCE, TRIP, TRANSFER, CRANK, OVERCRANK, LOW_BATTERY, BATTERY_EMPTY, NOT_SOLVED = range(11)
LOW_OIL, OVER_SPEED, STALL, MAX_RUN, STUCK_CLOSED, TOO_HOT, COOL_AGAIN = range(11, 18)
SETPOINT, AT_RESERVE, FULL, BLOCKED, TAP, OVERHEAT, OUT_OF_CLASS, OUT_OF_STEP, SHARES = range(18, 27)
SOLVER, NEAR_COLLAPSE, COLLAPSED, SHARES_REACTIVE, COLLAPSE_OVER, UNDERVOLTAGE, UNDERVOLTAGE_OVER = range(27, 34)
NO_COLD_START, SHORT_CIRCUIT, SHORT_OVER = range(34, 37)
WORDS = (
    "state",
    "handle",
    "fault",
    "presence",
    "trip",
    "transfer",
    "crank",
    "overcrank",
    "low_battery",
    "battery_empty",
    "not_solved",
    "low_oil",
    "over_speed",
    "stall",
    "max_run",
    "stuck",
    "too_hot",
    "cool_again",
    "setpoint",
    "at_reserve",
    "full",
    "blocked",
    "tap",
    "overheat",
    "out_of_class",
    "out_of_step",
    "shares",
    "solver",
    "near_collapse",
    "collapsed",
    "shares_reactive",
    "collapse_over",
    "undervoltage",
    "undervoltage_over",
    "no_cold_start",
    "short_circuit",
    "short_over",
)
POSITION_WORDS = ("open", "first", "second", "both")
BOTH = 3
SOLVER_WORDS = ("sweep", "newton_loops", "newton_collapse", "newton_short")
ELEMENT_WORDS = ("inverse_time", "short_time", "instantaneous", "overload", "nuisance", "fuse", "backup")
PRESENCE_WORDS = ("absent", "present")
W_PER_KW = 1000  # an event holds whole numbers: a setpoint in watts
EVENTS_MAX = 1_000_000  # chosen: of one step; more is a loop of ours, not a bad day

# Why a step stops short (w.trouble): the hot text cannot raise, so the edge does, in words.
NO_TROUBLE, UNSETTLED, STUCK, TOO_MANY = range(4)
TROUBLE_WORDS = (
    "",
    "the world does not settle",
    "time stands still",
    "there are more events at one instant than there is room for",
)


def room(nodes: int) -> int:
    """How many events a world of so many devices holds: chosen, twice what one instant was ever seen to make of each
    device when everything is done to all of them at once, and what may wait from before."""
    return 64 + 10 * nodes


def is_filling(w: World) -> bool:
    """Whether the edge should take the events before time goes on: what is left is room for one instant."""
    return w.events_count > len(w.events) // 5


class Event(NamedTuple):
    """One event. id rises by one from 1; cause is the id of the event that led to it, 0 for none."""

    id: int
    t_s: float
    node_id: str
    event: str
    from_: str
    to: str
    cause: int


def emit(plan: Plan, w: World, node: int, word: int, before: int, after: int, cause: int) -> int:
    """Notes one event of a device, which explains it from now on, and gives its id."""
    number = note(w, node, word, before, after, cause)
    me = w.nodes[node]
    me.last = number
    me.origin = number
    group = plan.nodes[node].group
    if w.first_by_group[group] < w.first_event:
        w.first_by_group[group] = number
    return number


def note(w: World, node: int, word: int, before: int, after: int, cause: int) -> int:
    """Notes one event that explains nothing but to who looks for it, and gives its id. Where there is no room left it is
    w.trouble, and the step fails."""
    number = w.next_event
    w.next_event = number + 1
    if w.events_count == len(w.events):
        w.trouble = TOO_MANY
        return number
    e = w.events[w.events_count]
    w.events_count += 1
    e.number, e.t_s, e.node, e.word, e.before, e.after, e.cause = number, w.t_s, node, word, before, after, cause
    return number


def group_cause(w: World, group: int) -> int:
    """What set this instant off in a connected part: its first event now, 0 when it was only the passing of time."""
    first = w.first_by_group[group]
    return first if first >= w.first_event else 0


def _words(plan: Plan, node: NodePlan, word: int, before: int, after: int) -> tuple[str, str]:
    kind = node.type
    if word == STATE:
        return STATE_WORDS[kind][before], STATE_WORDS[kind][after]
    if word == HANDLE:
        return HANDLE_WORDS[kind][before], HANDLE_WORDS[kind][after]
    if word == FAULT:
        return fault_text(kind, before), fault_text(kind, after)
    if word == PRESENCE:
        return PRESENCE_WORDS[before], PRESENCE_WORDS[after]
    if word == TRIP or word == STUCK_CLOSED:
        return BREAKER_WORDS[before], ELEMENT_WORDS[after]
    if word == TRANSFER or word == BLOCKED:
        return POSITION_WORDS[before], POSITION_WORDS[after]
    if word == CRANK:
        return "", str(after)
    if word == SETPOINT and node.kind == SWITCHGEAR:
        return schema.SOURCES[before], schema.SOURCES[after]
    if word == SETPOINT and node.kind == COOLING:
        return f"{before} fans", f"{after} fans"
    if word == SETPOINT:
        return f"{before / W_PER_KW:g} kW", f"{after / W_PER_KW:g} kW"
    if word == TAP:
        return f"{before:+d}", f"{after:+d}"
    if word == NO_COLD_START:  # of its charge: what it has, what it needs
        return f"{before / 10:g} %", f"{after / 10:g} %"
    if word == OUT_OF_CLASS:  # of the voltage: what its class allows, what it was
        return f"{before / 10:+g} %", f"{after / 10:+g} %"
    if word == SHARES:
        return "", f"first {before / W_PER_KW:.4g} kW, second {after / W_PER_KW:.4g} kW"
    if word == SHARES_REACTIVE:
        return "", f"first {before / W_PER_KW:.4g} kvar, second {after / W_PER_KW:.4g} kvar"
    if word == SOLVER:
        return SOLVER_WORDS[before], SOLVER_WORDS[after]
    if word in (NOT_SOLVED, NEAR_COLLAPSE, COLLAPSED, UNDERVOLTAGE):  # where the voltage gives way, and for which load
        return plan.nodes[before].id, plan.nodes[after].id
    if word == SHORT_CIRCUIT:  # where, and how much flows there
        return plan.nodes[before].id, f"{after} A"
    if word == UNDERVOLTAGE_OVER:
        return plan.nodes[before].id, ""
    return "", ""


def check(w: World, taken: int) -> None:
    """Raises RuntimeError for a step that stopped short, or one that made more than EVENTS_MAX events."""
    if w.trouble != NO_TROUBLE:
        raise RuntimeError(f"{TROUBLE_WORDS[w.trouble]}, at t = {w.t_s} s")
    if taken > EVENTS_MAX:
        raise RuntimeError(f"more than {EVENTS_MAX} events in one step, at t = {w.t_s} s")


def take(plan: Plan, w: World) -> list[Event]:
    """The events since the last call, in words."""
    taken = []
    for k in range(w.events_count):
        e = w.events[k]
        n = plan.nodes[e.node]
        from_, to = _words(plan, n, e.word, e.before, e.after)
        taken.append(Event(e.number, e.t_s, n.id, WORDS[e.word], from_, to, e.cause))
    w.events_count = 0
    return taken
