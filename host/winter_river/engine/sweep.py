"""The sweep: balanced three-phase, positive sequence, radial; backward for currents, forward for voltages.

One island at a time, from the voltages as they stand. The live engine and the network solver share it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

TOLERANCE_PU = 1e-10  # of load current, so of 0.1 mW at the engine's base of 1 MVA
ITERATIONS_MAX = 100
# Loads draw constant power down to here and constant impedance below, so that a deep sag has a solution; the
# supplies of servers drop out at this voltage (ITIC), so it is only passed through on the way to settling.
LOW_PU = 0.7
NO_ROOT = -1


@dataclass(slots=True)
class Wiring:
    """How one island hangs together, for its sweep: follows from the parents of its buses, so it is never saved.

    order: its buses, parents first, root the first. up: (bus, parent) from the far end to the root; down: (bus,
    parent, impedance) from the root on, both without the root. shunts, loads: the buses that have one; steady:
    (bus, current at 1 pu and no angle) of the loads that draw constant current.
    """

    root: int = NO_ROOT
    z_root: complex = 0j
    order: list[int] = field(default_factory=list)
    up: list[tuple[int, int]] = field(default_factory=list)
    down: list[tuple[int, int, complex]] = field(default_factory=list)
    shunts: list[int] = field(default_factory=list)
    loads: list[int] = field(default_factory=list)
    steady: list[tuple[int, complex]] = field(default_factory=list)


def sweep(
    wiring: Wiring,
    load: Sequence[complex],
    y: Sequence[complex],
    v: list[complex],
    i: list[complex],
    emf: float,
    low_pu: float = LOW_PU,
    tolerance_pu: float = TOLERANCE_PU,
) -> bool:
    """Solves one island in place, from the voltages as they stand; False where it does not converge.

    v: bus voltages; i: current into each bus through its own impedance; load: constant power, held down to low_pu;
    y: shunt; emf: behind the impedance of the source; all per unit. It ends when no current that depends on a
    voltage moves: the voltages then fit the currents exactly (Kirchhoff), and the loads to the tolerance.
    """
    low2 = low_pu * low_pu
    enough = tolerance_pu * tolerance_pu
    root, up, down = wiring.root, wiring.up, wiring.down
    drawn = [0j] * len(wiring.loads)
    shunted = [0j] * len(wiring.shunts)
    turned = [0j] * len(wiring.steady)
    for iteration in range(ITERATIONS_MAX):
        for k in wiring.order:
            i[k] = 0j
        worst = 0.0
        for place, k in enumerate(wiring.shunts):
            c = y[k] * v[k]
            d = c - shunted[place]
            shunted[place] = i[k] = c
            e = d.real * d.real + d.imag * d.imag
            if e > worst:  # noqa: PLR1730 (a call costs more than the rest of the line)
                worst = e
        for place, k in enumerate(wiring.loads):
            u = v[k]
            m = u.real * u.real + u.imag * u.imag
            c = load[k].conjugate() * u / (m if m > low2 else low2)  # noqa: FURB136 (a call costs more)
            d = c - drawn[place]
            drawn[place] = c
            i[k] += c
            e = d.real * d.real + d.imag * d.imag
            if e > worst:  # noqa: PLR1730 (a call costs more than the rest of the line)
                worst = e
        for place, (k, current) in enumerate(wiring.steady):
            c = current * v[k] / max(abs(v[k]), low_pu)
            d = c - turned[place]
            turned[place] = c
            i[k] += c
            worst = max(worst, d.real * d.real + d.imag * d.imag)
        for k, parent in up:
            i[parent] += i[k]
        u = emf - wiring.z_root * i[root]
        if iteration < ITERATIONS_MAX // 2:
            v[root] = u
            for k, parent, z in down:
                v[k] = v[parent] - z * i[k]
        else:
            # Near collapse the plain sweep swings; half a step keeps it finite and often still gets there.
            v[root] += 0.5 * (u - v[root])
            for k, parent, z in down:
                v[k] += 0.5 * (v[parent] - z * i[k] - v[k])
        if iteration > 0 and worst < enough:
            return True
        if not worst < 1e12:
            break
    return False
