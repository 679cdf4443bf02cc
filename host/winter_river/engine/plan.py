"""A facility compiled into records: one row a device, a bus, a breaker, and a row for each kind's own ratings.

Devices are in plan order: what feeds comes before what is fed, otherwise as the facility lists them. Plan order
breaks every tie. A *bus* here is a point of the network with a voltage; its number is above its parent's.
Impedances and admittances are in per unit of BASE_VA at the nominal voltage of their bus.
"""

from dataclasses import dataclass

from winter_river.engine.calibration import Calibration
from winter_river.engine.equipment.table import Device

UTILITY, TRANSFORMER, SWITCHGEAR, GENERATOR, DISTRIBUTION, UPS, PDU, SERVER, COOLING, BESS, METER, PV = range(12)
TYPES = (
    *("utility", "transformer", "switchgear", "generator", "distribution", "ups", "pdu", "server", "cooling"),
    *("bess", "meter", "pv"),
)
NONE = -1  # "no such device, bus, breaker"


def is_board(kind: int) -> bool:
    """A bus behind a breaker of its own."""
    return kind == SWITCHGEAR or kind == DISTRIBUTION or kind == PDU


@dataclass(slots=True, frozen=True)
class NodePlan:
    """One device. feed_1, feed_2: what feeds it; slot: its row among those of its kind; group: its connected part.

    bus_in, bus_out: its points in the network (the same one where nothing lies between); a dual-cord server has
    one in each cord. breaker_1 to 3: its rows among the breakers.
    """

    index: int
    id: str
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


@dataclass(slots=True, frozen=True)
class IslandPlan:
    """One possible source: the bus it drives. level: how many UPS are in front of it at most, itself included."""

    node: int
    bus: int
    level: int


@dataclass(slots=True, frozen=True)
class UtilityPlan:
    node: int
    island: int
    frequency_hz: float


@dataclass(slots=True, frozen=True)
class TransformerPlan:
    """size, loss_ratio: which column of transformer_heat's tables, and load loss over no-load loss."""

    node: int
    power_pu: float
    size: int
    loss_ratio: float


@dataclass(slots=True, frozen=True)
class BoardPlan:
    """A bus behind a breaker: switchgear, distribution, pdu. transfer, tie: its row there; NONE with one source."""

    node: int
    rated_pu: float
    transfer: int
    tie: int


@dataclass(slots=True, frozen=True)
class TransferPlan:
    """The two incomers of one switchgear. generator: what starts for the second one, NONE for another utility.
    static: by a static switch."""

    node: int
    generator: int
    static: bool


@dataclass(slots=True, frozen=True)
class TiePlan:
    """Both mains of one switchgear closed: the second one, from feed_bus to bus by z, is where the loop is cut."""

    node: int
    feed_bus: int
    bus: int
    z: complex


@dataclass(slots=True, frozen=True)
class GeneratorPlan:
    node: int
    island: int
    power_kw: float
    frequency_hz: float
    speed_rpm: float
    fuel_gal: float
    droop_pct: float
    step_class: int  # place in generator_engine.CLASSES
    step_pu_max: float  # 0: nothing stated
    run_s_max: float  # 0: nothing stated


@dataclass(slots=True, frozen=True)
class UpsPlan:
    node: int
    island: int
    power_kw: float
    power_kva: float
    input_kw_max: float
    input_kvar_per_kw: float
    loss_fixed_kw: float
    loss_linear_pu: float
    loss_square_pu: float
    loss_on_battery_ratio: float
    bypass_loss_kw: float
    eco_loss_fixed_kw: float
    eco_loss_linear_pu: float
    charge_kw: float
    charge_kw_on_generator: float
    charge_efficiency: float
    battery_kwh: float
    battery_kw: float
    battery_exponent: float
    battery_offset_pu: float


@dataclass(slots=True, frozen=True)
class ServerPlan:
    """bus_2: the second cord, NONE with one. place: its turn among the racks behind the same feeder. room: NONE where
    nothing here cools it."""

    node: int
    bus_1: int
    bus_2: int
    load_kw: float
    load_kw_max: float
    kvar_per_kw: float
    rated_pu: float
    place: int
    room: int
    heat_shutdown: bool
    profile: int  # NONE: it draws what it is set to at any time


@dataclass(slots=True, frozen=True)
class CoolingPlan:
    node: int
    room: int
    fans: int
    fan_m3s: float
    fan_kw: float
    base_kw: float
    kvar_per_kw: float
    rated_pu: float


@dataclass(slots=True, frozen=True)
class FollowerPlan:
    """What follows the grid: it lets go of a bad supply (followers.py)."""

    node: int


@dataclass(slots=True, frozen=True)
class BessPlan:
    """floor_kwh: its reserve; begin_kwh: at the start; way: one-way efficiency; rise_k_kw: degrees a kW of loss."""

    node: int
    follower: int
    capacity_kwh: float
    floor_kwh: float
    begin_kwh: float
    charge_kw_max: float
    discharge_kw_max: float
    setpoint_kw: float
    profile: int
    way: float
    rise_k_kw: float
    rated_pu: float


@dataclass(slots=True, frozen=True)
class PvPlan:
    node: int
    follower: int
    profile: int
    peak_kw: float
    inverter_kw: float
    rated_pu: float


@dataclass(slots=True, frozen=True)
class ProfilePlan:
    """Its places in the columns profile_s and profile_values, and where in it the world begins."""

    first: int
    end: int
    period_s: float
    begin_s: float


@dataclass(slots=True, frozen=True)
class MeterPlan:
    node: int
    rated_pu: float


@dataclass(slots=True, frozen=True)
class RoomPlan:
    """What the cooling units of one connected part cool together. node: the first of them, which tells its news."""

    node: int
    cabinets: float


@dataclass(slots=True, frozen=True)
class MalfunctionPlan:
    """One malfunction that one device may have. bit: of NodeState.fault."""

    node: int
    bit: int


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
    """A whole facility. devices: as given, in plan order; ratings: every rating of each, defaults filled in."""

    calibration: Calibration
    devices: tuple[Device, ...]
    ratings: tuple[dict[str, float], ...]
    index: dict[str, int]
    groups: int
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
    y: list[complex]  # of the buses, as a column for the sweep
    loop_z: list[complex]  # of the ties, row after row: what two loops have in common, signed as their currents flow
    steady: list[complex]  # the same, of loads that draw constant current: empty, no device here does
    digest: bytes  # of devices and calibration: a snapshot fits only its own plan
