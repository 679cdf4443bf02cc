"""Closed loops of a live site: switchgear with both mains closed, as behind two parallel transformers.

Each loop is cut at the second main and swept as a tree; a current that closes the gap flows across the cut (the
compensation method of weakly meshed networks: Shirmohammadi and others, IEEE Transactions on Power Systems 3, 1988).
Its ends are given to the sweep as loads, so the sweep knows nothing of it. All loops of an island are corrected
together by the impedances that they have in common, until no gap is left and the ends have come to rest. Held equal to power-grid-model in
tests/engine/test_loops.py.
"""

from __future__ import annotations

from winter_river.engine.plan import Plan
from winter_river.engine.sweep import LOW_PU, TOLERANCE_PU, sweep
from winter_river.engine.units import magnitude
from winter_river.engine.world import World

GAP_PU = 1e-10  # of voltage across a cut; the laws allow 1e-8
ROUNDS_MAX = 100  # chosen: two parallel transformers take about ten


def sweep_island(plan: Plan, w: World, k: int) -> bool:
    """Sweeps one island from the voltages as they stand; False where it does not converge."""
    x = w.wiring[k]
    one = w.turns[len(plan.islands) :]  # a place of its own: those of islands that are swept together are in use
    one[0].first, one[0].end, one[0].emf = 0, x.end - x.first, w.islands[k].emf
    buses = w.order[x.first : x.end]
    sweep(one, 1, buses, w.above, w.z, w.ratio, w.load, plan.steady, plan.y, w.v, w.i, LOW_PU, TOLERANCE_PU)
    return one[0].converged


def _load_of(v: complex, current: complex) -> complex:
    """The constant power that draws this current at this voltage, as the sweep takes it (held down to LOW_PU)."""
    m = v.real * v.real + v.imag * v.imag
    share = max(m, LOW_PU * LOW_PU) / m if m > 0.0 else 0.0
    s = v * current.conjugate()
    return complex(s.real * share, s.imag * share)


def join(plan: Plan, w: World, island: int) -> None:
    """Notes the islands that closed mains join to one, itself among them: two utilities closed together are one mesh."""
    for k in range(len(plan.islands)):
        w.joined[k] = k == island
    for _ in range(len(plan.ties)):
        for k in range(len(plan.ties)):
            one, other = w.island_of[plan.ties[k].bus], w.island_of[plan.ties[k].feed_bus]
            if w.ties[k].closed and w.joined[one] != w.joined[other]:
                w.joined[one] = w.joined[other] = True


def _sweep_joined(plan: Plan, w: World) -> bool:
    """Sweeps all islands of a mesh; False where one does not converge."""
    converged = True
    for k in range(len(plan.islands)):
        if w.joined[k] and not sweep_island(plan, w, k):
            converged = False
    return converged


def _give_ends(plan: Plan, w: World) -> None:
    """Gives the currents across the cuts of a mesh to the sweep: drawn where they leave, fed where they arrive."""
    for k in range(len(plan.ties)):
        r = plan.ties[k]
        if _is_closed(plan, w, k):
            w.load[r.feed_bus] = w.load[r.bus] = 0j
    for k in range(len(plan.ties)):
        r = plan.ties[k]
        if _is_closed(plan, w, k):
            w.load[r.feed_bus] += _load_of(w.v[r.feed_bus], w.tie_current[k])
            w.load[r.bus] -= _load_of(w.v[r.bus], w.tie_current[k])


def divided(a: complex, b: complex) -> complex:
    """a / b, rounded alike plain and compiled."""
    c = a * b.conjugate()
    share = 1.0 / (b.real * b.real + b.imag * b.imag)
    return complex(c.real * share, c.imag * share)


def _is_closed(plan: Plan, w: World, k: int) -> bool:
    """Whether a tie is one of the mesh that is being solved (join)."""
    return w.ties[k].closed and w.joined[w.island_of[plan.ties[k].bus]]


def _correct(plan: Plan, w: World) -> float:
    """Corrects the currents of a mesh's loops by the gaps that they leave; the worst gap, per unit.

    Elimination without a search for pivots: the impedances of loops are a sum of those of branches, all with a
    resistance or a reactance above 0, so none on the diagonal comes to nothing.
    """
    n = len(plan.ties)
    worst = 0.0
    for k in range(n):
        mine = _is_closed(plan, w, k)
        w.loop_gap[k] = 0j
        if mine:
            r = plan.ties[k]
            w.loop_gap[k] = w.v[r.feed_bus] - r.z * w.tie_current[k] - w.v[r.bus]
            worst = max(worst, magnitude(w.loop_gap[k]))
        for m in range(n):
            both = mine and _is_closed(plan, w, m)
            w.loop_z[k * n + m] = plan.loop_z[k * n + m] if both else 1.0 + 0j if k == m else 0j
    for k in range(n):
        for row in range(k + 1, n):
            if w.loop_z[row * n + k] == 0j:
                continue
            factor = divided(w.loop_z[row * n + k], w.loop_z[k * n + k])
            for m in range(k, n):
                w.loop_z[row * n + m] -= factor * w.loop_z[k * n + m]
            w.loop_gap[row] -= factor * w.loop_gap[k]
    for k in range(n - 1, -1, -1):
        for m in range(k + 1, n):
            w.loop_gap[k] -= w.loop_z[k * n + m] * w.loop_gap[m]
        w.loop_gap[k] = divided(w.loop_gap[k], w.loop_z[k * n + k])
        if _is_closed(plan, w, k):
            w.tie_current[k] += w.loop_gap[k]
    return worst


def close_loops(plan: Plan, w: World, converged: bool) -> bool:
    """Closes the loops of the mesh that was joined last, one island of it just swept; False where there is no solution.

    converged: whether its sweep did.
    """
    loops = 0
    for k in range(len(plan.ties)):
        if _is_closed(plan, w, k):
            loops += 1
    calm = False
    rounds = ROUNDS_MAX if loops > 0 else 0
    while converged and rounds > 0:
        rounds -= 1
        if _correct(plan, w) > GAP_PU:
            calm = False
        elif calm:
            return True
        else:
            calm = True  # once more, so that the ends draw their currents at the voltages that came of them
        _give_ends(plan, w)
        converged = _sweep_joined(plan, w)
    return converged and loops == 0


def forget_loops(plan: Plan, w: World) -> None:
    """No current across the cuts of a mesh that has no solution: nothing holds its voltage."""
    for k in range(len(plan.ties)):
        if _is_closed(plan, w, k):
            w.tie_current[k] = w.load[plan.ties[k].feed_bus] = w.load[plan.ties[k].bus] = 0j


def losses_pu(plan: Plan, w: World, island: int) -> float:
    """What the second mains of an island turn into heat."""
    loss = 0.0
    for k in range(len(plan.ties)):
        c = w.tie_current[k]
        if w.ties[k].closed and w.island_of[plan.ties[k].bus] == island:
            loss += plan.ties[k].z.real * (c.real * c.real + c.imag * c.imag)
    return loss
