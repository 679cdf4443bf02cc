"""The sweep against reference cases that independent tools agree on, and against power-grid-model."""

import json
import math
import random
from pathlib import Path

import numpy as np
import pytest
from power_grid_model import LoadGenType, PowerGridModel, WindingType
from winter_river.engine import Device, apply, build_plan, laws, new_world, step

from .oracle import table

CASES = sorted((Path(__file__).parent / "data").glob("V*.json"))
CLOSE_PU = 1e-8
INFINITE_MVA = 1e9


def devices_of_case(network):
    """A reference network as devices: a line is a distribution board behind its cable, a load a server."""
    vn = network["vn"]
    name = {k: f"u{k}" for k in network["sources"]}
    devices = [
        Device(f"u{k}", "utility", (), {"voltage_v": vn[k], "short_circuit_mva": INFINITE_MVA})
        for k in network["sources"]
    ]
    for edge in network["edges"]:
        a, b = edge["a"], edge["b"]
        name[b] = f"n{b}"
        if edge["t"] == "line":
            ratings = {"rated_a": 1e6, "feed_resistance_ohm": edge["r"], "feed_reactance_ohm": edge["x"]}
            devices.append(Device(f"n{b}", "distribution", (name[a],), ratings))
        else:
            ratings = {
                "power_kva": edge["sn"] / 1e3,
                "primary_voltage_v": vn[a],
                "secondary_voltage_v": vn[b],
                "impedance_pct": edge["uk"] * 100,
                "load_loss_w": edge["pk"],
                "no_load_loss_w": edge.get("p0", 0.0),
                "no_load_current_pct": edge.get("i0", 0.0) * 100,
            }
            devices.append(Device(f"n{b}", "transformer", (name[a],), ratings))
    for load in network["loads"]:
        assert load["m"] == "P"
        kw = load["p"] / 1e3
        ratings = {
            "load_kw": kw,
            "load_kw_max": kw,
            "power_factor": load["p"] / math.hypot(load["p"], load["q"]),
            "rated_a": 1e6,
        }
        devices.append(Device(f"load{load['n']}", "server", (name[load["n"]],), ratings))
    return devices, name


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_reference_cases_agree_to_1e_8_pu(path):
    case = json.loads(path.read_text())
    devices, name = devices_of_case(case["network"])
    plan = build_plan(devices)
    world = new_world(plan)
    for edge in case["network"]["edges"]:
        if edge.get("st", 1) == 0:
            apply(plan, world, name[edge["b"]], {"handle": "open"}, present=True)
    step(plan, world, 0.0)
    for k, v in enumerate(case["v_pu"]):
        expected = complex(*v) if v else 0j
        got = world.v[plan.nodes[plan.index[name[k]]].bus_out]
        assert abs(got - expected) < CLOSE_PU, f"{path.stem} bus {k}"
    loss_kw = sum(island.loss_kw for island in world.islands)
    assert loss_kw * 1e3 == pytest.approx(case["total_loss_W"], rel=1e-6)


def oracle_voltages(plan, world):
    """Complex per-unit voltage of every bus by power-grid-model, from the ratings in ohms and watts."""
    nodes = [{"id": k, "u_rated": bus.voltage_v} for k, bus in enumerate(plan.buses)]
    same = list(range(len(nodes)))  # a bus behind no impedance is its parent
    lines, transformers, loads, sources = [], [], [], []

    def new_id():
        return len(plan.buses) * 2 + len(nodes) + len(lines) + len(transformers) + len(loads) + len(sources)

    def cable(a, b, r, prefix):
        r1, x1 = r[prefix + "_resistance_ohm"], r[prefix + "_reactance_ohm"]
        if r1 == x1 == 0.0:
            same[b] = same[a]
            return
        tie = {"id": new_id(), "from_node": same[a], "to_node": b, "from_status": 1, "to_status": 1}
        lines.append({**tie, "r1": r1, "x1": x1, "c1": 0.0, "tan1": 0.0, "i_n": 1e6})

    def load(bus, kw, kvar):
        row = {"id": new_id(), "node": same[bus], "status": 1, "type": LoadGenType.const_power}
        loads.append({**row, "p_specified": kw * 1e3, "q_specified": kvar * 1e3})

    def source(bus, sk, rx):
        sources.append({"id": new_id(), "node": bus, "status": 1, "u_ref": 1.0, "sk": sk, "rx_ratio": rx})

    for n, r in zip(plan.nodes, plan.ratings, strict=True):
        if world.parent[n.bus_out] == -2:
            continue
        feed = plan.nodes[n.feed_1].bus_out if n.feed_1 >= 0 else -1
        kind = plan.devices[n.index].type
        if kind == "utility":
            source(n.bus_out, r["short_circuit_mva"] * 1e6, 1 / r["x_over_r"])
        elif kind == "transformer":
            cable(feed, n.bus_in, r, "feed")
            transformers.append(
                {
                    "id": new_id(),
                    "from_node": same[n.bus_in],
                    "to_node": n.bus_out,
                    "from_status": 1,
                    "to_status": 1,
                    "u1": n.voltage_in_v,
                    "u2": r["secondary_voltage_v"],
                    "sn": r["power_kva"] * 1e3,
                    "uk": r["impedance_pct"] / 100,
                    "pk": r["load_loss_w"],
                    "i0": r["no_load_current_pct"] / 100,
                    "p0": r["no_load_loss_w"],
                    "winding_from": WindingType.delta,
                    "winding_to": WindingType.delta,
                    "clock": 0,
                    "tap_side": 0,
                    "tap_pos": -1,
                    "tap_min": -1,
                    "tap_max": 1,
                    "tap_nom": 0,
                    "tap_size": -r["tap_pct"] / 100 * n.voltage_in_v,
                }
            )
        elif kind == "ups":
            cable(feed, n.bus_in, r, "feed")
            inverter = len(nodes)
            nodes.append({"id": inverter, "u_rated": n.voltage_out_v})
            same.append(inverter)
            source(inverter, 1e20, 0.1)
            cable(inverter, n.bus_out, r, "output")
            kw = world.upses[n.slot].in_kw
            load(n.bus_in, kw, kw * math.tan(math.acos(r["input_power_factor"])))
        else:
            cable(feed, n.bus_in, r, "feed")
            if kind in ("server", "cooling"):
                kw = r["load_kw"] if kind == "server" else r["base_kw"] + r["fans"] * r["fan_kw"]
                load(n.bus_in, kw, kw * math.tan(math.acos(r["power_factor"])))
    dead = {k for k, parent in enumerate(world.parent) if parent == -2}
    data = {
        "node": table("node", [row for row in nodes if same[row["id"]] == row["id"] and row["id"] not in dead]),
        "line": table("line", lines),
        "transformer": table("transformer", transformers),
        "sym_load": table("sym_load", loads),
        "source": table("source", sources),
    }
    found = PowerGridModel(data).calculate_power_flow(error_tolerance=1e-11, max_iterations=50)["node"]
    by_id = dict(zip(found["id"].tolist(), (found["u_pu"] * np.exp(1j * found["u_angle"])).tolist(), strict=True))
    return [by_id.get(same[k], 0j) for k in range(len(plan.buses))]


