"""The ten laws of conservation and conduct, checked without the solver.

Everything is worked again from the ratings (ohms, volts, watts) and the solved voltages and currents: no flow, no
connect, no per-unit impedance is used, so a wrong base, a wrong branch or a stale solution shows.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from winter_river.engine import plan as p
from winter_river.engine.equipment import bess as bess_law
from winter_river.engine.equipment import generator as generator_law
from winter_river.engine.equipment import ups as ups_law
from winter_river.engine.equipment import utility as utility_law
from winter_river.engine.equipment.cooling import fan_speed
from winter_river.engine.equipment.table import GG
from winter_river.engine.events import Event
from winter_river.engine.layout import ROWS, tables
from winter_river.engine.meters import kwh_now
from winter_river.engine.plan import NONE, NodePlan, Plan
from winter_river.engine.protection import heat_now
from winter_river.engine.states import is_latched
from winter_river.engine.units import SQRT3
from winter_river.engine.view import view
from winter_river.engine.words import MALFUNCTIONS
from winter_river.engine.world import NodeState, World, in_service, is_tripped

RESIDUAL_W, RESIDUAL_RATIO = 1.0, 1e-6
VOLTAGE_RATIO = 1e-8
ENERGY_RATIO, ENERGY_KWH = 1e-6, 1e-6
GAP_S, STATIC_GAP_S = 0.3, 0.004
PROFILE_S = 1e-6
TINY_S = 1e-9  # instants are sums of floats


@dataclass(frozen=True)
class Branch:
    """A closed branch into a bus: parent bus (NONE: the source itself), ohms at the bus's voltage, V over parent V."""

    parent: int
    ohm: complex
    ratio: float


@dataclass(frozen=True)
class Latches:
    """What only a command may clear, noted before a step: (latched, resets) of each device."""

    rows: tuple[tuple[bool, int], ...]


def latches(plan: Plan, world: World) -> Latches:
    """Notes the latches of a world, for check(before=...) after the step."""
    return Latches(tuple((is_latched(plan, world, n), world.nodes[n.index].resets) for n in plan.nodes))


def check(plan: Plan, world: World, *, events: Sequence[Event] = (), before: Latches | None = None) -> list[str]:
    """The laws a settled world breaks, in words; [] when all ten hold.

    events: of the step that led here, to check that causes come before effects. before: latches() before it.
    """
    branches = closed_branches(plan, world)
    broken = [*_dead_or_alive(plan, world, branches)]
    if not broken:
        broken += _kirchhoff(plan, world, branches)
        broken += _balance(plan, world, branches)
    broken += _power_triangles(plan, world)
    broken += _batteries(plan, world, branches)
    broken += _storages(plan, world, branches)
    broken += _arrays(plan, world, branches)
    broken += _profiles(plan, world)
    broken += _energy(plan, world)
    broken += _transfers(plan, world)
    broken += _ranges(plan, world)
    broken += _conduct(plan, world, events, before)
    return broken


def _volts(plan: Plan, w: World, bus: int) -> complex:
    return w.v[bus] * plan.buses[bus].voltage_v


def _amps(plan: Plan, w: World, bus: int) -> complex:
    return w.i[bus] * (1e6 / (SQRT3 * plan.buses[bus].voltage_v))


