"""Two utilities closed together through both mains of a switchgear: one mesh, against power-grid-model and by hand."""

import math
import random

import pytest
from winter_river.engine import Device, build_plan, laws, new_world
from winter_river.engine.network import POWER_GRID_MODEL, Line, Load, Network, Transformer, solve

CLOSE_PU = 1e-8
TRANSFORMER = {"power_kva": 1000, "primary_voltage_v": 13_800, "secondary_voltage_v": 480, "impedance_pct": 5.75}
MAINS = {"rated_a": 4000, "parallel": 1, "second_feed_resistance_ohm": 0.0004, "second_feed_reactance_ohm": 0.0003}


def spot(kw=600, **ratings):
    """A spot network: two utilities, a transformer behind each, both closed on one bus; racks behind each part."""
    devices = []
    for side in "ab":
        devices.append(Device(f"u_{side}", "utility", (), {"voltage_v": 13_800, "short_circuit_mva": 250}))
        devices.append(Device(f"t_{side}", "transformer", (f"u_{side}",), TRANSFORMER))
    rack = {"load_kw": kw, "load_kw_max": 50_000, "rated_a": 6000}
    devices.append(Device("bus", "switchgear", ("t_a", "t_b"), {**MAINS, **ratings}))
    return [*devices, Device("rack", "server", ("bus",), rack)]


def test_two_alike_carry_half_each(story):
    told = story(spot(second_feed_resistance_ohm=0, second_feed_reactance_ohm=0))
    told.run(2)
    assert told.number("u_a", "power_kw") == pytest.approx(told.number("u_b", "power_kw"), rel=1e-9)
    assert told.number("t_a", "current") == pytest.approx(told.number("rack", "current") / 2, rel=1e-6)
    told.tell("u_b", fault="outage")
    told.run(2)
    assert told.number("u_a", "power_kw") == pytest.approx(600, rel=1e-6)  # there is nothing that loses
    assert told.number("t_b", "power_kw") == 0.0
    assert told.state("bus") == "CLOSED"
    told.tell("u_b", fault="")
    told.run(2)
    assert told.number("u_a", "power_kw") == pytest.approx(told.number("u_b", "power_kw"), rel=1e-9)


def test_a_sagging_grid_draws_from_the_other_through_the_mesh(story):
    told = story(spot(kw=10, second_feed_resistance_ohm=0, second_feed_reactance_ohm=0))
    told.tell("u_b", fault="sag=0.03")
    told.run(2)
    # By hand, without losses: 3 % of 480 V over two transformers of 5.75 % of 1 MVA and two grids of 250 MVA, which is
    # 2 (0.0575 + 0.004) pu: 0.2439 pu of 1202.8 A are 293 A, and a rack beside it draws 12 A more through one of them.
    assert told.number("t_b", "current") == pytest.approx(293, rel=0.02)
    assert told.number("u_b", "reactive_kvar") < -200
    assert told.number("u_a", "reactive_kvar") > 200


def test_grids_that_part_in_frequency_are_parted(story):
    told = story(spot())
    told.run(2)
    told.tell("u_b", fault="frequency_low=0.05~4")  # to 0.45 Hz below: still one grid
    told.run(10)
    assert told.number("u_b", "power_kw") > 100
    told.tell("u_b", fault="frequency_low=0.07~4")  # 0.63 Hz
    told.run(10)
    assert told.number("u_b", "power_kw") == pytest.approx(0.0, abs=1e-9)
    assert told.number("rack", "frequency_hz") == 60.0
    assert [e.to for e in told.events if e.event == "transfer"] == ["first"]
    told.tell("u_b", fault="")
    told.run(2)
    assert told.number("u_b", "power_kw") > 100


def test_a_load_that_two_grids_cannot_carry_is_said_and_heals(story):
    told = story(spot())
    told.run(1)
    told.tell("u_a", fault="sag=0.5")
    told.tell("u_b", fault="sag=0.5")
    told.tell("rack", load_set_kw=50_000)
    told.run(3)
    assert {e.node_id for e in told.events if e.event == "collapsed"} == {"u_a", "u_b"}
    told.tell("rack", load_set_kw=600)
    told.tell("u_a", fault="")
    told.tell("u_b", fault="", resets=1)
    told.run(120)
    assert told.number("u_a", "power_kw") > 100


