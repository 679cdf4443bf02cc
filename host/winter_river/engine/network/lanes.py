"""The sweep for many scenarios of one radial network at once, compiled by numba (the extra `fast`); `batch` is its door.

A block holds some scenarios side by side, one a *lane*: every array of a block is (rows, lanes), and the innermost
loops run over the lanes, so that the processor does several in one instruction. Joints are in an order in which
parents come first; the first `roots` of them are sources, held at 1 pu. Real and imaginary parts are apart.

Places that are read in the innermost loops are unsigned, because one that could be negative costs a test each time.
Loops write one array each where they can: numba does not know that two arrays are apart, and would not do several
lanes at once.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]
Flags = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]
Unsigned = npt.NDArray[np.uintp]

ITERATIONS_MAX = 100
NOWHERE = -1  # the place of a bus that nothing feeds, and of no outage
LIVE, OPENED, BEHIND = 0, 1, 2  # of a joint: the way to its parent is opened, or one before that

compiled = numba.njit(cache=True, error_model="numpy")


class Tree(NamedTuple):
    """The network. r, x: impedance to the parent; half: half the magnetising branch of the edge there; place: the
    joint of each bus; start: first guess of the voltages. All per unit."""

    parent: Unsigned
    roots: int
    r: Floats
    x: Floats
    half: Complex
    place: Places
    start: Complex


class Kind(NamedTuple):
    """The loads of one kind. at: the joints that have some; load: their places among all loads; row: that of the
    joint of each in `at`; idle: what a joint draws besides, magnetising branches."""

    at: Unsigned
    load: Places
    row: Places
    idle: Complex


@compiled
def add_power(at: Unsigned, p: Floats, q: Floats, low2: float, vr: Floats, vi: Floats, ir: Floats, ii: Floats) -> None:
    """Adds the currents of loads that draw constant power, of constant impedance below the square root of low2."""
    for j in range(np.uintp(len(at))):
        k = at[j]
        for lane in range(np.uintp(vr.shape[1])):
            m = vr[k, lane] * vr[k, lane] + vi[k, lane] * vi[k, lane]
            g = 1.0 / (m if m > low2 else low2)  # noqa: FURB136 (compiled to a choice, not a call)
            ir[k, lane] += (p[j, lane] * vr[k, lane] + q[j, lane] * vi[k, lane]) * g
            ii[k, lane] += (p[j, lane] * vi[k, lane] - q[j, lane] * vr[k, lane]) * g


@compiled
def add_current(at: Unsigned, c: Floats, d: Floats, low2: float, vr: Floats, vi: Floats, ir: Floats,
                ii: Floats) -> None:  # fmt: skip
    """Adds loads that draw a constant current, c + jd where the voltage has no angle."""
    for j in range(np.uintp(len(at))):
        k = at[j]
        for lane in range(np.uintp(vr.shape[1])):
            m = vr[k, lane] * vr[k, lane] + vi[k, lane] * vi[k, lane]
            g = 1.0 / math.sqrt(m if m > low2 else low2)  # noqa: FURB136
            ir[k, lane] += (c[j, lane] * vr[k, lane] - d[j, lane] * vi[k, lane]) * g
            ii[k, lane] += (c[j, lane] * vi[k, lane] + d[j, lane] * vr[k, lane]) * g


@compiled
def add_shunt(at: Unsigned, g: Floats, b: Floats, vr: Floats, vi: Floats, ir: Floats, ii: Floats) -> None:
    """Adds the currents of admittances g + jb: magnetising branches and loads of constant impedance."""
    for j in range(np.uintp(len(at))):
        k = at[j]
        for lane in range(np.uintp(vr.shape[1])):
            ir[k, lane] += g[j, lane] * vr[k, lane] - b[j, lane] * vi[k, lane]
            ii[k, lane] += g[j, lane] * vi[k, lane] + b[j, lane] * vr[k, lane]


@compiled
def gather(tree: Tree, ir: Floats, ii: Floats) -> None:
    """Backward: adds what each joint draws to its parent, from the far ends to the sources."""
    one, k = np.uintp(1), np.uintp(len(tree.parent))
    while k > np.uintp(tree.roots):
        k -= one
        up = tree.parent[k]
        for lane in range(np.uintp(ir.shape[1])):
            ir[up, lane] += ir[k, lane]
        for lane in range(np.uintp(ir.shape[1])):
            ii[up, lane] += ii[k, lane]


@compiled
def spread(tree: Tree, vr: Floats, vi: Floats, ir: Floats, ii: Floats, moved: Floats) -> None:
    """Forward: the voltages from the sources on. moved: by how much at most in each lane, squared."""
    moved[:] = 0.0
    one, k = np.uintp(1), np.uintp(tree.roots)
    while k < np.uintp(len(tree.parent)):
        up, r, x = tree.parent[k], tree.r[k], tree.x[k]
        for lane in range(np.uintp(ir.shape[1])):
            a = vr[up, lane] - r * ir[k, lane] + x * ii[k, lane]
            b = vi[up, lane] - r * ii[k, lane] - x * ir[k, lane]
            da, db = a - vr[k, lane], b - vi[k, lane]
            d = da * da + db * db
            moved[lane] = d if d > moved[lane] else moved[lane]  # noqa: FURB136
            vr[k, lane], vi[k, lane] = a, b
        k += one


@compiled
def worst_rest_pu(moved: Floats, before: Floats, rest: Floats) -> float:
    """How far the lane farthest off still is from where it goes, per unit: the steps shrink geometrically.

    moved: squared, of this step; before: of the last one, moved takes its place; rest: filled in by lane.
    """
    worst = 0.0
    for lane in range(len(moved)):
        step, last = math.sqrt(moved[lane]), math.sqrt(before[lane])
        rest[lane] = step * step / (last - step) if step < last else step
        before[lane] = moved[lane]
        worst = rest[lane] if rest[lane] > worst else worst  # noqa: FURB136
    return worst


@compiled
def take(kind: Kind, power: Complex, scale: complex, first: int, cut: Flags, real: Floats, imag: Floats) -> None:
    """Takes the loads of one kind of a block's scenarios, by lane; a single row of power serves all of them.

    scale: its real and imaginary part multiply those of power. What is cut off draws nothing.
    """
    lanes = real.shape[1]
    for j in range(len(kind.at)):
        real[j] = kind.idle[j].real
        imag[j] = kind.idle[j].imag
    for j in range(len(kind.load)):
        row, load = kind.row[j], kind.load[j]
        for lane in range(lanes):
            s = power[min(first + lane, len(power) - 1), load]
            real[row, lane] += scale.real * s.real
            imag[row, lane] += scale.imag * s.imag
    for j in range(len(kind.at)):
        for lane in range(lanes):
            if cut[kind.at[j], lane] != LIVE:
                real[j, lane] = imag[j, lane] = 0.0


@compiled
def cut_off(tree: Tree, outages: Places, first: int, cut: Flags) -> None:
    """Marks what the outages of a block's scenarios open, and everything behind it."""
    for lane in range(cut.shape[1]):
        for joint in outages[min(first + lane, len(outages) - 1)]:
            if joint != NOWHERE:
                cut[joint, lane] = OPENED
    for k in range(tree.roots, len(tree.parent)):
        for lane in range(cut.shape[1]):
            if cut[tree.parent[k], lane] != LIVE:
                cut[k, lane] = BEHIND


