"""Malfunctions in the step: late, slow, and each with its own effect."""

import pytest
from winter_river.engine import Device
from winter_river.engine.equipment import malfunction
from winter_river.engine.equipment.malfunction import MalfunctionState


def test_a_delayed_malfunction_begins_when_its_delay_is_over(story):
    told = story(dt_s=7.0)
    told.run(3)
    told.tell("utility_a", fault="outage@12.5")
    told.run(12)
    assert told.state("utility_a") == "GRID_OK"
    told.run(30)
    assert told.when("utility_a", "fault") == pytest.approx(15.5)
    assert told.state("utility_a") == "OUTAGE"


def test_one_that_is_taken_back_in_time_never_happens(story):
    told = story()
    told.tell("utility_a", fault="outage@12")
    told.run(10)
    told.tell("utility_a", fault="")
    told.run(60)
    assert [event for event in told.events if event.event == "fault"] == []


def test_a_ramp_grows_in_a_straight_line_and_stays(story):
    told = story(dt_s=0.1)
    told.tell("utility_a", fault="sag=0.32~32")
    for seconds in (8, 16, 24):
        told.until(seconds + 0.01)
        # Steps of 1 %, each at its middle.
        assert told.world.utilities[0].sag_pu == pytest.approx(0.01 * seconds, abs=0.0051)
    told.until(100)
    assert told.world.utilities[0].sag_pu == 0.32


def test_the_same_words_again_do_not_start_it_anew(story):
    told = story()
    told.tell("utility_a", fault="sag=0.30~20@10")
    told.run(25)
    told.tell("utility_a", fault="sag=0.30~20@10")
    told.run(5)
    assert told.world.utilities[0].sag_pu == pytest.approx(0.30)


def test_other_words_go_on_from_where_it_is():
    m = MalfunctionState()
    malfunction.inject(m, 0.0, end_pu=0.4, ramp_s=0.0, delay_s=0.0)
    malfunction.run_malfunction(m, 0.0)
    malfunction.inject(m, 5.0, end_pu=0.8, ramp_s=32.0, delay_s=0.0)
    malfunction.run_malfunction(m, 5.0)
    assert m.severity == pytest.approx(0.4 + 0.4 * 0.5 / 32)
    assert m.due_s == 6.0


def test_halving_the_step_moves_no_part_of_a_ramp(story):
    def when(dt_s):
        told = story(dt_s=dt_s)
        told.tell("utility_a", fault="sag=0.50~60@3")
        told.run(200)
        return [(event.t_s, event.node_id, event.event, event.to) for event in told.events]

    assert when(1.0) == when(0.5)


def test_a_breaker_that_fails_to_open_leaves_it_to_the_one_above(story, chain):
    told = story(chain)
    told.tell("pdu_a", fault="fail_to_open")
    told.run(1)
    told.tell("pdu_a", handle="open")
    told.run(5)
    assert told.state("pdu_a") == "NORMAL"
    assert told.number("srv_a", "power_kw") > 0.0
    told.tell("pdu_a", handle="open", fault="")  # the mechanism is freed, and does what it was asked to
    told.run(5)
    assert told.state("pdu_a") == "OPEN"


def test_a_trip_that_fails_says_so_and_comes_as_soon_as_it_can(story):
    rack = {"load_kw": 0, "load_kw_max": 1000, "power_factor": 1.0, "rated_a": 1000}
    told = story(
        [
            Device("u", "utility", (), {"voltage_v": 480, "short_circuit_mva": 1e9}),
            Device("above", "distribution", ("u",), {"rated_a": 1000, "pickup_a": 100, "time_multiplier": 2.0}),
            Device("board", "distribution", ("above",), {"rated_a": 1000, "pickup_a": 100}),
            Device("rack", "server", ("board",), rack),
        ]
    )
    told.tell("board", fault="fail_to_open")
    told.tell("rack", load_set_kw=3**0.5 * 0.480 * 200.0)
    told.run(30)
    assert told.when("board", "stuck") == pytest.approx(80.0 / 3.0)  # IEC EI at twice its pickup
    assert told.state("rack") == "NORMAL"
    told.run(30)
    assert told.when("above", "trip") == pytest.approx(160.0 / 3.0)
    assert told.state("rack") == "FAULT"


def test_a_breaker_that_is_freed_opens_what_is_overdue(story):
    rack = {"load_kw": 0, "load_kw_max": 1000, "power_factor": 1.0, "rated_a": 1000}
    told = story(
        [
            Device("u", "utility", (), {"voltage_v": 480, "short_circuit_mva": 1e9}),
            Device("board", "distribution", ("u",), {"rated_a": 1000, "pickup_a": 100}),
            Device("rack", "server", ("board",), rack),
        ]
    )
    told.tell("board", fault="fail_to_open")
    told.tell("rack", load_set_kw=3**0.5 * 0.480 * 200.0)
    told.run(50)
    told.tell("board", fault="")
    told.run(1)
    assert told.when("board", "trip") == pytest.approx(50.0, abs=1e-6)


def test_a_breaker_that_fails_to_close_stays_open(story, chain):
    told = story(chain)
    told.tell("pdu_a", handle="open", fault="fail_to_close")
    told.run(2)
    told.tell("pdu_a", handle="closed")
    told.run(5)
    assert told.state("pdu_a") == "OPEN"
    told.tell("pdu_a", fault="")
    told.run(5)
    assert told.state("pdu_a") == "NORMAL"


