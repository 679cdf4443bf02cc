"""The engine compiled by numba is the engine: the same events and the same bytes, whatever is done to it."""

import dataclasses
import random

import pytest
from from_zero import from_zero
from winter_river.engine import (
    CURVES,
    Device,
    apply,
    balance,
    build_plan,
    explain,
    fast,
    laws,
    new_world,
    next_change_s,
    restore,
    snapshot,
    step,
    view,
)
from winter_wire import schema

from .sites import block_24, of_all_models
from .test_short_behind_a_transfer import SET
from .test_short_behind_a_transfer import site as behind_a_transfer
from .test_short_limits import beside_a_load

numba = pytest.importorskip("numba", reason="the extra `fast` is not installed")
# The first run of a version compiles for 40 to 58 s of processor: with 20 other jobs beside it on two cores, ten times that.
pytestmark = pytest.mark.timeout(900)

STORIES = {
    "utility lost": [(0.0, "utility_a", {"fault": "outage"}), (120.0, "utility_a", {"fault": ""})],
    "generator fails": [
        (0.0, "generator_a", {"fault": "fail_to_start"}),
        (0.5, "utility_a", {"fault": "outage"}),
        (300.0, "utility_a", {"fault": ""}),
    ],
    "overload": [(3.0, f"server_rack_a{k}", {"load_set_kw": 144.0}) for k in (1, 2, 3, 4)],
    "collapse": [(1.0, f"server_rack_a{k}", {"load_set_kw": 200.0}) for k in (1, 2, 3, 4)]
    + [(2.0, "utility_a", {"fault": "sag=0.62"}), (90.0, "ups_a", {"resets": 1})],
    "sag and breakers": [
        (1.5, "utility_a", {"fault": "sag=0.4"}),
        (20.0, "lv_switchgear_a", {"handle": "open"}),
        (33.3, "lv_switchgear_a", {"handle": "closed"}),
        (40.0, "ups_a", {"handle": "bypass"}),
    ],
    "eco mode and maintenance": [
        (1.0, "ups_a", {"handle": "eco"}),
        (30.0, "utility_a", {"fault": "outage"}),
        (60.0, "utility_a", {"fault": ""}),
        (62.0, "ups_b", {"handle": "service", "fault": "fault"}),
        (90.0, "utility_b", {"fault": "outage"}),
        (91.0, "ups_b", {"handle": "online", "fault": ""}),
    ],
}


class Twins:
    """One world as the text stands and one compiled; every step of both gives the same events and the same bytes, and
    the text asks for no place below 0."""

    def __init__(self, devices, *, calibration="training", seed=0):
        self.plan = build_plan(devices, calibration=calibration)
        self.site = fast.compiled(self.plan)
        self.plain, self.compiled = from_zero(new_world(self.plan, seed=seed)), self.site.new_world(seed=seed)
        from_zero(self.plan)
        self.events = []

    def tell(self, node_id, *, present=True, **fields):
        for world in (self.plain, self.compiled):
            apply(self.plan, world, node_id, fields, present=present)

    def step(self, dt_s):
        one, two = (step(self.plan, world, dt_s) for world in (self.plain, self.compiled))
        assert two == one
        assert snapshot(self.plan, self.compiled) == snapshot(self.plan, self.plain), f"at {self.plain.t_s} s"
        assert next_change_s(self.plan, self.compiled) == next_change_s(self.plan, self.plain)
        self.events += one


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("calibration", ["training", "realistic"])
def test_a_story_is_the_same_to_the_bit(block, name, calibration):
    twins = Twins(block, calibration=calibration, seed=5)
    script = sorted(STORIES[name], key=lambda line: line[0])
    for second in range(500):
        for at_s, node_id, fields in script:
            if second - 1 < at_s <= second:
                twins.tell(node_id, **fields)
        twins.step(1.0)
    assert len(twins.events) > len(script)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("site", ["block", "dual_cord", "chain", "storages", "sunny", "parallel", "tapped", "grids"])
def test_random_operation_is_the_same_to_the_bit(request, site, seed):
    devices = request.getfixturevalue(site)
    rng = random.Random(f"compiled {site} {seed}")
    twins = Twins(devices, calibration=("training", "quick", "realistic")[seed % 3])
    counters = dict.fromkeys(twins.plan.index, 0)
    for turn in range(200):
        for _ in range(rng.choice([0, 1, 1, 2, 4])):
            device = rng.choice(devices)
            twins.tell(device.id, present=rng.random() < 0.9, **anything(rng, device, counters))
        twins.step(rng.choice([0.0, 0.1, 1.0, 1.0, 5.0, 30.0, 200.0]))
        if turn % 40 == 0:
            twins.compiled = twins.site.restore(snapshot(twins.plan, twins.compiled))
    assert twins.events, f"seed {seed}"


