"""What generating sets do to the network between their starts and stops: their voltage, and the heat of their engines."""

from __future__ import annotations

from winter_river.engine import events
from winter_river.engine.calm import is_solved
from winter_river.engine.equipment import alternator as alternator_law
from winter_river.engine.equipment import coolant as coolant_law
from winter_river.engine.equipment import generator as generator_law
from winter_river.engine.equipment.generator import GeneratorPlan, GeneratorState
from winter_river.engine.meters import burn
from winter_river.engine.plan import Plan
from winter_river.engine.units import magnitude
from winter_river.engine.world import DEAD, World


def excite(plan: Plan, w: World) -> bool:
    """Lets the voltage of every set follow the steps of its load and its regulator; True where one moved."""
    changed = False
    for k in range(len(plan.generators)):
        r, g = plan.generators[k], w.generators[k]
        bus, island = plan.nodes[r.node].bus_out, w.islands[r.island]
        if rests(plan, w, k):
            continue
        if not generator_law.generator_makes_voltage(g) or w.parent[bus] == DEAD:
            alternator_law.rest(g)
        elif _moves(w, r, g, bus, island.converged and island.left_pu == 1.0):  # at its limit it regulates nothing
            w.rewire = changed = True  # the impedance behind its terminals is another one
        emf = alternator_law.emf_pu(g)
        if emf != island.emf:
            island.emf = emf
            island.dirty = True
    return changed


def _moves(w: World, r: GeneratorPlan, g: GeneratorState, bus: int, converged: bool) -> bool:
    """Whether the voltage of a set goes on with its way back, or a step of load begins another."""
    moves = alternator_law.recovers(r, g, w.t_s)
    if not converged:
        return moves
    v, c = w.v[bus], w.i[bus]
    power_pu, reactive_pu = v.real * c.real + v.imag * c.imag, v.imag * c.real - v.real * c.imag
    return alternator_law.begins_swing(r, g, w.t_s, power_pu=power_pu, reactive_pu=reactive_pu) or moves


def impedance(plan: Plan, w: World, k: int) -> complex:
    """What stands between the voltage that a set makes and its terminals, per unit: none where its regulator holds
    them."""
    swings = w.generators[k].swing == alternator_law.SWINGING
    return complex(0.0, plan.generators[k].reactance_pu) if swings else 0j


def rests(plan: Plan, w: World, k: int) -> bool:
    """Whether nothing is new for a set: it stands, or runs, as the last settling left it."""
    g = w.generators[k]
    if not w.calm or is_solved(w, plan.islands[plan.generators[k].island].bus):
        return False
    return w.t_s < g.due_s and w.t_s < g.machine_due_s and g.leak_pu_h == 0.0


def ask_sets(w: World) -> None:
    """Lets every set, and the transfers that wait for them, be asked in this settling, calm or not."""
    for g in w.generators:
        g.due_s = w.t_s
    for x in w.transfers:
        x.due_s = w.t_s


def run_sets(plan: Plan, w: World) -> None:
    """Takes the settled network into every set for which anything is new."""
    for k in range(len(plan.generators)):
        if not rests(plan, w, k):
            note(plan, w, k)
            burn(plan, w, k)
            warm(plan, w, k)


def note(plan: Plan, w: World, k: int) -> None:
    """Takes the settled network: what the next step of load is measured from, and whether this one was too much."""
    r, g = plan.generators[k], w.generators[k]
    bus = plan.nodes[r.node].bus_out
    island = w.islands[r.island]
    if w.parent[bus] != DEAD and island.converged and island.left_pu == 1.0:
        g.terminal_pu = magnitude(w.v[bus])
        if g.swing != alternator_law.SWINGING:
            g.inner_pu = alternator_law.inner_pu(w.v[bus], w.i[bus], r.reactance_pu)
        deviation_pu = g.terminal_pu - 1.0
        if not g.told and alternator_law.is_out_of_class(r, deviation_pu):
            g.told = True
            cause = events.group_cause(w, plan.nodes[r.node].group)
            limit_pu = alternator_law.limit_pu(r, deviation_pu)
            events.emit(plan, w, r.node, events.OUT_OF_CLASS, _promille(limit_pu), _promille(deviation_pu), cause)


def _promille(value_pu: float) -> int:
    """An event holds whole numbers."""
    return int(value_pu * 1000.0 + (0.5 if value_pu > 0.0 else -0.5))


def warm(plan: Plan, w: World, k: int) -> None:
    """Lets the coolant of every set run on from the settled network, and says what is due."""
    r, g = plan.generators[k], w.generators[k]
    running = generator_law.generator_makes_voltage(g)
    heat_pu = 0.0
    if running:
        full_gal_h = generator_law.fuel_gal_h(r.power_kw, r.power_kw)
        heat_pu = generator_law.fuel_gal_h(g.load_kw, r.power_kw) / full_gal_h
    coolant_law.run_coolant(
        g,
        w.t_s,
        running=running,
        heat_pu=heat_pu,
        air_c=w.outdoor_c,
        heater_lost=w.nodes[r.node].fault & generator_law.HEATER_LOST != 0,
    )
    g.machine_due_s = generator_law.machine_due_s(r, g)


def warm_up(plan: Plan, w: World) -> None:
    """Puts the coolant of every set where it ends: it has stood for long."""
    for k in range(len(plan.generators)):
        g = w.generators[k]
        g.coolant_c = g.coolant_end_c
