"""What a study sees of a world: a few signs of each device, what their changes mean, and whether it is at rest.

The only part of the studies that reads the engine's records instead of asking for views: it looks after every
change of thousands of years.
"""

from __future__ import annotations

import math

from winter_river.engine import Plan, World
from winter_river.engine.equipment import generator as generator_law
from winter_river.engine.equipment import switchgear as switchgear_law
from winter_river.engine.equipment.ups import energy_now_kwh, overload_now
from winter_river.engine.heat import cold_now_c
from winter_river.engine.protection import heat_now
from winter_river.engine.units import NEVER_S
from winter_river.engine.view import is_latched
from winter_river.engine.world import TransferState
from winter_river.study import structure

# What a sign stands for, and the changes of it that matter: (what, node, sign now).
LOAD, GENERATOR, SOURCE, INPUT, LATCH = range(5)
STILL_K = 1e-6  # chosen: a room this near to its end reaches any limit within 10 us of one that is there
Note = tuple[int, int, int]
Signs = tuple[int, ...]

IDLE, CRANKING, RUNNING = range(3)  # the sign of a generator; a lost source or input is 1 too: a demand
_SIGN_OF_MODE = {
    generator_law.STANDBY: IDLE,
    generator_law.CRANKING: CRANKING,
    generator_law.RESTING: CRANKING,
    generator_law.LOCKOUT: CRANKING,
    generator_law.DRY: CRANKING,
    generator_law.RUNNING: RUNNING,
    generator_law.COOLDOWN: RUNNING,
}


class Watch:
    """The signs of one plan: loads live, generators, first sources of transfers lost, inputs of UPS lost, latches."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.loads = structure.loads(plan)
        self.latching = tuple(
            n for n, d in zip(plan.nodes, plan.devices, strict=True) if d.type not in ("utility", "transformer")
        )
        self.what: tuple[tuple[int, int], ...] = (
            *((LOAD, k) for k in self.loads),
            *((GENERATOR, r.node) for r in plan.generators),
            *((SOURCE, r.node) for r in plan.transfers),
            *((INPUT, r.node) for r in plan.upses),
            *((LATCH, n.index) for n in self.latching),
        )
        self.place = {pair: place for place, pair in enumerate(self.what)}

    def signs(self, w: World) -> Signs:
        plan = self.plan
        return (
            *[int(w.nodes[k].live) for k in self.loads],
            *[_SIGN_OF_MODE[g.mode] for g in w.generators],
            *[_source_sign(x) for x in w.transfers],
            *[int(not u.source_ok) for u in w.upses],
            *[int(is_latched(plan, w, n)) for n in self.latching],
        )

    def notes(self, before: Signs, now: Signs) -> list[Note]:
        """What changed between two looks."""
        if before == now:
            return []
        return [
            (*self.what[place], sign) for place, (old, sign) in enumerate(zip(before, now, strict=True)) if sign != old
        ]


def _source_sign(x: TransferState) -> int:
    """1 while the first source is lost, which is a demand; 2 on the way back from one."""
    return 1 if not x.first_ok else 0 if x.position == switchgear_law.FIRST else 2


def still_in_s(w: World) -> float:
    """Seconds until every room counts as still, 0 where all do: nothing else is due then, and yet the site moves."""
    waits = [0.0]
    for room in w.rooms:
        away_k = abs(cold_now_c(room, w.t_s) - room.end_c)
        if away_k > STILL_K:
            waits.append(room.tau_s * math.log(2.0 * away_k / STILL_K))
    return max(waits)


def rest(plan: Plan, w: World, refuel_s: float) -> tuple[int, ...] | None:
    """Everything that decides what a world at rest will do, None while it is not at rest.

    At rest nothing changes by itself but the fuel of running sets, and that is no matter: the tank lasts until it
    is filled again. Batteries are full or empty, no trip and no overload is half way, every room is within STILL_K of
    where it ends. Two worlds with the same answer behave alike whenever the same is done to them; their meters, clocks
    and tanks may differ, and the oil of their transformers, which only warns.
    """
    if w.unsettled:
        return None
    waiting = min(
        w.malfunction_due_s,
        min((room.due_s for room in w.rooms), default=NEVER_S),
        min((x.due_s for x in w.transfers), default=NEVER_S),
        min((u.due_s for u in w.upses), default=NEVER_S),
        min((s.due_s for s in w.servers), default=NEVER_S),
        min((m.due_s for m in w.coolings), default=NEVER_S),
        min((b.due_s for b in w.breakers), default=NEVER_S),
        min((g.due_s for g in w.generators if g.mode != generator_law.RUNNING), default=NEVER_S),
    )
    if waiting < NEVER_S:
        return None
    key: list[int] = []
    for r, g in zip(plan.generators, w.generators, strict=True):
        burn_gal_h = generator_law.fuel_gal_h(r.power_kw, r.power_kw)
        if generator_law.fuel_now_gal(g, w.t_s) < burn_gal_h * refuel_s / 3600.0:
            return None
        key += (g.mode, g.cranks if g.mode != generator_law.STANDBY else 0)
    for p, u in zip(plan.upses, w.upses, strict=True):
        energy_kwh = energy_now_kwh(u, p.battery_kwh, w.t_s)
        if 0.0 < energy_kwh < p.battery_kwh or overload_now(u, w.t_s) > 0.0:
            return None
        key += (u.path, u.rectifier, u.source_ok, u.bypass_ok, u.low, u.empty, u.shutdown, u.overloaded, energy_kwh > 0)
    for b in w.breakers:
        if not b.tripped and heat_now(b, w.t_s) > 0.0:
            return None
        key += (b.tripped, b.stuck)
    for x in w.transfers:
        key += (x.position, x.target, x.source_set, x.first_ok, x.second_ok)
    for me in w.nodes:
        key += (me.present, me.handle, me.contact, me.fault, me.live)
    for room in w.rooms:
        if abs(cold_now_c(room, w.t_s) - room.end_c) > STILL_K:
            return None
        key += (room.warm, room.hot, round(room.end_c / STILL_K))
    key += (round(m.severity / STILL_K) for m in w.malfunctions)
    for s in w.servers:
        key += (s.running, s.lost)
    for m in w.coolings:
        key += (m.running, m.lost)
    return tuple(key)