@pytest.mark.parametrize("site", ["block", "dual_cord", "parallel"])
def test_loads_of_every_model_are_alike_to_the_bit(request, site):
    devices = of_all_models(request.getfixturevalue(site))
    rng = random.Random(f"models {site}")
    twins = Twins(devices)
    counters = dict.fromkeys(twins.plan.index, 0)
    for turn in range(150):
        device = rng.choice(devices)
        twins.tell(device.id, present=rng.random() < 0.9, **anything(rng, device, counters))
        twins.step(rng.choice([0.0, 0.1, 1.0, 5.0, 30.0]))
        assert laws.check(twins.plan, twins.plain) == []
        if turn % 40 == 0:
            twins.compiled = twins.site.restore(snapshot(twins.plan, twins.compiled))
    assert len(twins.plain.steady) == len(twins.plain.shunts) == len(twins.plan.buses)


SHORTS = {
    **{name: (block_24, name, 0.1) for name in ("server_rack_a1", "lv_switchgear_a", "mv_lv_transformer_a")},
    "the grid opens": (block_24, "hv_mv_transformer_a", 0.1),
    "at its limit, by division": (lambda: beside_a_load(0.01, 450), "far", 0.1),
    "at its limit, by halving": (lambda: beside_a_load(0.42187, 450), "far", 0.1),
    "behind a transfer": (lambda: behind_a_transfer(SET), "board", 0.5),
}


@pytest.mark.parametrize("name", SHORTS)
def test_a_short_is_alike_to_the_bit(name):
    devices, node_id, dt_s = SHORTS[name]
    twins = Twins(devices())
    twins.tell(node_id, fault="short_circuit")
    for _ in range(60):
        twins.step(dt_s)
    assert any(event.event == "short_circuit" for event in twins.events)


def test_a_fuse_melts_alike_to_the_bit(block):
    link = {"rated_a": 100, "curve": CURVES.index("gg")}
    settings = ("pickup_a", "time_multiplier", "short_time_pickup_a", "instantaneous_pickup_a")
    kept = [{k: v for k, v in d.ratings.items() if k not in settings} for d in block]
    fused = [
        dataclasses.replace(d, ratings=r | link) if d.type == "server" else d for d, r in zip(block, kept, strict=True)
    ]
    twins = Twins(fused)
    twins.tell("server_rack_a1", load_set_kw=200.0)  # 245 A: in some 200 s
    for k in range(300):
        if k in (30, 60):
            twins.tell("server_rack_a1", load_set_kw=96.0 if k == 30 else 200.0)
        twins.step(1.0)
    assert [e.to for e in twins.events if e.event == "trip"] == ["fuse"]
    twins.tell("server_rack_a1", resets=1, load_set_kw=96.0)
    twins.step(5.0)
    assert view(twins.plan, twins.plain, "server_rack_a1")["state"] == "NORMAL"


def test_trips_far_above_the_pickup_are_alike_to_the_bit():
    grid = Device("grid", "utility", (), {"voltage_v": 480, "short_circuit_mva": 1e5})
    curves = [word for word in CURVES if word not in ("none", "gg")]
    racks = [
        Device(f"rack_{word}", "server", ("grid",), {"rated_a": 1e5, "pickup_a": 100, "curve": CURVES.index(word)})
        for word in curves
    ]
    loads = {"load_kw": 0, "load_kw_max": 1e5, "power_factor": 1.0}
    twins = Twins([grid, *(dataclasses.replace(rack, ratings=rack.ratings | loads) for rack in racks)])
    for multiple in (19.0, 21.0, 300.0):
        for k, rack in enumerate(racks):
            twins.tell(rack.id, load_set_kw=0.8314 * 100 * multiple + k, resets=int(multiple))
        for _ in range(12):
            twins.step(0.7)
    assert len([e for e in twins.events if e.event == "trip"]) == 3 * len(curves)


