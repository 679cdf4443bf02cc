"""A fuse in the place of a breaker: `curve: gg`. It melts by its rating, and only a new one ends that."""

import math

import pytest
from winter_river.engine import CURVES, Device, build_plan

GG = float(CURVES.index("gg"))
RATED_A = 100.0


def fused(*, over=None, rating=None, rack_a=1000):
    """A rack of 0 kW behind a fused board on an infinite bus of 480 V, under a breaker where `over` sets one."""
    devices = [Device("u", "utility", (), {"voltage_v": 480, "short_circuit_mva": 1e9})]
    if over is not None:
        devices.append(Device("main", "distribution", ("u",), {"rated_a": 1000, **over}))
    own = {"rated_a": RATED_A, "curve": GG, **(rating or {})}
    devices.append(Device("board", "distribution", (devices[-1].id,), own))
    rack = {"load_kw": 0, "load_kw_max": 100_000, "power_factor": 1.0, "rated_a": rack_a}
    return [*devices, Device("rack", "server", ("board",), rack)]


def draw(told, amps):
    told.tell("rack", load_set_kw=math.sqrt(3) * 0.480 * amps)


# The gates of 100 A: 160 A melts within the conventional time; sqrt(290 x 580) = 410 A in 5 to 10 s;
# sqrt(820 x 1450) = 1090 A in 0.1 s; 2,106 A in 0.01 s. Beyond, I2t stays at 2106^2 x 0.01 = 44,350 A2s.
@pytest.mark.parametrize(("amps", "seconds"), [(160, 3600.0), (410, 7.07), (1090, 0.1), (2106, 0.01), (4212, 0.0025)])
def test_a_fuse_melts_when_its_curve_says(story, amps, seconds):
    told = story(fused(), dt_s=600.0)
    draw(told, amps)
    told.run(4200)
    assert told.when("board", "trip", "fuse") == pytest.approx(seconds, rel=2e-3)
    assert told.state("board") == "TRIPPED"
    assert told.number("rack", "voltage_in") == 0.0


def test_it_carries_its_non_fusing_current_for_ever(story):
    told = story(fused(), dt_s=3600.0)
    draw(told, 124.9)
    told.run(24 * 3600)
    assert told.state("board") == "OVERLOAD"
    assert not [e for e in told.events if e.event == "trip"]


def test_what_has_melted_half_way_melts_in_half_the_time(story):
    told = story(fused())
    draw(told, 410)  # 7.07 s
    told.run(3)
    draw(told, 1090)  # 0.1 s, of which (1 - 3 / 7.07) are left
    told.run(5)
    assert told.when("board", "trip", "fuse") == pytest.approx(3 + 0.1 * (1 - 3 / 7.07), abs=1e-3)


def test_only_a_new_link_ends_it_and_that_is_cold(story):
    told = story(fused())
    draw(told, 410)
    told.run(20)
    draw(told, 50)
    told.tell("board", handle="open")
    told.tell("board", handle="closed")
    told.run(5)
    assert told.view("board")["tripped"] is True
    told.tell("board", resets=1)
    told.run(5)
    assert told.state("board") == "NORMAL"
    draw(told, 410)
    told.run(7)  # 7.07 s from cold
    assert told.state("board") == "OVERLOAD"
    told.run(1)
    assert told.state("board") == "TRIPPED"


def test_it_melts_although_its_switch_jams(story):
    told = story(fused())
    told.tell("board", fault="fail_to_open")
    draw(told, 410)
    told.run(10)
    assert told.when("board", "trip", "fuse") == pytest.approx(7.07, rel=2e-3)


def test_a_short_melts_the_fuse_and_leaves_the_slower_breaker_above_it(story):
    told = story(fused(over={"short_time_pickup_a": 500, "short_time_delay_s": 0.2}))
    draw(told, 5000)  # (21.06 / 50)^2 x 0.01 s = 1.77 ms
    told.run(5)
    trips = [(e.node_id, e.to, e.t_s) for e in told.events if e.event == "trip"]
    assert trips == [("board", "fuse", pytest.approx(0.0017741, rel=1e-3))]
    assert told.state("main") == "NORMAL"


@pytest.mark.parametrize("kind", ["server", "cooling", "pdu"])
def test_it_stands_where_a_breaker_stood(kind):
    ratings = {"rated_a": 63, "curve": GG} | ({"load_kw": 10, "load_kw_max": 10} if kind == "server" else {})
    feeder = Device("d", "distribution", ("u",), {"rated_a": 400})
    plan = build_plan(
        [
            Device("u", "utility", (), {"voltage_v": 400, "short_circuit_mva": 20}),
            feeder,
            Device("x", kind, ("d",), ratings),
        ]
    )
    assert plan.breakers[plan.nodes[plan.index["x"]].breaker_1].quiet_pu * plan.buses[-1].amps == pytest.approx(78.75)


@pytest.mark.parametrize(
    ("rating", "told"),
    [
        ({"rated_a": 16}, "board.rated_a: 16 A is outside 32 to 315 A"),
        ({"rated_a": 400}, "board.rated_a: 400 A is outside 32 to 315 A"),
        ({"pickup_a": 100}, "board.pickup_a: 100 A is a setting, and a fuse"),
        ({"short_time_pickup_a": 500}, "board.short_time_pickup_a: 500 A is a setting, and a fuse"),
        ({"instantaneous_pickup_a": 900}, "board.instantaneous_pickup_a: 900 A is a setting, and a fuse"),
        ({"time_multiplier": 2}, "board.time_multiplier: 2 is a setting, and a fuse"),
    ],
)
def test_what_a_fuse_does_not_have_is_refused(rating, told):
    with pytest.raises(ValueError, match=told):
        build_plan(fused(rating=rating))


def test_it_is_refused_above_low_voltage():
    high = Device("u", "utility", (), {"voltage_v": 11_000, "short_circuit_mva": 100})
    with pytest.raises(ValueError, match="board.curve is gg, a fuse for up to 1000 V; here 11000 V"):
        build_plan([high, Device("board", "distribution", ("u",), {"rated_a": 100, "curve": GG})])


def test_it_is_refused_where_three_poles_must_open_at_once():
    with pytest.raises(ValueError, match=r"s.curve is 9; from 0 to 8"):
        build_plan([*fused(), Device("s", "switchgear", ("u",), {"rated_a": 100, "curve": GG})])
