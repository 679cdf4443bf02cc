"""A command that comes too late acts no more: a broker that was frozen, or gone, delivers or keeps it, and nothing moves."""

import json
import threading
import time

import pytest
from winter_river.emulator import Fleet
from winter_river.facility import load_facility
from winter_river.service.wiring import Service

# Asked for 5 s each, and then this: longer than a command lives (5 s, and 1 s since a status tells whole seconds), both
# together shorter than a keepalive of nodes.
FROZEN_ON_S = 2.5
COMMANDS = 10


@pytest.fixture
def live(brokers):
    facility = load_facility("seed-8")
    with Service(facility, brokers.url, seed=1) as service, Fleet(facility, brokers.url, seed=1):
        service.wait_ready(60.0)
        assert service.wait_online(timeout_s=60)
        yield service


def own(service):
    return json.loads(service.site.sight().reports["srv_a"])


def test_commands_that_a_frozen_broker_delivers_late_are_told_as_expired_and_move_nothing(live, brokers, until):
    assert live.site.send("srv_a", "set_load", {"power_kw": 40.0}).done
    until(lambda: own(live)["load_set_kw"] == 40.0)
    answers = []

    def ask(power_kw):
        answers.append(live.site.send("srv_a", "set_load", {"power_kw": power_kw}))

    threads = [threading.Thread(target=ask, args=(float(50 + number),)) for number in range(COMMANDS)]
    brokers.freeze()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {(ack.result, ack.reason) for ack in answers} == {("failed", "expired")}
    time.sleep(FROZEN_ON_S)
    brokers.thaw()
    until(lambda: live.site.send("srv_a", "identify").done)  # what came before it has been delivered
    assert own(live)["load_set_kw"] == 40.0


def test_commands_given_without_a_broker_fail_at_once_and_none_acts_when_it_is_back(live, brokers, until):
    assert live.site.send("srv_a", "set_load", {"power_kw": 40.0}).done
    brokers.kill()
    until(lambda: not live.report().connected)
    began_s = time.monotonic()
    answers = [live.site.send("srv_a", "set_load", {"power_kw": float(50 + number)}) for number in range(COMMANDS)]
    assert time.monotonic() - began_s < COMMANDS * 2.5, "none waits the 5 s that an answer may take"
    assert {(ack.result, ack.reason) for ack in answers} == {("failed", "expired")}
    brokers.start()
    until(lambda: live.site.send("srv_a", "identify").done)
    assert own(live)["load_set_kw"] == 40.0
