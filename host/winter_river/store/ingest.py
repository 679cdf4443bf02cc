"""From messages to readings: what is believed, once each. Pure: the time is passed in.

A message counts once by node, boot and seq, however often and in whatever order it comes: each of the last boots of a
node has a window of numbers, so a straggler is kept and a copy is not. Every key with a number is kept, also one that
the contract has never heard of. A node that falls silent gives bad readings at its own pace: a gap would look like
nothing, and nothing looks like all is well.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from winter_wire import codec, topics

from winter_river.service.presence import INTERVAL_S, STALE_S
from winter_river.store.lives import Life
from winter_river.store.model import BAD, GOOD, UNCERTAIN, Happening, Reading

NODES_MAX = 10_000  # as many as a facility may have
BOOTS_KEPT = 4
WINDOW = 64  # messages: of 24 nodes that change ten times a second it is 6 s, and no link reorders over more
# A lower number with a later time is another life with the same boot id: the emulated nodes of one seed have the same ids
# in every run. A straggler is earlier than what overtook it, but for a clock that was stepped meanwhile.
NEW_LIFE_S = 2
SANE_MS = 1_577_836_800_000  # 2020: a clock before it has never been set
BACK_MS = 2_000  # chosen: what slewing a clock may do; more is a jump
GONE_S_MAX = 86_400.0  # chosen: after a day of silence a node is no longer expected, and gives no bad readings
NUMBER_MAX = 1e30  # as the codec has it
STALE, OFFLINE = "stale", "offline"

TOPIC, SIZE, SCHEMA, IDENTITY, DUPLICATE, MEMORY, CROWD = (
    "topic", "size", "schema", "identity", "duplicate", "memory", "crowd",
)  # fmt: skip
REFUSALS = {
    TOPIC: "not a status or an event of this tree",
    SIZE: "longer than the contract allows",
    SCHEMA: "not JSON, or a field of the wrong form or range",
    IDENTITY: "node_id is another one than the topic's",
    DUPLICATE: "had come before",
    MEMORY: "remembered by the broker, without a time of its own",
    CROWD: f"from a node beyond the {NODES_MAX} that are followed",
}


@dataclass(slots=True)
class _Boot:
    """The numbers of one boot: the highest, and which of the WINDOW below it have come (bit 0: the highest).

    ts: the latest time that the node told, s since 1970, 0 while its clock was unset.
    """

    high: int
    ts: int
    came: int = 1

    def is_new(self, seq: int) -> bool:
        """Whether this number had not come; it then has."""
        ahead = seq - self.high
        if ahead > 0:
            self.came = ((self.came << ahead) | 1) & ((1 << WINDOW) - 1) if ahead < WINDOW else 1
            self.high = seq
            return True
        if -ahead >= WINDOW or self.came >> -ahead & 1:
            return False  # older than the window: it cannot be told from a copy
        self.came |= 1 << -ahead
        return True


@dataclass(slots=True)
class _Node:
    type: str
    heard_s: float
    bad_s: float  # when its next bad reading is due
    boots: dict[int, _Boot] = field(default_factory=dict)
    word: str = STALE
    boot: int | None = None  # the one it is in, as far as is known


class _Refused(Exception):
    """A message adds nothing; reason: one of REFUSALS."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


