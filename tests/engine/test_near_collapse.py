"""Up to the most that a network can carry the engine agrees with power-grid-model, which alone says how much that is."""

import dataclasses
import math
import random

import pytest
from winter_river.engine import Device, apply, build_plan, explain, fork, laws, new_world, restore, snapshot, step
from winter_river.engine.events import SOLVER_WORDS
from winter_river.engine.network import Line, Load, Network, solve
from winter_river.engine.world import DEAD

from .test_two_grids import meshed_grids

CLOSE_PU = 1e-8
LEAST_PU = 0.7  # of voltage: below it the loads of the engine are none of constant power
SWEEP, LOOPS, COLLAPSE = SOLVER_WORDS[:3]


def feeders(rng):
    """Reactive feeders in a tree, with racks of power factor 1 along them: what collapses with the voltage still up."""
    mva, x_over_r = rng.uniform(20, 500), rng.uniform(3, 30)
    ohm = 0.48**2 / mva
    r = ohm / math.hypot(1.0, x_over_r)
    grid = Device("grid", "utility", (), {"voltage_v": 480, "short_circuit_mva": mva, "x_over_r": x_over_r})
    devices, place = [grid], {"grid": 0}
    edges, loads = [Line(1, 0, r, r * x_over_r)], []  # what nothing moves stands behind the impedance of the grid
    for k in range(rng.randint(3, 12)):
        above, ohm = rng.choice(list(place)), rng.uniform(0.01, 0.4)
        place[f"f{k}"] = k + 2
        ratings = {"rated_a": 1e5, "feed_reactance_ohm": ohm}
        devices.append(Device(f"f{k}", "distribution", (above,), ratings))
        edges.append(Line(place[above], place[f"f{k}"], 0.0, ohm))
    for name in list(place)[1:]:
        kw = rng.uniform(5, 60)
        rack = {"load_kw": kw, "load_kw_max": 1e5, "power_factor": 1.0, "rated_a": 1e5}
        devices.append(Device(f"r_{name}", "server", (name,), rack))
        loads.append(Load(place[name], kw * 1e3, 0.0))
    return devices, Network((480.0,) * (len(place) + 1), tuple(edges), tuple(loads), (1,))


def of(network, share):
    loads = [
        dataclasses.replace(x, power_w=x.power_w * share, reactive_var=x.reactive_var * share) for x in network.loads
    ]
    return dataclasses.replace(network, loads=tuple(loads))


def most(network):
    """How many times its loads a network can carry, by power-grid-model alone."""
    good, bad = 0.001, 1000.0
    for _ in range(50):
        share = math.sqrt(good * bad)
        found = solve(of(network, share))
        carried = found.solved and min(abs(v) for v in found.v_pu) >= LEAST_PU
        good, bad = (share, bad) if carried else (good, share)
    return good


def loaded_with(devices, loads):
    """The same devices, their racks with these loads."""
    racks = [device for device in devices if device.type == "server"]
    kw = {rack.id: load.power_w / 1e3 for rack, load in zip(racks, loads, strict=True)}
    own = [{**d.ratings, **({"load_kw": kw[d.id], "load_kw_max": 1e5} if d.id in kw else {})} for d in devices]
    return [dataclasses.replace(device, ratings=ratings) for device, ratings in zip(devices, own, strict=True)]


@pytest.mark.parametrize("kind", [feeders, meshed_grids], ids=["feeders", "loops"])
@pytest.mark.parametrize("seed", range(8))
def test_up_to_a_millionth_of_the_most_that_can_be_carried_the_voltages_agree_to_1e_8_pu(kind, seed):
    devices, network = kind(random.Random(f"near {seed}"))
    limit = most(network)
    names = [device.id for device in devices if device.type != "server"]
    solvers = []
    for share in (0.5, 0.9, 0.99, 0.999, 0.9999, 0.999999):
        loaded = of(network, limit * share)
        plan = build_plan(loaded_with(devices, loaded.loads))
        world = new_world(plan)
        assert laws.check(plan, world) == [], f"seed {seed}, {share}"
        found = solve(loaded)
        for k, name in enumerate(names):
            bus = k + 1 if kind is feeders and k > 0 else k
            mine = world.v[plan.nodes[plan.index[name]].bus_out]
            assert abs(mine - found.v_pu[bus]) <= CLOSE_PU, f"seed {seed}, {share}: {name}"
        solvers.append({flow.solver for flow in explain.flows(plan, world)})
    if kind is feeders:
        assert solvers[0] == {SWEEP}
        assert solvers[-1] <= {SWEEP, COLLAPSE}
    else:
        assert solvers == [{LOOPS}] * len(solvers)


