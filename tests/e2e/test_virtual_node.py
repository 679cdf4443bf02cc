"""One emulated node, the firmware whole, against a real broker: birth, command, will, a broker that goes away."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time

import paho.mqtt.client as mqtt
import pytest
from winter_river.emulator import Fleet, VirtualNode, network_settings
from winter_river.facility.model import Facility, Node
from winter_wire import codec, topics

STATUS = topics.topic("ups_a", topics.STATUS)
COMMAND = topics.topic("ups_a", topics.COMMAND)
ACK = topics.topic("ups_a", topics.ACK)


class Ear:
    """Another client on the bus: keeps what it hears, newest last, and sends commands."""

    def __init__(self, broker):
        self.heard = []
        listening = threading.Event()
        version = (
            {"callback_api_version": mqtt.CallbackAPIVersion.VERSION2} if hasattr(mqtt, "CallbackAPIVersion") else {}
        )
        self.client = mqtt.Client(client_id="ear", **version)
        self.client.on_connect = lambda client, *_: client.subscribe(topics.everything(), 1)
        self.client.on_subscribe = lambda *_: listening.set()
        self.client.on_message = lambda client, data, message: self.heard.append(message)
        self.client.connect(broker.host, broker.port)
        self.client.loop_start()
        assert listening.wait(60.0)

    def last(self, topic):
        """(fields, retained flag) of the newest message on a topic; None before the first."""
        found = [message for message in list(self.heard) if message.topic == topic]
        return (json.loads(found[-1].payload), found[-1].retain) if found else None

    def send(self, verb, command_id, **params):
        payload = codec.encode("command", {"v": 1, "command": verb, "params": params, "id": command_id})
        self.client.publish(COMMAND, payload, qos=1)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


def is_connected(node):
    """Asked once for its runner, which another thread may take away."""
    runner = node.runner
    return runner is not None and runner.core.connected


class Bench:
    """One node, stepped in a thread of its own on the real clock until the end of the test."""

    def __init__(self, url):
        self.node = VirtualNode({"id": "ups_a", "type": "ups"} | network_settings(url), unix_s=time.time)
        self.asked = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def ask(self, act):
        self.asked.append(act)

    def online(self):
        return is_connected(self.node)

    def hears(self, ear):
        """Whether commands reach it: it subscribes before its birth."""
        return self.online() and ear.last(STATUS)

    def _run(self):
        self.node.start(self._now_ms())
        while not self._stopping.is_set():
            while self.asked:
                self.asked.pop(0)()
            wait_ms = self.node.step(self._now_ms())
            self._stopping.wait(min(wait_ms, 20) / 1000)  # as main.run() does on a board

    def _now_ms(self):
        return time.monotonic_ns() // 1_000_000

    def close(self):
        self._stopping.set()
        self._thread.join(60)
        self.node.kill()
        assert self.node.crashes == 0, self.node.error


@pytest.fixture
def bench(brokers):
    bench = Bench(brokers.url)
    yield bench
    bench.close()


@pytest.fixture
def ear(brokers):
    ear = Ear(brokers.broker)
    yield ear
    ear.close()


def test_birth_is_retained_and_says_who_it_is(brokers, bench, ear, until):
    until(lambda: bench.online() and ear.last(STATUS))
    late = Ear(brokers.broker)  # it comes after the birth, so what it hears was kept
    try:
        status, retained = until(lambda: late.last(STATUS))
    finally:
        late.close()
    assert retained
    assert (status["node_id"], status["type"]) == ("ups_a", "ups")
    assert abs(status["ts"] - time.time()) < 60


def test_command_is_acknowledged_and_shows_in_the_status(bench, ear, until):
    until(lambda: bench.hears(ear))
    ear.send("set_fault", "e2e-1", state=True)
    ack, _ = until(lambda: ear.last(ACK))
    assert (ack["id"], ack["result"]) == ("e2e-1", "done")
    until(lambda: ear.last(STATUS)[0].get("fault") == "fault", what="the effect")


def test_restart_by_command_is_another_boot(bench, ear, until):
    until(lambda: bench.hears(ear))
    boot = bench.node.runner.core.boot
    ear.send("restart", "e2e-2")
    until(lambda: bench.node.boots == 2)
    until(lambda: ear.last(STATUS)[0].get("boot", boot) != boot)
    assert ear.last(STATUS)[0]["reset_cause"] == "reset"


def test_killed_node_leaves_its_last_will(bench, ear, until):
    until(lambda: bench.online() and ear.last(STATUS))
    bench.ask(bench.node.kill)
    until(lambda: ear.last(STATUS)[0]["status"] == "offline", timeout_s=12.0)
    assert ear.last(STATUS)[0] == {"v": 1, "node_id": "ups_a", "type": "ups", "status": "offline"}


def test_stopped_node_says_goodbye(bench, ear, until):
    until(lambda: bench.online() and ear.last(STATUS))
    bench.ask(bench.node.stop)
    until(lambda: ear.last(STATUS)[0]["status"] == "offline", timeout_s=12.0)


def test_node_without_a_broker_says_so_and_comes_back(brokers, bench, ear, until):
    until(lambda: bench.hears(ear))
    boot = bench.node.runner.core.boot
    ear.send("set_fault", "e2e-3", state=True)
    until(lambda: ear.last(ACK))
    brokers.stop()
    until(lambda: "NO BROKER" in bench.node.oled.text())
    time.sleep(8)
    assert "!FAULT" in bench.node.oled.text()  # what the node owns it keeps without a broker
    brokers.start()
    until(bench.online)
    until(lambda: "NO BROKER" not in bench.node.oled.text())
    assert bench.node.boots == 1
    assert bench.node.runner.core.boot == boot


def test_short_writes_lose_nothing(bench, ear, until):
    until(lambda: bench.hears(ear))
    bench.ask(lambda: setattr(bench.node.board.sockets, "write_bytes_max", 7))
    for number in range(20):
        ear.send("set_fault", f"short-{number}", state=number % 2 == 0)
    acks = until(lambda: [m for m in ear.heard if m.topic == ACK][19:])
    assert json.loads(acks[0].payload)["result"] == "done"


def test_wifi_loss_is_silence_for_the_broker_and_shown_on_the_screen(bench, until):
    until(bench.online)
    bench.node.access_point.up = False
    until(lambda: "AP NOT SEEN" in bench.node.oled.text())
    bench.node.access_point.up = True
    until(bench.online)
    assert bench.node.boots == 1


def test_fleet_runs_kills_freezes_and_leaves_no_thread(brokers, ear, until):
    nodes = {name: Node(id=name, type="ups") for name in ("rack_1", "rack_2", "rack_3")}
    before = set(threading.enumerate())
    with Fleet(Facility(name="racks", calibration="quick", nodes=nodes), brokers.broker) as fleet:
        until(lambda: all(ear.last(topics.topic(name, topics.STATUS)) for name in nodes))
        fleet.kill("rack_1")
        rack_1 = topics.topic("rack_1", topics.STATUS)
        until(lambda: ear.last(rack_1)[0]["status"] == "offline", timeout_s=12.0)
        fleet.power_on("rack_1")
        until(lambda: ear.last(rack_1)[0]["status"] != "offline")
        assert fleet.node("rack_1").boots == 2
        fleet.press("rack_3")
        until(lambda: fleet.node("rack_3").oled.text()[0] == "NETWORK")
        fleet.freeze("rack_2")
        rack_2 = topics.topic("rack_2", topics.STATUS)
        time.sleep(1.0)  # what it said before has arrived
        count = len([m for m in ear.heard if m.topic == rack_2])
        time.sleep(6)  # a node reports every 5 s
        assert len([m for m in ear.heard if m.topic == rack_2]) == count
        fleet.thaw("rack_2")
        until(lambda: len([m for m in ear.heard if m.topic == rack_2]) > count)
    until(lambda: {ear.last(topics.topic(n, topics.STATUS))[0]["status"] for n in nodes} == {"offline"})
    until(lambda: set(threading.enumerate()) <= before, what="every thread ends")


def test_fleet_survives_power_cuts_in_quick_succession(brokers, until):
    """Sockets close and open in all nodes at once, and the system gives their numbers to each other."""
    nodes = {f"n{i}": Node(id=f"n{i}", type="ups") for i in range(12)}
    with Fleet(Facility(name="many", calibration="quick", nodes=nodes), brokers.url) as fleet:
        for _ in range(3):
            until(lambda: sum(map(is_connected, fleet.nodes.values())) > 6)
            for name in nodes:
                fleet.kill(name)
                fleet.power_on(name)
        until(lambda: all(map(is_connected, fleet.nodes.values())))
        assert fleet.failure is None


def test_stopped_fleet_can_be_started_again(brokers, until):
    nodes = {"ups_a": Node(id="ups_a", type="ups")}
    fleet = Fleet(Facility(name="one", calibration="quick", nodes=nodes), brokers.url)
    for boots in (1, 2):
        with fleet:
            until(lambda: is_connected(fleet.node("ups_a")))
        assert fleet.node("ups_a").boots == boots


def test_500_nodes_run_in_one_thread(until):
    """Nobody listens: every node tries, is refused, says so and stays alive."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))  # bound, not listening: a port that refuses
        nodes = {f"n{i}": Node(id=f"n{i}", type="ups") for i in range(500)}
        url = f"mqtt://127.0.0.1:{holder.getsockname()[1]}"
        with Fleet(Facility(name="many", calibration="quick", nodes=nodes), url) as fleet:
            said = until(lambda: all("NO BROKER" in node.oled.text() for node in fleet.nodes.values()))
        assert said
        assert {node.crashes for node in fleet.nodes.values()} == {0}
        assert {node.boots for node in fleet.nodes.values()} == {1}


NODE_PROGRAM = (
    "import sys; from winter_river.emulator import run_node; from winter_river.facility.model import Node;"
    "run_node(Node(id='ups_a', type='ups'), sys.argv[1])"
)


def test_node_in_its_own_process_has_another_boot_number_each_time(brokers, ear, until):
    boots = set()
    for _ in range(2):
        process = subprocess.Popen([sys.executable, "-c", NODE_PROGRAM, brokers.url])
        try:
            until(lambda: ear.last(STATUS) and ear.last(STATUS)[0]["status"] != "offline")
            boots.add(ear.last(STATUS)[0]["boot"])
        finally:
            process.kill()
            process.wait()
        until(lambda: ear.last(STATUS)[0]["status"] == "offline")
    assert len(boots) == 2


def test_node_in_its_own_process_says_goodbye_when_it_is_stopped(brokers, ear, until):
    process = subprocess.Popen([sys.executable, "-c", NODE_PROGRAM, brokers.url])
    try:
        until(lambda: ear.last(STATUS) and ear.last(STATUS)[0]["status"] != "offline")
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        until(lambda: ear.last(STATUS)[0]["status"] == "offline", timeout_s=12.0)
    finally:
        process.kill()
        process.wait()
