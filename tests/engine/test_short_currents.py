"""The current of a short anywhere in sites at random, radial and meshed, against power-grid-model's short-circuit
calculation, which is put together here from the ratings alone."""

import math
import random

import pytest
from power_grid_model import FaultType, PowerGridModel, WindingType
from winter_river.engine import Device, apply, build_plan, laws, new_world, step

from .oracle import table

BOLTED_PU = 1e-7  # of 1 MVA: what the engine takes for a bolted short
# With that very resistance both solve the same linear network, and rounding of a short near nothing is left.
SAME = 1e-6
# With none at all: 1e-7 beside the least that is in front of it, a grid of 3,000 MVA.
BOLTED = 1e-7 * 3000
MV_V, LV_V = 13_800.0, 480.0


def cable(rng, voltage_v, prefix="feed"):
    most = 0.003 if voltage_v == LV_V else 0.3
    least = most / 10
    return {f"{prefix}_resistance_ohm": rng.uniform(least, most), f"{prefix}_reactance_ohm": rng.uniform(least, most)}


def random_site(rng, *, meshed):
    """Boards, transformers, and racks that draw nothing, below one to three utilities; meshed: some boards have both
    mains closed, within one grid and between two."""
    devices = []
    feeds, single = {}, set()  # by name their voltage; those with one feed all the way up, which both mains need
    for k in range(rng.randint(1, 3)):
        mva, x_over_r = rng.uniform(100, 3000), rng.uniform(2, 20)
        devices.append(
            Device(f"u{k}", "utility", (), {"voltage_v": MV_V, "short_circuit_mva": mva, "x_over_r": x_over_r})
        )
        feeds[f"u{k}"] = MV_V
        single.add(f"u{k}")
    for k in range(rng.randint(5, 20)):
        by, volts = rng.choice(list(feeds.items()))
        own, name, chance = cable(rng, volts), f"n{k}", rng.random()
        beside = [other for other in feeds if other in single - {by} and feeds[other] == volts]
        if meshed and by in single and beside and chance < 0.4:
            own |= cable(rng, volts, "second_feed") | {"rated_a": 4000, "parallel": 1}
            devices.append(Device(name, "switchgear", (by, rng.choice(beside)), own))
        elif volts == MV_V and chance < 0.7:
            kva = rng.choice([500, 1000, 2000])
            own |= {"power_kva": kva, "primary_voltage_v": MV_V, "secondary_voltage_v": LV_V}
            own |= {"impedance_pct": rng.uniform(4, 7), "load_loss_w": kva * rng.uniform(5, 12)}
            own |= {"no_load_loss_w": kva * rng.uniform(1, 2), "no_load_current_pct": rng.uniform(0.4, 2)}
            own["tap_pct"] = rng.choice([-5.0, -2.5, 0.0, 2.5, 5.0])
            devices.append(Device(name, "transformer", (by,), own))
            volts = LV_V
        elif volts == LV_V and chance < 0.7:
            devices.append(Device(name, "server", (by,), {"load_kw": 0, "load_kw_max": 10, "rated_a": 1e5, **own}))
            continue
        else:
            devices.append(Device(name, rng.choice(["distribution", "switchgear"]), (by,), {"rated_a": 1e5, **own}))
        feeds[name] = volts
        if by in single and len(devices[-1].feeds) == 1:
            single.add(name)
    return devices


