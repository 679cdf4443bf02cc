"""A transfer switch with `transition: closed`: no gap where both sources are in step, a plain one where they are not."""

import dataclasses

import pytest
from winter_river.engine import Device, build_plan, laws
from winter_river.engine.equipment.switchgear import BOTH

UTILITY = {"voltage_v": 480, "short_circuit_mva": 50}


def site(*, transition=1, second=None, **generator):
    """A utility and a set (or another utility), a transfer switch, racks straight on it: they feel every gap."""
    rated = {"power_kw": 300, "power_kva": 375, "voltage_v": 480, **generator}
    return [
        Device("one", "utility", (), UTILITY),
        second or Device("two", "generator", (), rated),
        Device("ats", "switchgear", ("one", "two"), {"rated_a": 600, "transition": transition}),
        Device("rack", "server", ("ats",), {"load_kw": 60, "load_kw_max": 100, "rated_a": 200}),
    ]


def moves(told):
    return [(e.from_, e.to) for e in told.events if e.event == "transfer"]


def on_generator(told):
    told.tell("one", fault="outage")
    told.run(60)
    assert moves(told) == [("first", "open"), ("open", "second")]  # a dead source leaves nothing to overlap with


def test_it_goes_back_without_a_gap(story):
    told = story(site())
    on_generator(told)
    told.tell("one", fault="")
    told.run(60)
    assert moves(told)[2:] == [("second", "both"), ("both", "first")]
    joined, parted = (e for e in told.events if e.event == "transfer" and "both" in (e.from_, e.to))
    # retransfer_s of the calibration training is 30 s, and the phases meet within 5 s.
    assert joined.t_s == pytest.approx(60.0 + 30.0 + 5.0)
    assert 0.0 < parted.t_s - joined.t_s <= 0.1  # UL 1008
    by_id = {e.id: e for e in told.events}
    assert (by_id[parted.cause].event, by_id[parted.cause].cause) == ("shares", joined.id)
    after = [e for e in told.events if e.node_id == "rack" and e.t_s > 70.0]
    assert not [e for e in after if e.to in ("FAULT", "DEGRADED")]
    assert told.state("two") == "COOLDOWN"


def test_break_before_make_drops_the_same_racks(story):
    told = story(site(transition=0))
    on_generator(told)
    told.tell("one", fault="")
    told.run(60)
    assert moves(told)[2:] == [("second", "open"), ("open", "first")]
    assert [e for e in told.events if e.node_id == "rack" and e.t_s > 70.0 and e.to == "FAULT"]


def test_both_ways_for_who_asks_while_both_are_good(story):
    told = story(site())
    told.tell("ats", source_set="second")
    told.run(60)
    assert moves(told) == [("first", "both"), ("both", "second")]
    assert told.number("two", "power_kw") == pytest.approx(60.0, rel=0.01)
    told.tell("ats", source_set="auto")
    told.run(60)
    assert moves(told)[2:] == [("second", "both"), ("both", "first")]
    assert not [e for e in told.events if e.node_id == "rack"]


def shares(told, event="shares"):
    return [tuple(e.to.split(", ")) for e in told.events if e.event == event]


def test_two_grids_of_like_impedance_share_the_load_evenly(story):
    told = story(site(second=Device("two", "utility", (), UTILITY)))
    told.tell("ats", source_set="second")
    told.run(2)
    assert shares(told) == [("first 30 kW", "second 30 kW")]  # half of 60 each


def test_a_stronger_grid_takes_the_larger_share(story):
    # 25 and 50 MVA: the impedances are 2 to 1, so the second, of twice the power, takes two thirds.
    devices = site(second=Device("two", "utility", (), UTILITY))
    weak = dataclasses.replace(devices[0], ratings={**UTILITY, "short_circuit_mva": 25})
    told = story([weak, *devices[1:]])
    told.tell("ats", source_set="second")
    told.run(2)
    assert shares(told) == [("first 20 kW", "second 40 kW")]


