"""Heat in the step: halls, transformers and the weather, in whole stories."""

import psychrolib
import pytest
from winter_river.engine import balance
from winter_river.engine.heat import set_weather

psychrolib.SetUnitSystem(psychrolib.SI)
RACKS = [f"server_rack_a{k}" for k in (1, 2, 3, 4)]


def at_five_kilowatts(told):
    for rack in RACKS:
        told.tell(rack, load_set_kw=80.0)  # 16 cabinets
    told.run(60)


def test_five_kilowatts_a_cabinet_shut_down_three_minutes_after_the_cooling(story):
    told = story()
    at_five_kilowatts(told)
    told.tell("cooling_a", fault="fault")
    told.run(600)
    assert told.when("server_rack_a1", "state", "FAULT") - 60.0 == pytest.approx(189.0, rel=0.05)
    assert told.when("cooling_a", "too_hot") == told.when("server_rack_a1", "state", "FAULT")


def test_ten_kilowatts_a_cabinet_shut_down_within_a_minute(story):
    told = story()
    told.tell("ups_a", handle="bypass")
    for rack in RACKS:
        told.tell(rack, load_set_kw=160.0)
    told.run(5)
    told.tell("cooling_a", fault="fault")
    told.run(60)
    assert told.when("server_rack_a1", "state", "FAULT") < 65.0


def test_racks_come_back_in_turn_once_air_moves_again(story):
    told = story()
    told.tell("cooling_a", fault="fault")
    told.run(300)
    told.tell("cooling_a", fault="")
    told.run(60)
    assert [told.state(rack) for rack in RACKS] == ["NORMAL"] * 4
    first = told.when("server_rack_a1", "state", "NORMAL")
    assert told.when("server_rack_a4", "state", "NORMAL") == pytest.approx(first + 3.0)


def test_a_hall_that_cooled_down_by_itself_stays_shut_down_until_air_moves(story):
    told = story(dt_s=10.0)
    told.tell("cooling_a", fault="fault")
    told.run(1800)
    assert told.number("server_rack_a1", "inlet_c") < 35.0
    told.tell("server_rack_a1", load_set_kw=50.0)
    told.run(60)
    assert [told.state(rack) for rack in RACKS] == ["FAULT"] * 4


def test_the_shutdown_names_the_cooling_as_its_cause(story):
    told = story()
    told.tell("cooling_a", fault="fault")
    told.run(200)
    by_id = {event.id: event for event in told.events}
    died = next(e for e in told.events if e.node_id == "server_rack_a1" and e.to == "FAULT")
    chain = []
    while died.cause:
        died = by_id[died.cause]
        chain.append((died.node_id, died.event))
    assert chain == [("cooling_a", "too_hot"), ("cooling_a", "state"), ("cooling_a", "fault")]


def test_side_b_stays_cool(story):
    told = story()
    told.tell("cooling_a", fault="fault")
    told.run(600)
    assert told.number("server_rack_b1", "inlet_c") == pytest.approx(told.number("cooling_b", "supply_c"))
    assert told.state("server_rack_b1") == "NORMAL"


def test_the_hall_says_how_it_is_cooled(story):
    told = story()
    assert balance(told.plan, told.world)["air_mode"] == "NORMAL"
    told.tell("cooling_a", fault="fans_lost=0.50")
    told.run(5)
    assert balance(told.plan, told.world)["air_mode"] == "UNDERPRESSURED"
    told.tell("cooling_a", fault="fault")
    told.run(60)
    assert balance(told.plan, told.world)["air_mode"] == "OVERHEATING"
    told.run(300)
    assert balance(told.plan, told.world)["air_mode"] == "FAULT"


def test_the_site_counts_the_fans_that_turn(story):
    told = story()

    def fans():
        told.run(1)
        return balance(told.plan, told.world)["fans_running"]

    assert fans() == 110  # two units of 55
    told.tell("cooling_a", fans_running=40)
    assert fans() == 95
    told.tell("cooling_a", fault="fans_lost=0.50")
    assert fans() == 75  # half of the 40 are lost
    told.tell("cooling_a", fans_running=40, fault="fault")
    assert fans() == 55  # a unit in a fault stands still
    told.tell("cooling_a", fault="", handle="off")
    assert fans() == 55
    told.tell("cooling_b", handle="off")
    assert fans() == 0
    told.tell("cooling_a", handle="on")
    assert fans() == 40


