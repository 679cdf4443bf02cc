"""One island with given loads: by the sweep, by Newton's method, and whether what they give is a solution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from winter_river.engine.network.model import Network
from winter_river.engine.network.per_unit import Scaled, scaled, turned
from winter_river.engine.network.topology import Island
from winter_river.engine.sweep import Turn, sweep

SWEEP, POWER_GRID_MODEL = "sweep", "power_grid_model"
TOLERANCE_PU = 1e-12  # of voltage
# Loads keep their kind down to here, where none is left standing: a guard against dividing by nothing on the way.
LOW_PU = 0.01
# What may be missing at a joint (Kirchhoff), of all loads together, and of the largest current its admittances could
# carry: rounding, where short cables make them large.
MISMATCH_PU_MAX, ROUNDING = 1e-7, 1e-12


class NewtonMissingError(RuntimeError):
    """A network that is not radial, on a machine without power-grid-model."""


def attempt(network: Network, island: Island, powers: Sequence[complex]) -> tuple[str, dict[int, complex] | None]:
    """(method, per-unit voltages by joint); ("", None) where no method finds voltages that fit.

    powers: VA at nominal voltage for each of Network.loads. Raises NewtonMissingError.
    """
    s = scaled(network, island, powers)
    if island.is_radial:
        v = _swept(island, s)
        if v is not None and fits(island, s, v):
            return SWEEP, v
    v = _by_newton(network, island, powers)
    if v is not None and fits(island, s, v):
        return POWER_GRID_MODEL, v
    return "", None


def _by_newton(network: Network, island: Island, powers: Sequence[complex]) -> dict[int, complex] | None:
    try:
        from winter_river.engine.mesh import solve_mesh  # here, because it costs more than most networks take
    except ModuleNotFoundError as error:
        raise NewtonMissingError(
            f"an island of {len(island.joints)} buses is no tree or near collapse: that needs {error.name}, which this "
            "machine has not; cure: pip install power-grid-model, on a 64-bit system"
        ) from error
    return solve_mesh(network, island, powers)


def _swept(island: Island, s: Scaled) -> dict[int, complex] | None:
    """By the sweep; None where it does not converge. The island must be radial."""
    root = island.sources[0]
    near: dict[int, list[tuple[int, complex, float, bool]]] = {}
    for tie, through, tap in zip(island.ties, s.z, s.tap, strict=True):
        near.setdefault(tie.a, []).append((tie.b, through, tap, True))
        near.setdefault(tie.b, []).append((tie.a, through, tap, False))
    place = {root: 0}
    order = [root]
    above, z, scale = [0], [0j], [1.0]
    for joint in order:  # grows while it is walked
        for other, through, tap, from_a in near[joint]:
            if other not in place:
                before = scale[place[joint]]
                scale.append(turned(before, tap, from_a=from_a))
                place[other] = len(order)
                above.append(place[joint])
                z.append(through / (scale[-1] if from_a else before) ** 2)
                order.append(other)
    buses = list(range(len(order)))
    y = [s.y.get(joint, 0j) * c * c for joint, c in zip(order, scale, strict=True)]
    y[0] = 0j  # what hangs at the source moves nothing
    load = [s.power.get(joint, 0j) for joint in order]
    steady = [s.current.get(joint, 0j) * c for joint, c in zip(order, scale, strict=True)]
    v, i = [1.0 + 0j] * len(order), [0j] * len(order)
    turn = Turn(end=len(order))
    sweep([turn], 1, buses, above, z, [], load, steady, y, v, i, LOW_PU, TOLERANCE_PU)
    if not turn.converged:
        return None
    return {joint: u * c for joint, u, c in zip(order, v, scale, strict=True)}


def fits(island: Island, s: Scaled, v: Mapping[int, complex]) -> bool:
    """Whether what flows into each joint is what its loads draw there; knows nothing of how v was found."""
    missing = dict.fromkeys(island.joints, 0j)
    stiffness_pu = dict.fromkeys(island.joints, 0.0)
    for tie, z, tap in zip(island.ties, s.z, s.tap, strict=True):
        current = (v[tie.a] / tap - v[tie.b]) / z
        for end, share in ((tie.a, -1.0 / tap), (tie.b, 1.0)):
            if end in missing:
                missing[end] += share * current
                stiffness_pu[end] += abs(share) / abs(z)
    for joint in island.joints:
        u = v[joint]
        size = abs(u)
        if not size > LOW_PU:
            return False
        drawn = s.y.get(joint, 0j) * u + (s.power.get(joint, 0j) / u).conjugate() + s.current.get(joint, 0j) * u / size
        if not abs(missing[joint] - drawn) < MISMATCH_PU_MAX + ROUNDING * stiffness_pu[joint]:
            return False
    return True
