"""The training facility and other small sites as plain devices: what the engine's tests are told on."""

import dataclasses
import itertools

from winter_river.engine import CURVES, Device, Profile

IEC_EI = float(CURVES.index("iec_ei"))
IEEE_VI = float(CURVES.index("ieee_vi"))

# The table of the training facility, per side.
UTILITY = {"voltage_v": 230_000, "short_circuit_mva": 5000, "x_over_r": 12}
HV_MV = {
    "power_kva": 10_000,
    "primary_voltage_v": 230_000,
    "secondary_voltage_v": 34_500,
    "impedance_pct": 9.5,
    "no_load_loss_w": 12_000,
    "load_loss_w": 55_000,
    "no_load_current_pct": 0.4,
}
MV_SWITCHGEAR = {
    "rated_a": 1200,
    "pickup_a": 25,
    "curve": IEEE_VI,
    "instantaneous_pickup_a": 400,
    "instantaneous_delay_s": 0.05,
    "feed_resistance_ohm": 0.01,
    "feed_reactance_ohm": 0.006,
}
MV_LV = {
    "power_kva": 750,
    "primary_voltage_v": 34_500,
    "secondary_voltage_v": 480,
    "impedance_pct": 5.75,
    "no_load_loss_w": 1100,
    "load_loss_w": 5500,
    "no_load_current_pct": 0.5,
    "feed_resistance_ohm": 0.12,
    "feed_reactance_ohm": 0.048,
}
LV_SWITCHGEAR = {
    "rated_a": 1000,
    "pickup_a": 950,
    "time_multiplier": 1.5,
    "short_time_pickup_a": 2250,
    "short_time_delay_s": 0.4,
    "feed_resistance_ohm": 0.00068,
    "feed_reactance_ohm": 0.0003,
    "second_feed_resistance_ohm": 0.0006,
    "second_feed_reactance_ohm": 0.001,
}
GENERATOR = {"step_kw_max": 360, "power_kw": 600, "power_kva": 750, "voltage_v": 480, "fuel_gal": 800}
UPS = {
    "power_kva": 500,
    "power_kw": 500,
    "input_kw_max": 650,
    "bypass_loss_kw": 3,
    "charge_kw": 100,
    "charge_kw_on_generator": 50,
    "battery_kwh": 10.96,
    "battery_kw": 394.7,
    "input_rated_a": 800,
    "input_pickup_a": 840,
    "input_short_time_pickup_a": 2000,
    "input_short_time_delay_s": 0.3,
    "output_rated_a": 600,
    "output_pickup_a": 630,
    "output_time_multiplier": 0.5,
    "output_short_time_pickup_a": 1800,
    "output_short_time_delay_s": 0.2,
    "feed_resistance_ohm": 0.0008,
    "feed_reactance_ohm": 0.0013,
    "output_resistance_ohm": 0.0008,
    "output_reactance_ohm": 0.0004,
}
RACK = {
    "load_kw": 96,
    "load_kw_max": 200,
    "rated_a": 150,
    "pickup_a": 172.5,
    "time_multiplier": 3,
    "instantaneous_pickup_a": 750,
    "feed_resistance_ohm": 0.008,
    "feed_reactance_ohm": 0.003,
}
SMALL_TRANSFORMER = {
    "power_kva": 150,
    "primary_voltage_v": 13_800,
    "secondary_voltage_v": 480,
    "impedance_pct": 4,
    "no_load_loss_w": 300,
    "load_loss_w": 1500,
    "no_load_current_pct": 1,
}
COOLING = {"rated_a": 100, "pickup_a": 115, "time_multiplier": 3, "instantaneous_pickup_a": 1000}


