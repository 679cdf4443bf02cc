"""Why something is as it is: the chain of causes behind an event, and what isolates a dead device; in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from winter_river.engine import events
from winter_river.engine.collapse import at_fault, heaviest, weakest
from winter_river.engine.plan import COOLING, NONE, SERVER, Plan, is_board
from winter_river.engine.shorts import shorted_bus
from winter_river.engine.words import STATE_WORDS
from winter_river.engine.world import FAULT_BIT, NEWTON_COLLAPSE, NEWTON_SHORT, SWEEP, World, is_tripped

STARTING, BETWEEN = "starting again", "between its two sources"  # no states of their own: no event begins them
_CONDITION_EVENTS = (events.WORDS[events.STATE], events.WORDS[events.PRESENCE])


class Isolation(NamedTuple):
    """What keeps a node dead: the open, failed or missing device, which may be the node itself, and its condition."""

    node_id: str
    by: str
    condition: str


def isolation(plan: Plan, world: World, node_id: str) -> Isolation | None:
    """What isolates a node; None while it delivers (a load: draws). Raises KeyError for an unknown node."""
    me = world.nodes[plan.index[node_id]]
    if me.live or me.blame == NONE:
        return None
    return Isolation(node_id, plan.nodes[me.blame].id, _condition(plan, world, me.blame))


def _condition(plan: Plan, w: World, node: int) -> str:
    """Why a device does not pass anything on: mostly its state, in the contract's word."""
    n, me = plan.nodes[node], w.nodes[node]
    if not me.present:
        return "absent"
    state = STATE_WORDS[n.type][me.state]
    if me.fault & FAULT_BIT:
        return state
    if any(is_tripped(w, breaker) for breaker in (n.breaker_1, n.breaker_2, n.breaker_3)):
        return "TRIPPED"
    if me.handle == 0 and me.supplied and n.kind in (SERVER, COOLING):
        return STARTING
    if is_board(n.kind) and me.handle == 0 and plan.boards[n.slot].transfer != NONE:
        return BETWEEN
    return state


def isolation_text(found: Isolation, since_s: float | None) -> str:
    """`dead because mv_switchgear_a is TRIPPED since 12.3 s`; since_s: None where the log does not reach back."""
    known = since_s is not None and found.condition not in (STARTING, BETWEEN)
    since = f" since {since_s:.1f} s" if known else ""
    who = "it is itself" if found.by == found.node_id else f"{found.by} is"
    return f"dead because {who} {found.condition}{since}"


def condition_since_s(log: Iterable[events.Event], node_id: str) -> float | None:
    """When a node came into its present condition; None when the log knows nothing of it."""
    return max(
        (event.t_s for event in log if event.node_id == node_id and event.event in _CONDITION_EVENTS), default=None
    )


def latest(log: Iterable[events.Event], node_id: str) -> events.Event | None:
    """The event that explains a node's present state: its last change of state, else its last event."""
    own = [event for event in log if event.node_id == node_id]
    changes = [event for event in own if event.event in _CONDITION_EVENTS]
    return max(changes or own, key=lambda event: event.id, default=None)


class Flow(NamedTuple):
    """How the flow of what a source drives is solved: solver is one of events.SOLVER_WORDS, "" where it has no answer.
    There, close to collapse and collapsed low gives way under load; of a short low is where it is; elsewhere they are "".
    """

    source: str
    solver: str
    low: str = ""
    load: str = ""
    collapsed: bool = False


def flows(plan: Plan, world: World) -> list[Flow]:
    """How the flow of every source that drives anything is solved, in plan order."""
    found = []
    for k, island in enumerate(world.islands):
        source, x = plan.nodes[plan.islands[k].node].id, world.wiring[k]
        if x.first == x.end:
            continue
        if not island.converged:
            low, load = at_fault(plan, world, k)
            found.append(Flow(source, "", plan.nodes[low].id, plan.nodes[load].id))
        elif island.solver == NEWTON_SHORT:
            short = shorted_bus(plan, world, k)
            where = plan.nodes[plan.buses[short].node].id if short != NONE else ""
            found.append(Flow(source, events.SOLVER_WORDS[island.solver], where))
        elif island.collapsed or island.solver == NEWTON_COLLAPSE:
            low, load = weakest(plan, world, k), heaviest(plan, world, k)
            word = events.SOLVER_WORDS[island.solver]
            found.append(Flow(source, word, plan.nodes[low].id, plan.nodes[load].id, island.collapsed))
        else:
            found.append(Flow(source, events.SOLVER_WORDS[island.solver]))
    return found


def flow_text(flow: Flow) -> str:
    """`that of u_a by Newton's method for its loops`; `that of u_a is not solved: far gives way under big`."""
    if not flow.solver:
        return f"that of {flow.source} is not solved: {flow.low} gives way under {flow.load}"
    if flow.solver == events.SOLVER_WORDS[NEWTON_SHORT]:
        return f"that of {flow.source} by Newton's method, for the short circuit at {flow.low or 'another source'}"
    if flow.low:
        how = "has collapsed" if flow.collapsed else "by Newton's method, close to collapse"
        return f"that of {flow.source} {how}: {flow.low} gives way under {flow.load}"
    by = "the sweep" if flow.solver == events.SOLVER_WORDS[SWEEP] else "Newton's method for its loops"
    return f"that of {flow.source} by {by}"


def chain(log: Mapping[int, events.Event], event: events.Event) -> list[events.Event]:
    """An event, its cause, the cause of that, back to the first, or as far as the log reaches.

    log: events by id. The last one has cause 0, or one that the log no longer has (or that came later, if a law is broken).
    """
    found = [event]
    while found[-1].cause in log and found[-1].cause < found[-1].id:
        found.append(log[found[-1].cause])
    return found
