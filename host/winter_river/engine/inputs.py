"""What a node says of itself, taken into the world: handles, faults, resets, setpoints, presence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from winter_wire import faults, schema, tables, topics

from winter_river.engine import events
from winter_river.engine.equipment import generator as generator_law
from winter_river.engine.equipment import malfunction as malfunction_law
from winter_river.engine.equipment import ups as ups_law
from winter_river.engine.equipment.malfunction import FAIL_TO_CLOSE, FAIL_TO_OPEN, NUISANCE_TRIP
from winter_river.engine.equipment.psychrometrics import PRESETS_F, PRESETS_RH_PCT, celsius
from winter_river.engine.equipment.utility import frequency_off_pu
from winter_river.engine.grids import drive
from winter_river.engine.heat import set_weather
from winter_river.engine.plan import (
    BESS,
    BREAKER_MAIN,
    COOLING,
    GENERATOR,
    NONE,
    PV,
    SERVER,
    SWITCHGEAR,
    TRANSFORMER,
    UPS,
    UTILITY,
    Plan,
    is_board,
)
from winter_river.engine.protection import NUISANCE, clear
from winter_river.engine.sets import ask_sets
from winter_river.engine.units import NEVER_S
from winter_river.engine.words import HANDLE_WORDS, MALFUNCTIONS, NUMBERS
from winter_river.engine.world import NodeState, World


def apply(plan: Plan, world: World, node_id: str, fields: Mapping[str, object], *, present: bool) -> None:
    """Takes a node's own fields into the world; the next step settles them.

    fields: any of handle, fault (winter_wire.faults says how it is spelled), resets, source_set,
    load_set_kw, fans_running, setpoint_kw, fuel_set_pct, refuels; a missing one is unchanged, others are not the engine's.
    present: whether the device is in its slot; an absent one carries nothing.
    Raises ValueError, naming field and value, for an unknown node or a word its type does not have; nothing is
    taken then. The node `weather` takes preset, or outdoor_c and humidity_pct.
    """
    if node_id == topics.WEATHER:
        _take_weather(world, fields)
        return
    if node_id not in plan.index:
        raise ValueError(f"{node_id!r} is no node of this facility")
    k = plan.index[node_id]
    n, me = plan.nodes[k], world.nodes[k]
    handle = me.handle
    if "handle" in fields:
        handle = _place(HANDLE_WORDS[n.type], node_id, "handle", fields["handle"])
    if "fault" in fields:
        wishes = _wishes(n.type, node_id, fields["fault"])
    numbers = {name: _number(node_id, name, fields[name]) for name in NUMBERS[n.type] if name in fields}
    if n.kind == SWITCHGEAR and plan.boards[n.slot].transfer != NONE and "source_set" in fields:
        source_set = _place(schema.SOURCES, node_id, "source_set", fields["source_set"])
        world.transfers[plan.boards[n.slot].transfer].source_set = source_set
    elif n.kind == SWITCHGEAR and plan.boards[n.slot].tie != NONE and "source_set" in fields:
        world.ties[plan.boards[n.slot].tie].source_set = _place(
            schema.SOURCES, node_id, "source_set", fields["source_set"]
        )
        world.rewire = True
    me.handle, me.present = handle, present
    if "fault" in fields:
        _inject(plan, world, k, wishes)
    _take_numbers(plan, world, k, numbers)
    me.touched = world.touched = True


def _take_weather(w: World, fields: Mapping[str, object]) -> None:
    """A preset, or single figures on top of what it is; all or nothing."""
    rows = {row[0]: row for row in tables.WEATHER_VERBS["set_weather"]}
    for name, value in fields.items():
        if name not in rows or isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"{topics.WEATHER}.{name} is {value!r}; a number, one of {', '.join(rows)}")
        _, form, _, low, high = rows[name]
        if not low <= value <= high or (form == schema.INTEGER and value != int(value)):
            raise ValueError(f"{topics.WEATHER}.{name} is {value!r}; from {low} to {high}")
    numbers = {name: float(str(value)) for name, value in fields.items()}
    outdoor_c, rh_pu, preset = w.outdoor_c, w.outdoor_rh, int(numbers.get("preset", 0))
    if preset:
        outdoor_c, rh_pu = celsius(PRESETS_F[preset - 1]), PRESETS_RH_PCT[preset - 1] / 100.0
    own = "outdoor_c" in numbers or "humidity_pct" in numbers
    set_weather(w, numbers.get("outdoor_c", outdoor_c), numbers.get("humidity_pct", rh_pu * 100.0) / 100.0)
    if preset or own:
        w.weather_preset = 0 if own else preset
    w.unsettled = True


def _place(words: tuple[str, ...], node_id: str, name: str, value: object) -> int:
    if not isinstance(value, str) or value not in words:
        raise ValueError(f"{node_id}.{name} is {value!r}; one of {', '.join(words)}")
    return words.index(value)


def _number(node_id: str, name: str, value: object) -> float:
    _, _, _, low, high, unit = schema.ROWS[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise ValueError(f"{node_id}.{name} is {value!r}; from {low} to {high} {unit}".rstrip())
    return float(value)


def _wishes(kind: int, node_id: str, value: object) -> dict[str, Any]:
    """The parts of a status's fault field by kind. Raises ValueError for what its type does not have."""
    found, why = faults.read(MALFUNCTIONS[kind], value if isinstance(value, str) else repr(value))
    if found is None:
        raise ValueError(f"{node_id}.fault: {why}")
    return {part[0]: part for part in found}


