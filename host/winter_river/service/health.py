"""What the bus says of itself, as rows and findings. Pure: a list of messages and facts in, words out.

Every finding names what is wrong and the one thing to do about it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from winter_wire import codec, topics

from winter_river.service.messages import Incoming
from winter_river.service.presence import OFFLINE, OFFLINE_S, ONLINE, STALE, STALE_S

ENGINE_QUIET_S = 5.0  # it speaks every second
CLOCK_SKEW_S = 2  # the promise: times of nodes and host agree within 2 s
LAG_MS_MAX = 500.0  # chosen: half a tick late is felt
ERROR, WARNING = "error", "warning"


class Row(NamedTuple):
    """One node. presence: online, stale, offline, or absent for a node of the facility nobody has heard of.
    age_s: of its last status; None where it cannot be told (its clock is not set and it has not spoken just now)."""

    id: str
    type: str
    presence: str
    status: str
    state: str
    age_s: float | None
    handle: str
    fault: str
    fw: str


class Finding(NamedTuple):
    """Something wrong and what to do. level: error or warning."""

    level: str
    what: str
    cure: str


@dataclass(slots=True)
class Picture:
    """The last word of everybody, out of a dump."""

    statuses: dict[str, Mapping[str, object]] = field(default_factory=dict)
    fresh_s: dict[str, float] = field(default_factory=dict)  # node id -> our clock at its last live status
    boots: dict[str, list[object]] = field(default_factory=lambda: defaultdict(list))  # of live statuses, in order
    unreadable: list[str] = field(default_factory=list)
    retained_commands: list[str] = field(default_factory=list)


def picture(messages: Iterable[Incoming], *, root: str = topics.ROOT) -> Picture:
    """Sorts messages, oldest first, into who said what last."""
    seen = Picture()
    for item in messages:
        address = topics.parse(item.topic, root)
        if address is None:
            continue
        node_id, leaf = address
        if leaf == topics.COMMAND and item.retained:
            seen.retained_commands.append(item.topic)
        if leaf != topics.STATUS:
            continue
        message, refusal = codec.decode(topics.STATUS, item.payload)
        if message is None:
            seen.unreadable.append(f"{node_id}: {refusal[1]}")
            continue
        seen.statuses[node_id] = message
        if not item.retained:
            seen.fresh_s[node_id] = item.at_s
            if "boot" in message:
                seen.boots[node_id].append(message["boot"])
    return seen


def rows(seen: Picture, types: Mapping[str, str], *, now_s: float, wall_s: float) -> list[Row]:
    """A row for each node of the facility in its order, then for every other node on the bus.

    types: node id -> type, of the facility; empty where none is known. now_s: our clock, as in the dump.
    wall_s: seconds since 1970.
    """
    others = [node_id for node_id in seen.statuses if node_id not in types and node_id not in topics.VIRTUAL]
    return [_row(node_id, seen, types, now_s=now_s, wall_s=wall_s) for node_id in [*types, *others]]


def _row(node_id: str, seen: Picture, types: Mapping[str, str], *, now_s: float, wall_s: float) -> Row:
    status = seen.statuses.get(node_id)
    if status is None:
        return Row(node_id, types[node_id], "absent", "", "", None, "", "", "")
    age_s = _age_s(node_id, seen, now_s=now_s, wall_s=wall_s)
    if status["status"] == OFFLINE or (age_s is not None and age_s >= OFFLINE_S):
        presence = OFFLINE
    else:
        # A remembered status without a time proves nothing either way.
        presence = STALE if age_s is None or age_s >= STALE_S else ONLINE
    words = [str(status.get(name, "")) for name in ("state", "handle", "fault", "fw")]
    kind = str(status.get("type", types.get(node_id, "")))
    return Row(node_id, kind, presence, str(status["status"]), words[0], age_s, *words[1:])


def _age_s(node_id: str, seen: Picture, *, now_s: float, wall_s: float) -> float | None:
    if node_id in seen.fresh_s:
        return max(0.0, now_s - seen.fresh_s[node_id])
    ts = seen.statuses[node_id].get("ts", 0)
    return max(0.0, wall_s - ts) if isinstance(ts, int) and ts else None


def findings(
    seen: Picture, types: Mapping[str, str], *, broker: str, now_s: float, wall_s: float, root: str = topics.ROOT
) -> list[Finding]:
    """Everything wrong that a dump shows, worst first. broker: its address, for the cures."""
    table = rows(seen, types, now_s=now_s, wall_s=wall_s)
    found = [
        *_of_engine(seen, broker, now_s=now_s, wall_s=wall_s),
        *_of_nodes(table, types, broker),
        *_of_ids(seen),
        *_of_clocks(seen, wall_s=wall_s),
        *_of_versions(table),
        *_of_commands(seen, broker),
    ]
    return sorted(found, key=lambda finding: finding.level != ERROR)


def _of_engine(seen: Picture, broker: str, *, now_s: float, wall_s: float) -> list[Finding]:
    engine = seen.statuses.get(topics.ENGINE)
    start = f"start it: winter-river run --broker {broker}"
    if engine is None:
        return [Finding(ERROR, "no engine has ever run on this bus", start)]
    if engine["status"] == OFFLINE:
        return [Finding(ERROR, "the engine is not running", start)]
    found = []
    age_s = _age_s(topics.ENGINE, seen, now_s=now_s, wall_s=wall_s)
    if age_s is not None and age_s > ENGINE_QUIET_S:
        cure = "its process hangs or is stopped: end it and start it again"
        found.append(Finding(ERROR, f"the engine has said nothing for {age_s:.0f} s", cure))
    for name, least, what, cure in _ENGINE_COUNTERS:
        value = engine.get(name, 0)
        if isinstance(value, (int, float)) and value > least:
            found.append(Finding(WARNING, what.format(value), cure))
    return found


# engine/status field, highest that is well, what it means, what to do
_ENGINE_COUNTERS = (
    (
        "laws_broken",
        0,
        "a law of physics did not hold {} times",
        "please report it with the facility file and the seed",
    ),
    ("dropped", 0, "{} messages were dropped", "fewer nodes or a faster machine; see winter-river watch for floods"),
    ("lag_ms", LAG_MS_MAX, "the engine is {:.0f} ms late", "fewer nodes or a faster machine"),
    ("rejected", 0, "{} messages were refused", "winter-river watch shows who sends what the contract does not know"),
)


def _of_nodes(table: Sequence[Row], types: Mapping[str, str], broker: str) -> list[Finding]:
    found = []
    for row in table:
        if row.id in types and row.presence in ("absent", OFFLINE):
            gone = "has never been heard" if row.presence == "absent" else "is offline"
            cure = f"power its board and read its screen, or emulate it: winter-river node {row.id} --broker {broker}"
            found.append(Finding(ERROR, f"{row.id} {gone}", cure))
        elif row.id in types and row.type != types[row.id]:
            what = f"{row.id} is a {row.type}; its slot is for a {types[row.id]}"
            found.append(Finding(ERROR, what, f'set "type": "{types[row.id]}" in its node.json, or plug in the other'))
        elif types and row.id not in types and row.presence != OFFLINE:
            cure = 'correct "id" in its node.json, or add it to the facility'
            found.append(Finding(WARNING, f"{row.id} is not a node of this facility", cure))
    return found


def _of_ids(seen: Picture) -> list[Finding]:
    """Two boards with one id take turns: a boot number that comes back after another one has spoken."""
    found = []
    for node_id, boots in seen.boots.items():
        changes = [boot for before, boot in zip([None, *boots], boots, strict=False) if boot != before]
        if len(changes) > len(set(changes)):
            cure = 'give one of them its own "id" in node.json'
            found.append(Finding(ERROR, f"two nodes call themselves {node_id}", cure))
    found += [
        Finding(WARNING, f"a status cannot be read: {what}", "update that node's firmware: make flash")
        for what in seen.unreadable
    ]
    return found


def _of_clocks(seen: Picture, *, wall_s: float) -> list[Finding]:
    """Only of nodes that spoke just now: the time in a remembered status is meant to be old."""
    found = []
    for node_id in seen.fresh_s:
        ts = seen.statuses[node_id].get("ts", 0)
        if isinstance(ts, int) and ts and abs(wall_s - ts) > CLOCK_SKEW_S + 1:  # 1: whole seconds
            cure = "check that it reaches a time server; commands do not depend on it"
            found.append(Finding(WARNING, f"the clock of {node_id} is off by {ts - wall_s:+.0f} s", cure))
    return found


def _of_versions(table: Sequence[Row]) -> list[Finding]:
    versions: dict[str, list[str]] = defaultdict(list)
    for row in table:
        if row.fw and row.presence != OFFLINE:
            versions[row.fw].append(row.id)
    if len(versions) < 2:
        return []
    fewest = min(versions, key=lambda version: (len(versions[version]), version))
    ids = versions.pop(fewest)
    what = f"firmware versions are mixed: {', '.join(ids)} run {fewest}, others {', '.join(sorted(versions))}"
    return [Finding(WARNING, what, f"update the older ones: make flash NODE={ids[0]}")]


def _of_commands(seen: Picture, broker: str) -> list[Finding]:
    host, _, port = broker.rpartition("//")[2].rpartition(":")
    return [
        Finding(
            WARNING,
            f"the broker remembers a command on {topic}; nodes refuse it, others may not",
            f"clear it: mosquitto_pub -h {host} -p {port} -r -n -t {topic}",
        )
        for topic in seen.retained_commands
    ]
