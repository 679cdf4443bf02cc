"""Loads that hold their power, their current or their impedance: by hand on two buses, and against power-grid-model."""

import dataclasses
import itertools
import math
import random

import pytest
from winter_river.engine import Device, apply, balance, build_plan, fork, laws, new_world, restore, snapshot, step
from winter_river.engine.events import SOLVER_WORDS
from winter_river.engine.loops import join
from winter_river.engine.network import (
    CONSTANT_CURRENT,
    CONSTANT_IMPEDANCE,
    CONSTANT_POWER,
    POWER_GRID_MODEL,
    Load,
    solve,
)
from winter_river.engine.newton import lay_flat, solved_by_newton
from winter_river.engine.sweep import LOW_PU
from winter_river.engine.world import DEAD

from .sites import of_all_models
from .test_loops import mesh
from .test_near_collapse import SWEEP, feeders, most, of

POWER, CURRENT, IMPEDANCE = range(3)
SOLVED_AS = {POWER: CONSTANT_POWER, CURRENT: CONSTANT_CURRENT, IMPEDANCE: CONSTANT_IMPEDANCE}
CLOSE_PU = 1e-8
STIFF_MVA = 1e9  # of a grid that nothing moves

# Two buses: 480 V that nothing moves, a cable of 0.1152 ohm, which is 0.05 pu of 100 kW at 480 V (480^2 / 100e3 = 2.304),
# and a load of 100 kW, power factor 1. By hand, V in pu of 480 V:
#   power      1 = V + 0.05 / V     V = (1 + sqrt(0.8)) / 2       = 0.9472135955, and 100 kW
#   current    V = 1 - 0.05                                       = 0.95,         and 95 kW
#   impedance  V = 1 / (1 + 0.05)                                 = 0.9523809524, and 100 V^2 = 90.7029478 kW
BY_HAND = {POWER: (0.9472135955, 100.0), CURRENT: (0.95, 95.0), IMPEDANCE: (0.9523809524, 90.7029478)}


def two_buses(model, *, load_kw=100.0, power_factor=1.0, ohm=0.1152):
    rack = {"load_kw": load_kw, "load_kw_max": 1e4, "power_factor": power_factor, "rated_a": 1e5, "load_model": model}
    return [
        Device("grid", "utility", (), {"voltage_v": 480, "short_circuit_mva": STIFF_MVA}),
        Device("bus", "distribution", ("grid",), {"rated_a": 1e5, "feed_resistance_ohm": ohm}),
        Device("load", "server", ("bus",), rack),
    ]


@pytest.mark.parametrize("model", BY_HAND)
def test_two_buses_are_as_worked_out_by_hand(model, story):
    told = story(two_buses(model))
    told.run(60)
    v_pu, kw = BY_HAND[model]
    seen = told.view("load")
    assert seen["voltage_in"] == pytest.approx(480 * v_pu, abs=1e-5)
    assert seen["power_kw"] == pytest.approx(kw, abs=1e-5)
    assert seen["current"] == pytest.approx(kw * 1e3 / (math.sqrt(3) * 480 * v_pu), rel=1e-7)
    site = balance(told.plan, told.world)
    assert site["it_kw"] == pytest.approx(kw, abs=1e-5)
    assert site["balance_kw"] == pytest.approx(0.0, abs=1e-5)
    assert seen["energy_kwh"] == pytest.approx(kw / 60, rel=1e-6)  # a minute of it
    assert site["served_pct"] == pytest.approx(100.0, abs=1e-9)  # a lamp on a low voltage lacks nothing


# A sag to half of the voltage: below 0.7 all are impedances, that of constant power 0.49 of the nominal one (0.7 squared),
# that of constant current 0.7 of it. V = 0.5 / (1 + 0.05 / share), and 100 V^2 / share kW.
IN_A_SAG = {
    POWER: (0.4537037037, 42.0096022),
    CURRENT: (0.4666666667, 31.1111111),
    IMPEDANCE: (0.4761904762, 22.6757370),
}


@pytest.mark.parametrize("shape", ["tree", "loop"])
@pytest.mark.parametrize("model", IN_A_SAG)
def test_below_seventy_per_cent_all_are_impedances(model, shape, story):
    told = story(two_buses(model) if shape == "tree" else in_a_loop(model))
    told.tell("grid", fault="sag=0.5")
    told.step(0.0)  # the supply still rides through
    v_pu, kw = IN_A_SAG[model]
    assert told.number("load", "voltage_in") == pytest.approx(480 * v_pu, rel=1e-6)
    assert told.number("load", "power_kw") == pytest.approx(kw, rel=1e-6)
    assert balance(told.plan, told.world)["it_kw"] == pytest.approx(kw, rel=1e-6)


