"""Laws 1 to 4 and 7: what comes into a bus goes out, voltages add up, and what is dead has neither."""

from __future__ import annotations

import math
from collections.abc import Iterator

from winter_river.engine import plan as p
from winter_river.engine.equipment.cooling import fan_speed
from winter_river.engine.equipment.switchgear import TiePlan
from winter_river.engine.laws.branches import Branch, amps_of, cable, is_shorted, severity, shorted, turns_pu, volts_of
from winter_river.engine.plan import NONE, NodePlan, Plan
from winter_river.engine.units import SQRT3
from winter_river.engine.view import view
from winter_river.engine.world import NEWTON_SHORT as SHORT
from winter_river.engine.world import World

RESIDUAL_W, RESIDUAL_RATIO = 1.0, 1e-6
VOLTAGE_RATIO = 1e-8
MOST_A = 999_000.0  # that anything is taken to carry in a short: just within the contract
SHORT_OHM_PU = 1e-7  # what a bolted short is taken to be, of a base of 1 MVA


def dead_or_alive(plan: Plan, w: World, branches: dict[int, Branch]) -> Iterator[str]:
    """Law 7: dead if and only if there is no closed healthy path to a live source; then V = I = 0 exactly."""
    for bus in range(len(plan.buses)):
        name = plan.nodes[plan.buses[bus].node].id
        if bus in branches:
            if abs(w.v[bus]) == 0.0:
                yield f"law 7: {name} has a closed path to a live source and no voltage"
        elif w.v[bus] != 0j or w.i[bus] != 0j:
            yield f"law 7: {name} has no path to a live source (or no solution) and {abs(volts_of(plan, w, bus)):g} V"


def demand_va(plan: Plan, w: World, branches: dict[int, Branch]) -> dict[int, complex]:
    """W and var that each bus takes for itself, from settings and ratings."""
    demand: dict[int, complex] = {}
    for n in plan.nodes:
        r, me = plan.ratings[n.index], w.nodes[n.index]
        if n.kind == p.SERVER:
            s = plan.servers[n.slot]
            cords = [
                bus for bus in (s.bus_1, s.bus_2) if bus in branches and not (bus == s.bus_1 and is_shorted(n, me))
            ]
            for bus in cords:
                taken = _taken_pu(r["load_model"], abs(w.v[bus]))
                demand[bus] = _at_pf(_asked_kw(plan, w, n) * 1e3 / len(cords), r["power_factor"]) * taken
        elif n.kind == p.COOLING and n.bus_in in branches and not is_shorted(n, me):
            m = w.coolings[n.slot]
            fans = min(m.fans_set, r["fans"]) * (1.0 - severity(plan, w, n, "fans_lost"))
            fans_kw = fans * r["fan_kw"] * fan_speed(m) ** 3
            demand[n.bus_in] = _at_pf((r["base_kw"] + fans_kw) * 1e3, r["power_factor"])
        elif n.kind == p.UPS and n.bus_in in branches:
            demand[n.bus_in] = _at_pf(w.upses[n.slot].in_kw * 1e3, r["input_power_factor"])
        elif n.kind == p.PV and n.bus_in in branches:
            demand[n.bus_in] = complex(-w.arrays[n.slot].power_kw * 1e3, 0.0)
        elif n.kind == p.BESS and n.bus_in in branches:
            demand[n.bus_in] = complex(w.storages[n.slot].power_kw * 1e3, 0.0)
        elif n.kind == p.TRANSFORMER and n.bus_in in branches:
            power_va = r["power_kva"] * 1e3
            idle_w = r["no_load_loss_w"]
            idle_var = math.sqrt(max(0.0, (r["no_load_current_pct"] / 100.0 * power_va) ** 2 - idle_w**2))
            # Volts a turn magnetise: on the primary side those of the turns in use.
            for bus, turns in ((n.bus_in, turns_pu(plan, w, n)), (n.bus_out, 1.0)):
                demand[bus] = complex(idle_w, idle_var) / 2.0 * abs(w.v[bus] / turns) ** 2
    for n in shorted(plan, w, branches):
        short_ohm = SHORT_OHM_PU * plan.buses[n.bus_out].voltage_v ** 2 / 1e6
        demand[n.bus_out] = demand.get(n.bus_out, 0j) + abs(volts_of(plan, w, n.bus_out)) ** 2 / short_ohm
    return demand


def _taken_pu(load_model: float, v_pu: float) -> float:
    """Power at a voltage over that at the nominal one: constant power or current down to 70 % of the voltage, constant
    impedance below (a weak second cord); or constant impedance all the way."""
    exponent = (0.0, 1.0, 2.0)[int(load_model)]
    taken: float = max(v_pu, 0.7) ** exponent
    return taken if v_pu >= 0.7 else taken * (v_pu / 0.7) ** 2