def test_a_grid_of_higher_voltage_takes_more_and_feeds_the_other(story):
    # 2 % more on the second, over 20 + 20 per mille of 1 MVA at X/R 10: 0.02 / 0.04 = 0.5 per unit of current, of which
    # R / Z = 1 / sqrt(101) = 0.0995 is active: 49.8 kW on top of its half. The first then gives 30 - 49.8. The rest,
    # 0.5 * 0.995, is reactive: 497.5 kvar on top of half of the 12.2 kvar that 60 kW draw at a power factor of 0.98.
    devices = site(second=Device("two", "utility", (), {**UTILITY, "x_over_r": 10}))
    first = dataclasses.replace(devices[0], ratings={**UTILITY, "x_over_r": 10})
    told = story([first, *devices[1:]])
    told.tell("two", fault="swell=0.02")
    told.run(2)
    told.tell("ats", source_set="second")
    told.run(2)
    [(one, two)] = shares(told)
    assert float(one.split()[1]) == pytest.approx(30.0 - 49.8, abs=1.0)
    assert float(two.split()[1]) == pytest.approx(30.0 + 49.8, abs=1.0)
    [(one, two)] = shares(told, "shares_reactive")
    assert (one.split()[::2], two.split()[::2]) == (["first", "kvar"], ["second", "kvar"])
    assert float(one.split()[1]) == pytest.approx(6.1 - 497.5, rel=0.02)
    assert float(two.split()[1]) == pytest.approx(6.1 + 497.5, rel=0.02)


def test_a_set_in_phase_takes_next_to_nothing_before_the_grid_lets_go(story):
    told = story(site())
    told.tell("ats", source_set="second")
    told.run(60)
    [(one, two)] = shares(told)
    assert float(one.split()[1]) == pytest.approx(60.0, abs=0.5)
    assert float(two.split()[1]) == pytest.approx(0.0, abs=0.5)
    told.tell("ats", source_set="auto")
    told.run(60)
    back = shares(told)[1]
    assert float(back[0].split()[1]) == pytest.approx(0.0, abs=0.5)
    assert float(back[1].split()[1]) == pytest.approx(60.0, abs=0.5)


def test_during_an_overlap_the_load_is_on_what_it_leaves(story):
    told = story(site(second=Device("two", "utility", (), UTILITY)))
    told.run(2)
    told.tell("ats", source_set="second")
    told.step(0.04)
    assert told.number("ats", "source") == 3
    assert told.number("one", "power_kw") == pytest.approx(60.0, rel=0.01)
    assert told.number("two", "power_kw") == 0.0
    told.step(0.04)
    assert told.number("one", "power_kw") == 0.0
    assert told.number("two", "power_kw") == pytest.approx(60.0, rel=0.01)


@pytest.mark.parametrize("dies", ["one", "two"])
def test_a_source_that_dies_in_an_overlap_leaves_the_load_on_the_other(story, dies):
    told = story(site(second=Device("two", "utility", (), UTILITY)))
    told.run(2)
    told.tell("ats", source_set="second")
    told.step(0.04)
    told.tell(dies, fault="outage")
    told.step(0.01)
    assert told.number("rack", "voltage_in") > 470.0
    told.run(20)
    assert not [e for e in told.events if e.node_id == "rack"]
    assert moves(told) == [("first", "both"), ("both", "second" if dies == "one" else "first")]


@pytest.mark.parametrize("droop_pct", [4.0])
def test_a_set_that_droops_is_not_in_step_so_it_opens_after_a_while(story, droop_pct):
    told = story(site(droop_pct=droop_pct))
    on_generator(told)
    told.tell("one", fault="")
    told.run(90)
    # 60 of 300 kW: 60 (1 + 0.04 x 0.8) = 61.92 Hz, 1.9 Hz beside the grid.
    assert told.when("ats", "out_of_step") == pytest.approx(60.0 + 30.0 + 30.0)
    assert moves(told)[2:] == [("second", "open"), ("open", "first")]


