"""A transfer does not leave a source for the short behind itself: the other one would only feed it too, again and again."""

import pytest
from winter_river.engine import Device

GRID = {"voltage_v": 480, "short_circuit_mva": 20}
SET = Device("set", "generator", (), {"power_kw": 100, "power_kva": 120, "voltage_v": 480, "fuel_gal": 50})


def site(second):
    return [
        Device("one", "utility", (), GRID),
        second,
        Device("ats", "switchgear", ("one", second.id), {"rated_a": 400}),
        Device("board", "distribution", ("ats",), {"rated_a": 400}),
        Device("rack", "server", ("board",), {"load_kw": 20, "load_kw_max": 50, "rated_a": 100}),
    ]


def said(told, *words):
    return [(round(e.t_s, 3), e.node_id, e.event, e.to) for e in told.events if e.event in words]


@pytest.mark.parametrize("calibration", ["training", "quick", "realistic"])
def test_two_grids_open_one_after_the_other_and_then_it_is_quiet(story, calibration):
    told = story(site(Device("two", "utility", (), GRID)), dt_s=0.5, calibration=calibration)
    told.tell("board", fault="short_circuit")
    told.run(120)
    assert [row[1] for row in said(told, "trip")] == ["one", "two"]
    assert said(told, "trip")[0][0] == 2.0
    assert [row[3] for row in said(told, "transfer")] == ["open", "second", "open"]


def test_a_set_feeds_it_for_as_long_as_it_holds_out(story):
    told = story(site(SET), dt_s=0.5)
    told.tell("board", fault="short_circuit")
    told.run(120)
    (one, other) = said(told, "trip")
    (_, closed, *_) = said(told, "transfer")
    assert (one[1], other[1]) == ("one", "set")
    assert other[0] == pytest.approx(closed[0] + 10.0)
    assert told.state("set") == "FAULT"
