"""The sweep for one set of loads of a radial network, compiled by numba (the extra `fast`); `batch` is its door.

Joints before the ends (tree.py) are swept one by one: a voltage needs its parent's, so most of that is waiting. What is
touched seldom costs least: children of one parent lie side by side, their currents are added up in a register, and what
a joint draws at its new voltage is worked out while that is at hand. The ends wait for nobody, and are worked eight at
once.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from winter_river.engine.network.compiled import compiled
from winter_river.engine.network.lanes import ITERATIONS_MAX, Flags, behind, power_at
from winter_river.engine.network.tree import NOWHERE, Complex, Floats, Kind, Places, Tree, Unsigned
from winter_river.engine.network.wide import WIDE, every, fused, larger, largest, load, picked, store, total

POWER, CURRENT, SHUNT = 1, 2, 4  # what a joint draws, as bits


class Ends(NamedTuple):
    """The ends, in whole eights: the parent of each, in order, and the impedance on the way from it. What fills the last
    eight draws nothing."""

    up: Unsigned
    r: Floats
    x: Floats


class Drawn(NamedTuple):
    """What the joints before the ends draw at 1 pu, by joint: p + jq constant power, c + jd constant current, g + jb
    admittances, each empty where nothing draws of that kind. draws: bits, of the kinds that a joint draws. end_p, end_q:
    the constant powers of the ends."""

    draws: Flags
    p: Floats
    q: Floats
    c: Floats
    d: Floats
    g: Floats
    b: Floats
    end_p: Floats
    end_q: Floats


def ends_of(tree: Tree) -> Ends:
    """The ends of a tree."""
    count = len(tree.parent) - tree.inner
    whole = -(-count // WIDE) * WIDE
    up, r, x = np.zeros(whole, np.uintp), np.zeros(whole), np.zeros(whole)
    up[:count], r[:count], x[:count] = tree.parent[tree.inner :], tree.r[tree.inner :], tree.x[tree.inner :]
    up[count:] = up[count - 1] if count else 0
    return Ends(up, r, x)


def end_currents(drawn: Drawn, v: Complex) -> Complex:
    """What the ends draw at these voltages, not below LOW_PU."""
    power = drawn.end_p[: len(v)] + 1j * drawn.end_q[: len(v)]
    currents: Complex = np.conj(power / v)
    return currents


@compiled
def _of_kind(kind: Kind, power: Complex, scale: complex, first: int, size: int) -> tuple[Floats, Floats]:
    """What each of so many joints from the first on draws of one kind, real and imaginary."""
    size = size if len(kind.at) > 0 else 0  # memory that nobody reads costs time all the same
    real, imag = np.zeros(size), np.zeros(size)
    for j in range(len(kind.at)):
        k = kind.at[j] - first
        real[k], imag[k] = kind.idle[j].real, kind.idle[j].imag
    for j in range(len(kind.load)):
        k, s = kind.at[kind.row[j]] - first, power[kind.load[j]]
        real[k] += scale.real * s.real
        imag[k] += scale.imag * s.imag
    return real, imag


@compiled
def drawn(inner: int, ends: Kind, powers: Kind, currents: Kind, shunts: Kind, power: Complex, base: float) -> Drawn:
    """What these loads draw. power: in units of 1 / base."""
    draws = np.zeros(inner, np.uint8)
    for at, bit in ((powers.at, POWER), (currents.at, CURRENT), (shunts.at, SHUNT)):
        for k in at:
            draws[k] |= bit
    p, q = _of_kind(powers, power, complex(base, base), 0, inner)
    c, d = _of_kind(currents, power, complex(base, -base), 0, inner)
    g, b = _of_kind(shunts, power, complex(base, -base), 0, inner)
    end_p, end_q = _of_kind(ends, power, complex(base, base), inner, -(-len(ends.at) // WIDE) * WIDE)
    return Drawn(draws, p, q, c, d, g, b, end_p, end_q)


@compiled
def solve_one(
    parent: Unsigned, roots: int, r: Floats, x: Floats, place: Places, up: Unsigned, end_r: Floats, end_x: Floats,
    draws: Flags, p: Floats, q: Floats, c: Floats, d: Floats, g: Floats, b: Floats, end_p: Floats, end_q: Floats,
    low2: float, tolerance_pu: float, v_pu: Complex,
) -> bool:  # fmt: skip
    """Fills v_pu, by bus, 0 where it is dead; whether it came to rest. From 1 pu everywhere.

    The columns of Tree, Ends and Drawn one by one: numba takes 0.1 ms to look at what a tuple is made of.
    """
    inner, ends = len(draws), len(up)
    vr, vi, ir, ii = np.empty(inner), np.empty(inner), np.empty(inner), np.empty(inner)
    for j in range(inner):
        vr[j], vi[j], ir[j], ii[j] = 1.0, 0.0, 0.0, 0.0
        if draws[j] & POWER:
            ir[j], ii[j] = p[j], -q[j]
        if draws[j] & CURRENT:
            ir[j] += c[j]
            ii[j] += d[j]
        if draws[j] & SHUNT:
            ir[j] += g[j]
            ii[j] += b[j]
    er, ei = np.empty(ends), np.empty(ends)
    for first in range(0, ends, WIDE):
        store(er, first, load(end_p, first))
        store(ei, first, every(0.0) - load(end_q, first))
    last, pace = 0.0, 1.0
    good = False
    for _ in range(ITERATIONS_MAX):
        # The ends, at what their parents have.
        far = every(0.0)
        for first in range(0, ends, WIDE):
            u, alike = up[np.uintp(first)], up[np.uintp(first)] == up[np.uintp(first + WIDE - 1)]
            ur, ui = (every(vr[u]), every(vi[u])) if alike else (picked(vr, up, first), picked(vi, up, first))
            r8, x8, before_r, before_i = load(end_r, first), load(end_x, first), load(er, first), load(ei, first)
            ur, ui = behind(r8, x8, ur, ui, before_r, before_i)
            jr, ji = power_at(load(end_p, first), load(end_q, first), ur, ui, low2)
            store(er, first, jr)
            store(ei, first, ji)
            dr, di = jr - before_r, ji - before_i
            far = larger(fused(dr, dr, di * di) * fused(r8, r8, x8 * x8), far)
            if alike:
                ir[u] += total(jr)
                ii[u] += total(ji)
                continue
            sum_r, sum_i = 0.0, 0.0
            for lane in range(WIDE):
                k = np.uintp(first + lane)
                if up[k] != u:
                    ir[u] += sum_r
                    ii[u] += sum_i
                    u, sum_r, sum_i = up[k], 0.0, 0.0
                sum_r += er[k]
                sum_i += ei[k]
            ir[u] += sum_r
            ii[u] += sum_i
        # Backward: what each joint draws is there; what flows behind it is added.
        above, sum_r, sum_i = parent[inner - 1] if inner > roots else np.uintp(0), 0.0, 0.0
        for step in range(inner - roots):
            k = np.uintp(inner - 1 - step)
            if parent[k] != above:
                ir[above] += sum_r
                ii[above] += sum_i
                above, sum_r, sum_i = parent[k], 0.0, 0.0
            sum_r += ir[k]
            sum_i += ii[k]
        # Forward: the voltages, and what is drawn at them in the next pass.
        moved2 = 0.0
        for joint in range(roots, inner):
            k, u = np.uintp(joint), parent[joint]
            a = vr[u] - r[k] * ir[k] + x[k] * ii[k]
            e = vi[u] - r[k] * ii[k] - x[k] * ir[k]
            da, de = a - vr[k], e - vi[k]
            m2 = da * da + de * de
            moved2 = m2 if m2 > moved2 else moved2  # noqa: FURB136 (compiled to a choice, not a call)
            vr[k], vi[k] = a, e
            own_r, own_i = 0.0, 0.0
            if draws[k] != 0:
                v2 = a * a + e * e
                v2 = v2 if v2 > low2 else low2  # noqa: FURB136
                if draws[k] & POWER:
                    size = 1.0 / v2
                    own_r += (p[k] * a + q[k] * e) * size
                    own_i += (p[k] * e - q[k] * a) * size
                if draws[k] & CURRENT:
                    size = 1.0 / math.sqrt(v2)
                    own_r += (c[k] * a - d[k] * e) * size
                    own_i += (c[k] * e + d[k] * a) * size
                if draws[k] & SHUNT:
                    own_r += g[k] * a - b[k] * e
                    own_i += g[k] * e + b[k] * a
            ir[k], ii[k] = own_r, own_i
        moved = math.sqrt(max(moved2, largest(far)))
        # The steps shrink geometrically, by the slower of the last two paces (lanes.worst_rest_pu).
        ratio = moved / last if last > 0.0 else 1.0
        slower = max(ratio, pace)
        rest = moved * slower / (1.0 - slower) if slower < 1.0 else moved
        if rest < tolerance_pu:
            good = True
            break
        last, pace = moved, ratio
    for first in range(0, ends, WIDE):  # from here on er, ei are voltages
        ur, ui = picked(vr, up, first), picked(vi, up, first)
        ur, ui = behind(load(end_r, first), load(end_x, first), ur, ui, load(er, first), load(ei, first))
        store(er, first, ur)
        store(ei, first, ui)
    for bus in range(len(place)):
        k = place[bus]
        if k == NOWHERE:
            v_pu[bus] = 0j
            continue
        a, e = (vr[k], vi[k]) if k < inner else (er[k - inner], ei[k - inner])
        v_pu[bus] = complex(a, e)
        good &= a * a + e * e > low2
    return good
