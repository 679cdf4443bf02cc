"""The reference story, second by second: utility A lost at 0, back at 120 (training calibration)."""

import pytest

TENTH = 0.05  # where the design states tenths


@pytest.fixture
def told(story):
    told = story()
    told.tell("utility_a", fault="outage")
    return told


def test_the_first_instant_leaves_the_bus_dead_and_the_racks_on_battery(told):
    told.step(0.0)
    assert told.number("lv_switchgear_a", "voltage_out") == 0.0
    assert told.state("lv_switchgear_a") == "NO_INPUT"
    assert told.state("cooling_a") == "OFF"
    assert told.state("ups_a") == "ON_BATTERY"
    assert told.number("ups_a", "battery_kw") == pytest.approx(394.7, rel=0.001)
    for k in (1, 2, 3, 4):
        assert told.state(f"server_rack_a{k}") == "DEGRADED"
        assert told.number(f"server_rack_a{k}", "voltage_in") == pytest.approx(477.6, rel=0.001)


def test_the_story_up_to_the_full_battery(told):
    told.until(9.9)
    assert told.when("generator_a", "state", "STARTING") == pytest.approx(1.0, abs=TENTH)
    assert told.when("generator_a", "state", "RUNNING") == pytest.approx(9.7, abs=TENTH)
    assert told.when("lv_switchgear_a", "transfer", "open") == pytest.approx(9.7, abs=TENTH)
    assert told.number("lv_switchgear_a", "voltage_out") == 0.0
    told.until(14.9)
    assert told.when("lv_switchgear_a", "state", "GENERATOR") == pytest.approx(10.0, abs=TENTH)
    assert told.state("cooling_a") == "DEGRADED"
    assert told.state("ups_a") == "ON_BATTERY"
    told.until(15.0)
    assert told.when("ups_a", "state", "CHARGING") == pytest.approx(15.0, abs=TENTH)
    # 11 s at 394.7 kW and 4 s of a falling ramp: 1.425 kWh of 10.96.
    assert told.number("ups_a", "battery_kwh") == pytest.approx(10.96 - 1.425, abs=0.002)
    assert told.number("ups_a", "soc_pct") == pytest.approx(87.0, abs=0.05)
    assert told.number("ups_a", "battery_kw") == pytest.approx(-50.0)
    assert told.number("generator_a", "power_kw") == pytest.approx(500, rel=0.01)
    assert [told.state(f"server_rack_a{k}") for k in (1, 2, 3, 4)] == ["NORMAL"] * 4
    assert told.when("cooling_a", "state", "NORMAL") == pytest.approx(15.0, abs=TENTH)
    told.until(135)
    assert told.when("ups_a", "state", "NORMAL") == pytest.approx(129.0, abs=TENTH)
    assert told.number("ups_a", "soc_pct") == 100.0
    assert told.number("generator_a", "power_kw") == pytest.approx(450, rel=0.01)


def test_the_way_back_to_the_utility(told):
    told.until(120)
    told.tell("utility_a", fault="")
    told.until(155.5)
    assert told.when("lv_switchgear_a", "transfer", "open", after_s=100) == pytest.approx(150.0, abs=TENTH)
    assert told.when("lv_switchgear_a", "transfer", "first") == pytest.approx(150.5, abs=TENTH)
    assert told.when("lv_switchgear_a", "state", "CLOSED") == pytest.approx(150.5, abs=TENTH)
    assert told.when("ups_a", "state", "CHARGING", after_s=100) == pytest.approx(155.5, abs=TENTH)
    # 1.5 s at 394.7 kW and 4 s of a falling ramp: 0.384 kWh.
    assert told.number("ups_a", "battery_kwh") == pytest.approx(10.96 - 0.384, abs=0.001)
    assert told.number("ups_a", "soc_pct") == pytest.approx(96.5, abs=0.05)
    told.until(171)
    # 0.384 kWh at 90 kW into storage last 15.35 s.
    assert told.when("ups_a", "state", "NORMAL", after_s=150) == pytest.approx(170.85, abs=TENTH)
    assert told.number("ups_a", "battery_kw") == 0.0
    told.until(215)
    assert told.when("generator_a", "state", "STANDBY") == pytest.approx(210.0, abs=TENTH)
    burnt_gal = 800 * (100 - told.number("generator_a", "fuel_pct")) / 100
    assert burnt_gal == pytest.approx(1.4, abs=0.05)


