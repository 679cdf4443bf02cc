"""The site as OpenMetrics text, for Prometheus and all that reads it: base units, one family a quantity. Pure.

    winter_river_node_power_watts{node_id="ups_a",type="ups"} 412300.0

Names come from the contract's fields: the unit of a field becomes the base unit at the end of the family's name. A node
that is not there has `winter_river_node_up` 0 and nothing else: an old value must not look like a new one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from winter_wire import schema

from winter_river.alerts import states
from winter_river.alerts.model import Alarm, Gauge
from winter_river.alerts.rules import GAUGES as RULE_GAUGES
from winter_river.store import StoreHealth

CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
PREFIX = "winter_river"
# Unit of the contract -> (how a field's name ends with it, the base unit's name, what one of it is in base units).
BASE: Mapping[str, tuple[str, str, float]] = {
    "V": ("", "volts", 1.0),
    "A": ("", "amperes", 1.0),
    "kW": ("_kw", "watts", 1_000.0),
    "kvar": ("_kvar", "vars", 1_000.0),
    "kWh": ("_kwh", "joules", 3_600_000.0),
    "Hz": ("_hz", "hertz", 1.0),
    "%": ("_pct", "ratio", 0.01),
    "C": ("_c", "celsius", 1.0),
    "s": ("_s", "seconds", 1.0),
    "h": ("_h", "seconds", 3_600.0),
    "ms": ("_ms", "seconds", 0.001),
    "m3/s": ("_m3s", "cubic_meters_per_second", 1.0),
    "rpm": ("rpm", "rotation_hertz", 1 / 60),
    "dBm": ("", "dbm", 1.0),
    "B": ("", "bytes", 1.0),
    "W/m2": ("_w_m2", "watts_per_square_meter", 1.0),
}
NO_GAUGES: Mapping[str, Gauge] = {}
NO_RETURNS: Mapping[str, object] = {}
COUNTERS = frozenset(
    ("energy_kwh", "it_kwh", "source_kwh", "lost_kwh", "resets", "refuels", "tick", "steps", "skipped")
)
# Numbers of the envelope, which measure nothing.
LEFT_OUT = frozenset(("v", "boot", "seq", "ts", "timeline", "t_s", "seed"))
# Gauge of the alarms' rules -> (its family, the unit, what one of it is in that unit). The others of the store, and the
# engine's own counters, are told as such.
GAUGES: Mapping[str, tuple[str, str, float]] = {
    "bus_connected": ("bus_connected", "", 1.0),
    "rival_engines": ("engine_rivals", "", 1.0),
    "commands_per_s": ("commands_per_second", "", 1.0),
    "command_pending_s": ("command_pending_seconds", "seconds", 1.0),
    "unaudited": ("audit_missing", "", 1.0),
    "store_silent_s": ("store_silent_seconds", "seconds", 1.0),
    "certificate_days": ("certificate_left_seconds", "seconds", 86_400.0),
}
_NUMBERS = (schema.NUMBER, schema.INTEGER)


@dataclass(slots=True)
class _Family:
    """One quantity. kind: gauge or counter; samples: labels and value."""

    kind: str
    unit: str
    help: str
    samples: list[tuple[Mapping[str, str], float]] = field(default_factory=list)


class Process(NamedTuple):
    """The service's own process. resident_bytes: 0 where the system does not tell."""

    cpu_s: float
    resident_bytes: int
    version: str


class Book:
    """Families in the order in which they were first added to."""

    def __init__(self) -> None:
        self._families: dict[str, _Family] = {}

    def field(self, part: str, name: str, value: object, labels: Mapping[str, str]) -> None:
        """A field of the contract; what is no number, or of the envelope, is passed over."""
        row = schema.ROWS.get(name)
        if name in LEFT_OUT or row is None or row[1] not in _NUMBERS or not _is_number(value):
            return
        end, unit, scale = BASE.get(row[5], ("", "", 1.0))
        stem = "_".join(word for word in (part, name.removesuffix(end), unit) if word)
        text = f"The contract's {name}" + (f", there in {row[5]}" if row[5] else "")
        self.add(stem, float(value) * scale, labels, unit=unit, counter=name in COUNTERS, text=text)  # type: ignore[arg-type]

    def add(
        self, stem: str, value: float, labels: Mapping[str, str], *, unit: str = "", counter: bool = False, text: str
    ) -> None:
        """One sample. stem: the family's name without the prefix."""
        family = self._families.setdefault(f"{PREFIX}_{stem}", _Family("counter" if counter else "gauge", unit, text))
        family.samples.append((labels, value))

    def text(self) -> str:
        """The whole, as a scraper is answered."""
        lines = []
        for name, family in self._families.items():
            lines.append(f"# TYPE {name} {family.kind}")
            if family.unit:
                lines.append(f"# UNIT {name} {family.unit}")
            lines.append(f"# HELP {name} {_escaped(family.help)}")
            end = "_total" if family.kind == "counter" else ""
            lines += [f"{name}{end}{_labels(labels)} {value:.12g}" for labels, value in family.samples]
        return "\n".join([*lines, "# EOF\n"])


