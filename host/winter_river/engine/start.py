"""A new world: everything healthy, batteries full, tanks full, the utility on, settled at t = 0."""

from __future__ import annotations

from winter_river.engine.collapse import tell_again
from winter_river.engine.equipment.bess import BessState
from winter_river.engine.equipment.cooling import PIECES, CoolingState
from winter_river.engine.equipment.following import FollowerState
from winter_river.engine.equipment.generator import GeneratorState
from winter_river.engine.equipment.malfunction import MalfunctionState
from winter_river.engine.equipment.profile import ProfileState, next_s
from winter_river.engine.equipment.psychrometrics import PRESETS_F, PRESETS_RH_PCT, celsius
from winter_river.engine.equipment.pv import PvState
from winter_river.engine.equipment.room_heat import RoomState
from winter_river.engine.equipment.server import CURRENT, IMPEDANCE, ServerState
from winter_river.engine.equipment.switchgear import TieState, TransferState
from winter_river.engine.equipment.transformer import TransformerState
from winter_river.engine.equipment.ups import UpsState
from winter_river.engine.equipment.utility import UtilityState
from winter_river.engine.events import check, room
from winter_river.engine.heat import set_weather, warm_up
from winter_river.engine.inputs import setting_of
from winter_river.engine.plan import Plan
from winter_river.engine.sets import warm_up as warm_up_sets
from winter_river.engine.step import due_s, settle
from winter_river.engine.sweep import Turn, Wiring
from winter_river.engine.undervoltage import tell_low_again
from winter_river.engine.units import ALWAYS_S, NEVER_S
from winter_river.engine.world import DEAD, BreakerState, EventRecord, IslandState, LowState, Meter, NodeState, World

PRESET = 1  # as the first design starts: Virginia in summer


def blank_world(plan: Plan, seed: int) -> World:
    """Every record of a plan, not settled and not yet believed."""
    buses = len(plan.buses)
    return World(
        t_s=0.0,
        seed=seed,
        next_event=1,
        first_event=1,
        unsettled=True,
        rewire=True,
        moved=True,
        grid_off=False,
        low=False,
        shorted=False,
        rehung=False,
        calm=False,
        again=False,
        touched=False,
        weather_preset=PRESET,
        outdoor_c=0.0,
        outdoor_rh=0.0,
        evaporated_c=0.0,
        due_s=NEVER_S,
        malfunction_due_s=NEVER_S,
        profile_due_s=ALWAYS_S,
        profiled_s=ALWAYS_S,
        server_due_s=NEVER_S,
        breaker_due_s=NEVER_S,
        backup_due_s=NEVER_S,
        trouble=0,
        events_count=0,
        first_by_group=[0] * plan.groups,
        nodes=[NodeState() for _ in plan.nodes],
        settings=[0.0 for _ in plan.nodes],
        meters=[Meter() for _ in plan.nodes],
        lows=[LowState() for _ in plan.buses],
        islands=[IslandState() for _ in plan.islands],
        island_meters=[Meter() for _ in plan.islands],
        utilities=[UtilityState() for _ in plan.utilities],
        transfers=[TransferState(second_ok=r.static) for r in plan.transfers],
        ties=[TieState() for _ in plan.ties],
        generators=[GeneratorState(fuel_gal=r.fuel_gal) for r in plan.generators],
        upses=[UpsState(energy_kwh=r.battery_kwh) for r in plan.upses],
        ups_meters=[Meter() for _ in plan.upses],
        demand_meters=[Meter() for _ in plan.servers],
        servers=[ServerState(load_set_kw=r.load_kw) for r in plan.servers],
        coolings=[CoolingState(fans_set=r.fans, piece=PIECES) for r in plan.coolings],
        followers=[FollowerState() for _ in plan.followers],
        storages=[BessState(setpoint_kw=r.setpoint_kw, energy_kwh=r.begin_kwh) for r in plan.storages],
        arrays=[PvState(limit_set_kw=r.inverter_kw) for r in plan.arrays],
        profiles=[_profile_at_the_start(plan, k) for k in range(len(plan.profiles))],
        storage_meters=[Meter() for _ in plan.storages],
        breakers=[BreakerState() for _ in plan.breakers],
        transformers=[TransformerState() for _ in plan.transformers],
        rooms=[RoomState() for _ in plan.rooms],
        malfunctions=[MalfunctionState() for _ in plan.malfunctions],
        v=[0j] * buses,
        i=[0j] * buses,
        load=[0j] * buses,
        steady=[0j] * buses if any(r.load_model == CURRENT for r in plan.servers) else [],
        shunts=list(plan.y) if any(r.load_model == IMPEDANCE for r in plan.servers) else [],
        parent=[DEAD] * buses,
        z=[0j] * buses,
        ratio=list(plan.ratio),
        tie_current=[0j] * len(plan.ties),
        island_of=[-1] * buses,
        wiring=[Wiring() for _ in plan.islands],
        above=list(range(buses)),
        order=[0] * buses,
        turns=[Turn() for _ in range(len(plan.islands) + 1)],
        swept=[0] * buses,
        load_order=[0] * buses,
        group_opened=[False] * plan.groups,
        wanted_by=[-1] * len(plan.generators),
        joined=[False for _ in plan.islands],
        heated=[0] * len(plan.transformers),
        bases=[0.0] * (2 * len(plan.transformers)),
        roots=[0.0] * (2 * len(plan.transformers)),
        on_way=[False] * buses,
        slope=[0j] * buses,
        cross=[0j] * buses,
        constant=[0j] * buses,
        gap=[0.0] * (2 * len(plan.ties)),
        pull=[0.0] * (2 * len(plan.ties)) ** 2,
        events=[EventRecord() for _ in range(room(len(plan.nodes)))],
    )


def _profile_at_the_start(plan: Plan, k: int) -> ProfileState:
    """Where a profile stands at t = 0, by whole laps and the first step of that one; running it finds the step."""
    r = plan.profiles[k]
    lap = int(r.begin_s // r.period_s) if r.period_s > 0.0 else 0
    s = ProfileState(place=r.first, lap=lap)
    s.due_s = next_s(r, s, plan.profile_s)
    return s


def new_world(plan: Plan, *, seed: int = 0) -> World:
    """A settled world at t = 0. seed: names its random stream; nothing in it is random yet but what others add."""
    w = blank_world(plan, seed)
    for k in range(len(w.nodes)):
        w.settings[k] = setting_of(plan, w, k)
    set_weather(w, celsius(PRESETS_F[PRESET - 1]), PRESETS_RH_PCT[PRESET - 1] / 100.0)
    settle(plan, w)
    warm_up(plan, w)
    warm_up_sets(plan, w)
    check(w, taken=w.events_count)
    # Coming to life is no event: the story starts now.
    w.events_count = 0
    w.next_event = w.first_event = 1
    w.first_by_group = [0] * plan.groups
    for me in w.nodes:
        me.origin = me.last = 0
    for b in w.breakers:
        b.cause = 0
    for h in w.rooms:
        h.event = 0
    for island in w.islands:
        island.told = island.over = 0
    tell_again(plan, w)
    tell_low_again(plan, w)
    w.due_s = due_s(w)
    return w
