"""Compiled worlds as such: their forks, and many of them stepped at once."""

import math

import pytest
from winter_river.engine import apply, build_plan, fast, fork, new_world, snapshot, step

numba = pytest.importorskip("numba", reason="the extra `fast` is not installed")
# As in test_compiled.py: the first run of a version compiles.
pytestmark = pytest.mark.timeout(900)


def test_a_fork_goes_its_own_way(block):
    plan = build_plan(block)
    for world in (new_world(plan), fast.compiled(plan).new_world()):
        step(plan, world, 5.0)
        before = snapshot(plan, world)
        other = fork(plan, world)
        apply(plan, other, "utility_a", {"fault": "outage"}, present=True)
        step(plan, other, 50.0)
        assert snapshot(plan, world) == before
        assert snapshot(plan, other) != before


def test_many_worlds_are_each_as_if_they_were_alone(block):
    plan = build_plan(block)
    many = fast.compiled(plan).worlds(70, new_world(plan))  # enough for two threads
    alone = [new_world(plan) for _ in range(len(many))]
    for k, world in enumerate(alone):
        one = many[k]
        for each in (world, one):
            apply(plan, each, plan.devices[k % 24].id, {"fault": "fault"}, present=True)
            apply(plan, each, "server_rack_b1", {"load_set_kw": 90.0 + k}, present=True)
        many.put(one)
    for _ in range(30):
        many.step([1.0 + k / 10 for k in range(len(many))])
        many.step(1)
    for k, world in enumerate(alone):
        found = [event for _ in range(30) for dt_s in (1.0 + k / 10, 1.0) for event in step(plan, world, dt_s)]
        assert many.take(k) == found
        assert snapshot(plan, many[k]) == snapshot(plan, world)


def test_no_event_is_lost_where_more_happens_than_a_world_holds(chain):
    plan = build_plan(chain, calibration="quick")
    many = fast.compiled(plan).worlds(2, new_world(plan))
    alone, found = new_world(plan), []
    for turn in range(400):
        fields = {"fault": "outage" if turn % 2 == 0 else ""}
        worlds = [many[0], many[1]]
        for world in (alone, *worlds):
            apply(plan, world, "util_a", fields, present=True)
        for world in worlds:
            many.put(world)
        many.step(20.0)
        found += step(plan, alone, 20.0)
    assert len(found) > 5 * len(alone.events)
    assert many.take(0) == many.take(1) == found


@pytest.mark.parametrize("dt_s", [[1.0, -1.0], [math.nan, 1.0], -1.0, math.nan, math.inf])
def test_a_step_backwards_or_without_end_is_refused(block, dt_s):
    plan = build_plan(block)
    many = fast.compiled(plan).worlds(2, new_world(plan))
    with pytest.raises(ValueError, match="not negative"):
        many.step(dt_s)
    many.step(1.0)
    assert many.column("t_s").tolist() == [1.0, 1.0]


def test_no_worlds_are_stepped_at_once(block):
    plan = build_plan(block)
    none = fast.compiled(plan).worlds(0, new_world(plan))
    none.step(1.0)
    none.step([])
