"""What every story stands on: a site whose every step is held to the laws of physics, and a record of what was seen."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Callable, Iterator

import pytest
from winter_river import Simulation, load_facility
from winter_river.engine import Event
from winter_river.scenario.trace import node_fields


@pytest.fixture(scope="module")
def start() -> Iterator[Callable[..., Simulation]]:
    """Starts simulations. The service checks the laws after each engine step of each of them; none may be broken.

    What the events tell of each is checked at its end: ids and times only rise, and causes come before effects.
    """
    started: list[Simulation] = []

    def start_one(
        name: str = "block-2n-24", *, calibration: str = "training", seed: int = 1, dt_s: float = 1.0, **racks: float
    ):
        """racks: ratings that every rack has beside those of the file."""
        facility = load_facility(name).with_calibration(calibration)
        nodes = {
            node_id: dataclasses.replace(node, ratings={**node.ratings, **racks}) if node.type == "server" else node
            for node_id, node in facility.nodes.items()
        }
        simulation = Simulation(dataclasses.replace(facility, nodes=nodes), seed=seed, dt_s=dt_s)
        started.append(simulation)
        return simulation

    yield start_one
    for simulation in started:
        assert simulation.laws_broken == 0, simulation.law_notes()
        events = simulation.events()
        for before, after in itertools.pairwise(events):
            assert before.id < after.id, (before, after)
            assert before.t_s <= after.t_s, (before, after)
        assert all(event.cause < event.id for event in events)


class Record:
    """The views of a site, second by second from the moment a story begins, and the events since then."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.start_s = simulation.t_s
        self._first_event_id = max((event.id for event in simulation.events()), default=0)
        self._rows: list[dict[str, dict[str, object]]] = []
        self._look()

    def play(self, seconds: int) -> None:
        """Let whole seconds pass and look after each."""
        for _ in range(seconds):
            self.simulation.advance(1.0)
            self._look()

    def _look(self) -> None:
        row = {node_id: node_fields(self.simulation.view(node_id)) for node_id in self.simulation.facility.nodes}
        self._rows.append(row)

    def now(self) -> None:
        """Look again at this same second, after a command: what happens at an instant belongs to it."""
        self._rows.pop()
        self._look()

    def at(self, second: int, node_id: str) -> dict[str, object]:
        """The view of a node at a second of the story."""
        return self._rows[second][node_id]

    def bytes_of(self, suffix: str) -> list[str]:
        """Every second's views of the nodes whose id holds the suffix, as text."""
        return [json.dumps({key: row[key] for key in row if suffix in key}) for row in self._rows]

    def events(self, node_id: str, event: str = "state") -> list[tuple[float, str]]:
        """(seconds of the story, what it became) of one kind of event of one node."""
        return [
            (found.t_s - self.start_s, found.to)
            for found in self.all_events()
            if (found.node_id, found.event) == (node_id, event)
        ]

    def all_events(self) -> list[Event]:
        return list(self.simulation.events(self._first_event_id))


@pytest.fixture(scope="module")
def record() -> Callable[[Simulation], Record]:
    """Begins a record of a simulation at this moment."""
    return Record
