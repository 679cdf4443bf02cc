"""Laws 8 to 10: transfers break before they make, stores stay in their limits, breakers and latches do as they must."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from winter_river.engine.equipment import generator as generator_law
from winter_river.engine.equipment.switchgear import TransferPlan, TransferState
from winter_river.engine.equipment.table import GG
from winter_river.engine.events import Event
from winter_river.engine.laws.branches import BOTH, Branch, has
from winter_river.engine.layout import ROWS, tables
from winter_river.engine.plan import PDU, Plan
from winter_river.engine.protection import heat_now
from winter_river.engine.states import is_latched
from winter_river.engine.world import World

GAP_S, STATIC_GAP_S = 0.3, 0.004
OVERLAP_S = 0.1  # UL 1008: of a closed transition
TINY_S = 1e-9  # instants are sums of floats


@dataclass(frozen=True)
class Latches:
    """What only a command may clear, noted before a step: (latched, resets) of each device."""

    rows: tuple[tuple[bool, int], ...]


def latches(plan: Plan, world: World) -> Latches:
    """Notes the latches of a world, for check(before=...) after the step."""
    return Latches(tuple((is_latched(plan, world, n), world.nodes[n.index].resets) for n in plan.nodes))


def transfers(plan: Plan, w: World, branches: dict[int, Branch]) -> Iterator[str]:
    """Law 8: break before make, with a gap; both only where that is allowed, for a moment, and while both are live."""
    for r, x in zip(plan.transfers, w.transfers, strict=True):
        if x.position == BOTH:
            yield from _overlap(plan, w, r, x, branches)
            continue
        gap_s = x.closed_s - x.opened_s
        is_static = plan.nodes[r.node].kind == PDU or plan.ratings[r.node]["transfer"] > 0.0
        least_s = STATIC_GAP_S if is_static else GAP_S
        # After a year the clock itself steps by more than TINY_S.
        tiny_s = max(TINY_S, 2.0 * math.ulp(w.t_s))
        if x.position not in (0, 1, 2) or (x.position != 0 and gap_s < least_s - tiny_s):
            yield f"law 8: {plan.nodes[r.node].id} closed {gap_s:g} s after it opened"


def _overlap(plan: Plan, w: World, r: TransferPlan, x: TransferState, branches: dict[int, Branch]) -> Iterator[str]:
    n = plan.nodes[r.node]
    if not all(plan.nodes[feed].bus_out in branches for feed in (n.feed_1, n.feed_2)):
        yield f"law 8: {n.id} is joined to a dead source"
    since_s = w.t_s - x.closed_s
    if plan.ratings[r.node].get("transition", 0.0) == 0.0 or since_s > OVERLAP_S + TINY_S:
        yield f"law 8: {n.id} is on both sources, {since_s:g} s by now"


def sets(plan: Plan, w: World) -> Iterator[str]:
    """Law 2 for generating sets: their voltage is rated at rest, and on its way there after a step of load."""
    for r, g in zip(plan.generators, w.generators, strict=True):
        emf, rating = w.islands[r.island].emf, plan.ratings[r.node]
        past_s, whole_s = w.t_s - g.swing_s, rating["voltage_recovery_s"]
        most = 0.0
        if g.mode in (generator_law.RUNNING, generator_law.COOLDOWN) and past_s < whole_s + TINY_S:
            if past_s < whole_s / 8.0 + TINY_S:
                continue  # behind its reactance: kirchhoff adds up that branch
            most = abs(g.swing_pu) * (1.0 - past_s / whole_s + 0.125)
        if not abs(emf - 1.0) <= most + TINY_S:
            yield f"law 2: {plan.nodes[r.node].id} makes {emf:g} pu, {past_s:g} s after a step"


def ranges(plan: Plan, w: World) -> Iterator[str]:
    """Law 9: nothing stored below none or above full, no negative loss, everything finite."""
    for r, u in zip(plan.upses, w.upses, strict=True):
        level = u.energy_kwh - u.energy_kw * (w.t_s - u.energy_since_s) / 3600.0
        if not -1e-9 * r.battery_kwh <= level <= r.battery_kwh * (1.0 + 1e-9) or u.loss_kw < 0.0:
            yield f"law 9: {plan.nodes[r.node].id} holds {level:g} of {r.battery_kwh:g} kWh, loses {u.loss_kw:g} kW"
    for g_plan, g in zip(plan.generators, w.generators, strict=True):
        if not 0.0 <= generator_law.fuel_now_gal(g, w.t_s) <= g_plan.fuel_gal or g.fuel_gal_h < 0.0:
            yield f"law 9: {plan.nodes[g_plan.node].id} has {generator_law.fuel_now_gal(g, w.t_s):g} gal"
    for k, o in enumerate(w.transformers):
        node = plan.transformers[k].node
        last = plan.ratings[node]["tap_steps_max"] if plan.ratings[node]["tap_changer"] > 0.0 else 0.0
        if not abs(o.tap) <= last:
            yield f"law 9: {plan.nodes[node].id} is at tap {o.tap:+d}, its last one is {last:g}"
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


def conduct(plan: Plan, w: World, events: Sequence[Event], before: Latches | None) -> Iterator[str]:
    """Law 10: no closed breaker past its integral, latches cleared only by command, causes before effects."""
    for b, s in zip(plan.breakers, w.breakers, strict=True):
        n, me = plan.nodes[b.node], w.nodes[b.node]
        if not s.tripped and heat_now(s, w.t_s) >= 1.0 and (b.curve == GG or not has(n, me, "fail_to_open")):
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
