"""From devices to a plan: order, voltages, per-unit impedances, breakers. Runs once, so words and dicts are fine."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Sequence

from winter_river.engine import plan as p
from winter_river.engine.calibration import CALIBRATION_BY_NAME
from winter_river.engine.equipment import Device
from winter_river.engine.equipment.battery import stored_kwh
from winter_river.engine.equipment.bess import one_way, rise_k_kw
from winter_river.engine.equipment.fuse import FUSE_V_MAX, HOLDS_PU
from winter_river.engine.equipment.profile import Profile
from winter_river.engine.equipment.pv import clear_sky
from winter_river.engine.equipment.table import GG
from winter_river.engine.equipment.transformer import transformer_pi
from winter_river.engine.equipment.transformer_heat import LOSS_RATIO, size_class
from winter_river.engine.invariants import full_ratings, in_order
from winter_river.engine.units import BASE_VA, HOUR_S, SQRT3
from winter_river.engine.words import MALFUNCTIONS

PARALLEL_RULE = "its two feeds must come from one node, through devices with one feed each and no UPS"
LOOP_RULE = "around its loop there is no transformer and no cable with an impedance; state a feed_resistance_ohm"
VOLTAGE_TOLERANCE = 1e-3  # chosen: nominal voltages that meet must be the same number


def build_plan(devices: Sequence[Device], *, calibration: str = "training") -> p.Plan:
    """The plan of a facility.

    Raises ValueError, naming device, value and limit, where the devices do not make a network: the facility's own
    checks come first and say more, so this is the last line and stops at the first fault.
    """
    if calibration not in CALIBRATION_BY_NAME:
        raise ValueError(f"calibration is {calibration!r}; one of {', '.join(CALIBRATION_BY_NAME)}")
    ordered = in_order(devices)
    ratings = tuple(full_ratings(device) for device in ordered)
    return _Builder(ordered, ratings, calibration).plan()


def _base_ohm(voltage_v: float) -> float:
    return voltage_v * voltage_v / BASE_VA


def _amps(voltage_v: float) -> float:
    return BASE_VA / (SQRT3 * voltage_v)


def _kvar_per_kw(power_factor: float) -> float:
    return math.sqrt(max(0.0, 1.0 - power_factor * power_factor)) / power_factor


class _Builder:
    """Fills the tables of a plan, device by device."""

    def __init__(self, devices: tuple[Device, ...], ratings: tuple[dict[str, float], ...], calibration: str) -> None:
        self.devices = devices
        self.ratings = ratings
        self.calibration = calibration
        self.index = {device.id: k for k, device in enumerate(devices)}
        self.groups = self._find_groups()
        self.nodes: list[p.NodePlan] = []
        self.buses: list[p.BusPlan] = []
        self.islands: list[p.IslandPlan] = []
        self.utilities: list[p.UtilityPlan] = []
        self.transformers: list[p.TransformerPlan] = []
        self.boards: list[p.BoardPlan] = []
        self.transfers: list[p.TransferPlan] = []
        self.ties: list[p.TiePlan] = []
        self.loops: list[dict[int, int]] = []  # of each tie: its buses, +1 on the way to the second feed, else -1
        self.generators: list[p.GeneratorPlan] = []
        self.upses: list[p.UpsPlan] = []
        self.servers: list[p.ServerPlan] = []
        self.coolings: list[p.CoolingPlan] = []
        self.followers: list[p.FollowerPlan] = []
        self.storages: list[p.BessPlan] = []
        self.counters: list[p.MeterPlan] = []
        self.arrays: list[p.PvPlan] = []
        self.profiles: list[p.ProfilePlan] = []
        self.profile_s: list[float] = []
        self.profile_values: list[float] = []
        self.profile_rows: dict[Profile, int] = {}
        self.breakers: list[p.BreakerPlan] = []
        self.malfunctions: list[p.MalfunctionPlan] = []
        self.room_of = self._find_rooms()
        self.rooms: list[p.RoomPlan] = self._make_rooms()
        self.fed_racks: dict[int, int] = {}
        self.levels: dict[int, int] = {}

    def plan(self) -> p.Plan:
        add = (
            self._utility,
            self._transformer,
            self._board,
            self._generator,
            self._board,
            self._ups,
            self._board,
            self._server,
            self._cooling,
            self._bess,
            self._meter,
            self._pv,
        )
        for k, device in enumerate(self.devices):
            self.nodes.append(add[p.TYPES.index(device.type)](k, self.ratings[k]))
        text = repr((self.calibration, [(d.id, d.type, d.feeds) for d in self.devices], self.ratings))
        if self.profiles:
            text += repr((self.profiles, self.profile_s, self.profile_values, [d.profile for d in self.devices]))
        return p.Plan(
            calibration=CALIBRATION_BY_NAME[self.calibration],
            devices=self.devices,
            ratings=self.ratings,
            index=self.index,
            groups=max(self.groups, default=-1) + 1,
            levels=max((island.level for island in self.islands), default=0) + 1,
            nodes=self.nodes,
            buses=self.buses,
            islands=self.islands,
            utilities=self.utilities,
            transformers=self.transformers,
            boards=self.boards,
            transfers=self.transfers,
            ties=self.ties,
            generators=self.generators,
            upses=self.upses,
            servers=self.servers,
            coolings=self.coolings,
            followers=self.followers,
            storages=self.storages,
            counters=self.counters,
            arrays=self.arrays,
            profiles=self.profiles,
            profile_s=self.profile_s,
            profile_values=self.profile_values,
            breakers=self.breakers,
            rooms=self.rooms,
            malfunctions=self.malfunctions,
            loop_z=self._loop_z(),
            y=[bus.y for bus in self.buses],
            steady=[],
            digest=hashlib.sha256(text.encode()).digest(),
        )

    def _find_groups(self) -> list[int]:
        """The connected part each device belongs to, counted in plan order."""
        head = list(range(len(self.devices)))

        def root(k: int) -> int:
            while head[k] != k:
                k = head[k]
            return k

        for k, device in enumerate(self.devices):
            for feed in device.feeds:
                one, other = root(k), root(self.index[feed])
                head[max(one, other)] = min(one, other)
        numbers: dict[int, int] = {}
        return [numbers.setdefault(root(k), len(numbers)) for k in range(len(self.devices))]

    def _find_rooms(self) -> dict[int, int]:
        """The room of each connected part that has both racks and something that cools them."""
        types = [(self.groups[k], device.type) for k, device in enumerate(self.devices)]
        cooled = [group for group, name in types if name == "cooling" and (group, "server") in types]
        return {group: room for room, group in enumerate(dict.fromkeys(cooled))}

    def _make_rooms(self) -> list[p.RoomPlan]:
        first: dict[int, int] = {}
        cabinets = dict.fromkeys(self.room_of.values(), 0.0)
        for k, device in enumerate(self.devices):
            room = self.room_of.get(self.groups[k], p.NONE)
            if device.type == "cooling" and room != p.NONE:
                first.setdefault(room, k)
            elif device.type == "server" and room != p.NONE:
                cabinets[room] += self.ratings[k]["cabinets"]
        return [p.RoomPlan(first[room], cabinets[room]) for room in cabinets]

    def _node(
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
        kind = p.TYPES.index(self.devices[k].type)
        malfunction = len(self.malfunctions)
        self.malfunctions += [p.MalfunctionPlan(k, 1 << place) for place in range(len(MALFUNCTIONS[kind]))]
        return p.NodePlan(
            index=k,
            id=self.devices[k].id,
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

    def _bus(self, k: int, voltage_v: float, z_1: complex, *, z_2: complex = 0j, y: complex = 0j) -> int:
        takes_load = self.devices[k].type in ("server", "cooling", "ups", "bess", "pv")
        self.buses.append(p.BusPlan(k, voltage_v, _amps(voltage_v), z_1, z_2, y, p.NONE, takes_load))
        return len(self.buses) - 1

    def _level(self, k: int) -> int:
        """How many UPS power may have come through at most, this one included."""
        if k not in self.levels:
            before = max((self._level(self.index[feed]) for feed in self.devices[k].feeds), default=0)
            self.levels[k] = before + (self.devices[k].type == "ups")
        return self.levels[k]

    def _source_bus(self, k: int, voltage_v: float, z_1: complex) -> int:
        """A bus that drives an island of its own."""
        self.buses.append(p.BusPlan(k, voltage_v, _amps(voltage_v), z_1, 0j, 0j, len(self.islands), False))
        self.islands.append(p.IslandPlan(k, len(self.buses) - 1, self._level(k)))
        return len(self.buses) - 1

    def _breaker(self, k: int, bus: int, role: int, prefix: str = "") -> int:
        r, amps = self.ratings[k], self.buses[bus].amps
        if r[prefix + "curve"] == GG:
            return self._fuse(k, bus, role)
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

    def _fuse(self, k: int, bus: int, role: int) -> int:
        rated_pu = self.ratings[k]["rated_a"] / self.buses[bus].amps
        voltage_v = self.buses[bus].voltage_v
        if voltage_v > FUSE_V_MAX:
            raise ValueError(
                f"{self.devices[k].id}.curve is gg, a fuse for up to {FUSE_V_MAX:g} V; here {voltage_v:g} V"
            )
        self.breakers.append(p.BreakerPlan(k, bus, role, rated_pu, GG, 1.0, 0.0, 0.0, 0.0, 0.0, rated_pu * HOLDS_PU))
        return len(self.breakers) - 1

    def _feed_voltage(self, k: int) -> float:
        """The nominal voltage of what feeds a device; both feeds must have the same one."""
        feeds = self.devices[k].feeds
        voltages = [self.nodes[self.index[feed]].voltage_out_v for feed in feeds]
        for feed, voltage_v in zip(feeds, voltages, strict=True):
            if abs(voltage_v / voltages[0] - 1.0) > VOLTAGE_TOLERANCE:
                raise ValueError(f"{self.devices[k].id} is fed at {voltages[0]:g} V and by {feed} at {voltage_v:g} V")
        return voltages[0]

    def _cable(self, k: int, prefix: str, voltage_v: float) -> complex:
        r = self.ratings[k]
        return complex(r[prefix + "_resistance_ohm"], r[prefix + "_reactance_ohm"]) / _base_ohm(voltage_v)

    def _utility(self, k: int, r: dict[str, float]) -> p.NodePlan:
        size = BASE_VA / (r["short_circuit_mva"] * 1e6)
        angle = math.atan(r["x_over_r"])
        bus = self._source_bus(k, r["voltage_v"], complex(size * math.cos(angle), size * math.sin(angle)))
        self.utilities.append(p.UtilityPlan(k, self.buses[bus].island, r["frequency_hz"]))
        return self._node(k, slot=len(self.utilities) - 1, bus_in=bus, bus_out=bus)

    def _transformer(self, k: int, r: dict[str, float]) -> p.NodePlan:
        voltage_v = self._feed_voltage(k)
        if abs(r["primary_voltage_v"] / voltage_v - 1.0) > VOLTAGE_TOLERANCE:
            raise ValueError(
                f"{self.devices[k].id}.primary_voltage_v is {r['primary_voltage_v']:g}; its feed has {voltage_v:g} V"
            )
        power_w = r["power_kva"] * 1000.0
        own_z, own_half = transformer_pi(
            impedance_pu=r["impedance_pct"] / 100.0,
            load_loss_pu=r["load_loss_w"] / power_w,
            no_load_current_pu=r["no_load_current_pct"] / 100.0,
            no_load_loss_pu=r["no_load_loss_w"] / power_w,
        )
        half = own_half * power_w / BASE_VA
        bus_in = self._bus(k, voltage_v, self._cable(k, "feed", voltage_v), y=half)
        bus_out = self._bus(k, r["secondary_voltage_v"], own_z * BASE_VA / power_w, y=half)
        loss_ratio = r["load_loss_w"] / r["no_load_loss_w"] if r["no_load_loss_w"] > 0.0 else LOSS_RATIO
        self.transformers.append(p.TransformerPlan(k, power_w / BASE_VA, size_class(r["power_kva"]), loss_ratio))
        return self._node(k, slot=len(self.transformers) - 1, bus_in=bus_in, bus_out=bus_out)

    def _board(self, k: int, r: dict[str, float]) -> p.NodePlan:
        voltage_v = self._feed_voltage(k)
        second = self._cable(k, "second_feed", voltage_v) if "second_feed_resistance_ohm" in r else 0j
        bus = self._bus(k, voltage_v, self._cable(k, "feed", voltage_v), z_2=second)
        transfer = tie = p.NONE
        parallel = r.get("parallel", 0.0) > 0.0
        static = r.get("transfer", 0.0) > 0.0
        if static and len(self.devices[k].feeds) != 2:
            raise ValueError(f"{self.devices[k].id}.transfer is sts; it needs two feeds")
        if parallel:
            tie = self._tie(k, bus, second)
        elif len(self.devices[k].feeds) == 2:
            generator = self._generator_behind(self.index[self.devices[k].feeds[1]])
            self.transfers.append(p.TransferPlan(k, generator, static))
            transfer = len(self.transfers) - 1
        self.boards.append(p.BoardPlan(k, r["rated_a"] / self.buses[bus].amps, transfer, tie))
        breaker = self._breaker(k, bus, p.BREAKER_MAINS if parallel else p.BREAKER_MAIN)
        return self._node(k, slot=len(self.boards) - 1, bus_in=bus, bus_out=bus, breakers=(breaker,))

    def _tie(self, k: int, bus: int, z: complex) -> int:
        """Both mains closed at once: only where their ways meet at one node through devices with one feed each."""
        feeds = self.devices[k].feeds
        if len(feeds) != 2:
            raise ValueError(f"{self.devices[k].id}.parallel is on; it needs two feeds")
        ways = [self._way_up(self.index[feed]) for feed in feeds]
        meet = next((node for node in ways[1] if node in ways[0]), p.NONE)
        between = [*ways[0][: ways[0].index(meet)], *ways[1][: ways[1].index(meet)]] if meet != p.NONE else []
        if meet == p.NONE or any(self.devices[node].type == "ups" for node in (*between, meet)):
            raise ValueError(f"{self.devices[k].id}.parallel is on; {PARALLEL_RULE}")
        feed_bus = self.nodes[self.index[feeds[1]]].bus_out
        for end in (feed_bus, bus):
            self.buses[end] = dataclasses.replace(self.buses[end], takes_load=True)
        loop = {end: 1 for node in ways[1][: ways[1].index(meet)] for end in self._buses_of(node)}
        loop |= {end: -1 for node in ways[0][: ways[0].index(meet)] for end in self._buses_of(node)} | {bus: -1}
        if z == 0j and not any(self.buses[end].z_1 for end in loop):
            raise ValueError(f"{self.devices[k].id}.parallel is on; {LOOP_RULE}")
        self.loops.append(loop)
        self.ties.append(p.TiePlan(k, feed_bus, bus, z))
        return len(self.ties) - 1

    def _buses_of(self, k: int) -> range:
        return range(self.nodes[k].bus_in, self.nodes[k].bus_out + 1)

    def _loop_z(self) -> list[complex]:
        """What every two loops have in common, row after row."""
        found = []
        for k, one in enumerate(self.loops):
            for m, other in enumerate(self.loops):
                z = sum((self.buses[end].z_1 * (one[end] * other[end]) for end in one if end in other), 0j)
                found.append(z + self.ties[k].z if k == m else z)
        return found

    def _way_up(self, k: int) -> list[int]:
        """A device and those in front of it, as long as each has one feed."""
        way = [k]
        while len(self.devices[k].feeds) == 1:
            k = self.index[self.devices[k].feeds[0]]
            way.append(k)
        return way

    def _generator_behind(self, k: int) -> int:
        """The generator that a second feed leads to through devices with one feed each, or NONE."""
        while len(self.devices[k].feeds) == 1:
            k = self.index[self.devices[k].feeds[0]]
        return self.nodes[k].slot if self.devices[k].type == "generator" else p.NONE

    def _generator(self, k: int, r: dict[str, float]) -> p.NodePlan:
        bus = self._source_bus(k, r["voltage_v"], 0j)  # a regulated machine holds the voltage of its own terminals
        speed_rpm = 120.0 * r["frequency_hz"] / r["poles"]
        self.generators.append(
            p.GeneratorPlan(
                node=k,
                island=self.buses[bus].island,
                power_kw=r["power_kw"],
                frequency_hz=r["frequency_hz"],
                speed_rpm=speed_rpm,
                fuel_gal=r["fuel_gal"],
                droop_pct=r["droop_pct"],
                step_class=int(r["step_class"]),
                step_pu_max=r["step_kw_max"] / r["power_kw"],
                run_s_max=r["run_h_max"] * HOUR_S,
            )
        )
        return self._node(k, slot=len(self.generators) - 1, bus_in=bus, bus_out=bus)

    def _ups(self, k: int, r: dict[str, float]) -> p.NodePlan:
        voltage_v = self._feed_voltage(k)
        bus_in = self._bus(k, voltage_v, self._cable(k, "feed", voltage_v))
        bus_out = self._source_bus(k, voltage_v, self._cable(k, "output", voltage_v))
        charge_kw = r["charge_kw"] or r["power_kw"] / 5.0
        calibration = CALIBRATION_BY_NAME[self.calibration]
        nominal_kwh = r["battery_kwh"] * calibration.battery_factor
        exponent, offset_pu = r["battery_exponent"] or calibration.peukert, r["battery_offset_pu"]
        self.upses.append(
            p.UpsPlan(
                node=k,
                island=self.buses[bus_out].island,
                power_kw=r["power_kw"],
                power_kva=r["power_kva"],
                input_kw_max=r["input_kw_max"] or 1.3 * r["power_kw"],
                input_kvar_per_kw=_kvar_per_kw(r["input_power_factor"]),
                loss_fixed_kw=r["loss_fixed_pu"] * r["power_kw"],
                loss_linear_pu=r["loss_linear_pu"],
                loss_square_pu=r["loss_square_pu"],
                loss_on_battery_ratio=r["loss_on_battery_ratio"],
                bypass_loss_kw=r["bypass_loss_kw"],
                eco_loss_fixed_kw=r["eco_loss_fixed_pu"] * r["power_kw"],
                eco_loss_linear_pu=r["eco_loss_linear_pu"],
                charge_kw=charge_kw,
                charge_kw_on_generator=r["charge_kw_on_generator"] or charge_kw / 2.0,
                charge_efficiency=r["charge_efficiency"],
                battery_kwh=stored_kwh(nominal_kwh, exponent, offset_pu),
                battery_kw=r["battery_kw"] or r["power_kw"],
                battery_exponent=exponent,
                battery_offset_pu=offset_pu,
            )
        )
        breakers = (
            self._breaker(k, bus_in, p.BREAKER_INPUT, "input_"),
            self._breaker(k, bus_in, p.BREAKER_BYPASS, "input_"),
            self._breaker(k, bus_out, p.BREAKER_OUTPUT, "output_"),
        )
        return self._node(k, slot=len(self.upses) - 1, bus_in=bus_in, bus_out=bus_out, breakers=breakers)

    def _server(self, k: int, r: dict[str, float]) -> p.NodePlan:
        voltage_v = self._feed_voltage(k)
        feeds = [self.index[feed] for feed in self.devices[k].feeds]
        buses = [self._bus(k, voltage_v, self._cable(k, "feed", voltage_v)) for _ in feeds]
        roles = (p.BREAKER_CORD_1, p.BREAKER_CORD_2)
        breakers = tuple(self._breaker(k, bus, role) for bus, role in zip(buses, roles, strict=False))
        place = self.fed_racks.get(feeds[0], 0)
        self.fed_racks[feeds[0]] = place + 1
        self.servers.append(
            p.ServerPlan(
                node=k,
                bus_1=buses[0],
                bus_2=buses[1] if len(buses) == 2 else p.NONE,
                load_kw=r["load_kw"],
                load_kw_max=r["load_kw_max"],
                kvar_per_kw=_kvar_per_kw(r["power_factor"]),
                rated_pu=r["rated_a"] / _amps(voltage_v),
                place=place,
                heat_shutdown=r["heat_shutdown"] > 0.0,
                profile=self._profile(self.devices[k].profile),
                room=self.room_of.get(self.groups[k], p.NONE),
            )
        )
        return self._node(k, slot=len(self.servers) - 1, bus_in=buses[0], bus_out=buses[0], breakers=breakers)

    def _cooling(self, k: int, r: dict[str, float]) -> p.NodePlan:
        voltage_v = self._feed_voltage(k)
        bus = self._bus(k, voltage_v, self._cable(k, "feed", voltage_v))
        self.coolings.append(
            p.CoolingPlan(
                node=k,
                room=self.room_of.get(self.groups[k], p.NONE),
                fans=int(r["fans"]),
                fan_m3s=r["fan_flow_m3s"],
                fan_kw=r["fan_kw"],
                base_kw=r["base_kw"],
                kvar_per_kw=_kvar_per_kw(r["power_factor"]),
                rated_pu=r["rated_a"] / _amps(voltage_v),
            )
        )
        breaker = self._breaker(k, bus, p.BREAKER_MAIN)
        return self._node(k, slot=len(self.coolings) - 1, bus_in=bus, bus_out=bus, breakers=(breaker,))

    def _bess(self, k: int, r: dict[str, float]) -> p.NodePlan:
        voltage_v = self._feed_voltage(k)
        bus = self._bus(k, voltage_v, self._cable(k, "feed", voltage_v))
        way = one_way(r["round_trip_efficiency"])
        self.followers.append(p.FollowerPlan(k))
        self.storages.append(
            p.BessPlan(
                node=k,
                follower=len(self.followers) - 1,
                capacity_kwh=r["capacity_kwh"],
                floor_kwh=r["capacity_kwh"] * r["reserve_pct"] / 100.0,
                begin_kwh=r["capacity_kwh"] * r["begin_soc_pct"] / 100.0,
                charge_kw_max=r["charge_kw_max"],
                discharge_kw_max=r["discharge_kw_max"],
                setpoint_kw=r["setpoint_kw"],
                profile=self._profile(self.devices[k].profile),
                way=way,
                rise_k_kw=rise_k_kw(r["discharge_kw_max"], way),
                rated_pu=r["rated_a"] / _amps(voltage_v),
            )
        )
        breaker = self._breaker(k, bus, p.BREAKER_MAIN)
        return self._node(k, slot=len(self.storages) - 1, bus_in=bus, bus_out=bus, breakers=(breaker,))

    def _pv(self, k: int, r: dict[str, float]) -> p.NodePlan:
        voltage_v = self._feed_voltage(k)
        bus = self._bus(k, voltage_v, self._cable(k, "feed", voltage_v))
        self.followers.append(p.FollowerPlan(k))
        self.arrays.append(
            p.PvPlan(
                node=k,
                follower=len(self.followers) - 1,
                profile=self._profile(self.devices[k].profile or clear_sky(r)),
                peak_kw=r["peak_kw"],
                inverter_kw=r["inverter_kw"] or r["peak_kw"],
                rated_pu=r["rated_a"] / _amps(voltage_v),
            )
        )
        breaker = self._breaker(k, bus, p.BREAKER_MAIN)
        return self._node(k, slot=len(self.arrays) - 1, bus_in=bus, bus_out=bus, breakers=(breaker,))

    def _profile(self, profile: Profile | None) -> int:
        """The row of a profile; devices that share one share its row."""
        if profile is None:
            return p.NONE
        if profile not in self.profile_rows:
            first = len(self.profile_s)
            self.profile_s += profile.times_s
            self.profile_values += profile.values
            self.profile_rows[profile] = len(self.profiles)
            self.profiles.append(p.ProfilePlan(first, len(self.profile_s), profile.period_s, profile.begin_s))
        return self.profile_rows[profile]

    def _meter(self, k: int, r: dict[str, float]) -> p.NodePlan:
        voltage_v = self._feed_voltage(k)
        bus = self._bus(k, voltage_v, self._cable(k, "feed", voltage_v))
        self.counters.append(p.MeterPlan(k, r["rated_a"] / _amps(voltage_v)))
        return self._node(k, slot=len(self.counters) - 1, bus_in=bus, bus_out=bus)
