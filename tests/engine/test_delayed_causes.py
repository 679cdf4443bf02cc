"""What follows only after a while names what began it, not whatever the device had told last."""

import dataclasses

import pytest
from winter_river.engine import Device, Profile, explain

RACKS = [f"server_rack_a{k}" for k in (1, 2, 3, 4)]


def first(told, node_id, word, to, after_s):
    return next(e for e in told.events if (e.node_id, e.event, e.to) == (node_id, word, to) and e.t_s >= after_s)


def causes(told, event):
    """Back to the first cause, without the event itself: (node, event, to) of each."""
    return [(e.node_id, e.event, e.to) for e in explain.chain({e.id: e for e in told.events}, event)][1:]


def with_a_past(story, **options):
    """Side A has been without its grid before: its devices have much to tell, and none of it matters any more."""
    told = story(**options)
    told.tell("utility_a", fault="outage")
    told.run(20)
    told.tell("utility_a", fault="")
    told.run(300)
    assert told.state("ups_a") == "NORMAL"
    return told


def load(told, kw):
    for rack in RACKS:
        told.tell(rack, load_set_kw=kw)
    told.step(0.0)


def test_an_overloaded_ups_names_the_racks_that_load_it(story):
    told = with_a_past(story)
    at_s = told.world.t_s
    load(told, 144.0)  # 118.5 %: its bypass after 30 s
    told.run(40)
    bypass = first(told, "ups_a", "state", "BYPASS", at_s)
    assert bypass.t_s == pytest.approx(at_s + 30.0, abs=0.05)
    assert causes(told, bypass) == [("server_rack_a1", "setpoint", "144 kW")]


def test_coming_back_from_its_bypass_it_names_the_racks_that_unload_it(story):
    told = with_a_past(story)
    load(told, 144.0)
    told.run(40)
    at_s = told.world.t_s
    load(told, 96.0)
    told.run(40)
    back = first(told, "ups_a", "state", "NORMAL", at_s)
    assert causes(told, back) == [("server_rack_a1", "setpoint", "96 kW")]


def test_a_ups_that_shuts_down_without_a_bypass_names_the_racks_too(story):
    told = with_a_past(story)
    told.tell("ups_a", fault="bypass_lost")
    told.run(1)
    at_s = told.world.t_s
    load(told, 144.0)
    told.run(40)
    assert causes(told, first(told, "ups_a", "trip", "overload", at_s)) == [("server_rack_a1", "setpoint", "144 kW")]


def test_a_set_that_stalls_names_the_load_that_came(story, block):
    limited = [
        dataclasses.replace(device, ratings={**device.ratings, "step_kw_max": 100.0})
        if device.type == "generator"
        else device
        for device in block
    ]
    told = story(limited)
    told.tell("utility_a", fault="outage")
    told.run(60)
    at_s = told.world.t_s
    load(told, 144.0)
    assert causes(told, first(told, "generator_a", "stall", "", at_s)) == [("server_rack_a1", "setpoint", "144 kW")]


def test_what_a_profile_moves_is_not_put_down_to_something_older(story):
    """A storage gives by the hour; that it was full an hour ago is no cause of it."""
    hour = Profile((0.0, 3600.0), (1.0, -0.5))
    bess = {"capacity_kwh": 10, "charge_kw_max": 50, "discharge_kw_max": 50, "rated_a": 200}
    told = story(
        [
            Device("u", "utility", (), {"voltage_v": 480, "short_circuit_mva": 100}),
            Device("store", "bess", ("u",), bess, hour),
        ],
        dt_s=60.0,
    )
    told.run(3700)
    assert told.state("store") == "DISCHARGING"
    assert first(told, "store", "full", "", -1.0).t_s < 1000.0
    assert causes(told, first(told, "store", "state", "DISCHARGING", 3000.0)) == []
