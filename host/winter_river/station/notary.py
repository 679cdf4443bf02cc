"""Who did what: commands overheard on the bus, and whether their node obeyed; hands on devices, seen by their effect. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from winter_wire import codec, schema, topics

from winter_river.service.messages import Incoming, Input
from winter_river.station.saving import CAME_BACK, PASSED_OVER, TAKEN_OUT

PENDING_MAX = 1_000  # commands without an answer yet; the oldest is forgotten
HAND_S = 2.0  # chosen: an obeyed command shows in a status well within it; what changes later was a hand
_HAND = "by hand"
_BARE = "-"  # the id in the ack of a command without one
# A field that a hand can change -> (the command that does the same, its parameter).
_BY_HAND = {
    "handle": ("set_handle", "to"),
    "load_set_kw": ("set_load", "power_kw"),
    "fans_running": ("set_fans", "running"),
    "source_set": ("transfer", "to"),
    "setpoint_kw": ("set_setpoint", "power_kw"),
}


class Obeyed(NamedTuple):
    """A command that took effect."""

    node_id: str
    command: str
    params: Mapping[str, object]
    by: str


class Notary:
    """Matches commands with their answers."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._pending: dict[tuple[str, str], Obeyed] = {}
        self._obeyed_s: dict[str, float] = {}

    def hear(self, item: Incoming, now_s: float) -> Obeyed | None:
        """Takes a command or an ack off the bus; the command that was obeyed, when this is its ack. Never raises."""
        address = topics.parse(item.topic, self._root)
        if address is None or item.retained or address[0] in topics.VIRTUAL:
            return None
        node_id, leaf = address
        message, _ = codec.decode(leaf, item.payload) if leaf in (topics.COMMAND, topics.ACK) else (None, None)
        if message is None:
            return None
        key = (node_id, str(message.get("id", _BARE)))
        if leaf == topics.COMMAND:
            if message["command"] not in PASSED_OVER:
                params = dict(message.get("params", {}))
                self._pending[key] = Obeyed(node_id, message["command"], params, str(message.get("by", "")))
                if len(self._pending) > PENDING_MAX:
                    del self._pending[next(iter(self._pending))]
            return None
        told = self._pending.pop(key, None)
        if told is None or message["result"] != schema.RESULT_DONE:
            return None
        self._obeyed_s[node_id] = now_s
        return told

    def by_hand(self, before: Input, told: Input, now_s: float) -> list[Obeyed]:
        """What somebody did at the device itself: took it away, put it back, moved what no command explains.

        before: what was known of it; own fields that were not known yet explain nothing.
        """
        if before.present != told.present:
            return [Obeyed(told.node_id, CAME_BACK if told.present else TAKEN_OUT, {}, _HAND)]
        if now_s - self._obeyed_s.get(told.node_id, -HAND_S) < HAND_S:
            return []
        return [
            Obeyed(told.node_id, command, {name: told.own[field]}, _HAND)
            for field, (command, name) in _BY_HAND.items()
            if field in told.own and field in before.own and told.own[field] != before.own[field]
        ]
