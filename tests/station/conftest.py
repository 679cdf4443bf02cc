"""A live service without a broker and without a machine's clock: real coordinator, real node cores, a hand on the time."""

import threading

import pytest
from winter_river.emulator.pure import PureNode
from winter_river.facility import load_facility
from winter_river.service.coordinator import Coordinator
from winter_river.service.messages import Incoming
from winter_river.station import Station
from winter_wire import codec, topics

BEAT_S = 0.05
BOOT = 7


class Bus:
    """Hands what is published to the bench."""

    def __init__(self, bench):
        self._bench = bench

    def publish(self, messages):
        self._bench.deliver(messages)


class Loop:
    """What the station needs of a loop, with `clock` turned by the bench."""

    def __init__(self, bench, coordinator):
        self.coordinator = coordinator
        self.lock = threading.RLock()
        self.after_step = lambda now_s: None
        self.heard = lambda item, now_s: None
        self.told = lambda: None
        self.bus = Bus(bench)
        self.clock = lambda: bench.now_s
        self._bench = bench

    def settle(self):
        while not self.coordinator.settled:
            self._bench.step()


class Bench:
    """A running site. advance() lets the wall clock pass; engine time follows as the station has it."""

    def __init__(self, facility, *, record=None, seed=1):
        self.facility, self.now_s = facility, 0.0
        self.coordinator = Coordinator(facility, seed=seed, boot=BOOT)
        self.loop = Loop(self, self.coordinator)
        self.station = Station(self.loop, self, seed=seed, boot=BOOT, program="test", record=record)
        self.nodes = {node_id: PureNode(node.settings(), seed=seed) for node_id, node in facility.nodes.items()}
        self.sent = []  # every message of the service, in order
        self._commands = 0
        for node in self.nodes.values():
            self.hear(node.connect(0))
        self.step()
        self.advance(2.0)

    @property
    def t_s(self):
        return self.coordinator.t_s

    def view(self, node_id):
        return self.coordinator.view(node_id)

    def state(self, node_id):
        return self.coordinator.view(node_id)["state"]

    def command(self, node_id, verb, **params):
        """As over the bus: everybody hears the command and its ack."""
        self._commands += 1
        fields = {"v": 1, "command": verb, "params": params, "id": f"bench-{self._commands}", "by": "bench"}
        payload = codec.encode("command", fields)
        topic = topics.topic(node_id, topics.COMMAND)
        self.loop.heard(Incoming(topic, payload, False, self.now_s), self.now_s)
        answers = self.nodes[node_id].receive(topic, payload, now_ms=self._now_ms())
        self.hear(answers)
        self.advance(0.3)
        acks = [codec.decode("ack", each.payload)[0] for each in answers if each.topic.endswith("/ack")]
        return acks[0]["result"], acks[0].get("reason", "")

    def press(self, node_id):
        """A long press of the button."""
        self.hear(self.nodes[node_id].press(self._now_ms(), long=True))
        self.advance(0.3)

    def hear(self, messages):
        for message in messages:
            item = Incoming(message.topic, message.payload, False, self.now_s)
            if item.topic.endswith("/ack"):
                self.loop.heard(item, self.now_s)
            self.coordinator.receive(item.topic, item.payload, retained=False, now_s=self.now_s)

    def deliver(self, messages):
        self.sent += messages
        for message in messages:
            node_id = message.topic.split("/")[1]
            if node_id in self.nodes:
                self.hear(self.nodes[node_id].receive(message.topic, message.payload, now_ms=self._now_ms()))

    def step(self):
        messages = self.coordinator.step(self.now_s)
        self.loop.after_step(self.now_s)
        self.deliver(messages)
        self.loop.told()

    def advance(self, seconds):
        """Lets the wall clock pass."""
        end_s = self.now_s + seconds
        while self.now_s < end_s - 1e-9:
            self.now_s = min(self.now_s + BEAT_S, end_s)
            for node in self.nodes.values():
                if node.due_ms(self._now_ms()) <= 0:
                    self.hear(node.tick(self._now_ms()))
            if self.now_s >= self.coordinator.due_s(self.now_s):
                self.step()

    def said(self, node_id, leaf):
        """What the service said on a topic, decoded, oldest first."""
        wanted = topics.topic(node_id, leaf)
        return [codec.decode(leaf, message.payload)[0] for message in self.sent if message.topic == wanted]

    def _now_ms(self):
        return 2000 + round(self.now_s * 1000)


@pytest.fixture
def start():
    """Starts a bench of a facility by name; what it records is ended with the test."""
    benches = []

    def start_one(name="seed-8", **options):
        benches.append(Bench(load_facility(name), **options))
        return benches[-1]

    yield start_one
    for bench in benches:
        bench.station.close()


@pytest.fixture
def bench(start):
    """The eight-node site."""
    return start()
