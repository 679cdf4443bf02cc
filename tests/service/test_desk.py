"""Commands of this process: ids, repeats, deadlines, and the answers that count."""

import json
import random

import pytest
from winter_river.service.desk import TIMEOUT_S, Desk

STATUS = {"v": 1, "node_id": "ups", "type": "ups", "status": "ok", "boot": 7, "uptime": 100}


def make(seed=1):
    return Desk("test", rng=random.Random(seed))


def see(desk, now_s, *, retained=False, **fields):
    payload = json.dumps({**STATUS, **fields}).encode()
    desk.hear("winter-river/ups/status", payload, retained=retained, now_s=now_s)


def answer(desk, order, now_s, *, node_id="ups", retained=False, **fields):
    ack = {"v": 1, "id": order.id, "node_id": node_id, "result": "done", "applied": "handle=open", **fields}
    return desk.hear(f"winter-river/{node_id}/ack", json.dumps(ack).encode(), retained=retained, now_s=now_s)


def fields_of(order):
    return json.loads(order.message.payload)


def test_command_carries_boot_and_a_deadline_in_the_nodes_own_uptime():
    desk = make()
    see(desk, 10.0)
    sent = fields_of(desk.order("ups", "bypass", {}, by="me", now_s=12.0, timeout_s=5.0))
    # 100 s at 10 s on our clock, so 102 s now; 1 s because a status tells whole seconds; 5 s to live.
    assert (sent["boot"], sent["deadline"]) == (7, 108_000)
    assert (sent["command"], sent["by"]) == ("bypass", "me")


def test_deadline_from_a_remembered_status_allows_for_its_age():
    desk = make()
    see(desk, 10.0, retained=True)
    assert fields_of(desk.order("ups", "bypass", {}, by="", now_s=10.0, timeout_s=5.0))["deadline"] == 111_000


def test_ids_rise_and_differ_between_processes():
    one, other = make(1), make(2)
    ids = [one.order("ups", "bypass", {}, by="", now_s=0.0).id for _ in range(2)]
    assert ids[0].startswith("test-") and ids[0].endswith("-1") and ids[1].endswith("-2")
    assert other.order("ups", "bypass", {}, by="", now_s=0.0).id not in ids


@pytest.mark.parametrize("seed", range(20))
def test_same_bytes_are_sent_again_after_one_two_and_four_seconds_and_never_past_the_deadline(seed):
    desk = make(seed)
    see(desk, 0.0)
    order = desk.order("ups", "bypass", {}, by="", now_s=0.0)
    moments_s = []
    now_s = 0.0
    while order.next_s < order.until_s:
        now_s = order.next_s
        assert desk.repeat(order, now_s) == order.message, f"seed {seed}"
        moments_s.append(now_s)
    assert moments_s == sorted(moments_s) and max(moments_s) < TIMEOUT_S, f"seed {seed}"
    for moment_s, after_s in zip(moments_s, (1.0, 2.0, 4.0), strict=True):
        assert 0.8 * after_s <= moment_s <= 1.2 * after_s, f"seed {seed}"


def test_command_for_a_node_of_unknown_boot_is_sent_once():
    order = make().order("ups", "bypass", {}, by="", now_s=0.0)
    assert order.moments_s == []
    assert "boot" not in fields_of(order)


def test_nothing_is_repeated_before_its_time_or_after_the_answer():
    desk = make()
    see(desk, 0.0)
    order = desk.order("ups", "bypass", {}, by="", now_s=0.0)
    assert desk.repeat(order, 0.5) is None
    assert answer(desk, order, 0.6)
    assert desk.repeat(order, 2.0) is None


def test_answer_says_what_the_node_did():
    desk = make()
    order = desk.order("ups", "bypass", {}, by="", now_s=0.0)
    answer(desk, order, 0.1, result="rejected", reason="interlock", applied="")
    ack = desk.close(order)
    assert (ack.node_id, ack.result, ack.reason, ack.done) == ("ups", "rejected", "interlock", False)


def test_silence_ends_in_failed_expired():
    desk = make()
    ack = desk.close(desk.order("ups", "bypass", {}, by="", now_s=0.0))
    assert (ack.result, ack.reason) == ("failed", "expired")


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"id": "test-other-1"}, id="another id"),
        pytest.param({"node_id": "rack"}, id="another node"),
        pytest.param({"retained": True}, id="retained"),
        pytest.param({"result": "perhaps"}, id="no such result"),
    ],
)
def test_answers_that_are_not_ours_do_not_count(fields):
    desk = make()
    order = desk.order("ups", "bypass", {}, by="", now_s=0.0)
    assert not answer(desk, order, 0.1, **fields)
    assert order.answer is None


def test_bad_acks_and_late_ones_are_passed_over():
    desk = make()
    order = desk.order("ups", "bypass", {}, by="", now_s=0.0)
    desk.close(order)
    assert not answer(desk, order, 9.0)
    assert not desk.hear("winter-river/ups/ack", b"\xff", retained=False, now_s=9.0)
    assert not desk.hear("nonsense", b"", retained=False, now_s=9.0)
    assert desk.open_orders == {}


def test_parameters_that_cannot_be_written_are_the_callers_mistake():
    with pytest.raises(ValueError, match="params"):
        make().order("ups", "bypass", {"state": [1]}, by="", now_s=0.0)
