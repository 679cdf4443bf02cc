"""What the engine says about each device: the contract's view fields, computed from the solved network.

Everything is measured at the device's own terminals: `power_in_kw` where its feed cable begins, the rest where
its loads connect (a load's at its input), so that power_in_kw + battery_kw = power_kw + loss_kw at every device
but the sources and the storages (there power_kw passes on to nobody: power_in_kw + battery_kw = loss_kw), and what a device passes on is the sum of the power_in_kw behind it.
"""

from __future__ import annotations

from winter_wire import schema

from winter_river.engine.equipment import bess as bess_law
from winter_river.engine.equipment import generator as generator_law
from winter_river.engine.equipment import pv as pv_law
from winter_river.engine.equipment import switchgear as switchgear_law
from winter_river.engine.equipment import ups as ups_law
from winter_river.engine.equipment import ups_battery as battery_law
from winter_river.engine.equipment.coolant import coolant_now_c
from winter_river.engine.equipment.cooling import fans_turning, flow_m3s
from winter_river.engine.equipment.room_heat import RoomState, flow_wanted_m3s
from winter_river.engine.flow import ups_load_pct
from winter_river.engine.frequency import frequency_hz
from winter_river.engine.heat import aged_now_h, cold_now_c, hot_now_c, hot_spot_now_c, oil_now_c, unit_supply_c
from winter_river.engine.meters import back_kwh_now, forth_kwh_now, kwh_now
from winter_river.engine.plan import (
    BESS,
    COOLING,
    GENERATOR,
    METER,
    NONE,
    PV,
    SERVER,
    SWITCHGEAR,
    TRANSFORMER,
    UPS,
    UTILITY,
    NodePlan,
    Plan,
    is_board,
)
from winter_river.engine.states import is_latched
from winter_river.engine.units import BASE_KW, HOUR_S
from winter_river.engine.words import STATE_WORDS
from winter_river.engine.world import DEAD, World

RUNTIME_S_MAX = schema.COUNT_MAX
PUE_MAX = 1000.0  # the contract's range; with a millionth of the load served the ratio says nothing


def power_kva(v: complex, i: complex) -> complex:
    """kW and kvar of a voltage and a current in per unit."""
    return v * i.conjugate() * BASE_KW


def sent(plan: Plan, w: World, bus: int) -> complex:
    """kW and kvar that the parent of a bus sends towards it; a source's own terminals where it has none."""
    parent = w.parent[bus]
    if parent == DEAD:
        return 0j
    return power_kva(w.v[parent] if parent >= 0 else w.v[bus], w.i[bus])


def passed_on(plan: Plan, w: World, bus: int) -> complex:
    """Current (per unit) that leaves a bus towards what it feeds."""
    passed = w.i[bus] - plan.y[bus] * w.v[bus]
    for k, r in enumerate(plan.ties):
        if r.bus == bus:
            passed += w.tie_current[k]
    return passed


def _line_side_v(plan: Plan, w: World, n: NodePlan) -> float:
    """The voltage in front of a device that does not conduct."""
    best = 0.0
    for feed in (n.feed_1, n.feed_2):
        if feed != NONE and w.nodes[n.index].present:
            best = max(best, abs(w.v[plan.nodes[feed].bus_out]))
    return best * n.voltage_in_v


def electrical(plan: Plan, w: World, n: NodePlan) -> dict[str, object]:
    """The contract's electrical fields of one device."""
    power_in = sent(plan, w, n.bus_in)
    if n.kind == SWITCHGEAR and plan.boards[n.slot].tie != NONE:
        tie = plan.boards[n.slot].tie
        power_in += power_kva(w.v[plan.ties[tie].feed_bus], w.tie_current[tie])
    v, i = w.v[n.bus_out], passed_on(plan, w, n.bus_out)
    battery_kw = 0.0
    if n.kind == SERVER:
        power, amps, v_in = _cords(plan, w, n)
        power_in = sent(plan, w, n.bus_in)
        if plan.servers[n.slot].bus_2 != NONE:
            power_in += sent(plan, w, plan.servers[n.slot].bus_2)
        v_out = v_in
    else:
        power = power_kva(v, i)
        amps = abs(i) * plan.buses[n.bus_out].amps
        v_in = abs(w.v[n.bus_in]) * n.voltage_in_v
        v_out = abs(v) * n.voltage_out_v
    if n.kind == UPS:
        u = w.upses[n.slot]
        battery_kw = u.discharge_kw - u.charge_kw
    lost_from = power.real
    if n.kind == BESS:
        battery_kw, lost_from = w.storages[n.slot].drain_kw, 0.0
    if v_in == 0.0:
        v_in = _line_side_v(plan, w, n)
    apparent = abs(power)
    return {
        "voltage_in": v_in,
        "voltage_out": v_out,
        "current": amps,
        "power_kw": power.real,
        "power_factor": power.real / apparent if apparent > 0.0 else 0.0,
        "power_in_kw": power_in.real,
        "reactive_kvar": power.imag,
        "loss_kw": max(0.0, power_in.real + battery_kw - lost_from),
        "battery_kw": battery_kw,
        "frequency_hz": frequency_hz(plan, w, _driven_bus(plan, w, n)),
        "load_pct": load_pct(plan, w, n),
    }


