"""What of the stream concerns some nodes only: their rows, their lines, what is painted of them, their events. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from winter_river.facility import Facility
from winter_river.web import painting

Json = dict[str, Any]

_DIGEST_BYTES = 4  # chosen: of one run a handful are in use, and a mix-up would only cost a whole state


@dataclass(frozen=True, slots=True)
class Subset:
    """Some nodes of a facility; equal where the nodes are. digest: names it in the ids of a stream."""

    nodes: frozenset[str]
    digest: str = field(compare=False)
    _kept: Mapping[str, frozenset[str]] = field(compare=False, repr=False)  # part of a state -> the names kept of it

    def narrowed(self, event: str, data: Json) -> Json | None:
        """A message of the stream as it concerns these nodes; None where it does not.

        What is of the whole site (clock, health, facility, exercise, cues, notes without a node) stays.
        """
        if event in ("event", "note"):
            return data if data.get("node_id", "") in self.nodes or not data.get("node_id") else None
        if event not in ("state", "delta"):
            return data
        found: Json = {}
        for name, value in data.items():
            kept = self._kept.get(name)
            part = value if kept is None else {key: row for key, row in value.items() if key in kept}
            if kept is None or part or event == "state":
                found[name] = part
        return found if found.keys() - {"seq"} else None


def subset(facility: Facility, nodes: Collection[str]) -> Subset:
    """The subset of these nodes, which the facility has. Lines count at either end."""
    chosen = frozenset(nodes)
    digest = hashlib.blake2b(",".join(sorted(chosen)).encode(), digest_size=_DIGEST_BYTES).hexdigest()
    lines = frozenset(
        painting.flow_key(feeder, node.id)
        for node in facility.nodes.values()
        for feeder in node.feeds
        if node.id in chosen or feeder in chosen
    )
    elements = frozenset(painting.elements((facility.nodes[node_id] for node_id in chosen), lines))
    return Subset(chosen, digest, {"nodes": chosen, "flows": lines, "paint": elements})