class Ingester:
    """Takes every message of a tree and gives what is to be kept. `refused` counts the rest by reason."""

    def __init__(
        self,
        root: str,
        *,
        run: int,
        known: Mapping[str, tuple[int, int, int]] | None = None,
        lives: Mapping[str, int] | None = None,
    ) -> None:
        """run: number of this process (when it began, s since 1970), for the events. known: node id -> newest
        (boot, seq, ts) that is kept already. lives: node id -> run of its newest event that is."""
        self.refused: Counter[str] = Counter()
        self._root, self._run = root, run
        self._nodes: dict[str, _Node] = {}
        self._latest_ms = 0
        self._known = dict(known or {})
        self._lives = {node_id: Life(known=began_s) for node_id, began_s in (lives or {}).items()}
        self._unnumbered = 0

    def take(self, topic: str, payload: bytes, *, retained: bool, ms: int, at_s: float) -> Reading | Happening | None:
        """What a message adds to the history, None where nothing. ms: when it came, since 1970; at_s: the same on a
        steady clock. Never raises: what cannot be believed is counted."""
        address = topics.parse(topic, self._root)
        try:
            if address is not None and address[1] == topics.STATUS:
                return self._status(address[0], payload, retained=retained, ms=ms, at_s=at_s)
            if address is not None and address[1] == topics.EVENT:
                return self._event(address[0], payload, retained=retained, ms=ms)
            raise _Refused(TOPIC)
        except _Refused as refusal:
            self.refused[refusal.reason] += 1
            return None

    def silent(self, *, ms: int, at_s: float) -> list[Reading]:
        """The bad readings that are due now, of nodes that say nothing."""
        found = []
        for node_id, node in self._nodes.items():
            if node.bad_s <= at_s <= node.heard_s + GONE_S_MAX:
                node.bad_s = at_s + INTERVAL_S
                found.append(Reading(node_id, node.type, ms, BAD, node.word, "", "", "", 0, {}))
        return found

    def _status(self, node_id: str, payload: bytes, *, retained: bool, ms: int, at_s: float) -> Reading:
        message, refusal = codec.decode(topics.STATUS, payload)
        if message is None:
            raise _Refused(refusal[0])
        if message["node_id"] != node_id:
            raise _Refused(IDENTITY)
        node = self._nodes.get(node_id)
        if node is None:
            if len(self._nodes) >= NODES_MAX:
                raise _Refused(CROWD)
            node = self._nodes[node_id] = _Node("", at_s, at_s + STALE_S)
            if node_id in self._known:
                boot, seq, ts = self._known.pop(node_id)
                # What of the window below had come before a restart is not known: it counts as come.
                node.boots[boot] = _Boot(seq, ts, (1 << WINDOW) - 1)
                node.boot = boot
        node.type = message.get("type", node.type)
        offline = message["status"] == OFFLINE
        if retained:
            ms = message.get("ts", 0) * 1000
            if offline or not ms:
                raise _Refused(MEMORY)
        if not _is_new(node, message):
            raise _Refused(DUPLICATE)
        doubtful = retained or ms < SANE_MS or ms < self._latest_ms - BACK_MS
        if not retained:
            if self._latest_ms - BACK_MS <= ms < self._latest_ms:
                # It came later, whatever the clock says: a slewed one, or one that was read too early.
                ms = self._latest_ms
            self._latest_ms = ms
            node.heard_s, node.word = at_s, OFFLINE if offline else STALE
            node.bad_s = at_s + (INTERVAL_S if offline else STALE_S)
        if "uptime" in message and message.get("boot") == node.boot:
            self._life(node_id).seen(node.boot, message["uptime"], ms)
        return Reading(
            node_id,
            node.type,
            ms,
            BAD if offline else UNCERTAIN if doubtful else GOOD,
            message["status"],
            message.get("state", ""),
            message.get("handle", ""),
            message.get("fault", ""),
            self._number(message),
            {} if offline else numbers(payload),
        )

    def _number(self, message: Mapping[str, Any]) -> int:
        """What tells two readings of one millisecond apart; below 0 where the message has no number of its own."""
        self._unnumbered -= "seq" not in message
        return int(message.get("seq", self._unnumbered))

    def _life(self, node_id: str) -> Life:
        if node_id not in self._lives and len(self._lives) >= NODES_MAX:
            raise _Refused(CROWD)
        return self._lives.setdefault(node_id, Life())

    def _event(self, source: str, payload: bytes, *, retained: bool, ms: int) -> Happening:
        message, refusal = codec.decode(topics.EVENT, payload)
        if message is None:
            raise _Refused(refusal[0])
        run = self._run
        if source not in topics.VIRTUAL:
            if retained:
                raise _Refused(MEMORY)
            if message["node_id"] != source:
                raise _Refused(IDENTITY)
            life = self._life(source)
            then_ms = life.happened(message["id"], float(message.get("t_s", 0.0)), ms)
            if then_ms is None:
                raise _Refused(DUPLICATE)
            run, ms = life.run, then_ms
        return Happening(
            source,
            run,
            message.get("timeline", 0),
            message["id"],
            ms,
            message["node_id"],
            float(message.get("t_s", 0.0)),
            message["event"],
            message.get("from", ""),
            message.get("to", ""),
            message.get("cause", 0),
        )


def _is_new(node: _Node, message: Mapping[str, Any]) -> bool:
    """Whether this boot and number come for the first time. A message without them is taken as it comes."""
    boot, seq = message.get("boot"), message.get("seq")
    if boot is None or seq is None:
        return True
    seen = node.boots.get(boot)
    ts = message.get("ts", 0)
    if seen is not None and (seq > seen.high or ts <= seen.ts + NEW_LIFE_S):
        seen.ts = max(seen.ts, ts)
        return seen.is_new(seq)
    if seen is None and len(node.boots) >= BOOTS_KEPT:
        del node.boots[next(iter(node.boots))]
    node.boots[boot] = _Boot(seq, ts)
    node.boot = boot
    return True


def numbers(payload: bytes) -> dict[str, float]:
    """Every key of a payload, which the codec has believed, that holds a number; flags are none."""
    return {
        name: float(value)
        for name, value in json.loads(payload).items()
        if type(value) in (int, float) and -NUMBER_MAX < value < NUMBER_MAX
    }
