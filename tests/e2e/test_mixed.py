"""Real boards among their emulated twins, over a real broker: two of one id never fight, and the slot keeps its state.

The board is a node of a fleet in another process, with the id of a twin and the boot ids of a stranger.
"""

import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import time

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from winter_river.emulator.mixed import MixedFleet
from winter_river.facility import load_facility
from winter_river.service.wiring import Service

NODE_ID = "gen_a"
BOARD = """
import sys
from winter_river.emulator import run_node
from winter_river.facility import load_facility
run_node(load_facility("seed-8").nodes[sys.argv[1]], sys.argv[2], seed=int(sys.argv[3]))
"""


class Visitor:
    """Hears every status; `boots` are the voices of one node in the order they were first heard."""

    def __init__(self, port):
        self.statuses, self.acks = [], []
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._on_message
        self._client.on_connect = lambda client, *_: client.subscribe(
            [("winter-river/+/status", 1), ("winter-river/+/ack", 1)]
        )
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _on_message(self, client, data, message):
        if not message.retain:
            said = json.loads(message.payload)
            (self.statuses if message.topic.endswith("status") else self.acks).append(said)

    def of(self, node_id=NODE_ID):
        return [said for said in self.statuses if said["node_id"] == node_id]

    def boots(self, node_id=NODE_ID):
        return list(dict.fromkeys(said["boot"] for said in self.of(node_id) if "boot" in said))

    def changes(self, node_id=NODE_ID):
        """How often the voice changed."""
        voices = [said["boot"] for said in self.of(node_id) if "boot" in said]
        return sum(one != other for one, other in itertools.pairwise(voices))

    def ask(self, verb, node_id=NODE_ID, **params):
        command = {"command": verb, "params": params, "id": f"test-{len(self.acks)}-{time.monotonic_ns()}"}
        self._client.publish(f"winter-river/{node_id}/command", json.dumps(command), qos=1)
        return command["id"]

    def stop(self):
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def visitor(brokers):
    made = Visitor(brokers.broker.port)
    yield made
    made.stop()


@pytest.fixture
def twins(brokers):
    with MixedFleet(load_facility("seed-8"), brokers.url) as fleet:
        yield fleet


@pytest.fixture
def board(brokers):
    """board() plugs one in: a process that can be frozen, killed and told to say goodbye."""
    started = []

    def plug_in(seed=12345):
        started.append(subprocess.Popen([sys.executable, "-c", BOARD, NODE_ID, brokers.url, str(seed)]))
        return started[-1]

    yield plug_in
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()


def test_board_takes_its_slot_and_the_twin_takes_it_back_with_its_state(twins, visitor, board, until):
    until(lambda: len(visitor.boots()) == 1, what="the twin speaks")
    real = board()
    until(lambda: len(visitor.boots()) == 2, what="the board speaks")
    until(lambda: twins.boards() == [NODE_ID])
    until(lambda: not twins.node(NODE_ID).powered)
    others = [node_id for node_id in twins.nodes if node_id != NODE_ID]
    assert all(twins.node(node_id).powered for node_id in others)

    for verb, params in (
        ("set_fault", {"state": True, "kind": "fail_to_start"}),
        ("set_handle", {"to": "run"}),
        ("set_fuel", {"pct": 40}),
        ("reset", {}),
    ):
        number = visitor.ask(verb, **params)
        until(lambda number=number: [each for each in visitor.acks if each["id"] == number])
    time.sleep(0.3)
    assert len(visitor.acks) == 4, "each command is answered once"
    own = {"handle": "run", "mode": "manual", "fault": "fail_to_start", "resets": 1, "refuels": 1, "fuel_set_pct": 40}
    until(lambda: {name: visitor.of()[-1].get(name) for name in own} == own)

    real.terminate()
    until(lambda: len(visitor.boots()) == 3, what="the twin speaks again")
    said = visitor.of()[-1]
    assert {name: said[name] for name in own} == own
    assert twins.boards() == []
    assert visitor.changes() == 2, "no fight"

    real = board(seed=54321)
    until(lambda: twins.boards() == [NODE_ID], what="another board is plugged in")
    real.kill()
    until(lambda: len(visitor.boots()) == 5, timeout_s=12.0, what="by its last will, not by its silence")
    assert visitor.changes() == 4, "no fight"
    assert all(len(visitor.boots(node_id)) == 1 for node_id in others)


def test_boards_that_were_there_first_are_left_alone(brokers, visitor, board, until):
    real = board()
    until(lambda: len(visitor.boots()) == 1)
    with MixedFleet(load_facility("seed-8"), brokers.url) as fleet:
        until(lambda: fleet.boards() == [NODE_ID])
        assert not fleet.node(NODE_ID).boots
        assert real.poll() is None
        until(lambda: all(node.powered for node_id, node in fleet.nodes.items() if node_id != NODE_ID))
    assert visitor.changes() == 0


def test_broker_that_restarts_leaves_every_slot_as_it_was(brokers, twins, board, until):
    real = board()
    until(lambda: twins.boards() == [NODE_ID])
    boots = {node_id: node.boots for node_id, node in twins.nodes.items()}
    brokers.kill()
    time.sleep(1.0)
    brokers.start()
    visitor = Visitor(brokers.broker.port)
    try:
        until(lambda: all(visitor.boots(node_id) for node_id in twins.nodes), what="all are back")
        time.sleep(1.0)
        assert all(visitor.changes(node_id) == 0 for node_id in twins.nodes)
    finally:
        visitor.stop()
    assert twins.boards() == [NODE_ID]
    assert {node_id: node.boots for node_id, node in twins.nodes.items()} == boots, "twins keep their state"
    assert real.poll() is None


@pytest.mark.soak(95)
def test_frozen_board_is_replaced_after_its_silence_and_wins_again_when_it_thaws(brokers, twins, visitor, board, until):
    with Service(load_facility("seed-8"), brokers.url) as service:
        real = board()
        until(lambda: twins.boards() == [NODE_ID])
        until(lambda: not twins.node(NODE_ID).powered)
        own = until(lambda: visitor.of()[-1].get("boot"))  # the twin's last will may come after the board's birth
        os.kill(real.pid, signal.SIGSTOP)
        until(lambda: twins.boards() == [])
        until(lambda: visitor.of()[-1].get("boot", own) != own, what="the twin has the slot")
        assert visitor.ask("set_handle", to="off")
        until(lambda: visitor.of()[-1].get("handle") == "off")
        before = visitor.changes()
        os.kill(real.pid, signal.SIGCONT)
        until(lambda: visitor.of()[-1].get("boot") == own, what="the board has it back")
        time.sleep(70.0)
        assert visitor.changes() == before + 1
        assert visitor.of()[-1]["boot"] == own
        assert service.site.presence(NODE_ID) == "online"
        assert service.site.view(NODE_ID)["state"] == "STANDBY", (
            "the engine believes the board again, whose handle is auto"
        )
