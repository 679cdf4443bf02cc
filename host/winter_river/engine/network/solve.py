"""The flow of a network: each island by the sweep where it is radial, else and near collapse by Newton's method.

Which of them is chosen by itself and said in the result. What both leave unsolved is named: the node and the load
that made it fail, and the share of the loads that could be carried.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from winter_river.engine.network.collapse import Collapse, collapse
from winter_river.engine.network.islands import POWER_GRID_MODEL, SWEEP, attempt
from winter_river.engine.network.model import Network
from winter_river.engine.network.per_unit import pi_of, tap_of
from winter_river.engine.network.topology import Dead, Island, topology


@dataclass(frozen=True, slots=True)
class IslandResult:
    """method: SWEEP, POWER_GRID_MODEL, or "" where neither solves it; collapse then says why."""

    island: Island
    method: str
    collapse: Collapse | None = None


@dataclass(frozen=True, slots=True)
class Solution:
    """v_pu: complex voltage of each bus, 0 where it is dead, None where its island is not solved. dead: the buses
    without voltage, each with what isolates it. loss_w: in all solved edges, magnetising branches included."""

    v_pu: tuple[complex | None, ...]
    islands: tuple[IslandResult, ...]
    dead: tuple[Dead, ...]
    loss_w: float

    @property
    def solved(self) -> bool:
        return all(one.method for one in self.islands)

    @property
    def method(self) -> str:
        """The strongest method that any island needed; "" when one of them is not solved."""
        if not self.solved:
            return ""
        return POWER_GRID_MODEL if any(one.method == POWER_GRID_MODEL for one in self.islands) else SWEEP

    @property
    def collapses(self) -> tuple[Collapse, ...]:
        """Why it is not solved: one for each island that is not."""
        return tuple(one.collapse for one in self.islands if one.collapse is not None)


def solve(network: Network) -> Solution:
    """The voltages of a network at the loads it has.

    Raises NewtonMissingError where it needs power-grid-model and this machine has none; nothing else, whatever the
    network is like.
    """
    top = topology(network)
    powers = [load.power for load in network.loads]
    voltages: dict[int, complex] = dict.fromkeys(top.held, 1.0 + 0j)
    results = []
    unsolved: set[int] = set()
    for island in top.islands:
        method, v = attempt(network, island, powers)
        if v is None:
            results.append(IslandResult(island, "", collapse(network, island)))
            unsolved.update(island.joints)
        else:
            results.append(IslandResult(island, method))
            voltages.update({joint: v[joint] for joint in island.joints})
    v_pu = tuple(None if joint in unsolved else voltages.get(joint, 0j) for joint in top.joint)
    return Solution(v_pu, tuple(results), top.dead, loss_w(network, v_pu))


def loss_w(network: Network, v_pu: Sequence[complex | None]) -> float:
    """What all closed edges between solved buses turn into heat: the real power that goes in at both ends."""
    total_w = 0.0
    for edge in network.edges:
        va, vb = v_pu[edge.a], v_pu[edge.b]
        if not edge.closed or va is None or vb is None:
            continue
        z, half = pi_of(network, edge, 1.0)
        va /= tap_of(edge)
        total_w += half.real * (abs(va) ** 2 + abs(vb) ** 2)
        if z != 0j:
            total_w += z.real * abs((va - vb) / z) ** 2
    return total_w