@pytest.mark.parametrize("seed", range(2))
def test_a_static_switch_does_alike_to_the_bit(block, seed):
    racks = [d for d in block if d.type == "server"]
    sts = Device("sts", "switchgear", ("ups_a", "ups_b"), {"rated_a": 600, "transfer": 1})
    devices = [d for d in block if d.type != "server"] + [sts]
    devices += [dataclasses.replace(d, feeds=("sts",)) for d in racks]
    rng = random.Random(f"static {seed}")
    twins = Twins(devices, calibration=("training", "realistic")[seed])
    counters = dict.fromkeys(twins.plan.index, 0)
    for _ in range(150):
        twins.tell("sts", source_set=rng.choice(["auto", "auto", "first", "second"]))
        if rng.random() < 0.4:
            twins.tell(rng.choice(["ups_a", "ups_b"]), fault=rng.choice(["", "", "fault"]))
        device = rng.choice(devices)
        twins.tell(device.id, present=rng.random() < 0.9, **anything(rng, device, counters))
        twins.step(rng.choice([0.0, 0.1, 1.0, 5.0, 30.0]))
        assert laws.check(twins.plan, twins.plain) == []
    assert "transfer" in {e.event for e in twins.events if e.node_id == "sts"}, f"seed {seed}"


def test_dips_overlaps_and_hot_engines_are_alike_to_the_bit():
    ups = {"power_kva": 60, "power_kw": 60, "battery_kwh": 5.0, "input_rated_a": 200, "output_rated_a": 200}
    load = {"load_kw": 0, "load_kw_max": 600, "rated_a": 2000, "power_factor": 0.5}
    devices = [
        Device("one", "utility", (), {"voltage_v": 480, "short_circuit_mva": 50}),
        Device("two", "generator", (), {"power_kw": 600, "power_kva": 750, "voltage_v": 480}),
        Device("ats", "switchgear", ("one", "two"), {"rated_a": 2000, "transition": 1}),
        Device("load", "server", ("ats",), load),
        Device("ups", "ups", ("ats",), ups),
        Device("rack", "server", ("ups",), {"load_kw": 20, "load_kw_max": 50, "rated_a": 100}),
    ]
    rng = random.Random("swings")
    twins = Twins(devices)
    for turn in range(150):
        twins.tell("load", load_set_kw=rng.choice([0.0, 100.0, 400.0, 500.0]))
        twins.tell("ats", source_set=rng.choice(["auto", "second", "second"]))
        twins.tell("one", fault=rng.choice(["", "", "outage", "sag=0.08"]))
        fault = rng.choice(["", "", "", "cooling_lost=0.95", "heater_lost"])
        twins.tell("two", fault=fault, resets=turn)
        twins.step(rng.choice([0.0, 0.04, 0.3, 5.0, 40.0, 200.0]))
        assert laws.check(twins.plan, twins.plain) == []
    found = {e.event for e in twins.events} | {e.to for e in twins.events if e.event == "transfer"}
    assert {"both", "out_of_class", "overheat"} <= found


def test_close_to_collapse_worlds_are_alike_to_the_bit_alone_and_among_others():
    # 0.4 ohm of reactance from 480 V carry 288 kW, two of them closed together 576 kW.
    feeder, rack = (
        {"rated_a": 1e5, "feed_reactance_ohm": 0.4},
        {"load_kw_max": 1e5, "power_factor": 1.0, "rated_a": 1e5},
    )
    devices = [
        Device("grid", "utility", (), {"voltage_v": 480, "short_circuit_mva": 1e5}),
        Device("one", "distribution", ("grid",), feeder),
        Device("two", "distribution", ("grid",), feeder),
        Device("ring", "switchgear", ("one", "two"), {"rated_a": 1e5, "parallel": 1}),
        Device("mesh", "server", ("ring",), {"load_kw": 100, **rack}),
        Device("other", "utility", (), {"voltage_v": 480, "short_circuit_mva": 1e5}),
        Device("three", "distribution", ("other",), feeder),
        Device("tree", "server", ("three",), {"load_kw": 100, **rack}),
    ]
    twins = Twins(devices)
    many = twins.site.worlds(3, twins.compiled)
    for share in (0.5, 0.9, 0.999, 0.99999, 1.01, 20.0, 0.9999, 0.5):
        twins.tell("tree", load_set_kw=287.9 * share)
        twins.tell("mesh", load_set_kw=575.5 * share)
        w = many[1]
        for node_id, most_kw in (("tree", 287.9), ("mesh", 575.5)):
            apply(twins.plan, w, node_id, {"load_set_kw": most_kw * share}, present=True)
        many.put(w)
        twins.step(0.001)
        many.step(0.001)
    assert many.take(1) == twins.events
    assert snapshot(twins.plan, many[1]) == snapshot(twins.plan, twins.plain)
    found = {(e.node_id, e.event, e.to) for e in twins.events}
    assert {("other", "solver", "newton_collapse"), ("other", "near_collapse", "tree")} <= found
    assert {("grid", "collapsed", "mesh"), ("other", "collapsed", "tree")} <= found


