"""Newton's method on trees: for loops, whose trees are held together at their cuts, and where the sweep gives up.

Each load is taken as the tangent of what it draws: c + a v + b conj(v). In a tree such tangents add up on the way to
the source in closed form, bus by bus, so a pass costs what a few sweeps cost, and no matrix of the network is made; only
the currents across the cuts of its loops are found together, each pulling at the gaps of all. Islands that closed mains
join (w.joined) are solved as one. Held equal to power-grid-model in tests/engine/test_loops.py and test_near_collapse.py.
"""

from __future__ import annotations

from winter_river.engine.load_models import shunt_of, steady_of
from winter_river.engine.plan import Plan
from winter_river.engine.shorts import short_pu
from winter_river.engine.units import magnitude
from winter_river.engine.world import World, emf_pu

# Chosen: of voltage, what one sweep from the answer, or a gap at a cut, may move it by. Close to collapse the answer may
# be a thousand times that away, so one more step follows, unless so little is missing that even that is nothing.
GOOD_PU, NOTHING_PU = 1e-10, 1e-13
ITERATIONS_MAX = 40  # chosen: 4 to 6 do; close to collapse each one only halves the error
SINGULAR = 1e-14  # chosen: rounding of numbers near 1


def solved_by_newton(plan: Plan, w: World, low_pu: float) -> bool:
    """Solves the joined islands from the voltages as they stand; False where it does not get there.

    low_pu: loads draw constant power down to it and constant impedance below. Writes w.v, w.i and w.tie_current.
    """
    _find_ways(plan, w)
    calm = False
    for _ in range(ITERATIONS_MAX):
        if not _draw_tangents(plan, w, low_pu) or not _balance_cuts(plan, w):
            return False
        missing_pu = _missing_pu(plan, w, low_pu)
        if not missing_pu < 1e6:
            return False
        good = missing_pu < GOOD_PU
        if missing_pu < NOTHING_PU or (good and calm):
            return True
        calm = good
    return False


def is_cut(plan: Plan, w: World, k: int) -> bool:
    """Whether a tie is closed in one of the joined islands."""
    return w.ties[k].closed and w.joined[w.island_of[plan.ties[k].bus]]


def _ratio(w: World, k: int) -> float:
    return w.ratio[k] if len(w.ratio) > 0 else 1.0


def times(c: complex, x: float) -> complex:
    return complex(c.real * x, c.imag * x)


def lay_flat(plan: Plan, w: World) -> None:
    """Sets the voltages of the joined islands to those with nothing drawn."""
    for k in range(len(plan.ties)):
        if is_cut(plan, w, k):
            w.tie_current[k] = 0j
    for m in range(len(plan.islands)):
        if w.joined[m]:
            for k in w.order[w.wiring[m].first : w.wiring[m].end]:
                up = w.parent[k]
                w.v[k] = times(w.v[up], _ratio(w, k)) if up >= 0 else complex(emf_pu(w, m), 0.0)


def lay_dark(plan: Plan, w: World) -> None:
    """Leaves the joined islands without voltages and currents."""
    for k in range(len(plan.ties)):
        if is_cut(plan, w, k):
            w.tie_current[k] = 0j
    for m in range(len(plan.islands)):
        if w.joined[m]:
            for k in w.order[w.wiring[m].first : w.wiring[m].end]:
                w.v[k] = w.i[k] = 0j


def _find_ways(plan: Plan, w: World) -> None:
    """Marks the ways from the ends of the cuts to their sources: what a current across a cut moves that counts."""
    for m in range(len(plan.islands)):
        if w.joined[m]:
            for k in w.order[w.wiring[m].first : w.wiring[m].end]:
                w.on_way[k] = False
    for k in range(len(plan.ties)):
        if is_cut(plan, w, k):
            for end in (plan.ties[k].feed_bus, plan.ties[k].bus):
                bus = end
                while bus >= 0 and not w.on_way[bus]:
                    w.on_way[bus] = True
                    bus = w.parent[bus]


