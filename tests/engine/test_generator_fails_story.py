"""The second story: utility A lost at 0, its generator will not start, utility back at 300."""

import pytest

TENTH = 0.05


@pytest.fixture
def told(story):
    told = story()
    told.tell("utility_a", fault="outage")
    told.tell("generator_a", fault="fail_to_start")
    return told


def test_three_cranks_then_overcrank(told):
    told.until(120)
    cranks = [(e.t_s, e.to) for e in told.events if e.event == "crank"]
    assert cranks == [(1.0, "1"), (31.0, "2"), (61.0, "3")]
    assert told.when("generator_a", "overcrank") == pytest.approx(76.0, abs=TENTH)
    assert told.when("generator_a", "state", "FAULT") == pytest.approx(76.0, abs=TENTH)
    assert told.view("generator_a")["tripped"] is True


def test_the_battery_is_low_at_80_s_and_empty_at_100_s(told):
    told.until(120)
    assert told.when("ups_a", "low_battery") == pytest.approx(80.0, abs=TENTH)
    assert told.when("ups_a", "battery_empty") == pytest.approx(100.0, abs=TENTH)
    assert told.state("ups_a") == "FAULT"
    assert told.number("ups_a", "battery_kwh") == 0.0
    for k in (1, 2, 3, 4):
        assert told.state(f"server_rack_a{k}") == "FAULT"
        assert told.number(f"server_rack_a{k}", "voltage_in") == 0.0
        assert told.number(f"server_rack_a{k}", "power_kw") == 0.0
        assert told.state(f"server_rack_b{k}") == "NORMAL"
    empty = next(e for e in told.events if e.event == "battery_empty")
    fault = next(e for e in told.events if e.node_id == "ups_a" and e.to == "FAULT")
    assert fault.cause == empty.id


def test_the_site_comes_back_by_itself_when_the_utility_does(told):
    told.until(300)
    told.tell("utility_a", fault="")
    told.until(760)
    assert told.when("lv_switchgear_a", "transfer", "first") == pytest.approx(301.0, abs=TENTH)
    assert told.when("ups_a", "state", "CHARGING") == pytest.approx(306.0, abs=TENTH)
    for k in (1, 2, 3, 4):
        assert told.when(f"server_rack_a{k}", "state", "NORMAL") == pytest.approx(305.0 + k, abs=TENTH)
    # 10.96 kWh at 90 kW into storage last 438.4 s.
    assert told.when("ups_a", "state", "NORMAL") == pytest.approx(744.4, abs=TENTH)
    assert told.state("generator_a") == "FAULT"  # an overcrank waits for a reset


def test_a_reset_generator_starts_again(told):
    told.until(90)
    told.tell("generator_a", fault="")
    told.until(95)
    assert told.state("generator_a") == "FAULT"
    told.tell("generator_a", resets=1)
    told.until(110)
    assert told.when("generator_a", "state", "RUNNING") == pytest.approx(95 + 8.7, abs=TENTH)
    # The main had opened on the overcrank, so the generator's closes as soon as it runs.
    assert told.when("lv_switchgear_a", "state", "GENERATOR") == pytest.approx(95 + 8.7, abs=TENTH)
