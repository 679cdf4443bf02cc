"""The generator, the UPS, racks and cooling by themselves."""

import dataclasses

import pytest
from winter_river.engine import Device, balance
from winter_river.engine.equipment.battery import drain_kw
from winter_river.engine.equipment.generator import fuel_gal_h


class TestGenerator:
    @pytest.mark.parametrize(("load", "gal_h"), [(0.25, 13.2), (0.50, 22.0), (0.75, 31.5), (1.00, 42.8)])
    def test_fuel_follows_the_published_table(self, load, gal_h):
        assert fuel_gal_h(600 * load, 600) == pytest.approx(gal_h, rel=0.01)

    def test_in_run_it_runs_without_anybody_asking_and_takes_no_load(self, story):
        told = story()
        told.tell("generator_a", handle="run")
        told.run(20)
        assert told.state("generator_a") == "RUNNING"
        assert told.number("generator_a", "rpm") == 1800
        assert told.number("generator_a", "power_kw") == 0.0
        assert told.state("lv_switchgear_a") == "CLOSED"
        told.tell("generator_a", handle="auto")
        told.run(1)
        assert told.state("generator_a") == "COOLDOWN"

    def test_off_stops_it_at_once_and_keeps_it_off(self, story):
        told = story()
        told.tell("generator_a", handle="run")
        told.run(20)
        told.tell("generator_a", handle="off")
        told.tell("utility_a", fault="outage")
        told.run(30)
        assert told.state("generator_a") == "STANDBY"
        assert told.number("generator_a", "voltage_out") == 0.0

    def test_a_fault_stops_it_and_it_stays_stopped(self, story):
        told = story()
        told.tell("utility_a", fault="outage")
        told.run(20)
        told.tell("generator_a", fault="fault")
        told.run(30)
        assert told.state("generator_a") == "FAULT"
        assert told.number("generator_a", "voltage_out") == 0.0
        told.tell("generator_a", fault="")
        told.run(1)
        assert told.state("generator_a") == "STARTING"

    def test_it_stops_when_the_tank_is_empty_and_starts_again_when_refuelled(self, story):
        told = story()
        told.tell("generator_a", fuel_set_pct=0.1, refuels=1)
        told.tell("utility_a", fault="outage")
        told.run(400)
        # 0.8 US gallons: 5.3 s of run-up at no load, then about 34.6 gal/h at 500 kW and 31.3 at 450 kW.
        assert told.when("generator_a", "state", "FAULT") == pytest.approx(97, abs=5)
        assert told.number("generator_a", "fuel_pct") == 0.0
        told.tell("generator_a", fuel_set_pct=50.0, refuels=2)
        told.run(15)
        assert told.state("generator_a") == "RUNNING"
        assert told.number("generator_a", "fuel_pct") == pytest.approx(50.0, abs=0.1)

    def test_the_tank_may_run_empty_while_it_cools_down(self, story):
        told = story()
        told.tell("generator_a", handle="run")
        told.run(30)
        told.tell("generator_a", handle="auto", fuel_set_pct=0.01, refuels=1)
        told.run(100)
        # 0.08 US gallons at 5.93 an hour of no load: 48.6 s of the 60 that it would cool down.
        assert told.when("generator_a", "state", "FAULT") == pytest.approx(30.0 + 48.6, abs=0.1)

    def test_repeating_a_status_refuels_nothing(self, story):
        told = story()
        told.tell("generator_a", fuel_set_pct=40.0, refuels=1)
        told.run(1)
        told.tell("generator_a", fuel_set_pct=90.0, refuels=1)
        told.run(1)
        assert told.number("generator_a", "fuel_pct") == 40.0


