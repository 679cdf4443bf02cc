"""Why an island has no solution: how much of its loads it could carry, where the voltage gives way, and for whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from winter_river.engine.network.islands import attempt
from winter_river.engine.network.model import Network
from winter_river.engine.network.topology import Island

HALVINGS = 10  # chosen: the share to a thousandth
SUSPECTS_MAX = 20  # chosen: the largest loads; each costs one solution


@dataclass(frozen=True, slots=True)
class Collapse:
    """share: of all the island's loads alike, what can be carried. bus, voltage_pu: the lowest one there. load: the
    place of the one whose absence would lift that bus most."""

    bus: int
    voltage_pu: float
    load: int
    share: float


def collapse(network: Network, island: Island) -> Collapse:
    """Finds it by cutting the loads of an island that is not solved until it is."""
    good, bad = 0.0, 1.0
    bus, lowest = island.joints[0], 1.0
    for _ in range(HALVINGS):
        share = 0.5 * (good + bad)
        found = _lowest(network, island, [load.power * share for load in network.loads])
        if found is None:
            bad = share
        else:
            good, (bus, lowest) = share, found
    load = _heaviest(network, island, good, bus)
    if good == 0.0 and load >= 0:  # the flat voltages of an empty network say nothing
        bus = next(draw.joint for draw in island.loads if draw.load == load)
    return Collapse(bus, lowest, load, good)


def _lowest(network: Network, island: Island, powers: Sequence[complex]) -> tuple[int, float] | None:
    _, v = attempt(network, island, powers)
    if v is None:
        return None
    return min(((joint, abs(v[joint])) for joint in island.joints), key=lambda one: one[1])


def _heaviest(network: Network, island: Island, share: float, bus: int) -> int:
    """The load whose absence lifts a bus most."""
    suspects = sorted(island.loads, key=lambda draw: -abs(network.loads[draw.load].power))[:SUSPECTS_MAX]
    lifted = []
    for suspect in suspects:
        powers = [load.power * share for load in network.loads]
        powers[suspect.load] = 0j
        _, v = attempt(network, island, powers)
        lifted.append((abs(v[bus]) if v is not None else 0.0, suspect.load))
    return max(lifted, key=lambda one: one[0], default=(0.0, -1))[1]
