"""What is connected to what by the ratings and the devices alone: the closed branches, and their ohms."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from winter_river.engine import plan as p
from winter_river.engine.equipment import generator as generator_law
from winter_river.engine.equipment import ups as ups_law
from winter_river.engine.equipment import utility as utility_law
from winter_river.engine.plan import NONE, NodePlan, Plan
from winter_river.engine.units import SQRT3
from winter_river.engine.words import MALFUNCTIONS
from winter_river.engine.world import NodeState, World, in_service, is_tripped

BOTH = 3  # position: in the overlap of a closed transition the flow takes it to be on what it leaves


@dataclass(frozen=True)
class Branch:
    """A closed branch into a bus: parent bus (NONE: the source itself), ohms at the bus's voltage, V over parent V."""

    parent: int
    ohm: complex
    ratio: float


def volts_of(plan: Plan, w: World, bus: int) -> complex:
    return w.v[bus] * plan.buses[bus].voltage_v


def amps_of(plan: Plan, w: World, bus: int) -> complex:
    return w.i[bus] * (1e6 / (SQRT3 * plan.buses[bus].voltage_v))


def cable(plan: Plan, k: int, prefix: str) -> complex:
    r = plan.ratings[k]
    return complex(r[prefix + "_resistance_ohm"], r[prefix + "_reactance_ohm"])


def has(n: NodePlan, me: NodeState, kind: str) -> bool:
    """Whether a malfunction acts, by its name in the words of the type whose part the device plays."""
    names = [name for name, _ in MALFUNCTIONS[n.kind]]
    return kind in names and me.fault >> names.index(kind) & 1 == 1


def severity(plan: Plan, w: World, n: NodePlan, kind: str) -> float:
    names = [name for name, _ in MALFUNCTIONS[n.kind]]
    return w.malfunctions[n.malfunction + names.index(kind)].severity


def closed_branches(plan: Plan, w: World) -> dict[int, Branch]:
    """Every branch on a closed healthy path from a live source, by the bus it leads to.

    An island without a solution has none: nothing holds its voltage, its not_solved event said so, and it is dead.
    """
    found: dict[int, Branch] = {}
    for n in plan.nodes:
        me = w.nodes[n.index]
        if in_service(n, me):
            for bus, branch in _branches(plan, w, n, me, found):
                island = w.island_of[bus]
                solved = island == NONE or w.islands[island].converged
                if solved and (branch.parent == NONE or branch.parent in found):
                    found[bus] = branch
    return found


