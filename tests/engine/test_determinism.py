"""Same bytes, any step length, exact restore, and a side that never feels the other."""

import random

import pytest
from winter_river.engine import Snapshot, build_plan, new_world, restore, snapshot
from winter_river.engine import step as step_engine

STORIES_OF_SIDE_A = {
    "utility lost": [(0.0, "utility_a", {"fault": "outage"}), (120.0, "utility_a", {"fault": ""})],
    "generator fails": [
        (0.0, "generator_a", {"fault": "fail_to_start"}),
        (0.5, "utility_a", {"fault": "outage"}),
        (150.25, "utility_a", {"fault": ""}),
    ],
    "overload": [(3.0, f"server_rack_a{k}", {"load_set_kw": 144.0}) for k in (1, 2, 3, 4)],
    "sag and breakers": [
        (1.5, "utility_a", {"fault": "sag=0.4"}),
        (20.0, "lv_switchgear_a", {"handle": "open"}),
        (33.3, "lv_switchgear_a", {"handle": "closed"}),
        (40.0, "ups_a", {"handle": "bypass"}),
    ],
}
SIDE_B_STORY = [(7.0, "server_rack_b1", {"load_set_kw": 192.0}), (60.0, "utility_b", {"fault": "outage"})]


def tell(story, script, *, until_s, dt_s=1.0, seed=0):
    """Runs a script of (instant, node, fields), stepping dt_s and stopping at each line."""
    told = story(dt_s=dt_s, seed=seed)
    for at_s, node_id, fields in sorted(script, key=lambda line: line[0]):
        told.until(at_s)
        told.tell(node_id, **fields)
    told.until(until_s)
    return told


@pytest.mark.parametrize("name", STORIES_OF_SIDE_A)
def test_side_b_is_equal_to_the_bit_whatever_happens_on_side_a(story, name):
    instants = [(at_s, "utility_b", {}) for at_s, _, _ in STORIES_OF_SIDE_A[name]]
    alone = tell(story, SIDE_B_STORY + instants, until_s=200)
    both = tell(story, SIDE_B_STORY + STORIES_OF_SIDE_A[name], until_s=200)
    for node_id in alone.plan.index:
        if "_b" in node_id:
            assert both.view(node_id) == alone.view(node_id)
    happened = [[(e.t_s, e.node_id, e.event, e.to) for e in told.events if "_b" in e.node_id] for told in (alone, both)]
    assert happened[0] == happened[1] != []


@pytest.mark.parametrize("name", STORIES_OF_SIDE_A)
def test_halving_the_step_moves_no_event_by_more_than_a_millisecond(story, name):
    script = STORIES_OF_SIDE_A[name] + SIDE_B_STORY
    coarse, fine, odd = (tell(story, script, until_s=260, dt_s=dt_s) for dt_s in (1.0, 0.5, 0.37))
    for other in (fine, odd):
        assert len(other.events) == len(coarse.events)
        for one, two in zip(coarse.events, other.events, strict=True):
            assert two.t_s == pytest.approx(one.t_s, abs=1e-3)
            assert two[2:] == one[2:]


def test_one_long_step_gives_the_events_of_many_short_ones(story):
    script = STORIES_OF_SIDE_A["generator fails"]
    assert [e[2:] for e in tell(story, script, until_s=800, dt_s=1000.0).events] == [
        e[2:] for e in tell(story, script, until_s=800).events
    ]


def test_the_same_seed_gives_the_same_bytes(story):
    script = STORIES_OF_SIDE_A["generator fails"] + SIDE_B_STORY
    one, two = (tell(story, script, until_s=300, seed=7) for _ in range(2))
    assert snapshot(one.plan, one.world).to_bytes() == snapshot(two.plan, two.world).to_bytes()
    assert one.events == two.events


@pytest.mark.parametrize("at_s", [0.0, 9.85, 12.3, 75.0, 150.2, 200.0])
def test_a_restored_world_goes_on_to_the_bit(story, at_s):
    told = tell(story, [(0.0, "utility_a", {"fault": "outage"})], until_s=at_s)
    saved = Snapshot.from_bytes(snapshot(told.plan, told.world).to_bytes())
    world = restore(told.plan, saved)
    assert snapshot(told.plan, world) == saved
    there = told.run(100)
    here = []
    for _ in range(100):
        here += step_engine(told.plan, world, 1.0)
    assert here == there
    assert snapshot(told.plan, world).hash == told.hash()


def test_a_snapshot_holds_what_was_applied_and_not_yet_settled(story):
    told = story()
    told.run(5)
    told.tell("utility_a", fault="outage")
    world = restore(told.plan, snapshot(told.plan, told.world))
    assert step_engine(told.plan, world, 2.0) == told.step(2.0)


def test_a_snapshot_of_another_site_is_refused(story, chain):
    told = story()
    saved = snapshot(told.plan, told.world)
    with pytest.raises(ValueError, match="another facility"):
        restore(build_plan(chain), saved)
    with pytest.raises(ValueError, match="version"):
        Snapshot.from_bytes(b"something else")
    with pytest.raises(ValueError, match="cut short"):
        restore(told.plan, Snapshot(saved.data[:-9]))


def test_different_worlds_have_different_hashes(story):
    hashes = set()
    rng = random.Random(3)
    for _ in range(20):
        told = story()
        told.tell("server_rack_b2", load_set_kw=rng.uniform(50, 150))
        told.step(0.0)
        hashes.add(told.hash())
    assert len(hashes) == 20


def test_plan_order_does_not_depend_on_the_order_of_a_hash(block):
    order = [n.id for n in build_plan(block).nodes]
    assert order[:4] == ["utility_a", "generator_a", "utility_b", "generator_b"]
    assert new_world(build_plan(block)).t_s == 0.0


def test_too_many_events_in_one_step_are_loud_not_lost(story, monkeypatch):
    monkeypatch.setattr("winter_river.engine.events.EVENTS_MAX", 5)
    told = story()
    told.tell("utility_a", fault="outage")
    with pytest.raises(RuntimeError, match="more than 5 events"):
        told.run(1)
