"""Utility A is lost and its generator does not start: the battery alone, dark racks, and a clean recovery.

Worked by hand, t = 0 the loss: the battery of 10.96 kWh carries 394.7 kW for 10.96 / 394.7 h = 99.97 s; a fifth of
it is left after 79.97 s. Three cranks of 15 s with 15 s between them, the first 1 s after the loss: 1 to 16, 31 to 46,
61 to 76. Recharging 10.96 kWh at 100 kW x 0.90 takes 438.4 s.
"""

from __future__ import annotations

import pytest

BACK_S = 300
END_S = 750
RACKS = ("server_rack_a1", "server_rack_a2", "server_rack_a3", "server_rack_a4")


@pytest.fixture(scope="module")
def story(start, record):
    simulation = start()
    assert simulation.command("generator_a", "set_fault", state=True, kind="fail_to_start").done
    simulation.advance(60.0)
    told = record(simulation)
    assert simulation.command("utility_a", "set_fault", state=True, kind="outage").done
    told.now()
    told.play(BACK_S)
    assert simulation.command("utility_a", "set_fault", state=False).done
    told.now()
    told.play(END_S - BACK_S)
    return told


def test_three_cranks_are_tried_15_s_apart(story) -> None:
    assert [t_s for t_s, _ in story.events("generator_a", "crank")] == pytest.approx([1.0, 31.0, 61.0], abs=0.001)


def test_the_generator_gives_up_after_the_third_crank(story) -> None:
    assert [t_s for t_s, _ in story.events("generator_a", "overcrank")] == pytest.approx([76.0], abs=0.001)
    faults = [t_s for t_s, word in story.events("generator_a") if word == "FAULT"]
    assert faults == pytest.approx([76.0], abs=0.001)


def test_the_battery_warns_at_a_fifth_and_is_empty_after_100_s(story) -> None:
    assert [t_s for t_s, _ in story.events("ups_a", "low_battery")] == pytest.approx([79.97], abs=0.1)
    assert [t_s for t_s, _ in story.events("ups_a", "battery_empty")] == pytest.approx([99.97], abs=0.1)
    assert story.at(101, "ups_a")["state"] == "FAULT"
    assert story.at(101, "ups_a")["soc_pct"] == 0


@pytest.mark.parametrize("rack", RACKS)
def test_racks_run_until_the_battery_is_empty_and_are_dark_then(story, rack: str) -> None:
    assert story.at(99, rack)["power_kw"] == 96.0
    for second in (101, 200, 305):
        assert story.at(second, rack)["state"] == "FAULT"
        assert story.at(second, rack)["voltage_in"] == 0
        assert story.at(second, rack)["power_kw"] == 0


def test_the_way_back_takes_its_steps_one_after_another(story) -> None:
    assert story.events("lv_switchgear_a")[-1] == (pytest.approx(301.0, abs=0.001), "CLOSED")
    assert story.at(305, "ups_a")["voltage_out"] == 0
    assert story.at(306, "ups_a")["voltage_out"] == pytest.approx(480, rel=0.01)
    assert story.at(743, "ups_a")["state"] == "CHARGING"
    assert story.events("ups_a")[-1] == (pytest.approx(306 + 438.4, abs=0.5), "NORMAL")


def test_racks_come_back_one_by_one_a_second_apart(story) -> None:
    back = [[t_s for t_s, word in story.events(rack) if word == "NORMAL"] for rack in RACKS]
    assert back == [[pytest.approx(t_s, abs=0.01)] for t_s in (306.0, 307.0, 308.0, 309.0)]


def test_all_is_as_before_at_the_end_but_the_generator(story) -> None:
    for node_id in story.simulation.facility.nodes:
        if node_id != "generator_a":
            assert story.at(END_S, node_id)["status"] == "ok", node_id
    assert story.at(END_S, "generator_a")["state"] == "FAULT"
    assert story.at(END_S, "utility_a")["power_kw"] == pytest.approx(465.06, abs=0.05)


def test_the_other_side_does_not_change_by_a_byte(story, start, record) -> None:
    simulation = start()
    simulation.advance(60.0)
    untouched = record(simulation)
    untouched.play(END_S)
    assert story.bytes_of("_b") == untouched.bytes_of("_b")