def _asked_kw(plan: Plan, w: World, n: NodePlan) -> float:
    """What a rack is to draw, from its setting and its profile."""
    s, profile = w.servers[n.slot], plan.servers[n.slot].profile
    factor = w.profiles[profile].value if profile != NONE else 1.0
    return (
        s.load_set_kw
        if profile == NONE
        else min(plan.ratings[n.index]["load_kw_max"], s.load_set_kw * max(0.0, factor))
    )


def _at_pf(power_w: float, power_factor: float) -> complex:
    return complex(power_w, power_w * math.tan(math.acos(power_factor)))


def kirchhoff(plan: Plan, w: World, branches: dict[int, Branch]) -> Iterator[str]:
    """Laws 1 and 2: at every bus what comes in goes out; along every closed branch the voltages add up."""
    demand = demand_va(plan, w, branches)
    out = dict.fromkeys(branches, 0j)
    for bus, branch in branches.items():
        volts, amps = volts_of(plan, w, bus), amps_of(plan, w, bus)
        if branch.parent == NONE:
            island = w.islands[plan.buses[bus].island]
            sent = complex(island.emf * island.left_pu * plan.buses[bus].voltage_v, 0.0)
        else:
            sent = volts_of(plan, w, branch.parent) * branch.ratio
            out[branch.parent] += SQRT3 * volts_of(plan, w, branch.parent) * (amps * branch.ratio).conjugate()
        miss = abs(sent - SQRT3 * branch.ohm * amps - volts)
        if not miss <= VOLTAGE_RATIO * plan.buses[bus].voltage_v:
            yield f"law 2: {plan.nodes[plan.buses[bus].node].id} misses {miss:g} V along its branch"
    for row, tie, current in zip(plan.ties, w.ties, w.tie_current, strict=True):
        # The second of two closed mains: the branch that closes a loop.
        amps = current * (1e6 / (SQRT3 * plan.buses[row.bus].voltage_v))
        unsolved = tie.closed and not w.islands[w.island_of[row.bus]].converged
        if unsolved and current != 0j:
            yield f"law 7: {plan.nodes[row.node].id} has no solution and {abs(amps):g} A through its second main"
        if not unsolved and tie.closed != (
            tie.source_set == 0
            and row.bus in branches
            and row.feed_bus in branches
            and _on_first(plan, row, branches)
            and _one_frequency(plan, w, row, branches)
        ):
            yield f"law 2: both mains of {plan.nodes[row.node].id} are {'' if tie.closed else 'not '}closed"
        if not tie.closed or row.bus not in branches:
            continue
        ohm = cable(plan, row.node, "second_feed")
        miss = abs(volts_of(plan, w, row.feed_bus) - SQRT3 * ohm * amps - volts_of(plan, w, row.bus))
        if not miss <= VOLTAGE_RATIO * plan.buses[row.bus].voltage_v:
            yield f"law 2: {plan.nodes[row.node].id} misses {miss:g} V along its second main"
        out[row.feed_bus] += SQRT3 * volts_of(plan, w, row.feed_bus) * amps.conjugate()
        out[row.bus] -= SQRT3 * volts_of(plan, w, row.bus) * amps.conjugate()
    for bus in branches:
        into = SQRT3 * volts_of(plan, w, bus) * amps_of(plan, w, bus).conjugate()
        miss = abs(into - out[bus] - demand.get(bus, 0j))
        if not miss <= max(RESIDUAL_W, RESIDUAL_RATIO * abs(into)):
            yield f"law 1: {plan.nodes[plan.buses[bus].node].id} misses {miss:g} VA of {abs(into):g}"


def _on_first(plan: Plan, row: TiePlan, branches: dict[int, Branch]) -> bool:
    return branches[row.bus].parent == plan.nodes[plan.nodes[row.node].feed_1].bus_out


def _one_frequency(plan: Plan, w: World, row: TiePlan, branches: dict[int, Branch]) -> bool:
    """Whether the sources behind both mains are within half a hertz of each other."""
    hz = []
    for bus in (row.bus, row.feed_bus):
        while branches[bus].parent != NONE:
            bus = branches[bus].parent
        n = plan.nodes[plan.buses[bus].node]
        if n.kind == p.UTILITY:
            off_pu = 0.15 * (severity(plan, w, n, "frequency_high") - severity(plan, w, n, "frequency_low"))
            hz.append(plan.ratings[n.index]["frequency_hz"] * (1.0 + off_pu))
    return len(hz) < 2 or abs(hz[0] - hz[1]) <= 0.5 + 1e-9


