"""What is dead, who takes what with it, and what heals by itself."""

import random

import pytest
from winter_river.engine import Device

BREAKERS = ["mv_switchgear_a", "lv_switchgear_a"]
DOWN_A = ["mv_switchgear_a", "mv_lv_transformer_a", "lv_switchgear_a"]


@pytest.mark.parametrize("phase", range(20))
def test_a_breaker_opened_at_any_phase_of_a_tick_stays_open_until_it_is_closed(story, phase):
    rng = random.Random(phase)
    told = story()
    node_id = rng.choice(BREAKERS)
    told.run(rng.uniform(0, 3))
    told.tell(node_id, handle="open")
    told.run(rng.uniform(0, 40))
    assert told.state(node_id) == "OPEN", f"seed {phase}"
    assert told.number(node_id, "voltage_out") == 0.0
    told.tell(node_id, handle="closed")
    told.run(2)
    assert told.state(node_id) == "CLOSED", f"seed {phase}"


def test_opening_a_two_source_switchgear_locks_the_transfer_out(story):
    told = story()
    told.tell("lv_switchgear_a", handle="open")
    told.run(200)
    assert told.state("lv_switchgear_a") == "OPEN"
    # The source at its line side never failed, so nothing asks for the generator.
    assert told.state("generator_a") == "STANDBY"
    assert told.number("lv_switchgear_a", "voltage_in") > 470


def test_with_the_switchgear_open_a_lost_utility_still_starts_the_generator(story):
    told = story()
    told.tell("lv_switchgear_a", handle="open")
    told.tell("utility_a", fault="outage")
    told.run(15)
    assert told.state("generator_a") == "RUNNING"
    assert told.number("lv_switchgear_a", "voltage_out") == 0.0
    told.tell("lv_switchgear_a", handle="closed")
    told.run(1)
    assert told.state("lv_switchgear_a") == "GENERATOR"


def test_a_faulted_transformer_gives_0_v_and_what_is_behind_it_has_no_input(story):
    told = story()
    told.tell("mv_lv_transformer_a", fault="fault")
    told.step(0.0)
    assert told.state("mv_lv_transformer_a") == "FAULT"
    assert told.number("mv_lv_transformer_a", "voltage_out") == 0.0
    assert told.number("mv_lv_transformer_a", "voltage_in") > 34_000
    assert told.state("lv_switchgear_a") == "NO_INPUT"
    assert told.number("lv_switchgear_a", "voltage_out") == 0.0
    told.run(20)
    assert told.state("lv_switchgear_a") == "GENERATOR"
    assert told.state("mv_lv_transformer_a") == "FAULT"


@pytest.mark.parametrize("node_id", ["server_rack_a2", "cooling_b"])
def test_a_faulted_load_takes_only_itself(story, node_id):
    told = story()
    before = {n: told.state(n) for n in told.plan.index}
    told.tell(node_id, fault="fault")
    told.run(60)  # less than it takes a hall without cooling to grow warm
    assert told.state(node_id) == "FAULT"
    assert told.number(node_id, "power_kw") == 0.0
    assert {n: told.state(n) for n in told.plan.index if n != node_id} == {
        n: word for n, word in before.items() if n != node_id
    }
    told.tell(node_id, fault="")
    told.run(10)
    assert told.state(node_id) == "NORMAL"


def test_no_input_heals_by_itself(story):
    told = story()
    told.tell("utility_a", handle="off")
    told.tell("generator_a", handle="off")
    told.run(2)
    assert [told.state(n) for n in DOWN_A] == ["NO_INPUT"] * 3
    told.tell("utility_a", handle="on")
    told.run(2)
    assert [told.state(n) for n in DOWN_A] == ["CLOSED", "NORMAL", "CLOSED"]


@pytest.mark.parametrize("node_id", ["hv_mv_transformer_a", "mv_switchgear_a", "lv_switchgear_a", "utility_a"])
def test_an_absent_device_carries_nothing(story, node_id):
    told = story()
    told.tell(node_id, present=False)
    told.step(0.0)
    assert told.number(node_id, "voltage_out") == 0.0
    assert told.number(node_id, "current") == 0.0
    assert told.state("ups_a") == "ON_BATTERY"
    assert told.state("ups_b") == "NORMAL"
    told.tell(node_id, present=True)
    told.run(60)
    assert told.state("ups_a") in ("NORMAL", "CHARGING")


