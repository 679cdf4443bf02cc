"""What if: the fork shows what the live run then does, and the live run does not notice."""

import pytest
from winter_river.station import Change, StationError

SOC, IT, GEN = ("ups_a", "soc_pct"), ("facility", "it_kw"), ("gen_a", "power_kw")


def test_the_fork_foretells_what_happens_when_it_is_then_done(bench):
    bench.station.freeze()
    changes = [
        Change("gen_a", "set_fault", {"state": True, "kind": "fail_to_start"}),
        Change("util_a", "set_fault", {"state": True}),
    ]
    told = bench.station.what_if(changes, ahead_s=200.0, fields=[SOC, IT, GEN])
    start_s = bench.t_s
    for change in changes:
        bench.command(change.node_id, change.command, **change.params)
    bench.station.step(200.0)
    assert bench.station.hash() == told.hash
    trend = bench.station.trend([SOC, IT, GEN], from_s=start_s, to_s=start_s + 200.0, points=10_000)
    for field in (SOC, IT, GEN):
        seen = list(trend.curves[field].last)[1:]
        # A trend has whole seconds of engine time, the fork whole seconds from its start: less than one apart.
        foretold = told.series[field][1:-1]
        assert max(seen[10:-2]) == pytest.approx(max(foretold[10:-2]), abs=1.1)
        assert seen[-1] == pytest.approx(told.series[field][-1], abs=1.1)
    assert [event.event for event in told.events] == [event.event for event in bench.coordinator.events()][
        -len(told.events) :
    ]


def test_the_live_run_does_not_notice(bench):
    before, events = bench.station.hash(), bench.coordinator.events()
    bench.station.what_if([Change("util_a", "set_fault", {"state": True})], fields=[SOC])
    assert bench.station.hash() == before
    assert bench.coordinator.events() == events
    assert bench.nodes["util_a"].status(0)["fault"] == ""


def test_series_have_a_value_each_second_for_ten_minutes(bench):
    told = bench.station.what_if([], fields=[SOC])
    assert len(told.t_s) == 601
    assert [b - a for a, b in zip(told.t_s, told.t_s[1:], strict=False)] == pytest.approx([1.0] * 600)
    assert set(told.series[SOC]) == {100.0}


def test_a_change_comes_when_it_is_said(bench):
    told = bench.station.what_if(
        [Change("util_a", "set_fault", {"state": True}, in_s=30.0)], ahead_s=60.0, fields=[SOC]
    )
    assert told.series[SOC][30] == 100.0
    assert told.series[SOC][33] < 100.0


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        (Change("util_a", "transfer", {"to": "first"}), ("rejected", "unknown")),
        (Change("srv_a", "set_load", {"power_kw": 99_999}), ("rejected", "schema")),
        (Change("srv_a", "set_load", {"power_kw": "much"}), ("rejected", "schema")),
        (Change("ups_a", "bypass", {"state": True}), ("done", "")),
    ],
)
def test_a_node_of_the_fork_answers_as_the_real_one(bench, change, answer):
    told = bench.station.what_if([change], ahead_s=5.0)
    assert (told.answers[0].result, told.answers[0].reason) == answer
    assert bench.command(change.node_id, change.command, **change.params) == answer


def test_an_absent_node_does_not_answer(bench):
    bench.hear([bench.nodes["gen_a"].will()])
    del bench.nodes["gen_a"]
    bench.advance(1.0)
    told = bench.station.what_if([Change("gen_a", "start")], ahead_s=5.0)
    assert (told.answers[0].result, told.answers[0].reason) == ("failed", "expired")


def test_from_the_past_what_happened_happens_again_but_for_the_change(bench):
    bench.advance(5.0)
    before_s = bench.t_s
    bench.advance(3.0)
    bench.command("util_a", "set_fault", state=True)
    bench.advance(60.0)
    assert bench.state("gen_a") == "RUNNING"
    told = bench.station.what_if(
        [Change("gen_a", "set_fault", {"state": True, "kind": "fail_to_start"})],
        from_s=before_s,
        ahead_s=300.0,
        fields=[SOC, GEN],
    )
    assert max(told.series[GEN]) == 0.0
    assert min(told.series[SOC]) == 0.0
    same = bench.station.what_if([], from_s=before_s, ahead_s=bench.t_s - before_s)
    assert same.hash == bench.station.hash()


@pytest.mark.parametrize("ahead_s", [0.0, -1.0, 7201.0, float("nan")])
def test_a_time_ahead_outside_the_limits_is_refused(bench, ahead_s):
    with pytest.raises(StationError, match="ahead_s"):
        bench.station.what_if([], ahead_s=ahead_s)


def test_an_unknown_node_or_field_is_refused(bench):
    with pytest.raises(StationError, match="no such node"):
        bench.station.what_if([Change("nobody", "open")])
    with pytest.raises(StationError, match="no history"):
        bench.station.what_if([], fields=[("ups_a", "state")])
