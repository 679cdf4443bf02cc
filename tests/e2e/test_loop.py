"""The live loop when we ourselves are at fault: broken invariants, and a process that was stopped."""

import os
import signal
import subprocess
import sys
import time

import pytest
from winter_river import load_facility
from winter_river.service.bus import Bus
from winter_river.service.client import BusClient
from winter_river.service.coordinator import Coordinator
from winter_river.service.desk import Desk
from winter_river.service.issuer import Issuer
from winter_river.service.live_site import LiveSite, ServiceError
from winter_river.service.loop import SETTLE_S_MAX, Loop
from winter_river.service.loop_line import LoopLine
from winter_wire import codec


class Broken(Coordinator):
    """A coordinator with a bug: it falls over in its third second."""

    def step(self, now_s):
        if self.t_s > 2.0:
            raise RuntimeError("the world does not settle")
        return super().step(now_s)


def test_broken_invariant_stops_the_engine_loudly_and_says_so_on_the_bus(brokers, until):
    coordinator, desk = Broken(load_facility("seed-8"), boot=5), Desk("test")
    bus = Bus(brokers.url, client_id="engine", subscriptions=desk.subscriptions(), will=coordinator.goodbye)
    loop = Loop(coordinator, bus, desk)
    bus.start()
    loop.start()
    with pytest.raises(ServiceError, match="the world does not settle"):
        LiveSite(loop, Issuer(desk, LoopLine(loop))).advance(10.0)
    assert isinstance(loop.failure, RuntimeError)

    def remembered():
        with BusClient(brokers.url) as visitor:
            statuses = [item.payload for item in visitor.remembered() if item.topic == "winter-river/engine/status"]
        return statuses and codec.decode("status", statuses[-1])[0]["status"] == "offline"

    until(remembered)
    loop.stop()
    bus.stop()


class Lingering(Loop):
    """A loop whose thread gets no processor for a second when its work is done."""

    def _run(self):
        super()._run()
        time.sleep(1.0)


def test_who_waits_for_an_engine_that_ends_is_let_go_at_once(brokers, until):
    coordinator, desk = Broken(load_facility("seed-8"), boot=5), Desk("test")
    bus = Bus(brokers.url, client_id="engine", subscriptions=desk.subscriptions(), will=coordinator.goodbye)
    loop = Lingering(coordinator, bus, desk)
    bus.start()
    loop.start()
    until(lambda: coordinator.t_s > 2.0)
    began_s = time.monotonic()
    with loop.lock:
        coordinator.freeze(loop.clock())
    loop.settle()
    assert time.monotonic() - began_s < SETTLE_S_MAX / 2
    loop.stop()
    bus.stop()


class Heavy(Coordinator):
    """A site so large that telling of it takes longer than all that a step may take."""

    told, steps = 0, None  # steps: how many of them had come to 1000 s

    def _outgoing(self, found, *, ticked):
        self.told += 1
        if self.steps is None and self.t_s > 1000.0:
            self.steps = self.told
        time.sleep(0.1)
        return super()._outgoing(found, ticked=ticked)


def test_what_a_step_costs_beside_the_time_it_passes_does_not_slow_time_down(brokers, until):
    coordinator, desk = Heavy(load_facility("seed-8"), boot=5), Desk("test")
    bus = Bus(brokers.url, client_id="engine", subscriptions=desk.subscriptions(), will=coordinator.goodbye)
    loop = Loop(coordinator, bus, desk)
    bus.start()
    loop.start()
    with loop.lock:
        coordinator.set_speed(1000.0, loop.clock())
    loop.settle()
    until(lambda: coordinator.steps is not None)
    loop.stop()
    bus.stop()
    assert coordinator.steps < 60  # counted in, 30 steps had come to 150 s: a second less with each


@pytest.mark.soak(62)
def test_run_that_was_stopped_for_half_a_minute_goes_on_as_if_nothing_had_been(tmp_path):
    """Engine and nodes stand still together (SIGSTOP); the broker goes on and tells 24 last wills to nobody."""
    command = [sys.executable, "-m", "winter_river", "run", "--for", "55s", "--no-ui", "--mqtt-port", "0"]
    environment = {**os.environ, "WINTER_RIVER_DATA_DIR": str(tmp_path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        time.sleep(10.0)
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(30.0)
        os.kill(process.pid, signal.SIGCONT)
        output, _ = process.communicate(timeout=60.0)
    assert process.returncode == 0
    assert "0 events; 24 nodes: 24 ok" in output
    assert "24 of 24 nodes online" in output
