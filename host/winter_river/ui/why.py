"""Why a node is as it is: what isolates it, and the chain of causes back to the first."""

from collections.abc import Mapping

from winter_river.engine import Event, Isolation, explain
from winter_river.ui import words


def why_lines(node_id: str, *, state: str, isolation: Isolation | None, log: Mapping[int, Event]) -> list[str]:
    """The node with its state and what isolates it, then the event that brought it there and each cause behind it.

    state: in the contract's word. log: events by id, as far back as there are any.
    """
    head = f"{node_id} [{state}]"
    if isolation is not None:
        head += f" {explain.isolation_text(isolation, explain.condition_since_s(log.values(), isolation.by))}"
    event = explain.latest(log.values(), node_id)
    if event is None:
        return [head, "  nothing has happened to it, as far as the log reaches"]
    events = explain.chain(log, event)
    lines = [head, f"  {words.event_line(events[0])}"]
    lines += [f"  because {words.event_line(cause)}" for cause in events[1:]]
    if events[-1].cause:
        lines.append(f"  because #{events[-1].cause}, which is older than the log")
    return lines


def first_cause(log: Mapping[int, Event], node_id: str) -> Event | None:
    """Where the chain behind a node's present state begins; None where that is its own event, or nothing is known."""
    event = explain.latest(log.values(), node_id)
    if event is None:
        return None
    first = explain.chain(log, event)[-1]
    return None if first.node_id == node_id else first
