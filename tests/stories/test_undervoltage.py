"""Load alone pulls a feeder too low for what is fed there, far from what it can carry: whoever suffers names it.

Behind a reactance of X ohm from U volts, by hand: V^4 - U^2 V^2 + (X P)^2 = 0; 0.4 ohm from 480 V carry 288 kW at most.
"""

from __future__ import annotations

import math

import pytest
from winter_river.engine import explain
from winter_river.ui.why import known_of, why_lines

FEEDER = """
facility: weak-feeder
title: Racks at the end of a weak feeder
calibration: training
nodes:
  grid: {type: utility, title: Grid, voltage_v: 480, short_circuit_mva: 100000, x_over_r: 50, frequency_hz: 60}
  feeder: {type: distribution, from: grid, title: Feeder, rated_a: 10000, feed_reactance_ohm: 0.4}
  big: {type: server, from: feeder, title: Big, load_kw: 100, load_kw_max: 400, power_factor: 1.0, rated_a: 10000, ride_through: anything}
  far: {type: server, from: feeder, title: Far, load_kw: 75, load_kw_max: 400, power_factor: 1.0, rated_a: 10000}
"""


@pytest.fixture
def site(start, tmp_path):
    path = tmp_path / "site.yaml"
    path.write_text(FEEDER)
    return start(str(path))


def test_racks_that_a_neighbour_starves_name_the_voltage_and_who_set_its_load(site):
    site.advance(1.0)
    assert site.command("big", "set_load", power_kw=200).done
    site.advance(0.1)
    volt = math.sqrt((480**2 + math.sqrt(480**4 - 4 * (0.4 * 275e3) ** 2)) / 2)  # 396 V: 82 %, ITIC's 10 s
    assert site.view("far")["voltage_in"] == pytest.approx(volt, abs=0.1)
    site.advance(80.0)
    log = {event.id: event for event in site.events()}
    of_far = [event for event in log.values() if event.node_id == "far"]
    assert sum(event.to == "FAULT" for event in of_far) >= 3, "it goes dark again and again"
    for event in of_far:
        chain = [(each.node_id, each.event, each.from_, each.to) for each in explain.chain(log, event)]
        assert chain[-2:] == [("grid", "undervoltage", "feeder", "big"), ("big", "setpoint", "100 kW", "200 kW")], chain
    why = why_lines(known_of(site, "far"))
    assert any("has a voltage too low for what is fed there: feeder gives way under big" in line for line in why), why
    assert any("big is set to 100 kW -> 200 kW" in line for line in why), why
