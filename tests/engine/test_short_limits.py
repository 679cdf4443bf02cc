"""A source at its limit of current: it gives that and no more, however little a short takes beside the loads."""

import pytest
from winter_river.engine import Device, apply, build_plan, laws, new_world, step

from . import sites

UTILITY = {"voltage_v": 480, "short_circuit_mva": 20}


def beside_a_load(ohm, load_kw):
    """A UPS with a load, and a rack that draws nothing behind so much resistance, which is shorted."""
    far = {"load_kw": 0, "load_kw_max": 10, "rated_a": 10_000, "feed_resistance_ohm": ohm}
    return [
        Device("utility", "utility", (), UTILITY),
        Device("ups", "ups", ("utility",), sites.UPS),
        Device("far", "server", ("ups",), far),
        Device("load", "server", ("ups",), {"load_kw": load_kw, "load_kw_max": 1000, "rated_a": 2000}),
    ]


def shorted(devices, *names):
    plan = build_plan(devices)
    w = new_world(plan)
    for name in names:
        apply(plan, w, name, {"fault": "short_circuit"}, present=True)
    events = step(plan, w, 0.0)
    assert laws.check(plan, w, events=events) == []
    assert all(island.converged for island in w.islands)
    return plan, w, events


def left_pu(plan, w, node_id):
    return next(
        island.left_pu
        for row, island in zip(plan.islands, w.islands, strict=True)
        if plan.nodes[row.node].id == node_id
    )


@pytest.mark.parametrize("load_kw", [0, 100, 300, 450, 490])
def test_an_inverter_finds_its_voltage_however_near_its_limit_it_is(load_kw):
    """The load takes more as the voltage falls, nearly what the short takes less: divided again and again by how much is too
    much, the voltage comes no nearer."""
    highest, lowest = 0.0, 1.0
    for k in range(60):
        plan, w, _ = shorted(beside_a_load(0.2 * 1.025**k, load_kw), "far")
        left = left_pu(plan, w, "ups")
        highest, lowest = max(highest, left), min(lowest, left)
    assert highest == 1.0 and lowest < 0.9


@pytest.mark.parametrize("load_kw, ohm", [(450, 0.42187), (490, 0.456192), (300, 0.289)])
def test_a_hair_beyond_its_limit_it_still_has_an_answer(load_kw, ohm):
    plan, w, _ = shorted(beside_a_load(ohm, load_kw), "far")
    assert 0.5 < left_pu(plan, w, "ups") < 1.0


def test_two_grids_beyond_what_anything_carries_share_a_short():
    grid = {"voltage_v": 480, "short_circuit_mva": 1e9}
    mains = {"feed_resistance_ohm": 1e-6, "second_feed_resistance_ohm": 2e-6, "parallel": 1, "rated_a": 3000}
    site = [
        Device("one", "utility", (), grid),
        Device("two", "utility", (), grid),
        Device("bus", "switchgear", ("one", "two"), mains),
        Device("rack", "server", ("bus",), {"load_kw": 20, "load_kw_max": 250, "rated_a": 300}),
    ]
    plan, w, _ = shorted(site, "bus")
    assert left_pu(plan, w, "one") == left_pu(plan, w, "two") < 0.01
    n = plan.nodes[plan.index["bus"]]
    assert abs(w.i[n.bus_out] + w.tie_current[0]) * plan.buses[n.bus_out].amps == pytest.approx(999_000.0)
