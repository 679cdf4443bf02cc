"""Run, freeze, step, speed: engine time as a function of the wall clock."""

import pytest
from hurried import Hurried
from winter_river.service.pace import Pace
from winter_wire import topics


def test_engine_time_stands_still_while_frozen_and_goes_on_from_there(bench):
    bench.station.freeze()
    frozen_s = bench.t_s
    bench.advance(20.0)
    assert bench.t_s == frozen_s
    bench.station.run()
    bench.advance(5.0)
    assert bench.t_s == pytest.approx(frozen_s + 5.0, abs=1e-6)


def test_an_act_while_frozen_settles_at_once_and_what_takes_time_waits(bench):
    bench.station.freeze()
    assert bench.command("util_a", "set_fault", state=True) == ("done", "")
    assert bench.state("trf_a") == "NO_INPUT"
    assert bench.state("ups_a") == "ON_BATTERY"
    bench.advance(30.0)
    assert bench.state("gen_a") == "STANDBY"
    assert bench.view("ups_a")["soc_pct"] == 100.0
    bench.station.run()
    bench.advance(25.0)
    assert bench.state("gen_a") == "RUNNING"


def test_nodes_go_on_talking_while_frozen_and_none_is_lost(bench):
    bench.station.freeze()
    bench.advance(60.0)
    assert {bench.coordinator.presence(node_id) for node_id in bench.facility.nodes} == {"online"}
    # A node refuses to close on a view older than 5 s (contract), so views must go on too.
    assert bench.command("dist_a", "open") == ("done", "")
    bench.advance(10.0)
    assert bench.command("dist_a", "close") == ("done", "")


def test_step_lets_that_much_time_pass_and_freezes(bench):
    bench.station.freeze()
    before_s = bench.t_s
    bench.station.step(12.5)
    assert bench.t_s == pytest.approx(before_s + 12.5, abs=1e-9)
    assert bench.station.clock().frozen
    bench.advance(3.0)
    assert bench.t_s == pytest.approx(before_s + 12.5, abs=1e-9)


@pytest.mark.parametrize("speed", [0.1, 0.5, 2.0, 10.0, 100.0, 1000.0])
def test_engine_time_passes_at_the_speed_that_was_set(bench, speed):
    bench.coordinator.stretch_s_max = 1e9
    bench.station.set_speed(speed)
    before_s = bench.t_s
    bench.advance(10.0)
    assert bench.t_s - before_s == pytest.approx(10.0 * speed, rel=0.02)
    assert bench.station.clock().speed_real == speed


def test_a_machine_that_cannot_keep_up_shows_the_speed_it_reaches(bench):
    bench.coordinator.stretch_s_max = 3.0  # three engine seconds a step, ten steps a second
    bench.station.set_speed(1000.0)
    bench.advance(10.0)
    clock = bench.station.clock()
    assert clock.speed == 1000.0
    assert clock.speed_real == pytest.approx(30.0, rel=0.15)
    bench.station.set_speed(1.0)
    before_s = bench.t_s
    bench.advance(5.0)
    assert bench.t_s - before_s == pytest.approx(5.0, abs=0.11)  # nothing to make up for


@pytest.mark.parametrize("speed", [0.0, 0.09, 1001.0, -1.0, float("nan")])
def test_a_speed_outside_the_limits_is_refused_and_changes_nothing(bench, speed):
    with pytest.raises(ValueError, match=r"0\.1 to 1000"):
        bench.station.set_speed(speed)
    assert bench.station.clock().speed == 1.0


@pytest.mark.parametrize("seconds", [0.0, -1.0, 3601.0, float("nan")])
def test_a_step_outside_the_limits_is_refused(bench, seconds):
    with pytest.raises(ValueError, match="a step is"):
        bench.station.step(seconds)


def test_the_engine_tells_the_true_speed_and_the_views_the_engine_time(bench):
    bench.station.set_speed(10.0)
    bench.advance(3.0)
    status = bench.said(topics.ENGINE, topics.STATUS)[-1]
    assert (status["speed"], status["frozen"]) == (10.0, False)
    assert bench.said("ups_a", topics.VIEW)[-1]["t_s"] == pytest.approx(bench.t_s, abs=20.0)
    bench.station.freeze()
    bench.advance(2.0)
    status = bench.said(topics.ENGINE, topics.STATUS)[-1]
    assert (status["speed"], status["frozen"]) == (0.0, True)


def test_a_new_pace_never_makes_time_jump():
    pace = Pace(100.0, 7.0)
    pace.set_speed(50.0, 103.0)
    assert pace.t_at(103.0) == 10.0
    pace.freeze(104.0)
    assert pace.t_at(200.0) == 60.0
    pace.run(300.0)
    assert pace.t_at(301.0) == 110.0


def test_a_watcher_that_fails_is_dropped_and_noted(bench):
    calls = []
    bench.station.subscribe(lambda: calls.append(1))
    bench.station.subscribe(lambda: 1 / 0)
    bench.advance(3.0)
    assert len(calls) >= 2
    assert [note.text for note in bench.coordinator.notes() if "watcher failed" in note.text]
    assert len(bench.coordinator.notes()) == 1


@pytest.mark.parametrize(
    ("ask", "back_s"),
    [
        (lambda station: station.back(5.0), 15.0),
        (lambda station: station.what_if([], ahead_s=1.0), 10.0),
        (lambda station: station.as_scenario(), 10.0),
    ],
    ids=["back", "what-if", "save"],
)
def test_what_is_asked_as_somebody_else_goes_back_is_done(bench, ask, back_s):
    bench.advance(30.0)
    bench.station.freeze()
    began_s = bench.t_s
    bench.loop.lock = Hurried(bench.loop.lock, lambda: bench.station.back(10.0))
    ask(bench.station)
    assert bench.t_s == pytest.approx(began_s - back_s, abs=1e-6)