def _cable(plan: Plan, k: int, prefix: str) -> complex:
    r = plan.ratings[k]
    return complex(r[prefix + "_resistance_ohm"], r[prefix + "_reactance_ohm"])


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
        if not me.fault & (utility_law.OUTAGE | utility_law.FAULT) and not deep:
            size = r["voltage_v"] ** 2 / (r["short_circuit_mva"] * 1e6)
            x = r["x_over_r"]
            yield n.bus_out, Branch(NONE, complex(size, size * x) / math.hypot(1.0, x), 1.0)
    elif n.kind == p.GENERATOR:
        if w.generators[n.slot].mode in (generator_law.RUNNING, generator_law.COOLDOWN):
            yield n.bus_out, Branch(NONE, 0j, 1.0)
    elif n.kind == p.TRANSFORMER:
        yield n.bus_in, Branch(feed, _cable(plan, n.index, "feed"), 1.0)
        base = r["secondary_voltage_v"] ** 2 / (r["power_kva"] * 1e3)
        resistance = r["load_loss_w"] / (r["power_kva"] * 1e3)
        reactance = math.sqrt((r["impedance_pct"] / 100.0) ** 2 - resistance**2)
        ratio = r["secondary_voltage_v"] / n.voltage_in_v
        yield n.bus_out, Branch(n.bus_in, base * complex(resistance, reactance), ratio)
    elif n.kind == p.UPS:
        u_state = w.upses[n.slot]
        if not (is_tripped(w, n.breaker_1) and is_tripped(w, n.breaker_2)):
            yield n.bus_in, Branch(feed, _cable(plan, n.index, "feed"), 1.0)
        inverter = u_state.path == ups_law.INVERTER
        bypass = u_state.path == ups_law.BYPASS and not is_tripped(w, n.breaker_2)
        if (inverter or bypass) and not is_tripped(w, n.breaker_3):
            yield n.bus_out, Branch(NONE if inverter else n.bus_in, _cable(plan, n.index, "output"), 1.0)
    elif n.kind == p.SERVER:
        s = plan.servers[n.slot]
        cords = ((s.bus_1, n.feed_1, n.breaker_1, "cord_1_lost"), (s.bus_2, n.feed_2, n.breaker_2, "cord_2_lost"))
        for bus, by, breaker, lost in cords:
            if bus != NONE and w.servers[n.slot].running and not is_tripped(w, breaker) and not _has(n, me, lost):
                yield bus, Branch(plan.nodes[by].bus_out, _cable(plan, n.index, "feed"), 1.0)
    elif n.kind in (p.BESS, p.PV):
        follower = plan.storages[n.slot].follower if n.kind == p.BESS else plan.arrays[n.slot].follower
        if w.followers[follower].running and not is_tripped(w, n.breaker_1):
            yield n.bus_in, Branch(feed, _cable(plan, n.index, "feed"), 1.0)
    elif n.kind == p.COOLING:
        if w.coolings[n.slot].running and not is_tripped(w, n.breaker_1):
            yield n.bus_in, Branch(feed, _cable(plan, n.index, "feed"), 1.0)
    elif n.kind == p.SWITCHGEAR and r["parallel"] > 0.0:
        second = plan.nodes[n.feed_2].bus_out
        if not is_tripped(w, n.breaker_1):
            only = w.ties[plan.boards[n.slot].tie].source_set
            if only == 1 or (only == 0 and feed in found):
                yield n.bus_out, Branch(feed, _cable(plan, n.index, "feed"), 1.0)
            else:
                yield n.bus_out, Branch(second, _cable(plan, n.index, "second_feed"), 1.0)
    elif not is_tripped(w, n.breaker_1):
        position = 1 if n.feed_2 == NONE else w.transfers[plan.boards[n.slot].transfer].position
        if position == 1:
            yield n.bus_out, Branch(feed, _cable(plan, n.index, "feed"), 1.0)
        elif position == 2:
            yield n.bus_out, Branch(plan.nodes[n.feed_2].bus_out, _cable(plan, n.index, "second_feed"), 1.0)


def _dead_or_alive(plan: Plan, w: World, branches: dict[int, Branch]) -> Iterator[str]:
    """Law 7: dead if and only if there is no closed healthy path to a live source; then V = I = 0 exactly."""
    for bus in range(len(plan.buses)):
        name = plan.nodes[plan.buses[bus].node].id
        if bus in branches:
            if abs(w.v[bus]) == 0.0:
                yield f"law 7: {name} has a closed path to a live source and no voltage"
        elif w.v[bus] != 0j or w.i[bus] != 0j:
            yield f"law 7: {name} has no path to a live source (or no solution) and {abs(_volts(plan, w, bus)):g} V"


