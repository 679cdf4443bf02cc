"""The tables of a plan while it is built, and what every kind of device adds to them."""

from __future__ import annotations

import dataclasses
import math

from winter_river.engine import plan as p
from winter_river.engine.building.parts import find_groups, find_rooms, make_rooms
from winter_river.engine.equipment import Device, part_of
from winter_river.engine.equipment.bess import BessPlan
from winter_river.engine.equipment.cooling import CoolingPlan
from winter_river.engine.equipment.following import FollowerPlan
from winter_river.engine.equipment.fuse import FUSE_V_MAX, HOLDS_PU
from winter_river.engine.equipment.generator import GeneratorPlan
from winter_river.engine.equipment.malfunction import MalfunctionPlan
from winter_river.engine.equipment.meter import MeterPlan
from winter_river.engine.equipment.profile import Profile, ProfilePlan
from winter_river.engine.equipment.pv import PvPlan
from winter_river.engine.equipment.room_heat import RoomPlan
from winter_river.engine.equipment.server import ServerPlan
from winter_river.engine.equipment.switchgear import BoardPlan, TiePlan, TransferPlan
from winter_river.engine.equipment.table import GG
from winter_river.engine.equipment.transformer import TransformerPlan
from winter_river.engine.equipment.ups import UpsPlan
from winter_river.engine.equipment.utility import UtilityPlan
from winter_river.engine.units import BASE_VA, SQRT3
from winter_river.engine.words import MALFUNCTIONS

SHORT_CIRCUIT = "short_circuit"  # the malfunction
VOLTAGE_TOLERANCE = 1e-3  # chosen: nominal voltages that meet must be the same number


def base_ohm(voltage_v: float) -> float:
    return voltage_v * voltage_v / BASE_VA


def amps(voltage_v: float) -> float:
    return BASE_VA / (SQRT3 * voltage_v)


def kvar_per_kw(power_factor: float) -> float:
    return math.sqrt(max(0.0, 1.0 - power_factor * power_factor)) / power_factor


def short_bit(kind: int) -> int:
    """The bit of the malfunction that shorts a device of this kind, 0 where it has none."""
    names = [name for name, _ in MALFUNCTIONS[kind]]
    return 1 << names.index(SHORT_CIRCUIT) if SHORT_CIRCUIT in names else 0


