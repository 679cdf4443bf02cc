"""Whatever arrives on the bus, the service goes on: garbage changes nothing, and odd orders break no law."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from winter_river import load_facility
from winter_river.service.coordinator import Coordinator
from winter_wire import codec, schema, topics

FACILITY = load_facility("seed-8")
LEAVES = (*topics.LEAVES, "nonsense")


def noise(rng):
    """Bytes that are no message of the contract."""
    text = '{"v":1,"node_id":"srv_a","type":"server","status":"ok","handle":"off","load_set_kw":1,"boot":3,"seq":9}'
    cut = rng.randrange(1, len(text))
    return rng.choice(
        [
            rng.randbytes(rng.randrange(1, 80)),
            text[:cut].encode(),
            text.encode() + b"}",
            text.replace("1,", "NaN,").encode(),
            text.encode("utf-16"),
            text[:-1].encode() + b',"x":"' + b"x" * rng.randrange(1024, 5000) + b'"}',
        ]
    )


def test_ten_thousand_payloads_of_noise_leave_world_and_presence_untouched():
    seed = 77
    rng = random.Random(seed)
    coordinator = Coordinator(FACILITY)
    coordinator.step(0.0)
    world = coordinator.snapshot().engine.hash
    for _ in range(10_000):
        node_id = rng.choice([*FACILITY.nodes, "engine", "facility", "ghost"])
        topic = f"winter-river/{node_id}/{rng.choice(LEAVES)}"
        coordinator.receive(topic, noise(rng), retained=rng.random() < 0.5, now_s=0.0)
    coordinator.step(0.0)
    assert coordinator.snapshot().engine.hash == world, f"seed {seed}"
    counters = coordinator.counters
    assert counters.received == counters.rejected + counters.unknown == 10_000, f"seed {seed}"
    assert {coordinator.presence(node_id) for node_id in FACILITY.nodes} == {"stale"}


def own_fields(type_name):
    """Any fields a node of this type may set, the extremes of their ranges included."""
    kinds = [row[0] for row in schema.TYPES[type_name][schema.MALFUNCTIONS]]
    own = {
        "handle": st.sampled_from(schema.TYPES[type_name][schema.HANDLES]),
        "fault": st.lists(st.sampled_from(kinds), unique=True, max_size=len(kinds)).map(",".join),
        "resets": st.integers(0, schema.COUNT_MAX),
    }
    for name in schema.own_fields(type_name)[1]:
        _, form, _, low, high, _ = schema.ROWS[name]
        if form == schema.TEXT:
            own[name] = st.sampled_from(schema.SOURCES)
        else:
            own[name] = st.integers(low, high) if form == schema.INTEGER else st.floats(low, high)
    return st.fixed_dictionaries({}, optional={**own, "status": st.sampled_from(["ok", "offline"])})


STATUSES = st.sampled_from(sorted(FACILITY.nodes)).flatmap(
    lambda node_id: st.tuples(st.just(node_id), own_fields(FACILITY.nodes[node_id].type), st.floats(0, 8))
)


@given(st.lists(STATUSES, min_size=1, max_size=12))
def test_whatever_nodes_set_and_whenever_every_step_keeps_the_laws(told):
    coordinator = Coordinator(FACILITY)
    coordinator.step(0.0)
    now_s = 0.0
    for node_id, own, wait_s in told:
        until_s = now_s + wait_s
        while coordinator.due_s(now_s) < until_s:
            now_s = max(now_s, coordinator.due_s(now_s))
            coordinator.step(now_s)
        now_s = until_s
        status = {"v": 1, "node_id": node_id, "status": "ok", **own}
        coordinator.receive(f"winter-river/{node_id}/status", json.dumps(status).encode(), retained=False, now_s=now_s)
    coordinator.step(now_s + 1.0)
    assert coordinator.counters.rejected == 0, coordinator.notes()
    assert coordinator.counters.laws_broken == 0, coordinator.notes()


@pytest.mark.parametrize("node_id", FACILITY.nodes)
def test_every_malfunction_of_a_node_at_once_comes_and_goes(node_id):
    """Their names in one text are longer than any state's."""
    node_type = FACILITY.nodes[node_id].type
    names = [row[0] for row in schema.TYPES[node_type][schema.MALFUNCTIONS]]
    coordinator = Coordinator(FACILITY)
    coordinator.step(0.0)
    told = []
    for now_s, fault in ((1.0, ",".join(names)), (3.0, "")):
        status = {"v": 1, "node_id": node_id, "type": node_type, "status": "ok", "fault": fault}
        coordinator.receive(f"winter-river/{node_id}/status", json.dumps(status).encode(), retained=False, now_s=now_s)
        messages = coordinator.step(now_s + 1.0)
        told += [codec.decode("event", each.payload)[0] for each in messages if each.topic.endswith("engine/event")]
    changes = [
        (event["from"], event["to"]) for event in told if (event["node_id"], event["event"]) == (node_id, "fault")
    ]
    assert changes == [("", ",".join(names)), (",".join(names), "")]
