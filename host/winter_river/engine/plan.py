"""A facility compiled into records: one row a device, a bus, a breaker, and a row for each kind's own ratings.

Devices are in plan order: what feeds comes before what is fed, otherwise as the facility lists them. Plan order
breaks every tie. A *bus* here is a point of the network with a voltage; its number is above its parent's.
Impedances and admittances are in per unit of BASE_VA at the nominal voltage of their bus.
"""

from dataclasses import dataclass

from winter_river.engine.calibration import Calibration
from winter_river.engine.equipment import EQUIPMENT
from winter_river.engine.equipment.bess import BessPlan
from winter_river.engine.equipment.cooling import CoolingPlan
from winter_river.engine.equipment.following import FollowerPlan
from winter_river.engine.equipment.generator import GeneratorPlan
from winter_river.engine.equipment.malfunction import MalfunctionPlan
from winter_river.engine.equipment.meter import MeterPlan
from winter_river.engine.equipment.profile import ProfilePlan
from winter_river.engine.equipment.pv import PvPlan
from winter_river.engine.equipment.room_heat import RoomPlan
from winter_river.engine.equipment.server import ServerPlan
from winter_river.engine.equipment.switchgear import BoardPlan, TiePlan, TransferPlan
from winter_river.engine.equipment.table import Device
from winter_river.engine.equipment.transformer import TransformerPlan
from winter_river.engine.equipment.ups import UpsPlan
from winter_river.engine.equipment.utility import UtilityPlan

TYPES = tuple(EQUIPMENT)
# What the step knows by name: a kind is the place of a type that acts for itself (Equipment.part).
UTILITY, TRANSFORMER, SWITCHGEAR, GENERATOR, DISTRIBUTION, UPS = (
    TYPES.index(name) for name in ("utility", "transformer", "switchgear", "generator", "distribution", "ups")
)
PDU, SERVER, COOLING, BESS, METER, PV = (
    TYPES.index(name) for name in ("pdu", "server", "cooling", "bess", "meter", "pv")
)
NONE = -1  # "no such device, bus, breaker"


def is_board(kind: int) -> bool:
    """A bus behind a breaker of its own."""
    return kind == SWITCHGEAR or kind == DISTRIBUTION or kind == PDU


@dataclass(slots=True, frozen=True)
class NodePlan:
    """One device. type: its place in TYPES, for words; kind: what it is to the step. feed_1, feed_2: what feeds it; slot: its row among those of its kind; group: its connected part.

    bus_in, bus_out: its points in the network (the same one where nothing lies between); a dual-cord server has
    one in each cord. breaker_1 to 3: its rows among the breakers.
    """

    index: int
    id: str
    type: int
    kind: int
    slot: int
    group: int
    feed_1: int
    feed_2: int
    bus_in: int
    bus_out: int
    breaker_1: int
    breaker_2: int
    breaker_3: int
    malfunction: int  # its first row among the malfunctions; one a kind, in the schema's order
    voltage_in_v: float
    voltage_out_v: float


@dataclass(slots=True, frozen=True)
class BusPlan:
    """One point: its device, the impedance on the way in (z_2: from a second source), half a magnetising branch."""

    node: int
    voltage_v: float
    amps: float  # A per unit of current
    z_1: complex
    z_2: complex
    y: complex
    island: int  # which one it drives, NONE for most
    takes_load: bool  # racks, cooling units, UPS inputs, storages
    short_bit: int  # of its device's malfunctions, the one that shorts it here; 0 where none does


@dataclass(slots=True, frozen=True)
class IslandPlan:
    """One possible source: the bus it drives. level: how many UPS are in front of it at most, itself included. most_pu: the
    most current that it gives into a short, infinite where only its impedance limits it (shorts.py)."""

    node: int
    bus: int
    level: int
    most_pu: float


BREAKER_MAIN, BREAKER_INPUT, BREAKER_BYPASS, BREAKER_OUTPUT, BREAKER_CORD_1, BREAKER_CORD_2, BREAKER_MAINS = range(7)
BREAKER_WORDS = ("main", "input", "bypass", "output", "cord_1", "cord_2", "mains")


@dataclass(slots=True, frozen=True)
class BreakerPlan:
    """One breaker: where its current flows, and its settings in per unit of current (0: no such element). Of a fuse,
    pickup_pu is its rating."""

    node: int
    bus: int
    role: int
    pickup_pu: float
    curve: int
    time_multiplier: float
    short_time_pu: float
    short_time_delay_s: float
    instantaneous_pu: float
    instantaneous_delay_s: float
    quiet_pu: float  # the lowest of its pickups: below it nothing runs


@dataclass(slots=True, frozen=True)
class Plan:
    """A whole facility. devices: as given, in plan order; ratings: every rating of each, defaults filled in.

    reports: whether its worlds keep what nothing in them hangs on: states and their events, energy meters, the heat of
    transformers. A study of availability reads none of it; everything else is the same to the bit without.
    """

    calibration: Calibration
    devices: tuple[Device, ...]
    ratings: tuple[dict[str, float], ...]
    index: dict[str, int]
    groups: int
    reports: bool
    levels: int  # of islands
    nodes: list[NodePlan]
    buses: list[BusPlan]
    islands: list[IslandPlan]
    utilities: list[UtilityPlan]
    transformers: list[TransformerPlan]
    boards: list[BoardPlan]
    transfers: list[TransferPlan]
    ties: list[TiePlan]
    generators: list[GeneratorPlan]
    upses: list[UpsPlan]
    servers: list[ServerPlan]
    coolings: list[CoolingPlan]
    followers: list[FollowerPlan]
    storages: list[BessPlan]
    counters: list[MeterPlan]
    arrays: list[PvPlan]
    profiles: list[ProfilePlan]
    breakers: list[BreakerPlan]
    rooms: list[RoomPlan]
    malfunctions: list[MalfunctionPlan]
    profile_s: list[float]
    profile_values: list[float]
    ratio: list[float]  # of the buses, at the start: the voltage one gets for its parent's; empty where all are 1
    y: list[complex]  # of the buses, as a column for the sweep
    digest: bytes  # of devices and calibration: a snapshot fits only its own plan
