"""A recording behind the page: it plays by the clock, goes anywhere, and takes nothing."""

import pytest
from winter_river.station import Change, StationError
from winter_river.station.replay import load_recording
from winter_river.station.replaying import ReplayStation


@pytest.fixture
def bench(start, tmp_path):
    """A recorded minute with an outage, ended."""
    bench = start(record=tmp_path)
    bench.advance(8.0)
    bench.command("util_a", "set_fault", state=True)
    bench.station.take_snapshot("dark")
    bench.advance(50.0)
    bench.station.close()
    return bench


@pytest.fixture
def turned():
    """The clock of a replay, turned by the test."""
    return [100.0]


@pytest.fixture
def replay(bench, turned):
    return ReplayStation(load_recording(bench.station.recording), clock=lambda: turned[0])


def test_it_plays_by_the_clock_at_any_speed_and_stops_at_the_end(replay, turned, bench):
    turned[0] += 5.0
    replay.beat()
    assert replay.clock().t_s == pytest.approx(5.0)
    replay.set_speed(4.0)
    turned[0] += 5.0
    replay.beat()
    assert replay.clock().t_s == pytest.approx(25.0)
    turned[0] += 1000.0
    replay.beat()
    assert replay.clock().frozen
    assert replay.clock().t_s == pytest.approx(bench.t_s)
    assert replay.site.view("util_a") == bench.view("util_a")


def test_going_anywhere_starts_a_timeline_and_shows_what_the_station_remembers(replay, bench):
    before = replay.clock().timeline
    replay.freeze()
    for t_s in (30.5, 9.0, 40.25):
        replay.go_to(t_s)
        sight = replay.site.sight()
        assert sight.views == bench.station.at(t_s)
        assert (sight.balance, sight.weather) == (replay.site.view("facility"), replay.site.view("weather"))
    assert replay.clock().timeline == before + 3
    replay.back(10.0)
    assert replay.clock().t_s == pytest.approx(30.25)
    replay.restore("dark")
    assert replay.site.view("util_a")["state"] == "OUTAGE"


def test_its_trends_are_those_of_the_run(replay, bench):
    replay.freeze()
    replay.go_to(bench.t_s)
    field = ("ups_a", "soc_pct")
    played = replay.trend([field], from_s=10.0, to_s=50.0, points=40)
    assert played == bench.station.trend([field], from_s=10.0, to_s=50.0, points=40)


def test_what_if_works_in_a_recording_and_leaves_it_as_it_is(replay, bench):
    replay.freeze()
    replay.go_to(20.0)
    field = ("gen_a", "power_kw")
    told = replay.what_if([Change("gen_a", "set_fault", {"state": True})], ahead_s=30.0, fields=[field])
    assert max(told.series[field]) == 0.0
    replay.go_to(bench.t_s)
    assert replay.site.view("gen_a") == bench.view("gen_a")


def test_what_would_change_it_is_refused(replay):
    assert replay.site.send("util_a", "open").result == "rejected"
    for act in (
        lambda: replay.take_snapshot("x"),
        lambda: replay.load_initial_condition("day-normal"),
        replay.as_scenario,
    ):
        with pytest.raises(StationError, match="cure: "):
            act()
    with pytest.raises(ValueError, match="outside the recording"):
        replay.go_to(1e6)
