"""Trends and past views: what is told of the past is what was seen then."""

import pytest
from winter_river.service import pace
from winter_river.station import StationError

SOC = ("ups_a", "soc_pct")
IT = ("facility", "it_kw")


def watch(bench, fields):
    """(t_s, values) at each whole second from now on, as a client of the station's hook sees them."""
    seen = []
    take = bench.station.second

    def second(t_s):
        take(t_s)
        seen.append((t_s, [bench.view(node_id)[name] for node_id, name in fields]))

    bench.station.second = second
    return seen


def test_a_trend_holds_what_the_views_said_each_second(bench):
    fields = [SOC, ("gen_a", "power_kw"), ("util_a", "voltage_out")]
    seen = watch(bench, fields)
    bench.command("util_a", "set_fault", state=True)
    bench.advance(40.0)
    first_s, last_s = seen[0][0] - 1.0, seen[-1][0]
    trend = bench.station.trend(fields, from_s=first_s, to_s=last_s, points=10_000)
    assert list(trend.t_s) == pytest.approx([t_s for t_s, _ in seen])
    for place, field in enumerate(fields):
        curve = trend.curves[field].last
        assert list(curve) == pytest.approx([values[place] for _, values in seen], abs=0.05)


def test_a_coarse_trend_keeps_the_extremes(bench):
    seen = watch(bench, [SOC])
    bench.command("util_a", "set_fault", state=True)
    bench.advance(60.0)
    trend = bench.station.trend([SOC], from_s=seen[0][0] - 1.0, to_s=seen[-1][0], points=4)
    values = [values[0] for _, values in seen]
    curve = trend.curves[SOC]
    assert len(curve.last) == 4
    assert min(curve.low) == pytest.approx(min(values), abs=0.01)
    assert max(curve.high) == pytest.approx(max(values), abs=0.01)
    assert curve.last[-1] == pytest.approx(values[-1], abs=0.01)


def test_a_value_that_does_not_change_goes_on_and_before_the_run_nothing_is_known(bench):
    bench.station.set_speed(100.0)
    bench.advance(5.0)
    trend = bench.station.trend([IT], from_s=-10.0, to_s=bench.t_s, points=10_000)
    last = trend.curves[IT].last
    assert last[:9] == [None] * 9
    assert set(last[12:]) == {last[-1]}
    assert last[-1] > 0


def test_while_time_rushes_by_a_trend_still_has_each_change_within_a_second(bench):
    """At 1000x a row each 20 s, and one at the first whole second from each change on: the events tell the instants."""
    bench.coordinator.stretch_s_max = 1e9
    bench.command("util_a", "set_fault", state=True)
    began_s = bench.t_s
    bench.station.set_speed(1000.0)
    bench.advance(0.5)
    bench.station.set_speed(1.0)
    fields = [("gen_a", "rpm"), ("util_a", "voltage_out"), ("sw_a", "voltage_in")]
    trend = bench.station.trend(fields, from_s=began_s, to_s=began_s + 60.0, points=60)
    rpm = trend.curves[fields[0]].last
    events = [event for event in bench.coordinator.events() if (event.node_id, event.to) == ("gen_a", "RUNNING")]
    (running,) = events
    at = int(running.t_s - began_s)
    assert max(rpm[: at - 1]) < 1800 <= rpm[at + 1]
    assert bench.station.memory().samples < 150  # of 500 seconds


def test_after_going_back_the_trend_is_that_of_the_new_timeline(bench):
    bench.advance(10.0)
    bench.command("util_a", "set_fault", state=True)
    bench.advance(20.0)
    low = bench.view("ups_a")["soc_pct"]
    assert low < 95.0
    bench.station.back(22.0)
    bench.advance(30.0)
    trend = bench.station.trend([SOC], from_s=0.0, to_s=bench.t_s)
    assert {value for value in trend.curves[SOC].low if value is not None} == {100.0}


def test_the_views_of_any_instant_are_those_that_were_seen(bench):
    bench.command("util_a", "set_fault", state=True)
    bench.advance(4.0)
    then_s = bench.t_s
    then = {node_id: bench.view(node_id) for node_id in bench.facility.nodes}
    bench.advance(30.0)
    before = bench.station.hash()
    assert bench.station.at(then_s) == then
    assert bench.station.hash() == before


def test_a_field_without_history_is_refused_with_the_nearest(bench):
    with pytest.raises(StationError, match=r"ups_a\.soc_pc.*\ncure: .*ups_a\.soc_pct"):
        bench.station.trend([("ups_a", "soc_pc")])


@pytest.mark.parametrize(
    ("from_s", "to_s", "points"), [(5.0, 5.0, 10), (6.0, 5.0, 10), (0.0, 5.0, 0), (0.0, 5.0, 10_001)]
)
def test_a_span_that_means_nothing_is_refused(bench, from_s, to_s, points):
    with pytest.raises(ValueError, match=r"from_s|points"):
        bench.station.trend([SOC], from_s=from_s, to_s=to_s, points=points)


def test_an_hour_of_history_takes_little_memory(start, monkeypatch):
    monkeypatch.setattr(pace, "ROWS_PER_S_MAX", 1000)  # as if the hour had gone by with the clock
    bench = start("block-2n-24")
    bench.coordinator.stretch_s_max = 100.0
    bench.station.set_speed(1000.0)
    bench.advance(4.5)
    memory = bench.station.memory()
    assert 3500 <= memory.samples <= 4000
    assert memory.bytes < 4_000_000
