"""The sweep: balanced three-phase, positive sequence, radial; backward for currents, forward for voltages.

One island at a time, from the voltages as they stand. The live engine and the network solver share it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

TOLERANCE_PU = 1e-10  # of voltage, so of the power of each load too
NEARLY = 100.0  # chosen: within so many tolerances the pace of the last passes may say that one more is not needed
ITERATIONS_MAX = 100
# Loads draw constant power down to here and constant impedance below, so that a deep sag has a solution; the
# supplies of servers drop out at this voltage (ITIC), so it is only passed through on the way to settling.
LOW_PU = 0.7


@dataclass(slots=True)
class Wiring:
    """Where one island stands in the orders of sweeping: from first up to end; the same of its loads.

    It follows from the parents of the buses (connect.index_islands), so it is never saved.
    """

    first: int = 0
    end: int = 0
    loads_first: int = 0
    loads_end: int = 0


def sweep(
    buses: list[int],
    loads: list[int],
    parent: list[int],
    z: list[complex],
    load: list[complex],
    steady: list[complex],
    y: list[complex],
    v: list[complex],
    i: list[complex],
    emf: float,
    low_pu: float,
    tolerance_pu: float,
) -> bool:
    """Solves one island in place, from the voltages as they stand; False where it does not converge.

    buses: those of the island, parents first, the root before all; loads: those among them that draw power or current.
    By bus: parent, and z, the impedance on the way from it (the root's: that of its source); load: constant power,
    held down to low_pu; steady: constant current, at no angle; y: shunt; v: voltages; i: current into each bus through
    its own impedance. emf: behind the impedance of the source. All per unit. It ends when one more pass would move no
    voltage by the tolerance: the voltages then fit the currents exactly (Kirchhoff), and the loads to the tolerance.
    """
    low2 = low_pu * low_pu
    enough = tolerance_pu * tolerance_pu  # the moves of voltages are compared by their squares
    nearly = NEARLY * NEARLY * enough
    root = buses[0]
    inwards = buses[:0:-1]
    outwards = buses[1:]
    worst = 0.0
    for iteration in range(ITERATIONS_MAX):
        for k in buses:
            i[k] = y[k] * v[k]
        for k in loads:
            u = v[k]
            m = u.real * u.real + u.imag * u.imag
            c = load[k].conjugate() * u
            share = 1.0 / (m if m > low2 else low2)  # noqa: FURB136 (a call costs more)
            i[k] += complex(c.real * share, c.imag * share)
            if steady[k] != 0j:
                share = 1.0 / max(math.sqrt(m), low_pu)
                i[k] += steady[k] * complex(u.real * share, u.imag * share)
        for k in inwards:
            i[parent[k]] += i[k]
        # Near collapse the plain sweep swings; half a step keeps it finite and often still gets there.
        halved = iteration >= ITERATIONS_MAX // 2
        u = complex(emf, 0.0) - z[root] * i[root]
        d = u - v[root]
        v[root] = halfway(v[root], u) if halved else u
        before, worst = worst, d.real * d.real + d.imag * d.imag
        for k in outwards:
            u = v[parent[k]] - z[k] * i[k]
            d = u - v[k]
            v[k] = halfway(v[k], u) if halved else u
            e = d.real * d.real + d.imag * d.imag
            if e > worst:  # noqa: PLR1730 (a call costs more than the rest of the line)
                worst = e
        # Each pass moves the voltages by about the same part of what the one before did.
        if worst < enough or (worst < nearly and worst * worst < enough * before):
            return True
        if not worst < 1e12:
            break
    return False


def halfway(a: complex, b: complex) -> complex:
    return complex(a.real + 0.5 * (b.real - a.real), a.imag + 0.5 * (b.imag - a.imag))
