"""Commands from this process and the answers to them. Pure: the time is passed in, messages go out as values.

Only the issuer repeats, the same id and the same bytes, until the answer or the deadline. A command is bound to the
boot its node last reported, so a repeat can never act in another life of the node; while that boot is unknown a
command is sent once. The deadline is in the node's own uptime: no clock needs to be right.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from winter_wire import codec, schema, topics

from winter_river.service.messages import Message
from winter_river.service.presence import INTERVAL_S
from winter_river.site import Ack

TIMEOUT_S = 5.0  # chosen: three repeats fit, and a person still waits that long
REPEATS_S = (1.0, 2.0, 4.0)  # the contract: after the first sending
JITTER = 0.2  # chosen: +-20 %, so that many issuers do not knock in step
UPTIME_STEP_S = 1.0  # a status tells whole seconds
SIGHTINGS_MAX = 10_000  # as many nodes as a facility may have
TOKEN_BITS = 32


class Sighting(NamedTuple):
    """The last status seen of a node; at_s: on our clock."""

    payload: bytes
    retained: bool
    at_s: float


@dataclass(slots=True)
class Order:
    """One command on its way. moments_s: when it is to be sent again, on the caller's clock."""

    id: str
    node_id: str
    message: Message
    until_s: float
    moments_s: list[float]
    answer: Ack | None = None

    @property
    def next_s(self) -> float:
        """When something is to be done about it, if no answer comes."""
        return min([self.until_s, *self.moments_s[:1]])


@dataclass(slots=True)
class Desk:
    """Writes commands, remembers who is where, and matches the answers. name: of the issuer, as ids begin with it."""

    name: str
    root: str = topics.ROOT
    rng: random.Random = field(default_factory=random.Random)
    sightings: dict[str, Sighting] = field(default_factory=dict)
    open_orders: dict[str, Order] = field(default_factory=dict)
    token: str = ""  # random, so that ids of two processes never meet
    _count: int = 0

    def __post_init__(self) -> None:
        self.token = f"{self.rng.getrandbits(TOKEN_BITS):08x}"

    def subscriptions(self) -> list[tuple[str, int]]:
        """What has to be heard for this to work."""
        return [(topics.all_of(topics.STATUS, self.root), 0), (topics.all_of(topics.ACK, self.root), 1)]

    def hear(self, topic: str, payload: bytes, *, retained: bool, now_s: float) -> bool:
        """Takes a message if it is a status or an ack; whether it answered an order. Never raises."""
        address = topics.parse(topic, self.root)
        if address is None:
            return False
        node_id, leaf = address
        if leaf == topics.STATUS and (node_id in self.sightings or len(self.sightings) < SIGHTINGS_MAX):
            self.sightings[node_id] = Sighting(payload, retained, now_s)
        if leaf != topics.ACK or retained:
            return False
        message, _ = codec.decode(topics.ACK, payload)
        order = self.open_orders.get(message["id"]) if message else None
        if message is None or order is None or order.node_id != node_id or message["result"] not in schema.RESULTS:
            return False
        order.answer = Ack(order.id, node_id, message["result"], message.get("reason", ""), message.get("applied", ""))
        return True

    def order(
        self,
        node_id: str,
        verb: str,
        params: Mapping[str, object],
        *,
        by: str,
        now_s: float,
        timeout_s: float = TIMEOUT_S,
    ) -> Order:
        """A new command, to be sent at once and then as repeat() says. Raises ValueError where it cannot be written."""
        self._count += 1
        fields: dict[str, object] = {
            "v": schema.VERSION,
            "command": verb,
            "params": dict(params),
            "id": f"{self.name}-{self.token}-{self._count}",
            "by": by,
        }
        moments_s: list[float] = []
        bound = self._bound(node_id, now_s=now_s, timeout_s=timeout_s)
        if bound is not None:
            fields["boot"], fields["deadline"] = bound
            until_s = now_s + timeout_s
            repeats_s = [now_s + after_s * self.rng.uniform(1 - JITTER, 1 + JITTER) for after_s in REPEATS_S]
            moments_s = [moment_s for moment_s in repeats_s if moment_s < until_s]
        topic = topics.topic(node_id, topics.COMMAND, self.root)
        message = Message(topic, codec.encode("command", fields), 1, False)
        order = Order(str(fields["id"]), node_id, message, now_s + timeout_s, moments_s)
        self.open_orders[order.id] = order
        return order

    def repeat(self, order: Order, now_s: float) -> Message | None:
        """The message to send again now, if it is time."""
        if order.answer is not None or not order.moments_s or now_s < order.moments_s[0]:
            return None
        order.moments_s.pop(0)
        return order.message

    def close(self, order: Order) -> Ack:
        """Ends the waiting: the answer, or failed/expired where none came."""
        self.open_orders.pop(order.id, None)
        return order.answer or Ack(order.id, order.node_id, schema.RESULT_FAILED, "expired")

    def _bound(self, node_id: str, *, now_s: float, timeout_s: float) -> tuple[int, int] | None:
        """(boot, deadline in ms of the node's uptime), None while its boot is unknown."""
        seen = self.sightings.get(node_id)
        status, _ = codec.decode(topics.STATUS, seen.payload) if seen else (None, None)
        if seen is None or status is None or "boot" not in status or status["status"] == "offline":
            return None
        # A retained status is up to one interval old, and so is the uptime in it.
        slack_s = UPTIME_STEP_S + (INTERVAL_S if seen.retained else 0.0)
        deadline_s = status.get("uptime", 0) + (now_s - seen.at_s) + slack_s + timeout_s
        return status["boot"], int(deadline_s * 1000) & schema.COUNT_MAX
