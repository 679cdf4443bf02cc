"""An island in per unit of its own size, so that one tolerance fits a rack and a region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from winter_river.engine.equipment.transformer import transformer_pi
from winter_river.engine.network.model import CONSTANT_IMPEDANCE, CONSTANT_POWER, Edge, Line, Network, Transformer
from winter_river.engine.network.topology import Island


@dataclass(slots=True)
class Scaled:
    """z: series impedance of each tie, in the island's order, on its side b; tap: its turns on side a. By joint: y, shunts, loads of constant impedance among
    them; power, current: what the other loads draw at nominal voltage, the current of a load at angle 0."""

    base_va: float
    z: list[complex] = field(default_factory=list)
    tap: list[float] = field(default_factory=list)
    y: dict[int, complex] = field(default_factory=dict)
    power: dict[int, complex] = field(default_factory=dict)
    current: dict[int, complex] = field(default_factory=dict)


def scaled(network: Network, island: Island, powers: Sequence[complex]) -> Scaled:
    """An island with these loads: VA at nominal voltage for each of Network.loads."""
    s = Scaled(_base_va(network, island))
    for tie in island.ties:
        edge = network.edges[tie.edge]
        series, half = pi_of(network, edge, s.base_va)
        tap = tap_of(edge)
        s.z.append(series)
        s.tap.append(tap)
        if half != 0j:
            _add(s.y, tie.a, half / (tap * tap))
            _add(s.y, tie.b, half)
    for draw in island.loads:
        power, model = powers[draw.load] / s.base_va, network.loads[draw.load].model
        if model == CONSTANT_POWER:
            _add(s.power, draw.joint, power)
        else:
            _add(s.y if model == CONSTANT_IMPEDANCE else s.current, draw.joint, power.conjugate())
    return s


def _add(column: dict[int, complex], joint: int, value: complex) -> None:
    column[joint] = column.get(joint, 0j) + value


def pi_of(network: Network, edge: Edge, base_va: float) -> tuple[complex, complex]:
    """(series impedance, half of the shunt) of an edge in per unit of base_va and its buses' nominal voltages, on its
    side b where it has a tap."""
    if isinstance(edge, Line):
        return complex(edge.resistance_ohm, edge.reactance_ohm) * base_va / network.voltages_v[edge.a] ** 2, 0j
    z, half = transformer_pi(
        impedance_pu=edge.impedance_pu,
        load_loss_pu=edge.load_loss_w / edge.power_va,
        no_load_current_pu=edge.no_load_current_pu,
        no_load_loss_pu=edge.no_load_loss_w / edge.power_va,
    )
    return z * base_va / edge.power_va, half * edge.power_va / base_va


def tap_of(edge: Edge) -> float:
    """The turns in use on side a of an edge, of the nominal ones: the whole pi stands on side b of them."""
    return edge.tap_pu if isinstance(edge, Transformer) else 1.0


def turned(scale: float, tap: float, *, from_a: bool) -> float:
    """The scale of voltages behind an edge of a tree, of that before it; from_a: its side a is the one before.

    With every voltage divided by its scale, currents multiplied and impedances divided by its square, no ratio is left.
    """
    return scale / tap if from_a else scale * tap


def _base_va(network: Network, island: Island) -> float:
    """All that could be drawn at once: currents are then of the order of 1."""
    total_va = sum(abs(network.loads[draw.load].power) for draw in island.loads)
    for tie in island.ties:
        edge = network.edges[tie.edge]
        if isinstance(edge, Transformer):
            total_va += max(edge.no_load_current_pu * edge.power_va, edge.no_load_loss_w)
    return total_va or 1.0
