"""Many scenarios of one radial network, block by block on some threads (the extra `fast`); `batch` is its door.

What goes into the blocks of `lanes` and comes out of them: loads, outages, voltages.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from winter_river.engine.network.compiled import compiled, threaded
from winter_river.engine.network.lanes import END, PAIR, Block, Flags, behind, new_block, run
from winter_river.engine.network.tree import NOWHERE, Complex, Floats, Kind, Places, Tree
from winter_river.engine.network.wide import WIDE, every, fused, gathered, larger, load, scatter, store


@compiled
def take(kind: Kind, power: Complex, scale: complex, first: int, cut: Flags, drawn: Floats, size: int) -> None:
    """Takes the loads of one kind of a block's scenarios, by lane; a single row of power serves all of them.

    scale: its real and imaginary part multiply those of power. drawn: by row, of so many floats each. What is cut off draws
    nothing.
    """
    for j in range(len(kind.at)):
        store(drawn, size * j, every(kind.idle[j].real))
        store(drawn, size * j + WIDE, every(kind.idle[j].imag))
    rows, loads = power.shape
    start, apart = (first * loads, loads) if rows > 1 else (0, 0)
    all_power, real, imag = power.ravel(), every(scale.real), every(scale.imag)
    for j in range(len(kind.load)):
        row = size * kind.row[j]
        p, q = gathered(all_power, start + kind.load[j], apart)
        store(drawn, row, fused(real, p, load(drawn, row)))
        store(drawn, row + WIDE, fused(imag, q, load(drawn, row + WIDE)))
    for j in range(len(kind.at)):
        bits = cut[kind.at[j]]
        for lane in range(WIDE if bits else 0):
            if bits >> lane & 1:
                drawn[size * j + lane] = drawn[size * j + WIDE + lane] = 0.0


@compiled
def cut_off(tree: Tree, outages: Places, first: int, cut: Flags) -> None:
    """Marks what the outages of a block's scenarios open, and everything behind it."""
    cut[:] = 0
    for lane in range(WIDE):
        for joint in outages[first + lane if len(outages) > 1 else 0]:
            if joint != NOWHERE:
                cut[joint] |= np.uint8(1 << lane)
    for k in range(tree.roots, len(tree.parent)):
        cut[k] |= cut[tree.parent[k]]


@compiled
def take_off(tree: Tree, shunts: Kind, outages: Places, first: int, cut: Flags, drawn: Floats) -> None:
    """Takes away the halves of magnetising branches that opened edges would leave behind at their live ends."""
    for lane in range(WIDE):
        opened = outages[first + lane if len(outages) > 1 else 0]
        for number in range(len(opened)):
            joint = opened[number]
            if joint == NOWHERE or tree.half[joint] == 0j or cut[tree.parent[joint]] >> lane & 1:
                continue
            if (opened[:number] == joint).any():
                continue  # named twice, it is opened once
            row = PAIR * np.searchsorted(shunts.at, np.intp(tree.parent[joint])) + lane
            drawn[row] -= tree.half[joint].real
            drawn[row + WIDE] -= tree.half[joint].imag


