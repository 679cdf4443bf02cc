"""The transfer of a two-source switchgear: break before make, lock-outs, setpoints."""

import pytest
from winter_river.engine import Device


def positions(told):
    return [(round(e.t_s, 3), e.to) for e in told.events if e.event == "transfer"]


def test_asked_for_the_second_source_it_starts_the_generator_and_moves_without_an_outage_first(story):
    told = story()
    told.tell("lv_switchgear_a", source_set="second")
    told.run(12)
    # No source was lost: the crank starts at once, 8.7 s; leaving a live source takes the longer gap.
    assert positions(told) == [(8.7, "open"), (9.2, "second")]
    told.tell("lv_switchgear_a", source_set="auto")
    told.run(10)
    assert positions(told)[2:] == [(12.0, "open"), (12.5, "first")]
    assert told.state("generator_a") == "COOLDOWN"


def test_held_on_the_first_source_it_does_not_leave_a_dead_one_for_a_running_generator(story):
    told = story()
    told.tell("lv_switchgear_a", source_set="first")
    told.tell("utility_a", fault="outage")
    told.run(30)
    assert told.state("generator_a") == "RUNNING"
    assert positions(told) == []
    assert told.state("lv_switchgear_a") == "NO_INPUT"


def test_a_generator_that_stops_under_load_gives_way_to_a_good_utility_without_waiting(story):
    told = story()
    told.tell("utility_a", fault="outage")
    told.run(20)
    told.tell("utility_a", fault="")
    told.run(5)
    told.tell("generator_a", fault="fault")
    told.run(5)
    # 5 s of a good utility count; the dead gap of 0.3 s.
    assert positions(told)[2:] == [(25.0, "open"), (25.3, "first")]


def test_a_trip_locks_out_both_sources(story):
    told = story()
    for k in (1, 2, 3, 4):
        told.tell(f"server_rack_a{k}", handle="off")
    told.run(1)
    lv = {"rated_a": 100, "pickup_a": 100, "short_time_pickup_a": 150, "short_time_delay_s": 0.1}
    site = [
        Device("u", "utility", (), {"voltage_v": 480, "short_circuit_mva": 100}),
        Device("g", "generator", (), {"power_kw": 300, "power_kva": 375, "voltage_v": 480}),
        Device("s", "switchgear", ("u", "g"), lv),
        Device("r", "server", ("s",), {"load_kw": 50, "load_kw_max": 300, "rated_a": 400}),
    ]
    told = story(site)
    told.tell("r", load_set_kw=250.0)
    told.run(2)
    assert told.when("s", "trip", "short_time") == pytest.approx(0.1)
    told.tell("u", fault="outage")
    told.run(60)
    assert told.state("g") == "RUNNING"
    assert told.state("s") == "TRIPPED"
    assert told.number("s", "voltage_out") == 0.0
    told.tell("r", load_set_kw=50.0)
    told.tell("s", resets=1)
    told.run(2)
    assert told.state("s") == "GENERATOR"


def test_with_nothing_to_come_the_main_opens_and_waits_for_a_second_of_good_voltage(story):
    told = story()
    told.tell("generator_a", handle="off")
    told.tell("utility_a", fault="outage")
    told.run(30)
    assert positions(told) == [(1.0, "open")]
    told.tell("utility_a", fault="")
    told.run(0.5)
    told.tell("utility_a", fault="outage")
    told.run(0.5)
    told.tell("utility_a", fault="")
    told.run(5)
    assert positions(told)[1:] == [(32.0, "first")]


def test_two_utilities_transfer_without_a_generator(story):
    site = [
        Device("one", "utility", (), {"voltage_v": 480, "short_circuit_mva": 100}),
        Device("two", "utility", (), {"voltage_v": 480, "short_circuit_mva": 100}),
        Device("s", "switchgear", ("one", "two"), {"rated_a": 400}),
        Device("r", "server", ("s",), {"load_kw": 50, "load_kw_max": 100, "rated_a": 100}),
    ]
    told = story(site)
    told.tell("one", fault="outage")
    told.run(10)
    assert positions(told) == [(1.0, "open"), (1.3, "second")]
    assert told.state("s") == "SECOND"  # of its sources, which is no generator
    assert told.number("s", "source") == 2
    told.tell("one", fault="")
    told.run(60)
    assert positions(told)[2:] == [(40.0, "open"), (40.5, "first")]


def test_a_switchgear_with_one_feed_follows_its_feed(story):
    told = story()
    told.tell("utility_a", fault="outage")
    told.run(5)
    assert told.state("mv_switchgear_a") == "NO_INPUT"
    told.tell("utility_a", fault="")
    told.step(0.0)
    assert told.state("mv_switchgear_a") == "CLOSED"


def test_the_utility_back_while_cranking_stops_the_start(story):
    told = story()
    told.tell("utility_a", fault="outage")
    told.run(5)
    told.tell("utility_a", fault="")
    told.run(20)
    assert told.state("generator_a") == "STANDBY"
    assert positions(told) == []
    assert told.state("lv_switchgear_a") == "CLOSED"


@pytest.mark.parametrize(("severity", "lost"), [(0.14, False), (0.16, True)])
def test_a_source_is_lost_below_85_per_cent_for_a_second(story, severity, lost):
    told = story(
        [
            Device("u", "utility", (), {"voltage_v": 480, "short_circuit_mva": 1e9}),
            Device("set", "generator", (), {"power_kw": 100, "power_kva": 125, "voltage_v": 480}),
            Device("gear", "switchgear", ("u", "set"), {"rated_a": 400}),
        ]
    )
    told.tell("u", fault=f"sag={severity}")
    told.run(5)
    if lost:
        assert told.when("set", "crank") == pytest.approx(1.0)
    else:
        assert told.state("set") == "STANDBY"


def test_a_source_is_good_again_from_90_per_cent(story):
    told = story(
        [
            Device("u", "utility", (), {"voltage_v": 480, "short_circuit_mva": 1e9}),
            Device("set", "generator", (), {"power_kw": 100, "power_kva": 125, "voltage_v": 480}),
            Device("gear", "switchgear", ("u", "set"), {"rated_a": 400}),
        ]
    )
    told.tell("u", fault="outage")
    told.run(30)
    told.tell("u", fault="sag=0.11")
    told.run(60)
    assert told.state("gear") == "GENERATOR"
    told.tell("u", fault="sag=0.09")
    told.run(60)
    assert told.state("gear") == "CLOSED"