class TestUps:
    def test_on_bypass_it_passes_its_input_through(self, story):
        told = story()
        told.tell("ups_a", handle="bypass")
        told.run(1)
        assert told.state("ups_a") == "BYPASS"
        assert told.number("ups_a", "voltage_out") < told.number("lv_switchgear_a", "voltage_out")
        # 3 kW of its own and the cables of 0.8 + 0.8 milliohm at about 485 A: 3 x 485^2 x 0.0016 = 1.13 kW.
        assert told.number("ups_a", "loss_kw") == pytest.approx(4.13, abs=0.05)
        told.tell("ups_a", handle="online")
        told.run(1)
        assert told.state("ups_a") == "NORMAL"

    def test_on_bypass_without_a_source_the_inverter_takes_over(self, story):
        told = story()
        told.tell("ups_a", handle="bypass")
        told.run(1)
        told.tell("utility_a", fault="outage")
        told.step(0.0)
        assert told.state("ups_a") == "ON_BATTERY"
        assert told.state("server_rack_a1") == "DEGRADED"

    def test_overloaded_on_battery_it_shuts_down_because_no_bypass_is_healthy(self, story):
        told = story()
        for k in (1, 2, 3, 4):
            told.tell(f"server_rack_a{k}", load_set_kw=144.0)
        told.tell("generator_a", handle="off")
        told.tell("utility_a", fault="outage")
        told.run(40)
        assert told.when("ups_a", "trip", "overload") == pytest.approx(30.0, abs=0.05)
        assert told.state("ups_a") == "FAULT"
        told.tell("utility_a", fault="")
        for k in (1, 2, 3, 4):
            told.tell(f"server_rack_a{k}", load_set_kw=96.0)
        told.run(30)
        assert told.state("ups_a") == "FAULT"
        told.tell("ups_a", resets=1)
        told.run(10)
        assert told.state("ups_a") == "CHARGING"

    def test_after_an_overload_it_leaves_the_bypass_when_the_load_has_been_calm(self, story):
        told = story()
        for k in (1, 2, 3, 4):
            told.tell(f"server_rack_a{k}", load_set_kw=144.0)
        told.run(40)
        assert told.state("ups_a") == "BYPASS"
        for k in (1, 2, 3, 4):
            told.tell(f"server_rack_a{k}", load_set_kw=96.0)
        told.run(20)
        assert told.when("ups_a", "state", "NORMAL") == pytest.approx(50.0, abs=0.05)

    def test_runtime_depends_on_the_load(self, story):
        told = story()
        full = told.number("ups_a", "runtime_s")
        told.tell("server_rack_a1", handle="off")
        told.tell("server_rack_a2", handle="off")
        told.run(1)
        assert full == 99
        # Half the load: 192.4 kW out + 0.6 x 500 (0.010 + 0.008 x 0.385 + 0.022 x 0.385^2) = 197.3 kW.
        assert told.number("ups_a", "runtime_s") == pytest.approx(10.96 / 197.3 * 3600, abs=1.5)

    def test_the_realistic_battery_lasts_600_s_at_its_rate(self, story, block):
        # In a room that holds enough heat: without cooling its racks would shut down long before.
        wide = [
            dataclasses.replace(d, ratings={**d.ratings, "cabinets": 1000.0}) if d.type == "server" else d
            for d in block
        ]
        told = story(wide, calibration="realistic", dt_s=10.0)
        told.tell("utility_a", fault="outage")
        told.tell("generator_a", handle="off")
        told.run(700)
        assert told.when("ups_a", "battery_empty") == pytest.approx(600, rel=0.002)

    def test_with_an_offset_it_still_gives_what_is_stated_at_its_rate(self, story, block):
        # 65.8 kWh at 394.7 kW in the realistic calibration: 600 s, whichever law says how it ends at other rates.
        other = {"ups": {"battery_offset_pu": 0.0905}, "server": {"cabinets": 1000.0}}
        devices = [dataclasses.replace(d, ratings={**d.ratings, **other.get(d.type, {})}) for d in block]
        told = story(devices, calibration="realistic", dt_s=10.0)
        told.tell("utility_a", fault="outage")
        told.tell("generator_a", handle="off")
        told.run(700)
        assert told.when("ups_a", "battery_empty") == pytest.approx(600, rel=0.002)

    def test_peukert_is_a_loss_of_its_own_beyond_the_rate(self):
        # Runtime at P is E / P x (Pref / P)^(k - 1): the battery drains P (P / Pref)^0.15.
        assert drain_kw(500, 394.7, 1.15, 0.0) == pytest.approx(500 * (500 / 394.7) ** 0.15)
        assert drain_kw(300, 394.7, 1.15, 0.0) == 300
        assert drain_kw(500, 394.7, 1.0, 0.0) == 500

    def test_its_charger_gives_way_to_the_input_limit(self, story):
        told = story()
        told.tell("generator_a", handle="off")
        told.tell("utility_a", fault="outage")
        told.run(30)
        told.tell("utility_a", fault="")
        for k in (1, 2, 3):
            told.tell(f"server_rack_a{k}", load_set_kw=150.0)
        told.run(10)
        # 546 kW of racks, 3.9 kW of cables (3 x 186 A through 8 milliohm, 676 A through 0.8); at x = 1.1 the curve
        # says 0.0454 x 500 = 22.7 kW: 572.6 kW, so 77.4 of 650 kW are left for the charger.
        assert told.number("ups_a", "battery_kw") == pytest.approx(-77.4, abs=0.3)

    def test_a_low_battery_alarm_comes_before_the_end(self, story):
        told = story()
        told.tell("generator_a", handle="off")
        told.tell("utility_a", fault="outage")
        told.run(85)
        assert told.number("ups_a", "soc_pct") < 20
        low = next(e for e in told.events if e.event == "low_battery")
        assert told.events[low.cause - 1].to == "ON_BATTERY"