def _draw_tangents(plan: Plan, w: World, low_pu: float) -> bool:
    """What flows into each bus for a voltage near the present one: w.slope v + w.cross conj(v) with all behind it; the
    constant part of its own load alone goes to w.constant. False where a tree has no one answer."""
    low2 = low_pu * low_pu
    for m in range(len(plan.islands)):
        if not w.joined[m]:
            continue
        first, end = w.wiring[m].first, w.wiring[m].end
        for k in w.order[first:end]:
            a, b, c = shunt_of(plan, w, k) + short_pu(plan, w, k), 0j, 0j
            if w.load[k] != 0j:
                u, s = w.v[k], w.load[k].conjugate()
                size2 = u.real * u.real + u.imag * u.imag
                if size2 > low2:
                    inverse = times(u, 1.0 / size2)  # of conj(v)
                    c = times(s * inverse, 2.0)
                    b = times(s * inverse * inverse, -1.0)
                else:
                    a += times(s, 1.0 / low2)
            steady = steady_of(w, k)
            if steady != 0j:
                size = magnitude(w.v[k])
                if size > low_pu:
                    turn = times(w.v[k], 1.0 / size)
                    c += steady * turn
                    a += times(steady, 0.5 / size)
                    b -= times(steady * turn * turn, 0.5 / size)
                else:
                    a += times(steady, 1.0 / low_pu)
            w.slope[k], w.cross[k], w.constant[k] = a, b, c
        for k in w.order[first:end][::-1]:
            if w.z[k] != 0j and abs(_stiffness(w, k)) < SINGULAR:
                return False
            up = w.parent[k]
            if up >= 0:
                r = _ratio(w, k)
                a, b = _through(w, k)
                w.slope[up] += times(a, r * r) + times(plan.y[k], r * r - 1.0)
                w.cross[up] += times(b, r * r)
    return True


def _stiffness(w: World, k: int) -> float:
    """The determinant of v + z (a v + b conj(v)): 0 where the voltage before a bus does not decide the one behind."""
    p, q = w.z[k] * w.slope[k], w.z[k] * w.cross[k]
    p += 1.0 + 0j
    return p.real * p.real + p.imag * p.imag - q.real * q.real - q.imag * q.imag


def _behind(w: World, k: int, u: complex) -> complex:
    """The voltage behind the impedance of a bus, for one before it (less what the constant part drops)."""
    if w.z[k] == 0j:
        return u
    p, q = w.z[k] * w.slope[k], w.z[k] * w.cross[k]
    p += 1.0 + 0j
    return times(p.conjugate() * u - q * u.conjugate(), 1.0 / _stiffness(w, k))


def _through(w: World, k: int) -> tuple[complex, complex]:
    """The tangent of a bus as it looks from before its impedance."""
    a, b, z = w.slope[k], w.cross[k], w.z[k]
    if z == 0j:
        return a, b
    size = a.real * a.real + a.imag * a.imag - b.real * b.real - b.imag * b.imag
    share = 1.0 / _stiffness(w, k)
    return times(a + times(z.conjugate(), size), share), times(b, share)


def _spread(plan: Plan, w: World, *, held: bool) -> None:
    """The voltages (w.v) that the constant parts in w.i leave, and their sums; held: from the voltages of the sources,
    else from none, which is what those parts alone would do, on the ways of the cuts."""
    for m in range(len(plan.islands)):
        if not w.joined[m]:
            continue
        first, end = w.wiring[m].first, w.wiring[m].end
        for k in w.order[first:end][::-1]:
            up, c = w.parent[k], w.i[k]
            if up >= 0 and (held or w.on_way[k]):
                if w.z[k] != 0j:
                    a, b = _through(w, k)
                    drop = w.z[k] * c
                    c -= a * drop + b * drop.conjugate()
                w.i[up] += times(c, _ratio(w, k))
        emf = complex(emf_pu(w, m) if held else 0.0, 0.0)
        for k in w.order[first:end]:
            if held or w.on_way[k]:
                up = w.parent[k]
                before = times(w.v[up], _ratio(w, k)) if up >= 0 else emf
                w.v[k] = _behind(w, k, before - w.z[k] * w.i[k])


def _set_constants(plan: Plan, w: World) -> None:
    """Each bus draws its constant part, the ends of the cuts what flows across."""
    for m in range(len(plan.islands)):
        if w.joined[m]:
            for k in w.order[w.wiring[m].first : w.wiring[m].end]:
                w.i[k] = w.constant[k]
    for k in range(len(plan.ties)):
        if is_cut(plan, w, k):
            w.i[plan.ties[k].feed_bus] += w.tie_current[k]
            w.i[plan.ties[k].bus] -= w.tie_current[k]


def _pull(plan: Plan, w: World, tie: int, current: complex) -> None:
    """The voltages that a current across one cut makes by itself."""
    for m in range(len(plan.islands)):
        if w.joined[m]:
            for k in w.order[w.wiring[m].first : w.wiring[m].end]:
                if w.on_way[k]:
                    w.i[k] = 0j
    w.i[plan.ties[tie].feed_bus] += current
    w.i[plan.ties[tie].bus] -= current
    _spread(plan, w, held=False)


def _gap(plan: Plan, w: World, k: int) -> complex:
    """What the voltages of a cut leave of the current across it."""
    r = plan.ties[k]
    return w.v[r.feed_bus] - w.v[r.bus] - r.z * w.tie_current[k]