def expose(
    *,
    views: Mapping[str, Mapping[str, object]],
    reports: Mapping[str, Mapping[str, object]],
    presences: Mapping[str, str],
    balance: Mapping[str, object],
    counters: Mapping[str, float],
    store: StoreHealth | None,
    alarms: Sequence[Alarm] = (),
    gauges: Mapping[str, Gauge] = NO_GAUGES,
    boot_returns: Mapping[str, object] = NO_RETURNS,
    process: Process | None = None,
) -> str:
    """The metrics of one moment. views, reports: of each node, by the contract's names; reports add what is the node's own.
    counters: of the service. store: None where nothing is kept. alarms: those that are not normal. gauges: what rules of the
    service are judged by. boot_returns: of each node, how often in the last minute a boot of it that had gone spoke again."""
    book = Book()
    for node_id, view in views.items():
        up = presences[node_id] != "offline"
        labels = {"node_id": node_id, "type": str(view["type"])}
        book.add("node_up", float(up), labels, text="Whether the node is in its slot and speaks")
        if up:
            book.add(
                "node_state", 1.0, {**labels, "state": str(view["state"]), "status": str(view["status"])},
                text="1 for the state that the node is in",
            )  # fmt: skip
    for node_id, view in views.items():
        if presences[node_id] != "offline":
            labels = {"node_id": node_id, "type": str(view["type"])}
            if isinstance(tripped := view.get("tripped"), bool):
                book.add(
                    "node_tripped", float(tripped), labels, text="Whether the node has tripped and waits for its reset"
                )
            for name, value in {**reports.get(node_id, {}), **view}.items():
                book.field("node", name, value, labels)
    for node_id, returns in boot_returns.items():
        if _is_number(returns):
            labels = {"node_id": node_id, "type": str(views[node_id]["type"])}
            text = "How often in the last minute a boot that had gone spoke again: two nodes share one id"
            book.add("node_boot_returns", float(returns), labels, text=text)  # type: ignore[arg-type]
    for name, value in balance.items():
        book.field("facility", name, value, {})
    for name, number in counters.items():
        if name.endswith("_ms"):
            stem = f"engine_{name.removesuffix('_ms')}_seconds"
            book.add(stem, number / 1_000, {}, unit="seconds", text=f"Of the last tick: {name.removesuffix('_ms')}")
        else:
            book.add(f"engine_{name}", number, {}, counter=True, text=f"Counted since the service began: {name}")
    if store is not None:
        _store(book, store)
    _alarms(book, alarms)
    _gauges(book, gauges)
    if process is not None:
        text = "Of the service: seconds of processor that it has used"
        book.add("process_cpu_seconds", process.cpu_s, {}, unit="seconds", counter=True, text=text)
        book.add("process_resident_bytes", process.resident_bytes, {}, unit="bytes", text="Of the service: its memory")
        book.add("process_info", 1.0, {"version": process.version}, text="1, with the version that runs")
    return book.text()


def _alarms(book: Book, alarms: Sequence[Alarm]) -> None:
    for state in states.STATES:
        if state != states.NORMAL:
            count = sum(alarm.state == state for alarm in alarms)
            book.add("alarms", count, {"state": state}, text="Alarms in each state of ISA-18.2")
    for alarm in alarms:
        rule, node_id = alarm.key
        labels = {"rule": rule, "node_id": node_id, "priority": alarm.priority, "state": alarm.state}
        book.add("alarm", 1.0, labels, text="1 for each alarm that is not normal")


def _gauges(book: Book, gauges: Mapping[str, Gauge]) -> None:
    for name, (stem, unit, scale) in GAUGES.items():
        value = gauges.get(name)
        if isinstance(value, Mapping):
            for subject, number in value.items():
                book.add(stem, number * scale, {"subject": subject}, unit=unit, text=RULE_GAUGES[name])
        elif value is not None:
            book.add(stem, value * scale, {}, unit=unit, text=RULE_GAUGES[name])


def _store(book: Book, store: StoreHealth) -> None:
    for name in ("rows", "writes", "write_failures", "reads", "read_failures"):
        book.add(f"store_{name}", getattr(store, name), {}, counter=True, text=f"Counted since the run began: {name}")
    for reason, count in store.dropped.items():
        book.add("store_dropped", count, {"reason": reason}, counter=True, text="Messages that are not in the store")
    book.add("store_queue", store.queue, {}, text="Messages that wait for the store")
    book.add("store_lag_seconds", store.lag_s, {}, unit="seconds", text="Age of the oldest message not committed")
    book.add("store_file_bytes", store.file_bytes, {}, unit="bytes", text="Size of the store's file")
    book.add("store_disk_free_ratio", store.disk_free_pct / 100, {}, unit="ratio", text="Free part of the store's disk")
    for what in ("sent", "refused", "failures"):
        for sink, health in store.sinks.items():
            text = f"Rows of the sink, or its tries: {what}"
            book.add(f"sink_{what}", getattr(health, what), {"sink": sink}, counter=True, text=text)
    for sink, health in store.sinks.items():
        book.add("sink_waiting", health.waiting, {"sink": sink}, text="Rows that the sink has still to take")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _labels(labels: Mapping[str, str]) -> str:
    inside = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{inside}}}" if inside else ""


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
