"""The sweep for many scenarios of one radial network at once, compiled by numba (the extra `fast`); `batch` is its door.

A block is eight scenarios side by side, one a *lane*: what is one number in a sweep is eight here, a Wide. A pass goes
through the ends (tree.py) once: the voltage, what is drawn at it, and that to the parent. Nothing but the current of an
end is kept from pass to pass.

Columns of a block are flat: of each inner joint sixteen floats, eight real and eight imaginary parts; of each end
thirty-two, its current and its power.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from winter_river.engine.network.compiled import compiled, inlined
from winter_river.engine.network.tree import Floats, Kind, Places, Tree
from winter_river.engine.network.wide import WIDE, every, fused, larger, load, root, store

Flags = npt.NDArray[np.uint8]

ITERATIONS_MAX = 100
PAIR, END = 2 * WIDE, 4 * WIDE  # floats of an inner joint in a column of voltages or currents, and of an end


class Block(NamedTuple):
    """What a thread works in, for one block after the other. v, i: voltages and currents of the inner joints; ends;
    powers, currents, shunts: what their loads draw, by row; cut: of each joint, a bit for each lane in which it is dead.

    moved, before: by how much a lane moved at most in this pass, squared, and in the last one; pace, rest: see
    worst_rest_pu. real, imag: scratch.
    """

    v: Floats
    i: Floats
    ends: Floats
    powers: Floats
    currents: Floats
    shunts: Floats
    cut: Flags
    moved: Floats
    before: Floats
    pace: Floats
    rest: Floats
    real: Floats
    imag: Floats


@compiled
def column(size: int) -> Floats:
    """Floats that begin where a line of the cache does, so that no Wide lies in two."""
    whole = np.zeros(size + WIDE)
    first = -(whole.ctypes.data // 8) % WIDE
    return whole[first : first + size]


@compiled
def new_block(tree: Tree, powers: Kind, currents: Kind, shunts: Kind) -> Block:
    joints, inner = len(tree.parent), tree.inner
    return Block(
        column(PAIR * inner), column(PAIR * inner), column(END * (joints - inner)), column(PAIR * len(powers.at)),
        column(PAIR * len(currents.at)), column(PAIR * len(shunts.at)), np.zeros(joints, np.uint8), column(WIDE),
        column(WIDE), column(WIDE), column(WIDE), column(WIDE), column(WIDE),
    )  # fmt: skip


@inlined
def power_at(p: Any, q: Any, a: Any, b: Any, low2: float) -> tuple[Any, Any]:
    """The current of constant powers at the voltages a + jb; of constant impedance below the square root of low2."""
    g = every(1.0) / larger(fused(a, a, b * b), every(low2))
    p, q = p * g, q * g
    return fused(p, a, q * b), p * b - q * a


@compiled
def add_power(at: Places, drawn: Floats, low2: float, v: Floats, i: Floats) -> None:
    """Adds the currents of loads that draw constant power."""
    for j in range(len(at)):
        k, row = PAIR * at[j], PAIR * j
        c, d = power_at(load(drawn, row), load(drawn, row + WIDE), load(v, k), load(v, k + WIDE), low2)
        store(i, k, load(i, k) + c)
        store(i, k + WIDE, load(i, k + WIDE) + d)


@compiled
def add_current(at: Places, drawn: Floats, low2: float, v: Floats, i: Floats) -> None:
    """Adds loads that draw a constant current, c + jd where the voltage has no angle."""
    low, one = every(low2), every(1.0)
    for j in range(len(at)):
        k, row = PAIR * at[j], PAIR * j
        a, b = load(v, k), load(v, k + WIDE)
        g = one / root(larger(fused(a, a, b * b), low))
        c, d = load(drawn, row) * g, load(drawn, row + WIDE) * g
        store(i, k, fused(c, a, load(i, k)) - d * b)
        store(i, k + WIDE, fused(c, b, fused(d, a, load(i, k + WIDE))))


@compiled
def add_shunt(at: Places, drawn: Floats, v: Floats, i: Floats) -> None:
    """Adds the currents of admittances g + jb: magnetising branches and loads of constant impedance."""
    for j in range(len(at)):
        k, row = PAIR * at[j], PAIR * j
        a, e, g, b = load(v, k), load(v, k + WIDE), load(drawn, row), load(drawn, row + WIDE)
        store(i, k, fused(g, a, load(i, k)) - b * e)
        store(i, k + WIDE, fused(g, e, fused(b, a, load(i, k + WIDE))))


@compiled
def gather(tree: Tree, i: Floats) -> None:
    """Backward: adds what each inner joint draws to its parent, from the far ones to the sources."""
    for joint in range(tree.inner - 1, tree.roots - 1, -1):
        k, up = PAIR * joint, PAIR * np.intp(tree.parent[joint])
        store(i, up, load(i, up) + load(i, k))
        store(i, up + WIDE, load(i, up + WIDE) + load(i, k + WIDE))


@compiled
def spread(tree: Tree, v: Floats, i: Floats, moved: Floats) -> None:
    """Forward: the voltages of the inner joints from the sources on; moved grows to by how much at most."""
    far = load(moved, 0)
    for joint in range(tree.roots, tree.inner):
        k, up = PAIR * joint, PAIR * np.intp(tree.parent[joint])
        a, b = behind(
            every(tree.r[joint]), every(tree.x[joint]), load(v, up), load(v, up + WIDE), load(i, k), load(i, k + WIDE)
        )
        da, db = a - load(v, k), b - load(v, k + WIDE)
        far = larger(fused(da, da, db * db), far)
        store(v, k, a)
        store(v, k + WIDE, b)
    store(moved, 0, far)


@inlined
def behind(r: Any, x: Any, a: Any, b: Any, ir: Any, ii: Any) -> tuple[Any, Any]:
    """The voltage behind an impedance, of a + jb before it."""
    minus = every(0.0) - r
    return fused(x, ii, fused(minus, ir, a)), fused(minus, ii, b) - x * ir


@compiled
def draw_ends(tree: Tree, ends: Floats, low2: float, v: Floats, i: Floats, moved: Floats) -> None:
    """The currents of the ends at their new voltages, added to those of their parents. moved: by how much that will move
    them at most."""
    far = every(0.0)
    for number in range(len(tree.parent) - tree.inner):
        joint, k = np.uintp(tree.inner + number), END * number
        up, r, x = PAIR * np.intp(tree.parent[joint]), every(tree.r[joint]), every(tree.x[joint])
        ir, ii = load(ends, k), load(ends, k + WIDE)
        a, b = behind(r, x, load(v, up), load(v, up + WIDE), ir, ii)
        c, d = power_at(load(ends, k + PAIR), load(ends, k + PAIR + WIDE), a, b, low2)
        store(ends, k, c)
        store(ends, k + WIDE, d)
        store(i, up, load(i, up) + c)
        store(i, up + WIDE, load(i, up + WIDE) + d)
        dc, dd = c - ir, d - ii
        far = larger(fused(dc, dc, dd * dd) * fused(r, r, x * x), far)
    store(moved, 0, far)


@compiled
def worst_rest_pu(block: Block) -> float:
    """How far the lane farthest off still is from where it goes, per unit: the steps shrink geometrically.

    By the slower of the last two paces: where one feeder rests at once and another slowly, the first says nothing of the
    second. Fills in rest by lane.
    """
    rest = block.rest
    worst = 0.0
    for lane in range(WIDE):
        step, last = math.sqrt(block.moved[lane]), block.before[lane]
        ratio = step / last if last > 0.0 else 1.0
        pace = max(ratio, block.pace[lane])
        rest[lane] = step * pace / (1.0 - pace) if pace < 1.0 else step
        block.before[lane], block.pace[lane] = step, ratio
        worst = rest[lane] if rest[lane] > worst else worst  # noqa: FURB136 (compiled to a choice, not a call)
    return worst


@compiled
def begin(tree: Tree, block: Block) -> None:
    """Puts a block to the first guess."""
    block.before[:] = 0.0
    block.pace[:] = 1.0
    for joint in range(tree.inner):
        store(block.v, PAIR * joint, every(tree.start[joint].real))
        store(block.v, PAIR * joint + WIDE, every(tree.start[joint].imag))
    for joint in range(tree.inner, len(tree.parent)):
        k = END * (joint - tree.inner)
        store(block.ends, k, every(tree.start[joint].real))
        store(block.ends, k + WIDE, every(tree.start[joint].imag))


@compiled
def run(tree: Tree, powers: Kind, currents: Kind, shunts: Kind, block: Block, low2: float, tolerance_pu: float) -> None:
    """Sweeps a block until every lane rests, or gives it up."""
    v, i = block.v, block.i
    begin(tree, block)
    for _ in range(ITERATIONS_MAX):
        i[:] = 0.0
        draw_ends(tree, block.ends, low2, v, i, block.moved)
        add_power(powers.at, block.powers, low2, v, i)
        add_current(currents.at, block.currents, low2, v, i)
        add_shunt(shunts.at, block.shunts, v, i)
        gather(tree, i)
        spread(tree, v, i, block.moved)
        if worst_rest_pu(block) < tolerance_pu:
            return