@pytest.mark.parametrize("seed", range(30))
def test_meshes_of_two_grids_agree_with_power_grid_model_to_1e_8_pu(seed):
    rng = random.Random(seed)
    devices, network = meshed_grids(rng)
    plan = build_plan(devices)
    world = new_world(plan)
    assert laws.check(plan, world) == [], f"seed {seed}"
    found = solve(network)
    assert found.method == POWER_GRID_MODEL, "the reference is no mesh"
    names = [d.id for d in devices if d.type != "server"]
    for bus, name in enumerate(names):
        mine = world.v[plan.nodes[plan.index[name]].bus_out]
        assert abs(mine - found.v_pu[bus]) <= CLOSE_PU, f"seed {seed}: {name} {mine} {found.v_pu[bus]}"


def meshed_grids(rng):
    """Two grids of their own strength; two transformers behind each at any tap; buses tied across, and tied once more."""
    devices, volts, edges, loads, place = [], [], [], [], {}

    def add(device, voltage_v):
        devices.append(device)
        place[device.id] = len(volts)
        volts.append(voltage_v)

    held = []
    for side in "ab":
        mva, x_over_r = rng.uniform(100, 900), rng.uniform(3, 20)
        ratings = {"voltage_v": 13_800, "short_circuit_mva": mva, "x_over_r": x_over_r}
        add(Device(f"u_{side}", "utility", (), ratings), 13_800)
        ohm = 13.8**2 / mva
        r = ohm / math.hypot(1, x_over_r)
        held.append((place[f"u_{side}"], r, r * x_over_r))
        for k in range(2):
            tap_pct, kva = rng.choice([-5.0, -2.5, 0.0, 2.5]), rng.choice([500, 750, 1000])
            own = {**TRANSFORMER, "power_kva": kva, "load_loss_w": 7 * kva, "no_load_loss_w": 900}
            name = f"t_{side}{k}"
            add(
                Device(name, "transformer", (f"u_{side}",), {**own, "no_load_current_pct": 0.5, "tap_pct": tap_pct}),
                480,
            )
            nameplate = (kva * 1e3, 0.0575, 7.0 * kva, 0.005, 900.0)
            edges.append(Transformer(place[f"u_{side}"], place[name], *nameplate, tap_pu=1 + tap_pct / 100))
    for k in range(2):
        ohms = [rng.uniform(0.0005, 0.002) for _ in range(4)]
        names = ("feed_resistance_ohm", "feed_reactance_ohm", "second_feed_resistance_ohm", "second_feed_reactance_ohm")
        ratings = {"rated_a": 4000, "parallel": 1, **dict(zip(names, ohms, strict=True))}
        add(Device(f"bus{k}", "switchgear", (f"t_a{k}", f"t_b{k}"), ratings), 480)
        edges.append(Line(place[f"t_a{k}"], place[f"bus{k}"], *ohms[:2]))
        edges.append(Line(place[f"t_b{k}"], place[f"bus{k}"], *ohms[2:]))
    for name in ("t_a0", "t_b1", "bus0", "bus1"):
        kw = rng.uniform(20, 200)
        rack = {"load_kw": kw, "load_kw_max": 500, "power_factor": 0.98, "rated_a": 3000}
        devices.append(Device(f"r_{name}", "server", (name,), rack))
        loads.append(Load(place[name], kw * 1e3, kw * 1e3 * math.tan(math.acos(0.98))))
    sources = []
    for bus, r, x in held:  # what nothing moves stands behind the impedance of the grid
        edges.append(Line(len(volts), bus, r, x))
        sources.append(len(volts))
        volts.append(13_800)
    return devices, Network(tuple(map(float, volts)), tuple(edges), tuple(loads), tuple(sources))