@pytest.mark.parametrize(("fahrenheit", "rh_pct"), [(95, 50), (41, 45), (59, 60), (109.4, 20), (33.8, 89), (91.4, 79)])
def test_the_supply_follows_the_weather(story, fahrenheit, rh_pct):
    told = story()
    outdoor = (fahrenheit - 32) / 1.8
    set_weather(told.world, outdoor, rh_pct / 100)
    told.tell("cooling_a")
    told.run(600)
    supply = told.number("cooling_a", "supply_c")
    assert told.number("server_rack_a1", "inlet_c") == pytest.approx(supply, abs=0.01)
    assert 18.0 <= supply <= max(18.0, outdoor)
    if supply > 18.0 and supply < outdoor - 0.5:
        bulb = psychrolib.GetTWetBulbFromRelHum(outdoor, rh_pct / 100, 101325)
        assert psychrolib.GetTWetBulbFromRelHum(supply, 0.8, 101325) == pytest.approx(bulb, abs=0.05)


def test_a_medium_that_dries_out_warms_the_hall(story):
    told = story()
    told.tell("cooling_a", fault="water_lost=1.00~300")
    told.run(1200)
    assert told.number("cooling_a", "supply_c") == pytest.approx(35.0)
    assert told.number("server_rack_a1", "inlet_c") == pytest.approx(35.0, abs=0.05)


def test_a_transformer_stands_where_iec_60076_7_says(story):
    told = story()
    # 456 of 750 kVA in 35 C: 35 + 55 ((1 + 5 x 0.61^2) / 6)^0.8 + 23 x 0.61^1.6 = 35 + 30.4 + 10.4.
    assert told.number("mv_lv_transformer_a", "oil_c") == pytest.approx(65.4, abs=0.5)
    assert told.number("mv_lv_transformer_a", "hot_spot_c") == pytest.approx(75.8, abs=0.7)


def test_its_oil_follows_a_step_of_load_with_its_own_lag(story):
    told = story(dt_s=600.0)
    start = told.number("mv_lv_transformer_a", "oil_c")
    told.tell("utility_a", fault="outage")
    told.run(180 * 60)
    # Dead: to the air outside at 35 C, after one lag of 180 min all but 1/e.
    assert told.number("mv_lv_transformer_a", "oil_c") == pytest.approx(35.0 + (start - 35.0) / 2.71828, abs=0.1)


def test_blocked_radiators_warn_before_they_break(story):
    told = story(dt_s=600.0)
    told.tell("mv_lv_transformer_a", fault="cooling_lost=1.00")
    for rack in RACKS:
        told.tell(rack, load_set_kw=118.0)
    told.run(20 * 3600)
    assert told.state("mv_lv_transformer_a") == "WARNING"
    warned = told.when("mv_lv_transformer_a", "state", "WARNING")
    assert 600.0 < warned < 20 * 3600.0
    told.tell("mv_lv_transformer_a", fault="")
    told.run(20 * 3600)
    assert told.state("mv_lv_transformer_a") == "NORMAL"


def test_a_hot_hall_is_the_same_with_shorter_steps(story):
    def when(dt_s):
        told = story(dt_s=dt_s)
        told.tell("cooling_a", fault="fault@2.3")
        told.tell("mv_lv_transformer_a", fault="cooling_lost=1.00~500")
        told.run(700)
        told.tell("cooling_a", fault="")
        told.run(200)
        return [(event.t_s, event.node_id, event.event, event.to) for event in told.events]

    assert when(1.0) == when(0.5) == when(100.0)


def test_a_sag_warms_a_transformer_by_the_current_that_its_loads_then_draw(story):
    told = story(dt_s=3600.0)
    warm_c = told.number("mv_lv_transformer_a", "oil_c")
    told.tell("utility_a", fault="sag=0.05")
    told.run(30 * 3600)
    # IEC 60076-7 by hand: K is the current in rated ones (750 kVA at 480 V: 902.1 A), R = 5.5 / 1.1 kW, 55 K, x = 0.8;
    # the air outside has 35 degrees C.
    k_pu = told.number("mv_lv_transformer_a", "current") / 902.1
    oil_c = 35.0 + 55.0 * ((1.0 + 5.0 * k_pu**2) / 6.0) ** 0.8
    assert told.number("mv_lv_transformer_a", "oil_c") == pytest.approx(oil_c, abs=0.1)  # magnetising current beside it
    assert oil_c > warm_c + 1.0
