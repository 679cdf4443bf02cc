"""Sites as fixtures, and a story that checks the ten laws at every step."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
from winter_river.engine import (
    Device,
    Event,
    Plan,
    Snapshot,
    World,
    apply,
    build_plan,
    laws,
    new_world,
    restore,
    snapshot,
    view,
)
from winter_river.engine.step import step  # unwatched: a story checks each of its steps itself, at once

from . import sites


class Story:
    """One world being told a story. Every step is checked against the ten laws."""

    def __init__(
        self, devices: Sequence[Device], *, calibration: str = "training", dt_s: float = 1.0, seed: int = 0
    ) -> None:
        self.plan: Plan = build_plan(devices, calibration=calibration)
        self.world: World = new_world(self.plan, seed=seed)
        self.dt_s = dt_s
        self.events: list[Event] = []
        self._before = laws.latches(self.plan, self.world)

    def tell(self, node_id: str, *, present: bool = True, **fields: object) -> None:
        apply(self.plan, self.world, node_id, fields, present=present)

    def run(self, seconds: float) -> list[Event]:
        """Lets time pass in steps of dt_s (the last one shorter) and gives the events."""
        found: list[Event] = []
        end_s = self.world.t_s + seconds
        while True:
            found += self.step(min(self.dt_s, max(0.0, end_s - self.world.t_s)))
            if self.world.t_s >= end_s - 1e-9:
                return found

    def until(self, t_s: float) -> list[Event]:
        return self.run(t_s - self.world.t_s)

    def step(self, dt_s: float) -> list[Event]:
        events = step(self.plan, self.world, dt_s)
        broken = laws.check(self.plan, self.world, events=events, before=self._before)
        assert broken == [], f"at {self.world.t_s} s: {broken}"
        self._before = laws.latches(self.plan, self.world)
        self.events += events
        return events

    def save(self) -> tuple[bytes, laws.Latches]:
        """The world, and the latches before its last step: a reset that is not settled yet clears one later."""
        return snapshot(self.plan, self.world).to_bytes(), self._before

    def go_back(self, saved: tuple[bytes, laws.Latches]) -> None:
        self.world, self._before = restore(self.plan, Snapshot.from_bytes(saved[0])), saved[1]

    def view(self, node_id: str) -> dict[str, object]:
        return view(self.plan, self.world, node_id)

    def number(self, node_id: str, field: str) -> float:
        value = self.view(node_id)[field]
        assert isinstance(value, (int, float)) and math.isfinite(value)
        return float(value)

    def state(self, node_id: str) -> str:
        return str(self.view(node_id)["state"])

    def when(self, node_id: str, event: str, to: str | None = None, *, after_s: float = -1.0) -> float:
        """The instant of the first such event after after_s."""
        for e in self.events:
            if e.node_id == node_id and e.event == event and e.t_s > after_s and (to is None or e.to == to):
                return e.t_s
        raise AssertionError(f"no {event} {to or ''} of {node_id} after {after_s} s in {self.events}")

    def hash(self) -> str:
        return snapshot(self.plan, self.world).hash


@pytest.fixture
def story() -> Callable[..., Story]:
    """Starts a story on devices (default: the 24 nodes)."""

    def start(devices: Iterable[Device] | None = None, **options: Any) -> Story:
        return Story(sites.block_24() if devices is None else list(devices), **options)

    return start


@pytest.fixture
def block() -> list[Device]:
    return sites.block_24()


@pytest.fixture
def side() -> Callable[[str], list[Device]]:
    return sites.side_of_block


@pytest.fixture
def dual_cord() -> list[Device]:
    return sites.dual_cord_block()


@pytest.fixture
def chain() -> list[Device]:
    return sites.chain_8()


@pytest.fixture
def two_utilities() -> list[Device]:
    return sites.two_utilities_11()


@pytest.fixture
def storages() -> list[Device]:
    return sites.storages_10()


@pytest.fixture
def sunny() -> list[Device]:
    return sites.sunny_12()


@pytest.fixture
def parallel() -> list[Device]:
    return sites.parallel_13()


@pytest.fixture
def tapped() -> list[Device]:
    return sites.tapped_13()


@pytest.fixture
def grids() -> list[Device]:
    return sites.grids_12()
