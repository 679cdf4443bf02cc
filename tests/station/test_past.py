"""Snapshots and going back: the same world to the last bit, and nodes that follow."""

import random

import pytest
from winter_river.station import StationError
from winter_river.station.past import MOMENTS_MAX, NAMED_MAX


def outage(bench):
    """Half a minute of trouble."""
    bench.command("util_a", "set_fault", state=True)
    bench.advance(8.0)
    bench.command("dist_a", "open")
    bench.advance(12.0)
    bench.command("util_a", "set_fault", state=False)
    bench.advance(10.0)


def test_restore_is_bit_exact(bench):
    bench.command("util_a", "set_fault", state=True)
    bench.advance(3.0)
    bench.station.freeze()
    taken = bench.station.take_snapshot("dark")
    assert taken.hash == bench.station.hash()
    bench.station.run()
    bench.advance(40.0)
    assert bench.station.hash() != taken.hash
    bench.station.freeze()
    bench.station.restore("dark")
    assert bench.station.hash() == taken.hash
    assert bench.station.clock().t_s == taken.t_s


def test_any_instant_of_the_past_can_be_gone_back_to_bit_for_bit(bench):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    outage_s = bench.t_s
    known = {}
    bench.station.subscribe(lambda: known.__setitem__(bench.t_s, bench.station.hash()))
    outage(bench)
    instants = [t_s for t_s in known if t_s > outage_s]
    bench.station.freeze()
    for t_s in sorted(random.Random(seed).sample(instants, 12), reverse=True):
        hash_then = known[t_s]
        bench.station.go_to(t_s)
        assert bench.t_s == t_s
        assert bench.station.hash() == hash_then


def test_back_starts_a_timeline_and_the_nodes_follow(bench):
    before = bench.station.clock().timeline
    bench.advance(10.0)
    bench.command("dist_a", "open")
    bench.command("util_a", "set_fault", state=True)
    assert bench.state("ups_a") == "ON_BATTERY"
    bench.station.back(5.0)
    bench.advance(2.0)
    assert bench.station.clock().timeline == before + 1
    assert bench.nodes["dist_a"].status(0)["handle"] == "closed"
    assert bench.nodes["util_a"].status(0)["fault"] == ""
    assert {node.core.timeline for node in bench.nodes.values()} == {before + 1}
    assert bench.state("ups_a") == "NORMAL"
    assert bench.coordinator.events() == [event for event in bench.coordinator.events() if event.t_s <= bench.t_s]


def test_setpoints_follow_too(bench):
    bench.advance(10.0)
    bench.command("srv_a", "set_load", power_kw=11.5)
    assert bench.nodes["srv_a"].status(0)["load_set_kw"] == 11.5
    bench.station.back(5.0)
    bench.advance(1.0)
    assert bench.nodes["srv_a"].status(0)["load_set_kw"] == bench.facility.nodes["srv_a"].settings()["load_set_kw"]


def test_going_back_over_a_reset_is_no_reset(start):
    bench = start("block-2n-24")
    bench.station.set_speed(100.0)
    bench.command("server_rack_a1", "set_load", power_kw=200.0)
    bench.advance(4.0)  # trips after about 229 s, see scenario rack-overload
    bench.station.set_speed(1.0)
    assert bench.view("server_rack_a1")["tripped"] is True
    bench.station.take_snapshot("tripped")
    bench.command("server_rack_a1", "set_load", power_kw=50.0)
    bench.command("server_rack_a1", "reset")
    bench.advance(2.0)
    assert bench.view("server_rack_a1")["tripped"] is False
    bench.station.restore("tripped")
    bench.advance(12.0)
    assert bench.view("server_rack_a1")["tripped"] is True
    bench.command("server_rack_a1", "reset")
    bench.advance(1.0)
    assert bench.view("server_rack_a1")["tripped"] is False


def test_a_future_that_was_taken_back_can_still_be_restored(bench):
    bench.advance(10.0)
    bench.command("util_a", "set_fault", state=True)
    bench.advance(6.0)
    bench.station.take_snapshot("dark")
    bench.station.back(10.0)
    bench.advance(3.0)
    assert bench.state("util_a") == "GRID_OK"
    bench.station.restore("dark")
    bench.advance(2.0)
    assert bench.state("util_a") == "OUTAGE"
    # Its own past is back too, not that of the timeline between.
    assert bench.station.at(bench.t_s - 4.0)["util_a"]["state"] == "OUTAGE"
    assert bench.station.at(bench.t_s - 12.0)["util_a"]["state"] == "GRID_OK"


def test_the_future_and_the_forgotten_past_are_refused_with_the_cure(bench):
    with pytest.raises(StationError, match=r"has not come yet.*\ncure: what-if"):
        bench.station.go_to(bench.t_s + 100.0)
    with pytest.raises(StationError, match=r"begins at 0\.0 s\ncure"):
        bench.station.go_to(-1.0)
    with pytest.raises(StationError, match="there is no snapshot 'nix'"):
        bench.station.restore("nix")


@pytest.mark.parametrize("name", ["", "x" * 65, "a\nb", "12"])
def test_a_name_that_will_not_do_is_refused(bench, name):
    with pytest.raises(StationError, match="name"):
        bench.station.take_snapshot(name)


def test_names_are_given_once_and_are_limited(bench):
    for number in range(NAMED_MAX):
        bench.station.take_snapshot(f"n{number}")
    with pytest.raises(StationError, match="no more are kept"):
        bench.station.take_snapshot("one more")


def test_what_is_kept_is_bounded_and_reaches_an_hour_back(bench):
    bench.station.set_speed(1000.0)
    bench.coordinator.stretch_s_max = 5.0
    bench.advance(160.0)
    automatic = [info for info in bench.station.snapshots() if not info.name]
    assert bench.t_s > 2 * 3600.0
    assert len(automatic) <= MOMENTS_MAX
    first_s = automatic[0].t_s
    assert 3500.0 <= bench.t_s - first_s <= 3660.0  # a snapshot each half second of the wall clock
    assert bench.station.memory().samples <= 3700
    bench.station.go_to(first_s + 0.5)
    with pytest.raises(StationError):
        bench.station.at(first_s - 10.0)
