"""What a load draws where its voltage is not the nominal one: the same power, the same current, or by the same impedance.

Each bus has its constant power in w.load, in w.steady the current that its load draws at no angle, and in w.shunts the
admittance of its load beside the plan's own; the last two are empty where no device of the site wants them.
"""

from __future__ import annotations

from winter_river.engine.equipment.server import CURRENT, IMPEDANCE
from winter_river.engine.plan import Plan
from winter_river.engine.sweep import LOW_PU
from winter_river.engine.units import magnitude
from winter_river.engine.world import World


def set_model(plan: Plan, w: World, bus: int, power: complex, model: int) -> bool:
    """Gives a bus a load of constant current or impedance by its power at nominal voltage (per unit); whether it is news."""
    if model == CURRENT:
        current = power.conjugate()
        if w.steady[bus] == current:
            return False
        w.steady[bus] = current
        return True
    shunt = plan.y[bus] + power.conjugate()
    if w.shunts[bus] == shunt:
        return False
    w.shunts[bus] = shunt
    return True


def clear_models(plan: Plan, w: World, bus: int) -> None:
    """Takes away what a bus draws at constant current or impedance."""
    if len(w.steady) > 0:
        w.steady[bus] = 0j
    if len(w.shunts) > 0:
        w.shunts[bus] = plan.y[bus]


def shunt_of(plan: Plan, w: World, bus: int) -> complex:
    """The admittance at a bus (per unit): half of a magnetising branch, or of a load."""
    return w.shunts[bus] if len(w.shunts) > 0 else plan.y[bus]


def steady_of(w: World, bus: int) -> complex:
    """The constant current of the load at a bus, for a voltage of no angle (per unit)."""
    return w.steady[bus] if len(w.steady) > 0 else 0j


def asked_pu(plan: Plan, w: World, bus: int) -> complex:
    """What the load at a bus draws at nominal voltage, whatever its model."""
    return w.load[bus] + (steady_of(w, bus) + shunt_of(plan, w, bus) - plan.y[bus]).conjugate()


def taken_ratio(v: complex, model: int) -> float:
    """The share of its nominal power that a load takes at this voltage: of constant power all of it down to LOW_PU."""
    m = v.real * v.real + v.imag * v.imag
    if model == IMPEDANCE:
        return m
    if model == CURRENT:  # below LOW_PU an impedance, too
        return m / max(magnitude(v), LOW_PU)
    return 1.0 if m >= LOW_PU * LOW_PU else m / (LOW_PU * LOW_PU)
