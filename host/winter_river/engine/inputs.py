"""What a node says of itself, taken into the world: handles, faults, resets, setpoints, presence."""

from __future__ import annotations

from collections.abc import Mapping

from winter_wire import schema

from winter_river.engine import events
from winter_river.engine.equipment import generator as generator_law
from winter_river.engine.equipment.utility import utility_emf
from winter_river.engine.plan import COOLING, GENERATOR, NONE, SERVER, SWITCHGEAR, TYPES, UPS, UTILITY, Plan
from winter_river.engine.protection import clear
from winter_river.engine.words import HANDLE_WORDS, MALFUNCTIONS
from winter_river.engine.world import NodeState, World


def apply(plan: Plan, world: World, node_id: str, fields: Mapping[str, object], *, present: bool) -> None:
    """Takes a node's own fields into the world; the next step settles them.

    fields: any of handle, fault ("" or "kind" or "kind=severity", joined by commas), resets, source_set,
    load_set_kw, fans_running, fuel_set_pct, refuels; a missing one is unchanged, others are not the engine's.
    present: whether the device is in its slot; an absent one carries nothing.
    Raises ValueError, naming field and value, for an unknown node or a word its type does not have; nothing is
    taken then.
    """
    if node_id not in plan.index:
        raise ValueError(f"{node_id!r} is no node of this facility")
    k = plan.index[node_id]
    n, me = plan.nodes[k], world.nodes[k]
    handle, fault = me.handle, me.fault
    severities: tuple[tuple[str, float], ...] = ()
    if "handle" in fields:
        handle = _place(HANDLE_WORDS[n.kind], node_id, "handle", fields["handle"])
    if "fault" in fields:
        fault, severities = parse_fault(n.kind, node_id, fields["fault"])
    numbers = {name: _number(node_id, name, fields[name]) for name in _NUMBERS[n.kind] if name in fields}
    if n.kind == SWITCHGEAR and n.feed_2 != NONE and "source_set" in fields:
        source_set = _place(schema.SOURCES, node_id, "source_set", fields["source_set"])
        world.transfers[plan.boards[n.slot].transfer].source_set = source_set
    me.handle, me.fault, me.present = handle, fault, present
    if n.kind == UTILITY and "fault" in fields:
        world.utilities[n.slot].sag_pu = dict(severities).get("sag", 0.0)
        world.utilities[n.slot].swell_pu = dict(severities).get("swell", 0.0)
    _take_numbers(plan, world, k, numbers)
    me.touched = world.touched = world.unsettled = True


_NUMBERS = {
    **{kind: ("resets",) for kind in range(len(TYPES))},
    SERVER: ("resets", "load_set_kw"),
    COOLING: ("resets", "fans_running"),
    GENERATOR: ("resets", "fuel_set_pct", "refuels"),
}


def _place(words: tuple[str, ...], node_id: str, name: str, value: object) -> int:
    if not isinstance(value, str) or value not in words:
        raise ValueError(f"{node_id}.{name} is {value!r}; one of {', '.join(words)}")
    return words.index(value)


def _number(node_id: str, name: str, value: object) -> float:
    _, _, _, low, high, unit = schema.ROWS[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise ValueError(f"{node_id}.{name} is {value!r}; from {low} to {high} {unit}".rstrip())
    return float(value)


def parse_fault(kind: int, node_id: str, value: object) -> tuple[int, tuple[tuple[str, float], ...]]:
    """(one bit a malfunction, (kind, severity) of each that has one) of a status's fault field.

    Raises ValueError for a kind this type does not have or a severity outside 0 to 1.
    """
    text = value if isinstance(value, str) else repr(value)
    kinds = MALFUNCTIONS[kind]
    bits = 0
    severities = []
    for part in text.split(",") if text else ():
        name_given, _, size = part.partition("=")
        for place, (name, default) in enumerate(kinds):
            if name == name_given:
                bits |= 1 << place
                if default is not None:
                    severities.append((name, _severity(node_id, size) if size else default))
                break
        else:
            raise ValueError(f"{node_id}.fault has {part!r}; one of {', '.join(name for name, _ in kinds)}")
    return bits, tuple(severities)


def _severity(node_id: str, text: str) -> float:
    try:
        severity = float(text)
    except ValueError:
        severity = -1.0
    if not 0.0 <= severity <= 1.0:
        raise ValueError(f"{node_id}.fault has severity {text!r}; from 0 to 1")
    return severity


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
    if n.kind == GENERATOR:
        g = w.generators[n.slot]
        g.fuel_set_pct = numbers.get("fuel_set_pct", g.fuel_set_pct)
        refuels = int(numbers.get("refuels", g.refuels))
        if refuels > g.refuels:
            generator_law.burn(g, g.fuel_gal_h, w.t_s)
            g.fuel_gal = plan.generators[n.slot].fuel_gal * g.fuel_set_pct / 100.0
            g.fuel_since_s = w.t_s
        g.refuels = refuels


def take_inputs(plan: Plan, w: World) -> None:
    """Turns what was applied since the last settling into events, and marks what must be connected again."""
    w.touched = False
    for k in range(len(plan.nodes)):
        me = w.nodes[k]
        if not me.touched:
            continue
        me.touched = False
        if me.present != me.present_seen:
            events.emit(plan, w, k, events.PRESENCE, int(me.present_seen), int(me.present), 0)
            me.present_seen = me.present
            w.rewire = True
        if me.handle != me.handle_seen:
            events.emit(plan, w, k, events.HANDLE, me.handle_seen, me.handle, 0)
            me.handle_seen = me.handle
            w.rewire = True
        if me.fault != me.fault_seen:
            events.emit(plan, w, k, events.FAULT, me.fault_seen, me.fault, 0)
            me.fault_seen = me.fault
            w.rewire = True
        if me.reset_due:
            me.reset_due = False
            _reset(plan, w, k, me)
        if plan.nodes[k].kind == UTILITY:
            _drive(plan, w, k, me)


def _reset(plan: Plan, w: World, k: int, me: NodeState) -> None:
    """Clears the latches that only a reset clears: trips, a UPS's overload, an overcrank."""
    n = plan.nodes[k]
    for breaker in (n.breaker_1, n.breaker_2, n.breaker_3):
        if breaker != NONE and w.breakers[breaker].tripped:
            clear(w.breakers[breaker], w.t_s)
            w.rewire = True
    if n.kind == UPS and w.upses[n.slot].shutdown:
        u = w.upses[n.slot]
        u.shutdown = u.overloaded = False
        u.overload = u.overload_rate = 0.0
    if n.kind == GENERATOR and w.generators[n.slot].mode == generator_law.LOCKOUT:
        w.generators[n.slot].mode = generator_law.STANDBY
    # The reset is what the state change that follows comes from, not what happened before it.
    me.origin = 0


def _drive(plan: Plan, w: World, k: int, me: NodeState) -> None:
    island = w.islands[plan.utilities[plan.nodes[k].slot].island]
    emf = utility_emf(me, w.utilities[plan.nodes[k].slot])
    if emf != island.emf:
        island.emf = emf
        island.dirty = True
        w.rewire = True
