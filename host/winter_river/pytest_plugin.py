"""Fixtures for tests of firmware, sites and software that talks to them.

They come with the installed package; nothing has to be imported. A test that does not ask for one pays nothing:
everything of ours is imported inside the fixtures.

    facility      a site; @pytest.mark.facility("seed-8", calibration="quick", seed=3) chooses it (default: block-2n-24)
    simulation    that site, simulated: no broker, no clock, real node logic and physics
    clock         a clock that moves only when told
    broker        a private MQTT broker on a free port of this machine, one for the whole session
    bus_root      a topic root of this test alone, so that tests share the broker in peace
    virtual_node  a factory of nodes that run the real firmware on an emulated board, stepped by the test
    fleet         every node of the facility, running against the broker in a thread
    oled          the screen of a node that virtual_node or fleet has made: oled("ups_a").text()
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from winter_river.clock import ManualClock
    from winter_river.emulator import Fleet, Oled, VirtualNode
    from winter_river.facility import Facility
    from winter_river.service.broker import Broker
    from winter_river.simulation import Simulation

FACILITY_DEFAULT = "block-2n-24"
SEED_DEFAULT = 1
_MARKER = "facility(name, calibration=None, seed=1): the site that the fixtures of Winter River use; a name or a path"
_made_key = pytest.StashKey[dict[str, Any]]()
_numbers = itertools.count(1)


def pytest_configure(config: pytest.Config) -> None:
    """Tells pytest of the marker."""
    config.addinivalue_line("markers", _MARKER)


def _choice(request: pytest.FixtureRequest) -> tuple[str, str | None, int]:
    """(facility, calibration or None for its own, seed) as the nearest marker says. Raises UsageError for a wrong one."""
    marker = request.node.get_closest_marker("facility")
    if marker is None:
        return FACILITY_DEFAULT, None, SEED_DEFAULT

    def read(name: str = FACILITY_DEFAULT, calibration: str | None = None, seed: int = SEED_DEFAULT) -> tuple[Any, ...]:
        return str(name), calibration, seed

    try:
        name, calibration, seed = read(*marker.args, **marker.kwargs)
    except TypeError as error:
        raise pytest.UsageError(f"@pytest.mark.facility: {error}; it takes name, calibration, seed") from None
    return name, calibration, seed


@pytest.fixture
def facility(request: pytest.FixtureRequest) -> Facility:
    """The site of the test: block-2n-24, or what @pytest.mark.facility names."""
    from winter_river.facility import load_facility

    name, calibration, _ = _choice(request)
    site = load_facility(name)
    return site if calibration is None else site.with_calibration(calibration)


@pytest.fixture
def simulation(facility: Facility, request: pytest.FixtureRequest) -> Simulation:
    """The facility, simulated, at t = 0: everything healthy, every battery full."""
    from winter_river.simulation import Simulation

    seed = _choice(request)[2]
    print(f"simulation of {facility.name}, seed {seed}")  # pytest shows it when the test fails
    return Simulation(facility, seed=seed)


@pytest.fixture
def clock() -> ManualClock:
    """A clock at 0 s that moves only by clock.advance(seconds)."""
    from winter_river.clock import ManualClock

    return ManualClock()


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A private broker on a free port of this machine: broker.url, broker.host, broker.port. Skips where there is none."""
    from winter_river.service.broker import BrokerError, start_broker

    try:
        started = start_broker("auto", port=0, data_dir=tmp_path_factory.mktemp("broker"))
    except BrokerError as error:
        pytest.skip(f"no MQTT broker: {error}")
    with started:
        yield started


@pytest.fixture
def bus_root() -> str:
    """A topic root that no other test of this session uses."""
    return f"test-{next(_numbers)}"


@pytest.fixture
def virtual_node(request: pytest.FixtureRequest, bus_root: str) -> Iterator[Callable[..., VirtualNode]]:
    """A factory: virtual_node("ups_a") is a node of the facility, powered on, to be stepped with node.step(now_ms).

    type: the kind of equipment, for an id that is not in the facility. broker: the broker it is to join (default:
    none, its messages go nowhere). More keywords are settings of node.json. Each is stopped at the end.
    """
    from winter_river.emulator import VirtualNode, network_settings

    made: dict[str, Any] = request.node.stash.setdefault(_made_key, {})
    own: list[VirtualNode] = []

    def make(
        node_id: str, *, type: str | None = None, broker: Broker | None = None, seed: int = 0, **settings: object
    ) -> VirtualNode:
        if type is None:
            node_json = request.getfixturevalue("facility").nodes[node_id].settings()
        else:
            node_json = {"id": node_id, "type": type}
        # Port 9 discards: where no broker is given, none is found.
        url = "mqtt://127.0.0.1:9" if broker is None else broker.url
        node = VirtualNode(node_json | network_settings(url, root=bus_root) | settings, seed=seed)
        node.start(0)
        made[node_id] = node
        own.append(node)
        return node

    yield make
    for node in own:
        node.stop()


@pytest.fixture
def fleet(request: pytest.FixtureRequest, facility: Facility, broker: Broker, bus_root: str) -> Iterator[Fleet]:
    """Every node of the facility, running the real firmware against the broker under bus_root."""
    from winter_river.emulator import Fleet

    running = Fleet(facility, broker.url, root=bus_root, seed=_choice(request)[2])
    request.node.stash.setdefault(_made_key, {}).update(running.nodes)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def oled(request: pytest.FixtureRequest) -> Callable[[str], Oled]:
    """The screen of a node that this test has made: oled("ups_a").text(), .pixels, .png(path)."""

    def of(node_id: str) -> Oled:
        made = request.node.stash.get(_made_key, {})
        if node_id not in made:
            known = ", ".join(made) or "none yet"
            raise ValueError(f"this test has made no node {node_id}; with virtual_node or fleet it has made: {known}")
        screen: Oled = made[node_id].oled
        return screen

    return of
