"""The sweep: balanced three-phase, positive sequence, radial; backward for currents, forward for voltages.

One island at a time, from the voltages as they stand. The live engine and the network solver share it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

TOLERANCE_PU = 1e-10  # of load current, so of 0.1 mW at the engine's base of 1 MVA
ITERATIONS_MAX = 100
# Loads draw constant power down to here and constant impedance below, so that a deep sag has a solution; the
# supplies of servers drop out at this voltage (ITIC), so it is only passed through on the way to settling.
LOW_PU = 0.7


@dataclass(slots=True)
class Wiring:
    """Where one island stands in the orders of sweeping: from first up to end; the same of its loads and shunts.

    It follows from the parents of the buses (connect.index_islands), so it is never saved.
    """

    first: int = 0
    end: int = 0
    loads_first: int = 0
    loads_end: int = 0
    shunts_first: int = 0
    shunts_end: int = 0


def sweep(
    buses: list[int],
    loads: list[int],
    shunts: list[int],
    parent: list[int],
    z: list[complex],
    load: list[complex],
    steady: list[complex],
    y: list[complex],
    v: list[complex],
    i: list[complex],
    drawn: list[complex],
    shunted: list[complex],
    emf: float,
    low_pu: float,
    tolerance_pu: float,
) -> bool:
    """Solves one island in place, from the voltages as they stand; False where it does not converge.

    buses: those of the island, parents first, the root before all; loads, shunts: those among them that have one.
    By bus: parent, and z, the impedance on the way from it (the root's: that of its source); load: constant power,
    held down to low_pu; steady: constant current, at no angle; y: shunt; v: voltages; i: current into each bus through
    its own impedance; drawn, shunted: scratch. emf: behind the impedance of the source. All per unit. It ends when no
    current that depends on a voltage moves: the voltages then fit the currents exactly (Kirchhoff), and the loads to
    the tolerance.
    """
    low2 = low_pu * low_pu
    enough = tolerance_pu * tolerance_pu
    root = buses[0]
    inwards = buses[:0:-1]
    outwards = buses[1:]
    for k in loads:
        drawn[k] = 0j
    for k in shunts:
        shunted[k] = 0j
    for iteration in range(ITERATIONS_MAX):
        for k in buses:
            i[k] = 0j
        worst = 0.0
        for k in shunts:
            c = y[k] * v[k]
            d = c - shunted[k]
            shunted[k] = i[k] = c
            e = d.real * d.real + d.imag * d.imag
            if e > worst:  # noqa: PLR1730 (a call costs more than the rest of the line)
                worst = e
        for k in loads:
            u = v[k]
            m = u.real * u.real + u.imag * u.imag
            c = load[k].conjugate() * u
            share = 1.0 / (m if m > low2 else low2)  # noqa: FURB136 (a call costs more)
            c = complex(c.real * share, c.imag * share)
            if steady[k] != 0j:
                share = 1.0 / max(math.sqrt(m), low_pu)
                c += steady[k] * complex(u.real * share, u.imag * share)
            d = c - drawn[k]
            drawn[k] = c
            i[k] += c
            e = d.real * d.real + d.imag * d.imag
            if e > worst:  # noqa: PLR1730 (a call costs more than the rest of the line)
                worst = e
        for k in inwards:
            i[parent[k]] += i[k]
        u = complex(emf, 0.0) - z[root] * i[root]
        if iteration < ITERATIONS_MAX // 2:
            v[root] = u
            for k in outwards:
                v[k] = v[parent[k]] - z[k] * i[k]
        else:
            # Near collapse the plain sweep swings; half a step keeps it finite and often still gets there.
            v[root] = halfway(v[root], u)
            for k in outwards:
                v[k] = halfway(v[k], v[parent[k]] - z[k] * i[k])
        if iteration > 0 and worst < enough:
            return True
        if not worst < 1e12:
            break
    return False


def halfway(a: complex, b: complex) -> complex:
    return complex(a.real + 0.5 * (b.real - a.real), a.imag + 0.5 * (b.imag - a.imag))
