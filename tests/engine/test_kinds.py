"""Every type is everywhere in the engine that it must be: each place is named where one is missing."""

import math

import pytest
from winter_river import load_facility
from winter_river.engine import EQUIPMENT, Device, apply, build_plan, new_world, step, view
from winter_river.engine.building.kinds import ADD
from winter_river.engine.layout import ROWS, tables
from winter_river.engine.plan import TYPES
from winter_river.engine.step import due_s
from winter_river.engine.units import NEVER_S
from winter_river.engine.world import World
from winter_wire import codec, schema

LATER_S = 12.5
KINDS = sorted({EQUIPMENT[name].part for name in TYPES})
# Instants that step.due_s need not look at, and what looks at them instead.
ELSEWHERE = {
    ("malfunctions", "due_s"): "World.malfunction_due_s, their first",
    ("malfunctions", "start_s"): "its due_s",
    ("profiles", "due_s"): "World.profile_due_s, their first",
    ("servers", "due_s"): "World.server_due_s, their first",
    ("breakers", "due_s"): "World.breaker_due_s, their first",
    ("upses", "calm_s"): "its due_s",
    ("upses", "outside_s"): "its due_s",
    ("transfers", "sync_s"): "its due_s",
    ("coolings", "restart_s"): "its due_s",
    ("breakers", "short_s"): "its due_s",
    ("islands", "short_s"): "World.backup_due_s, the first that follows from them",
    ("breakers", "instant_s"): "its due_s",
}

UTILITY = Device("utility", "utility", (), {"voltage_v": 480, "short_circuit_mva": 20})
BOARD = Device("board", "distribution", ("utility",), {"rated_a": 400})
RACK = {"load_kw": 20, "load_kw_max": 50, "rated_a": 100}
TRANSFORMER = {"primary_voltage_v": 480, "secondary_voltage_v": 480, "power_kva": 150, "impedance_pct": 4}
OWN = {
    "transformer": {**TRANSFORMER, "no_load_loss_w": 300, "load_loss_w": 1500, "no_load_current_pct": 1},
    "generator": {"power_kw": 120, "power_kva": 150, "voltage_v": 480},
    "ups": {"power_kva": 80, "power_kw": 80, "battery_kwh": 2, "input_rated_a": 125, "output_rated_a": 110},
    "server": RACK,
    "bess": {"capacity_kwh": 50, "charge_kw_max": 20, "discharge_kw_max": 20, "setpoint_kw": -5, "rated_a": 100},
    "pv": {"peak_kw": 10, "rated_a": 50},
}
LOADS = ("server", "cooling", "bess", "pv")
OPTIONAL = {"inlet_c", "tap", "source"}  # of a rack in a room, a tap changer, a board with two feeds


def smallest(name):
    """The smallest site around one device `d` of a type, with a rack behind it where it passes power on."""
    if name == "utility":
        return [Device("d", name, (), UTILITY.ratings), Device("rack", "server", ("d",), RACK)]
    if name == "generator":
        gear = Device("gear", "switchgear", ("utility", "d"), {"rated_a": 400})
        return [UTILITY, Device("d", name, (), OWN[name]), gear, Device("rack", "server", ("gear",), RACK)]
    ours = Device(
        "d", name, ("utility",) if "utility" in EQUIPMENT[name].fed_by else ("board",), OWN.get(name, {"rated_a": 300})
    )
    return [UTILITY, BOARD, ours, *([] if name in LOADS else [Device("rack", "server", ("d",), RACK)])]


def look(told):
    """What is published of the device, inside the contract."""
    seen = told.view("d")
    envelope = {"v": 1, "node_id": "d", "timeline": 0, "t_s": told.world.t_s}
    codec.encode("view", {**envelope, **seen}, told.plan.devices[told.plan.index["d"]].type)
    return seen


def test_every_kind_has_what_fills_its_rows():
    assert sorted(ADD) == [name for name in sorted(TYPES) if EQUIPMENT[name].part == name]


@pytest.mark.parametrize("name", sorted(TYPES))
def test_a_type_lives_fails_and_is_unplugged_by_the_laws(story, name):
    """In its states' words: the step (connect, states, flow), the view and the laws know it."""
    told = story(smallest(name))
    me = told.world.nodes[told.plan.index["d"]]
    row = schema.TYPES[name]
    healthy = {word for word, health in row[schema.STATES] if health == "ok"}
    told.step(5.0)
    seen = look(told)
    assert seen["state"] in healthy, "states.state_of"
    assert math.isfinite(seen["load_pct"]), "view.load_pct"
    assert set(row[schema.COMPUTED]) - OPTIONAL <= set(seen), "view._own_fields"
    if name not in ("generator", "utility"):
        assert me.live, "connect"
        assert seen["load_pct"] > 0.0, "flow.draw, followers or connect"
    broken = row[schema.MALFUNCTIONS][0][0]
    told.tell("d", fault=broken)
    events = told.step(1.0)
    seen = look(told)
    assert seen["state"] not in healthy, "states.state_of"
    assert not me.live, "connect"
    assert seen["current"] == 0.0, "connect"
    assert ("fault", broken) in [(e.event, e.to) for e in events if e.node_id == "d"]
    told.tell("d", fault="", resets=1)
    told.step(600.0)
    told.tell("d", present=False)
    told.step(1.0)
    assert not me.live, "world.in_service, connect"
    assert look(told)["current"] == 0.0


@pytest.mark.parametrize("name", sorted(name for name in TYPES if "energy_kwh" in schema.TYPES[name][schema.COMPUTED]))
def test_what_counts_energy_counts_it(name):
    plan = build_plan(smallest(name))
    world = new_world(plan)
    if name == "generator":
        apply(plan, world, "utility", {"fault": "outage"}, present=True)
    step(plan, world, 7200.0)
    seen = view(plan, world, "d")
    assert seen["energy_kwh"] + seen.get("returned_kwh", 0.0) > 1.0, "meters.book"


def test_every_instant_that_a_record_waits_for_is_looked_at():
    """What is NEVER_S in a new record is an instant to come: moved nearer, the world must wait for it."""
    missed, met = set(), set()
    for site in ("block-2n-24", "campus-bess"):
        plan = load_facility(site).plan()
        world = new_world(plan)
        for table in tables(World):
            for record in getattr(world, table.name) if table.shape == ROWS and table.saved else ():
                for name, kind in table.fields:
                    if kind is not float or getattr(type(record)(), name) != NEVER_S:
                        continue
                    before = getattr(record, name)
                    setattr(record, name, world.t_s + LATER_S / 1e6)
                    (met if due_s(world) == world.t_s + LATER_S / 1e6 else missed).add((table.name, name))
                    setattr(record, name, before)
    assert sorted(missed) == sorted(ELSEWHERE), "step.due_s looks at it, or ELSEWHERE says what does"
    assert len(met) >= 10
