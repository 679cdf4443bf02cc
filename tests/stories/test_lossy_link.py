"""The same site two-ended over a bad radio: the service on one side, every real node core on the other.

Between them each node has two links that lose, delay, double and reorder. The issuer repeats a command under the same
id after 1, 2 and 4 s, as the contract says. What was asked must hold in the end, and must have been done once.
"""

from __future__ import annotations

import pytest
from winter_river import load_facility
from winter_river.emulator.link import Link
from winter_river.emulator.pure import PureNode
from winter_river.service.coordinator import Coordinator
from winter_wire import codec, topics

BAD = {"loss": 0.1, "delay_ms": (5, 300), "duplicate": 0.1, "reorder": 0.1}
REPEATS_MS = (0, 1000, 3000, 7000)  # after 1, 2 and 4 s more


class TwoEnds:
    """A coordinator and node cores joined by links, in simulated milliseconds."""

    def __init__(self, seed: int, **link: object) -> None:
        facility = load_facility("block-2n-24")
        self.coordinator = Coordinator(facility, seed=seed)
        self.nodes = {node.id: PureNode(node.settings(), seed=seed) for node in facility.nodes.values()}
        self.up = {node_id: Link(seed * 1000 + index, **link) for index, node_id in enumerate(self.nodes)}
        self.down = {node_id: Link(seed * 1000 + 500 + index, **link) for index, node_id in enumerate(self.nodes)}
        self.now_ms = 0
        self.acks: list[dict[str, object]] = []
        self._repeats: list[tuple[int, str, bytes]] = []
        self._asked = 0
        for node_id, node in self.nodes.items():
            self._say(node_id, node.connect(0))

    def ask(self, node_id: str, verb: str, **params: object) -> str:
        """Send a command as an issuer does, repeats included; gives its id."""
        self._asked += 1
        command_id = f"test-{self._asked}"
        payload = codec.encode("command", {"v": 1, "command": verb, "params": params, "id": command_id})
        self._repeats += [(self.now_ms + after_ms, node_id, payload) for after_ms in REPEATS_MS]
        return command_id

    def run(self, seconds: float) -> None:
        """Let time pass in steps of 10 ms, a tenth of the nodes' shortest time."""
        for _ in range(round(seconds * 100)):
            self.now_ms += 10
            self._pass()

    def _pass(self) -> None:
        for repeat in [each for each in self._repeats if each[0] <= self.now_ms]:
            self._repeats.remove(repeat)
            _, node_id, payload = repeat
            self.down[node_id].send((topics.topic(node_id, topics.COMMAND), payload), now_ms=self.now_ms)
        for node_id, node in self.nodes.items():
            for topic, payload in self.down[node_id].receive(self.now_ms):
                self._say(node_id, node.receive(topic, payload, now_ms=self.now_ms))
            if node.due_ms(self.now_ms) <= 0:
                self._say(node_id, node.tick(self.now_ms))
            for topic, payload in self.up[node_id].receive(self.now_ms):
                self.coordinator.receive(topic, payload, retained=False, now_s=self.now_ms / 1000)
                if topic == topics.topic(node_id, topics.ACK):
                    self.acks.append(codec.decode("ack", payload)[0])
        if self.coordinator.due_s(self.now_ms / 1000) <= self.now_ms / 1000:
            for message in self.coordinator.step(self.now_ms / 1000):
                address = topics.parse(message.topic)
                if address is not None and address[0] in self.down:
                    self.down[address[0]].send((message.topic, message.payload), now_ms=self.now_ms)
        assert self.coordinator.counters.laws_broken == 0, self.coordinator.notes()

    def _say(self, node_id: str, messages: list) -> None:
        for message in messages:
            self.up[node_id].send((message.topic, message.payload), now_ms=self.now_ms)

    def state(self, node_id: str) -> object:
        return self.coordinator.view(node_id)["state"]


@pytest.mark.parametrize("seed", range(3))
def test_what_is_asked_over_a_bad_radio_is_done_once_and_holds(seed: int) -> None:
    ends = TwoEnds(seed, **BAD)
    ends.run(12)
    asked = [
        ends.ask("server_rack_a1", "open"),
        ends.ask("server_rack_a2", "reset"),
        ends.ask("server_rack_a3", "set_load", power_kw=48),
    ]
    ends.run(20)
    assert {ack["id"] for ack in ends.acks} >= set(asked)
    assert {ack["result"] for ack in ends.acks} == {"done"}
    assert ends.state("server_rack_a1") == "OFF"
    assert ends.nodes["server_rack_a2"].status(ends.now_ms)["resets"] == 1
    assert ends.coordinator.view("server_rack_a3")["power_kw"] == pytest.approx(48, abs=0.001)
    again = ends.ask("server_rack_a1", "close")
    ends.run(20)
    assert again in {ack["id"] for ack in ends.acks}
    assert ends.state("server_rack_a1") == "NORMAL"


@pytest.mark.parametrize("seed", range(3))
def test_nodes_show_what_the_engine_computed_after_every_loss(seed: int) -> None:
    ends = TwoEnds(seed, **BAD)
    ends.run(10)
    ends.ask("utility_a", "set_fault", state=True, kind="outage")
    ends.run(50)
    assert ends.state("lv_switchgear_a") == "GENERATOR"
    assert ends.state("ups_b") == "NORMAL"
    for node_id, node in ends.nodes.items():
        assert node.status(ends.now_ms)["state"] == ends.state(node_id), node_id


def test_a_late_status_never_undoes_a_newer_one() -> None:
    """With every message overtaking others, an old report of an open breaker must not open it again."""
    ends = TwoEnds(7, delay_ms=(0, 900), reorder=0.5, duplicate=0.3)
    ends.run(12)
    for verb in ("open", "close", "open", "close"):
        ends.ask("server_rack_a1", verb)
        ends.run(9)
    seen = []
    for _ in range(10):
        ends.run(1)
        seen.append(ends.state("server_rack_a1"))
    assert seen == ["NORMAL"] * 10
    assert ends.coordinator.counters.late > 0