class TestRacksAndCooling:
    def test_a_rack_draws_what_it_is_set_to_up_to_its_most(self, story):
        told = story()
        told.tell("server_rack_a1", load_set_kw=50.0)
        told.tell("server_rack_a2", load_set_kw=5000.0)
        told.step(0.0)
        assert told.number("server_rack_a1", "power_kw") == pytest.approx(50.0)
        assert told.number("server_rack_a2", "power_kw") == pytest.approx(200.0)

    def test_fewer_fans_draw_less_and_degrade_the_unit(self, story):
        told = story()
        told.tell("cooling_a", fans_running=30)
        told.step(0.0)
        assert told.state("cooling_a") == "DEGRADED"
        assert told.number("cooling_a", "power_kw") == pytest.approx(4 + 30 * 0.8)

    def test_fans_run_up_with_the_cube_of_their_speed(self, story):
        told = story(dt_s=0.1)
        told.tell("cooling_a", handle="off")
        told.run(1)
        assert told.number("cooling_a", "power_kw") == 0.0
        told.tell("cooling_a", handle="on")
        told.run(2.5)  # half speed: 44 / 8 = 5.5 kW of fans; the staircase is within one of its 16 steps
        assert 4 + 44 * (7 / 16) ** 3 < told.number("cooling_a", "power_kw") < 4 + 44 * (9 / 16) ** 3
        told.run(3)
        assert told.number("cooling_a", "power_kw") == pytest.approx(48.0)

    def test_meters_count_what_was_drawn(self, story):
        told = story()
        told.run(1800)
        told.tell("server_rack_a1", handle="off")
        told.run(1800)
        assert told.number("server_rack_a1", "energy_kwh") == pytest.approx(48.0)
        assert told.number("server_rack_a2", "energy_kwh") == pytest.approx(96.0)
        # 465.06 kW, then 363.4 kW.
        assert told.number("utility_a", "energy_kwh") == pytest.approx((465.06 + 363.4) / 2, rel=0.001)

    def test_power_use_is_left_out_while_a_battery_carries_load(self, story):
        told = story()
        told.tell("utility_a", fault="outage")
        told.step(0.0)
        assert "pue" not in balance(told.plan, told.world)


def test_a_site_of_one_utility_and_one_rack_runs(story):
    utility = Device("u", "utility", (), {"voltage_v": 480, "short_circuit_mva": 50})
    told = story([utility, Device("r", "server", ("u",), {"load_kw": 10, "load_kw_max": 10, "rated_a": 20})])
    told.run(10)
    assert told.state("r") == "NORMAL"
