"""Commands of others on the bus: matched with their answers, told once, and never without a bound."""

import json

from winter_river.service.messages import Incoming
from winter_river.service.overhearing import ANSWER_S, PENDING_MAX, Overhearing


def item(leaf, node_id="ups", retained=False, **fields):
    return Incoming(f"winter-river/{node_id}/{leaf}", json.dumps(fields).encode(), retained, 0.0)


def ack(command_id, result="done", **more):
    fields = {"v": 1, "id": command_id, "node_id": "ups", "result": result} | more
    return Incoming("winter-river/ups/ack", json.dumps(fields).encode(), False, 0.0)


def make():
    return Overhearing("winter-river", ("service-1-", "engine-1-"))


def test_a_command_is_told_with_its_answer_and_once():
    ears = make()
    assert ears.hear(item("command", command="bypass", id="x-1", by="eve", priority=9, epoch=4), 1.0) == []
    assert ears.hear(item("command", command="bypass", id="x-1", by="eve"), 2.0) == []  # a repeat
    (told,) = ears.hear(ack("x-1", "rejected", reason="priority"), 2.5)
    assert (told.node_id, told.verb, told.by, told.priority, told.epoch) == ("ups", "bypass", "eve", 9, 4)
    assert (told.result, told.reason, told.at_s, told.answered_s) == ("rejected", "priority", 1.0, 2.5)
    assert ears.hear(ack("x-1"), 3.0) == []


def test_our_own_commands_are_not_overheard():
    ears = make()
    ears.hear(item("command", command="bypass", id="service-1-4"), 1.0)
    assert ears.hear(ack("service-1-4"), 1.1) == []
    ears.hear(item("command", command="bypass", id="service-2-4"), 1.0)  # another service's
    assert len(ears.hear(ack("service-2-4"), 1.1)) == 1


def test_the_bare_form_is_overheard():
    ears = make()
    ears.hear(item("command", command="bypass"), 1.0)
    assert ears.hear(ack("-"), 1.1)[0].id == ""


def test_silence_is_told_as_expired():
    ears = make()
    ears.hear(item("command", command="bypass", id="x-1"), 1.0)
    (told,) = ears.hear(item("status"), 1.0 + ANSWER_S)
    assert (told.result, told.reason, told.answered_s) == ("failed", "expired", None)


def test_what_waits_is_bounded_and_the_oldest_is_told_first():
    ears = make()
    told = [
        each for number in range(PENDING_MAX + 5) for each in ears.hear(item("command", command="open", id=f"x-{number}"), 1.0)
    ]  # fmt: skip
    assert [each.id for each in told] == [f"x-{number}" for number in range(5)]


def test_what_is_retained_for_a_virtual_node_or_no_command_is_passed_over():
    ears = make()
    ears.hear(item("command", command="open", id="x-1", retained=True), 1.0)
    ears.hear(item("command", node_id="engine", command="freeze", id="x-2"), 1.0)
    ears.hear(Incoming("winter-river/ups/command", b"\xff", False, 0.0), 1.0)
    assert ears.hear(item("status"), 100.0) == []


def test_orders_to_the_engine_are_heard_by_whoever_listens_for_those_and_only_those():
    ears = Overhearing("winter-river", ("service-1-", "engine-1-"), orders=True)
    ears.hear(item("command", command="bypass", id="x-1"), 1.0)
    ears.hear(item("command", node_id="engine", command="freeze", id="x-2", by="eve"), 1.0)
    fields = {"v": 1, "id": "x-2", "node_id": "engine", "result": "done"}
    (told,) = ears.hear(Incoming("winter-river/engine/ack", json.dumps(fields).encode(), False, 0.0), 31.0)
    assert (told.node_id, told.verb, told.by, told.result) == ("engine", "freeze", "eve", "done")
    assert ears.hear(item("status"), 1000.0) == []