def _inject(plan: Plan, w: World, k: int, wishes: dict[str, Any]) -> None:
    """Hands the malfunctions of a node to their timers; what is not wished for ends at once."""
    n, me = plan.nodes[k], w.nodes[k]
    for place, (name, _) in enumerate(MALFUNCTIONS[n.type]):
        m = w.malfunctions[n.malfunction + place]
        if name in wishes:
            _, severity, ramp_s, delay_s = wishes[name]
            end_pu = 1.0 if severity is None else float(severity)
            malfunction_law.inject(m, w.t_s, end_pu=end_pu, ramp_s=float(ramp_s), delay_s=float(delay_s))
            w.malfunction_due_s = min(w.malfunction_due_s, m.due_s)
        elif m.wanted:
            malfunction_law.mend(m)
            me.fault &= ~(1 << place)


def break_at_once(plan: Plan, w: World, k: int, place: int, *, broken: bool) -> None:
    """Gives a device one of its malfunctions, whole and at once, or takes it away: as `apply` does for its bare name."""
    me, m = w.nodes[k], w.malfunctions[plan.nodes[k].malfunction + place]
    if broken:
        malfunction_law.inject(m, w.t_s, end_pu=1.0, ramp_s=0.0, delay_s=0.0)
        malfunction_law.run_malfunction(m, w.t_s)
        me.fault |= 1 << place
    elif m.wanted:
        malfunction_law.mend(m)
        me.fault &= ~(1 << place)
    me.touched = w.touched = True


def run_malfunctions(plan: Plan, w: World) -> None:
    """Lets those act whose time has come, and their severities grow."""
    if w.t_s < w.malfunction_due_s:
        return
    due = NEVER_S
    for k in range(len(plan.malfunctions)):
        m = w.malfunctions[k]
        if w.t_s >= m.due_s:
            malfunction_law.run_malfunction(m, w.t_s)
            me = w.nodes[plan.malfunctions[k].node]
            me.fault |= plan.malfunctions[k].bit
            me.touched = w.touched = True
        due = min(due, m.due_s)
    w.malfunction_due_s = due


def _take_numbers(plan: Plan, w: World, k: int, numbers: dict[str, float]) -> None:
    n, me = plan.nodes[k], w.nodes[k]
    if "resets" in numbers:
        resets = int(numbers["resets"])
        # A node that lost its memory counts from 0 again: that is no reset.
        me.reset_due = me.reset_due or resets > me.resets
        me.resets = resets
    if "load_set_kw" in numbers:
        w.servers[n.slot].load_set_kw = min(numbers["load_set_kw"], plan.servers[n.slot].load_kw_max)
    if "fans_running" in numbers:
        w.coolings[n.slot].fans_set = int(numbers["fans_running"])
    if "setpoint_kw" in numbers and n.kind == BESS:
        w.storages[n.slot].setpoint_kw = numbers["setpoint_kw"]
    elif "setpoint_kw" in numbers:
        w.arrays[n.slot].limit_set_kw = max(0.0, numbers["setpoint_kw"])
    if n.kind == GENERATOR:
        g = w.generators[n.slot]
        g.fuel_set_pct = numbers.get("fuel_set_pct", g.fuel_set_pct)
        refuels = int(numbers.get("refuels", g.refuels))
        if refuels > g.refuels:
            refuel(plan, w, n.slot)
        g.refuels = refuels


