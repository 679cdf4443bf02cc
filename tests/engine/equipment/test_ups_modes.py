"""Eco mode, maintenance bypass and cold start of a UPS: what they carry, what they lose, what they refuse."""

import pytest
from winter_river.engine import explain

# Of the training facility: 500 kW, so eco mode loses 2 kW and 0.8 % of what it passes on; data sheets say 98 to 99 %.
ECO_FIXED_KW, ECO_SHARE = 2.0, 0.008
# The cable to it and the busway behind it, 0.8 mohm each: 3 x 0.0008 ohm x (492 A)^2 and (474 A)^2.
CABLES_KW = 3 * 0.8e-6 * (492**2 + 474**2)


def eco(story, **options):
    told = story(**options)
    told.tell("ups_a", handle="eco")
    told.run(30)
    return told


def test_eco_mode_passes_the_grid_on_with_a_hundredth_lost(story):
    told = eco(story)
    assert told.state("ups_a") == "ECO"
    out_kw, loss_kw = told.number("ups_a", "power_kw"), told.number("ups_a", "loss_kw")
    assert loss_kw == pytest.approx(ECO_FIXED_KW + ECO_SHARE * out_kw + CABLES_KW, abs=0.05)
    assert 0.98 < out_kw / (out_kw + loss_kw) < 0.99
    assert loss_kw < told.number("ups_b", "loss_kw") / 2  # the other one converts twice
    assert told.state("server_rack_a1") == "NORMAL"


def test_what_eco_mode_loses_follows_the_load_at_once(story):
    told = eco(story)
    for k in (1, 2, 3, 4):
        told.tell(f"server_rack_a{k}", load_set_kw=48.0)
    told.run(0)
    passed_kw = told.number("ups_a", "power_kw") + 3 * 0.8e-6 * told.number("ups_a", "current") ** 2
    through_kw = told.world.upses[0].loss_kw
    assert through_kw == pytest.approx(ECO_FIXED_KW + ECO_SHARE * passed_kw, abs=1e-4)


@pytest.mark.parametrize(("handle", "lost_kw"), [("bypass", 3.0), ("service", 0.0)])
def test_what_goes_past_the_inverter_loses_by_the_new_handle_at_once(story, handle, lost_kw):
    """bypass_loss_kw of the training facility is 3; in its maintenance bypass a UPS is taken out."""
    told = eco(story)
    told.tell("ups_a", handle=handle)
    told.run(0)
    assert told.world.upses[0].loss_kw == lost_kw


def test_eco_mode_takes_over_at_once_where_the_grid_goes_and_comes_back_by_itself(story):
    told = eco(story)
    told.tell("utility_a", fault="outage")
    told.run(0)
    assert told.state("ups_a") == "ON_BATTERY"
    assert told.number("server_rack_a1", "voltage_in") > 470  # no gap that ITIC would know of
    told.run(20)
    told.tell("utility_a", fault="")
    told.run(120)
    assert told.state("lv_switchgear_a") == "CLOSED"
    assert told.state("ups_a") == "ECO"
    assert told.state("server_rack_a1") == "NORMAL"
    assert not [event for event in told.events if event.node_id == "server_rack_a1" and event.to == "FAULT"]


def test_back_in_eco_mode_it_walks_its_load_in_first_so_that_no_set_stalls_on_it(story):
    told = eco(story, dt_s=0.1)
    told.tell("utility_a", fault="outage")
    most_kw, before_kw = 0.0, 0.0
    for _ in range(400):
        told.step(0.1)
        most_kw = max(most_kw, told.number("generator_a", "power_kw") - before_kw)
        before_kw = told.number("generator_a", "power_kw")
    assert told.state("generator_a") == "RUNNING"
    assert told.state("ups_a") == "ECO"
    assert most_kw < 60.0  # a tenth of the set: fans, a piece of the walk-in, the charger; its load is 390 kW
    assert not [event for event in told.events if event.event == "stall"]


def test_eco_mode_charges_the_battery_that_it_has_used(story):
    told = eco(story)
    told.tell("utility_a", fault="outage")
    told.run(8)
    used_pct = told.number("ups_a", "soc_pct")
    assert used_pct < 99.0
    told.tell("utility_a", fault="")
    told.run(300)
    assert told.state("ups_a") == "ECO"
    assert told.number("ups_a", "soc_pct") == pytest.approx(100.0, abs=0.1)


def test_without_a_healthy_bypass_eco_mode_converts_twice(story):
    told = eco(story)
    told.tell("ups_a", handle="eco", fault="bypass_lost")
    told.run(30)
    assert told.state("ups_a") in ("NORMAL", "CHARGING")
    assert told.number("ups_a", "loss_kw") == pytest.approx(told.number("ups_b", "loss_kw"), rel=0.01)


def test_the_maintenance_bypass_carries_the_load_past_a_ups_that_has_failed(story):
    told = story()
    told.tell("ups_a", handle="service")
    told.run(5)
    told.tell("ups_a", handle="service", fault="fault")
    told.run(5)
    assert told.state("ups_a") == "BYPASS"
    assert told.number("ups_a", "loss_kw") == pytest.approx(CABLES_KW, abs=0.05)  # nothing in it is at work
    assert told.state("server_rack_a1") == "NORMAL"
    told.tell("utility_a", fault="outage")
    told.run(2)
    assert told.number("server_rack_a1", "voltage_in") == 0  # and no battery stands behind it


def test_back_from_maintenance_the_ups_carries_again(story):
    told = story()
    told.tell("ups_a", handle="service")
    told.run(60)
    told.tell("ups_a", handle="online")
    told.run(60)
    assert told.state("ups_a") in ("NORMAL", "CHARGING")
    assert told.number("ups_a", "loss_kw") == pytest.approx(told.number("ups_b", "loss_kw"), rel=0.01)


@pytest.mark.parametrize(("on_battery_s", "starts"), [(50, True), (90, False)])
def test_a_ups_starts_from_its_battery_alone_only_above_a_fifth(story, on_battery_s, starts):
    """The training battery lasts 100 s at this load: half of it is left after 50 s, a tenth after 90."""
    told = story()
    told.tell("generator_a", fault="fail_to_start")
    told.tell("utility_a", fault="outage")
    told.run(on_battery_s)
    told.tell("ups_a", handle="off")
    told.run(1)
    assert told.number("server_rack_a1", "voltage_in") == 0
    told.tell("ups_a", handle="online")
    told.run(1)
    assert told.state("ups_a") == ("ON_BATTERY" if starts else "FAULT")
    assert (told.number("server_rack_a1", "voltage_in") > 470) is starts
    refusals = [e for e in told.events if e.event == "no_cold_start"]
    if starts:
        assert not refusals
    else:  # told once, with what is there and what it takes; the fault names it, and it names who asked
        (refusal,) = refusals
        assert (refusal.node_id, refusal.from_, refusal.to) == ("ups_a", "9.9 %", "20 %")
        chain = explain.chain({e.id: e for e in told.events}, told.events[-1])
        assert [(e.event, e.to) for e in chain] == [("state", "FAULT"), ("no_cold_start", "20 %"), ("handle", "online")]
    told.tell("utility_a", fault="")
    told.run(120)
    assert [e for e in told.events if e.event == "no_cold_start"] == refusals
    assert told.state("server_rack_a1") == "NORMAL"  # with its input back it starts all the same
