"""What follows the grid in a world, storages and arrays: their power, energy and heat; and the profiles of all."""

from __future__ import annotations

from winter_river.engine import events
from winter_river.engine.equipment import bess as bess_law
from winter_river.engine.equipment import pv as pv_law
from winter_river.engine.equipment.following import run_follower
from winter_river.engine.equipment.profile import run_profile
from winter_river.engine.flow import set_load
from winter_river.engine.grid_frequency import grid_of, off_pu
from winter_river.engine.plan import NONE, Plan
from winter_river.engine.undervoltage import watch_low
from winter_river.engine.units import BASE_KW, NEVER_S, magnitude
from winter_river.engine.world import DEAD, World, in_service, is_tripped


def on_grid(plan: Plan, w: World, bus: int) -> bool:
    """Whether a utility drives this bus."""
    return w.parent[bus] != DEAD and grid_of(plan, w, bus) != NONE


def run_profiles(plan: Plan, w: World) -> None:
    """Takes the steps whose instant has come."""
    if w.t_s < w.profile_due_s:
        return
    due = NEVER_S
    w.profiled_s = w.t_s
    w.calm = False
    for k in range(len(plan.profiles)):
        s = w.profiles[k]
        run_profile(plan.profiles[k], s, plan.profile_s, plan.profile_values, w.t_s)
        due = min(due, s.due_s)
    w.profile_due_s = due


def wanted_kw(plan: Plan, w: World, k: int) -> float:
    """What a storage is to take: its setpoint; while that is 0, its profile's share of its limits."""
    r, s = plan.storages[k], w.storages[k]
    if s.setpoint_kw != 0.0 or r.profile == NONE:
        return s.setpoint_kw
    share = w.profiles[r.profile].value
    return share * (r.charge_kw_max if share > 0.0 else r.discharge_kw_max)


def draw_followers(plan: Plan, w: World) -> None:
    draw_storages(plan, w)
    draw_arrays(plan, w)


def draw_arrays(plan: Plan, w: World) -> None:
    """Gives each array its power: what the sun makes of it, up to its setpoint, on the grid."""
    for k in range(len(plan.arrays)):
        r, s = plan.arrays[k], w.arrays[k]
        bus = plan.nodes[r.node].bus_in
        s.possible_kw = pv_law.possible_kw(r, s, w.profiles[r.profile].value, w.outdoor_c)
        s.power_kw = min(s.possible_kw, s.limit_set_kw) if on_grid(plan, w, bus) else 0.0
        if w.parent[bus] != DEAD:
            set_load(w, bus, complex(-s.power_kw / BASE_KW, 0.0))


def draw_storages(plan: Plan, w: World) -> None:
    """Gives each storage its power: what it is told, as far as its energy, its heat and the grid allow."""
    for k in range(len(plan.storages)):
        r, s = plan.storages[k], w.storages[k]
        bus, me = plan.nodes[r.node].bus_in, w.nodes[r.node]
        given = s.drain_kw > 0.0
        if bess_law.reach_edge(r, s, w.t_s):
            events.emit(plan, w, r.node, events.AT_RESERVE if given else events.FULL, 0, 0, me.origin)
        bess_law.watch_heat(s, w.t_s)
        s.power_kw = 0.0
        if me.handle != bess_law.HANDLE_HOLD and on_grid(plan, w, bus):
            share_pu = (1.0 - s.limit_pu) * bess_law.derate_pu(bess_law.DERATE_C + s.heat_steps)
            energy_kwh = bess_law.energy_now_kwh(r, s, w.t_s)
            s.power_kw = bess_law.allowed_kw(r, wanted_kw(plan, w, k), energy_kwh, share_pu)
        if w.parent[bus] != DEAD:
            set_load(w, bus, complex(s.power_kw / BASE_KW, 0.0))


def run_followers(plan: Plan, w: World) -> bool:
    """Those that follow the grid let go of a bad supply and come back to a good one."""
    changed = False
    for k in range(len(plan.followers)):
        f = w.followers[k]
        n, me = plan.nodes[plan.followers[k].node], w.nodes[plan.followers[k].node]
        running = f.running
        supply = w.v[n.bus_in] if w.parent[n.bus_in] != DEAD else w.v[plan.nodes[n.feed_1].bus_out]
        run_follower(
            f,
            plan.calibration.reconnect_s,
            w.t_s,
            closed=in_service(n, me) and not is_tripped(w, n.breaker_1),
            supply_pu=magnitude(supply) if me.supplied else 0.0,
            off_pu=off_pu(plan, w, plan.nodes[n.feed_1].bus_out),
        )
        if running and not f.running:
            watch_low(plan, w, plan.nodes[n.feed_1].bus_out)
        if f.running != running:
            w.rewire = changed = True
    return changed


def store_all(plan: Plan, w: World) -> None:
    """Lets the energy and the heat of every storage run on from the settled network."""
    for k in range(len(plan.storages)):
        r, s = plan.storages[k], w.storages[k]
        bess_law.store(r, s, w.t_s)
        bess_law.warm(r, s, w.t_s, w.outdoor_c)