def balance(plan: Plan, w: World, branches: dict[int, Branch]) -> Iterator[str]:
    """Law 4: sources + discharge = loads + charging + losses, each worked from its own figures."""
    demand = demand_va(plan, w, branches)
    sources = losses = loads = 0.0
    for bus, branch in branches.items():
        n = plan.nodes[plan.buses[bus].node]
        amps = abs(amps_of(plan, w, bus))
        if n.kind in (p.UTILITY, p.GENERATOR):
            sources += (SQRT3 * volts_of(plan, w, bus) * amps_of(plan, w, bus).conjugate()).real
        else:
            losses += 3.0 * amps * amps * branch.ohm.real
        if n.kind in (p.SERVER, p.COOLING):
            loads += demand[bus].real
        elif n.kind == p.TRANSFORMER or p.is_board(n.kind):
            losses += demand.get(bus, 0j).real
    for row, current in zip(plan.ties, w.tie_current, strict=True):
        amps = abs(current) * (1e6 / (SQRT3 * plan.buses[row.bus].voltage_v))
        losses += 3.0 * amps * amps * cable(plan, row.node, "second_feed").real
    for u in w.upses:
        sources += u.discharge_kw * 1e3
        loads += u.charge_kw * 1e3
        losses += u.loss_kw * 1e3
    for a in w.arrays:
        sources += a.power_kw * 1e3
    for s in w.storages:
        sources += max(0.0, s.drain_kw) * 1e3
        loads += max(0.0, -s.drain_kw) * 1e3
        losses += s.loss_kw * 1e3
    if not abs(sources - loads - losses) <= max(RESIDUAL_W, RESIDUAL_RATIO * sources):
        yield f"law 4: {sources:g} W in, {loads:g} W used, {losses:g} W lost"


def power_triangles(plan: Plan, w: World) -> Iterator[str]:
    """Law 3: P = sqrt(3) V I PF and S^2 = P^2 + Q^2 in every view."""
    for n in plan.nodes:
        row = view(plan, w, n.id)
        volts, amps, kw, kvar, pf = (
            float(str(row[name])) for name in ("voltage_out", "current", "power_kw", "reactive_kvar", "power_factor")
        )
        kva = SQRT3 * volts * amps / 1e3
        if not abs(kw - kva * pf) <= 1e-6 * max(kva, 1e-3):
            yield f"law 3: {n.id} has {kw:g} kW but sqrt(3) V I PF = {kva * pf:g} kW"
        if not abs(kva**2 - kw**2 - kvar**2) <= 1e-6 * max(kva**2, 1e-6):
            yield f"law 3: {n.id} has S = {kva:g}, P = {kw:g}, Q = {kvar:g}"


def shorts(plan: Plan, w: World, branches: dict[int, Branch]) -> Iterator[str]:
    """A short leaves no voltage where it is; what feeds one by electronics or a small machine gives its limit and no more,
    and all of its voltage where it is not at it."""
    short = shorted(plan, w, branches)
    for n in short:
        if not abs(w.v[n.bus_out]) <= 0.05:
            yield f"law 7: {n.id} is shorted and has {abs(volts_of(plan, w, n.bus_out)):g} V"
    for k, (row, island) in enumerate(zip(plan.islands, w.islands, strict=True)):
        n, r = plan.nodes[row.node], plan.ratings[row.node]
        if w.island_of[row.bus] != k or row.bus not in branches or not (short or island.left_pu != 1.0):
            continue
        times = 2.0 if n.kind == p.UPS else 3.0 if n.kind == p.GENERATOR else math.inf
        most_a = times * r.get("power_kva", 1.0) * 1e3 / (SQRT3 * plan.buses[row.bus].voltage_v)
        meshed = _meshed(plan, w, k)
        bus_a = max(_into_a(plan, w, bus) for bus in branches if w.island_of[bus] in meshed)
        limits = max(abs(amps_of(plan, w, row.bus)) / most_a, bus_a / MOST_A)
        if island.left_pu == 1.0 and not limits <= 1.0 + 1e-6 and island.solver == SHORT:
            yield f"law 3: {n.id} gives {limits:g} times the most that it can into a short"
        if island.left_pu != 1.0 and not (short and abs(limits - 1.0) <= 1e-6):
            yield f"law 3: {n.id} holds {island.left_pu:g} of its voltage and gives {limits:g} times its most"


def _into_a(plan: Plan, w: World, bus: int) -> float:
    """The current that comes into a bus, of two closed mains by both."""
    ties = (c for row, c in zip(plan.ties, w.tie_current, strict=True) if row.bus == bus)
    return abs(amps_of(plan, w, bus) + sum(ties) * (1e6 / (SQRT3 * plan.buses[bus].voltage_v)))


def _meshed(plan: Plan, w: World, k: int) -> set[int]:
    """An island with those that closed mains join to it: they hold their voltage together."""
    found = {k}
    pairs = [
        {w.island_of[row.bus], w.island_of[row.feed_bus]}
        for row, tie in zip(plan.ties, w.ties, strict=True)
        if tie.closed
    ]
    for _ in pairs:
        for pair in pairs:
            found |= pair if pair & found else set()
    return found
