"""A network without loops as the columns that `lanes` and `single` sweep: its joints in the order of sweeping.

Parents come first; the first `roots` joints are sources, held at 1 pu. From `inner` on come the *ends*: nothing is
behind them, and they draw constant power or nothing. Most joints of a site are ends, its racks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from winter_river.engine.network.model import CONSTANT_CURRENT, CONSTANT_IMPEDANCE, CONSTANT_POWER, Network
from winter_river.engine.network.per_unit import pi_of, tap_of, turned
from winter_river.engine.network.topology import Topology

Floats = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]
Places = npt.NDArray[np.int64]
Unsigned = npt.NDArray[np.uintp]

NOWHERE = -1  # the place of a bus that nothing feeds, and of no outage


class Tree(NamedTuple):
    """r, x: impedance to the parent; half: half the magnetising branch of the edge there; place: the joint of each bus;
    start: first guess of the voltages, of an end of its current. All per unit."""

    parent: Unsigned
    roots: int
    inner: int
    r: Floats
    x: Floats
    half: Complex
    place: Places
    start: Complex


class Kind(NamedTuple):
    """The loads of one kind. at: the joints that have some; load: their places among all loads; row: that of the
    joint of each in `at`; idle: what a joint draws besides, magnetising branches."""

    at: Places
    load: Places
    row: Places
    idle: Complex


@dataclass(frozen=True, slots=True)
class Order:
    """tree; below: the joint below each edge, and NOWHERE at the end, for edge -1; scale: of each bus, 1 but behind taps
    (per_unit.turned); idle: the shunts of edges, by joint."""

    tree: Tree
    below: Places
    scale: Floats
    idle: dict[int, complex]

    def ends(self, network: Network) -> Kind:
        """What the ends draw: a row for each of them."""
        tree = self.tree
        at = np.arange(tree.inner, len(tree.parent))
        loads = [k for k, load in enumerate(network.loads) if tree.place[load.bus] >= tree.inner]
        row = np.array([tree.place[network.loads[k].bus] - tree.inner for k in loads], np.int64)
        return Kind(at, np.array(loads, np.int64), row, np.zeros(len(at), complex))

    def kinds(self, network: Network) -> tuple[Kind, Kind, Kind]:
        """The loads of constant power, current and impedance before the ends, magnetising branches among the last."""
        return (
            self._kind(network, CONSTANT_POWER, {}),
            self._kind(network, CONSTANT_CURRENT, {}),
            self._kind(network, CONSTANT_IMPEDANCE, self.idle),
        )

    def _kind(self, network: Network, model: str, idle: dict[int, complex]) -> Kind:
        place = [int(k) for k in self.tree.place]
        loads = [k for k, load in enumerate(network.loads)
                 if load.model == model and place[load.bus] != NOWHERE and place[load.bus] < self.tree.inner]  # fmt: skip
        spots = [place[network.loads[k].bus] for k in loads]
        at = np.array(sorted({*spots, *idle}), np.int64)
        row = np.searchsorted(at, np.array(spots, np.int64)).astype(np.int64)
        return Kind(at, np.array(loads, np.int64), row, np.array([idle.get(int(k), 0j) for k in at], complex))


def in_order(network: Network, top: Topology, base_va: float) -> Order:
    """The columns of a network whose islands are all radial."""
    ways = list(_ways(top))
    halves = {edge: pi_of(network, network.edges[edge], base_va)[1] for _, _, edge in ways if edge != NOWHERE}
    more = {up for _, up, _ in ways}  # than an end: something is behind it, or it draws otherwise
    for joint, up, edge in ways:
        if edge == NOWHERE or halves[edge] != 0j:
            more |= {joint, up}
    more |= {top.joint[load.bus] for load in network.loads if load.model != CONSTANT_POWER}
    ways = [way for way in ways if way[0] in more] + [way for way in ways if way[0] not in more]
    spot = {joint: k for k, (joint, _, _) in enumerate(ways)}
    parent, z, half, scale = [0] * len(ways), [0j] * len(ways), [0j] * len(ways), [1.0] * len(ways)
    below = np.full(len(network.edges) + 1, NOWHERE)
    idle: dict[int, complex] = {}
    for k, (_, up, edge) in enumerate(ways):
        if edge == NOWHERE:
            continue
        below[edge], parent[k] = k, spot[up]
        series, shunt = pi_of(network, network.edges[edge], base_va)
        before, from_a = scale[parent[k]], top.joint[network.edges[edge].a] == up
        scale[k] = turned(before, tap_of(network.edges[edge]), from_a=from_a)
        side_b = scale[k] if from_a else before
        z[k], half[k] = series / side_b**2, shunt * side_b**2
        for end in (parent[k], k) if shunt != 0j else ():
            idle[end] = idle.get(end, 0j) + half[k]
    place = np.array([spot.get(joint, NOWHERE) for joint in top.joint], np.int64)
    tree = Tree(
        np.array(parent, np.uintp), len(top.held), sum(joint in more for joint in spot), np.array(z).real.copy(),
        np.array(z).imag.copy(), np.array(half, complex), place, np.ones(len(ways), complex),
    )  # fmt: skip
    return Order(tree, below, np.array([scale[k] if k != NOWHERE else 1.0 for k in place]), idle)


def _ways(top: Topology) -> Iterator[tuple[int, int, int]]:
    """(joint, its parent, the edge between them), sources first, without an edge, each behind its parent."""
    near: dict[int, list[tuple[int, int]]] = {}
    for island in top.islands:
        for tie in island.ties:
            near.setdefault(tie.a, []).append((tie.b, tie.edge))
            near.setdefault(tie.b, []).append((tie.a, tie.edge))
    order = sorted(top.held)
    yield from ((joint, joint, NOWHERE) for joint in order)
    seen = set(order)
    for joint in order:  # grows while it is walked
        for other, edge in near.get(joint, ()):
            if other not in seen:
                seen.add(other)
                order.append(other)
                yield other, joint, edge
