"""Asks a node core for something and gives its answer: for the case files about commands, in both dialects."""

import json

from winter_node import core as cores
from winter_wire import codec

COMMAND, ACK, VIEW = "winter-river/x/command", "winter-river/x/ack", "winter-river/x/view"


def middle():
    return 0.5


def node(type_name, **settings):
    settings["id"] = "x"
    settings["type"] = type_name
    core = cores.Core(settings, 77, middle)
    core.on_connected(0)
    return core


def permit(core, now_ms, allowed=True):
    fields = {"v": 1, "node_id": "x", "timeline": 1, "t_s": 1, "permit_close": allowed}
    core.on_message(VIEW, codec.encode("view", fields, core.type), False, now_ms)


def send(core, verb, params=None, now_ms=1000, retained=False, **more):
    """The ack of a command."""
    more["command"] = verb
    more["params"] = params or {}
    return raw(core, json.dumps(more).encode(), now_ms, retained)


def raw(core, payload, now_ms=1000, retained=False):
    actions = core.on_message(COMMAND, payload, retained, now_ms)
    acks = [json.loads(action[2]) for action in actions if action[0] == "publish" and action[1] == ACK]
    assert len(acks) == 1
    return acks[0]


def why(ack):
    return ack["reason"] if ack["result"] == "rejected" else ack["result"]
