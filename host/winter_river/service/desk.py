"""Commands from this process and the answers to them. Pure: the time is passed in, messages go out as values.

Only the issuer repeats, the same id and the same bytes, until the answer or the deadline. A command is bound to the
boot its node last reported, so a repeat can never act in another life of the node. While that boot is unknown a
command is sent once (the issuer sends none to a node that was never heard), and in profile `secured` not at all. The
deadline is in the node's own uptime: no clock needs to be right. Nobody is told that a command has expired before its
node would refuse it for that, so none acts after we gave up.

What an answer means: `done`, the node did it, once. `rejected`, it did nothing. `failed`, we do not know: no answer came, or
one to a copy that came too late to tell what became of another copy; `applied` then says what the node's status shows.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from winter_wire import codec, schema, topics

from winter_river.service.messages import Message
from winter_river.service.presence import INTERVAL_S, OFFLINE
from winter_river.service.seal import sealed
from winter_river.site import Ack

TIMEOUT_S = 5.0  # chosen: three repeats fit, and a person still waits that long
REPEATS_S = (1.0, 2.0, 4.0)  # the contract: after the first sending
JITTER = 0.2  # chosen: +-20 %, so that many issuers do not knock in step
UPTIME_STEP_S = 1.0  # a status tells whole seconds
SIGHTINGS_MAX = 10_000  # as many nodes as a facility may have
TOKEN_BITS = 32
# Answers to a copy that say nothing of the copies before it: the node checks these before it looks whether it has done it.
_OF_ONE_COPY = ("expired", "boot")
# verb -> the field of the status that shows its effect; the handle for the rest
_SHOWN_IN = {
    "set_fault": "fault",
    "set_load": "load_set_kw",
    "set_fans": "fans_running",
    "transfer": "source_set",
    "reset": "resets",
    "set_fuel": "refuels",
}

Keys = Callable[[str], bytes | None]


def _deadline_ms(status: Mapping[str, Any], left_s: float) -> int:
    """The uptime of a node, in ms as the contract counts it, that long after the one it told."""
    return int((status.get("uptime", 0) + left_s) * 1000) & int(schema.COUNT_MAX)


def no_keys(_node_id: str) -> bytes | None:
    """No node has a key, as in profile `lab`."""
    return None


class Sighting(NamedTuple):
    """The last status seen of a node; at_s: on our clock."""

    payload: bytes
    retained: bool
    at_s: float


@dataclass(slots=True)
class Order:
    """One command on its way. moments_s: when it is to be sent again, on the caller's clock. boot: None while unknown.

    fields: of the command without what binds it to a life of its node. silence: the reason that is told where no answer
    comes. answer: there from the start where it is of no use to send anything.
    """

    id: str
    node_id: str
    verb: str
    message: Message
    made_s: float
    until_s: float
    moments_s: list[float] = field(default_factory=list)
    fields: Mapping[str, object] = field(default_factory=dict)
    boot: int | None = None
    epoch: int | None = None
    silence: str = "expired"
    answer: Ack | None = None

    @property
    def next_s(self) -> float:
        """When something is to be done about it, if no answer comes."""
        return min([self.until_s, *self.moments_s[:1]])


@dataclass(slots=True)
class Desk:
    """Writes commands, remembers who is where, and matches the answers. name: of the issuer, as ids begin with it.

    keys: a node's key for signing, None where it has none. secured: nothing goes out but the whole signed form.
    epoch: of the coordinator we speak for, None where there is none.
    """

    name: str
    root: str = topics.ROOT
    rng: random.Random = field(default_factory=random.Random)
    keys: Keys = no_keys
    secured: bool = False
    epoch: int | None = None
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
            if not retained:
                self._look_for_another_life(node_id, payload)
        if leaf != topics.ACK or retained:
            return False
        message, _ = codec.decode(topics.ACK, payload)
        order = self.open_orders.get(message["id"]) if message else None
        if message is None or order is None or order.node_id != node_id or message["result"] not in schema.RESULTS:
            return False
        result, reason = message["result"], message.get("reason", "")
        if result == schema.RESULT_REJECTED and reason in _OF_ONE_COPY:
            result = schema.RESULT_FAILED
        order.answer = Ack(order.id, node_id, result, reason, message.get("applied", ""))
        return True

    def _look_for_another_life(self, node_id: str, payload: bytes) -> None:
        """Repeats nothing of what a node took with it when it restarted. It is told as failed only in the end: a status
        that came late may be of a life before, and the command still act."""
        orders = [each for each in self.open_orders.values() if each.node_id == node_id and each.boot is not None]
        status, _ = codec.decode(topics.STATUS, payload) if orders else (None, None)
        for order in orders:
            if status is not None and status.get("boot", order.boot) != order.boot:
                order.moments_s.clear()
                order.silence = "boot"

    def next_id(self) -> str:
        """The id of the next command: `<issuer>-<random token of its process>-<n>`."""
        self._count += 1
        return f"{self.name}-{self.token}-{self._count}"

    def order(
        self,
        node_id: str,
        verb: str,
        params: Mapping[str, object],
        *,
        by: str,
        now_s: float,
        priority: int = schema.PRIORITY_DEFAULT,
        timeout_s: float = TIMEOUT_S,
    ) -> Order:
        """A new command, to be sent at once and then as repeat() says. Raises ValueError where it cannot be written."""
        command_id = self.next_id()
        fields: dict[str, object] = {
            "v": schema.VERSION,
            "command": verb,
            "params": dict(params),
            "id": command_id,
            "by": by,
            "priority": priority,
        }
        epoch = self.epoch or 0 if self.secured else self.epoch
        if epoch is not None:
            fields["epoch"] = epoch
        message = Message(topics.topic(node_id, topics.COMMAND, self.root), b"", 1, False)
        order = Order(command_id, node_id, verb, message, now_s, now_s + timeout_s, fields=fields, epoch=epoch)
        self.bind(order, now_s)
        self.open_orders[order.id] = order
        return order

    def bind(self, order: Order, now_s: float) -> None:
        """Writes a command for the life that its node last told of, with the time that is left to it.

        Once more where the node's first word came after it was asked, and never once it is sent. Raises ValueError as
        order() does.
        """
        status, age_s, retained = self._last_said(order.node_id, now_s)
        fields = dict(order.fields)
        if "boot" in status and status["status"] != OFFLINE:
            # The uptime in a retained status is up to one interval old, and a status tells whole seconds.
            slack_s = UPTIME_STEP_S + (INTERVAL_S if retained else 0.0)
            order.boot = fields["boot"] = status["boot"]
            fields["deadline"] = _deadline_ms(status, age_s + (order.until_s - now_s) + slack_s)
            repeats_s = [now_s + after_s * self.rng.uniform(1 - JITTER, 1 + JITTER) for after_s in REPEATS_S]
            order.moments_s = [moment_s for moment_s in repeats_s if moment_s < order.until_s]
            order.until_s += slack_s
        topic, key = order.message.topic, self.key(order.node_id)
        order.message = order.message._replace(payload=sealed(key, topic, codec.encode("command", fields)))
        why = self._useless(order.node_id, status, has_key=key is not None, bound=order.boot is not None)
        order.answer = Ack(order.id, order.node_id, schema.RESULT_FAILED, why) if why else None

    def completed(self, message: Message, now_s: float) -> Message:
        """A command that the engine itself gives (`restore`), in the form that a secured node takes; as it is in lab.

        Where it cannot be completed it stays as it is: the node refuses it, and says so.
        """
        address = topics.parse(message.topic, self.root)
        if not self.secured or address is None or address[1] != topics.COMMAND:
            return message
        fields, _ = codec.decode(topics.COMMAND, message.payload)
        status, age_s, _ = self._last_said(address[0], now_s)
        if fields is None or "boot" not in status:
            return message
        lacking = {
            "priority": schema.PRIORITY_DEFAULT,
            "boot": status["boot"],
            "deadline": _deadline_ms(status, age_s + TIMEOUT_S + UPTIME_STEP_S),
            "epoch": self.epoch or 0,
        }
        try:
            payload = sealed(self.key(address[0]), message.topic, codec.encode("command", lacking | fields))
        except ValueError:  # too long with all that
            return message
        return message._replace(payload=payload)

    def has_heard(self, node_id: str) -> bool:
        """Whether a node has said anything yet. What the service itself answers for has nothing to say."""
        return node_id in self.sightings or node_id in topics.VIRTUAL

    def key(self, node_id: str) -> bytes | None:
        """A node's key; None, too, where it cannot be read: `winter-river doctor` tells why, and the engine goes on."""
        try:
            return self.keys(node_id)
        except (OSError, RuntimeError):
            return None

    def _useless(self, node_id: str, status: Mapping[str, Any], *, has_key: bool, bound: bool) -> str:
        """The reason why a command is not sent at all, or "": nobody is there, or a secured node would refuse it."""
        if status.get("status") == OFFLINE:
            return "expired"
        if not self.secured or node_id in topics.VIRTUAL:
            return ""
        if not has_key:
            return "mac"
        return "expired" if self.has_heard(node_id) and not bound else ""

    def repeat(self, order: Order, now_s: float) -> Message | None:
        """The message to send again now, if it is time."""
        if order.answer is not None or not order.moments_s or now_s < order.moments_s[0]:
            return None
        order.moments_s.pop(0)
        return order.message

    def close(self, order: Order) -> Ack:
        """Ends the waiting: the answer, or failed/expired where none came; then with what the node's status shows."""
        self.open_orders.pop(order.id, None)
        answer = order.answer or Ack(order.id, order.node_id, schema.RESULT_FAILED, order.silence)
        seen = self.sightings.get(order.node_id)
        if answer.result != schema.RESULT_FAILED or answer.applied or seen is None or seen.at_s < order.made_s:
            return answer
        status, _ = codec.decode(topics.STATUS, seen.payload)
        name = _SHOWN_IN.get(order.verb, "handle")
        if status is None or name not in status:
            return answer
        return replace(answer, applied=f"its status shows {name}={status[name]}")

    def _last_said(self, node_id: str, now_s: float) -> tuple[Mapping[str, Any], float, bool]:
        """(the last status of a node or {}, how long ago that was in s, whether the broker had kept it)."""
        seen = self.sightings.get(node_id)
        status, _ = codec.decode(topics.STATUS, seen.payload) if seen else (None, None)
        if seen is None or status is None:
            return {}, 0.0, False
        return status, now_s - seen.at_s, seen.retained
