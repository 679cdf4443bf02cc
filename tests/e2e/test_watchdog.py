"""The watchdog of a service manager is fed by the engine, so an engine that hangs starves it, whatever else runs."""

import contextlib
import os
import socket

import pytest
from winter_river.facility import load_facility
from winter_river.service.supervision import Supervisor
from winter_river.service.wiring import Service


@pytest.fixture
def manager(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(60.0)
        yield listening


def test_an_engine_that_hangs_starves_the_watchdog_and_one_that_goes_on_feeds_it(brokers, manager, tmp_path):
    supervisor = Supervisor(os.environ | {"NOTIFY_SOCKET": str(tmp_path / "notify")})
    with Service(load_facility("seed-8"), brokers.url, grace=False) as service:
        service.wait_ready(60.0)
        service.tell_alive(supervisor.alive)
        supervisor.ready("up")
        assert manager.recv(100) == b"READY=1\nSTATUS=up"
        assert manager.recv(100) == b"WATCHDOG=1"
        with service._loop.lock:  # as a deadlock would: every other thread goes on
            manager.settimeout(0.01)
            with contextlib.suppress(TimeoutError):
                while manager.recv(100):
                    pass
            manager.settimeout(2.5)
            with pytest.raises(TimeoutError):
                manager.recv(100)  # the pass it was in may still end, once
                manager.recv(100)
        manager.settimeout(60.0)
        assert manager.recv(100) == b"WATCHDOG=1"
