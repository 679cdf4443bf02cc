"""What scenarios, the terminal view and tests talk to: a running site, simulated or live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from winter_river.engine import Event, Isolation
    from winter_river.facility import Facility

NO_PARAMS: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Ack:
    """The answer to one command.

    id: the command's own id. result: done, rejected or failed. reason: a word of the contract, empty when done.
    applied: what the node read back after acting, in its own words.
    """

    id: str
    node_id: str
    result: str
    reason: str = ""
    applied: str = ""

    @property
    def done(self) -> bool:
        """Whether the node did what was asked."""
        return self.result == "done"


class Site(Protocol):
    """A facility that runs: send it commands, look at it, let its time pass."""

    @property
    def facility(self) -> Facility:
        """What is running."""

    @property
    def t_s(self) -> float:
        """Seconds since the run began, by the engine's time."""

    def send(self, node_id: str, verb: str, params: Mapping[str, object] = NO_PARAMS, *, by: str = "") -> Ack:
        """Ask a node to do something and wait for its answer.

        Live, silence ends in an Ack with result failed and reason expired. Raises ValueError for an unknown node.
        """

    def view(self, node_id: str) -> Mapping[str, object]:
        """The contract's view fields of a node with its type and status word; status `offline` when it is absent.

        Of `facility` and `weather` their own fields alone.
        """

    def isolation(self, node_id: str) -> Isolation | None:
        """What keeps a node dead, and in what condition that is; None while it is live."""

    def events(self, since_id: int = 0) -> Sequence[Event]:
        """The events with ids above since_id, oldest first, as far back as the log reaches."""

    def advance(self, seconds: float) -> None:
        """Let time pass: a simulation runs ahead, a live site waits."""


def newest_known(site: Site, last_id: int) -> int:
    """The last event of a site that was seen already, by its id: last_id, or a lower one where time was taken back."""
    if last_id > 0 and not site.events(last_id - 1):
        events = site.events()
        return events[-1].id if events else 0
    return last_id