def test_an_absent_ups_takes_its_racks_with_it(story):
    told = story()
    told.tell("ups_a", present=False)
    told.run(1)
    for k in (1, 2, 3, 4):
        assert told.state(f"server_rack_a{k}") == "FAULT"
        assert told.number(f"server_rack_a{k}", "voltage_in") == 0.0
        cause = next(e.cause for e in told.events if e.node_id == f"server_rack_a{k}")
        assert told.events[cause - 1].node_id == "ups_a"


def test_a_sag_on_the_grid_reaches_the_loads_as_a_sag(story):
    told = story()
    told.tell("utility_a", fault="sag=0.3")
    told.step(0.0)
    assert told.state("utility_a") == "SAG"
    assert told.number("utility_a", "voltage_out") == pytest.approx(0.7 * 230_000, rel=0.001)
    assert 0.6 < told.number("lv_switchgear_a", "voltage_out") / 480 < 0.7
    assert told.state("ups_a") == "ON_BATTERY"
    told.run(12)
    # 70 % at the line side is a lost source: the generator takes over.
    assert told.state("lv_switchgear_a") == "GENERATOR"


def test_a_swell_degrades_what_has_no_ups_in_front(story):
    told = story()
    told.tell("utility_a", fault="swell=0.14")
    told.run(1)
    assert told.state("utility_a") == "SWELL"
    assert told.state("cooling_a") == "DEGRADED"  # above 110 %
    assert told.state("server_rack_a1") == "NORMAL"
    told.tell("utility_a", fault="")
    told.run(1)
    assert told.state("cooling_a") == "NORMAL"


def test_a_load_on_a_deep_sag_drops_out_instead_of_collapsing_the_network(story):
    utility = {"voltage_v": 480, "short_circuit_mva": 2}
    rack = {"load_kw": 200, "load_kw_max": 5000, "rated_a": 300}
    told = story([Device("u", "utility", (), utility), Device("r", "server", ("u",), rack)])
    told.run(1)
    told.tell("r", load_set_kw=4000.0)  # twice what this grid can carry at all
    told.run(10)
    assert told.state("r") == "FAULT"
    told.tell("r", load_set_kw=200.0)
    told.run(3)
    assert told.state("r") == "NORMAL"


class TestDualCords:
    def test_a_rack_with_two_cords_takes_half_from_each_side(self, story, dual_cord):
        told = story(dual_cord)
        assert told.number("ups_a", "power_kw") == pytest.approx(told.number("ups_b", "power_kw"))
        assert told.number("rack_1", "power_kw") == pytest.approx(96.0)
        # Half the racks' 384 kW through each UPS.
        assert told.number("ups_a", "power_kw") == pytest.approx(192.2, rel=0.002)

    def test_losing_one_ups_moves_everything_to_the_other_at_once(self, story, dual_cord):
        told = story(dual_cord)
        told.tell("ups_a", handle="off")
        told.step(0.0)
        assert told.state("rack_1") == "DEGRADED"
        assert told.number("rack_1", "power_kw") == pytest.approx(96.0)
        assert told.number("ups_b", "load_pct") == pytest.approx(78.8, rel=0.01)
        told.tell("ups_a", handle="online")
        told.run(10)
        assert told.state("rack_1") == "NORMAL"

    def test_losing_both_darkens_it(self, story, dual_cord):
        told = story(dual_cord)
        told.tell("ups_a", handle="off")
        told.tell("ups_b", fault="fault")
        told.step(0.0)
        assert told.state("rack_1") == "DEGRADED"  # its supplies hold up for 20 ms
        told.step(0.02)
        assert told.state("rack_1") == "FAULT"
        assert told.number("rack_1", "voltage_in") == 0.0

    def test_a_tripped_cord_leaves_the_rack_on_the_other(self, story, dual_cord):
        told = story(dual_cord)
        told.tell("ups_b", handle="off")
        told.tell("rack_1", load_set_kw=192.0)
        told.run(280)
        assert told.when("rack_1", "trip") == pytest.approx(266, rel=0.01)
        told.tell("ups_b", handle="online")
        told.run(10)
        assert told.state("rack_1") == "DEGRADED"
        assert told.number("rack_1", "power_kw") == pytest.approx(192.0)
