"""What a site that goes back in time tells a node: with it, the node is set as it was then."""

import json

import pytest
from winter_river.emulator import PureNode, settings_of
from winter_river.service import outgoing
from winter_river.service.statuses import own_names
from winter_wire import schema, topics

ACTS = ("resets", "refuels", "fuel_set_pct")  # counted deeds: the engine's own state has what they did
# type, what somebody asked for (verb, params), field -> value as the node was set then
WISHES = [
    ("ups", "set_handle", {"to": "bypass"}, {"handle": "bypass"}),
    ("generator", "start", {}, {"handle": "run"}),
    ("utility", "set_fault", {"state": True, "kind": "sag", "severity": 0.4}, {"fault": "sag=0.40"}),
    ("server", "set_load", {"power_kw": 12.34}, {"load_set_kw": 12.34}),
    ("server", "set_load", {"power_kw": 0}, {"load_set_kw": 0}),
    ("cooling", "set_fans", {"running": 2}, {"fans_running": 2}),
    ("switchgear", "transfer", {"to": "second"}, {"source_set": "second"}),
]


def node_of(type_name):
    node = PureNode(settings_of("node", type_name))
    node.connect(0)
    return node


def own_of(node, now_ms):
    status = node.status(now_ms)
    return {name: status[name] for name in own_names(status["type"]) if name in status}


def tell(node, verb, params, now_ms):
    command = {"command": verb, "params": params}
    node.receive(topics.topic("node", topics.COMMAND), json.dumps(command).encode(), now_ms=now_ms)


def go_back(node, own, now_ms):
    message = outgoing.restore_message(
        topics.ROOT, "node", timeline=2, own=own, command_id="engine-1-1", boot=node.core.boot
    )
    answers = node.receive(message.topic, message.payload, now_ms=now_ms)
    acks = [json.loads(each.payload) for each in answers if each.topic.endswith("/ack")]
    assert [ack["result"] for ack in acks] == ["done"], acks


@pytest.mark.parametrize(
    ("type_name", "verb", "params", "then"), WISHES, ids=[f"{row[0]} {row[1]} {row[3]}" for row in WISHES]
)
def test_node_is_set_again_as_it_was(type_name, verb, params, then):
    node = node_of(type_name)
    before = own_of(node, 0)
    tell(node, verb, params, 1000)
    wished = own_of(node, 1000)
    assert {name: wished.get(name) for name in then} == then
    go_back(node, before, 2000)
    assert own_of(node, 2000) == before
    go_back(node_again := node_of(type_name), wished, 3000)
    assert own_of(node_again, 3000) == wished


@pytest.mark.parametrize("type_name", sorted(schema.TYPES))
def test_every_standing_wish_of_a_type_can_be_told(type_name):
    """Whoever adds a setpoint to a type must add it to the parameters of `restore`."""
    told = {row[0] for row in schema.VERBS["restore"]}
    assert set(own_names(type_name)) - set(ACTS) <= told