def side_of_block(s: str) -> list[Device]:
    """One side of the 24 nodes: 12 devices."""
    return [
        Device(f"utility_{s}", "utility", (), UTILITY),
        Device(f"hv_mv_transformer_{s}", "transformer", (f"utility_{s}",), HV_MV),
        Device(f"mv_switchgear_{s}", "switchgear", (f"hv_mv_transformer_{s}",), MV_SWITCHGEAR),
        Device(f"mv_lv_transformer_{s}", "transformer", (f"mv_switchgear_{s}",), MV_LV),
        Device(f"generator_{s}", "generator", (), GENERATOR),
        Device(f"lv_switchgear_{s}", "switchgear", (f"mv_lv_transformer_{s}", f"generator_{s}"), LV_SWITCHGEAR),
        Device(f"ups_{s}", "ups", (f"lv_switchgear_{s}",), UPS),
        Device(f"cooling_{s}", "cooling", (f"lv_switchgear_{s}",), COOLING),
        *(Device(f"server_rack_{s}{k}", "server", (f"ups_{s}",), RACK) for k in (1, 2, 3, 4)),
    ]


def block_24() -> list[Device]:
    return side_of_block("a") + side_of_block("b")


def dual_cord_block() -> list[Device]:
    """The two sides with four rows of racks that have a cord on each."""
    plain = [device for device in block_24() if device.type != "server"]
    return plain + [Device(f"rack_{k}", "server", ("ups_a", "ups_b"), RACK) for k in (1, 2, 3, 4)]


def chain_8() -> list[Device]:
    """The smallest site with every type but cooling: eight nodes in a row."""
    ups = {
        "power_kva": 80,
        "power_kw": 80,
        "battery_kwh": 2.0,
        "bypass_loss_kw": 0.5,
        "input_rated_a": 125,
        "input_pickup_a": 130,
        "output_rated_a": 110,
        "output_pickup_a": 115,
    }
    rack = {"load_kw": 40, "load_kw_max": 120, "rated_a": 100, "pickup_a": 115, "feed_resistance_ohm": 0.01}
    return [
        Device("util_a", "utility", (), {"voltage_v": 13_800, "short_circuit_mva": 250, "x_over_r": 8}),
        Device("trf_a", "transformer", ("util_a",), SMALL_TRANSFORMER),
        Device("gen_a", "generator", (), {"power_kw": 120, "power_kva": 150, "voltage_v": 480, "fuel_gal": 100}),
        Device("sw_a", "switchgear", ("trf_a", "gen_a"), {"rated_a": 200, "pickup_a": 220}),
        Device("dist_a", "distribution", ("sw_a",), {"rated_a": 150, "pickup_a": 172}),
        Device("ups_a", "ups", ("dist_a",), ups),
        Device("pdu_a", "pdu", ("ups_a",), {"rated_a": 100, "pickup_a": 115, "instantaneous_pickup_a": 700}),
        Device("srv_a", "server", ("pdu_a",), rack),
    ]


def two_utilities_11() -> list[Device]:
    """Transfers in a row, a UPS behind a board, racks with cords of two kinds, and a weak cable that can collapse."""
    weak = {"feed_resistance_ohm": 0.3, "feed_reactance_ohm": 0.3}
    ups = {"power_kva": 60, "power_kw": 60, "battery_kwh": 1.0, "input_rated_a": 100, "output_rated_a": 80}
    return [
        Device("one", "utility", (), {"voltage_v": 480, "short_circuit_mva": 20}),
        Device("two", "utility", (), {"voltage_v": 480, "short_circuit_mva": 20}),
        Device("gen", "generator", (), {"power_kw": 100, "power_kva": 120, "voltage_v": 480, "fuel_gal": 1.0}),
        Device("front", "switchgear", ("one", "two"), {"rated_a": 400, "pickup_a": 440}),
        Device("back", "switchgear", ("front", "gen"), {"rated_a": 400, "pickup_a": 440}),
        Device("board", "pdu", ("back",), {"rated_a": 200, "pickup_a": 230, "feed_resistance_ohm": 0.05}),
        Device("ups", "ups", ("board",), {**ups, "output_pickup_a": 90, "output_resistance_ohm": 0.02}),
        Device("cool", "cooling", ("board",), {"fans": 10, "fan_kw": 2, "rated_a": 60, "pickup_a": 70}),
        Device("rack", "server", ("ups",), {"load_kw": 30, "load_kw_max": 100, "rated_a": 60, "pickup_a": 69}),
        Device("far", "server", ("board",), {"load_kw": 20, "load_kw_max": 200, "rated_a": 300, **weak}),
        Device("both", "server", ("ups", "board"), {"load_kw": 20, "load_kw_max": 200, "rated_a": 300, **weak}),
    ]