def _driven_bus(plan: Plan, w: World, n: NodePlan) -> int:
    if w.parent[n.bus_out] != DEAD:
        return n.bus_out
    second = plan.servers[n.slot].bus_2 if n.kind == SERVER else NONE
    return second if second != NONE else n.bus_out


def _cords(plan: Plan, w: World, n: NodePlan) -> tuple[complex, float, float]:
    """(kW and kvar, A, V) of a rack over its live cords; the voltage is the one that fits power and current."""
    r = plan.servers[n.slot]
    power, current_pu, v_pu = 0j, 0.0, 0.0
    for bus in (r.bus_1, r.bus_2):
        if bus != NONE and w.parent[bus] != DEAD:
            power += power_kva(w.v[bus], w.i[bus])
            current_pu += abs(w.i[bus])
            v_pu = max(v_pu, abs(w.v[bus]))
    if current_pu > 0.0:
        v_pu = abs(power) / BASE_KW / current_pu
    return power, current_pu * plan.buses[r.bus_1].amps, v_pu * n.voltage_in_v


def load_pct(plan: Plan, w: World, n: NodePlan) -> float:
    """Load in per cent of the rating that limits the device: kVA, a generator's kW, else amps; 0 for a utility."""
    if n.kind == TRANSFORMER:
        v, i = w.v[n.bus_out], passed_on(plan, w, n.bus_out)
        return abs(v) * abs(i) / plan.transformers[n.slot].power_pu * 100.0
    if n.kind == GENERATOR:
        return power_kva(w.v[n.bus_out], w.i[n.bus_out]).real / plan.generators[n.slot].power_kw * 100.0
    if n.kind == UPS:
        return ups_load_pct(plan, w, n.slot)
    if n.kind == SERVER:
        return _cords(plan, w, n)[1] / plan.buses[n.bus_in].amps / plan.servers[n.slot].rated_pu * 100.0
    if n.kind == COOLING:
        return abs(w.i[n.bus_in]) / plan.coolings[n.slot].rated_pu * 100.0
    if n.kind == BESS:
        return abs(w.i[n.bus_in]) / plan.storages[n.slot].rated_pu * 100.0
    if n.kind == PV:
        return abs(w.i[n.bus_in]) / plan.arrays[n.slot].rated_pu * 100.0
    if n.kind == METER:
        return abs(w.i[n.bus_in]) / plan.counters[n.slot].rated_pu * 100.0
    if n.kind == UTILITY:
        return 0.0
    return abs(passed_on(plan, w, n.bus_out)) / plan.boards[n.slot].rated_pu * 100.0


def runtime_s(plan: Plan, w: World, k: int) -> int:
    """Whole seconds the battery carries the present output, now or if the input were lost now."""
    r, u = plan.upses[k], w.upses[k]
    drain_kw = u.discharge_kw + u.peukert_kw
    if drain_kw <= 0.0:
        drain_kw = u.out_kw + r.loss_on_battery_ratio * ups_law.loss_online_kw(r, u.out_kw)
        drain_kw += battery_law.inside_kw(r, u, drain_kw, battery_law.worn_now_pu(r, w.t_s))
    if not u.battery_ok:
        return 0
    if drain_kw <= 0.0:
        return RUNTIME_S_MAX
    return int(min(RUNTIME_S_MAX, battery_law.energy_now_kwh(u, r.battery_kwh, w.t_s) / drain_kw * HOUR_S))