def _demand_va(plan: Plan, w: World, branches: dict[int, Branch]) -> dict[int, complex]:
    """W and var that each bus takes for itself, from settings and ratings."""
    demand: dict[int, complex] = {}
    for n in plan.nodes:
        r = plan.ratings[n.index]
        if n.kind == p.SERVER:
            s = plan.servers[n.slot]
            cords = [bus for bus in (s.bus_1, s.bus_2) if bus in branches]
            for bus in cords:
                # Constant power down to 70 % of the voltage, constant impedance below (a weak second cord).
                taken = min(1.0, (abs(w.v[bus]) / 0.7) ** 2)
                demand[bus] = _at_pf(_asked_kw(plan, w, n) * 1e3 / len(cords), r["power_factor"]) * taken
        elif n.kind == p.COOLING and n.bus_in in branches:
            m = w.coolings[n.slot]
            fans = min(m.fans_set, r["fans"]) * (1.0 - _severity(plan, w, n, "fans_lost"))
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
            for bus in (n.bus_in, n.bus_out):
                demand[bus] = complex(idle_w, idle_var) / 2.0 * abs(w.v[bus]) ** 2
    return demand


def _asked_kw(plan: Plan, w: World, n: NodePlan) -> float:
    """What a rack is to draw, from its setting and its profile."""
    s, profile = w.servers[n.slot], plan.servers[n.slot].profile
    factor = w.profiles[profile].value if profile != NONE else 1.0
    return (
        s.load_set_kw
        if profile == NONE
        else min(plan.ratings[n.index]["load_kw_max"], s.load_set_kw * max(0.0, factor))
    )


def _profiles(plan: Plan, w: World) -> Iterator[str]:
    """What a profile says now is what its series has at this instant (on a step: either side of it)."""
    for k, (r, s) in enumerate(zip(plan.profiles, w.profiles, strict=True)):
        times, values = plan.profile_s[r.first : r.end], plan.profile_values[r.first : r.end]
        allowed = set()
        for t_s in (w.t_s - PROFILE_S, w.t_s + PROFILE_S):
            at_s = (t_s + r.begin_s) % r.period_s if r.period_s > 0.0 else max(0.0, t_s + r.begin_s)
            allowed.add(values[max(0, bisect.bisect_right(times, at_s) - 1)])
        if s.value not in allowed:
            yield f"profile {k} is at {s.value:g}; its series has {sorted(allowed)} at {w.t_s:g} s"


def _arrays(plan: Plan, w: World, branches: dict[int, Branch]) -> Iterator[str]:
    """An array gives what the sun makes of it and no more, on the grid only: IEC 61215's rating, 0.4 % a kelvin."""
    for n in plan.nodes:
        if n.kind != p.PV:
            continue
        a, r = w.arrays[n.slot], plan.ratings[n.index]
        sun = max(0.0, w.profiles[plan.arrays[n.slot].profile].value) * (1.0 - _severity(plan, w, n, "clouded"))
        cells_c = w.outdoor_c + 30.0 * sun
        full_kw = max(0.0, r["peak_kw"] * sun * (1.0 - 0.004 * (cells_c - 25.0)) * 0.86 * 0.96)
        full_kw = min(full_kw, (r["inverter_kw"] or r["peak_kw"]) * (1.0 - _severity(plan, w, n, "power_limit")))
        asked_kw = min(full_kw, a.limit_set_kw) if _driver(plan, n.bus_in, branches) == p.UTILITY else 0.0
        if not abs(a.power_kw - asked_kw) <= 1e-9 * max(1.0, full_kw):
            yield f"law 4: {n.id} gives {a.power_kw:g} kW, the sun says {asked_kw:g} kW"


def _has(n: NodePlan, me: NodeState, kind: str) -> bool:
    """Whether a malfunction acts, by its name."""
    names = [name for name, _ in MALFUNCTIONS[n.kind]]
    return kind in names and me.fault >> names.index(kind) & 1 == 1


def _severity(plan: Plan, w: World, n: NodePlan, kind: str) -> float:
    names = [name for name, _ in MALFUNCTIONS[n.kind]]
    return w.malfunctions[n.malfunction + names.index(kind)].severity


def _at_pf(power_w: float, power_factor: float) -> complex:
    return complex(power_w, power_w * math.tan(math.acos(power_factor)))