def storages_10() -> list[Device]:
    """Behind one meter: a storage, a UPS and loads, on the grid or on a generator, where the storage stays idle."""
    bess = {"capacity_kwh": 200, "charge_kw_max": 80, "discharge_kw_max": 100, "reserve_pct": 50, "begin_soc_pct": 75}
    ups = {"power_kva": 60, "power_kw": 60, "battery_kwh": 1.0, "input_rated_a": 100, "output_rated_a": 80}
    cable = {"feed_resistance_ohm": 0.01, "feed_reactance_ohm": 0.005}
    return [
        Device("utility", "utility", (), {"voltage_v": 480, "short_circuit_mva": 20}),
        Device("meter", "meter", ("utility",), {"rated_a": 400, **cable}),
        Device("generator", "generator", (), {"power_kw": 100, "power_kva": 120, "voltage_v": 480, "fuel_gal": 50}),
        Device("switchgear", "switchgear", ("meter", "generator"), {"rated_a": 400, "pickup_a": 440}),
        Device("board", "distribution", ("switchgear",), {"rated_a": 200, "pickup_a": 230, **cable}),
        Device("bess", "bess", ("board",), {**bess, "rated_a": 150, "pickup_a": 172, **cable}),
        Device("inner_meter", "meter", ("board",), {"rated_a": 200}),
        Device("ups", "ups", ("inner_meter",), {**ups, "output_pickup_a": 90, "output_resistance_ohm": 0.02}),
        Device("rack", "server", ("ups",), {"load_kw": 30, "load_kw_max": 100, "rated_a": 60, "pickup_a": 69}),
        Device("cooling", "cooling", ("board",), {"fans": 10, "fan_kw": 2, "rated_a": 60, "pickup_a": 70}),
    ]


def sunny_12() -> list[Device]:
    """The same with an array in the afternoon, and by the hour: what the storage does, what the rack draws."""
    day_s = 86_400.0
    tariff = Profile((0.0, 6 * 3600.0, 18 * 3600.0), (0.5, 0.0, -0.8), day_s, 12 * 3600.0)
    office = Profile((0.0, 600.0, 2400.0), (1.0, 0.3, 0.7), 3600.0)
    made = {device.id: device for device in storages_10()}
    made["bess"] = dataclasses.replace(made["bess"], profile=tariff)
    made["rack"] = dataclasses.replace(made["rack"], profile=office)
    made["pv"] = Device("pv", "pv", ("switchgear",), {"peak_kw": 60, "inverter_kw": 45, "rated_a": 80, "pickup_a": 90})
    cloudy = Profile((0.0, 40.0, 45.0, 300.0), (0.9, 0.2, 0.8, 0.6))
    made["roof"] = Device("roof", "pv", ("meter",), {"peak_kw": 10, "rated_a": 20}, cloudy)
    return list(made.values())


