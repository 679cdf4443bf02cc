"""What a study sees of a world: a few signs of each device, and whether the site is at rest. Hot text.

The only part of the studies that reads the engine's records instead of asking for views: it looks after every
change of thousands of years.
"""

from __future__ import annotations

import math

from winter_river.engine.calm import is_unsettled
from winter_river.engine.equipment import generator as generator_law
from winter_river.engine.equipment import switchgear as switchgear_law
from winter_river.engine.equipment.bess import HEAT_TAU_S, temperature_now_c
from winter_river.engine.equipment.coolant import COLD_C, coolant_now_c
from winter_river.engine.equipment.generator import GeneratorPlan, GeneratorState
from winter_river.engine.equipment.generator_engine import FREQUENCY_RECOVERY_S
from winter_river.engine.equipment.switchgear import TransferState
from winter_river.engine.equipment.ups import overload_now
from winter_river.engine.equipment.ups_battery import energy_now_kwh
from winter_river.engine.heat import cold_now_c
from winter_river.engine.plan import Plan
from winter_river.engine.protection import heat_now
from winter_river.engine.states import is_latched
from winter_river.engine.step import pending_s
from winter_river.engine.units import NEVER_S
from winter_river.engine.world import World
from winter_river.study.story import SignRow, Story

# What a sign stands for: a load live, a generator, the first source of a transfer, the input of a UPS, a latch.
LOAD, GENERATOR, SOURCE, INPUT, LATCH = range(5)
STILL_S = 1e-3  # chosen: what is left of a dip by then is less than a millionth
STILL_K = 1e-6  # chosen: a room this near to its end reaches any limit within 10 us of one that is there

IDLE, CRANKING, RUNNING = range(3)  # the sign of a generator; a lost source or input is 1 too: a demand
# By mode: standby, cranking, resting, running, cool-down, lockout, dry.
SIGN_OF_MODE = (IDLE, CRANKING, CRANKING, RUNNING, RUNNING, CRANKING, CRANKING)
assert tuple(SIGN_OF_MODE[mode] for mode in (generator_law.STANDBY, generator_law.RESTING, generator_law.COOLDOWN)) == (
    IDLE,
    CRANKING,
    RUNNING,
)


def sign_now(plan: Plan, w: World, r: SignRow) -> int:
    """What a sign shows now."""
    if r.what == LATCH:
        return int(is_latched(plan, w, plan.nodes[r.device]))
    if r.what == LOAD:
        return int(w.nodes[r.device].live)
    if r.what == GENERATOR:
        return SIGN_OF_MODE[w.generators[r.slot].mode]
    if r.what == SOURCE:
        return _source_sign(w.transfers[r.slot])
    return int(not w.upses[r.slot].source_ok)


def is_watched_always(r: SignRow) -> bool:
    """Whether a sign may change where nothing else moves: a voltage may pass the edge of a window on a ramp."""
    return r.what == SOURCE or r.what == INPUT


def _source_sign(x: TransferState) -> int:
    """1 while the first source is lost, which is a demand; 2 on the way back from one."""
    if not x.first_ok:
        return 1
    return 0 if x.position == switchgear_law.FIRST else 2


def still_in_s(plan: Plan, w: World) -> float:
    """Seconds until every room, storage and set counts as still, 0 where all do: nothing else is due then, and yet the
    site moves."""
    wait_s = 0.0
    for room in w.rooms:
        away_k = abs(cold_now_c(room, w.t_s) - room.end_c)
        if away_k > STILL_K:
            wait_s = max(wait_s, room.tau_s * math.log(2.0 * away_k / STILL_K))
    for e in w.storages:
        away_k = abs(temperature_now_c(e, w.t_s) - e.cells_end_c)
        if away_k > STILL_K:
            wait_s = max(wait_s, HEAT_TAU_S * math.log(2.0 * away_k / STILL_K))
    for k in range(len(plan.generators)):
        g = w.generators[k]
        wait_s = max(wait_s, _dip_left_s(plan.generators[k], g, w.t_s))
        away_k = _cold_away_k(g, w.t_s)
        if away_k > STILL_K:
            wait_s = max(wait_s, g.coolant_tau_s * math.log(2.0 * away_k / STILL_K))
    return wait_s


def _cold_away_k(g: GeneratorState, t_s: float) -> float:
    """How far the coolant of a set is from where it ends, where that matters: as cold as that it starts later."""
    now_c = coolant_now_c(g, t_s)
    return abs(now_c - g.coolant_end_c) if min(now_c, g.coolant_end_c) < COLD_C else 0.0


def _waits(plan: Plan, w: World) -> bool:
    """Whether anything will happen by itself but that a running set burns fuel, or that the oil of a transformer,
    which only warns, gets warm. A set that may not run for ever will stop, and one whose speed has dipped cannot be
    joined to a grid yet."""
    due_s = pending_s(w)
    for k in range(len(plan.generators)):
        r, g = plan.generators[k], w.generators[k]
        if g.mode != generator_law.RUNNING or r.run_s_max > 0.0:
            due_s = min(due_s, g.due_s)
        if _dip_left_s(r, g, w.t_s) > 0.0:
            return True
    return due_s < NEVER_S


