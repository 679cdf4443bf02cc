"""The state of a site as the page sees it, and what has changed since the picture before. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from winter_wire import codec, schema

from winter_river.facility import Facility
from winter_river.scenario.trace import published
from winter_river.web import painting

# Of a status the page wants what only the node knows; the electrical fields there are an echo of the view.
_HEALTH = ("mode", "wifi_rssi", "uptime", "heap_free", "reset_cause", "fw", "boot")
_NOT_SHOWN = ("v", "node_id", "timeline", "t_s")
QUICK = ("uptime", "heap_free", "wifi_rssi")  # they change with every status, and nobody watches them change
_LAID_OVER = ("flows", "paint", "facility")

Json = dict[str, Any]


class Sight(Protocol):
    """What a site says of one moment; service.wiring.Sight is one."""

    @property
    def t_s(self) -> float: ...
    @property
    def views(self) -> Mapping[str, Mapping[str, object]]: ...
    @property
    def presences(self) -> Mapping[str, str]: ...
    @property
    def balance(self) -> Mapping[str, object]: ...
    @property
    def reports(self) -> Mapping[str, bytes]: ...


@dataclass(slots=True)
class Reports:
    """The statuses of nodes, each decoded once."""

    _raw: dict[str, bytes] = field(default_factory=dict)
    _read: dict[str, Json] = field(default_factory=dict)

    def of(self, node_id: str, type_name: str, raw: bytes | None) -> Json:
        """The node's own fields; {} where it has said nothing that can be believed, or its last will only."""
        if raw is None:
            return {}
        if self._raw.get(node_id) is not raw:
            message, _ = codec.decode("status", raw)
            self._raw[node_id], self._read[node_id] = raw, _own(message or {}, type_name)
        return self._read[node_id]


def _own(message: Mapping[str, Any], type_name: str) -> Json:
    names = ("handle", "fault", "resets", *schema.own_fields(type_name)[1], *_HEALTH)
    return {name: message[name] for name in names if name in message}


def nodes_of(facility: Facility, sight: Sight, reports: Reports) -> dict[str, Json]:
    """Every node: its view, what only it knows, `presence`, and `look` (live, warning, fault, stale, dead, absent)."""
    found = {}
    for node in facility.nodes.values():
        view = published(sight.views[node.id])
        row: Json = {name: value for name, value in view.items() if name not in _NOT_SHOWN}
        row |= reports.of(node.id, node.type, sight.reports.get(node.id))
        row["presence"] = sight.presences[node.id]
        row["look"] = painting.look(row, sight.presences[node.id])
        found[node.id] = row
    return found


def picture(facility: Facility, sight: Sight, reports: Reports) -> Json:
    """nodes, facility, flows and paint at one moment: the parts of the state that follow from the site alone."""
    nodes = nodes_of(facility, sight, reports)
    return {"nodes": nodes, "facility": published(sight.balance), **drawing(facility, nodes)}


def drawing(facility: Facility, nodes: Mapping[str, Mapping[str, object]]) -> Json:
    """flows and paint for these nodes, `presence` among their fields where it is known."""
    lines = painting.flows(facility, nodes)
    presences = {node_id: str(row.get("presence", painting.ONLINE)) for node_id, row in nodes.items()}
    return {
        "flows": {key: {"power_kw": flow.power_kw, "live": flow.live} for key, flow in lines.items()},
        "paint": painting.paint(facility, nodes, presences, lines),
    }


def delta(before: Mapping[str, Any], now: Mapping[str, Any]) -> Json:
    """What is to be laid over `before` to get `now`: of nodes and _LAID_OVER only what has changed; {} for nothing.

    None stands for a field that has gone: there is no PUE while a battery carries the site.
    Fields that change all the time and matter little come along with others, or after the next whole state.
    """
    changed: Json = {}
    for name, value in now.items():
        old = before.get(name)
        if value == old:
            continue
        if name == "nodes" and isinstance(old, dict):
            rows = {node_id: _changed(old.get(node_id, {}), row) for node_id, row in value.items()}
            shown = {node_id: row for node_id, row in rows.items() if row.keys() - set(QUICK)}
            if shown:
                changed[name] = shown
        elif name in _LAID_OVER and isinstance(old, dict):
            changed[name] = _changed(old, value)
        else:
            changed[name] = value
    return changed


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> Json:
    gone = {name: None for name in old if name not in new}
    return {name: value for name, value in new.items() if name not in old or old[name] != value} | gone