def refuel(plan: Plan, w: World, k: int) -> None:
    """Fills the tank of a generator up to its setting."""
    g = w.generators[k]
    generator_law.burn(g, g.fuel_gal_h, w.t_s)
    g.fuel_gal = plan.generators[k].fuel_gal * g.fuel_set_pct / 100.0
    g.fuel_since_s = w.t_s


def take_inputs(plan: Plan, w: World) -> None:
    """Turns what was applied since the last settling into events, and marks what must be connected again."""
    w.touched = asked = False
    for k in range(len(plan.nodes)):
        me = w.nodes[k]
        if not me.touched:
            continue
        me.touched = False
        kind = plan.nodes[k].kind
        # What is news for a set or a switchgear is theirs alone, as long as nothing has to be connected again.
        if kind != GENERATOR and kind != SWITCHGEAR:
            w.calm = False
        elif not asked:
            asked = True
            ask_sets(w)
        if me.present != me.present_seen:
            events.emit(plan, w, k, events.PRESENCE, int(me.present_seen), int(me.present), 0)
            me.present_seen = me.present
            w.rewire = True
        if me.handle != me.handle_seen:
            events.emit(plan, w, k, events.HANDLE, me.handle_seen, me.handle, 0)
            me.handle_seen = me.handle
            w.rewire = True
        _move_contact(plan, w, k, me)
        if me.fault != me.fault_seen:
            events.emit(plan, w, k, events.FAULT, me.fault_seen, me.fault, 0)
            if (me.fault ^ me.fault_seen) & plan.buses[plan.nodes[k].bus_out].short_bit != 0:
                _stir(plan, w, k)
            me.fault_seen = me.fault
            w.rewire = w.rewire or not _stands_still(plan, w, k)
        _follow_setting(plan, w, k)
        if me.reset_due:
            me.reset_due = False
            w.moved = True
            _reset(plan, w, k, me)
        _suffer(plan, w, k, me)


def _stir(plan: Plan, w: World, k: int) -> None:
    """A device is shorted or no more: its island is solved again, though all hangs as it did."""
    island = w.island_of[plan.nodes[k].bus_out]
    if island >= 0:
        w.islands[island].dirty = True


def _stands_still(plan: Plan, w: World, k: int) -> bool:
    """Whether it is a set that makes no voltage: nothing is on it that a fault could take away."""
    n = plan.nodes[k]
    return n.kind == GENERATOR and not generator_law.generator_makes_voltage(w.generators[n.slot])


def setting_of(plan: Plan, w: World, k: int) -> float:
    """What a device is set to: kW of a rack, a storage or an array, fans of cooling, the source (a place in the
    schema's) of a switchgear with two; 0 of others."""
    n = plan.nodes[k]
    if n.kind == SERVER:
        return w.servers[n.slot].load_set_kw
    if n.kind == COOLING:
        return float(w.coolings[n.slot].fans_set)
    if n.kind == BESS:
        return w.storages[n.slot].setpoint_kw
    if n.kind == PV:
        return w.arrays[n.slot].limit_set_kw
    if n.kind == SWITCHGEAR and plan.boards[n.slot].transfer != NONE:
        return float(w.transfers[plan.boards[n.slot].transfer].source_set)
    if n.kind == SWITCHGEAR and plan.boards[n.slot].tie != NONE:
        return float(w.ties[plan.boards[n.slot].tie].source_set)
    return 0.0


def _follow_setting(plan: Plan, w: World, k: int) -> None:
    """What a device is newly set to is news."""
    kind = plan.nodes[k].kind
    scale = 1.0 if kind == COOLING or kind == SWITCHGEAR else float(events.W_PER_KW)
    before, after = math.floor(w.settings[k] * scale + 0.5), math.floor(setting_of(plan, w, k) * scale + 0.5)
    if after != before:
        events.emit(plan, w, k, events.SETPOINT, before, after, 0)
    w.settings[k] = setting_of(plan, w, k)