def grid_of(devices):
    """(the tables of a site, a node's number by (device, end)): `in` is in front of a transformer, `out` what it feeds."""
    at, volts, rows = {}, {}, {"node": [], "line": [], "transformer": [], "source": []}
    ids = iter(range(10_000))

    def node(name, end, voltage_v):
        at[name, end] = next(ids)
        volts[name] = voltage_v
        rows["node"].append({"id": at[name, end], "u_rated": voltage_v})
        return at[name, end]

    def edge(kind, a, b, **own):
        both = {"from_status": 1, "to_status": 1}
        rows[kind].append({"id": next(ids), "from_node": a, "to_node": b, **both, **own})

    def line(a, b, r, prefix="feed"):
        edge("line", a, b, r1=r[f"{prefix}_resistance_ohm"], x1=r[f"{prefix}_reactance_ohm"], c1=0.0, tan1=0.0, i_n=1e6)

    for device in devices:
        r = device.ratings
        if device.type == "utility":
            one = node(device.id, "out", r["voltage_v"])
            strength = {"sk": r["short_circuit_mva"] * 1e6, "rx_ratio": 1 / r["x_over_r"]}
            rows["source"].append({"id": next(ids), "node": one, "status": 1, "u_ref": 1.0, **strength})
            continue
        before = at[device.feeds[0], "out"]
        if device.type == "transformer":
            high = node(device.id, "in", r["primary_voltage_v"])
            line(before, high, r)
            low = node(device.id, "out", r["secondary_voltage_v"])
            plate = {"sn": r["power_kva"] * 1e3, "uk": r["impedance_pct"] / 100, "pk": r["load_loss_w"]}
            idle = {"i0": r["no_load_current_pct"] / 100, "p0": r["no_load_loss_w"]}
            sides = {"u1": r["primary_voltage_v"], "u2": r["secondary_voltage_v"], "tap_side": 0, "clock": 0}
            taps = {"tap_pos": 1, "tap_min": -1, "tap_max": 1, "tap_nom": 0}
            taps["tap_size"] = r["tap_pct"] / 100 * r["primary_voltage_v"]
            plain = {"winding_from": WindingType.delta, "winding_to": WindingType.delta}
            edge("transformer", high, low, **plate, **idle, **sides, **taps, **plain)
            continue
        here = node(device.id, "out", volts[device.feeds[0]])
        line(before, here, r)
        if len(device.feeds) == 2:
            line(at[device.feeds[1], "out"], here, r, "second_feed")
    return rows, at, volts


def reference_amps(devices, shorted, ohm_pu):
    """The short-circuit current of each device by itself, with a resistance there."""
    rows, at, volts = grid_of(devices)
    plain = {kind: table(kind, those) for kind, those in rows.items() if those}
    found = []
    for name in shorted:
        ohm = ohm_pu * volts[name] ** 2 / 1e6
        fault = {"id": 20_000, "status": 1, "fault_type": FaultType.three_phase, "fault_object": at[name, "out"]}
        model = PowerGridModel({**plain, "fault": table("fault", [{**fault, "r_f": ohm, "x_f": 0.0}])})
        result = model.calculate_short_circuit(short_circuit_voltage_scaling="minimum")
        found.append(float(result["fault"]["i_f"][0, 0]))
    return found, volts


def test_the_voltage_factor_of_the_reference_is_one():
    """IEC 60909 multiplies the voltage of a source by a factor; for the least current, above 1 kV, that is 1."""
    devices = [Device("u", "utility", (), {"voltage_v": MV_V, "short_circuit_mva": 20, "x_over_r": 5})]
    ((amps,), _) = reference_amps(devices, ["u"], 0.0)
    assert amps == pytest.approx(20e6 / (math.sqrt(3) * MV_V), rel=1e-9)


@pytest.mark.parametrize("meshed", [False, True], ids=["radial", "meshed"])
@pytest.mark.parametrize("block", range(10))
def test_a_short_anywhere_draws_what_power_grid_model_says(block, meshed):
    for seed in range(10 * block, 10 * block + 10):
        devices = random_site(random.Random(seed), meshed=meshed)
        plan = build_plan(devices)
        shorted = [device.id for device in devices if device.type != "utility"]
        same, volts = reference_amps(devices, shorted, BOLTED_PU)
        bolted, _ = reference_amps(devices, shorted, 0.0)
        for name, expected, whole in zip(shorted, same, bolted, strict=True):
            world = new_world(plan)
            apply(plan, world, name, {"fault": "short_circuit"}, present=True)
            told = step(plan, world, 0.0)
            assert laws.check(plan, world, events=told) == [], f"seed {seed}: {name}"
            bus = plan.nodes[plan.index[name]].bus_out
            amps = abs(world.v[bus]) / BOLTED_PU * 1e6 / (math.sqrt(3) * volts[name])
            assert amps == pytest.approx(expected, rel=SAME), f"seed {seed}: {name}"
            assert amps == pytest.approx(whole, rel=BOLTED), f"seed {seed}: {name}"
            (said,) = {event.to for event in told if event.event == "short_circuit" and event.from_ == name}
            assert float(said.removesuffix(" A")) == pytest.approx(amps, abs=0.5 + 1e-6), f"seed {seed}: {name}"
