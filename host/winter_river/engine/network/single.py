"""The sweep for one set of loads of a radial network, compiled by numba (the extra `fast`); `batch` is its door.

About 3 ns a joint and iteration, most of it waiting: a voltage needs its parent's. So nothing is gained by wide
registers here, and much by touching memory seldom: children of one parent lie side by side, their currents are added up
in a register, and what a joint draws at its new voltage is worked out while that is at hand.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from winter_river.engine.network.lanes import (
    ITERATIONS_MAX,
    NOWHERE,
    Complex,
    Flags,
    Floats,
    Kind,
    Places,
    Unsigned,
    compiled,
)

POWER, CURRENT, SHUNT = 1, 2, 4  # what a joint draws, as bits


class Drawn(NamedTuple):
    """What the joints draw at 1 pu, by joint: p + jq constant power, c + jd constant current, g + jb admittances, each
    empty where nothing draws of that kind. draws: bits, of the kinds that a joint draws."""

    draws: Flags
    p: Floats
    q: Floats
    c: Floats
    d: Floats
    g: Floats
    b: Floats


@compiled
def _of_kind(kind: Kind, power: Complex, scale: complex, bit: int, draws: Flags) -> tuple[Floats, Floats]:
    """What each joint draws of one kind, real and imaginary; sets the bit where it does."""
    size = len(draws) if len(kind.at) > 0 else 0  # memory that nobody reads costs time all the same
    real, imag = np.zeros(size), np.zeros(size)
    for j in range(len(kind.at)):
        k = kind.at[j]
        real[k], imag[k] = kind.idle[j].real, kind.idle[j].imag
        draws[k] |= bit
    for j in range(len(kind.load)):
        k, s = kind.at[kind.row[j]], power[kind.load[j]]
        real[k] += scale.real * s.real
        imag[k] += scale.imag * s.imag
    return real, imag


@compiled
def drawn(joints: int, powers: Kind, currents: Kind, shunts: Kind, power: Complex, base: float) -> Drawn:
    """What these loads draw. power: in units of 1 / base."""
    draws = np.zeros(joints, np.uint8)
    p, q = _of_kind(powers, power, complex(base, base), POWER, draws)
    c, d = _of_kind(currents, power, complex(base, -base), CURRENT, draws)
    g, b = _of_kind(shunts, power, complex(base, -base), SHUNT, draws)
    return Drawn(draws, p, q, c, d, g, b)


@compiled
def solve_one(
    parent: Unsigned, roots: int, r: Floats, x: Floats, place: Places,
    draws: Flags, p: Floats, q: Floats, c: Floats, d: Floats, g: Floats, b: Floats,
    low2: float, tolerance_pu: float, v_pu: Complex,
) -> bool:  # fmt: skip
    """Fills v_pu, by bus, 0 where it is dead; whether it came to rest. From 1 pu everywhere.

    The columns of Tree and Drawn one by one: numba takes 0.1 ms to look at what a tuple is made of.
    """
    joints = len(parent)
    vr, vi, ir, ii = np.empty(joints), np.empty(joints), np.empty(joints), np.empty(joints)
    for j in range(joints):
        vr[j], vi[j], ir[j], ii[j] = 1.0, 0.0, 0.0, 0.0
        if draws[j] & POWER:
            ir[j], ii[j] = p[j], -q[j]
        if draws[j] & CURRENT:
            ir[j] += c[j]
            ii[j] += d[j]
        if draws[j] & SHUNT:
            ir[j] += g[j]
            ii[j] += b[j]
    last = 0.0
    good = False
    for _ in range(ITERATIONS_MAX):
        # Backward: what each joint draws is there; what flows behind it is added.
        up, sum_r, sum_i = parent[joints - 1], 0.0, 0.0
        for step in range(joints - roots):
            k = np.uintp(joints - 1 - step)
            if parent[k] != up:
                ir[up] += sum_r
                ii[up] += sum_i
                up, sum_r, sum_i = parent[k], 0.0, 0.0
            sum_r += ir[k]
            sum_i += ii[k]
        # Forward: the voltages, and what is drawn at them in the next pass.
        moved2 = 0.0
        for joint in range(roots, joints):
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
        moved = math.sqrt(moved2)
        rest = moved * moved / (last - moved) if moved < last else moved  # the steps shrink geometrically
        if rest < tolerance_pu:
            good = True
            break
        last = moved
    for bus in range(len(place)):
        k = place[bus]
        v_pu[bus] = 0j if k == NOWHERE else complex(vr[k], vi[k])
        good &= k == NOWHERE or vr[k] * vr[k] + vi[k] * vi[k] > low2
    return good
