"""The live site as an exercise plays on it: with nodes of this machine that lose their power or their radio.

What runs elsewhere, and the broker, a person has to take away: the pages then say what to do by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from winter_river.scenario import ByHand
from winter_river.site import NO_PARAMS, Ack
from winter_river.web.plant import Nodes, Plant

if TYPE_CHECKING:
    from winter_river.engine import Event, Isolation
    from winter_river.facility import Facility
    from winter_river.scenario.looking import Sight


class ExerciseSite:
    """A Site whose nodes can be taken away (scenario.playing.Disturbable)."""

    def __init__(self, plant: Plant, ask: Callable[[ByHand], object]) -> None:
        """ask: told what somebody has to do by hand."""
        self._site, self._fleet, self._ask = plant.site.through("exercise"), plant.fleet, ask

    @property
    def facility(self) -> Facility:
        """What is running."""
        return self._site.facility

    @property
    def t_s(self) -> float:
        """Seconds since the run began, by the engine's time."""
        return self._site.t_s

    def send(self, node_id: str, verb: str, params: Mapping[str, object] = NO_PARAMS, *, by: str = "") -> Ack:
        """Asks a node and waits for its answer. What a scenario does its author has confirmed by writing it."""
        return self._site.send(node_id, verb, params, by=by, confirmed=True)

    def view(self, node_id: str) -> Mapping[str, object]:
        """The contract's view fields of a node with its type and status word."""
        return self._site.view(node_id)

    def sight(self) -> Sight:
        """All of it at one moment."""
        return self._site.sight()

    def isolation(self, node_id: str) -> Isolation | None:
        """What keeps a node dead; None while it is live."""
        return self._site.isolation(node_id)

    def events(self, since_id: int = 0) -> Sequence[Event]:
        """The events with ids above since_id, oldest first."""
        return self._site.events(since_id)

    def advance(self, seconds: float) -> None:
        """Waits until that much engine time has passed."""
        self._site.advance(seconds)

    def remove(self, node_id: str) -> None:
        """Pulls a node's plug."""
        self._disturb(node_id, lambda fleet: fleet.kill(node_id), f"Unplug {node_id}")

    def insert(self, node_id: str) -> None:
        """Plugs it in again; one that has power is left alone."""
        if self._fleet is not None and self._fleet.runs(node_id):
            self._fleet.power_on(node_id)

    def freeze_node(self, node_id: str) -> None:
        """Silences a node."""
        self._disturb(node_id, lambda fleet: fleet.freeze(node_id), f"Take {node_id} off the Wi-Fi")

    def thaw_node(self, node_id: str) -> None:
        """Lets it speak again."""
        self._disturb(node_id, lambda fleet: fleet.thaw(node_id), f"Put {node_id} back")

    def lose_broker(self) -> None:
        """The broker may be anybody's, and the run ends with ours: a person stops it."""
        self._ask(ByHand("Stop the broker"))

    def return_broker(self) -> None:
        """See lose_broker."""
        self._ask(ByHand("Start the broker again"))

    def _disturb(self, node_id: str, act: Callable[[Nodes], None], by_hand: str) -> None:
        # Not whether it has power: what was asked of the fleet before may still be on its way.
        if self._fleet is not None and self._fleet.runs(node_id):
            act(self._fleet)
        else:
            self._ask(ByHand(by_hand))
