"""Why a node is as it is: what isolates it, and the chain of causes back to the first."""

from collections.abc import Mapping
from dataclasses import dataclass

from winter_river.engine import Event, Isolation, explain
from winter_river.site import Site
from winter_river.ui import words


@dataclass(frozen=True, slots=True)
class Known:
    """What there is to know of a node. state: in the contract's word. log: the events of its site by id, as far back
    as there are any."""

    node_id: str
    state: str
    isolation: Isolation | None
    log: Mapping[int, Event]

    @property
    def chain(self) -> list[Event]:
        """The event that brought it there and each cause behind it, the first one last; [] when nothing is known."""
        event = explain.latest(self.log.values(), self.node_id)
        return [] if event is None else explain.chain(self.log, event)


def known_of(site: Site, node_id: str) -> Known:
    """All that a site can tell of a node now."""
    log = {event.id: event for event in site.events()}
    return Known(node_id, str(site.view(node_id)["state"]), site.isolation(node_id), log)


def why_lines(known: Known) -> list[str]:
    """The node with its state and what isolates it, then the event that brought it there and each cause behind it."""
    head = f"{known.node_id} [{known.state}]"
    if known.isolation is not None:
        since_s = explain.condition_since_s(known.log.values(), known.isolation.by)
        head += f" {explain.isolation_text(known.isolation, since_s)}"
    if not known.chain:
        return [head, "  nothing has happened to it, as far as the log reaches"]
    event, *causes = known.chain
    lines = [head, f"  {words.event_line(event)}", *(f"  because {words.event_line(cause)}" for cause in causes)]
    last = causes[-1] if causes else event
    if last.cause:
        lines.append(f"  because #{last.cause}, which is older than the log")
    return lines


def first_cause(log: Mapping[int, Event], node_id: str) -> Event | None:
    """Where the chain behind a node's present state begins; None where that is its own event, or nothing is known."""
    chain = Known(node_id, "", None, log).chain
    return None if not chain or chain[-1].node_id == node_id else chain[-1]
