"""A node core alone: the contract's messages in simulated time, restarts, snapshots, and a lossy link between."""

import itertools
import json
from typing import Any

import pytest
from winter_river.emulator import Link, Outgoing, PureNode, settings_of
from winter_wire import codec, schema, topics

COMMAND = topics.topic("ups_a", topics.COMMAND)
VIEW = topics.topic("ups_a", topics.VIEW)


@pytest.fixture
def node() -> PureNode:
    return PureNode(settings_of("ups_a", "ups"), seed=7)


def command(verb: str, command_id: str = "t-1", **params: Any) -> bytes:
    return bytes(codec.encode("command", {"v": 1, "command": verb, "params": params, "id": command_id}))


def leaves(sent: list[Outgoing]) -> list[str]:
    return [message.topic.rsplit("/", 1)[1] for message in sent]


def fields(sent: list[Outgoing], leaf: str) -> dict[str, Any]:
    """The last message on a leaf."""
    return dict(json.loads([m.payload for m in sent if m.topic.endswith("/" + leaf)][-1]))


def test_connecting_subscribes_and_sends_a_retained_birth(node: PureNode) -> None:
    sent = node.connect(0)
    assert node.subscriptions == {COMMAND, VIEW}
    birth = next(message for message in sent if message.topic.endswith("status"))
    assert birth.retain
    assert json.loads(birth.payload)["node_id"] == "ups_a"


def test_command_is_answered_and_shows_in_the_status(node: PureNode) -> None:
    node.connect(0)
    sent = node.receive(COMMAND, command("set_fault", state=True), now_ms=1000)
    assert (fields(sent, "ack")["result"], fields(sent, "status")["fault"]) == ("done", "fault")


def test_retained_command_is_refused(node: PureNode) -> None:
    node.connect(0)
    sent = node.receive(COMMAND, command("set_fault", state=True), now_ms=1000, retained=True)
    assert (fields(sent, "ack")["reason"], node.status(1000)["fault"]) == ("retained", "")


def test_what_was_not_subscribed_does_not_arrive(node: PureNode) -> None:
    assert node.receive(COMMAND, command("identify"), now_ms=0) == []
    node.connect(0)
    node.disconnect(10)
    assert node.receive(COMMAND, command("identify"), now_ms=20) == []
    assert node.identified == 0


def test_status_comes_every_five_seconds_when_it_is_ticked_on_time(node: PureNode) -> None:
    node.connect(0)
    now_ms, statuses = 0, []
    while now_ms < 60_000:
        now_ms += max(1, node.due_ms(now_ms))
        statuses += [now_ms for leaf in leaves(node.tick(now_ms)) if leaf == "status"]
    gaps = {later - earlier for earlier, later in itertools.pairwise(statuses)}
    assert gaps == {5000}


def test_restart_says_offline_then_comes_back_as_another_boot(node: PureNode) -> None:
    node.connect(0)
    before = node.core.boot
    node.receive(COMMAND, command("set_fault", state=True), now_ms=500)
    sent = node.receive(COMMAND, command("restart", "t-2"), now_ms=1000)
    statuses = [json.loads(message.payload) for message in sent if message.topic.endswith("status")]
    assert statuses[0] == {"v": 1, "node_id": "ups_a", "type": "ups", "status": "offline"}
    assert statuses[-1]["boot"] == node.core.boot != before
    assert (statuses[-1]["fault"], node.restarts) == ("", 1)
    assert node.subscriptions == {COMMAND, VIEW}


def test_button_turns_pages_and_moves_the_handle(node: PureNode) -> None:
    node.connect(0)
    node.press(100)
    assert node.page == 1
    node.press(200, long=True)
    assert (node.status(200)["handle"], node.status(200)["mode"]) == ("bypass", "local")


def test_same_seed_gives_the_same_boot_and_another_another() -> None:
    boots = [PureNode(settings_of("ups_a", "ups"), seed=seed).core.boot for seed in (1, 1, 2)]
    assert boots[0] == boots[1] != boots[2]
    assert PureNode(settings_of("ups_b", "ups"), seed=1).core.boot != boots[0]


def test_restored_node_goes_on_as_the_first_did(node: PureNode) -> None:
    node.connect(0)
    node.receive(COMMAND, command("set_handle", to="bypass"), now_ms=400)
    saved = node.snapshot()

    def go_on() -> list[Outgoing]:
        sent = node.receive(COMMAND, command("restart", "t-3"), now_ms=3000)
        for now_ms in range(3100, 20_000, 100):
            sent += node.tick(now_ms)
        return sent

    first = go_on()
    node.restore(saved)
    assert node.status(400)["handle"] == "bypass"
    assert go_on() == first


def test_time_runs_past_the_wrap_of_the_ticks(node: PureNode) -> None:
    start_ms = 2**30 - 2500
    node.connect(start_ms)
    for now_ms in range(start_ms, start_ms + 10_000, 500):
        node.tick(now_ms)
    assert node.status(start_ms + 10_000)["uptime"] == 10


def test_500_nodes_share_nothing() -> None:
    nodes = [PureNode(settings_of(f"ups_{number}", "ups")) for number in range(500)]
    for each in nodes:
        each.connect(0)
    before = [each.status(1000) for each in nodes]
    topic = topics.topic("ups_250", topics.COMMAND)
    for number, verb in enumerate(("set_fault", "bypass", "reset", "page")):
        params = {"state": True} if verb == "set_fault" else {}
        nodes[250].receive(topic, command(verb, f"t-{number}", **params), now_ms=1000)
    after = [each.status(1000) for each in nodes]
    assert after[250] != before[250]
    del before[250], after[250]
    assert after == before


@pytest.mark.parametrize("seed", range(5))
def test_repeated_command_over_a_lossy_link_is_done_once(seed: int) -> None:
    """The issuer repeats the same id until it hears an answer; the node counts one reset."""
    node = PureNode(settings_of("ups_a", "ups"), seed=seed)
    down = Link(seed, loss=0.4, delay_ms=(5, 400), duplicate=0.3, reorder=0.3)
    up = Link(seed + 100, loss=0.4, delay_ms=(5, 400), duplicate=0.3, reorder=0.3)
    node.connect(0)
    answers: list[dict[str, Any]] = []
    for now_ms in range(0, 60_000, 100):
        if now_ms % 1000 == 0 and not answers:
            down.send((COMMAND, command("reset")), now_ms=now_ms)
        for topic, payload in down.receive(now_ms):
            for message in node.receive(topic, payload, now_ms=now_ms):
                up.send(message, now_ms=now_ms)
        for message in up.receive(now_ms):
            if message.topic.endswith("/ack"):
                answers.append(json.loads(message.payload))
    assert answers, f"seed {seed}: no answer in a minute"
    assert {answer["result"] for answer in answers} == {"done"}, f"seed {seed}"
    assert node.status(60_000)["resets"] == 1, f"seed {seed}"


def test_every_type_runs() -> None:
    for type_name in schema.TYPES:
        node = PureNode(settings_of("x", type_name))
        assert "status" in leaves(node.connect(0))