def _branches(
    plan: Plan, w: World, n: NodePlan, me: NodeState, found: dict[int, Branch]
) -> Iterator[tuple[int, Branch]]:
    """The branches that a device in service closes."""
    r = plan.ratings[n.index]
    feed = plan.nodes[n.feed_1].bus_out if n.feed_1 != NONE else NONE
    if n.kind == p.UTILITY:
        u = w.utilities[n.slot]
        deep = (
            me.fault & utility_law.SAG != 0
            and u.sag_pu >= 1.0
            and not (me.fault & utility_law.SWELL and u.swell_pu > 0.0)
        )
        if not me.fault & (utility_law.OUTAGE | utility_law.FAULT) and not deep and not u.tripped:
            size = r["voltage_v"] ** 2 / (r["short_circuit_mva"] * 1e6)
            x = r["x_over_r"]
            yield n.bus_out, Branch(NONE, complex(size, size * x) / math.hypot(1.0, x), 1.0)
    elif n.kind == p.GENERATOR:
        if w.generators[n.slot].mode in (generator_law.RUNNING, generator_law.COOLDOWN):
            # Its regulator holds its terminals; in the first of a swing it is the voltage behind its reactance.
            base = r["voltage_v"] ** 2 / (r["power_kva"] * 1e3)
            behind = w.generators[n.slot].swing == 1
            yield n.bus_out, Branch(NONE, complex(0.0, r["transient_reactance_pct"] / 100.0 * base * behind), 1.0)
    elif n.kind == p.TRANSFORMER:
        yield n.bus_in, Branch(feed, cable(plan, n.index, "feed"), 1.0)
        base = r["secondary_voltage_v"] ** 2 / (r["power_kva"] * 1e3)
        resistance = r["load_loss_w"] / (r["power_kva"] * 1e3)
        reactance = math.sqrt((r["impedance_pct"] / 100.0) ** 2 - resistance**2)
        ratio = r["secondary_voltage_v"] / n.voltage_in_v / turns_pu(plan, w, n)
        yield n.bus_out, Branch(n.bus_in, base * complex(resistance, reactance), ratio)
    elif n.kind == p.UPS:
        u_state = w.upses[n.slot]
        if not (is_tripped(w, n.breaker_1) and is_tripped(w, n.breaker_2)):
            yield n.bus_in, Branch(feed, cable(plan, n.index, "feed"), 1.0)
        inverter = u_state.path == ups_law.INVERTER
        bypass = u_state.path == ups_law.BYPASS and not is_tripped(w, n.breaker_2)
        if (inverter or bypass) and not is_tripped(w, n.breaker_3):
            yield n.bus_out, Branch(NONE if inverter else n.bus_in, cable(plan, n.index, "output"), 1.0)
    elif n.kind == p.SERVER:
        s = plan.servers[n.slot]
        cords = ((s.bus_1, n.feed_1, n.breaker_1, "cord_1_lost"), (s.bus_2, n.feed_2, n.breaker_2, "cord_2_lost"))
        for bus, by, breaker, lost in cords:
            hangs = w.servers[n.slot].running or (bus == s.bus_1 and is_shorted(n, me))
            if bus != NONE and hangs and not is_tripped(w, breaker) and not has(n, me, lost):
                yield bus, Branch(plan.nodes[by].bus_out, cable(plan, n.index, "feed"), 1.0)
    elif n.kind in (p.BESS, p.PV):
        follower = plan.storages[n.slot].follower if n.kind == p.BESS else plan.arrays[n.slot].follower
        if w.followers[follower].running and not is_tripped(w, n.breaker_1):
            yield n.bus_in, Branch(feed, cable(plan, n.index, "feed"), 1.0)
    elif n.kind == p.COOLING:
        hangs = w.coolings[n.slot].running or is_shorted(n, me)
        if hangs and not is_tripped(w, n.breaker_1):
            yield n.bus_in, Branch(feed, cable(plan, n.index, "feed"), 1.0)
    elif n.kind == p.SWITCHGEAR and r["parallel"] > 0.0:
        second = plan.nodes[n.feed_2].bus_out
        if not is_tripped(w, n.breaker_1):
            only = w.ties[plan.boards[n.slot].tie].source_set
            if only == 1 or (only == 0 and feed in found):
                yield n.bus_out, Branch(feed, cable(plan, n.index, "feed"), 1.0)
            else:
                yield n.bus_out, Branch(second, cable(plan, n.index, "second_feed"), 1.0)
    elif not is_tripped(w, n.breaker_1):
        position = 1
        if n.feed_2 != NONE:
            x_state = w.transfers[plan.boards[n.slot].transfer]
            position = 3 - x_state.target if x_state.position == BOTH else x_state.position
        if position == 1:
            yield n.bus_out, Branch(feed, cable(plan, n.index, "feed"), 1.0)
        elif position == 2:
            yield n.bus_out, Branch(plan.nodes[n.feed_2].bus_out, cable(plan, n.index, "second_feed"), 1.0)


def is_shorted(n: NodePlan, me: NodeState) -> bool:
    """Whether a device is shorted at its terminals."""
    return has(n, me, "short_circuit")


def shorted(plan: Plan, w: World, branches: dict[int, Branch]) -> list[NodePlan]:
    """The shorted devices that a live source feeds."""
    return [n for n in plan.nodes if n.bus_out in branches and is_shorted(n, w.nodes[n.index])]


def turns_pu(plan: Plan, w: World, n: NodePlan) -> float:
    """The primary turns of a transformer that are in use, of the nominal ones, by its ratings and its tap changer."""
    r = plan.ratings[n.index]
    return 1.0 + (r["tap_pct"] - w.transformers[n.slot].tap * r["tap_step_pct"]) / 100.0


def driver(plan: Plan, bus: int, branches: dict[int, Branch]) -> int:
    """The kind of device that drives a bus; NONE where it is dead."""
    if bus not in branches:
        return NONE
    while branches[bus].parent != NONE:
        bus = branches[bus].parent
    return plan.nodes[plan.buses[bus].node].kind