def _kirchhoff(plan: Plan, w: World, branches: dict[int, Branch]) -> Iterator[str]:
    """Laws 1 and 2: at every bus what comes in goes out; along every closed branch the voltages add up."""
    demand = _demand_va(plan, w, branches)
    out = dict.fromkeys(branches, 0j)
    for bus, branch in branches.items():
        volts, amps = _volts(plan, w, bus), _amps(plan, w, bus)
        if branch.parent == NONE:
            island = w.islands[plan.buses[bus].island]
            sent = complex(island.emf * plan.buses[bus].voltage_v, 0.0)
        else:
            sent = _volts(plan, w, branch.parent) * branch.ratio
            out[branch.parent] += SQRT3 * _volts(plan, w, branch.parent) * (amps * branch.ratio).conjugate()
        miss = abs(sent - SQRT3 * branch.ohm * amps - volts)
        if not miss <= VOLTAGE_RATIO * plan.buses[bus].voltage_v:
            yield f"law 2: {plan.nodes[plan.buses[bus].node].id} misses {miss:g} V along its branch"
    for row, tie, current in zip(plan.ties, w.ties, w.tie_current, strict=True):
        # The second of two closed mains: the branch that closes a loop.
        amps = current * (1e6 / (SQRT3 * plan.buses[row.bus].voltage_v))
        unsolved = tie.closed and not w.islands[w.island_of[row.bus]].converged
        if not unsolved and tie.closed != (
            tie.source_set == 0 and row.bus in branches and row.feed_bus in branches and _on_first(plan, row, branches)
        ):
            yield f"law 2: both mains of {plan.nodes[row.node].id} are {'' if tie.closed else 'not '}closed"
        if not tie.closed or row.bus not in branches:
            continue
        ohm = _cable(plan, row.node, "second_feed")
        miss = abs(_volts(plan, w, row.feed_bus) - SQRT3 * ohm * amps - _volts(plan, w, row.bus))
        if not miss <= VOLTAGE_RATIO * plan.buses[row.bus].voltage_v:
            yield f"law 2: {plan.nodes[row.node].id} misses {miss:g} V along its second main"
        out[row.feed_bus] += SQRT3 * _volts(plan, w, row.feed_bus) * amps.conjugate()
        out[row.bus] -= SQRT3 * _volts(plan, w, row.bus) * amps.conjugate()
    for bus in branches:
        into = SQRT3 * _volts(plan, w, bus) * _amps(plan, w, bus).conjugate()
        miss = abs(into - out[bus] - demand.get(bus, 0j))
        if not miss <= max(RESIDUAL_W, RESIDUAL_RATIO * abs(into)):
            yield f"law 1: {plan.nodes[plan.buses[bus].node].id} misses {miss:g} VA of {abs(into):g}"


def _on_first(plan: Plan, row: p.TiePlan, branches: dict[int, Branch]) -> bool:
    return branches[row.bus].parent == plan.nodes[plan.nodes[row.node].feed_1].bus_out


def _balance(plan: Plan, w: World, branches: dict[int, Branch]) -> Iterator[str]:
    """Law 4: sources + discharge = loads + charging + losses, each worked from its own figures."""
    demand = _demand_va(plan, w, branches)
    sources = losses = loads = 0.0
    for bus, branch in branches.items():
        n = plan.nodes[plan.buses[bus].node]
        amps = abs(_amps(plan, w, bus))
        if n.kind in (p.UTILITY, p.GENERATOR):
            sources += (SQRT3 * _volts(plan, w, bus) * _amps(plan, w, bus).conjugate()).real
        else:
            losses += 3.0 * amps * amps * branch.ohm.real
        if n.kind in (p.SERVER, p.COOLING):
            loads += demand[bus].real
        elif n.kind == p.TRANSFORMER:
            losses += demand[bus].real
    for row, current in zip(plan.ties, w.tie_current, strict=True):
        amps = abs(current) * (1e6 / (SQRT3 * plan.buses[row.bus].voltage_v))
        losses += 3.0 * amps * amps * _cable(plan, row.node, "second_feed").real
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


