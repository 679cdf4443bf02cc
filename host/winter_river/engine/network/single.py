"""The sweep for one set of loads of a radial network, compiled by numba (the extra `fast`); `batch` is its door.

About 4 ns a joint and iteration, most of it waiting: a voltage needs its parent's. So nothing is gained by wide
registers here, and much by touching memory seldom: children of one parent lie side by side, and their currents are
added up in a register.
"""

from __future__ import annotations

import math

import numpy as np

from winter_river.engine.network.lanes import ITERATIONS_MAX, NOWHERE, Complex, Flags, Floats, Kind, Tree, compiled

POWER, CURRENT, SHUNT = 1, 2, 4  # what a joint draws, as bits


@compiled
def drawn(kind: Kind, power: Complex, scale: complex, bit: int, draws: Flags, joints: int) -> tuple[Floats, Floats]:
    """What each joint draws of one kind, real and imaginary; sets the bit where it does."""
    size = joints if len(kind.at) > 0 else 0  # memory that nobody reads costs time all the same
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
def solve_one(tree: Tree, powers: Kind, currents: Kind, shunts: Kind, power: Complex, base: float, low2: float,
              tolerance_pu: float, v_pu: Complex) -> bool:  # fmt: skip
    """Fills v_pu, by bus, 0 where it is dead; whether it came to rest. power: in units of 1 / base."""
    parent, roots, joints = tree.parent, tree.roots, len(tree.parent)
    draws = np.zeros(joints, np.uint8)
    p, q = drawn(powers, power, complex(base, base), POWER, draws, joints)
    c, d = drawn(currents, power, complex(base, -base), CURRENT, draws, joints)
    g, b = drawn(shunts, power, complex(base, -base), SHUNT, draws, joints)
    vr, vi = np.ones(joints), np.zeros(joints)
    ir, ii = np.zeros(joints), np.zeros(joints)
    last = 0.0
    good = False
    for _ in range(ITERATIONS_MAX):
        up, sum_r, sum_i = parent[joints - 1], 0.0, 0.0
        for step in range(joints - roots):
            k = np.uintp(joints - 1 - step)
            if parent[k] != up:
                ir[up] += sum_r
                ii[up] += sum_i
                up, sum_r, sum_i = parent[k], 0.0, 0.0
            own_r, own_i = ir[k], ii[k]
            if draws[k] != 0:
                v2 = vr[k] * vr[k] + vi[k] * vi[k]
                v2 = v2 if v2 > low2 else low2  # noqa: FURB136 (compiled to a choice, not a call)
                if draws[k] & POWER:
                    size = 1.0 / v2
                    own_r += (p[k] * vr[k] + q[k] * vi[k]) * size
                    own_i += (p[k] * vi[k] - q[k] * vr[k]) * size
                if draws[k] & CURRENT:
                    size = 1.0 / math.sqrt(v2)
                    own_r += (c[k] * vr[k] - d[k] * vi[k]) * size
                    own_i += (c[k] * vi[k] + d[k] * vr[k]) * size
                if draws[k] & SHUNT:
                    own_r += g[k] * vr[k] - b[k] * vi[k]
                    own_i += g[k] * vi[k] + b[k] * vr[k]
                ir[k], ii[k] = own_r, own_i
            sum_r += own_r
            sum_i += own_i
        moved2 = 0.0
        for joint in range(roots, joints):
            k, u = np.uintp(joint), parent[joint]
            a = vr[u] - tree.r[k] * ir[k] + tree.x[k] * ii[k]
            e = vi[u] - tree.r[k] * ii[k] - tree.x[k] * ir[k]
            da, de = a - vr[k], e - vi[k]
            m2 = da * da + de * de
            moved2 = m2 if m2 > moved2 else moved2  # noqa: FURB136
            vr[k], vi[k] = a, e
            ir[k] = ii[k] = 0.0
        moved = math.sqrt(moved2)
        rest = moved * moved / (last - moved) if moved < last else moved  # the steps shrink geometrically
        if rest < tolerance_pu:
            good = True
            break
        last = moved
    for bus in range(len(tree.place)):
        k = tree.place[bus]
        v_pu[bus] = 0j if k == NOWHERE else complex(vr[k], vi[k])
        good &= k == NOWHERE or vr[k] * vr[k] + vi[k] * vi[k] > low2
    return good