def _dip_left_s(r: GeneratorPlan, g: GeneratorState, t_s: float) -> float:
    """How long the speed of a set still is below what its governor holds."""
    left_s = g.dip_since_s + FREQUENCY_RECOVERY_S[r.step_class] - t_s if g.dip_pu > 0.0 else 0.0
    return left_s if left_s > STILL_S else 0.0


def _add(s: Story, number: int) -> None:
    """One more number of the key; there is room for all of them (part.py)."""
    s.key[s.key_count] = number
    s.key_count += 1


def _add_fine(s: Story, value: float) -> None:
    """A temperature or a severity, to STILL_K; as two numbers, so that each fits into four bytes."""
    number = math.floor(value / STILL_K + 0.5)
    _add(s, number // 1_000_000)
    _add(s, number % 1_000_000)


def is_at_rest(plan: Plan, w: World, s: Story) -> bool:
    """Whether the site is at rest; s.key is then everything that decides what it will do.

    At rest nothing changes by itself but the fuel of running sets, and that is no matter: the tank lasts until it
    is filled again. Their coolant matters only where it is cold: what a warm one reaches too soon is a matter of malfunctions
    that no study has. Batteries are full or empty, no trip and no overload is half way, every room and storage is within
    STILL_K of where it ends. Two worlds with the same key behave alike whenever the same is done to them; their meters, clocks
    and tanks may differ, and the oil of their transformers, which only warns.
    """
    s.key_count = 0
    if is_unsettled(w) or _waits(plan, w):
        return False
    for k in range(len(plan.generators)):
        r, g = plan.generators[k], w.generators[k]
        if (
            generator_law.fuel_now_gal(g, w.t_s)
            < generator_law.fuel_gal_h(r.power_kw, r.power_kw) * s.refuel_s / 3600.0
        ):
            return False
        if _cold_away_k(g, w.t_s) > STILL_K:
            return False
        _add(s, g.mode)
        _add(s, g.cranks if g.mode != generator_law.STANDBY else 0)
    for k in range(len(plan.upses)):
        u = w.upses[k]
        energy_kwh = energy_now_kwh(u, plan.upses[k].battery_kwh, w.t_s)
        if 0.0 < energy_kwh < plan.upses[k].battery_kwh or overload_now(u, w.t_s) > 0.0:
            return False
        _add(s, u.path)
        _add(s, u.rectifier)
        _add(s, u.source_ok + 2 * u.bypass_ok + 4 * u.low + 8 * u.empty + 16 * u.shutdown + 32 * u.overloaded)
        _add(s, int(energy_kwh > 0.0))
    for b in w.breakers:
        if not b.tripped and heat_now(b, w.t_s) > 0.0:
            return False
        _add(s, b.tripped + 2 * b.stuck)
    for room in w.rooms:
        if abs(cold_now_c(room, w.t_s) - room.end_c) > STILL_K:
            return False
        _add(s, room.warm + 2 * room.hot)
        _add_fine(s, room.end_c)
    for e in w.storages:
        if abs(temperature_now_c(e, w.t_s) - e.cells_end_c) > STILL_K:
            return False
        _add_fine(s, e.energy_kwh)
        _add(s, e.heat_steps)
    for o in w.transformers:
        _add(s, o.tap)
        _add(s, o.tap_way)
    for follower in w.followers:
        _add(s, int(follower.running))
    for tie in w.ties:
        _add(s, tie.closed + 2 * tie.second + 4 * tie.source_set)
    for x in w.transfers:
        _add(s, x.position)
        _add(s, x.target)
        _add(s, x.source_set)
        _add(s, x.first_ok + 2 * x.second_ok + 4 * x.fault_behind)
    for me in w.nodes:
        _add(s, me.handle)
        _add(s, me.contact)
        _add(s, me.fault)
        _add(s, me.present + 2 * me.live)
    for malfunction in w.malfunctions:
        if malfunction.severity != 0.0:
            _add_fine(s, malfunction.severity)
        else:
            _add(s, 0)
            _add(s, 0)
    for rack in w.servers:
        _add(s, rack.running + 2 * rack.lost)
    for m in w.coolings:
        _add(s, m.running + 2 * m.lost)
    return True


def key_size(plan: Plan) -> int:
    """How many numbers is_at_rest may add."""
    per_world = 2 * len(plan.generators) + 4 * len(plan.upses) + len(plan.breakers) + 3 * len(plan.rooms)
    per_world += 4 * len(plan.transfers) + 4 * len(plan.nodes) + 2 * len(plan.malfunctions)
    per_world += 2 * len(plan.transformers) + 3 * len(plan.storages) + len(plan.followers) + len(plan.ties)
    return per_world + len(plan.servers) + len(plan.coolings)