def _power_triangles(plan: Plan, w: World) -> Iterator[str]:
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


def _batteries(plan: Plan, w: World, branches: dict[int, Branch]) -> Iterator[str]:
    """Law 5: what goes into a UPS and its battery comes out, stays, or is lost."""
    for n in plan.nodes:
        if n.kind != p.UPS:
            continue
        u, r = w.upses[n.slot], plan.ratings[n.index]
        out_kw = 0.0
        if u.path == ups_law.INVERTER:
            volts = complex(plan.buses[n.bus_out].voltage_v, 0.0)
            out_kw = (SQRT3 * volts * _amps(plan, w, n.bus_out).conjugate()).real / 1e3
        miss_kw = u.in_kw + u.discharge_kw - out_kw - u.loss_kw - u.charge_kw
        if not abs(miss_kw) <= max(RESIDUAL_W / 1e3, RESIDUAL_RATIO * out_kw):
            yield f"law 5: {n.id} misses {miss_kw:g} kW"
        if u.charge_kw * u.discharge_kw != 0.0:
            yield f"law 5: {n.id} charges and discharges at once"
        if u.rectifier < ups_law.WALKING and u.path != ups_law.BYPASS and u.in_kw != 0.0:
            yield f"law 5: {n.id} draws {u.in_kw:g} kW with its rectifier off"
        lost_kw = _ups_loss_kw(plan, w, n, out_kw, branches)
        if not abs(u.loss_kw - lost_kw) <= RESIDUAL_RATIO * max(1.0, lost_kw):
            yield f"law 5: {n.id} loses {u.loss_kw:g} kW, its curve says {lost_kw:g} kW"
        most_kw = _charger_kw(plan, w, n, branches)
        if not u.charge_kw <= most_kw * (1.0 + RESIDUAL_RATIO):
            yield f"law 5: {n.id} charges with {u.charge_kw:g} kW, its charger gives {most_kw:g} kW"
        input_kw = r["input_kw_max"] or 1.3 * r["power_kw"]
        if u.path == ups_law.INVERTER and not u.in_kw <= input_kw * (1.0 + RESIDUAL_RATIO):
            yield f"law 5: {n.id} draws {u.in_kw:g} kW, its input takes {input_kw:g} kW"
        drain_kw = u.discharge_kw + u.peukert_kw - r["charge_efficiency"] * u.charge_kw
        if u.peukert_kw < 0.0 or not abs(drain_kw - u.energy_kw) <= 1e-9 * max(1.0, abs(drain_kw)):
            yield f"law 5: {n.id} stores {-u.energy_kw:g} kW, its powers say {-drain_kw:g} kW"


def _ups_loss_kw(plan: Plan, w: World, n: NodePlan, out_kw: float, branches: dict[int, Branch]) -> float:
    """What a UPS turns into heat, from its ratings: its curve for what goes through the rectifier, a part of it for
    what comes from the battery; past the inverter, what its bypass loses. out_kw: through the inverter."""
    u, r = w.upses[n.slot], plan.ratings[n.index]
    if u.path == ups_law.BYPASS:
        if n.bus_in not in branches or w.nodes[n.index].handle == ups_law.HANDLE_SERVICE:
            return 0.0
        if w.nodes[n.index].handle != ups_law.HANDLE_ECO:
            return r["bypass_loss_kw"]
        passed_kw = 0.0
        if n.bus_out in branches:
            passed_kw = (SQRT3 * _volts(plan, w, n.bus_in) * _amps(plan, w, n.bus_out).conjugate()).real / 1e3
        return r["eco_loss_fixed_pu"] * r["power_kw"] + r["eco_loss_linear_pu"] * passed_kw
    x = out_kw / r["power_kw"]
    curve_kw = (r["loss_fixed_pu"] + r["loss_linear_pu"] * x + r["loss_square_pu"] * x * x) * r["power_kw"]
    needed_kw = out_kw + curve_kw
    share = (u.in_kw - u.charge_kw) / needed_kw if needed_kw > 0.0 else 0.0
    rest = 1.0 - share if u.path == ups_law.INVERTER else 0.0
    return (share + rest * r["loss_on_battery_ratio"]) * curve_kw


