"""Both mains of a switchgear closed: parallel transformers and closed ties, against power-grid-model and by hand."""

import dataclasses
import random

import pytest
from winter_river.engine import Device, apply, balance, build_plan, laws, new_world, step, view
from winter_river.engine.network import POWER_GRID_MODEL, Line, Load, Network, Transformer, solve

CLOSE_PU = 1e-8
INFINITE_MVA = 1e9
TRANSFORMER = {
    "power_kva": 750,
    "primary_voltage_v": 13_800,
    "secondary_voltage_v": 480,
    "impedance_pct": 5.75,
    "no_load_loss_w": 1100,
    "load_loss_w": 5500,
    "no_load_current_pct": 0.5,
}
MAINS = {"rated_a": 2000, "parallel": 1, "second_feed_resistance_ohm": 0.0007, "second_feed_reactance_ohm": 0.0004}
CABLE = {"feed_resistance_ohm": 0.0007, "feed_reactance_ohm": 0.0004}


def pair(**second):
    """Two transformers behind one board, in parallel on one bus; the second may differ."""
    return [
        Device("u", "utility", (), {"voltage_v": 13_800, "short_circuit_mva": 250}),
        Device("mv", "switchgear", ("u",), {"rated_a": 100}),
        Device("t1", "transformer", ("mv",), TRANSFORMER),
        Device("t2", "transformer", ("mv",), {**TRANSFORMER, **second}),
        Device("lv", "switchgear", ("t1", "t2"), {**MAINS, **CABLE, "pickup_a": 700, "time_multiplier": 0.1}),
        Device("r", "server", ("lv",), {"load_kw": 400, "load_kw_max": 1200, "rated_a": 1500}),
    ]


def amps(plan, world, node_id):
    return view(plan, world, node_id)["current"]


def test_two_alike_share_the_load_and_halve_the_drop():
    plan = build_plan(pair())
    world = new_world(plan)
    assert laws.check(plan, world) == []
    assert amps(plan, world, "t1") == pytest.approx(amps(plan, world, "t2"), rel=1e-9)
    assert amps(plan, world, "t1") == pytest.approx(amps(plan, world, "lv") / 2, rel=1e-3)
    single = {device.id: device for device in pair() if device.id != "t2"}
    single["lv"] = Device("lv", "switchgear", ("t1",), {"rated_a": 2000, **CABLE})
    one = build_plan(list(single.values()))
    alone = new_world(one)
    none = 480.0 * view(plan, world, "mv")["voltage_out"] / 13_800
    drop = [none - view(p, w, "r")["voltage_in"] for p, w in ((plan, world), (one, alone))]
    assert drop[0] == pytest.approx(drop[1] / 2, rel=0.02)


def test_of_two_that_differ_the_stiffer_takes_more():
    # By their impedances in ohms, R left out: 5.75 % of 750 kVA against 4.0 % of 1000 kVA is 0.0767 : 0.04.
    plan = build_plan(pair(power_kva=1000, impedance_pct=4.0, load_loss_w=7000))
    world = new_world(plan)
    assert amps(plan, world, "t2") / amps(plan, world, "t1") == pytest.approx(0.0767 / 0.04, rel=0.03)
    assert balance(plan, world)["balance_kw"] == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("taps", [False, True], ids=["no_taps", "taps"])
@pytest.mark.parametrize("seed", range(40))
def test_meshes_agree_with_power_grid_model_to_1e_8_pu(seed, taps):
    rng = random.Random(seed)
    devices, network = mesh(rng, taps=taps)
    plan = build_plan(devices)
    world = new_world(plan)
    assert laws.check(plan, world) == []
    found = solve(network)
    assert found.method == POWER_GRID_MODEL, "the reference is no mesh"
    for bus, node_id in enumerate(["mv", *(device.id for device in devices if device.type != "utility")][1:]):
        n = plan.nodes[plan.index[node_id]]
        mine, reference = world.v[n.bus_out], found.v_pu[bus]
        assert abs(mine - reference) <= CLOSE_PU, f"seed {seed}: {node_id} {mine} {reference}"


def mesh(rng, *, taps):
    """Two to four transformers with buses that two of them feed in parallel, some of these tied again below."""
    ends, edges, loads = {}, [], []
    devices = [Device("u", "utility", (), {"voltage_v": 13_800, "short_circuit_mva": INFINITE_MVA})]

    def add(device, voltage_v):
        devices.append(device)
        ends[device.id] = len(ends)
        volts.append(voltage_v)

    volts = []
    add(Device("mv", "switchgear", ("u",), {"rated_a": 500}), 13_800)
    count = rng.randint(2, 4)
    for k in range(count):
        size = rng.choice([500, 750, 1000])
        own = {**TRANSFORMER, "power_kva": size, "impedance_pct": rng.uniform(4, 7), "load_loss_w": 7 * size}
        own["tap_pct"] = rng.choice([-5.0, -2.5, 0.0, 2.5, 5.0]) if taps else 0.0
        add(Device(f"t{k}", "transformer", ("mv",), own), 480)
        ratio = TRANSFORMER["no_load_current_pct"] / 100
        tap_pu = 1.0 + own["tap_pct"] / 100
        one = Transformer(0, ends[f"t{k}"], size * 1e3, own["impedance_pct"] / 100, 7.0 * size, ratio, 1100)
        edges.append(dataclasses.replace(one, tap_pu=tap_pu))
    tops = [f"t{k}" for k in range(count)]
    for k in range(rng.randint(1, count)):
        one, two = rng.sample(tops, 2)
        add_bus(rng, add, edges, ends, f"b{k}", one, two)
        for j in range(rng.randint(1, 2)):
            cable = rng.uniform(0.0005, 0.003), rng.uniform(0.0003, 0.002)
            ohm = {"feed_resistance_ohm": cable[0], "feed_reactance_ohm": cable[1]}
            add(Device(f"d{k}{j}", "distribution", (f"b{k}",), {"rated_a": 1000, **ohm}), 480)
            edges.append(Line(ends[f"b{k}"], ends[f"d{k}{j}"], *cable))
        if f"d{k}1" in ends:
            add_bus(rng, add, edges, ends, f"s{k}", f"d{k}0", f"d{k}1")
    for name in list(ends):
        if name[0] in "bds":
            kw = rng.uniform(5, 60)
            loads.append(Load(ends[name], kw * 1e3, kw * 1e3 * 0.2030585))
            rack = {"load_kw": kw, "load_kw_max": kw, "power_factor": 0.98, "rated_a": 1000}
            devices.append(Device(f"r_{name}", "server", (name,), rack))
            ends[f"r_{name}"] = len(ends)
            volts.append(480)
            edges.append(Line(ends[name], ends[f"r_{name}"], 0.0, 0.0))
    return devices, Network(tuple(float(v) for v in volts), tuple(edges), tuple(exact(loads)), (0,))


