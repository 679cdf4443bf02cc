"""The settled figures of the training facility, from the table and the paragraph worked by hand in its design."""

import pytest
from winter_river.engine import balance

WITHIN = 0.01  # the design's figures are rounded to three digits

DEFAULT_POINTS = [
    # node, field, figure
    ("utility_a", "power_kw", 465.06),
    ("utility_a", "current", 1.21),
    ("utility_a", "power_factor", 0.96),
    ("hv_mv_transformer_a", "load_pct", 4.6),
    ("mv_switchgear_a", "current", 7.75),
    ("mv_lv_transformer_a", "load_pct", 61.0),
    ("lv_switchgear_a", "current", 555.0),
    ("lv_switchgear_a", "voltage_out", 473.6),
    ("ups_a", "power_kw", 386.0),
    ("ups_a", "load_pct", 78.8),
    ("ups_a", "current", 474.0),
    ("server_rack_a1", "current", 118.4),
    ("server_rack_a1", "voltage_in", 477.6),
    ("server_rack_a1", "load_pct", 79.0),
    ("cooling_a", "current", 62.0),
    ("cooling_a", "power_kw", 48.0),
]


@pytest.mark.parametrize(("node_id", "field", "figure"), DEFAULT_POINTS)
def test_a_new_world_stands_at_the_designs_operating_point(story, node_id, field, figure):
    assert story().number(node_id, field) == pytest.approx(figure, rel=WITHIN)


def test_both_sides_start_the_same_to_the_bit(story):
    told = story()
    for node_id in told.plan.index:
        if node_id.endswith("_a"):
            assert told.view(node_id) == told.view(node_id[:-1] + "b")


def test_the_input_of_the_ups_is_494_a(story):
    told = story()
    kva = told.number("ups_a", "power_in_kw") / 0.99
    assert kva / (3**0.5 * told.number("lv_switchgear_a", "voltage_out") / 1000) == pytest.approx(494, rel=WITHIN)


def test_power_use_and_losses_are_those_worked_by_hand(story):
    told = story()
    site = balance(told.plan, told.world)
    # Two sides, each 384 kW of racks + 48 kW of cooling + 33.06 kW of losses = 465.06 kW; 465.06 / 384 = 1.211.
    assert site["it_kw"] == pytest.approx(768.0)
    assert site["cooling_kw"] == pytest.approx(96.0)
    assert site["loss_kw"] == pytest.approx(2 * 33.06, rel=WITHIN)
    assert site["source_kw"] == pytest.approx(2 * 465.06, rel=WITHIN)
    assert site["pue"] == pytest.approx(1.21, rel=WITHIN)
    assert (
        abs(site["balance_kw"]) < 1e-8 * site["source_kw"]
    )  # to which a load's power fits its voltage (engine/sweep.py)


def test_losing_one_rack_takes_125_a_off_the_bus(story):
    told = story()
    told.tell("server_rack_a1", handle="off")
    told.run(1)
    assert told.number("lv_switchgear_a", "current") == pytest.approx(430, rel=WITHIN)
    assert told.number("utility_a", "power_kw") == pytest.approx(363, rel=WITHIN)


def test_a_doubled_rack_trips_its_own_breaker_after_266_s_and_nothing_else(story):
    told = story()
    told.tell("server_rack_a1", load_set_kw=192.0)
    told.run(1)
    assert told.number("ups_a", "load_pct") == pytest.approx(98.6, rel=WITHIN)
    assert told.number("ups_a", "current") == pytest.approx(593, rel=WITHIN)
    told.until(400)
    # M = 237.8 / 172.5; 3 x 80 / (M^2 - 1) = 266 s.
    assert [(e.node_id, e.to) for e in told.events if e.event == "trip"] == [("server_rack_a1", "inverse_time")]
    assert told.when("server_rack_a1", "trip") == pytest.approx(266, rel=WITHIN)
    assert told.state("server_rack_a1") == "FAULT"
    assert told.state("server_rack_a2") == "NORMAL"


def test_all_racks_at_150_percent_end_on_bypass_then_trip_the_output_breaker(story):
    told = story()
    for k in (1, 2, 3, 4):
        told.tell(f"server_rack_a{k}", load_set_kw=144.0)
    told.run(1)
    assert told.number("ups_a", "load_pct") == pytest.approx(118.5, rel=WITHIN)
    assert told.number("ups_a", "current") == pytest.approx(712, rel=WITHIN)
    assert told.number("lv_switchgear_a", "current") == pytest.approx(813, rel=WITHIN)
    told.until(31)
    assert told.when("ups_a", "state", "BYPASS") == pytest.approx(30.0, abs=0.05)
    assert told.number("ups_a", "current") == pytest.approx(731, rel=WITHIN)
    told.until(200)
    assert told.when("ups_a", "trip") == pytest.approx(122, rel=WITHIN)
    assert {e.node_id for e in told.events if e.event == "trip"} == {"ups_a"}
    assert told.state("lv_switchgear_a") == "CLOSED"
    assert told.number("server_rack_a1", "voltage_in") == 0.0


def test_recharging_draws_681_a_and_74_percent_of_the_transformer(story):
    told = story()
    told.tell("utility_a", fault="outage")
    told.tell("generator_a", handle="off")
    told.until(60)
    told.tell("utility_a", fault="")
    told.until(70)
    assert told.state("ups_a") == "CHARGING"
    assert told.number("lv_switchgear_a", "current") == pytest.approx(681, rel=WITHIN)
    assert told.number("mv_lv_transformer_a", "load_pct") == pytest.approx(74, rel=WITHIN)


def test_the_chain_of_eight_carries_its_rack(story, chain):
    told = story(chain)
    assert told.number("srv_a", "power_kw") == pytest.approx(40.0)
    # Worked by hand: 40 kW at 0.98 and about 479 V is 49.2 A, so the cord loses 3 x 49.2^2 x 0.01 ohm = 73 W.
    assert told.number("srv_a", "loss_kw") == pytest.approx(0.0726, rel=0.02)
    # x = 40.07 / 80: 80 (0.010 + 0.008 x + 0.022 x^2) = 1.562 kW in the UPS.
    assert told.number("ups_a", "loss_kw") == pytest.approx(1.562, rel=WITHIN)
    assert told.state("sw_a") == "CLOSED"


def bolted_amps(plan, *path):
    """Bolted three-phase current behind the series impedances of these devices."""
    total = 0j
    for node_id in path:
        n = plan.nodes[plan.index[node_id]]
        total += sum(plan.buses[bus].z_1 for bus in {n.bus_in, n.bus_out})
    return plan.buses[plan.nodes[plan.index[path[-1]]].bus_out].amps / abs(total)


def test_bolted_currents_follow_from_the_impedances_the_plan_carries(story):
    plan = story().plan
    medium = ("utility_a", "hv_mv_transformer_a", "mv_switchgear_a")
    low = (*medium, "mv_lv_transformer_a", "lv_switchgear_a")
    assert bolted_amps(plan, *medium) == pytest.approx(1730, rel=WITHIN)
    assert bolted_amps(plan, *low) == pytest.approx(13_700, rel=WITHIN)
    # Through the bypass; the design says 10.3 kA, the cables of its own table add up to 9.96 kA.
    assert bolted_amps(plan, *low, "ups_a", "server_rack_a1") == pytest.approx(10_300, rel=0.04)