@compiled
def give(tree: Tree, block: Block, first: int, fresh: int, low2: float, tolerance_pu: float, v_pu: Complex,
         at_rest: Flags) -> None:  # fmt: skip
    """Writes a block's voltages, bus by bus, 0 where it is dead; and which scenarios found a solution. fresh: its lanes
    from here on."""
    buses, all_v = len(tree.place), v_pu.ravel()
    low, under, seen = every(low2), every(-1.0), every(0.0)
    for bus in range(buses):
        joint = tree.place[bus]
        if joint == NOWHERE:
            v_pu[first + fresh : first + WIDE, bus] = 0j
            continue
        if joint < tree.inner:
            a, b = load(block.v, PAIR * joint), load(block.v, PAIR * joint + WIDE)
        else:
            k, up = END * (joint - tree.inner), PAIR * np.intp(tree.parent[joint])
            r, x = every(tree.r[joint]), every(tree.x[joint])
            a, b = behind(
                r, x, load(block.v, up), load(block.v, up + WIDE), load(block.ends, k), load(block.ends, k + WIDE)
            )
        size = fused(a, a, b * b)
        under, seen = larger(low - size, under), seen + size  # what is no number shows in the sum
        if fresh == 0 and block.cut[joint] == 0:
            scatter(all_v, first * buses + bus, buses, a, b)
            continue
        store(block.real, 0, a)
        store(block.imag, 0, b)
        for lane in range(fresh, WIDE):
            dead = block.cut[joint] >> lane & 1
            v_pu[first + lane, bus] = 0j if dead else complex(block.real[lane], block.imag[lane])
    store(block.real, 0, under)
    store(block.imag, 0, seen)
    for lane in range(fresh, WIDE):
        is_number = block.imag[lane] == block.imag[lane]
        at_rest[first + lane] = block.rest[lane] < tolerance_pu and block.real[lane] < 0.0 and is_number


@threaded
def solve_blocks(tree: Tree, ends: Kind, powers: Kind, currents: Kind, shunts: Kind, power: Complex, base: float,
                 outages: Places, workers: int, low2: float, tolerance_pu: float, v_pu: Complex,
                 at_rest: Flags) -> None:  # fmt: skip
    """All scenarios, at least eight, block by block, on as many threads as numba is set to.

    power: (scenarios or 1, loads), in units of 1 / base. outages: (scenarios or 1, any number), joints cut from their
    parents. Fills v_pu (scenarios, buses), and at_rest by scenario.
    """
    scenarios = len(v_pu)
    for worker in numba.prange(workers):
        block = new_block(tree, powers, currents, shunts)
        for number in range(worker, (scenarios + WIDE - 1) // WIDE, workers):
            first = min(number * WIDE, scenarios - WIDE)  # the last block looks back, so that it is full
            cut_off(tree, outages, first, block.cut)
            take(ends, power, complex(base, base), first, block.cut, block.ends[PAIR:], END)
            take(powers, power, complex(base, base), first, block.cut, block.powers, PAIR)
            take(currents, power, complex(base, -base), first, block.cut, block.currents, PAIR)
            take(shunts, power, complex(base, -base), first, block.cut, block.shunts, PAIR)
            take_off(tree, shunts, outages, first, block.cut, block.shunts)
            run(tree, powers, currents, shunts, block, low2, tolerance_pu)
            give(tree, block, first, number * WIDE - first, low2, tolerance_pu, v_pu, at_rest)


def solve_scenarios(tree: Tree, ends: Kind, powers: Kind, currents: Kind, shunts: Kind, *, power: Complex, base_va: float,
                    outages: Places, low_pu: float, tolerance_pu: float,
                    threads: int | None) -> tuple[Complex, npt.NDArray[np.bool_]]:  # fmt: skip
    """solve_blocks on that many threads, None for numba's own number: (v_pu by scenario and bus, at rest by scenario)."""
    scenarios = max(len(power), len(outages))
    power, outages = _filled(power), _filled(outages)
    full = max(scenarios, WIDE)
    v_pu, at_rest = np.empty((full, len(tree.place)), complex), np.zeros(full, np.uint8)
    before = numba.get_num_threads()
    numba.set_num_threads(before if threads is None else threads)
    workers = min(numba.get_num_threads(), -(-full // WIDE))
    try:
        solve_blocks(
            tree, ends, powers, currents, shunts, power, 1.0 / base_va, outages, workers, low_pu * low_pu, tolerance_pu,
            v_pu, at_rest,
        )  # fmt: skip
    finally:
        numba.set_num_threads(before)
    return v_pu[:scenarios], at_rest[:scenarios].astype(bool)


def _filled(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The same with at least a block of scenarios, the last one again and again; a single one serves all as it is."""
    rows = np.ascontiguousarray(rows)
    missing = WIDE - len(rows) if len(rows) > 1 else 0
    return np.concatenate([rows, np.repeat(rows[-1:], missing, axis=0)]) if missing > 0 else rows
