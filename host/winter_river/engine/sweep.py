"""The sweep: balanced three-phase, positive sequence, radial; backward for currents, forward for voltages.

Some islands at a time, from the voltages as they stand. The live engine and the network solver share it.

Between two passes it looks ahead. Where a pass moves the voltage V of the loads by d, each of constant power draws
-conj(d / V) more of its current, and whatever that flows through drops as much more of its voltage: all drops of an island
E - V change by the same share, but for what its loads have of their own. The next pass begins from there: where all loads hold
their power, three do what five did. It only guesses; what is answered is a pass as it stands.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

TOLERANCE_PU = 5e-10  # chosen: of voltage, estimated: a twentieth of the 1e-8 to which two tools are expected to agree
# chosen: the last pass may move a voltage by so much; the power of each load then fits to it. The laws allow a hundred
# times as much.
LAST_MOVE_PU = 1e-8
ITERATIONS_MAX = 400  # chosen: 99 % of what a reactance carries takes 165 passes; only what collapses takes them all
# Loads draw constant power down to here and constant impedance below, so that a deep sag has a solution; the
# supplies of servers drop out at this voltage (ITIC), so it is only passed through on the way to settling.
LOW_PU = 0.7
# Chosen: of |a|^2 (look_ahead), a drop of a sixth. Beyond it how many passes there are says how near it is to collapse
# (collapse.PASSES_FEW).
AHEAD_MAX = 0.04
AHEAD_PASSES = 20  # chosen: three to five do where it is any good
AHEAD_MIN = 1e-4  # chosen: a pass leaves less than a hundredth to the next one


@dataclass(slots=True)
class Wiring:
    """Where one island stands in the orders of sweeping: from first up to end; the same of its loads.

    It follows from the parents of the buses (connect.index_islands), so it is never saved. solved: in this settling.
    """

    first: int = 0
    end: int = 0
    loads_first: int = 0
    loads_end: int = 0
    solved: bool = False


@dataclass(slots=True)
class Turn:
    """One island among those that are swept together: where its buses stand among theirs, and how it went.

    emf: behind the impedance of its source; moved_...: by how much its last pass moved its last bus; ahead2: the |a|^2 by
    which it has looked ahead, 0 where it has not. moved2, before2, earlier2: by how much its last three passes moved a
    voltage at most, squared, the last one first. passes: how many it took where it converged. row: whose place among the
    active ones this is (Turns are moved up when others have ended).
    """

    island: int = 0
    first: int = 0
    end: int = 0
    emf: float = 1.0
    moved_real: float = 0.0
    moved_imag: float = 0.0
    ahead2: float = 0.0
    moved2: float = 0.0
    before2: float = 0.0
    earlier2: float = 0.0
    row: int = 0
    passes: int = 0
    converged: bool = False


def sweep(
    turns: list[Turn],
    count: int,
    buses: list[int],
    above: list[int],
    z: list[complex],
    ratio: list[float],
    load: list[complex],
    steady: list[complex],
    y: list[complex],
    v: list[complex],
    i: list[complex],
    low_pu: float,
    tolerance_pu: float,
) -> None:
    """Solves some islands in place, from the voltages as they stand; each Turn says whether its own converged.

    turns: the first count of them; their emf, first and end are read. buses: those of the islands, one island after the
    other, in each the root first and parents before children; they are moved. By bus: above, its parent, of a root
    itself; z, the impedance on the way from it (the root's: that of its source); ratio: the voltage it gets for its
    parent's with nothing drawn, the tap of the transformer before it (empty where there is none at all); load: constant
    power, held down to low_pu; steady: constant current, at no angle (empty where there is none at all); y: shunt; v:
    voltages; i: current into each bus through its own impedance. All per unit. An island ends when all
    further passes together would, by the pace of the last two, move none of its voltages by the tolerance, and the last one
    moved none by LAST_MOVE_PU: the voltages then fit the currents exactly (Kirchhoff), and the loads to LAST_MOVE_PU.

    Islands know nothing of each other here, and none moves a bit of another. They share the passes because one island
    alone leaves the processor waiting: a voltage waits for its parent's.
    """
    low2 = low_pu * low_pu
    has_ratio = len(ratio) > 0
    for k in range(count):
        turn = turns[k]
        turn.row, turn.before2, turn.earlier2, turn.ahead2, turn.converged = k, 0.0, 0.0, 0.0, False
    last = turns[count - 1].end if count > 0 else 0
    for iteration in range(ITERATIONS_MAX):
        if count == 0:
            return
        for k in buses[:last]:
            u = v[k]
            current = y[k] * u
            if load[k] != 0j:
                m = u.real * u.real + u.imag * u.imag
                c = load[k].conjugate() * u
                share = 1.0 / (m if m > low2 else low2)  # noqa: FURB136 (a call costs more)
                current += complex(c.real * share, c.imag * share)
            i[k] = current
        if len(steady) > 0:
            _draw_steady(buses, last, steady, v, i, low_pu)
        _gather(buses, last, above, ratio, y, v, i)
        # Near collapse the plain sweep swings; half a step keeps it finite and often still gets there.
        if iteration < ITERATIONS_MAX // 2:
            _spread(turns, buses, last, above, z, ratio, v, i, False)
        else:
            _spread(turns, buses, last, above, z, ratio, v, i, True)
        # At taps a drop is not what the loads make of it; those of constant current or impedance answer otherwise; and what
        # takes so long is no island of one voltage.
        looks_ahead = not has_ratio and len(steady) == 0 and iteration < AHEAD_PASSES
        count, last = _still_active(turns, count, buses, v, tolerance_pu, iteration + 1, looks_ahead)


def _gather(
    buses: list[int],
    last: int,
    above: list[int],
    ratio: list[float],
    y: list[complex],
    v: list[complex],
    i: list[complex],
) -> None:
    """Backward: each current goes into its parent's. Where the parent comes next it is handed on instead of put down and taken
    up again, for which the next one would wait."""
    has_ratio = len(ratio) > 0
    to, taken = -1, 0j
    for k in buses[last - 1 :: -1]:
        current = i[k]
        if to == k:
            current += taken
            i[k] = current
        elif to >= 0:
            i[to] += taken
        up = above[k]
        to, taken = up, current
        if up == k:
            to = -1
        elif has_ratio and ratio[k] != 1.0:
            i[up] += current
            i[up] += beyond_nominal(ratio[k], current, y[k], v[up])
            to = -1


def _draw_steady(
    buses: list[int], last: int, steady: list[complex], v: list[complex], i: list[complex], low_pu: float
) -> None:
    """Adds the loads of constant current."""
    for k in buses[:last]:
        if steady[k] != 0j:
            u = v[k]
            share = 1.0 / max(math.sqrt(u.real * u.real + u.imag * u.imag), low_pu)
            i[k] += steady[k] * complex(u.real * share, u.imag * share)


def _spread(
    turns: list[Turn],
    buses: list[int],
    last: int,
    above: list[int],
    z: list[complex],
    ratio: list[float],
    v: list[complex],
    i: list[complex],
    halved: bool,
) -> None:
    """Forward: the voltages that the currents leave, from each root on; by how much at most goes to Turn.moved2.

    halved: only half of the way there. It is a plain True or False wherever this is called, so that the compiler makes
    two of it: to ask at every bus would cost a sixth.
    """
    has_ratio = len(ratio) > 0
    active = -1
    worst = 0.0
    d = 0j
    before = -1
    u = 0j
    for k in buses[:last]:
        up = above[k]
        if up != k:
            from_v = u if up == before else v[up]
            u = from_v - z[k] * i[k]
            if has_ratio and ratio[k] != 1.0:
                u += scaled(from_v, ratio[k] - 1.0)
        else:
            if active >= 0:
                _note(turns[active], worst, d)
            active += 1
            worst = 0.0
            u = complex(turns[turns[active].row].emf, 0.0) - z[k] * i[k]
        d = u - v[k]
        if halved:
            u = halfway(v[k], u)
        v[k] = u
        before = k
        e = d.real * d.real + d.imag * d.imag
        if e > worst:  # noqa: PLR1730 (a call costs more than the rest of the line)
            worst = e
    _note(turns[active], worst, d)


def _note(turn: Turn, worst: float, last: complex) -> None:
    turn.moved2, turn.moved_real, turn.moved_imag = worst, last.real, last.imag


def look_ahead(turn: Turn, emf: float, buses: list[int], v: list[complex], tolerance2: float) -> float:
    """Moves the voltages of an island to where the next passes would, by what the last one did to its last bus; |a|^2, or 0
    where it is not worth it or no good.

    With a = (E - V) / conj(V) there, a move d goes on as a conj(d), |a|^2 d, ...: together E - V times
    (conj(d) + conj(a) d) / conj(V) / (1 - |a|^2).
    """
    u, d = v[buses[turn.end - 1]], complex(turn.moved_real, turn.moved_imag)
    m2 = u.real * u.real + u.imag * u.imag
    drop = complex(emf - u.real, -u.imag)
    drop2 = drop.real * drop.real + drop.imag * drop.imag
    if m2 < LOW_PU * LOW_PU or drop2 > AHEAD_MAX * m2 or drop2 < AHEAD_MIN * m2:
        return 0.0
    if turn.moved2 * drop2 < LAST_MOVE_PU * LAST_MOVE_PU * m2 and turn.moved2 * drop2 * drop2 < tolerance2 * m2 * m2:
        return 0.0  # the next pass is the last one anyway
    per_m2 = 1.0 / m2
    a2 = drop2 * per_m2
    # conj(a) = conj(E - V) conj(V) / |V|^2, 1 / conj(V) = V / |V|^2, and 1 + |a|^2 is near enough to 1 / (1 - |a|^2).
    c = scaled((d.conjugate() + scaled((drop * u).conjugate() * d, per_m2)) * u, per_m2 * (1.0 + a2))
    for k in buses[turn.first : turn.end]:
        v[k] += c * complex(emf - v[k].real, -v[k].imag)
    return a2


def _still_active(
    turns: list[Turn],
    count: int,
    buses: list[int],
    v: list[complex],
    tolerance_pu: float,
    passes: int,
    looks_ahead: bool,
) -> tuple[int, int]:
    """Looks ahead for those that go on, and moves them up: (how many they are, how many buses they have)."""
    left = last = 0
    for k in range(count):
        turn = turns[k]
        moved2, before2, first, end, row = turn.moved2, turn.before2, turn.first, turn.end, turn.row
        if moved2 < LAST_MOVE_PU * LAST_MOVE_PU and _is_there(turn, turns[row].ahead2, tolerance_pu):
            turns[row].converged = True
            turns[row].passes = passes
        elif moved2 < 1e12:
            turns[row].ahead2 = 0.0
            if looks_ahead:
                turns[row].ahead2 = look_ahead(turn, turns[row].emf, buses, v, tolerance_pu * tolerance_pu)
            up = turns[left]
            up.first, up.before2, up.earlier2, up.row = last, moved2, before2, row
            if last != first:
                for p in range(first, end):
                    buses[last + p - first] = buses[p]
            last += end - first
            up.end = last
            left += 1
    return left, last


def _is_there(turn: Turn, ahead2: float, tolerance_pu: float) -> bool:
    """Whether all further passes together would move no voltage by the tolerance, from where the last one has left it.

    Each pass moves the voltages by about the same part of what the one before did, its pace p: together by moved p / (1 - p).
    Two passes must say so: where one part of an island settles at once and another slowly, the first says nothing of
    the second. What it has looked ahead for is in the moves no more, and comes on top.
    """
    moved2, before2, earlier2 = turn.moved2, turn.before2, turn.earlier2
    if moved2 >= before2 or before2 >= earlier2:
        return moved2 < tolerance_pu * tolerance_pu  # no pace yet, or none any more: what is left is rounding
    pace_max = tolerance_pu / (math.sqrt(moved2) + tolerance_pu) - math.sqrt(ahead2)
    slower2 = pace_max * pace_max
    return pace_max > 0.0 and moved2 < slower2 * before2 and before2 < slower2 * earlier2


def scaled(a: complex, x: float) -> complex:
    return complex(a.real * x, a.imag * x)


def beyond_nominal(ratio: float, current: complex, y: complex, parent_v: complex) -> complex:
    """What a transformer at a tap takes from its primary beyond what it would at its nominal turns.

    Its secondary current through the turns, and the primary half of its magnetising branch, which stands behind the
    turns and so has ratio times the voltage. y: of either half.
    """
    return scaled(current, ratio - 1.0) + scaled(y * parent_v, ratio * ratio - 1.0)


def halfway(a: complex, b: complex) -> complex:
    return complex(a.real + 0.5 * (b.real - a.real), a.imag + 0.5 * (b.imag - a.imag))