def _charger_kw(plan: Plan, w: World, n: NodePlan, branches: dict[int, Branch]) -> float:
    """The most that the charger of a UPS takes now, AC side."""
    r = plan.ratings[n.index]
    charge_kw = r["charge_kw"] or r["power_kw"] / 5.0
    if _driver(plan, n.bus_in, branches) == p.GENERATOR:
        charge_kw = r["charge_kw_on_generator"] or charge_kw / 2.0
    return charge_kw * (1.0 - _severity(plan, w, n, "charger_limit"))


def _storages(plan: Plan, w: World, branches: dict[int, Branch]) -> Iterator[str]:
    """Law 5 for the storages of the site: half of the round-trip loss each way, inside their limits, on the grid only."""
    for n in plan.nodes:
        if n.kind != p.BESS:
            continue
        s, r, me = w.storages[n.slot], plan.ratings[n.index], w.nodes[n.index]
        way = math.sqrt(r["round_trip_efficiency"])
        stored_kw = s.power_kw * way if s.power_kw > 0.0 else s.power_kw / way
        if not abs(stored_kw + s.drain_kw) <= 1e-9 * max(1.0, abs(stored_kw)):
            yield f"law 5: {n.id} stores {-s.drain_kw:g} kW, its power says {stored_kw:g} kW"
        if not abs(s.power_kw - stored_kw - s.loss_kw) <= 1e-9 * max(1.0, abs(stored_kw)):
            yield f"law 5: {n.id} loses {s.loss_kw:g} kW of {s.power_kw:g} kW"
        left_pu = 1.0 - _severity(plan, w, n, "power_limit")
        low_kw, high_kw = -r["discharge_kw_max"] * left_pu, r["charge_kw_max"] * left_pu
        asked_kw, profile = s.setpoint_kw, plan.storages[n.slot].profile
        if asked_kw == 0.0 and profile != NONE:
            share = w.profiles[profile].value
            asked_kw = share * r["charge_kw_max" if share > 0.0 else "discharge_kw_max"]
        if me.handle != 0 or _driver(plan, n.bus_in, branches) != p.UTILITY:
            asked_kw = 0.0
        if not min(0.0, max(low_kw, asked_kw)) <= s.power_kw <= max(0.0, min(high_kw, asked_kw)):
            yield f"law 5: {n.id} does {s.power_kw:g} kW, it may do {asked_kw:g} kW of {low_kw:g} to {high_kw:g} kW"
        level_kwh = s.energy_kwh - s.drain_kw * (w.t_s - s.energy_since_s) / 3600.0
        slack_kwh = 1e-9 * r["capacity_kwh"]
        floor_kwh = r["capacity_kwh"] * r["reserve_pct"] / 100.0
        if s.drain_kw > 0.0 and level_kwh < floor_kwh - slack_kwh:
            yield f"law 5: {n.id} gives away its reserve: {level_kwh:g} of {floor_kwh:g} kWh"
        if not -slack_kwh <= level_kwh <= r["capacity_kwh"] + slack_kwh:
            yield f"law 9: {n.id} holds {level_kwh:g} of {r['capacity_kwh']:g} kWh"


def _driver(plan: Plan, bus: int, branches: dict[int, Branch]) -> int:
    """The kind of device that drives a bus; NONE where it is dead."""
    if bus not in branches:
        return NONE
    while branches[bus].parent != NONE:
        bus = branches[bus].parent
    return plan.nodes[plan.buses[bus].node].kind