class Tables:
    """Filled device by device, what feeds before what is fed."""

    def __init__(
        self, devices: tuple[Device, ...], ratings: tuple[dict[str, float], ...], calibration: str, *, ages: bool
    ) -> None:
        self.devices = devices
        self.ratings = ratings
        self.calibration = calibration
        self.ages = ages
        self.index = {device.id: k for k, device in enumerate(devices)}
        self.groups = find_groups(devices, self.index)
        self.nodes: list[p.NodePlan] = []
        self.buses: list[p.BusPlan] = []
        self.islands: list[p.IslandPlan] = []
        self.utilities: list[UtilityPlan] = []
        self.transformers: list[TransformerPlan] = []
        self.boards: list[BoardPlan] = []
        self.transfers: list[TransferPlan] = []
        self.ties: list[TiePlan] = []
        self.generators: list[GeneratorPlan] = []
        self.upses: list[UpsPlan] = []
        self.servers: list[ServerPlan] = []
        self.coolings: list[CoolingPlan] = []
        self.followers: list[FollowerPlan] = []
        self.storages: list[BessPlan] = []
        self.counters: list[MeterPlan] = []
        self.arrays: list[PvPlan] = []
        self.profiles: list[ProfilePlan] = []
        self.profile_s: list[float] = []
        self.profile_values: list[float] = []
        self.profile_rows: dict[Profile, int] = {}
        self.breakers: list[p.BreakerPlan] = []
        self.malfunctions: list[MalfunctionPlan] = []
        self.room_of = find_rooms(devices, self.groups)
        self.rooms: list[RoomPlan] = make_rooms(devices, ratings, self.groups, self.room_of)
        self.fed_racks: dict[int, int] = {}
        self.ratios: dict[int, float] = {}  # of the buses behind a tap
        self.levels: dict[int, int] = {}

    def node(
        self,
        k: int,
        *,
        slot: int,
        bus_in: int,
        bus_out: int,
        breakers: tuple[int, ...] = (),
    ) -> p.NodePlan:
        feeds = [self.index[feed] for feed in self.devices[k].feeds] + [p.NONE, p.NONE]
        b1, b2, b3 = (*breakers, p.NONE, p.NONE, p.NONE)[:3]
        place = p.TYPES.index(self.devices[k].type)
        kind = p.TYPES.index(part_of(self.devices[k].type))
        malfunction = len(self.malfunctions)  # as many as its part has, which the step knows by their places
        self.malfunctions += [MalfunctionPlan(k, 1 << bit) for bit in range(len(MALFUNCTIONS[kind]))]
        self.buses[bus_out] = dataclasses.replace(self.buses[bus_out], short_bit=short_bit(kind))
        return p.NodePlan(
            index=k,
            id=self.devices[k].id,
            type=place,
            kind=kind,
            slot=slot,
            group=self.groups[k],
            feed_1=feeds[0],
            feed_2=feeds[1],
            bus_in=bus_in,
            bus_out=bus_out,
            breaker_1=b1,
            breaker_2=b2,
            breaker_3=b3,
            malfunction=malfunction,
            voltage_in_v=self.buses[bus_in].voltage_v,
            voltage_out_v=self.buses[bus_out].voltage_v,
        )

    def bus(
        self,
        k: int,
        voltage_v: float,
        z_1: complex,
        *,
        z_2: complex = 0j,
        y: complex = 0j,
        takes_load: bool = False,
    ) -> int:
        self.buses.append(p.BusPlan(k, voltage_v, amps(voltage_v), z_1, z_2, y, p.NONE, takes_load, 0))
        return len(self.buses) - 1

    def level(self, k: int) -> int:
        """How many UPS power may have come through at most, this one included."""
        if k not in self.levels:
            before = max((self.level(self.index[feed]) for feed in self.devices[k].feeds), default=0)
            self.levels[k] = before + (part_of(self.devices[k].type) == "ups")
        return self.levels[k]

    def source_bus(self, k: int, voltage_v: float, z_1: complex, *, most_pu: float = math.inf) -> int:
        """A bus that drives an island of its own. most_pu: the most current that it gives into a short."""
        self.buses.append(p.BusPlan(k, voltage_v, amps(voltage_v), z_1, 0j, 0j, len(self.islands), False, 0))
        self.islands.append(p.IslandPlan(k, len(self.buses) - 1, self.level(k), most_pu))
        return len(self.buses) - 1

    def breaker(self, k: int, bus: int, role: int, prefix: str = "") -> int:
        r, amps = self.ratings[k], self.buses[bus].amps
        if r[prefix + "curve"] == GG:
            return self.fuse(k, bus, role)
        pickups = [r[prefix + name] for name in ("pickup_a", "short_time_pickup_a", "instantaneous_pickup_a")]
        self.breakers.append(
            p.BreakerPlan(
                node=k,
                bus=bus,
                role=role,
                pickup_pu=r[prefix + "pickup_a"] / amps,
                curve=int(r[prefix + "curve"]),
                time_multiplier=r[prefix + "time_multiplier"],
                short_time_pu=r[prefix + "short_time_pickup_a"] / amps,
                short_time_delay_s=r[prefix + "short_time_delay_s"],
                instantaneous_pu=r[prefix + "instantaneous_pickup_a"] / amps,
                instantaneous_delay_s=r[prefix + "instantaneous_delay_s"],
                quiet_pu=min((pickup / amps for pickup in pickups if pickup > 0.0), default=math.inf),
            )
        )
        return len(self.breakers) - 1

    def fuse(self, k: int, bus: int, role: int) -> int:
        rated_pu = self.ratings[k]["rated_a"] / self.buses[bus].amps
        voltage_v = self.buses[bus].voltage_v
        if voltage_v > FUSE_V_MAX:
            raise ValueError(
                f"{self.devices[k].id}.curve is gg, a fuse for up to {FUSE_V_MAX:g} V; here {voltage_v:g} V"
            )
        self.breakers.append(p.BreakerPlan(k, bus, role, rated_pu, GG, 1.0, 0.0, 0.0, 0.0, 0.0, rated_pu * HOLDS_PU))
        return len(self.breakers) - 1

    def feed_voltage(self, k: int) -> float:
        """The nominal voltage of what feeds a device; both feeds must have the same one."""
        feeds = self.devices[k].feeds
        voltages = [self.nodes[self.index[feed]].voltage_out_v for feed in feeds]
        for feed, voltage_v in zip(feeds, voltages, strict=True):
            if abs(voltage_v / voltages[0] - 1.0) > VOLTAGE_TOLERANCE:
                raise ValueError(f"{self.devices[k].id} is fed at {voltages[0]:g} V and by {feed} at {voltage_v:g} V")
        return voltages[0]

    def fed_bus(self, k: int, *, takes_load: bool) -> tuple[int, float]:
        """(the bus at the end of a device's own cable, its voltage)"""
        voltage_v = self.feed_voltage(k)
        return self.bus(k, voltage_v, self.cable(k, "feed", voltage_v), takes_load=takes_load), voltage_v

    def cable(self, k: int, prefix: str, voltage_v: float) -> complex:
        r = self.ratings[k]
        return complex(r[prefix + "_resistance_ohm"], r[prefix + "_reactance_ohm"]) / base_ohm(voltage_v)

    def profile(self, profile: Profile | None) -> int:
        """The row of a profile; devices that share one share its row."""
        if profile is None:
            return p.NONE
        if profile not in self.profile_rows:
            first = len(self.profile_s)
            self.profile_s += profile.times_s
            self.profile_values += profile.values
            self.profile_rows[profile] = len(self.profiles)
            self.profiles.append(ProfilePlan(first, len(self.profile_s), profile.period_s, profile.begin_s))
        return self.profile_rows[profile]