def test_some_of_these_feeders_are_beyond_the_sweep():
    found = set()
    for seed in range(8):
        devices, network = feeders(random.Random(f"near {seed}"))
        plan = build_plan(loaded_with(devices, of(network, most(network) * 0.999999).loads))
        (flow,) = explain.flows(plan, new_world(plan))
        found.add(flow.solver)
    assert COLLAPSE in found


@pytest.mark.parametrize("reactive", [True, False], ids=["reactive", "resistive"])
@pytest.mark.parametrize("seed", range(6))
def test_no_step_of_a_load_brings_a_feeder_below_70_per_cent_in_silence(seed, reactive):
    devices, network = feeders(random.Random(f"near {seed}"))
    if not reactive:
        turned = [{**d.ratings, "feed_resistance_ohm": d.ratings.get("feed_reactance_ohm", 0.0)} for d in devices[1:]]
        turned = [{**r, "feed_reactance_ohm": 0.0} for r in turned]
        devices = [devices[0], *(dataclasses.replace(d, ratings=r) for d, r in zip(devices[1:], turned, strict=True))]
    plan = build_plan(loaded_with(devices, of(network, 0.01).loads))
    world = new_world(plan)
    racks = [device.id for device in devices if device.type == "server"]
    limit, share, lows = most(network), 0.4, 0
    while share < 2.0:
        for rack, load in zip(racks, network.loads, strict=True):
            apply(plan, world, rack, {"load_set_kw": load.power_w / 1e3 * limit * share}, present=True)
        before = {flow.source for flow in explain.flows(plan, world) if flow.low}
        events = step(plan, world, 0.0)
        now = {flow.source for flow in explain.flows(plan, world) if flow.low}
        lowest = min(abs(v) for v, up in zip(world.v, world.parent, strict=True) if up != DEAD)
        assert lowest >= LEAST_PU or now, f"seed {seed}, {share}: {lowest}"
        told = {e.node_id for e in events if e.event in ("collapsed", "near_collapse", "not_solved")}
        assert now - before <= told, f"seed {seed}, {share}"
        lows += lowest < LEAST_PU
        share *= 1.02
    assert lows > 5


@pytest.mark.parametrize("share", [1.02, 1.5, 5.0])
@pytest.mark.parametrize("seed", range(4))
def test_loops_that_carry_too_much_have_collapsed_as_a_tree_has_and_name_a_node_and_a_load(seed, share):
    devices, network = meshed_grids(random.Random(f"near {seed}"))
    plan = build_plan(loaded_with(devices, of(network, most(network) * share).loads))
    world = new_world(plan)
    events = step(plan, world, 0.0)
    assert laws.check(plan, world, events=events) == []
    told = [(e.node_id, e.from_, e.to) for e in events if e.event == "collapsed"]
    assert [flow.solver for flow in explain.flows(plan, world)] == [LOOPS, LOOPS]
    collapsed = [flow.source for flow in explain.flows(plan, world) if flow.collapsed]
    assert [node_id for node_id, _, _ in told] == collapsed != []
    assert 0.0 < min(abs(v) for v, up in zip(world.v, world.parent, strict=True) if up != DEAD) < LEAST_PU
    assert all(low in plan.index and plan.devices[plan.index[load]].type == "server" for _, low, load in told)


@pytest.mark.parametrize("kind", [feeders, meshed_grids], ids=["feeders", "loops"])
@pytest.mark.parametrize("share", [1.3, 2.0, 6.0])
def test_however_much_is_asked_for_the_voltages_keep_every_law(kind, share):
    for seed in range(6):
        devices, network = kind(random.Random(f"beyond {seed}"))
        plan = build_plan(loaded_with(devices, of(network, most(network) * share).loads))
        world = new_world(plan)
        assert laws.check(plan, world) == [], f"seed {seed}"
        assert True in {flow.collapsed for flow in explain.flows(plan, world)}, f"seed {seed}"


def test_close_to_collapse_a_fork_and_a_restored_world_answer_alike():
    devices, network = feeders(random.Random("near 0"))
    limit = most(network)
    plan = build_plan(loaded_with(devices, of(network, limit * 0.5).loads))
    worlds = [new_world(plan)]
    worlds += [fork(plan, worlds[0]), restore(plan, snapshot(plan, worlds[0]))]
    racks = [device.id for device in devices if device.type == "server"]
    told = []
    for world in worlds:
        for rack, load in zip(racks, of(network, limit * 0.999999).loads, strict=True):
            apply(plan, world, rack, {"load_set_kw": load.power_w / 1e3}, present=True)
        told.append(step(plan, world, 0.01))
    assert told[0] == told[1] == told[2]
    assert ("solver", SWEEP, COLLAPSE) in {(e.event, e.from_, e.to) for e in told[0]}
    assert len({snapshot(plan, world).hash for world in worlds}) == 1