def _own_fields(plan: Plan, w: World, n: NodePlan) -> dict[str, object]:
    """The computed fields only this type has."""
    if n.kind == UPS:
        r, u = plan.upses[n.slot], w.upses[n.slot]
        energy_kwh = battery_law.energy_now_kwh(u, r.battery_kwh, w.t_s)
        return {
            "soc_pct": energy_kwh / r.battery_kwh * 100.0,
            "runtime_s": runtime_s(plan, w, n.slot),
            "battery_kwh": energy_kwh,
            "aged_h": battery_law.aged_h(r, w.t_s),
            "health_pct": battery_law.health_pu(r, u, w.t_s) * 100.0,
        }
    if n.kind == GENERATOR:
        g, machine = w.generators[n.slot], plan.generators[n.slot]
        return {
            "fuel_pct": generator_law.fuel_now_gal(g, w.t_s) / machine.fuel_gal * 100.0,
            "rpm": round(machine.speed_rpm * frequency_hz(plan, w, n.bus_out) / machine.frequency_hz),
            "energy_kwh": kwh_now(w.meters[n.index], w.t_s),
            "temperature_c": coolant_now_c(g, w.t_s),
        }
    if n.kind == TRANSFORMER:
        size, oil = plan.transformers[n.slot].size, w.transformers[n.slot]
        heat: dict[str, object] = {"oil_c": oil_now_c(size, oil, w.t_s), "hot_spot_c": hot_spot_now_c(size, oil, w.t_s)}
        if plan.transformers[n.slot].ages:
            heat["aged_h"] = aged_now_h(size, oil, w.t_s)
        if plan.transformers[n.slot].tap_steps_max > 0:
            heat["tap"] = oil.tap
        return heat
    if is_board(n.kind):
        source = _source(plan, w, n)
        return {} if source == NONE else {"source": source}
    if n.kind == COOLING:
        m = w.coolings[n.slot]
        flow = flow_m3s(plan.coolings[n.slot], m) if w.nodes[n.index].live else 0.0
        return {"supply_c": unit_supply_c(w, m), "flow_m3s": flow}
    if n.kind == UTILITY or n.kind == METER:
        return _both_ways(w, n)
    if n.kind == PV:
        array, panels = plan.arrays[n.slot], w.arrays[n.slot]
        sun_w_m2 = pv_law.sun_w_m2(panels, w.profiles[array.profile].value)
        return {"sun_w_m2": sun_w_m2, "energy_kwh": kwh_now(w.meters[n.index], w.t_s)}
    if n.kind == BESS:
        storage, cells = plan.storages[n.slot], w.storages[n.slot]
        energy_kwh = bess_law.energy_now_kwh(storage, cells, w.t_s)
        return {
            "soc_pct": energy_kwh / storage.capacity_kwh * 100.0,
            **_both_ways(w, n),
            "temperature_c": bess_law.temperature_now_c(cells, w.t_s),
        }
    if n.kind == SERVER:
        fields: dict[str, object] = {"energy_kwh": kwh_now(w.meters[n.index], w.t_s)}
        if plan.servers[n.slot].room != NONE:
            fields["inlet_c"] = cold_now_c(w.rooms[plan.servers[n.slot].room], w.t_s)
        return fields
    return {}


def _source(plan: Plan, w: World, n: NodePlan) -> int:
    """Which of its two sources a board is on, as its mains stand (switchgear.OPEN to BOTH); NONE with one feed."""
    board = plan.boards[n.slot]
    if board.transfer != NONE:
        return w.transfers[board.transfer].position
    if board.tie == NONE:
        return NONE
    if w.nodes[n.index].contact != 0 or is_latched(plan, w, n):
        return switchgear_law.OPEN
    if w.ties[board.tie].closed:
        return switchgear_law.BOTH
    return switchgear_law.SECOND if w.ties[board.tie].second else switchgear_law.FIRST


def _both_ways(w: World, n: NodePlan) -> dict[str, object]:
    """Energy the way that power_kw counts, and the other."""
    m = w.meters[n.index]
    return {"energy_kwh": forth_kwh_now(m, w.t_s), "returned_kwh": back_kwh_now(m, w.t_s)}


def view(plan: Plan, world: World, node_id: str) -> dict[str, object]:
    """The view of one device: state, electrical and own fields, tripped, permit_close; the envelope is not ours.

    Raises KeyError for a node the facility does not have.
    """
    n = plan.nodes[plan.index[node_id]]
    latched = is_latched(plan, world, n)
    fields = {
        "state": STATE_WORDS[n.type][world.nodes[n.index].state],
        **electrical(plan, world, n),
        **_own_fields(plan, world, n),
        "tripped": latched,
        "permit_close": world.nodes[n.index].present and not latched,
    }
    return _in_range(fields) if world.shorted else fields