def in_a_loop(model):
    """The same two buses, with two equal mains in place of the cable: no tree, so Newton's method solves it."""
    ohm = {"feed_resistance_ohm": 0.2304, "second_feed_resistance_ohm": 0.2304, "parallel": 1.0, "rated_a": 1e5}
    grid, _, load = two_buses(model)
    halves = [Device(name, "distribution", ("grid",), {"rated_a": 1e5}) for name in ("one", "two")]
    return [grid, *halves, Device("bus", "switchgear", ("one", "two"), ohm), load]


def test_two_cords_draw_by_the_voltage_of_each(story):
    # Half of 100 kW through each: behind 0.1152 ohm (0.025 pu of 50 kW) 48.75 kW at constant current, behind nothing 50.
    rack = {"load_kw": 100.0, "load_kw_max": 200.0, "power_factor": 1.0, "rated_a": 1e5, "load_model": CURRENT}
    told = story(
        [
            Device("grid", "utility", (), {"voltage_v": 480, "short_circuit_mva": STIFF_MVA}),
            Device("far", "distribution", ("grid",), {"rated_a": 1e5, "feed_resistance_ohm": 0.1152}),
            Device("near", "distribution", ("grid",), {"rated_a": 1e5}),
            Device("load", "server", ("far", "near"), rack),
        ]
    )
    assert told.number("load", "power_kw") == pytest.approx(98.75, abs=1e-5)
    told.tell("near", handle="open")
    told.run(1)
    assert told.number("load", "power_kw") == pytest.approx(95.0, abs=1e-5)  # all of it
    told.tell("far", handle="open")
    told.run(1)
    assert told.number("load", "power_kw") == told.number("load", "current") == 0.0


def test_a_rack_that_was_dark_draws_again_what_it_did(story):
    for model in BY_HAND:
        told = story(two_buses(model))
        told.tell("bus", handle="open")
        told.run(30)
        assert told.number("load", "power_kw") == 0.0
        assert balance(told.plan, told.world)["served_pct"] < 1.0  # dark, it lacks all that it would draw
        told.tell("bus", handle="closed")
        told.run(30)
        assert told.number("load", "power_kw") == pytest.approx(BY_HAND[model][1], abs=1e-5)


def test_behind_a_ups_they_hold_too(story):
    # The inverter makes 480 V; the cable behind it is that of the two buses.
    ups = {"power_kva": 500, "power_kw": 500, "battery_kwh": 50, "input_rated_a": 1e5, "output_rated_a": 1e5}
    for model, (v_pu, kw) in BY_HAND.items():
        grid, bus, rack = two_buses(model)
        told = story([grid, Device("ups", "ups", ("grid",), ups), dataclasses.replace(bus, feeds=("ups",)), rack])
        told.run(5)
        assert told.number("load", "voltage_in") == pytest.approx(480 * v_pu, rel=1e-6)
        assert told.number("load", "power_kw") == pytest.approx(kw, rel=1e-6)
        told.tell("grid", fault="outage")
        told.run(5)
        assert told.state("ups") == "ON_BATTERY"
        assert told.number("load", "power_kw") == pytest.approx(kw, rel=1e-6)


def mixed(devices, network, rng):
    """The same with a model drawn for each rack; loads of the network are those of the racks, in their order."""
    models = itertools.cycle(rng.sample((POWER, CURRENT, IMPEDANCE), 3))
    drawn, loads = [], iter(network.loads)
    wanted, found = [], []
    for device in devices:
        if device.type != "server":
            found.append(device)
            continue
        model, load = next(models), next(loads)
        drawn.append(model)
        found.append(dataclasses.replace(device, ratings={**device.ratings, "load_model": model}))
        wanted.append(Load(load.bus, load.power_w, load.reactive_var, SOLVED_AS[model]))
    return found, dataclasses.replace(network, loads=tuple(wanted)), drawn


@pytest.mark.parametrize("seed", range(40))
def test_loops_of_mixed_loads_agree_with_power_grid_model(seed):
    rng = random.Random(seed)
    devices, network = mesh(rng, taps=bool(seed % 2))
    devices, network, _ = mixed(devices, network, rng)
    plan = build_plan(devices)
    world = new_world(plan)
    assert laws.check(plan, world) == []
    found = solve(network)
    assert found.method == POWER_GRID_MODEL
    for bus, node_id in enumerate(["mv", *(device.id for device in devices if device.type != "utility")][1:]):
        mine = world.v[plan.nodes[plan.index[node_id]].bus_out]
        assert abs(mine - found.v_pu[bus]) <= CLOSE_PU, f"seed {seed}: {node_id} {mine} {found.v_pu[bus]}"


