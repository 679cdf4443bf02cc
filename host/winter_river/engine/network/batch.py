"""Flow alone, many times: one network without loops, solved for many sets of loads or many outages.

batch = Batch(network)
batch.solve_loads(power_va).v_pu        # (scenarios, buses)
batch.solve_outages([[3], [7]]).v_pu    # edge 3 opened; edge 7 opened

By the same sweep as `solve`, several scenarios side by side; needs numba, the extra `fast`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from winter_river.engine.network.islands import LOW_PU
from winter_river.engine.network.model import CONSTANT_CURRENT, CONSTANT_IMPEDANCE, CONSTANT_POWER, Load, Network
from winter_river.engine.network.solve import solve
from winter_river.engine.network.topology import is_joint, topology
from winter_river.engine.network.tree import NOWHERE, in_order

Complex = npt.NDArray[np.complex128]

TOLERANCE_PU = 1e-9  # of voltage, estimated: a tenth of the 1e-8 to which two tools are expected to agree


class BatchError(ValueError):
    """A network that cannot be solved in batches: it has loops. `solve` takes it, one by one."""


class CompilerMissingError(RuntimeError):
    """numba is not installed."""


@dataclass(frozen=True, slots=True)
class Voltages:
    """v_pu: complex, (scenarios, buses); 0 where a bus is dead, nan in what has no solution. unsolved: scenarios with
    an island that has none."""

    v_pu: Complex
    unsolved: tuple[int, ...]


class Batch:
    """A network whose closed edges make trees, one source each, as columns."""

    def __init__(self, network: Network) -> None:
        """Raises BatchError for a network with loops, CompilerMissingError without numba."""
        self._scenarios, self._single = _compiled()
        self.network = network
        top = topology(network)
        for island in top.islands:
            if not island.is_radial:
                raise BatchError(
                    f"the part of bus {island.joints[0]} has {len(island.ties)} closed edges for {len(island.joints)} "
                    "buses: not a tree below one source; solve() takes it, one by one"
                )
        self._power = np.array([[load.power for load in network.loads]], complex)
        self._base_va = float(np.abs(self._power).sum()) or 1e6
        self._none = np.full((1, 1), NOWHERE)
        order = in_order(network, top, self._base_va)
        self._tree, self._below, self._scale = order.tree, order.below, order.scale
        self._has_taps = bool((order.scale != 1.0).any())
        self._ends, self._kinds = order.ends(network), order.kinds(network)
        self._end_columns = self._single.ends_of(order.tree)
        self._joining = np.array([k for k, edge in enumerate(network.edges) if is_joint(edge)], np.int64)
        self._drawn = self._draw(self._power[0])
        # Solved once as it stands: outages and changed loads begin from there.
        tree, alive = self._tree, self._tree.place != NOWHERE
        v_pu, at_rest = self._swept(self._drawn)
        if at_rest:
            tree.start[tree.place[alive]] = v_pu[0, alive]
        tree.start[tree.inner :] = self._single.end_currents(self._drawn, tree.start[tree.inner :])

    def solve_loads(self, power_va: npt.ArrayLike, *, threads: int | None = None) -> Voltages:
        """power_va: complex, (scenarios, loads), at nominal voltage, in the order of Network.loads.

        threads: how many work at it, 1 or more; None: numba's own number. Raises ValueError for another shape or more
        threads than numba has. A scenario ends when the seven beside it have come to rest too, so its last bits, far below
        the tolerance, are those of its place.
        """
        power = np.asarray(power_va, complex)
        if power.ndim != 2 or power.shape[1] != len(self.network.loads):
            raise ValueError(f"power_va has the shape {power.shape}; (scenarios, {len(self.network.loads)})")
        return _whole(*self._run(power, self._none, threads), lambda row: self._with_loads(power[row]))

    def solve_once(self, power_va: npt.ArrayLike | None = None) -> Voltages:
        """The voltages for one set of loads, (loads,), those of the network when not given; from 1 pu, on one thread."""
        power = self._power[0] if power_va is None else np.asarray(power_va, complex)
        if power.shape != (len(self.network.loads),):
            raise ValueError(f"power_va has the shape {power.shape}; ({len(self.network.loads)},)")
        v_pu, at_rest = self._swept(self._drawn if power_va is None else self._draw(power))
        if at_rest:
            return Voltages(self._unscaled(v_pu), ())
        return _whole(v_pu, np.array([False]), lambda _: self._with_loads(power))

    def _swept(self, drawn: tuple[Any, ...]) -> tuple[Complex, bool]:
        """The voltages behind taps scaled, (1, buses), and whether the sweep came to rest."""
        v_pu, tree = np.empty((1, len(self._tree.place)), complex), self._tree
        at_rest = self._single.solve_one(
            tree.parent,
            tree.roots,
            tree.r,
            tree.x,
            tree.place,
            *self._end_columns,
            *drawn,
            LOW_PU**2,
            TOLERANCE_PU,
            v_pu[0],
        )
        return v_pu, bool(at_rest)

    def solve_outages(self, edges: npt.ArrayLike, *, threads: int | None = None) -> Voltages:
        """edges: integers, (scenarios, any number), places in Network.edges that are opened, -1 for none.

        threads: as in solve_loads. Raises ValueError for another shape, what is no place, or an edge that is not there.
        """
        given = np.asarray(edges)
        if given.size and given.dtype.kind not in "iu":
            raise ValueError(f"edges are {given.dtype}; whole numbers, places in Network.edges")
        opened = given.astype(np.int64)
        last = len(self.network.edges) - 1
        if opened.ndim != 2 or (opened.size and not -1 <= opened.min() <= opened.max() <= last):
            raise ValueError(f"edges has the shape {opened.shape}; (scenarios, outages), places of -1 to {last}")
        v_pu, at_rest = self._run(self._power, self._below[opened], threads)
        at_rest[np.isin(opened, self._joining).any(axis=1)] = False  # that parts a joint: another network

        def changed(row: int) -> Network:
            gone = {k for k in opened[row].tolist() if k >= 0}
            kept = (replace(edge, closed=False) if k in gone else edge for k, edge in enumerate(self.network.edges))
            return replace(self.network, edges=tuple(kept))

        return _whole(v_pu, at_rest, changed)

    def _draw(self, power: Complex) -> tuple[Any, ...]:
        """What loads of these powers draw, as the single sweep takes it."""
        drawn: tuple[Any, ...] = self._single.drawn(
            self._tree.inner, self._ends, *self._kinds, self._scaled(power), 1.0 / self._base_va
        )
        return drawn

    def _with_loads(self, power: Complex) -> Network:
        loads = zip(self.network.loads, power.tolist(), strict=True)
        return replace(self.network, loads=tuple(Load(x.bus, s.real, s.imag, x.model) for x, s in loads))

    def _run(
        self, power: Complex, outages: npt.NDArray[np.int64], threads: int | None = None
    ) -> tuple[Complex, npt.NDArray[np.bool_]]:
        if len(power) == 0 or len(outages) == 0:
            return np.empty((0, len(self._tree.place)), complex), np.empty(0, bool)
        found: tuple[Complex, npt.NDArray[np.bool_]] = self._scenarios.solve_scenarios(
            self._tree, self._ends, *self._kinds, power=self._scaled(power), base_va=self._base_va, outages=outages,
            low_pu=LOW_PU, tolerance_pu=TOLERANCE_PU, threads=threads,
        )  # fmt: skip
        v_pu, at_rest = found
        return self._unscaled(v_pu), at_rest

    def _scaled(self, power: Complex) -> Complex:
        """The loads as they are where every voltage is divided by its scale."""
        if not self._has_taps:
            return power
        exponent = {CONSTANT_POWER: 0, CONSTANT_CURRENT: 1, CONSTANT_IMPEDANCE: 2}
        factors = np.array([self._scale[load.bus] ** exponent[load.model] for load in self.network.loads])
        scaled: Complex = power * factors
        return scaled

    def _unscaled(self, v_pu: Complex) -> Complex:
        if not self._has_taps:
            return v_pu
        unscaled: Complex = v_pu * self._scale
        return unscaled


def _compiled() -> tuple[Any, Any]:
    try:
        from winter_river.engine.network import (
            scenarios,
            single,
        )  # here, because numba is an extra and takes a while to load
    except ModuleNotFoundError as error:
        raise CompilerMissingError(
            f"batches of flows are compiled, and {error.name} is not installed; cure: make setup FAST=1, "
            "or pip install 'winter-river[fast]'"
        ) from error
    return scenarios, single


def _whole(v_pu: Complex, at_rest: npt.NDArray[np.bool_], changed: Callable[[int], Network]) -> Voltages:
    """The result, with the scenarios that the sweep left solved one by one, by Newton's method where they need it.
    Raises NewtonMissingError."""
    unsolved = []
    for row in np.flatnonzero(~at_rest).tolist():
        solution = solve(changed(row))
        v_pu[row] = [complex("nan") if v is None else v for v in solution.v_pu]
        if not solution.solved:
            unsolved.append(row)
    return Voltages(v_pu, tuple(unsolved))