def _balance_cuts(plan: Plan, w: World) -> bool:
    """The voltages of the tangents, with the currents across the cuts that leave no gap; False where there are none."""
    n = 2 * len(plan.ties)
    closed = 0
    for t in range(len(plan.ties)):
        if is_cut(plan, w, t):
            closed += 1
            for part in range(2):
                current = complex(1.0 - part, part)
                _pull(plan, w, t, current)
                for row in range(len(plan.ties)):
                    c = w.v[plan.ties[row].feed_bus] - w.v[plan.ties[row].bus] if is_cut(plan, w, row) else 0j
                    if row == t:
                        c -= plan.ties[row].z * current
                    w.pull[2 * row * n + 2 * t + part] = c.real
                    w.pull[(2 * row + 1) * n + 2 * t + part] = c.imag
    _set_constants(plan, w)
    _spread(plan, w, held=True)
    if closed == 0:
        return True
    for t in range(len(plan.ties)):
        c = _gap(plan, w, t) if is_cut(plan, w, t) else 0j
        w.gap[2 * t], w.gap[2 * t + 1] = c.real, c.imag
        if not is_cut(plan, w, t):
            for row in range(n):
                w.pull[row * n + 2 * t] = 1.0 if row == 2 * t else 0.0
                w.pull[row * n + 2 * t + 1] = 1.0 if row == 2 * t + 1 else 0.0
                w.pull[2 * t * n + row] = 1.0 if row == 2 * t else 0.0
                w.pull[(2 * t + 1) * n + row] = 1.0 if row == 2 * t + 1 else 0.0
    if not _eliminate(w, n):
        return False
    for t in range(len(plan.ties)):
        if is_cut(plan, w, t):
            w.tie_current[t] -= complex(w.gap[2 * t], w.gap[2 * t + 1])
    _set_constants(plan, w)
    _spread(plan, w, held=True)
    return True


def _eliminate(w: World, n: int) -> bool:
    """Puts into w.gap what w.pull must be multiplied by to give it; False where that is not one answer."""
    for k in range(n):
        best = k
        for row in range(k + 1, n):
            if abs(w.pull[row * n + k]) > abs(w.pull[best * n + k]):
                best = row
        pivot = w.pull[best * n + k]
        if abs(pivot) < SINGULAR:
            return False
        if best != k:
            for m in range(n):
                w.pull[k * n + m], w.pull[best * n + m] = w.pull[best * n + m], w.pull[k * n + m]
            w.gap[k], w.gap[best] = w.gap[best], w.gap[k]
        for row in range(k + 1, n):
            factor = w.pull[row * n + k] / pivot
            if factor != 0.0:
                for m in range(k, n):
                    w.pull[row * n + m] -= factor * w.pull[k * n + m]
                w.gap[row] -= factor * w.gap[k]
    for k in range(n - 1, -1, -1):
        for m in range(k + 1, n):
            w.gap[k] -= w.pull[k * n + m] * w.gap[m]
        w.gap[k] /= w.pull[k * n + k]
    return True


def _missing_pu(plan: Plan, w: World, low_pu: float) -> float:
    """What the loads themselves, no tangents, would move a voltage by in one sweep, at most; leaves the currents that
    they draw in w.i."""
    low2 = low_pu * low_pu
    worst = 0.0
    for m in range(len(plan.islands)):
        if not w.joined[m]:
            continue
        for k in w.order[w.wiring[m].first : w.wiring[m].end]:
            u = w.v[k]
            size2 = u.real * u.real + u.imag * u.imag
            w.i[k] = (shunt_of(plan, w, k) + short_pu(plan, w, k)) * u + times(
                w.load[k].conjugate() * u, 1.0 / max(size2, low2)
            )
            if len(w.steady) > 0:
                w.i[k] += times(w.steady[k] * u, 1.0 / max(magnitude(u), low_pu))
    for k in range(len(plan.ties)):
        if is_cut(plan, w, k):
            w.i[plan.ties[k].feed_bus] += w.tie_current[k]
            w.i[plan.ties[k].bus] -= w.tie_current[k]
            worst = max(worst, magnitude(_gap(plan, w, k)))
    for m in range(len(plan.islands)):
        if not w.joined[m]:
            continue
        for k in w.order[w.wiring[m].first : w.wiring[m].end][::-1]:
            up, before = w.parent[k], complex(emf_pu(w, m), 0.0)
            if up >= 0:
                r = _ratio(w, k)
                before = times(w.v[up], r)
                w.i[up] += times(w.i[k], r) + times(plan.y[k] * w.v[up], r * r - 1.0)
            worst = max(worst, magnitude(before - w.z[k] * w.i[k] - w.v[k]))
    return worst
