"""Laws 4 to 6 of what stores, gives or follows the hour: batteries, storages, arrays, profiles, and all energy."""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterator

from winter_river.engine import plan as p
from winter_river.engine.equipment import bess as bess_law
from winter_river.engine.equipment import ups as ups_law
from winter_river.engine.equipment.ups_battery import energy_now_kwh
from winter_river.engine.laws.branches import Branch, amps_of, driver, severity, shorted, volts_of
from winter_river.engine.laws.currents import RESIDUAL_RATIO, RESIDUAL_W
from winter_river.engine.meters import kwh_now
from winter_river.engine.plan import NONE, NodePlan, Plan
from winter_river.engine.units import SQRT3
from winter_river.engine.world import World

ENERGY_RATIO, ENERGY_KWH = 1e-6, 1e-6
PROFILE_S = 1e-6


def batteries(plan: Plan, w: World, branches: dict[int, Branch]) -> Iterator[str]:
    """Law 5: what goes into a UPS and its battery comes out, stays, or is lost."""
    for n in plan.nodes:
        if n.kind != p.UPS:
            continue
        u, r = w.upses[n.slot], plan.ratings[n.index]
        out_kw = 0.0
        if u.path == ups_law.INVERTER:
            volts = complex(plan.buses[n.bus_out].voltage_v * w.islands[plan.upses[n.slot].island].left_pu, 0.0)
            out_kw = (SQRT3 * volts * amps_of(plan, w, n.bus_out).conjugate()).real / 1e3
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
        if any(w.island_of[short.bus_out] == w.island_of[n.bus_in] for short in shorted(plan, w, branches)):
            return 0.0  # there is no voltage for its electronics: they live off the battery
        if w.nodes[n.index].handle != ups_law.HANDLE_ECO:
            return r["bypass_loss_kw"]
        passed_kw = 0.0
        if n.bus_out in branches:
            passed_kw = (SQRT3 * volts_of(plan, w, n.bus_in) * amps_of(plan, w, n.bus_out).conjugate()).real / 1e3
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
    if driver(plan, n.bus_in, branches) == p.GENERATOR:
        charge_kw = r["charge_kw_on_generator"] or charge_kw / 2.0
    return charge_kw * (1.0 - severity(plan, w, n, "charger_limit"))


def storages(plan: Plan, w: World, branches: dict[int, Branch]) -> Iterator[str]:
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
        left_pu = 1.0 - severity(plan, w, n, "power_limit")
        low_kw, high_kw = -r["discharge_kw_max"] * left_pu, r["charge_kw_max"] * left_pu
        asked_kw, profile = s.setpoint_kw, plan.storages[n.slot].profile
        if asked_kw == 0.0 and profile != NONE:
            share = w.profiles[profile].value
            asked_kw = share * r["charge_kw_max" if share > 0.0 else "discharge_kw_max"]
        if me.handle != 0 or driver(plan, n.bus_in, branches) != p.UTILITY:
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


def arrays(plan: Plan, w: World, branches: dict[int, Branch]) -> Iterator[str]:
    """An array gives what the sun makes of it and no more, on the grid only: IEC 61215's rating, 0.4 % a kelvin."""
    for n in plan.nodes:
        if n.kind != p.PV:
            continue
        a, r = w.arrays[n.slot], plan.ratings[n.index]
        sun = max(0.0, w.profiles[plan.arrays[n.slot].profile].value) * (1.0 - severity(plan, w, n, "clouded"))
        cells_c = w.outdoor_c + 30.0 * sun
        full_kw = max(0.0, r["peak_kw"] * sun * (1.0 - 0.004 * (cells_c - 25.0)) * 0.86 * 0.96)
        full_kw = min(full_kw, (r["inverter_kw"] or r["peak_kw"]) * (1.0 - severity(plan, w, n, "power_limit")))
        asked_kw = min(full_kw, a.limit_set_kw) if driver(plan, n.bus_in, branches) == p.UTILITY else 0.0
        if not abs(a.power_kw - asked_kw) <= 1e-9 * max(1.0, full_kw):
            yield f"law 4: {n.id} gives {a.power_kw:g} kW, the sun says {asked_kw:g} kW"


def profiles(plan: Plan, w: World) -> Iterator[str]:
    """What a profile says now is what its series has at this instant (on a step: either side of it)."""
    for k, (r, s) in enumerate(zip(plan.profiles, w.profiles, strict=True)):
        times, values = plan.profile_s[r.first : r.end], plan.profile_values[r.first : r.end]
        allowed = set()
        for t_s in (w.t_s - PROFILE_S, w.t_s + PROFILE_S):
            at_s = (t_s + r.begin_s) % r.period_s if r.period_s > 0.0 else max(0.0, t_s + r.begin_s)
            allowed.add(values[max(0, bisect.bisect_right(times, at_s) - 1)])
        if s.value not in allowed:
            yield f"profile {k} is at {s.value:g}; its series has {sorted(allowed)} at {w.t_s:g} s"


def energy(plan: Plan, w: World) -> Iterator[str]:
    """Law 6: since the start, grid + generators = IT + cooling + losses + what the batteries hold more."""
    kwh = {kind: 0.0 for kind in range(len(p.TYPES))}
    for n in plan.nodes:
        kwh[n.kind] += kwh_now(w.meters[n.index], w.t_s)
    lost = sum(kwh_now(m, w.t_s) for m in (*w.island_meters, *w.ups_meters, *w.storage_meters))
    stored = 0.0
    for r, u in zip(plan.upses, w.upses, strict=True):
        stored += energy_now_kwh(u, r.battery_kwh, w.t_s) - r.battery_kwh
    for row, s in zip(plan.storages, w.storages, strict=True):
        stored += bess_law.energy_now_kwh(row, s, w.t_s) - row.begin_kwh
    source = kwh[p.UTILITY] + kwh[p.GENERATOR] + kwh[p.PV]
    used = kwh[p.SERVER] + kwh[p.COOLING]
    if not abs(source - used - lost - stored) <= max(ENERGY_KWH, ENERGY_RATIO * (source + used)):
        yield f"law 6: {source:g} kWh in, {used:g} used, {lost:g} lost, {stored:g} stored"
