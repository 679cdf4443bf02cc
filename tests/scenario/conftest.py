"""A site small enough to see through: for the runner, which must work with any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pytest
from winter_river.facility import Facility, load_facility
from winter_river.site import Ack

if TYPE_CHECKING:
    from winter_river.engine import Event


class ToySite:
    """A site of one lamp `srv_a`: `close` lights it half a second later, other verbs are refused. It counts time."""

    def __init__(self) -> None:
        self.facility: Facility = load_facility("seed-8")
        self.t_s = 100.0  # a site that has been running: scripts count from now
        self.lit_at_s = float("inf")
        self.sent: list[tuple[float, str, str, dict[str, object]]] = []

    def send(self, node_id: str, verb: str, params: Mapping[str, object] = {}, *, by: str = "") -> Ack:
        self.sent.append((self.t_s, node_id, verb, dict(params)))
        if verb != "close":
            return Ack("x-1", node_id, "rejected", "unknown")
        self.lit_at_s = self.t_s + 0.5
        return Ack("x-1", node_id, "done", applied="handle=on")

    def view(self, node_id: str) -> dict[str, object]:
        lit = self.t_s >= self.lit_at_s - 1e-9
        return {
            "state": "NORMAL" if lit else "OFF",
            "status": "ok",
            "voltage_out": 480.0 if lit else 0.0,
            "power_kw": 40.0004 if lit else 0.0,
            "tripped": False,
        }

    def isolation(self, node_id: str) -> None:
        return None

    def events(self, since_id: int = 0) -> Sequence[Event]:
        return ()

    def advance(self, seconds: float) -> None:
        assert seconds > 0
        self.t_s += seconds


@pytest.fixture
def toy() -> ToySite:
    return ToySite()