def anything(rng, device, counters):
    """Fields that a node of this type may report."""
    row = schema.TYPES[device.type]
    choice = rng.random()
    if choice < 0.25:
        return {"handle": rng.choice(row[schema.HANDLES])}
    if choice < 0.55:
        names = [name for name, _ in row[schema.MALFUNCTIONS] if rng.random() < 0.3]
        return {
            "fault": ",".join(name + (f"={rng.random():.2f}" if name in ("sag", "swell") else "") for name in names)
        }
    counters[device.id] += 1
    if device.type == "server" and choice < 0.85:
        return {"load_set_kw": round(rng.random() * 200, 1)}
    if device.type == "cooling" and choice < 0.85:
        return {"fans_running": rng.randrange(56)}
    if device.type in ("bess", "pv") and choice < 0.85:
        return {"setpoint_kw": round(rng.uniform(-150, 120), 1)}
    if device.type == "switchgear" and choice < 0.7:
        return {"source_set": rng.choice(schema.SOURCES)}
    if device.type == "generator" and choice < 0.7:
        return {"fuel_set_pct": rng.choice([0.0, 0.01, 100.0]), "refuels": counters[device.id]}
    return {"resets": counters[device.id], "fault": "", "handle": row[schema.HANDLES][0]}


@pytest.mark.parametrize("is_compiled", [False, True], ids=["plain", "compiled"])
@pytest.mark.parametrize("seed", range(3))
def test_side_b_is_equal_to_the_bit_whatever_is_done_at_random_to_side_a(block, is_compiled, seed):
    plan = build_plan(block)
    make = fast.compiled(plan).new_world if is_compiled else lambda: new_world(plan)
    alone, both = make(), make()
    rng = random.Random(f"sides {seed}")
    counters = dict.fromkeys(plan.index, 0)
    side_a = [device for device in block if "_a" in device.id]
    side_b = [device.id for device in block if device not in side_a]
    for world in (alone, both):
        apply(plan, world, "utility_b", {"fault": "outage"}, present=True)
    for _ in range(150):
        device = rng.choice(side_a)
        fields = anything(rng, device, counters)
        apply(plan, both, device.id, fields, present=rng.random() < 0.9)
        # The instants at which somebody looks are the same, so that nothing else can differ.
        seconds = rng.choice([0.0, 0.1, 1.0, 5.0, 30.0])
        happened = [
            [(e.t_s, *e[2:6]) for e in step(plan, world, seconds) if e.node_id in side_b] for world in (alone, both)
        ]
        assert happened[1] == happened[0], f"seed {seed}"
        for node_id in side_b:
            assert view(plan, both, node_id) == view(plan, alone, node_id), f"seed {seed}"


def test_what_is_seen_of_a_compiled_world_is_what_is_seen_of_a_plain_one(block):
    twins = Twins(block)
    twins.tell("utility_a", fault="outage")
    for _ in range(20):
        twins.step(1.0)
        for node_id in twins.plan.index:
            assert view(twins.plan, twins.compiled, node_id) == view(twins.plan, twins.plain, node_id)
            found = [explain.isolation(twins.plan, world, node_id) for world in (twins.compiled, twins.plain)]
            assert found[0] == found[1]
        assert balance(twins.plan, twins.compiled) == balance(twins.plan, twins.plain)
        assert laws.check(twins.plan, twins.compiled) == []


def test_a_snapshot_of_either_restores_as_either(block):
    twins = Twins(block)
    twins.tell("utility_b", fault="outage")
    twins.step(9.85)
    saved = snapshot(twins.plan, twins.compiled)
    twins.plain, twins.compiled = restore(twins.plan, saved), twins.site.restore(snapshot(twins.plan, twins.plain))
    for _ in range(30):
        twins.step(1.0)


def test_what_ages_is_alike_to_the_bit(block):
    """Hours and years between changes of load: the loss of life is added up in pieces then, and batteries have faded."""
    twins = Twins(block)
    rng = random.Random(7)
    for dt_s in (5.0, 60.0, 3600.0, 86_400.0, 3e7, 10.0, 7200.0, 1e8, 30.0):
        twins.tell("server_rack_a1", load_set_kw=rng.choice([0.0, 60.0, 118.0]))
        twins.tell("mv_lv_transformer_b", fault=rng.choice(["", "cooling_lost=1.00"]))
        twins.tell("utility_b", fault=rng.choice(["", "outage"]))
        twins.step(dt_s)
        for node_id in ("mv_lv_transformer_a", "mv_lv_transformer_b", "ups_a", "ups_b"):
            seen = view(twins.plan, twins.plain, node_id)
            assert seen == view(twins.plan, twins.compiled, node_id)
            assert seen["aged_h"] > 0.0
    assert view(twins.plan, twins.plain, "ups_a")["health_pct"] < 95.0
