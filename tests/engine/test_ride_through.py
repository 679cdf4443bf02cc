"""What a load rides through: an ITIC supply lets go of 50 %, a heater draws a quarter and comes back with the voltage."""

import pytest
from winter_river.engine import Device

ITIC, ANYTHING = range(2)
IMPEDANCE = 2


def site(ride_through, model=IMPEDANCE, **ratings):
    heater = {"load_kw": 100, "load_kw_max": 400, "power_factor": 1.0, "rated_a": 1e4, "load_model": model}
    grid = {"voltage_v": 480, "short_circuit_mva": 1e9}
    return [
        Device("grid", "utility", (), grid),
        Device("heater", "server", ("grid",), {**heater, **ratings, "ride_through": ride_through}),
    ]


def test_a_heater_draws_by_the_square_of_its_voltage_through_a_sag_and_an_outage(story):
    told = story(site(ANYTHING))
    told.tell("grid", fault="sag=0.5")
    told.run(60)
    assert told.number("heater", "power_kw") == pytest.approx(25.0, rel=1e-6)  # 100 kW x 0.5^2
    assert told.state("heater") == "DEGRADED"
    told.tell("grid", fault="outage")
    told.run(60)
    assert told.state("heater") == "FAULT"
    told.tell("grid", fault="")
    told.run(0.001)  # at once: it has nothing to start
    assert told.number("heater", "power_kw") == pytest.approx(100.0, rel=1e-6)
    assert told.state("heater") == "NORMAL"


def test_a_power_supply_lets_go_of_the_same_sag_after_20_ms(story):
    told = story(site(ITIC))
    told.run(1)
    told.tell("grid", fault="sag=0.5")
    told.run(60)
    assert told.when("heater", "state", "FAULT") == pytest.approx(1.020, abs=1e-6)
    assert told.number("heater", "power_kw") == 0.0


def test_a_load_that_never_lets_go_holds_its_feeder_in_collapse_until_somebody_takes_it_off(story):
    # 0.4 ohm from 480 V carry at most U^2 / 2X = 288 kW of constant power.
    told = story(site(ANYTHING, model=0, feed_reactance_ohm=0.4))
    told.run(1)
    told.tell("heater", load_set_kw=350.0)
    told.run(600)
    words = [e.event for e in told.events if e.node_id == "grid"]
    assert words.count("collapsed") == 1
    assert "collapse_over" not in words
    assert told.number("heater", "voltage_in") < 0.7 * 480
    told.tell("heater", load_set_kw=100.0)
    told.run(1)
    assert [e.event for e in told.events if e.node_id == "grid"].count("collapse_over") == 1
    assert told.state("heater") == "NORMAL"
