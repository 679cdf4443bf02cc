"""A site engineer's afternoon on the campus: the storage shaves, the grid goes, the array waits, all come back.

Worked by hand from the file: noon, so the racks are set to 96 kW each and the array has a clear midsummer sun; the
storage takes half of its 200 kW by its schedule. Told to give 200 kW it does, whatever the schedule says: 200 kW at
sqrt(0.88) each way are 213.2 kW out of the cells, and of the 500 kWh 60 % - 20 % = 200 kWh may go.
"""

from __future__ import annotations

import math

import pytest

DRAIN_KW = 200.0 / math.sqrt(0.88)


@pytest.fixture(scope="module")
def afternoon(start, record):
    simulation = start("campus-bess")
    simulation.advance(60.0)
    told = record(simulation)
    assert simulation.command("bess", "discharge", power_kw=200).done
    told.now()
    told.play(30)
    assert simulation.command("utility", "set_fault", state=True, kind="outage").done
    told.now()
    told.play(60)
    assert simulation.command("utility", "set_fault", state=False, kind="outage").done
    told.now()
    told.play(60)
    assert simulation.command("bess", "hold").done
    told.now()
    told.play(10)
    return told


def kw(told, second, node_id):
    return told.at(second, node_id)["power_kw"]


def test_the_storage_gives_what_it_is_told_and_the_meter_sees_it(afternoon):
    assert kw(afternoon, 20, "bess") == pytest.approx(-200.0, abs=0.01)
    # 288 kW of racks, 48 kW of cooling and some 22 kW of losses, less 200 kW and an array of about 150 kW: next to none.
    assert abs(kw(afternoon, 20, "meter")) < 20.0
    soc = [afternoon.at(second, "bess")["soc_pct"] for second in (10, 30)]
    assert soc[0] - soc[1] == pytest.approx(DRAIN_KW * 20 / 3600 / 500 * 100, abs=0.02)


def test_without_a_grid_storage_and_array_give_nothing_and_the_generator_carries_all(afternoon):
    second = 30 + 50
    assert afternoon.at(second, "lv_switchgear")["state"] == "GENERATOR"
    assert kw(afternoon, second, "bess") == 0.0
    assert kw(afternoon, second, "array") == 0.0
    assert kw(afternoon, second, "generator") > 300.0
    assert afternoon.at(second, "meter")["state"] == "NO_INPUT"


def test_the_racks_never_notice(afternoon):
    for second in range(160):
        assert afternoon.at(second, "racks_1")["voltage_in"] > 450.0


def test_the_storage_comes_back_when_the_grid_was_good_for_ten_seconds_and_holds_when_told(afternoon):
    (closed_s,) = [t_s for t_s, word in afternoon.events("lv_switchgear") if word == "CLOSED"]
    back = [t_s for t_s, word in afternoon.events("bess") if word == "DISCHARGING" and t_s > 1.0]
    assert back == [pytest.approx(closed_s + 10.0, abs=0.01)]
    assert afternoon.at(155, "bess")["state"] == "IDLE"


def test_every_change_of_the_storage_names_its_cause(afternoon):
    events = {event.id: event for event in afternoon.all_events()}
    own = [event for event in events.values() if event.node_id == "bess" and event.event == "state"]
    words = [(event.to, events[event.cause].event if event.cause in events else "") for event in own]
    assert words[0] == ("DISCHARGING", "setpoint")
    assert words[-1] == ("IDLE", "handle")
    assert all(cause for _, cause in words)