def _in_range(fields: dict[str, object]) -> dict[str, object]:
    """A short circuit goes beyond what any load does: no further than the contract carries."""
    for name, value in fields.items():
        if isinstance(value, float):
            _, _, _, low, high, _ = schema.ROWS[name]
            fields[name] = min(float(high), max(float(low), value))
    return fields


AIR_MODES = ("IDLE", "NORMAL", "UNDERPRESSURED", "OVERHEATING", "FAULT")  # from good to bad


def air_mode(room: RoomState) -> int:
    """How a room is cooled, by its place in AIR_MODES: the racks draw more air than the fans bring, it is too warm for
    them, they have shut down."""
    if room.hot:
        return 4
    if room.warm:
        return 3
    if room.it_kw <= 0.0:
        return 0
    return 2 if room.flow_m3s < flow_wanted_m3s(room.it_kw) else 1


def _fans_running(plan: Plan, w: World) -> int:
    """Fans of the whole site that turn: none of a unit that stands still, and of a lost share the rest."""
    units = zip(plan.coolings, w.coolings, strict=True)
    return round(sum(fans_turning(r, m) for r, m in units if m.running and w.nodes[r.node].live))


def weather(world: World) -> dict[str, object]:
    """The air outside: the fields of the virtual node `weather`."""
    return {
        "preset": world.weather_preset,
        "outdoor_c": world.outdoor_c,
        "humidity_pct": world.outdoor_rh * 100.0,
    }


def balance(plan: Plan, world: World) -> dict[str, object]:
    """The power and energy balance of the site: the fields of the virtual node `facility`.

    storage_kw: into the batteries, negative while they feed the site. pue: left out while a battery carries load
    or next to nothing is served; charging does not count. balance_kw: sources less loads, losses and storage.
    served_pct: of the energy that the racks were set to draw so far; left out before they were to draw any.
    """
    it_kw = sum(s.load_kw for s in world.servers)
    cooling_kw = sum(m.load_kw for m in world.coolings)
    source_kw = sum(world.meters[r.node].kw for r in plan.utilities)
    source_kw += sum(world.meters[r.node].kw for r in plan.generators)
    source_kw += sum(array.power_kw for array in world.arrays)
    charge_kw = sum(u.charge_kw for u in world.upses)
    discharge_kw = sum(u.discharge_kw for u in world.upses)
    loss_kw = sum(island.loss_kw for island in world.islands) + sum(u.loss_kw for u in world.upses)
    for storage in world.storages:
        charge_kw += max(0.0, -storage.drain_kw)
        discharge_kw += max(0.0, storage.drain_kw)
        loss_kw += storage.loss_kw
    t_s = world.t_s
    sources = [island.node for island in plan.islands] + [array.node for array in plan.arrays]
    it_kwh = sum(kwh_now(world.meters[r.node], t_s) for r in plan.servers)
    fields: dict[str, object] = {
        "it_kw": it_kw,
        "cooling_kw": cooling_kw,
        "source_kw": source_kw,
        "loss_kw": loss_kw,
        "storage_kw": charge_kw - discharge_kw,
        "it_kwh": it_kwh,
        "source_kwh": sum(kwh_now(world.meters[node], t_s) for node in sources),
        "lost_kwh": sum(kwh_now(m, t_s) for m in (*world.island_meters, *world.ups_meters, *world.storage_meters)),
        "balance_kw": source_kw + discharge_kw - charge_kw - it_kw - cooling_kw - loss_kw,
    }
    fields["outdoor_c"] = world.outdoor_c
    if plan.coolings:
        fields["fans_running"] = _fans_running(plan, world)
    if world.rooms:
        warmest = max(world.rooms, key=lambda room: cold_now_c(room, t_s))
        fields["cold_aisle_c"] = cold_now_c(warmest, t_s)
        fields["hot_aisle_c"] = hot_now_c(warmest, t_s)
        fields["air_mode"] = AIR_MODES[max(air_mode(room) for room in world.rooms)]
    if it_kw > 0.0 and discharge_kw == 0.0 and source_kw - charge_kw < PUE_MAX * it_kw:
        fields["pue"] = (source_kw - charge_kw) / it_kw
    demand_kwh = sum(kwh_now(m, t_s) for m in world.demand_meters)
    if demand_kwh > 0.0:
        fields["served_pct"] = min(100.0, it_kwh / demand_kwh * 100.0)
    return _in_range(fields) if world.shorted else fields
