"""A UPS at the end of what it has: an input that does not suffice and an empty battery, a bypass that is open."""

import dataclasses

import pytest


def with_ratings(block, **types):
    return [dataclasses.replace(d, ratings={**d.ratings, **types.get(d.type, {})}) for d in block]


def test_an_input_below_the_load_leans_on_the_battery_and_goes_to_the_bypass_when_that_is_empty(story, block):
    # 386 kW of output at x = 0.77 lose 0.0292 x 500 = 14.6 kW; of 401 kW the input takes 350, so an eighth of output
    # and 0.6 of its share of the loss is the battery's: 0.127 x (386 + 0.6 x 14.6) = 50 kW of 10.96 kWh, 13 minutes.
    told = story(with_ratings(block, ups={"input_kw_max": 350.0}))
    told.run(60)
    assert told.number("ups_a", "power_in_kw") == pytest.approx(350.0, rel=0.01)
    assert told.number("ups_a", "battery_kw") == pytest.approx(50.0, rel=0.02)
    told.run(900)
    bypass_s = told.when("ups_a", "state", "BYPASS")
    assert bypass_s == pytest.approx(10.96 / 50.0 * 3600.0, rel=0.03)
    assert told.state("server_rack_a1") == "NORMAL"  # the grid carries it past the rectifier


def test_an_overload_on_a_bypass_whose_breaker_trips_shuts_it_down_until_somebody_resets_it(story, block):
    # 680 kW of racks are 140 %: after 10 s the bypass, whose 880 A trip its breaker of 840 A in some 13 minutes.
    told = story(with_ratings(block, ups={"output_pickup_a": 0.0}, server={"pickup_a": 0.0}))
    racks = [d.id for d in block if d.type == "server" and d.id.startswith("server_rack_a")]
    for rack in racks:
        told.tell(rack, load_set_kw=170.0)
    told.run(30)
    assert told.state("ups_a") == "BYPASS"
    ups = told.plan.nodes[told.plan.index["ups_a"]]
    breakers = told.world.breakers
    assert breakers[ups.breaker_2].rate > 0.0
    assert breakers[ups.breaker_1].rate <= 0.0  # one cable leads to both; the rectifier's does not carry the bypass
    told.run(2000)
    trips = [(e.node_id, e.from_) for e in told.events if e.event == "trip"]
    assert trips[0] == ("ups_a", "bypass"), trips
    assert told.state("ups_a") == "FAULT"
    for rack in racks:
        told.tell(rack, load_set_kw=90.0)
    told.run(120)
    assert told.state("ups_a") == "FAULT"
    told.tell("ups_a", resets=1)
    told.run(60)
    assert told.state("ups_a") in ("NORMAL", "CHARGING")