@pytest.mark.parametrize("seed", range(20))
def test_trees_of_mixed_loads_agree_with_power_grid_model_up_to_the_most_they_carry(seed):
    """And Newton's method, from voltages with nothing drawn, finds what the sweep did."""
    rng = random.Random(seed)
    devices, network = feeders(rng)
    devices, network, drawn = mixed(devices, network, rng)
    assert len(set(drawn)) == 3, f"seed {seed}: {drawn}"
    racks = [device for device in devices if device.type == "server"]
    plan = build_plan(devices)
    world = new_world(plan)
    limit = most(network)
    for share in (0.2, 0.6, 0.9, 0.99, 0.999):
        found = solve(of(network, limit * share))
        for rack in racks:
            wanted = {"load_set_kw": rack.ratings["load_kw"] * limit * share}
            apply(plan, world, rack.id, wanted, present=True)
        step(plan, world, 0.0)
        assert laws.check(plan, world) == []
        other = fork(plan, world)
        join(plan, other, 0)
        lay_flat(plan, other)
        assert solved_by_newton(plan, other, LOW_PU), f"seed {seed}, {share}"
        for k, device in enumerate(devices):
            if device.type == "distribution":
                bus = plan.nodes[plan.index[device.id]].bus_out
                for mine in (world.v[bus], other.v[bus]):
                    assert abs(mine - found.v_pu[k + 1]) <= CLOSE_PU, f"seed {seed}, {share} of {limit}: {device.id}"


@pytest.mark.parametrize("model", BY_HAND)
def test_a_loop_is_as_worked_out_by_hand(model, story):
    told = story(in_a_loop(model))
    told.run(5)
    assert SOLVER_WORDS[told.world.islands[0].solver] != SWEEP
    assert told.number("load", "voltage_in") == pytest.approx(480 * BY_HAND[model][0], abs=1e-5)
    assert told.number("load", "power_kw") == pytest.approx(BY_HAND[model][1], abs=1e-5)


def test_heavier_than_it_can_carry_the_event_names_the_device_and_the_load():
    """A constant current of 1.5 pu through 1 pu of reactance has no voltage left; it says so, and keeps every law."""
    devices = two_buses(CURRENT, ohm=0.0)
    devices[1].ratings["feed_reactance_ohm"] = 2.304  # 1 pu of 100 kW
    plan = build_plan(devices)
    world = new_world(plan)
    apply(plan, world, "load", {"load_set_kw": 150.0}, present=True)
    events = step(plan, world, 0.0)
    assert laws.check(plan, world) == []
    assert any(each.event in ("not_solved", "collapsed") for each in events), [each.event for each in events]
    told = next(each for each in events if each.event in ("not_solved", "collapsed"))
    assert (told.from_, told.to) == (
        "bus",
        "load",
    )  # the bus, whose cable it is, has the load's voltage, and comes first


@pytest.mark.parametrize("model", BY_HAND)
def test_a_snapshot_brings_them_back_to_the_bit(model):
    plan = build_plan(two_buses(model))
    world = new_world(plan)
    apply(plan, world, "load", {"load_set_kw": 55.5}, present=True)
    step(plan, world, 1.0)
    saved = snapshot(plan, world)
    again = restore(plan, saved)
    assert snapshot(plan, again).hash == saved.hash
    for each in (world, again):
        apply(plan, each, "load", {"load_set_kw": 66.6}, present=True)
        step(plan, each, 1.0)
    assert snapshot(plan, again).hash == snapshot(plan, world).hash


def test_a_site_without_them_has_no_columns_for_them(block):
    world = new_world(build_plan(block))
    assert len(world.steady) == len(world.shunts) == 0
    for model, columns in ((CURRENT, ("steady",)), (IMPEDANCE, ("shunts",))):
        world = new_world(build_plan(two_buses(model)))
        assert [name for name in ("steady", "shunts") if len(getattr(world, name))] == list(columns)


def test_a_law_notices_power_that_a_model_does_not_explain():
    plan = build_plan(two_buses(CURRENT))
    world = new_world(plan)
    assert laws.check(plan, world) == []
    bus = plan.nodes[plan.index["load"]].bus_in
    assert world.parent[bus] != DEAD
    world.i[bus] *= 1.001
    assert any(text.startswith("law 1: load") for text in laws.check(plan, world))


def test_random_acts_on_a_site_of_all_models_break_no_law(story, block):
    rng = random.Random(7)
    devices = of_all_models(block)
    told = story(devices)
    racks = [each.id for each in devices if each.type == "server"]
    for _ in range(60):
        node_id = rng.choice([*racks, "utility_a", "ups_a", "lv_switchgear_b"])
        if node_id in racks:
            told.tell(node_id, load_set_kw=rng.uniform(0, 150), handle=rng.choice(["on", "on", "off"]))
        elif node_id == "utility_a":
            told.tell(node_id, fault=rng.choice(["", "sag=0.2", "sag=0.5", "outage"]))
        elif node_id == "ups_a":
            told.tell(node_id, handle=rng.choice(["online", "eco", "bypass"]))
        else:
            told.tell(node_id, handle=rng.choice(["open", "closed"]))
        told.run(rng.choice([0.5, 3.0, 20.0]))
