"""Commands on the bus that are not ours, with what became of them. Pure: the time is passed in.

Whoever may publish on the bus can command a node without us: `winter-river send`, a stock MQTT client, a gateway. We hear
every command and every ack; one that stays without an answer is told as expired.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from winter_wire import codec, schema, topics

from winter_river.service.messages import Incoming

PENDING_MAX = 1_000  # without an answer yet; the oldest is told as expired
ANSWER_S = 12.0  # chosen: longer than any issuer of ours waits
ORDER_S = 60.0  # chosen: an order to the engine waits for others, and loading an initial condition takes up to 30 s
BARE = "-"  # the id in the ack of a command without one


class Overheard(NamedTuple):
    """A command and its answer. id: "" of the bare form. at_s, answered_s: the caller's clock; None: nobody answered."""

    id: str
    node_id: str
    verb: str
    params: Mapping[str, object]
    by: str
    priority: int
    epoch: int | None
    result: str
    reason: str
    at_s: float
    answered_s: float | None


class Overhearing:
    """Matches what others ask with what nodes answer."""

    def __init__(self, root: str, own: tuple[str, ...], *, orders: bool = False) -> None:
        """own: what the ids of our own commands begin with. orders: hear those to engine and weather, not those to nodes."""
        self._root, self._own = root, own
        self._orders, self._answer_s = orders, ORDER_S if orders else ANSWER_S
        self._pending: OrderedDict[tuple[str, str], Overheard] = OrderedDict()

    def hear(self, item: Incoming, now_s: float) -> list[Overheard]:
        """Takes a command or an ack off the bus; the commands that have come to their end by now. Never raises."""
        ended = list(self._silent(now_s))
        address = topics.parse(item.topic, self._root)
        if address is None or item.retained or (address[0] in topics.VIRTUAL) != self._orders:
            return ended
        node_id, leaf = address
        message, _ = codec.decode(leaf, item.payload) if leaf in (topics.COMMAND, topics.ACK) else (None, None)
        if message is None:
            return ended
        command_id = str(message.get("id", BARE))
        key = (node_id, command_id)
        if leaf == topics.ACK:
            told = self._pending.pop(key, None)
            if told is not None:
                told = told._replace(result=message["result"], reason=message.get("reason", ""), answered_s=now_s)
                ended.append(told)
        elif not command_id.startswith(self._own) and key not in self._pending:
            self._pending[key] = Overheard(
                id="" if command_id == BARE else command_id,
                node_id=node_id,
                verb=message["command"],
                params=dict(message.get("params", {})),
                by=message.get("by", ""),
                priority=message.get("priority", schema.PRIORITY_DEFAULT),
                epoch=message.get("epoch"),
                result=schema.RESULT_FAILED,
                reason="expired",
                at_s=now_s,
                answered_s=None,
            )
        return ended

    def _silent(self, now_s: float) -> Iterator[Overheard]:
        """Those that nobody will answer any more, the oldest first."""
        while self._pending:
            oldest = next(iter(self._pending.values()))
            if now_s - oldest.at_s < self._answer_s and len(self._pending) < PENDING_MAX:
                return
            yield self._pending.popitem(last=False)[1]
