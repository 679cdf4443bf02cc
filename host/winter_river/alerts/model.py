"""What a rule is, what is looked at, and what an alarm is. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from winter_river.alerts.states import NORMAL

if TYPE_CHECKING:
    from winter_river.engine import Event

# Worst first, as EEMUA 191 recommends: few critical ones, most low.
CRITICAL, HIGH, MEDIUM, LOW = PRIORITIES = ("critical", "high", "medium", "low")
ONLINE = "online"  # of the fact `presence`: the node has spoken
EXPLAIN = ("state", "presence")  # events that say how a node stands
STEADY, SITE = "steady", "site"  # the clocks that hold times run on: this machine's, and the engine's

Number: TypeAlias = float | int
Gauge: TypeAlias = Number | Mapping[str, Number] | None
Key: TypeAlias = tuple[str, str]  # (rule, node; "" where the rule is of no node)


class Moment(NamedTuple):
    """A moment on three clocks. steady_s: this machine's, never set. t_s: engine time. unix_s: 0 where nobody knows."""

    steady_s: float
    t_s: float
    unix_s: float = 0.0


class Test(NamedTuple):
    """One comparison, `soc_pct < 20`. field: of a node's view or facts; of a gauge's rule, the gauge."""

    field: str
    operator: str
    value: float | str | bool

    def __str__(self) -> str:
        value = (
            f"{self.value:g}"
            if isinstance(self.value, float)
            else str(self.value).lower()
            if isinstance(self.value, bool)
            else self.value
        )
        return f"{self.field} {self.operator} {value}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table.

    when: alternatives of tests that hold together. until: the same, for the end (hysteresis); (): when `when` ends.
    gauge: it looks at a gauge, and at no node. types, nodes: whose it is, by type (what acts as it included) or pattern
    of ids; both empty: every node's. hold_s, off_s: how long it must hold, and must be gone. under: rules whose alarm makes this one a consequence.
    gathers_s: of several that come within it the first stands for all; 0: each for itself.
    stands: it is no consequence of another node's, whatever the chain of events says: equipment that was called upon and failed.
    asked_by: kinds of event that explain it; recurs: each of them that comes while it stands, or came in the RECENT_S before,
    is its own. source: of the threshold.
    """

    id: str
    priority: str
    message: str
    cure: str
    when: tuple[tuple[Test, ...], ...]
    until: tuple[tuple[Test, ...], ...] = ()
    gauge: bool = False
    types: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    hold_s: float = 0.0
    off_s: float = 0.0
    clock: str = SITE
    under: tuple[str, ...] = ()
    gathers_s: float = 0.0
    stands: bool = False
    asked_by: tuple[str, ...] = EXPLAIN
    recurs: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is looked at in one judgement.

    views: by node. facts: of the node beyond its view (`presence`, `silent_s`), {} where nobody knows them. gauges: by
    name, a number, or a number for each of several subjects; a missing one, or None, is not judged. events: the log by id,
    oldest first.
    """

    moment: Moment
    views: Mapping[str, Mapping[str, object]]
    facts: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    gauges: Mapping[str, Gauge] = field(default_factory=dict)
    events: dict[int, Event] = field(default_factory=dict)


@dataclass(slots=True)
class Alarm:
    """One alarm that is not normal, or has been shelved or removed while it was.

    began, changed: when the condition came, and the state. priority: the rule's, or that of its worst consequence.
    chain: ids of the events that led here, the last one first.
    root: the alarm it is a consequence of. freed_s: when that went, on the rule's clock. consequences: how many it has. count: how often it was raised.
    known: what is critical and followed from it already when it was shelved.
    restored: it is of an earlier run, and what explains it in this one is not known yet.
    by, reason: of the last act of a person. until_s: when shelving ends, on the steady clock.
    """

    rule: Rule
    node_id: str
    began: Moment
    changed: Moment
    state: str = NORMAL
    active: bool = False
    priority: str = LOW
    message: str = ""
    chain: tuple[int, ...] = ()
    own: tuple[int, ...] = ()
    root: Key | None = None
    freed_s: float | None = None
    consequences: int = 0
    count: int = 0
    by: str = ""
    reason: str = ""
    until_s: float = 0.0
    known: tuple[Key, ...] = ()
    restored: bool = False

    @property
    def key(self) -> Key:
        return self.rule.id, self.node_id

    @property
    def name(self) -> str:
        """`on_battery/ups_a`, as people name it to acknowledge it; `store_lag` where it is of no node."""
        return f"{self.rule.id}/{self.node_id}" if self.node_id else self.rule.id


class Transition(NamedTuple):
    """One change of an alarm: before and after are states; act is what happened, of states.ACTS. annunciated: it asks
    for a person, anew."""

    moment: Moment
    key: Key
    priority: str
    before: str
    after: str
    act: str
    message: str
    by: str = ""
    reason: str = ""
    cause: int = 0
    annunciated: bool = False
    consequences: int = 0


def rank(priority: str) -> int:
    """0 for critical, rising: the lower the worse."""
    return PRIORITIES.index(priority)


def name_of(key: Key) -> str:
    return f"{key[0]}/{key[1]}" if key[1] else key[0]


def key_of(name: str) -> Key:
    rule, _, node_id = name.partition("/")
    return rule, node_id