def test_the_24_nodes_agree_with_power_grid_model(block):
    plan = build_plan(block)
    world = new_world(plan)
    live = [k for k in range(len(plan.buses)) if world.parent[k] != -2]
    expected = oracle_voltages(plan, world)
    assert len(live) == 28  # all but the two generators
    assert max(abs(world.v[k] - expected[k]) for k in live) < CLOSE_PU


def random_site(rng, *, taps=False):
    """A radial site of boards, transformers and loads below one to three utilities; taps: at any tap."""
    devices = []
    feeds = []
    for k in range(rng.randint(1, 3)):
        mva, x_over_r = rng.uniform(100, 3000), rng.uniform(2, 20)
        ratings = {"voltage_v": 13_800, "short_circuit_mva": mva, "x_over_r": x_over_r}
        devices.append(Device(f"u{k}", "utility", (), ratings))
        feeds.append((f"u{k}", 13_800))
    for k in range(rng.randint(5, 40)):
        parent, voltage = rng.choice(feeds)
        low = voltage < 1000
        cable = {
            "feed_resistance_ohm": rng.uniform(0.0005, 0.004) if low else rng.uniform(0.05, 0.3),
            "feed_reactance_ohm": rng.uniform(0.0005, 0.004) if low else rng.uniform(0.05, 0.3),
        }
        if not low and rng.random() < 0.6:
            power_kva = rng.choice([500, 1000, 2000])
            ratings = {
                "power_kva": power_kva,
                "primary_voltage_v": 13_800,
                "secondary_voltage_v": 480,
                "impedance_pct": rng.uniform(4, 7),
                "load_loss_w": power_kva * rng.uniform(5, 12),
                "no_load_loss_w": power_kva * rng.uniform(1, 2),
                "no_load_current_pct": rng.uniform(0.4, 2),
            }
            if taps:
                ratings["tap_pct"] = rng.choice([-5.0, -2.5, 0.0, 2.5, 5.0, rng.uniform(-10, 10)])
            devices.append(Device(f"n{k}", "transformer", (parent,), {**ratings, **cable}))
            feeds.append((f"n{k}", 480))
        elif not low or rng.random() < 0.4:
            devices.append(Device(f"n{k}", "distribution", (parent,), {"rated_a": 1e5, **cable}))
            feeds.append((f"n{k}", voltage))
        else:
            kw = rng.uniform(5, 60)
            ratings = {"load_kw": kw, "load_kw_max": kw, "power_factor": rng.uniform(0.85, 1.0), "rated_a": 1e5}
            devices.append(Device(f"n{k}", "server", (parent,), {**ratings, **cable}))
    return devices


@pytest.mark.parametrize("taps", [False, True], ids=["no_taps", "taps"])
@pytest.mark.parametrize("seed", range(12))
def test_random_radial_sites_agree_with_power_grid_model(seed, taps):
    plan = build_plan(random_site(random.Random(seed), taps=taps))
    world = new_world(plan)
    assert laws.check(plan, world) == [], f"seed {seed}"
    expected = oracle_voltages(plan, world)
    worst = max(abs(world.v[k] - expected[k]) for k in range(len(plan.buses)))
    assert worst < CLOSE_PU, f"seed {seed}: {worst:g} pu"