def test_sources_of_unlike_voltage_are_not_joined(story):
    told = story(site())
    on_generator(told)
    told.tell("one", fault="sag=0.07")  # good enough to go back to (93 %), 7 % beside the set
    told.run(90)
    assert told.when("ats", "out_of_step") == pytest.approx(120.0)
    assert ("second", "both") not in moves(told)


def test_two_utilities_are_one_grid_and_need_not_meet(story):
    told = story(site(second=Device("two", "utility", (), UTILITY)))
    told.tell("ats", source_set="second")
    told.run(2)
    assert moves(told) == [("first", "both"), ("both", "second")]
    assert told.when("ats", "transfer") == 1.0  # good for source_good_s, a second


def test_utilities_of_unlike_frequency_are_never_joined(story):
    told = story(site(second=Device("two", "utility", (), {**UTILITY, "frequency_hz": 50})))
    told.tell("ats", source_set="second")
    told.run(40)
    assert told.when("ats", "out_of_step") == pytest.approx(31.0)
    assert moves(told) == [("first", "open"), ("open", "second")]


def test_a_source_that_dies_while_it_waits_is_left_open(story):
    told = story(site())
    on_generator(told)
    told.tell("one", fault="")
    told.run(32)
    told.tell("two", fault="fault")
    told.run(5)
    assert moves(told)[2:] == [("second", "open"), ("open", "first")]
    assert not [e for e in told.events if e.event == "out_of_step"]


def test_the_operator_opens_it_in_the_middle_of_an_overlap(story):
    told = story(site(second=Device("two", "utility", (), UTILITY)))
    told.run(2)
    told.tell("ats", source_set="second")
    told.step(0.04)
    told.tell("ats", handle="open")
    told.run(5)
    assert moves(told) == [("first", "both"), ("both", "open")]
    assert told.state("rack") == "FAULT"


@pytest.mark.parametrize(("dies", "stays"), [("one", "second"), ("two", "first")])
def test_a_source_that_dies_in_an_overlap_is_left_at_once_and_the_racks_stay_on_the_other(story, dies, stays):
    told = story(site(second=Device("two", "utility", (), UTILITY)))
    told.tell("ats", source_set="second")
    told.run(1.0)
    told.step(0.04)  # of the 80 ms of the overlap
    told.tell(dies, fault="outage")
    told.step(0.0)
    assert moves(told) == [("first", "both"), ("both", stays)]
    by_id = {e.id: e for e in told.events}
    left = [e for e in told.events if e.event == "transfer"][-1]
    assert by_id[left.cause].node_id == dies
    told.run(2.0)
    assert told.state("rack") == "NORMAL"
    assert not [e for e in told.events if e.node_id == "rack"]


@pytest.mark.breaks_laws
def test_an_overlap_with_a_dead_source_breaks_a_law(story):
    told = story(site(second=Device("two", "utility", (), UTILITY)))
    told.tell("ats", source_set="second")
    told.run(1.0)
    assert told.world.transfers[0].position == BOTH
    assert laws.check(told.plan, told.world) == []
    told.tell("one", fault="outage")
    told.step(0.0)
    told.world.transfers[0].position = BOTH
    assert any("law 8: ats is joined to a dead source" in text for text in laws.check(told.plan, told.world))


def test_a_breaker_that_will_not_open_starts_no_overlap(story):
    told = story(site(second=Device("two", "utility", (), UTILITY)))
    told.tell("ats", source_set="second", fault="fail_to_open")
    told.run(60)
    assert moves(told) == []


@pytest.mark.parametrize("other", ["transfer", "parallel"])
def test_what_joins_sources_otherwise_has_no_closed_transition(other):
    devices = site(second=Device("two", "utility", (), UTILITY))
    wrong = dataclasses.replace(devices[2], ratings={**devices[2].ratings, other: 1})
    with pytest.raises(ValueError, match="ats.transition: closed"):
        build_plan([*devices[:2], wrong, devices[3]])
