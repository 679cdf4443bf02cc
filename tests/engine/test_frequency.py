"""The frequency of the grid moves: what it feeds shows it, and what cannot work with it lets go."""

import pytest
from winter_river.engine import Device

# A severity of 1 is 15 % (EN 50160, an isolated grid): 0.4 is 6 %, of 60 Hz 56.4 and 63.6 Hz.


def test_a_severity_is_a_part_of_the_widest_band_a_grid_may_have(story):
    told = story()
    told.tell("utility_a", fault="frequency_low=0.2")  # 3 % of 60 Hz
    told.run(5)
    for node_id in ("utility_a", "mv_switchgear_a", "lv_switchgear_a", "cooling_a"):
        assert told.number(node_id, "frequency_hz") == pytest.approx(58.2, abs=1e-9)
    assert told.number("utility_b", "frequency_hz") == 60.0
    assert told.state("utility_a") == "FREQUENCY"
    told.tell("utility_a", fault="")
    told.run(5)
    assert told.number("cooling_a", "frequency_hz") == 60.0
    assert told.state("utility_a") == "GRID_OK"


def test_within_what_is_normal_a_grid_is_good(story):
    told = story()
    told.tell("utility_a", fault="frequency_high=0.06")  # 0.9 %
    told.run(5)
    assert told.state("utility_a") == "GRID_OK"
    assert told.state("ups_a") == "NORMAL"


@pytest.mark.parametrize("fault", ["frequency_low", "frequency_high"])
def test_a_ups_goes_to_its_battery_out_of_its_window_and_comes_back(story, fault):
    told = story()
    told.tell("utility_a", fault=f"{fault}=0.32")  # 4.8 %: inside 5 %
    told.run(5)
    assert told.state("ups_a") == "NORMAL"
    told.tell("utility_a", fault=f"{fault}=0.36")  # 5.4 %
    told.run(2)
    assert told.state("ups_a") == "ON_BATTERY"
    assert told.number("ups_a", "power_in_kw") == 0.0
    assert told.number("ups_a", "frequency_hz") == 60.0
    assert told.state("ups_b") == "NORMAL"
    told.tell("utility_a", fault=f"{fault}=0.30")  # 4.5 %: not good yet
    told.run(2)
    assert told.state("ups_a") == "ON_BATTERY"


def test_an_ats_leaves_a_grid_off_frequency_for_its_generator(story):
    told = story()
    told.tell("utility_a", fault="frequency_low")
    told.run(30)
    assert told.state("lv_switchgear_a") == "GENERATOR"
    assert told.number("lv_switchgear_a", "frequency_hz") == pytest.approx(60.0, abs=3.0)
    assert told.number("utility_a", "frequency_hz") == pytest.approx(56.4)
    assert told.number("utility_a", "voltage_out") > 220_000.0
    told.tell("utility_a", fault="")
    told.run(120)
    assert told.state("lv_switchgear_a") == "CLOSED"


def test_a_ramp_moves_it_slowly(story):
    told = story()
    told.tell("utility_a", fault="frequency_low=0.4~60")
    told.run(30)
    # Half of the way in half of the time, in pieces of a 32nd: 3 % off by 0.1 %.
    assert told.number("utility_a", "frequency_hz") == pytest.approx(58.2, abs=0.06)
    assert told.state("ups_a") == "NORMAL"
    told.run(40)
    assert told.state("ups_a") != "NORMAL" or told.state("lv_switchgear_a") == "GENERATOR"


def test_eco_mode_is_left_before_the_rectifier_must_let_go(story):
    told = story()
    told.tell("ups_a", handle="eco")
    told.run(60)
    assert told.state("ups_a") == "ECO"
    told.tell("utility_a", fault="frequency_low=0.1")  # 0.9 Hz: past the bypass's 0.5 Hz, inside the rectifier's 3 Hz
    told.run(2)
    assert told.state("ups_a") == "NORMAL"
    assert told.number("ups_a", "battery_kw") == 0.0


def test_a_static_switch_leaves_a_grid_off_frequency(story):
    sources = [Device(name, "utility", (), {"voltage_v": 480}) for name in ("one", "two")]
    sts = Device("sts", "switchgear", ("one", "two"), {"rated_a": 600, "transfer": 1})
    told = story(
        [*sources, sts, Device("rack", "server", ("sts",), {"load_kw": 50, "load_kw_max": 60, "rated_a": 100})]
    )
    told.run(60)
    told.tell("one", fault="frequency_high")
    told.run(1)
    assert told.number("rack", "frequency_hz") == 60.0
    assert told.state("rack") == "NORMAL"


def test_what_follows_the_grid_lets_go_where_ieee_1547_says(story, sunny):
    told = story(sunny)
    told.run(10)
    before = told.number("roof", "power_kw")
    told.tell("utility", fault="frequency_high=0.21")  # 61.89 Hz: inside 62
    told.run(1)
    assert told.number("roof", "power_kw") == pytest.approx(before)
    told.tell("utility", fault="frequency_high=0.23")  # 62.07 Hz
    told.run(1)
    assert told.number("roof", "power_kw") == 0.0
