"""Trip times against values worked by hand from the standards' formulas, and what selectivity asks for."""

import math

import pytest
from winter_river.engine import CURVES, Device
from winter_river.engine.protection import trip_s

# t = A / (M^p - 1) + B at time multiplier 1, in seconds, at 1.5, 2, 5 and 10 times pickup.
BY_HAND = {
    "ieee_mi": (6.4390, 3.80325, 1.68833, 1.20676),
    "ieee_vi": (16.1790, 7.02767, 1.30808, 0.68908),
    "ieee_ei": (22.6817, 9.52170, 1.29670, 0.40655),
    "iec_ni": (17.194, 10.029, 4.2797, 2.9706),
    "iec_vi": (27.0, 13.5, 3.375, 1.5),
    "iec_ei": (64.0, 26.6667, 3.33333, 0.808081),
    "iec_lti": (240.0, 120.0, 30.0, 13.3333),
    "iec_sti": (3.0579, 1.7785, 0.75193, 0.51825),
}
# The same at 20 times: 20^0.02 = e^(0.02 x 2.99573) = 1.061746, 20^0.04 = 1.127304, 20^2 - 1 = 399, 20 - 1 = 19.
AT_20 = {
    "ieee_mi": 0.94806,  # 0.0515 / 0.061746 + 0.1140
    "ieee_vi": 0.54015,  # 19.61 / 399 + 0.491
    "ieee_ei": 0.19238,  # 28.2 / 399 + 0.1217
    "iec_ni": 2.26736,  # 0.14 / 0.061746
    "iec_vi": 0.71053,  # 13.5 / 19
    "iec_ei": 0.20050,  # 80 / 399
    "iec_lti": 6.31579,  # 120 / 19
    "iec_sti": 0.39276,  # 0.05 / 0.127304
}
MULTIPLES = (1.5, 2.0, 5.0, 10.0)
POINTS = [(curve, m, s) for curve, row in BY_HAND.items() for m, s in zip(MULTIPLES, row, strict=True)]
PICKUP_A = 100.0


@pytest.mark.parametrize(("curve", "multiple", "seconds"), POINTS)
def test_the_formula_gives_the_standards_times(curve, multiple, seconds):
    assert trip_s(CURVES.index(curve), 1.0, multiple) == pytest.approx(seconds, rel=1e-4)
    assert trip_s(CURVES.index(curve), 2.5, multiple) == pytest.approx(2.5 * seconds, rel=1e-4)


@pytest.mark.parametrize("multiple", [20.0, 20.5, 40.0, 1000.0])
@pytest.mark.parametrize("curve", AT_20)
def test_above_20_times_pickup_the_time_is_that_of_20_times(curve, multiple):
    assert trip_s(CURVES.index(curve), 1.0, multiple) == pytest.approx(AT_20[curve], rel=3e-5)
    assert trip_s(CURVES.index(curve), 3.0, multiple) == pytest.approx(3.0 * AT_20[curve], rel=3e-5)


def test_a_fuse_goes_on_melting_faster_above_20_times_its_rating():
    assert trip_s(CURVES.index("gg"), 1.0, 40.0) < 0.5 * trip_s(CURVES.index("gg"), 1.0, 20.0)


def test_no_curve_trips_at_its_pickup():
    assert trip_s(CURVES.index("iec_ei"), 1.0, 1.0) == math.inf
    assert trip_s(CURVES.index("none"), 1.0, 50.0) == math.inf


def stiff_chain(*boards):
    """A rack of 0 kW behind boards in a row on an infinite bus of 480 V: its current is its power."""
    devices = [Device("u", "utility", (), {"voltage_v": 480, "short_circuit_mva": 1e9})]
    for k, ratings in enumerate(boards):
        devices.append(Device(f"board_{k}", "distribution", (devices[-1].id,), {"rated_a": 1000, **ratings}))
    rack = {"load_kw": 0, "load_kw_max": 100_000, "power_factor": 1.0, "rated_a": 1000}
    return [*devices, Device("rack", "server", (devices[-1].id,), rack)]


def draw(told, amps):
    told.tell("rack", load_set_kw=math.sqrt(3) * 0.480 * amps)


@pytest.mark.parametrize(("curve", "multiple", "seconds"), POINTS)
def test_a_breaker_trips_when_its_curve_says(story, curve, multiple, seconds):
    told = story(stiff_chain({"pickup_a": PICKUP_A, "curve": CURVES.index(curve)}), dt_s=1000.0)
    draw(told, multiple * PICKUP_A)
    told.run(300)
    assert told.when("board_0", "trip") == pytest.approx(seconds, rel=1e-3)
    assert told.state("board_0") == "TRIPPED"
    assert told.number("rack", "voltage_in") == 0.0


@pytest.mark.parametrize("curve", AT_20)
def test_a_breaker_at_40_times_its_pickup_waits_as_at_20_times(story, curve):
    told = story(stiff_chain({"pickup_a": PICKUP_A, "curve": CURVES.index(curve)}), dt_s=1000.0)
    draw(told, 40 * PICKUP_A)
    told.run(300)
    assert told.when("board_0", "trip") == pytest.approx(AT_20[curve], rel=3e-5)


