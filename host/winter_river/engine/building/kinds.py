"""What each kind of device adds to a plan: its points in the network, its breakers and its own row."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from winter_river.engine import plan as p
from winter_river.engine.building.loops import add_tie, generator_behind
from winter_river.engine.building.tables import VOLTAGE_TOLERANCE, Tables, amps, kvar_per_kw
from winter_river.engine.calibration import CALIBRATION_BY_NAME
from winter_river.engine.equipment import part_of
from winter_river.engine.equipment.battery import CAPACITY_WORN_PU, YEAR_H, ageing_rate, capacity_pu, stored_kwh
from winter_river.engine.equipment.bess import BessPlan, one_way, rise_k_kw
from winter_river.engine.equipment.cooling import CoolingPlan
from winter_river.engine.equipment.following import FollowerPlan
from winter_river.engine.equipment.generator import GeneratorPlan
from winter_river.engine.equipment.meter import MeterPlan
from winter_river.engine.equipment.pv import PvPlan, clear_sky
from winter_river.engine.equipment.server import ServerPlan
from winter_river.engine.equipment.switchgear import BoardPlan, TransferPlan
from winter_river.engine.equipment.tap import tap_ratio
from winter_river.engine.equipment.transformer import TransformerPlan, transformer_pi
from winter_river.engine.equipment.transformer_heat import LOSS_RATIO, size_class
from winter_river.engine.equipment.ups import UpsPlan
from winter_river.engine.equipment.utility import UtilityPlan
from winter_river.engine.shorts import GENERATOR_MOST_PU, INVERTER_MOST_PU
from winter_river.engine.units import BASE_VA, HOUR_S


def utility(t: Tables, k: int, r: dict[str, float]) -> p.NodePlan:
    size = BASE_VA / (r["short_circuit_mva"] * 1e6)
    angle = math.atan(r["x_over_r"])
    bus = t.source_bus(k, r["voltage_v"], complex(size * math.cos(angle), size * math.sin(angle)))
    t.utilities.append(UtilityPlan(k, t.buses[bus].island, r["frequency_hz"]))
    return t.node(k, slot=len(t.utilities) - 1, bus_in=bus, bus_out=bus)


def transformer(t: Tables, k: int, r: dict[str, float]) -> p.NodePlan:
    voltage_v = t.feed_voltage(k)
    if abs(r["primary_voltage_v"] / voltage_v - 1.0) > VOLTAGE_TOLERANCE:
        raise ValueError(
            f"{t.devices[k].id}.primary_voltage_v is {r['primary_voltage_v']:g}; its feed has {voltage_v:g} V"
        )
    power_w = r["power_kva"] * 1000.0
    own_z, own_half = transformer_pi(
        impedance_pu=r["impedance_pct"] / 100.0,
        load_loss_pu=r["load_loss_w"] / power_w,
        no_load_current_pu=r["no_load_current_pct"] / 100.0,
        no_load_loss_pu=r["no_load_loss_w"] / power_w,
    )
    half = own_half * power_w / BASE_VA
    bus_in = t.bus(k, voltage_v, t.cable(k, "feed", voltage_v), y=half)
    bus_out = t.bus(k, r["secondary_voltage_v"], own_z * BASE_VA / power_w, y=half)
    loss_ratio = r["load_loss_w"] / r["no_load_loss_w"] if r["no_load_loss_w"] > 0.0 else LOSS_RATIO
    half_band_pct = r["tap_band_pct"] / 2.0
    t.transformers.append(
        TransformerPlan(
            node=k,
            power_pu=power_w / BASE_VA,
            size=size_class(r["power_kva"]),
            loss_ratio=loss_ratio,
            ages=t.ages,
            tap_pct=r["tap_pct"],
            tap_step_pct=r["tap_step_pct"],
            tap_steps_max=int(r["tap_steps_max"]) if r["tap_changer"] > 0.0 else 0,
            tap_low_pu=(r["tap_target_pct"] - half_band_pct) / 100.0,
            tap_high_pu=(r["tap_target_pct"] + half_band_pct) / 100.0,
            tap_delay_s=r["tap_delay_s"],
            master=p.NONE,
            tie=p.NONE,
        )
    )
    if r["tap_pct"] != 0.0 or r["tap_changer"] > 0.0:
        t.ratios[bus_out] = tap_ratio(r["tap_pct"], r["tap_step_pct"], 0)
    return t.node(k, slot=len(t.transformers) - 1, bus_in=bus_in, bus_out=bus_out)


def board(t: Tables, k: int, r: dict[str, float]) -> p.NodePlan:
    voltage_v = t.feed_voltage(k)
    second = t.cable(k, "second_feed", voltage_v) if "second_feed_resistance_ohm" in r else 0j
    bus = t.bus(k, voltage_v, t.cable(k, "feed", voltage_v), z_2=second)
    transfer = tie = p.NONE
    parallel = r.get("parallel", 0.0) > 0.0
    is_pdu = part_of(t.devices[k].type) == "pdu"
    static = r.get("transfer", 0.0) > 0.0 or (is_pdu and len(t.devices[k].feeds) == 2)
    if static and len(t.devices[k].feeds) != 2:
        raise ValueError(f"{t.devices[k].id}.transfer is sts; it needs two feeds")
    closed = r.get("transition", 0.0) > 0.0
    if closed and len(t.devices[k].feeds) != 2:
        raise ValueError(f"{t.devices[k].id}.transition is closed; it needs two feeds")
    if parallel:
        tie = add_tie(t, k, bus, second)
    elif len(t.devices[k].feeds) == 2:
        generator = generator_behind(t, t.index[t.devices[k].feeds[1]])
        t.transfers.append(TransferPlan(k, generator, static, closed))
        transfer = len(t.transfers) - 1
    t.boards.append(BoardPlan(k, r["rated_a"] / t.buses[bus].amps, transfer, tie))
    breaker = t.breaker(k, bus, p.BREAKER_MAINS if parallel else p.BREAKER_MAIN)
    return t.node(k, slot=len(t.boards) - 1, bus_in=bus, bus_out=bus, breakers=(breaker,))


def generator(t: Tables, k: int, r: dict[str, float]) -> p.NodePlan:
    # A regulated machine holds the voltage of its own terminals.
    bus = t.source_bus(k, r["voltage_v"], 0j, most_pu=GENERATOR_MOST_PU * r["power_kva"] * 1000.0 / BASE_VA)
    speed_rpm = 120.0 * r["frequency_hz"] / r["poles"]
    t.generators.append(
        GeneratorPlan(
            node=k,
            island=t.buses[bus].island,
            power_kw=r["power_kw"],
            frequency_hz=r["frequency_hz"],
            speed_rpm=speed_rpm,
            fuel_gal=r["fuel_gal"],
            droop_pct=r["droop_pct"],
            step_class=int(r["step_class"]),
            step_pu_max=r["step_kw_max"] / r["power_kw"],
            reactance_pu=r["transient_reactance_pct"] / 100.0 * BASE_VA / (r["power_kva"] * 1000.0),
            recovery_s=r["voltage_recovery_s"],
            run_s_max=r["run_h_max"] * HOUR_S,
        )
    )
    return t.node(k, slot=len(t.generators) - 1, bus_in=bus, bus_out=bus)


def ups(t: Tables, k: int, r: dict[str, float]) -> p.NodePlan:
    voltage_v = t.feed_voltage(k)
    bus_in = t.bus(k, voltage_v, t.cable(k, "feed", voltage_v), takes_load=True)
    most_pu = INVERTER_MOST_PU * r["power_kva"] * 1000.0 / BASE_VA
    bus_out = t.source_bus(k, voltage_v, t.cable(k, "output", voltage_v), most_pu=most_pu)
    charge_kw = r["charge_kw"] or r["power_kw"] / 5.0
    calibration = CALIBRATION_BY_NAME[t.calibration]
    left_pu = capacity_pu(r["battery_age_pct"] / 100.0, r["battery_c"])
    nominal_kwh = r["battery_kwh"] * calibration.battery_factor * left_pu
    ageing = ageing_rate(r["battery_c"])
    exponent, offset_pu = r["battery_exponent"] or calibration.peukert, r["battery_offset_pu"]
    t.upses.append(
        UpsPlan(
            node=k,
            island=t.buses[bus_out].island,
            power_kw=r["power_kw"],
            power_kva=r["power_kva"],
            input_kw_max=r["input_kw_max"] or 1.3 * r["power_kw"],
            input_kvar_per_kw=kvar_per_kw(r["input_power_factor"]),
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
            ageing=ageing,
            fade_pu_h=CAPACITY_WORN_PU / (r["battery_life_y"] * YEAR_H) * ageing if t.ages else 0.0,
            begin_pu=1.0 - r["battery_age_pct"] / 100.0,
        )
    )
    breakers = (
        t.breaker(k, bus_in, p.BREAKER_INPUT, "input_"),
        t.breaker(k, bus_in, p.BREAKER_BYPASS, "input_"),
        t.breaker(k, bus_out, p.BREAKER_OUTPUT, "output_"),
    )
    return t.node(k, slot=len(t.upses) - 1, bus_in=bus_in, bus_out=bus_out, breakers=breakers)


def server(t: Tables, k: int, r: dict[str, float]) -> p.NodePlan:
    voltage_v = t.feed_voltage(k)
    feeds = [t.index[feed] for feed in t.devices[k].feeds]
    buses = [t.bus(k, voltage_v, t.cable(k, "feed", voltage_v), takes_load=True) for _ in feeds]
    roles = (p.BREAKER_CORD_1, p.BREAKER_CORD_2)
    breakers = tuple(t.breaker(k, bus, role) for bus, role in zip(buses, roles, strict=False))
    place = t.fed_racks.get(feeds[0], 0)
    t.fed_racks[feeds[0]] = place + 1
    t.servers.append(
        ServerPlan(
            node=k,
            bus_1=buses[0],
            bus_2=buses[1] if len(buses) == 2 else p.NONE,
            load_kw=r["load_kw"],
            load_kw_max=r["load_kw_max"],
            kvar_per_kw=kvar_per_kw(r["power_factor"]),
            load_model=int(r["load_model"]),
            rides=r["ride_through"] > 0.0,
            rated_pu=r["rated_a"] / amps(voltage_v),
            place=place,
            heat_shutdown=r["heat_shutdown"] > 0.0,
            profile=t.profile(t.devices[k].profile),
            room=t.room_of.get(t.groups[k], p.NONE),
        )
    )
    return t.node(k, slot=len(t.servers) - 1, bus_in=buses[0], bus_out=buses[0], breakers=breakers)


def cooling(t: Tables, k: int, r: dict[str, float]) -> p.NodePlan:
    bus, voltage_v = t.fed_bus(k, takes_load=True)
    t.coolings.append(
        CoolingPlan(
            node=k,
            room=t.room_of.get(t.groups[k], p.NONE),
            fans=int(r["fans"]),
            fan_m3s=r["fan_flow_m3s"],
            fan_kw=r["fan_kw"],
            base_kw=r["base_kw"],
            kvar_per_kw=kvar_per_kw(r["power_factor"]),
            rated_pu=r["rated_a"] / amps(voltage_v),
        )
    )
    breaker = t.breaker(k, bus, p.BREAKER_MAIN)
    return t.node(k, slot=len(t.coolings) - 1, bus_in=bus, bus_out=bus, breakers=(breaker,))


def bess(t: Tables, k: int, r: dict[str, float]) -> p.NodePlan:
    bus, voltage_v = t.fed_bus(k, takes_load=True)
    way = one_way(r["round_trip_efficiency"])
    t.followers.append(FollowerPlan(k))
    t.storages.append(
        BessPlan(
            node=k,
            follower=len(t.followers) - 1,
            capacity_kwh=r["capacity_kwh"],
            floor_kwh=r["capacity_kwh"] * r["reserve_pct"] / 100.0,
            begin_kwh=r["capacity_kwh"] * r["begin_soc_pct"] / 100.0,
            charge_kw_max=r["charge_kw_max"],
            discharge_kw_max=r["discharge_kw_max"],
            setpoint_kw=r["setpoint_kw"],
            profile=t.profile(t.devices[k].profile),
            way=way,
            rise_k_kw=rise_k_kw(r["discharge_kw_max"], way),
            rated_pu=r["rated_a"] / amps(voltage_v),
        )
    )
    breaker = t.breaker(k, bus, p.BREAKER_MAIN)
    return t.node(k, slot=len(t.storages) - 1, bus_in=bus, bus_out=bus, breakers=(breaker,))


def pv(t: Tables, k: int, r: dict[str, float]) -> p.NodePlan:
    bus, voltage_v = t.fed_bus(k, takes_load=True)
    t.followers.append(FollowerPlan(k))
    t.arrays.append(
        PvPlan(
            node=k,
            follower=len(t.followers) - 1,
            profile=t.profile(t.devices[k].profile or clear_sky(r)),
            peak_kw=r["peak_kw"],
            inverter_kw=r["inverter_kw"] or r["peak_kw"],
            rated_pu=r["rated_a"] / amps(voltage_v),
        )
    )
    breaker = t.breaker(k, bus, p.BREAKER_MAIN)
    return t.node(k, slot=len(t.arrays) - 1, bus_in=bus, bus_out=bus, breakers=(breaker,))


def meter(t: Tables, k: int, r: dict[str, float]) -> p.NodePlan:
    bus, voltage_v = t.fed_bus(k, takes_load=False)
    t.counters.append(MeterPlan(k, r["rated_a"] / amps(voltage_v)))
    return t.node(k, slot=len(t.counters) - 1, bus_in=bus, bus_out=bus)


# By the type that acts for itself (Equipment.part).
ADD: Mapping[str, Callable[[Tables, int, dict[str, float]], p.NodePlan]] = {
    "utility": utility,
    "transformer": transformer,
    "switchgear": board,
    "generator": generator,
    "distribution": board,
    "ups": ups,
    "pdu": board,
    "server": server,
    "cooling": cooling,
    "bess": bess,
    "meter": meter,
    "pv": pv,
}