def test_a_nuisance_trip_comes_again_after_a_reset(story, chain):
    told = story(chain)
    told.tell("pdu_a", fault="nuisance_trip")
    told.run(1)
    assert told.state("pdu_a") == "TRIPPED"
    told.tell("pdu_a", resets=1)
    told.run(1)
    assert told.state("pdu_a") == "TRIPPED"
    told.tell("pdu_a", fault="", resets=2)
    told.run(1)
    assert told.state("pdu_a") == "NORMAL"


def test_a_transfer_whose_breaker_fails_to_open_cannot_take_the_generator(story):
    told = story()
    told.tell("lv_switchgear_a", fault="fail_to_open")
    told.tell("utility_a", fault="outage")
    told.run(60)
    assert told.state("generator_a") == "RUNNING"
    assert told.state("lv_switchgear_a") == "NO_INPUT"
    told.tell("lv_switchgear_a", fault="")
    told.run(5)
    assert told.state("lv_switchgear_a") == "GENERATOR"


def test_a_generator_that_loses_its_oil_stops_and_waits_for_a_reset(story):
    told = story()
    told.tell("utility_a", fault="outage")
    told.run(20)
    # Below 140 of 400 kPa is more than 65 % lost: with 100 % in 100 s after 66 to 69 s, in steps of 1/32.
    told.tell("generator_a", fault="low_oil=1.0~100")
    told.run(90)
    assert told.when("generator_a", "low_oil") == pytest.approx(20 + 66, abs=4)
    assert told.state("generator_a") == "FAULT"
    told.tell("generator_a", fault="", resets=1)
    told.run(30)
    assert told.state("generator_a") == "RUNNING"


def test_overspeed_stops_it(story):
    told = story()
    told.tell("generator_a", handle="run")
    told.run(20)
    told.tell("generator_a", fault="over_speed=0.10")
    told.run(5)
    assert told.state("generator_a") == "RUNNING"
    # A tenth too fast: 66 Hz of 60, 1,980 rpm of 1,800.
    assert told.number("generator_a", "frequency_hz") == pytest.approx(66.0)
    assert told.number("generator_a", "rpm") == 1980
    told.tell("generator_a", fault="over_speed=0.20")
    told.run(5)
    assert told.state("generator_a") == "FAULT"
    assert told.when("generator_a", "over_speed") == 25.0


def test_a_leak_empties_the_tank_at_rest(story):
    told = story(dt_s=100.0)
    told.tell("generator_a", fault="fuel_leak=0.50")
    told.run(3600)
    assert told.number("generator_a", "fuel_pct") == pytest.approx(50.0)


def test_without_its_battery_a_ups_drops_its_load_and_comes_back_with_the_source(story):
    told = story()
    told.tell("ups_a", fault="battery_lost")
    told.run(2)
    assert told.state("ups_a") == "NORMAL"
    assert told.number("ups_a", "runtime_s") == 0.0
    told.tell("utility_a", fault="outage")
    told.run(1)
    assert told.state("server_rack_a1") == "FAULT"
    told.run(30)
    assert told.state("ups_a") == "NORMAL"


def test_an_aged_battery_lasts_as_much_shorter(story):
    told = story()
    told.tell("ups_a", fault="battery_aged=0.40")
    told.tell("utility_a", fault="outage")
    told.tell("generator_a", handle="off")
    told.run(100)
    # 60 % of the 100 s.
    assert told.when("ups_a", "battery_empty") == pytest.approx(60.0, abs=0.1)


def test_a_limited_charger_takes_longer(story):
    told = story()
    told.tell("utility_a", fault="outage")
    told.run(5)
    told.tell("utility_a", fault="")
    told.tell("ups_a", fault="charger_limit=0.75")
    told.run(20)
    # 25 of 100 kW; nothing else differs between what goes in and what comes out but the conversion loss.
    assert told.world.upses[0].charge_kw == pytest.approx(25.0)


def test_without_its_bypass_an_overloaded_ups_shuts_down(story):
    told = story()
    told.tell("ups_a", fault="bypass_lost")
    for k in (1, 2, 3, 4):
        told.tell(f"server_rack_a{k}", load_set_kw=144.0)
    told.run(60)
    assert told.state("ups_a") == "FAULT"


def test_a_dead_power_supply_puts_the_load_on_the_other_cord(story, dual_cord):
    told = story(dual_cord)
    told.tell("rack_1", fault="cord_1_lost")
    told.run(5)
    assert told.state("rack_1") == "DEGRADED"
    assert told.number("rack_1", "power_kw") == pytest.approx(96.0)
    told.tell("rack_1", fault="cord_1_lost,cord_2_lost")
    told.run(5)
    assert told.state("rack_1") == "FAULT"


def test_lost_fans_take_air_and_power(story):
    told = story()
    full = told.number("cooling_a", "flow_m3s")
    told.tell("cooling_a", fault="fans_lost=0.50")
    told.run(1)
    assert told.number("cooling_a", "flow_m3s") == pytest.approx(full / 2.0)
    # 27.5 of 55 fans of 0.8 kW and 4 kW.
    assert told.number("cooling_a", "power_kw") == pytest.approx(26.0)
    assert told.state("cooling_a") == "DEGRADED"