@pytest.mark.parametrize(("percent", "seconds"), [(135, 635), (200, 119)])
def test_a_moulded_case_keeps_the_times_of_the_table(story, percent, seconds):
    rated_a = 150.0
    told = story(stiff_chain({"pickup_a": 1.15 * rated_a, "time_multiplier": 3}), dt_s=10.0)
    draw(told, rated_a * percent / 100)
    told.run(1000)
    assert told.when("board_0", "trip") == pytest.approx(seconds, rel=0.005)


def test_the_integral_remembers_what_ran_before(story):
    told = story(stiff_chain({"pickup_a": PICKUP_A}))
    draw(told, 200)  # 26.667 s to trip
    told.run(13)
    draw(told, 500)  # 3.333 s to trip, of which (1 - 13 / 26.667) are left
    told.run(10)
    assert told.when("board_0", "trip") == pytest.approx(13 + 3.33333 * (1 - 13 / 26.6667), abs=0.005)


def test_the_integral_fades_below_pickup(story):
    told = story(stiff_chain({"pickup_a": PICKUP_A}))
    draw(told, 200)
    told.run(20)
    draw(told, 0)
    told.run(60)  # an extremely inverse disc is back after 29.1 s
    draw(told, 200)
    told.run(40)
    assert told.when("board_0", "trip") == pytest.approx(80 + 26.6667, abs=0.01)


def test_the_integral_fades_as_a_disc_returns(story):
    """IEEE C37.112: tr / (1 - M^2), of an extremely inverse disc 29.1 s; at half its pickup 38.8 s from full to none."""
    told = story(stiff_chain({"pickup_a": PICKUP_A}))
    draw(told, 200)
    told.run(20)  # 20 / 26.667: three quarters
    draw(told, 50)
    told.run(10)  # 10 / 38.8: a good quarter of it is gone
    draw(told, 200)
    told.run(40)
    left = 1.0 - (20.0 / 26.6667 - 10.0 / 38.8)
    assert told.when("board_0", "trip") == pytest.approx(30.0 + 26.6667 * left, abs=0.01)


def test_short_time_waits_for_its_delay_and_forgets_a_dip(story):
    told = story(stiff_chain({"short_time_pickup_a": 500, "short_time_delay_s": 0.4}), dt_s=0.1)
    draw(told, 600)
    told.run(0.3)
    draw(told, 400)
    told.run(0.1)
    draw(told, 600)
    told.run(1)
    assert told.when("board_0", "trip", "short_time") == pytest.approx(0.8, abs=1e-6)


def test_a_breaker_that_jammed_waits_its_delay_anew_after_a_pause(story):
    short_time = {"curve": CURVES.index("none"), "short_time_pickup_a": 300, "short_time_delay_s": 0.4}
    told = story(stiff_chain(short_time))
    told.tell("board_0", fault="fail_to_open")
    draw(told, 500)
    told.run(5)
    assert told.when("board_0", "stuck") == pytest.approx(0.4)
    draw(told, 100)
    told.run(5)
    told.tell("board_0", fault="")
    told.run(5)
    draw(told, 500)
    told.run(5)
    assert told.when("board_0", "trip") == pytest.approx(15.4)


def test_of_several_trips_only_the_nearest_to_the_load_opens(story):
    main = {"short_time_pickup_a": 500, "short_time_delay_s": 0.2, "pickup_a": 100}
    branch = {"instantaneous_pickup_a": 500, "instantaneous_delay_s": 0.02}
    told = story(stiff_chain(main, branch))
    draw(told, 5000)
    told.run(10)
    trips = [(e.node_id, e.to, e.t_s) for e in told.events if e.event == "trip"]
    assert trips == [("board_1", "instantaneous", pytest.approx(0.02))]
    assert told.state("board_0") == "NORMAL"


def test_two_breakers_alike_in_a_row_trip_the_one_nearer_the_load(story):
    told = story(stiff_chain({"pickup_a": PICKUP_A}, {"pickup_a": PICKUP_A}))
    draw(told, 300)
    told.run(60)
    assert [e.node_id for e in told.events if e.event == "trip"] == ["board_1"]


def test_a_trip_clears_only_when_resets_rises(story):
    told = story(stiff_chain({"pickup_a": PICKUP_A}))
    draw(told, 300)
    told.run(60)
    told.tell("rack", load_set_kw=10.0)
    for fields in ({"handle": "open"}, {"handle": "closed"}, {"resets": 0}):
        told.tell("board_0", **fields)
        told.run(2)
        assert told.view("board_0")["tripped"] is True
        assert told.view("board_0")["permit_close"] is False
    told.tell("board_0", resets=1)
    told.run(2)
    assert told.state("board_0") == "NORMAL"
    assert told.state("rack") == "NORMAL"


def test_a_board_above_its_rating_says_overload(story):
    told = story(stiff_chain({"rated_a": 150}))
    draw(told, 160)
    told.run(1)
    assert told.state("board_0") == "OVERLOAD"
    assert told.number("board_0", "load_pct") == pytest.approx(160 / 150 * 100, rel=1e-4)
