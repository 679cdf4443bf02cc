"""Closed loops of a live site: switchgear with both mains closed, as behind two parallel transformers.

Each loop is cut at the second main, so trees are left, with a current across each cut (the compensation method of weakly
meshed networks: Shirmohammadi and others, IEEE Transactions on Power Systems 3, 1988). Trees and cuts are solved together
by Newton's method (newton.py). So is an island without loops that the sweep gives up: it is close to collapse.
"""

from __future__ import annotations

from winter_river.engine.newton import lay_dark, lay_flat, solved_by_newton
from winter_river.engine.plan import Plan
from winter_river.engine.shorts import NEAR_PU, beyond, hold
from winter_river.engine.sweep import LOW_PU
from winter_river.engine.units import magnitude
from winter_river.engine.world import World

# Chosen: below this not even an answer on constant power says anything, and nothing is divided by nothing on the way.
NEVER_PU = 0.01
# Chosen: two or three divisions do where a short leaves little voltage; halving a share of 1 some 40 times comes to NEAR_PU.
LIMITS_MAX, DIVISIONS_MAX = 60, 5


def is_tied(plan: Plan, w: World, island: int) -> bool:
    """Whether both mains of a switchgear are closed somewhere in an island."""
    for k in range(len(plan.ties)):
        here = w.island_of[plan.ties[k].bus] == island or w.island_of[plan.ties[k].feed_bus] == island
        if w.ties[k].closed and here:
            return True
    return False


def join(plan: Plan, w: World, island: int) -> None:
    """Notes the islands that closed mains join to one, itself among them: two utilities closed together are one mesh."""
    for k in range(len(plan.islands)):
        w.joined[k] = k == island
    for _ in range(len(plan.ties)):
        for k in range(len(plan.ties)):
            one, other = w.island_of[plan.ties[k].bus], w.island_of[plan.ties[k].feed_bus]
            if w.ties[k].closed and w.joined[one] != w.joined[other]:
                w.joined[one] = w.joined[other] = True


def solve_joined(plan: Plan, w: World) -> bool:
    """Solves the joined islands; False where that is beyond it, with no current left across their cuts.

    First with all loads at constant power, whatever the voltage on the way: what that finds above LOW_PU is the answer,
    from the voltages as they stand, or else from the flat ones. Then, as under a sag, with constant impedance below
    LOW_PU, which always has an answer: from the flat voltages, or else from none, where every load is an impedance.
    """
    warm = _lowest_pu(plan, w) >= LOW_PU
    if warm and solved_by_newton(plan, w, NEVER_PU) and _lowest_pu(plan, w) >= LOW_PU:
        return True
    lay_flat(plan, w)
    if solved_by_newton(plan, w, NEVER_PU) and _lowest_pu(plan, w) >= LOW_PU:
        return True
    lay_flat(plan, w)
    if solved_by_newton(plan, w, LOW_PU):
        return True
    lay_dark(plan, w)
    if solved_by_newton(plan, w, LOW_PU):
        return True
    lay_dark(plan, w)
    return False


def solve_shorted(plan: Plan, w: World) -> bool:
    """Solves the joined islands where one has a short: at once with constant impedance below LOW_PU, and with no source
    beyond the current that it can give: one at its limit holds its current and loses voltage. False where that is beyond
    it.

    Below LOW_PU every load is an impedance, so that voltage and current go together, and one division finds the voltage.
    Above it a load draws the more the less voltage there is, so divisions come near the answer slowly, or never: after
    some the voltage is looked for between what is too much and what is not.
    """
    lay_flat(plan, w)
    left, high, low = 1.0, 1.0, 0.0
    for turn in range(LIMITS_MAX):
        hold(plan, w, left)
        if not solved_by_newton(plan, w, LOW_PU):
            lay_dark(plan, w)
            if not solved_by_newton(plan, w, LOW_PU):
                break
        times = beyond(plan, w)
        if times <= 1.0 + NEAR_PU and (left == 1.0 or times >= 1.0 - NEAR_PU):
            return True
        if times > 1.0:
            high = left
        else:
            low = left
        if left <= LOW_PU or turn < DIVISIONS_MAX:
            left /= times
        elif low == 0.0:
            left = LOW_PU
        else:
            left = (high + low) / 2.0
    lay_dark(plan, w)
    return False


def lowest_pu(w: World, island: int) -> float:
    """The lowest voltage of an island."""
    lowest = 1e9
    for k in w.order[w.wiring[island].first : w.wiring[island].end]:
        lowest = min(lowest, magnitude(w.v[k]))
    return lowest


def _lowest_pu(plan: Plan, w: World) -> float:
    """The lowest voltage of the joined islands."""
    lowest = 1e9
    for m in range(len(plan.islands)):
        if w.joined[m]:
            lowest = min(lowest, lowest_pu(w, m))
    return lowest


def least_emf_pu(plan: Plan, w: World) -> float:
    """The lowest voltage that a source of the joined islands makes."""
    least = 1e9
    for m in range(len(plan.islands)):
        if w.joined[m]:
            least = min(least, w.islands[m].emf)
    return least


def losses_pu(plan: Plan, w: World, island: int) -> float:
    """What the second mains of an island turn into heat."""
    loss = 0.0
    for k in range(len(plan.ties)):
        c = w.tie_current[k]
        if w.ties[k].closed and w.island_of[plan.ties[k].bus] == island:
            loss += plan.ties[k].z.real * (c.real * c.real + c.imag * c.imag)
    return loss
