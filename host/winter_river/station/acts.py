"""What a command does to a node, told by the firmware's own core: the same checks, refusals and meaning as on a board."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from winter_wire import codec, schema, topics

from winter_river import engine
from winter_river.emulator.pure import PureNode
from winter_river.emulator.twins import adopt
from winter_river.facility import Facility
from winter_river.service import outgoing, statuses
from winter_river.service.messages import Input
from winter_river.station.fork import Fork

_STATUS_GAP_MS = 1_000  # a node reports at most ten times a second; a second later it has
_BY = "what-if"


class Done(NamedTuple):
    """What became of a command. result, reason: of the contract's ack."""

    result: str
    reason: str
    events: list[engine.Event]


def at_rest(facility: Facility) -> list[Input]:
    """What every node of a facility says of itself when it has just been switched on."""
    found = []
    for node_id, node in facility.nodes.items():
        status = PureNode(node.settings()).status(0)
        own = {name: status[name] for name in statuses.own_names(node.type) if name in status}
        found.append(Input(node_id, own, True))
    return found


def obey(fork: Fork, node_id: str, *, command: str, params: Mapping[str, object]) -> Done:
    """Has a node of a fork obey a command; what it then says of itself is given to the fork's world.

    Raises ValueError for an unknown node and for parameters that cannot be written down.
    """
    if node_id not in fork.facility.nodes:
        raise ValueError(f"there is no node {node_id!r} in {fork.facility.name}")
    fields = {"v": schema.VERSION, "command": command, "params": dict(params), "id": f"{_BY}-1", "by": _BY}
    payload = codec.encode("command", fields)
    if not fork.present(node_id):
        return Done(schema.RESULT_FAILED, "expired", [])
    node = _node_of(fork, node_id)
    sent = node.receive(topics.topic(node_id, topics.COMMAND), payload, now_ms=_STATUS_GAP_MS)
    answer = next(each for each in sent if each.topic == topics.topic(node_id, topics.ACK))
    ack, _ = codec.decode(topics.ACK, answer.payload)
    status = node.status(_STATUS_GAP_MS)
    own = {name: status[name] for name in statuses.own_names(node.core.type) if name in status}
    events = []
    if ack["result"] == schema.RESULT_DONE and own != fork.own[node_id].own:
        events = fork.apply([Input(node_id, own, True)])
    return Done(ack["result"], ack.get("reason", ""), events)


def _node_of(fork: Fork, node_id: str) -> PureNode:
    """A core that is set as the node of the fork is, and has seen its view just now."""
    device = fork.facility.nodes[node_id]
    node = PureNode(device.settings())
    node.connect(0)
    given = fork.own.get(node_id)
    if given is not None:
        adopt(node.core, given.own)
    view = fork.view(node_id)
    message = outgoing.view_message(topics.ROOT, node_id, view, type_name=device.type, timeline=1, t_s=fork.t_s)
    node.receive(message.topic, message.payload, now_ms=_STATUS_GAP_MS // 2)
    return node
