"""A run as text: one JSON object a line and step, the same bytes for the same run."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from winter_wire import schema

from winter_river.engine import Event
from winter_river.site import Site

T_DECIMALS = 3  # times are whole milliseconds
_ENVELOPE = ("v", "node_id", "timeline", "t_s", "state")  # of a view; a line of a trace says these in its own way


class TraceWriter:
    """Writes `{"t": 12.0, "nodes": {id: {type, state, status, fields}}, "events": [...]}` for a site, line by line.

    Fields stand in the contract's order with its decimals. A line carries the events since the line before.
    """

    def __init__(self, site: Site, write: Callable[[str], object]) -> None:
        """write: takes a line with its end; what it gives back is not looked at."""
        self._site = site
        self._write = write
        self._last_event_id = 0

    def line(self, t_s: float) -> None:
        """Write what the site is at this moment, t_s by the script's time."""
        events = self._site.events(self._last_event_id)
        if events:
            self._last_event_id = events[-1].id
        row = {
            "t": _rounded(t_s, T_DECIMALS),
            "nodes": {node_id: node_fields(self._site.view(node_id)) for node_id in self._site.facility.nodes},
            "events": [event_fields(event) for event in events],
        }
        self._write(json.dumps(row, separators=(",", ":"), ensure_ascii=False, allow_nan=False) + "\n")


def event_fields(event: Event) -> dict[str, object]:
    """An event by the contract's names."""
    return {
        "id": event.id,
        "t_s": _rounded(event.t_s, T_DECIMALS),
        "node_id": event.node_id,
        "event": event.event,
        "from": event.from_,
        "to": event.to,
        "cause": event.cause,
    }


def published(view: Mapping[str, object]) -> dict[str, object]:
    """A view as the bus would carry it: numbers at the contract's decimals."""
    return {name: _published(schema.ROWS.get(name), value) for name, value in view.items()}


def node_fields(view: Mapping[str, object]) -> dict[str, object]:
    """One node's object in a trace: type, state, status, then the view's fields by the contract's order and decimals."""
    type_name = str(view["type"])
    fields = {"type": type_name, "state": view["state"], "status": view["status"]}
    for name in schema.fields("view", type_name):
        if name in view and name not in _ENVELOPE:
            fields[name] = _published(schema.ROWS[name], view[name])
    return fields


def _published(row: Any, value: Any) -> object:
    """row: of the schema, None for a field that it does not have."""
    return _rounded(value, row[2]) if row is not None and row[1] == schema.NUMBER else value


def _rounded(value: float, decimals: int) -> float:
    return round(float(value), decimals) + 0.0  # + 0.0: no minus before a zero