def _energy(plan: Plan, w: World) -> Iterator[str]:
    """Law 6: since the start, grid + generators = IT + cooling + losses + what the batteries hold more."""
    kwh = {kind: 0.0 for kind in range(len(p.TYPES))}
    for n in plan.nodes:
        kwh[n.kind] += kwh_now(w.meters[n.index], w.t_s)
    lost = sum(kwh_now(m, w.t_s) for m in (*w.island_meters, *w.ups_meters, *w.storage_meters))
    stored = 0.0
    for r, u in zip(plan.upses, w.upses, strict=True):
        stored += ups_law.energy_now_kwh(u, r.battery_kwh, w.t_s) - r.battery_kwh
    for row, s in zip(plan.storages, w.storages, strict=True):
        stored += bess_law.energy_now_kwh(row, s, w.t_s) - row.begin_kwh
    source = kwh[p.UTILITY] + kwh[p.GENERATOR] + kwh[p.PV]
    used = kwh[p.SERVER] + kwh[p.COOLING]
    if not abs(source - used - lost - stored) <= max(ENERGY_KWH, ENERGY_RATIO * (source + used)):
        yield f"law 6: {source:g} kWh in, {used:g} used, {lost:g} lost, {stored:g} stored"


def _transfers(plan: Plan, w: World) -> Iterator[str]:
    """Law 8: break before make, with a gap."""
    for r, x in zip(plan.transfers, w.transfers, strict=True):
        gap_s = x.closed_s - x.opened_s
        least_s = STATIC_GAP_S if plan.ratings[r.node]["transfer"] > 0.0 else GAP_S
        if x.position not in (0, 1, 2) or (x.position != 0 and gap_s < least_s - TINY_S):
            yield f"law 8: {plan.nodes[r.node].id} closed {gap_s:g} s after it opened"


def _ranges(plan: Plan, w: World) -> Iterator[str]:
    """Law 9: nothing stored below none or above full, no negative loss, everything finite."""
    for r, u in zip(plan.upses, w.upses, strict=True):
        level = u.energy_kwh - u.energy_kw * (w.t_s - u.energy_since_s) / 3600.0
        if not -1e-9 * r.battery_kwh <= level <= r.battery_kwh * (1.0 + 1e-9) or u.loss_kw < 0.0:
            yield f"law 9: {plan.nodes[r.node].id} holds {level:g} of {r.battery_kwh:g} kWh, loses {u.loss_kw:g} kW"
    for g_plan, g in zip(plan.generators, w.generators, strict=True):
        if not 0.0 <= generator_law.fuel_now_gal(g, w.t_s) <= g_plan.fuel_gal or g.fuel_gal_h < 0.0:
            yield f"law 9: {plan.nodes[g_plan.node].id} has {generator_law.fuel_now_gal(g, w.t_s):g} gal"
    for island, row in zip(w.islands, plan.islands, strict=True):
        if not island.loss_kw >= 0.0:
            yield f"law 9: {plan.nodes[row.node].id} drives losses of {island.loss_kw:g} kW"
    for column in (w.v, w.i):
        if not all(math.isfinite(c.real) and math.isfinite(c.imag) for c in column):
            yield "law 9: a voltage or a current is not finite"
    for table in tables(World):
        if table.shape != ROWS:
            continue
        floats = [name for name, kind in table.fields if kind is float]
        for record in getattr(w, table.name):
            if any(math.isnan(getattr(record, name)) for name in floats):
                yield f"law 9: a record of {table.name} holds what is not a number"


def _conduct(plan: Plan, w: World, events: Sequence[Event], before: Latches | None) -> Iterator[str]:
    """Law 10: no closed breaker past its integral, latches cleared only by command, causes before effects."""
    for b, s in zip(plan.breakers, w.breakers, strict=True):
        n, me = plan.nodes[b.node], w.nodes[b.node]
        if not s.tripped and heat_now(s, w.t_s) >= 1.0 and (b.curve == GG or not _has(n, me, "fail_to_open")):
            yield f"law 10: a breaker of {plan.nodes[b.node].id} is past its trip and closed"
    if before is not None:
        for n, (latched, resets) in zip(plan.nodes, before.rows, strict=True):
            if latched and not is_latched(plan, w, n) and w.nodes[n.index].resets <= resets:
                yield f"law 10: the latch of {n.id} cleared without a reset"
    last_id, last_s = 0, -math.inf
    for event in events:
        if not 0 <= event.cause < event.id or event.id <= last_id or event.t_s < last_s:
            yield f"law 10: event {event.id} at {event.t_s:g} s comes from {event.cause}"
        last_id, last_s = event.id, event.t_s