def test_every_event_of_the_loss_names_the_event_that_led_to_it(told):
    told.until(15)
    by_id = {e.id: e for e in told.events}

    def chain(node_id, event, to):
        """(node, event) from this one back to the first cause."""
        e = next(e for e in told.events if (e.node_id, e.event, e.to) == (node_id, event, to))
        links = [(e.node_id, e.event)]
        while e.cause:
            e = by_id[e.cause]
            links.append((e.node_id, e.event))
        return links

    source = [("utility_a", "state"), ("utility_a", "fault")]
    assert chain("mv_lv_transformer_a", "state", "NO_INPUT") == [("mv_lv_transformer_a", "state"), *source]
    assert chain("server_rack_a3", "state", "DEGRADED") == [("server_rack_a3", "state"), ("ups_a", "state"), *source]
    start = [("generator_a", "state"), ("generator_a", "crank"), *source]
    assert chain("generator_a", "state", "RUNNING") == [("generator_a", "state"), *start]
    moved = [("lv_switchgear_a", "transfer"), ("lv_switchgear_a", "transfer"), ("generator_a", "state"), *start]
    assert chain("lv_switchgear_a", "state", "GENERATOR") == [("lv_switchgear_a", "state"), *moved]
    assert chain("ups_a", "state", "CHARGING") == [("ups_a", "state"), ("lv_switchgear_a", "state"), *moved]


def test_an_outage_during_the_cool_down_finds_the_generator_running(told):
    told.until(120)
    told.tell("utility_a", fault="")
    told.until(180)
    assert told.state("generator_a") == "COOLDOWN"
    told.tell("utility_a", fault="outage")
    told.until(185)
    # Lost for 1 s at 181: no crank, and the dead gap of 0.3 s.
    assert told.when("generator_a", "state", "RUNNING", after_s=170) == pytest.approx(181.0, abs=TENTH)
    assert told.when("lv_switchgear_a", "state", "GENERATOR", after_s=170) == pytest.approx(181.3, abs=TENTH)


def test_a_relapse_starts_the_retransfer_timer_again(told):
    told.until(120)
    told.tell("utility_a", fault="")
    told.until(140)
    told.tell("utility_a", fault="outage")
    told.until(145)
    told.tell("utility_a", fault="")
    told.until(180)
    assert told.when("lv_switchgear_a", "transfer", "first") == pytest.approx(175.5, abs=TENTH)


def test_the_quick_calibration_tells_the_same_story_ten_times_shorter(story):
    told = story(calibration="quick", dt_s=0.1)
    told.tell("utility_a", fault="outage")
    told.until(12)
    told.tell("utility_a", fault="")
    told.until(25)
    words = [(e.node_id, e.event, e.to) for e in told.events if e.node_id in ("generator_a", "lv_switchgear_a")]
    assert words == [
        ("lv_switchgear_a", "state", "NO_INPUT"),
        ("generator_a", "crank", "1"),
        ("generator_a", "state", "STARTING"),
        ("generator_a", "state", "RUNNING"),
        ("lv_switchgear_a", "transfer", "open"),
        ("lv_switchgear_a", "transfer", "second"),
        ("lv_switchgear_a", "state", "GENERATOR"),
        ("lv_switchgear_a", "transfer", "open"),
        ("generator_a", "state", "COOLDOWN"),
        ("lv_switchgear_a", "state", "NO_INPUT"),
        ("lv_switchgear_a", "transfer", "first"),
        ("lv_switchgear_a", "state", "CLOSED"),
        ("generator_a", "state", "STANDBY"),
    ]
    # 0.1 s to notice, 0.6 s to start, 0.3 s of gap; back after 3 s; the gaps are never shortened.
    assert told.when("lv_switchgear_a", "state", "GENERATOR") == pytest.approx(1.0, abs=0.01)
    assert told.when("lv_switchgear_a", "state", "CLOSED") == pytest.approx(15.5, abs=0.01)
