"""InfluxDB's line protocol: the same points as the generated telegraf.conf writes. Pure.

    node,node_id=ups_a,status=ok,type=ups soc_pct=99.5,voltage_in=480 1800000000000000000

A bad reading has no number of its own; its quality is the point, so that a gap does not look like silence.
"""

from __future__ import annotations

from collections.abc import Iterable

from winter_river.store.model import Happening, Reading

MEASUREMENT, EVENTS = "node", "event"
TAGS = ("node_id", "type", "status")
BUCKET = "mqtt_metrics"
# Keys that a field may not have: InfluxDB drops one that is called as its time is (seen with 1.6.7).
_TAKEN = ("time", "quality")
# The protocol has no way to write a backslash at the end of a tag: it would take the next sign along.
_ESCAPES = str.maketrans({",": "\\,", "=": "\\=", " ": "\\ ", "\\": "/"})


def lines(items: Iterable[Reading | Happening]) -> bytes:
    """One line each, times in nanoseconds."""
    return "".join(_reading(item) if isinstance(item, Reading) else _event(item) for item in items).encode()


def _reading(item: Reading) -> str:
    fields = "".join(f",{_field(name)}={value!r}" for name, value in sorted(item.numbers.items()))
    tags = {"node_id": item.node_id, "status": item.status, "type": item.type}
    return f"{MEASUREMENT}{_tags(tags)} quality={item.quality}{fields} {item.ms}000000\n"


def _event(item: Happening) -> str:
    words = {"from": item.from_, "to": item.to}
    texts = "".join(f",{name}={_text(text)}" for name, text in words.items() if text)
    tags = {"event": item.event, "node_id": item.node_id}
    # Two events of one node and kind in one millisecond are two points, told apart by what is left of the nanoseconds.
    return f"{EVENTS}{_tags(tags)} id={item.id},t_s={item.t_s!r}{texts} {item.ms}{item.id % 1_000_000:06d}\n"


def _tags(tags: dict[str, str]) -> str:
    """Sorted, as databases store them; an empty tag is not allowed."""
    return "".join(f",{name}={_key(value)}" for name, value in sorted(tags.items()) if value)


def _field(name: str) -> str:
    return f"{name}_" if name in _TAKEN else _key(name)


def _key(text: str) -> str:
    return text.translate(_ESCAPES)


def _text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