def _move_contact(plan: Plan, w: World, k: int, me: NodeState) -> None:
    """The contacts follow the handle, unless the mechanism fails."""
    if me.contact == me.handle:
        return
    jammed = FAIL_TO_CLOSE if me.handle == 0 else FAIL_TO_OPEN
    if is_board(plan.nodes[k].kind) and me.fault & jammed != 0:
        return
    me.contact = me.handle
    w.rewire = True


def _suffer(plan: Plan, w: World, k: int, me: NodeState) -> None:
    """Gives a device how bad its malfunctions are now."""
    n = plan.nodes[k]
    first = n.malfunction
    if n.kind == UTILITY:
        u = w.utilities[n.slot]
        u.sag_pu, u.swell_pu = w.malfunctions[first + 1].severity, w.malfunctions[first + 2].severity
        low, high = w.malfunctions[first + 4].severity, w.malfunctions[first + 5].severity
        off_pu = frequency_off_pu(me, low=low, high=high)
        if off_pu != u.off_pu and len(plan.ties) > 0:
            w.rewire = True  # two grids that part are parted
        u.off_pu = off_pu
        w.grid_off = False
        for each in w.utilities:
            w.grid_off = w.grid_off or each.off_pu != 0.0
        drive(plan, w, n.slot)
    elif n.kind == TRANSFORMER:
        w.transformers[n.slot].cooling_lost_pu = w.malfunctions[first + 1].severity
    elif n.kind == GENERATOR:
        g = w.generators[n.slot]
        g.oil_lost_pu, g.over_speed_pu = w.malfunctions[first + 2].severity, w.malfunctions[first + 3].severity
        g.leak_pu_h, g.cooling_lost_pu = w.malfunctions[first + 4].severity, w.malfunctions[first + 6].severity
    elif n.kind == UPS:
        x = w.upses[n.slot]
        x.battery_ok = me.fault & ups_law.BATTERY_LOST == 0
        x.battery_lost_pu, x.charger_lost_pu = w.malfunctions[first + 2].severity, w.malfunctions[first + 3].severity
    elif n.kind == BESS:
        s = w.storages[n.slot]
        s.cooling_lost_pu, s.limit_pu = w.malfunctions[first + 1].severity, w.malfunctions[first + 2].severity
    elif n.kind == PV:
        a = w.arrays[n.slot]
        a.clouded_pu, a.limit_pu = w.malfunctions[first + 1].severity, w.malfunctions[first + 2].severity
    elif n.kind == COOLING:
        m = w.coolings[n.slot]
        m.fans_lost_pu, m.dry_pu = w.malfunctions[first + 1].severity, w.malfunctions[first + 2].severity
    elif is_board(n.kind):
        b = w.breakers[n.breaker_1]
        if me.fault & NUISANCE_TRIP != 0 and me.fault & FAIL_TO_OPEN == 0 and not b.tripped and me.contact == 0:
            clear(b, w.t_s)
            b.tripped = True
            events.emit(plan, w, k, events.TRIP, BREAKER_MAIN, NUISANCE, me.last)
            w.rewire = True
        if b.stuck and me.fault & FAIL_TO_OPEN == 0:
            b.stuck = False
            b.current_pu = -1.0  # felt again at once: what is overdue opens it now


def _reset(plan: Plan, w: World, k: int, me: NodeState) -> None:
    """Clears the latches that only a reset clears: trips, a UPS's overload, an overcrank."""
    n = plan.nodes[k]
    for breaker in (n.breaker_1, n.breaker_2, n.breaker_3):
        if breaker != NONE and w.breakers[breaker].tripped:
            clear(w.breakers[breaker], w.t_s)
            w.rewire = True
    if is_board(n.kind) and plan.boards[n.slot].transfer != NONE:
        w.transfers[plan.boards[n.slot].transfer].fault_behind = False  # the operator says that it is gone
    if n.kind == UPS and w.upses[n.slot].shutdown:
        u = w.upses[n.slot]
        u.shutdown = u.overloaded = False
        u.overload = u.overload_rate = 0.0
    if n.kind == GENERATOR and w.generators[n.slot].mode == generator_law.LOCKOUT:
        w.generators[n.slot].mode = generator_law.STANDBY
    if n.kind == UTILITY:
        w.utilities[n.slot].tripped = False
    # The reset is what the state change that follows comes from, not what happened before it.
    me.origin = 0
