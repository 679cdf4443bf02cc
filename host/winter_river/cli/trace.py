"""The trace of a simulation: one JSON object a line and step, the same bytes for the same seed."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from winter_wire import schema

from winter_river.site import Site

if TYPE_CHECKING:
    from winter_river.engine import Event

T_DECIMALS = 3  # times are whole milliseconds


def view_object(view: Mapping[str, object]) -> dict[str, object]:
    """A view with its numbers at the schema's decimals: what the bus would carry."""
    found: dict[str, object] = {}
    for name, value in view.items():
        row = schema.row("view", name)
        rounded = isinstance(value, float) and row is not None and row[1] == schema.NUMBER
        found[name] = round(value, row[2]) + 0.0 if rounded and isinstance(value, float) else value
    return found


def event_object(event: "Event") -> dict[str, object]:
    """An event by the contract's names."""
    return {
        "id": event.id,
        "t_s": round(event.t_s, T_DECIMALS),
        "node_id": event.node_id,
        "event": event.event,
        "from": event.from_,
        "to": event.to,
        "cause": event.cause,
    }


class TraceFile:
    """Writes a line for each step; without a path it writes nothing."""

    def __init__(self, path: Path | None, site: Site) -> None:
        self._path, self._site = path, site
        self._file: TextIO | None = None
        self._last_id = 0

    def __enter__(self) -> Self:
        if self._path is not None:
            self._file = self._path.open("w", encoding="utf-8", newline="\n")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def write(self) -> None:
        """The line of this instant: every node's view, and the events since the line before."""
        if self._file is None:
            return
        events = self._site.events(self._last_id)
        self._last_id = max([self._last_id, *(event.id for event in events)])
        line = {
            "t": round(self._site.t_s, T_DECIMALS),
            "nodes": {node_id: view_object(self._site.view(node_id)) for node_id in self._site.facility.nodes},
            "events": [event_object(event) for event in events],
        }
        self._file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
