"""A broker of our own for each test that wants one; real time and real sockets are allowed here and nowhere else."""

import contextlib
import os
import signal
import time

import pytest
from winter_river.emulator import Fleet
from winter_river.facility import load_facility
from winter_river.service.broker import start_broker
from winter_river.service.wiring import Service


def wait_until(claim, *, timeout_s=10.0, what=""):
    """Returns what claim() gives as soon as it is true; fails naming the claim when the time is up."""
    end_s = time.monotonic() + timeout_s
    while time.monotonic() < end_s:
        found = claim()
        if found:
            return found
        time.sleep(0.02)
    pytest.fail(f"not within {timeout_s} s: {what or claim}")


@pytest.fixture
def until():
    """wait_until, for tests."""
    return wait_until


class Brokers:
    """Brokers on one port, one after the other: what a restart is to everybody else."""

    def __init__(self, folder):
        self._folder = folder
        self.broker = start_broker("auto", data_dir=folder)

    @property
    def url(self):
        return self.broker.url

    def stop(self):
        """As a service manager does it."""
        self.broker.stop()

    def kill(self):
        """As a power cut does it."""
        os.kill(self.broker.pid, signal.SIGKILL)
        self.broker.stop()

    def start(self):
        """Again on the same port."""
        self.broker = start_broker(self.broker.kind, port=self.broker.port, data_dir=self._folder)

    def freeze(self):
        os.kill(self.broker.pid, signal.SIGSTOP)

    def thaw(self):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.broker.pid, signal.SIGCONT)


@pytest.fixture
def brokers(tmp_path):
    """A running broker that can be stopped, killed, frozen and started again."""
    brokers = Brokers(tmp_path)
    yield brokers
    brokers.thaw()
    brokers.stop()


class Live:
    """A running site: broker, service and fleet; `at` waits for a state and gives how long it took."""

    def __init__(self, brokers, facility):
        self.brokers, self.facility = brokers, facility
        self.service = Service(facility, brokers.url, seed=1)
        self.fleet = Fleet(facility, brokers.url, seed=1)
        self.site = self.service.site
        self.service.start()
        self.service.wait_ready()
        self.fleet.start()
        assert self.service.wait_online(), "not all nodes came online"
        self.site.advance(0.5)

    def at(self, node_id, *, timeout_s=10.0, **fields):
        """Waits until the view of a node shows these fields."""
        wait_until(
            lambda: all(self.site.view(node_id)[name] == value for name, value in fields.items()),
            timeout_s=timeout_s,
            what=f"{node_id} {fields}; it is {self.site.view(node_id)}",
        )

    def close(self):
        self.fleet.stop()
        self.service.stop()
        assert self.service.failure is None, self.service.failure
        assert self.service.report().counters["laws_broken"] == 0, self.service.report().notes


@pytest.fixture
def go_live(brokers):
    """Runs the 24-node site over a real broker, every node online, in a given calibration; no law may break."""
    running = []

    def go(calibration):
        running.append(Live(brokers, load_facility("block-2n-24").with_calibration(calibration)))
        return running[-1]

    yield go
    for live in running:
        live.close()


@pytest.fixture
def live(go_live):
    """The site in quick calibration: the same physics, the delays ten times shorter."""
    return go_live("quick")