def parallel_13() -> list[Device]:
    """Two transformers in parallel, a tie below them, a transfer to a generator, a storage; weak enough to collapse."""
    cable = {"feed_resistance_ohm": 0.01, "feed_reactance_ohm": 0.005}
    mains = {**cable, "second_feed_resistance_ohm": 0.02, "second_feed_reactance_ohm": 0.01, "parallel": 1}
    bess = {"capacity_kwh": 2, "charge_kw_max": 30, "discharge_kw_max": 40, "rated_a": 60, "pickup_a": 70}
    return [
        Device("utility", "utility", (), {"voltage_v": 13_800, "short_circuit_mva": 20}),
        Device("mv", "switchgear", ("utility",), {"rated_a": 30, "pickup_a": 30}),
        Device("t1", "transformer", ("mv",), SMALL_TRANSFORMER),
        Device("t2", "transformer", ("mv",), {**SMALL_TRANSFORMER, "power_kva": 100}),
        Device("lv", "switchgear", ("t1", "t2"), {**mains, "rated_a": 300, "pickup_a": 150}),
        Device("d1", "distribution", ("lv",), {**cable, "rated_a": 200, "pickup_a": 200}),
        Device("d2", "distribution", ("lv",), {**cable, "rated_a": 200}),
        Device("ring", "switchgear", ("d1", "d2"), {**mains, "rated_a": 200}),
        Device("gen", "generator", (), {"power_kw": 60, "power_kva": 75, "voltage_v": 480, "fuel_gal": 1.0}),
        Device("ats", "switchgear", ("ring", "gen"), {"rated_a": 200}),
        Device("bess", "bess", ("ring",), bess),
        Device("rack", "server", ("ats",), {"load_kw": 30, "load_kw_max": 250, "rated_a": 300}),
        Device("far", "server", ("d2",), {"load_kw": 20, "load_kw_max": 250, "rated_a": 300, **cable}),
    ]


def tapped_13() -> list[Device]:
    """The same with tap changers that are quick and coarse, one of them beside an off-load tap: two steps apart."""
    made = {device.id: device for device in parallel_13()}
    auto = {"tap_changer": 1, "tap_step_pct": 1.25, "tap_steps_max": 6, "tap_delay_s": 3}
    for node_id, taps in (("t1", {"tap_pct": -2.5, **auto}), ("t2", auto)):
        made[node_id] = dataclasses.replace(made[node_id], ratings={**made[node_id].ratings, **taps})
    return list(made.values())


def grids_12() -> list[Device]:
    """Two weak utilities closed together on one bus, and below it a PDU with two feeds and a rack on each side."""
    transformer = {"power_kva": 150, "primary_voltage_v": 13_800, "secondary_voltage_v": 480, "impedance_pct": 4}
    cable = {"feed_resistance_ohm": 0.01, "feed_reactance_ohm": 0.005}
    mains = {**cable, "second_feed_resistance_ohm": 0.02, "second_feed_reactance_ohm": 0.01, "parallel": 1}
    rack = {"load_kw": 20, "load_kw_max": 250, "rated_a": 300}
    return [
        Device("u1", "utility", (), {"voltage_v": 13_800, "short_circuit_mva": 20}),
        Device("u2", "utility", (), {"voltage_v": 13_800, "short_circuit_mva": 12}),
        Device("t1", "transformer", ("u1",), {**transformer, "tap_pct": -2.5}),
        Device("t2", "transformer", ("u2",), {**transformer, "power_kva": 100, "no_load_loss_w": 300}),
        Device("bus", "switchgear", ("t1", "t2"), {**mains, "rated_a": 300, "pickup_a": 250}),
        Device("d1", "distribution", ("bus",), {**cable, "rated_a": 200, "pickup_a": 200}),
        Device("d2", "distribution", ("t2",), {**cable, "rated_a": 200}),
        Device("pdu", "pdu", ("d1", "d2"), {"rated_a": 200, "pickup_a": 200}),
        Device("pv", "pv", ("bus",), {"peak_kw": 60, "rated_a": 80}),
        Device("r1", "server", ("pdu",), rack),
        Device("r2", "server", ("d2",), rack),
        Device("cool", "cooling", ("d1",), {"fans": 10, "fan_kw": 2, "rated_a": 60, "pickup_a": 70}),
    ]


def of_all_models(devices: list[Device]) -> list[Device]:
    """The same with racks that hold their current, their impedance and their power, one after the other; every second
    one never lets go."""
    models, rides = itertools.cycle((1, 2, 0)), itertools.cycle((0, 1))
    return [
        dataclasses.replace(each, ratings={**each.ratings, "load_model": next(models), "ride_through": next(rides)})
        if each.type == "server"
        else each
        for each in devices
    ]
