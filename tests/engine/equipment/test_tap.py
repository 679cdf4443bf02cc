"""The taps of transformers: off load by hand, and the tap changer that keeps a voltage."""

import pytest
from winter_river.engine import Device, apply, build_plan, laws, new_world, step, view
from winter_river.engine.equipment.tap import tap_ratio

UTILITY = {"voltage_v": 13_800, "short_circuit_mva": 1e9}
TRANSFORMER = {"power_kva": 1000, "primary_voltage_v": 13_800, "secondary_voltage_v": 480, "impedance_pct": 6}
AUTO = {"tap_changer": 1, "tap_delay_s": 30}


def site(load_kw=1.0, **transformer):
    rack = {"load_kw": load_kw, "load_kw_max": 2000, "rated_a": 3000, "power_factor": 1.0}
    return [
        Device("u", "utility", (), UTILITY),
        Device("t", "transformer", ("u",), {**TRANSFORMER, **transformer}),
        Device("r", "server", ("t",), rack),
    ]


def volts(plan, world):
    return view(plan, world, "t")["voltage_out"]


def test_fewer_turns_raise_the_secondary_and_more_lower_it():
    # 480 V over 0.95 and 1.05 of the turns: 505.263 and 457.143 V; a kilowatt behind 6 % moves neither by a millivolt.
    assert tap_ratio(-5.0, 0.625, 0) == pytest.approx(505.263 / 480, abs=1e-6)
    assert tap_ratio(5.0, 0.625, 0) == pytest.approx(457.143 / 480, abs=1e-6)
    for tap_pct, expected_v in ((-5, 505.263), (0, 480.0), (5, 457.143)):
        plan = build_plan(site(tap_pct=tap_pct))
        world = new_world(plan)
        assert volts(plan, world) == pytest.approx(expected_v, abs=0.002)
        assert laws.check(plan, world) == []


def test_the_no_load_loss_follows_the_volts_a_turn():
    # 2 kW at nominal turns; 2 / 0.95^2 = 2.21607 kW at 5 % fewer, on both halves of the branch.
    plan = build_plan(site(load_kw=0.0, tap_pct=-5, no_load_loss_w=2000))
    world = new_world(plan)
    assert view(plan, world, "t")["loss_kw"] == pytest.approx(2.21607, rel=1e-5)
    assert view(plan, world, "u")["power_kw"] == pytest.approx(2.21607, rel=1e-5)


def told(plan, world, seconds):
    """The events of so many seconds, step by step, with the laws held."""
    found = []
    for _ in range(seconds):
        events = step(plan, world, 1.0)
        assert laws.check(plan, world, events=events) == []
        found += events
    return [(e.t_s, e.event, e.from_, e.to) for e in found if e.event == "tap"]


def test_a_tap_changer_brings_a_sagging_voltage_back_into_its_band():
    # At 5 % under, nothing drawn: 456 V. By hand, 480 (0.95) / (1 - n 0.00625) is above 99 % first at n = 7 (0.99346).
    plan = build_plan(site(**AUTO))
    world = new_world(plan)
    assert told(plan, world, 60) == []
    apply(plan, world, "u", {"fault": "sag=0.05"}, present=True)
    taps = told(plan, world, 120)
    assert [t_s for t_s, *_ in taps] == [90.0 + 5.0 * k for k in range(7)]  # 30 s after the sag, then every 5 s
    assert taps[0][2:] == ("+0", "+1") and taps[-1][3] == "+7"
    assert volts(plan, world) == pytest.approx(480 * 0.95 / (1 - 7 * 0.00625), rel=1e-5)
    apply(plan, world, "u", {"fault": ""}, present=True)
    back = told(plan, world, 120)
    # 1 / (1 - n 0.00625) is at most 101 % again at n = 1 (1.00629).
    assert back[-1][3] == "+1" and len(back) == 6


def test_a_short_sag_is_left_alone():
    plan = build_plan(site(**AUTO))
    world = new_world(plan)
    apply(plan, world, "u", {"fault": "sag=0.05"}, present=True)
    assert told(plan, world, 20) == []
    apply(plan, world, "u", {"fault": ""}, present=True)
    assert told(plan, world, 100) == []


def test_a_stuck_tap_changer_leaves_the_voltage_low_until_it_is_mended():
    plan = build_plan(site(**AUTO))
    world = new_world(plan)
    apply(plan, world, "t", {"fault": "tap_stuck"}, present=True)
    apply(plan, world, "u", {"fault": "sag=0.05"}, present=True)
    assert told(plan, world, 200) == []
    assert volts(plan, world) == pytest.approx(456, abs=0.1)
    apply(plan, world, "t", {"fault": ""}, present=True)
    assert len(told(plan, world, 100)) == 7


def test_at_the_end_of_its_range_it_stays():
    plan = build_plan(site(**AUTO, tap_steps_max=4))
    world = new_world(plan)
    apply(plan, world, "u", {"fault": "sag=0.1"}, present=True)
    assert [row[3] for row in told(plan, world, 300)] == ["+1", "+2", "+3", "+4"]
    assert world.transformers[0].tap_s == float("inf") or world.transformers[0].tap_s > 1e9


def test_half_the_step_moves_no_tap():
    found = []
    for dt_s in (1.0, 0.37):
        plan = build_plan(site(**AUTO))
        world = new_world(plan)
        apply(plan, world, "u", {"fault": "sag=0.05"}, present=True)
        events = []
        while world.t_s < 100.0:
            events += step(plan, world, min(dt_s, 100.0 - world.t_s))
        found.append([(e.event, e.to, round(e.t_s, 6)) for e in events])
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("ratings", "why"),
    [
        ({**AUTO, "tap_band_pct": 0.5}, "it would hunt"),
        ({**AUTO, "tap_step_pct": 1.5, "tap_steps_max": 40, "tap_band_pct": 5}, "at most 30 %"),
        ({"tap_pct": 25}, "from -20 to 20"),
    ],
)
def test_taps_that_cannot_work_are_refused(ratings, why):
    with pytest.raises(ValueError, match=why):
        build_plan(site(**ratings))
