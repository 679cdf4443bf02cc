"""Numbers, events and refusals as people read them; pure text, the same in the live view and in plain lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from winter_river import reference_commands, reference_words

if TYPE_CHECKING:  # `send` tells an answer in words and needs no engine for it
    from winter_river.engine import Event
    from winter_river.site import Ack

_MEGA = 1_000.0
_FULL, _EMPTY = "█", "░"


def power_text(power_kw: float) -> str:
    """`465.1 kW`, or `1.235 MW` from a megawatt up: four digits that count."""
    return f"{power_kw / _MEGA:.4g} MW" if abs(power_kw) >= _MEGA else f"{power_kw:.1f} kW"


def voltage_text(voltage_v: float) -> str:
    """`477.6 V`, or `34.5 kV` from a kilovolt up."""
    return f"{voltage_v / 1000:.1f} kV" if voltage_v >= 1000 else f"{voltage_v:.1f} V"


def duration_text(seconds: float) -> str:
    """`0:07`, `1:40` (minutes and seconds), `2 h 05`, `3 d`; as short as a column needs it."""
    whole = int(seconds)
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d}"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d}"
    return f"{whole // 86_400} d"


def bar_text(share_pct: float, width: int) -> str:
    """A bar of that many letters; a store that is not quite empty or full never looks so."""
    filled = round(share_pct / 100 * width)
    if 0 < share_pct < 100 and width > 1:
        filled = min(max(filled, 1), width - 1)
    return _FULL * filled + _EMPTY * (width - filled)


def number(view: Mapping[str, object], name: str) -> float | None:
    """The number a view has under that name, or None."""
    value = view.get(name)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def state_text(view: Mapping[str, object]) -> str:
    """`[ON_BATTERY]`; `[OFFLINE]` for a node that is not there, `[?]` where nothing is known yet."""
    word = "OFFLINE" if view.get("status") == "offline" else str(view.get("state") or "?")
    return f"[{word}]"


def what_text(event: Event) -> str:
    """What happened, in words: `STARTING -> RUNNING`, `fault outage`, `trips on overload`."""
    if event.event == "fault":
        return "fault cleared" if not event.to else event.to if event.to == "fault" else f"fault {event.to}"
    if event.event in ("not_solved", "near_collapse", "collapsed", "undervoltage"):
        return f"{reference_words.EVENTS[event.event]}: {event.from_} gives way under {event.to}"
    phrase = reference_words.EVENTS.get(event.event, event.event.replace("_", " "))
    change = f"{event.from_} -> {event.to}" if event.from_ and event.to else event.to or event.from_
    return f"{phrase} {change}".strip()


def short_text(event: Event) -> str:
    """The event in a few words, without its number and time: `utility_a OUTAGE`."""
    if event.event == "state":
        return f"{event.node_id} {event.to}"
    return f"{event.node_id} {what_text(event)}"


def event_line(event: Event) -> str:
    """`#9 12.3 s  generator_a STARTING -> RUNNING`."""
    return f"#{event.id} {event.t_s:.1f} s  {event.node_id} {what_text(event)}"


def event_text(event: Event, known: Mapping[int, Event]) -> str:
    """`12.3 s  generator_a STARTING -> RUNNING because #4 utility_a OUTAGE`.

    known: earlier events by id, to name the cause; one that is too old to be known is given by its number.
    """
    text = event_line(event)
    if not event.cause:
        return text
    cause = known.get(event.cause)
    return f"{text} because #{event.cause} {short_text(cause)}" if cause else f"{text} because #{event.cause}"


def ack_text(ack: Ack, verb: str) -> str:
    """One sentence: what a node answered to a verb, with the reason and the cure when it refused."""
    if ack.done:
        return f"{ack.node_id}: {verb} done" + (f" ({ack.applied})" if ack.applied else "")
    meaning, cure = reference_commands.REASONS.get(ack.reason, (ack.reason or "no reason given", ""))
    text = f"{ack.node_id}: {verb} {ack.result} ({ack.reason}): {meaning}" + (f"; {ack.applied}" if ack.applied else "")
    return f"{text}; {cure}" if cure else text