def add_bus(rng, add, edges, ends, name, one, two):
    """A bus with both mains closed."""
    first = rng.uniform(0.0003, 0.002), rng.uniform(0.0003, 0.002)
    second = rng.uniform(0.0003, 0.002), rng.uniform(0.0003, 0.002)
    ohm = dict(zip(("feed_resistance_ohm", "feed_reactance_ohm"), first, strict=True))
    ohm |= dict(zip(("second_feed_resistance_ohm", "second_feed_reactance_ohm"), second, strict=True))
    add(Device(name, "switchgear", (one, two), {"rated_a": 2000, "parallel": 1, **ohm}), 480)
    edges += [Line(ends[one], ends[name], *first), Line(ends[two], ends[name], *second)]


def exact(loads):
    """Reactive power by the power factor itself."""
    per_kw = (1 - 0.98**2) ** 0.5 / 0.98
    return [Load(load.bus, load.power_w, load.power_w * per_kw) for load in loads]


def test_a_lost_transformer_leaves_its_load_to_the_other_without_a_gap_and_the_events_say_why(story):
    told = story(pair())
    told.tell("t2", fault="fault")
    told.run(1.0)
    assert told.state("r") == "NORMAL"
    assert told.state("t2") == "FAULT"
    (moved,) = [e for e in told.events if e.event == "transfer"]
    assert (moved.node_id, moved.from_, moved.to) == ("lv", "both", "first")
    assert [e.event for e in told.events if e.id == moved.cause] == ["fault"]
    told.tell("t2", fault="")
    told.tell("t1", handle="open")
    told.run(1.0)
    assert [(e.from_, e.to) for e in told.events if e.event == "transfer"][-1][1] == "second"
    assert told.number("t2", "power_kw") == pytest.approx(400.0, rel=0.01)


def test_the_operator_takes_one_main_out_and_changes_over_without_a_gap(story):
    told = story(pair())
    for source, moved, amps_of in (("first", "first", "t1"), ("second", "second", "t2"), ("auto", "both", "t1")):
        told.tell("lv", source_set=source)
        told.run(1.0)
        assert [e.to for e in told.events if e.event == "transfer"][-1] == moved
        assert told.number(amps_of, "current") > 200.0
    assert not [e for e in told.events if e.node_id == "r"]


def test_each_main_feels_its_own_current_and_a_trip_opens_both(story):
    told = story(pair())
    told.tell("r", load_set_kw=900.0)
    told.run(60.0)
    # 1,100 A in all: 550 A a main stay below 700 A, until one transformer is left with all of them.
    assert told.state("lv") == "CLOSED"
    told.tell("t1", fault="fault")
    told.run(60.0)
    assert told.state("lv") == "TRIPPED"
    assert told.number("t2", "current") < 10.0
    assert next(e.from_ for e in told.events if e.event == "trip") == "mains"


def test_a_current_that_does_not_close_its_loop_breaks_a_law():
    plan = build_plan(pair())
    world = new_world(plan)
    world.tie_current[0] *= 1.001
    assert any(text.startswith("law 2: lv") for text in laws.check(plan, world))


def test_what_has_no_solution_is_named_in_a_loop_too():
    plan = build_plan(pair())
    world = new_world(plan)
    apply(plan, world, "r", {"load_set_kw": 1200.0}, present=True)
    apply(plan, world, "u", {"fault": "sag=0.75"}, present=True)
    events = step(plan, world, 0.0)
    assert laws.check(plan, world, events=events) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"feeds": ("t1",)}, "needs two feeds"),
        ({"feeds": ("t1", "g")}, "g runs in an outage, not beside a grid"),
        ({"feeds": ("d1", "d2")}, "no transformer and no cable"),
    ],
)
def test_a_loop_that_cannot_be_is_refused(change, words):
    other = [
        Device("g", "generator", (), {"power_kw": 500, "power_kva": 600, "voltage_v": 480, "fuel_gal": 100}),
        Device("d1", "distribution", ("t1",), {"rated_a": 500}),
        Device("d2", "distribution", ("t1",), {"rated_a": 500}),
    ]
    plain = {"rated_a": 2000, "parallel": 1}
    lv = Device("lv", "switchgear", change["feeds"], plain)
    devices = [*(device for device in pair() if device.id != "lv"), *other, lv]
    with pytest.raises(ValueError, match=words):
        build_plan(devices)
