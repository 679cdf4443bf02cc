"""The state of one world as records of plain numbers, and columns for the buses.

How to add a state field, or a device type
------------------------------------------
*A state field* is one line in a record, below or beside the laws of its kind in `equipment/`, with a default of its
type; nothing else declares it. Snapshots, hashes, forks and the compiled engine read the declaration (layout.py).
Annotate it `bool`, `int` or `float`.
*A rating that the step reads* is one line in the type's `...Plan` there, filled in building/kinds.py.
*A device type*: see equipment/__init__.py.
*A law* is a function of records and numbers in `equipment/`; it changes only the record it is given.
*A decision* (control.py) is not asked for where nothing is new for its device (calm.py): each instant at which it may change
by itself is in its `due_s`.

The step and all it calls is the *hot text*: it runs as it stands, or compiled by numba, equal to the bit. So it keeps
to loops, ifs, arithmetic and records: no strings, dicts, generators, closures, lists or objects made on the way, no
`raise` (set `w.trouble`, see events.py). A list that a settling needs is a column here, marked FOLLOWS. Further:
- a size is `magnitude(c)`, not `abs(c)`, and complex meets only complex (write `complex(c.real * x, c.imag * x)`):
  so every platform and Python rounds alike;
- no place in a list is below 0 (`xs[-1]`; NONE, DEAD): compiled text does not count from the end (held to by the tests);
- one name keeps one type in a function (`0.0` for a float); a division by zero must not be reachable;
- what words are needed for goes to the edges: apply, view, take, explain, snapshot.
`tests/engine/test_compiled.py` compiles it all and compares the bytes; a new law only has to be reached by a story.

Time
----
Whatever changes with time is kept as (value, rate, since): the value now is value + rate * (t - since). So a
world is exact at any instant, a step may be split anywhere, and what happens on one side never touches the
last bit of the other. Delays are kept as the instant they end (`due_s`), never as ticks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from winter_river.engine.equipment.bess import BessState
from winter_river.engine.equipment.cooling import CoolingState
from winter_river.engine.equipment.following import FollowerState
from winter_river.engine.equipment.generator import GeneratorState
from winter_river.engine.equipment.malfunction import MalfunctionState
from winter_river.engine.equipment.profile import ProfileState
from winter_river.engine.equipment.pv import PvState
from winter_river.engine.equipment.room_heat import RoomState
from winter_river.engine.equipment.server import ServerState
from winter_river.engine.equipment.switchgear import TieState, TransferState
from winter_river.engine.equipment.transformer import TransformerState
from winter_river.engine.equipment.ups import UpsState
from winter_river.engine.equipment.utility import UtilityState
from winter_river.engine.layout import FOLLOWS
from winter_river.engine.plan import BESS, GENERATOR, NONE, UPS, UTILITY, NodePlan
from winter_river.engine.sweep import Turn, Wiring
from winter_river.engine.units import NEVER_S

DEAD = -2  # parent of a bus that carries nothing; NONE is the parent of a bus that its source drives
FAULT_BIT = 1  # the malfunction that leaves a device dead, the first of every type but the utility's four
HANDLE_OFF = 2  # of generator (auto, run, off) and ups (online, bypass, off, ...); elsewhere 0 is closed or on
# What solves an island: the sweep, or Newton's method, for its loops, because the sweep gave up, or for a short circuit.
SWEEP, NEWTON_LOOPS, NEWTON_COLLAPSE, NEWTON_SHORT = range(4)
HANDLE_SERVICE = 4  # of a ups: its maintenance bypass, which a fault of the UPS does not touch


@dataclass(slots=True)
class NodeState:
    """What every device has: the node's own inputs, and what connect makes of them.

    handle: place in the schema's handles of its type; contact: where it really is, which is elsewhere when a breaker
    fails to open or close. fault: one bit a malfunction of its type that acts now. `..._seen`: as of the last event.
    supplied: its line side is live; live: it delivers (a load: it draws). blame: the device that isolates it, NONE
    while live. last: its latest event; origin: the event that explains its condition.
    """

    present: bool = True
    present_seen: bool = True
    handle: int = 0
    handle_seen: int = 0
    contact: int = 0
    fault: int = 0
    fault_seen: int = 0
    resets: int = 0
    reset_due: bool = False
    touched: bool = False
    supplied: bool = False
    supplied_seen: bool = False
    live: bool = False
    live_seen: bool = False
    feeder: int = NONE
    blame: int = NONE
    origin: int = 0
    last: int = 0
    state: int = 0


@dataclass(slots=True)
class Meter:
    """Energy: kwh up to since_s, kw from then on. back_kwh: how much of it came the other way, counted up."""

    kwh: float = 0.0
    back_kwh: float = 0.0
    kw: float = 0.0
    since_s: float = 0.0


@dataclass(slots=True)
class IslandState:
    """What one source drives: whether it is solved, by what, the voltage behind its impedance, the losses inside.

    collapsed: it is solved, but the network takes so much of the voltage that its loads draw less than they should.
    told: the event that last told so, or that it is close to it, shorted, or has no answer; over: the one that last told
    its end; 0 where none ever did. left_pu: of its emf, which a source at its limit of current has; short_s: since when it
    feeds a short that nobody else is about to clear (shorts.py)."""

    live: bool = False
    dirty: bool = True
    converged: bool = True
    solver: int = SWEEP
    collapsed: bool = False
    emf: float = 1.0
    left_pu: float = 1.0
    loss_kw: float = 0.0
    told: int = 0
    over: int = 0
    short_s: float = NEVER_S


@dataclass(slots=True)
class LowState:
    """A bus that gives way to its load, so that something behind it has too little voltage (undervoltage.py). told: the event
    that last told so, of which source; over: the one of its end; 0 where none ever did."""

    source: int = 0
    told: int = 0
    over: int = 0


@dataclass(slots=True)
class BreakerState:
    """current_pu: as it was felt last; below every pickup it is not. heat: the trip integral, 1 trips. short_s, instant_s: since when the current is above those pickups."""

    tripped: bool = False
    current_pu: float = 0.0
    heat: float = 0.0
    rate: float = 0.0
    since_s: float = 0.0
    short_s: float = NEVER_S
    instant_s: float = NEVER_S
    stuck: bool = False
    due_s: float = NEVER_S
    cause: int = 0


@dataclass(slots=True)
class EventRecord:
    """An event as the step notes it (events.py): the device by its place, words by theirs."""

    number: int = 0
    t_s: float = 0.0
    node: int = 0
    word: int = 0
    before: int = 0
    after: int = 0
    cause: int = 0


class Machine(Protocol):
    """What steps a world whose records lie in a block of bytes, in place of the text as it stands (fast/worlds.py)."""

    def advance(self, w: World, end_s: float) -> bool: ...

    def saved(self, w: World) -> bytes: ...

    def fork(self, w: World) -> World: ...


@dataclass(slots=True)
class World:
    """One world. The columns v, i, load, steady and shunts (load_models.py), parent, z and ratio (plan.py) are by bus,
    tie_current (through the second main) by tie; island_of, wiring, above (the parent, of a root itself) and the orders
    follow from parent.

    touched: nodes said something since the last settling (which ones, they know); unsettled: whatever else was done, so
    that everybody is asked. rewire: a switch among it. calm, again: of one settling (calm.py). rehung: a bus hangs on another parent,
    or by another impedance, than when the orders were found. moved: since somebody looked and cleared it, more moved than
    what goes by itself at its own pace (ramps.py, profiles). grid_off: the frequency of a utility is off its nominal one.
    low: some load pulls a voltage too low, or did at this instant (lows, by bus). shorted: some device is. backup_due_s:
    when the first source opens by itself on a short. settings: by device, what it is set to (inputs.setting_of), as of the
    last event.
    due_s: when something changes next by itself, as of the last settling (step.due_s).
    profiled_s: when a profile last moved what follows it.
    first_event: the first event of this instant; first_by_group: the first one of each connected part. events: the first
    events_count are news. weather_preset: 1 to 6, 0 for another air. evaporated_c: what a wet medium makes of the air outside.
    demand_meters: what each rack is set to draw, got or not; trouble: why the step stopped (events.py), 0 for none.
    turns, swept, group_opened, wanted_by: scratch of one settling, by island (and one more), bus, connected part and
    generator; heated (by transformer), bases, roots (two each): scratch of heat.py; joined: islands that closed mains join
    to the one that is solved. on_way, slope, cross, constant (by bus), gap, pull (two numbers a tie): scratch of newton.py,
    on_way of protection.py too.
    machine: what steps this world compiled, None for the text as it stands.
    """

    t_s: float
    seed: int
    next_event: int
    first_event: int
    unsettled: bool
    rewire: bool
    touched: bool
    moved: bool
    grid_off: bool
    low: bool
    shorted: bool
    weather_preset: int
    outdoor_c: float
    outdoor_rh: float
    evaporated_c: float
    due_s: float
    malfunction_due_s: float
    profile_due_s: float
    profiled_s: float
    server_due_s: float
    breaker_due_s: float
    backup_due_s: float
    trouble: int = field(metadata=FOLLOWS)
    events_count: int = field(metadata=FOLLOWS)
    rehung: bool = field(metadata=FOLLOWS)
    calm: bool = field(metadata=FOLLOWS)
    again: bool = field(metadata=FOLLOWS)
    first_by_group: list[int]
    nodes: list[NodeState]
    settings: list[float]
    meters: list[Meter]
    islands: list[IslandState]
    lows: list[LowState]
    island_meters: list[Meter]
    utilities: list[UtilityState]
    transfers: list[TransferState]
    ties: list[TieState]
    generators: list[GeneratorState]
    upses: list[UpsState]
    ups_meters: list[Meter]
    demand_meters: list[Meter]
    servers: list[ServerState]
    coolings: list[CoolingState]
    followers: list[FollowerState]
    storages: list[BessState]
    storage_meters: list[Meter]
    arrays: list[PvState]
    profiles: list[ProfileState]
    breakers: list[BreakerState]
    transformers: list[TransformerState]
    rooms: list[RoomState]
    malfunctions: list[MalfunctionState]
    v: list[complex]
    i: list[complex]
    load: list[complex]
    steady: list[complex]
    shunts: list[complex]
    parent: list[int]
    z: list[complex]
    ratio: list[float]
    tie_current: list[complex]
    island_of: list[int] = field(metadata=FOLLOWS)
    wiring: list[Wiring] = field(metadata=FOLLOWS)
    above: list[int] = field(metadata=FOLLOWS)
    order: list[int] = field(metadata=FOLLOWS)
    turns: list[Turn] = field(metadata=FOLLOWS)
    swept: list[int] = field(metadata=FOLLOWS)
    load_order: list[int] = field(metadata=FOLLOWS)
    heated: list[int] = field(metadata=FOLLOWS)
    bases: list[float] = field(metadata=FOLLOWS)
    roots: list[float] = field(metadata=FOLLOWS)
    group_opened: list[bool] = field(metadata=FOLLOWS)
    wanted_by: list[int] = field(metadata=FOLLOWS)
    joined: list[bool] = field(metadata=FOLLOWS)
    on_way: list[bool] = field(metadata=FOLLOWS)
    slope: list[complex] = field(metadata=FOLLOWS)
    cross: list[complex] = field(metadata=FOLLOWS)
    constant: list[complex] = field(metadata=FOLLOWS)
    gap: list[float] = field(metadata=FOLLOWS)
    pull: list[float] = field(metadata=FOLLOWS)
    events: list[EventRecord] = field(metadata=FOLLOWS)
    machine: Machine | None = None


def in_service(n: NodePlan, me: NodeState) -> bool:
    """Present, not switched off by its handle, and without a fault that leaves it dead."""
    if not me.present:
        return False
    if n.kind == UTILITY:
        return me.handle == 0
    if n.kind == UPS and me.handle == HANDLE_SERVICE:
        return True
    if n.kind == GENERATOR or n.kind == UPS:
        return me.handle != HANDLE_OFF and me.fault & FAULT_BIT == 0
    # A storage that holds stays connected.
    return (me.contact == 0 or n.kind == BESS) and me.fault & FAULT_BIT == 0


def emf_pu(w: World, k: int) -> float:
    """The voltage behind the impedance of the source of an island."""
    return w.islands[k].emf * w.islands[k].left_pu


def is_tripped(w: World, breaker: int) -> bool:
    return breaker >= 0 and w.breakers[breaker].tripped
