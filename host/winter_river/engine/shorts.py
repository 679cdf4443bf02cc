"""Short circuits: bolted, three-phase, at the terminals of the device that has the malfunction `short_circuit`.

To the network a short is an admittance at a bus that takes whatever comes, so its current follows from the impedances
before it, and the trip curves choose which breaker opens. What drives it with electronics or a small machine is at its
limit: it holds its current and loses its voltage. A short stays while its device is in service, whatever its breaker has
done about it: closed again, it trips again.

What no breaker of the site is about to clear, the source itself does (GRID_BACKUP_S, GENERATOR_BACKUP_S). A cord that is shorted carries nothing
to its load, as a lost one; it is a branch of the network for as long as its breaker is closed.
"""

from __future__ import annotations

from winter_river.engine.equipment.table import CURRENT_A_MAX
from winter_river.engine.plan import GENERATOR, NONE, Plan
from winter_river.engine.units import magnitude
from winter_river.engine.world import DEAD, World

# Chosen: of per unit at 1 MVA: 23 nanoohm at 480 V, a two-thousandth of what is in a grid of 5,000 MVA, so that the short
# leaves no voltage worth the name.
BOLTED_PU = 1e7
# Of the rated current. Chosen for the inverter, for as long as its overload table lets it: 1.2 kA of 500 kVA at 480 V, which
# still clears a rack's breaker (Riello states 150 % for 0.5 s for its Multi Sentry, a public specification, UFGS 16265A,
# a limited current for 0.2 s at least). Chosen for the set: with excitation support it sustains three times its own.
INVERTER_MOST_PU, GENERATOR_MOST_PU = 2.0, 3.0
# Chosen: of any bus, just within what the contract carries: behind an infinite grid nothing else limits it.
SHORT_A_MAX = 0.999 * CURRENT_A_MAX
NEAR_PU = 1e-9  # chosen: of the limit, as the tolerance of the flow
# How long a short lasts that nobody in the site clears. A transformer withstands 2 s (IEC 60076-5), so the grid's own
# protection is no slower. Chosen for a set: 10 s, as makers have it who state three times the current, from memory.
GRID_BACKUP_S, GENERATOR_BACKUP_S = 2.0, 10.0


def _has_bit(plan: Plan, w: World, bus: int) -> bool:
    return w.nodes[plan.buses[bus].node].fault & plan.buses[bus].short_bit != 0


def is_shorted(plan: Plan, w: World, bus: int) -> bool:
    """Whether the device of a bus is shorted there."""
    return w.shorted and _has_bit(plan, w, bus)


def short_pu(plan: Plan, w: World, bus: int) -> complex:
    """The admittance of the short at a bus, per unit; none where there is none."""
    return complex(BOLTED_PU, 0.0) if is_shorted(plan, w, bus) else 0j


def serves(plan: Plan, w: World, bus: int) -> bool:
    """Whether a bus carries anything to the load there."""
    return w.parent[bus] != DEAD and not is_shorted(plan, w, bus)


def find_shorts(plan: Plan, w: World) -> None:
    """Notes whether anything in the site is shorted."""
    w.shorted = False
    for k in range(len(plan.nodes)):
        if w.nodes[k].fault != 0 and _has_bit(plan, w, plan.nodes[k].bus_out):
            w.shorted = True


def shorted_bus(plan: Plan, w: World, k: int) -> int:
    """The first short of an island in plan order, NONE where it has none."""
    if w.shorted:
        for bus in w.order[w.wiring[k].first : w.wiring[k].end]:
            if is_shorted(plan, w, bus):
                return bus
    return NONE


def has_short(plan: Plan, w: World) -> bool:
    """Whether a short is in one of the joined islands."""
    if w.shorted:
        for k in range(len(plan.islands)):
            if w.joined[k] and shorted_bus(plan, w, k) != NONE:
                return True
    return False


def is_before(plan: Plan, w: World, bus: int) -> bool:
    """Whether a short is at a bus or behind it."""
    if not w.shorted or w.island_of[bus] < 0:
        return False
    x = w.wiring[w.island_of[bus]]
    for at in w.order[x.first : x.end]:
        if is_shorted(plan, w, at):
            while at > bus:  # the number of a bus is above its parent's
                at = w.parent[at]
            if at == bus:
                return True
    return False


def heat_pu(plan: Plan, w: World, bus: int) -> float:
    """What the short at a bus turns into heat."""
    return short_pu(plan, w, bus).real * (w.v[bus].real * w.v[bus].real + w.v[bus].imag * w.v[bus].imag)


def beyond(plan: Plan, w: World) -> float:
    """How many times the current that its source can give flows in one of the joined islands, or that anything can carry
    (SHORT_A_MAX)."""
    most = 0.0
    for k in range(len(plan.islands)):
        if w.joined[k]:
            most = max(most, magnitude(w.i[plan.islands[k].bus]) / plan.islands[k].most_pu)
            for bus in w.order[w.wiring[k].first : w.wiring[k].end]:
                most = max(most, magnitude(w.i[bus]) * plan.buses[bus].amps / SHORT_A_MAX)
    for t in range(len(plan.ties)):
        bus = plan.ties[t].bus
        if w.ties[t].closed and w.joined[w.island_of[bus]]:  # what comes in by both mains
            most = max(most, magnitude(w.i[bus] + w.tie_current[t]) * plan.buses[bus].amps / SHORT_A_MAX)
    return most


def hold(plan: Plan, w: World, left_pu: float) -> None:
    """Leaves the sources of the joined islands that much of their voltage: one share for all, since only grids join."""
    for k in range(len(plan.islands)):
        if w.joined[k]:
            w.islands[k].left_pu = left_pu


def backup_s(plan: Plan, w: World, k: int) -> float:
    """When the source of an island opens by its own protection, NEVER_S where it does not."""
    generator = plan.nodes[plan.islands[k].node].kind == GENERATOR
    return w.islands[k].short_s + (GENERATOR_BACKUP_S if generator else GRID_BACKUP_S)