@compiled
def take_off(tree: Tree, shunts: Kind, outages: Places, first: int, cut: Flags, g: Floats, b: Floats) -> None:
    """Takes away the halves of magnetising branches that opened edges would leave behind at their live ends."""
    for lane in range(cut.shape[1]):
        for joint in outages[min(first + lane, len(outages) - 1)]:
            if joint == NOWHERE or tree.half[joint] == 0j or cut[joint, lane] != OPENED:
                continue
            cut[joint, lane] = BEHIND  # named twice, it is opened once
            row = np.searchsorted(shunts.at, tree.parent[joint])
            g[row, lane] -= tree.half[joint].real
            b[row, lane] -= tree.half[joint].imag


@numba.njit(cache=True, error_model="numpy", parallel=True)
def solve_blocks(tree: Tree, powers: Kind, currents: Kind, shunts: Kind, power: Complex, base: float, outages: Places,
                 lanes: int, low2: float, tolerance_pu: float, v_pu: Complex, at_rest: Flags) -> None:  # fmt: skip
    """All scenarios, block by block, on as many threads as numba is set to.

    power: (scenarios or 1, loads), in units of 1 / base. outages: (scenarios or 1, any number), joints cut from their
    parents. Fills v_pu (scenarios, buses), and at_rest by scenario.
    """
    scenarios, joints = len(v_pu), len(tree.parent)
    for number in numba.prange((scenarios + lanes - 1) // lanes):
        first = number * lanes
        cut = np.zeros((joints, lanes), np.uint8)
        cut_off(tree, outages, first, cut)
        p, q = np.empty((len(powers.at), lanes)), np.empty((len(powers.at), lanes))
        c, d = np.empty((len(currents.at), lanes)), np.empty((len(currents.at), lanes))
        g, b = np.empty((len(shunts.at), lanes)), np.empty((len(shunts.at), lanes))
        take(powers, power, complex(base, base), first, cut, p, q)
        take(currents, power, complex(base, -base), first, cut, c, d)
        take(shunts, power, complex(base, -base), first, cut, g, b)
        take_off(tree, shunts, outages, first, cut, g, b)
        vr, vi = np.empty((joints, lanes)), np.empty((joints, lanes))
        for k in range(joints):
            vr[k] = tree.start[k].real
            vi[k] = tree.start[k].imag
        ir, ii = np.empty_like(vr), np.empty_like(vi)
        moved, before, rest = np.empty(lanes), np.zeros(lanes), np.zeros(lanes)
        for _ in range(ITERATIONS_MAX):
            ir[:] = 0.0
            ii[:] = 0.0
            add_power(powers.at, p, q, low2, vr, vi, ir, ii)
            add_current(currents.at, c, d, low2, vr, vi, ir, ii)
            add_shunt(shunts.at, g, b, vr, vi, ir, ii)
            gather(tree, ir, ii)
            spread(tree, vr, vi, ir, ii, moved)
            if worst_rest_pu(moved, before, rest) < tolerance_pu:
                break
        give(tree, first, rest, low2, tolerance_pu, cut, vr, vi, v_pu, at_rest)


@compiled
def give(tree: Tree, first: int, rest: Floats, low2: float, tolerance_pu: float, cut: Flags, vr: Floats, vi: Floats,
         v_pu: Complex, at_rest: Flags) -> None:  # fmt: skip
    """Writes a block's voltages, bus by bus, 0 where it is dead; and which scenarios found a solution."""
    lanes = min(len(rest), len(v_pu) - first)
    for lane in range(lanes):
        at_rest[first + lane] = rest[lane] < tolerance_pu
    for bus in range(len(tree.place)):
        k = tree.place[bus]
        for lane in range(lanes):
            if k == NOWHERE or cut[k, lane] != LIVE:
                v_pu[first + lane, bus] = 0j
                continue
            v_pu[first + lane, bus] = complex(vr[k, lane], vi[k, lane])
            if not vr[k, lane] * vr[k, lane] + vi[k, lane] * vi[k, lane] > low2:
                at_rest[first + lane] = False


def solve_scenarios(tree: Tree, powers: Kind, currents: Kind, shunts: Kind, *, power: Complex, base_va: float,
                    outages: Places, lanes: int, low_pu: float, tolerance_pu: float,
                    threads: int | None) -> tuple[Complex, npt.NDArray[np.bool_]]:  # fmt: skip
    """solve_blocks on that many threads, None for numba's own number: (v_pu by scenario and bus, at rest by scenario)."""
    scenarios = max(len(power), len(outages))
    v_pu, at_rest = np.empty((scenarios, len(tree.place)), complex), np.zeros(scenarios, np.uint8)
    before = numba.get_num_threads()
    numba.set_num_threads(threads or before)
    try:
        solve_blocks(
            tree, powers, currents, shunts, power, 1.0 / base_va, outages, min(lanes, scenarios),
            low_pu * low_pu, tolerance_pu, v_pu, at_rest,
        )  # fmt: skip
    finally:
        numba.set_num_threads(before)
    return v_pu, at_rest.astype(bool)
