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


PAIRED = {**TRANSFORMER, **AUTO, "load_loss_w": 10_000}


def two_in_parallel(second=None, load_kw=400.0):
    """Two transformers with tap changers behind closed mains; the second may differ."""
    rack = {"load_kw": load_kw, "load_kw_max": 2000, "rated_a": 3000, "power_factor": 1.0}
    return [
        Device("u", "utility", (), UTILITY),
        Device("t1", "transformer", ("u",), PAIRED),
        Device("t2", "transformer", ("u",), {**PAIRED, **(second or {})}),
        Device("lv", "switchgear", ("t1", "t2"), {"rated_a": 3000, "parallel": 1}),
        Device("r", "server", ("lv",), rack),
    ]


def taps_of(plan, world, seconds):
    """(time, node, position) of each step of a tap changer, with the laws held."""
    found = []
    for _ in range(seconds):
        events = step(plan, world, 1.0)
        assert laws.check(plan, world, events=events) == []
        found += [(round(e.t_s, 6), e.node_id, e.to) for e in events if e.event == "tap"]
    return found


def amps(plan, world):
    return [view(plan, world, name)["current"] for name in ("t1", "t2")]


def test_one_step_apart_would_drive_a_current_around_the_loop():
    # 0.625 % of voltage over 6 + 6 % of impedance: 5.2 % of 1,202.8 A is 62.6 A, with nothing drawn. Fixed taps show it.
    plan = build_plan(two_in_parallel(load_kw=0.0))
    world = new_world(plan)
    assert amps(plan, world) == [pytest.approx(0.0, abs=1e-6)] * 2
    fixed = [
        Device(d.id, d.type, d.feeds, {**d.ratings, "tap_changer": 0, "tap_pct": -0.625 * (d.id == "t2")})
        if d.type == "transformer"
        else d
        for d in two_in_parallel(load_kw=0.0)
    ]
    plan = build_plan(fixed)
    assert amps(plan, new_world(plan)) == [pytest.approx(62.6, rel=0.01)] * 2


@pytest.mark.parametrize("second", [{}, {"tap_delay_s": 33}, {"tap_delay_s": 10, "tap_band_pct": 1.2}])
def test_two_in_parallel_step_together_and_share_evenly(second):
    plan = build_plan(two_in_parallel(second))
    world = new_world(plan)
    apply(plan, world, "u", {"fault": "sag=0.05"}, present=True)
    taps = taps_of(plan, world, 200)
    assert [row[0] for row in taps[:4]] == [30.0, 30.0, 35.0, 35.0]  # the master's delay, whatever the other's is
    assert taps[0::2] == [(t_s, "t1", to) for t_s, _, to in taps[1::2]]
    one, two = amps(plan, world)
    assert one == pytest.approx(two, rel=1e-9)
    assert taps_of(plan, world, 600) == []  # they do not hunt against each other


def test_a_follower_with_other_steps_takes_the_nearest():
    # Half as fine: +2 of 0.625 % is +1 of 1.25 %; +1 lies in the middle, and the higher one is taken.
    plan = build_plan(two_in_parallel({"tap_step_pct": 1.25, "tap_steps_max": 8, "tap_band_pct": 3}))
    world = new_world(plan)
    apply(plan, world, "u", {"fault": "sag=0.05"}, present=True)
    taps_of(plan, world, 200)
    one, two = (view(plan, world, name)["tap"] for name in ("t1", "t2"))
    assert one > 2 and two == (one + 1) // 2


def test_the_master_waits_for_a_follower_that_is_stuck():
    plan = build_plan(two_in_parallel())
    world = new_world(plan)
    apply(plan, world, "t2", {"fault": "tap_stuck"}, present=True)
    apply(plan, world, "u", {"fault": "sag=0.05"}, present=True)
    assert taps_of(plan, world, 120) == []
    apply(plan, world, "t2", {"fault": ""}, present=True)
    taps = taps_of(plan, world, 60)
    assert taps[:2] == [(150.0, "t1", "+1"), (150.0, "t2", "+1")]


def test_parted_each_keeps_its_own_voltage_and_joined_again_the_second_comes_after():
    plan = build_plan(two_in_parallel(load_kw=900.0))
    world = new_world(plan)
    apply(plan, world, "lv", {"source_set": "first"}, present=True)
    apply(plan, world, "u", {"fault": "sag=0.03"}, present=True)
    taps_of(plan, world, 300)
    one, two = (view(plan, world, name)["tap"] for name in ("t1", "t2"))
    assert one > two > 0  # the loaded one needs more
    apply(plan, world, "lv", {"source_set": "auto"}, present=True)
    joined = taps_of(plan, world, 3)
    assert joined[0][1] == "t2" and joined[0][0] == 300.0  # at once, then as fast as its drive goes
    taps_of(plan, world, 60)
    assert view(plan, world, "t1")["tap"] == view(plan, world, "t2")["tap"]
    assert amps(plan, world)[0] == pytest.approx(amps(plan, world)[1], rel=1e-9)


def test_the_follower_names_its_master_as_its_cause():
    plan = build_plan(two_in_parallel())
    world = new_world(plan)
    apply(plan, world, "u", {"fault": "sag=0.05"}, present=True)
    events = step(plan, world, 31.0)
    first, second = (e for e in events if e.event == "tap")
    assert (second.node_id, second.cause) == ("t2", first.id)
