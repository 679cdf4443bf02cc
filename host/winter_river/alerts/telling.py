"""Alarms as plain values and as lines: for pages, logs, terminals and other programs. Pure."""

from __future__ import annotations

from typing import Any

from winter_river.alerts import states
from winter_river.alerts.model import SITE, Alarm, Transition, name_of

WORDS = {
    states.NORMAL: "normal",
    states.UNACKNOWLEDGED: "unacknowledged",
    states.ACKNOWLEDGED: "acknowledged",
    states.RETURNED: "returned, unacknowledged",
    states.SHELVED: "shelved",
    states.SUPPRESSED: "suppressed by design: a consequence",
    states.OUT_OF_SERVICE: "out of service",
}

_HOW = {states.ESCALATE: "now worse", states.UNSHELVE: "unshelved", states.BRING_BACK: "in service again"}


def alarm_fields(alarm: Alarm) -> dict[str, Any]:
    """An alarm for JSON. until_unix_s: when its shelving ends. root: whose consequence it is. of_site: its times are the
    engine's."""
    shelved = alarm.state == states.SHELVED
    return {
        "alarm": alarm.name,
        "rule": alarm.rule.id,
        "node_id": alarm.node_id,
        "state": alarm.state,
        "active": alarm.active,
        "priority": alarm.priority,
        "message": alarm.message or f"{alarm.rule.id} of {alarm.node_id}".strip(),
        "cure": alarm.rule.cure,
        "t_s": round(alarm.began.t_s, 3),
        "unix_s": int(alarm.began.unix_s),
        "count": alarm.count,
        "consequences": alarm.consequences,
        "root": None if alarm.root is None else name_of(alarm.root),
        "event": alarm.chain[0] if alarm.chain else 0,
        "by": alarm.by,
        "reason": alarm.reason,
        "until_unix_s": int(alarm.changed.unix_s + alarm.until_s - alarm.changed.steady_s) if shelved else 0,
        "of_site": alarm.rule.clock == SITE,
    }


def is_told(change: Transition) -> bool:
    """Whether a change is for people: what is a consequence comes and goes under its cause."""
    by_hand = (states.SHELVED, states.OUT_OF_SERVICE)
    return any(state in states.SHOWN or state in by_hand for state in (change.before, change.after))


def transition_fields(change: Transition) -> dict[str, Any]:
    """A change for JSON."""
    return {
        "alarm": name_of(change.key),
        "rule": change.key[0],
        "node_id": change.key[1],
        "priority": change.priority,
        "from": change.before,
        "to": change.after,
        "act": change.act,
        "message": change.message,
        "by": change.by,
        "reason": change.reason,
        "t_s": round(change.moment.t_s, 3),
        "unix_s": int(change.moment.unix_s),
        "cause": change.cause,
        "consequences": change.consequences,
    }


def transition_line(change: Transition) -> str:
    """`alarm HIGH utility_a is lost [utility_lost/utility_a]`, `alarm over: ...`: one line for a log."""
    name = f"[{name_of(change.key)}]"
    by = f" by {change.by}" if change.by else ""
    why = f": {change.reason}" if change.reason else ""
    if change.annunciated:
        how = _HOW.get(change.act, "")
        return f"alarm {change.priority.upper()}{how and f', {how}'}: {change.message} {name}"
    if change.act == "clear":
        return f"alarm over: {change.message} {name}"
    if change.act in _HOW:
        return f"alarm {_HOW[change.act]}{by}{why}, {WORDS[change.after]}: {change.message} {name}"
    if change.after == states.SUPPRESSED:
        return f"alarm is a consequence: {change.message} {name}"
    return f"alarm {WORDS[change.after]}{by}{why}: {change.message} {name}"
