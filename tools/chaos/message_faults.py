"""What comes over the bus and should not: poison, giants, old commands, a second node of one name."""

from __future__ import annotations

import json
import random
import socket
import time
from contextlib import AbstractContextManager

from winter_river.emulator import VirtualNode, network_settings
from winter_river.facility import load_facility
from winter_river.service.messages import Incoming, Message
from winter_wire import schema, topics

from chaos import packets
from chaos.orders import FIELD, Orders
from chaos.rig import BrokerBox, Live, Rig, Spy, took_s, wait_until
from chaos.table import Row, at_most, none_of

LEAVES = (topics.STATUS, topics.COMMAND, topics.ACK, topics.VIEW, topics.EVENT)
ANSWER_S_MAX = 5.0  # the service's own patience
ANSWERED_S_MAX = 30.0  # chosen: by then whoever answers has answered, on any machine
BATCH = 500
NOISE_BYTES_MAX = 400
GIANT_BYTES = 65_536
LARGE_BYTES = 15_000  # below what our broker lets through, far above what the contract does
GROWTH_MB_MAX = 64.0  # chosen: a few full queues
TAKEOVERS_MAX = 6  # a minute; without backoff 5,404 a second were measured
SAME_ID_SPEED = 20  # the nodes' time against ours
STEP_MS = 20


def poison(rig: Rig) -> list[Row]:
    """Payloads that are no message, on every topic of every node."""
    broker = rig.broker()
    live = rig.live(broker)
    spy = rig.spy(broker)
    live.site.advance(2.0)
    before = {node_id: live.site.view(node_id)["state"] for node_id in live.facility.nodes}
    handles = {node_id: node.runner.core.status(0)["handle"] for node_id, node in live.fleet.nodes.items()}
    names = [*live.facility.nodes, *topics.VIRTUAL, "ghost", "a/b", ""]
    real = [item.payload for item in spy.collect()][:200]
    total, answered, asked = rig.pick(50_000, 3_000), 0, 0
    for _ in range(total // BATCH):
        batch = [f"{topics.ROOT}/{rig.rng.choice(names)}/{rig.rng.choice(LEAVES)}" for _ in range(BATCH)]
        spy.publish(Message(topic, _noise(rig.rng, real), rig.rng.randrange(2), False) for topic in batch)
        asked += 1
        answered += live.site.send("server_rack_a1", "set_load", {"power_kw": 50.0 + asked}, by="chaos").done
    live.site.advance(1.0)
    after = {node_id: live.site.view(node_id)["state"] for node_id in live.facility.nodes}
    now = {node_id: node.runner.core.status(0)["handle"] for node_id, node in live.fleet.nodes.items()}
    counters = live.counters()
    return [
        Row(
            "refused messages are counted",
            f"{counters['rejected']:.0f} of {total:,} poisoned",
            counters["rejected"] > 0,
        ),
        none_of("states that poison changed", [name for name in before if before[name] != after[name]]),
        none_of("handles that poison moved", [name for name in handles if handles[name] != now[name]]),
        none_of("commands after poison without an answer", asked - answered, of=asked),
        none_of("engines, nodes and laws broken", live.faults()),
    ]


def giants(rig: Rig) -> list[Row]:
    """64 KiB to everybody, and what the broker still lets through."""
    broker = rig.broker()
    live = rig.live(broker)
    before_mb = broker.process.memory_info().rss / 2**20
    cut, sent = 0, 0
    for node_id in live.facility.nodes:
        for leaf in (topics.STATUS, topics.COMMAND):
            sent += 1
            cut += _is_cut_off(broker, packets.publish(topics.topic(node_id, leaf), bytes(GIANT_BYTES), quality=1))
    rounds = rig.pick(50, 5)
    with _raw(broker, "giant") as link:
        for number in range(rounds):
            for node_id in live.facility.nodes:
                topic = topics.topic(node_id, topics.COMMAND)
                link.sendall(packets.publish(topic, b'{"command":"open","x":"' + b"x" * LARGE_BYTES + b'"}'))
            time.sleep(0.05 if number % 5 else 0.3)
    answers = [live.site.send(node_id, "identify", by="chaos").done for node_id in live.facility.nodes]
    opened = [
        node_id
        for node_id, node in live.fleet.nodes.items()
        if node.runner.core.status(0)["handle"] in ("open", "off") and "cool" not in node_id
    ]
    return [
        none_of("senders of 64 KiB that the broker let through", sent - cut, of=sent),
        none_of(f"nodes that obeyed one of {rounds * len(answers):,} commands of 15 KB", opened),
        none_of("nodes that do not answer afterwards", answers.count(False), of=len(answers)),
        at_most("the broker grows by", broker.process.memory_info().rss / 2**20 - before_mb, GROWTH_MB_MAX, "MB"),
        none_of("engines, nodes and laws broken", live.faults()),
    ]


def retained(rig: Rig) -> list[Row]:
    """Commands that the broker keeps and gives to every node that starts."""
    broker = rig.broker()
    live = rig.live(broker)
    spy = rig.spy(broker)
    ids = [node_id for node_id, node in live.facility.nodes.items() if "open" in _verbs(node.type)]
    with _raw(broker, "keeper") as link:
        for node_id in ids:
            link.sendall(
                packets.publish(topics.topic(node_id, topics.COMMAND), b'{"command":"open","id":"x-1"}', retain=True)
            )
        # Online nodes were asked now, as the first design has it; they obey a command that is not old.
        wait_until(lambda: set(_handles(live, ids).values()) <= {"open", "off"}, timeout_s=30, what="all are open")
    for node_id in ids:
        live.site.send(node_id, "close", by="chaos")
    before = _handles(live, ids)
    for _ in range(rig.pick(5, 1)):
        for node_id in ids:
            live.fleet.kill(node_id)
        wait_until(lambda: live.connected() <= len(live.fleet.nodes) - len(ids), timeout_s=30, what="all are off")
        for node_id in ids:
            live.fleet.power_on(node_id)
        wait_until(lambda: live.connected() == len(live.fleet.nodes), timeout_s=60, what="all are back")
        time.sleep(1.0)

    def refusals() -> int:
        return sum(row.get("reason") == "retained" for node_id in ids for row in spy.heard(node_id, topics.ACK))

    took_s(lambda: refusals() >= len(ids), timeout_s=ANSWERED_S_MAX)
    refused = refusals()
    after = _handles(live, ids)
    return [
        none_of("kept commands that were executed", [each for each in ids if before[each] != after[each]], of=len(ids)),
        Row("each is refused and said so", f"{refused} answers", refused >= len(ids)),
        none_of("engines, nodes and laws broken", live.faults()),
    ]


def replayed(rig: Rig) -> list[Row]:
    """Every command of an hour, byte for byte, given again: to the same nodes, and after they have restarted."""
    broker = rig.broker()
    live = rig.live(broker)
    spy = rig.spy(broker)
    racks = [node_id for node_id in live.facility.nodes if node_id.startswith("server_rack")]
    orders = Orders(live.site, racks)
    with orders.going():
        time.sleep(rig.pick(20, 2))
    for _ in range(3):
        for node_id in racks:
            live.site.send(node_id, "reset", by="chaos")
    taken = [item for item in spy.collect() if item.topic.endswith(f"/{topics.COMMAND}")]
    wanted = _resets(live, racks)
    loads = _loads(live, racks)
    _again(spy, taken)
    time.sleep(1.0)
    same_boot = [each for each in racks if _resets(live, racks)[each] != wanted[each] or _load_fell(live, loads, each)]
    for node_id in racks:
        live.fleet.kill(node_id)
    wait_until(lambda: live.connected() <= len(live.fleet.nodes) - len(racks), timeout_s=30, what="all are off")
    for node_id in racks:
        live.fleet.power_on(node_id)
    wait_until(lambda: live.connected() == len(live.fleet.nodes), timeout_s=60, what="all are back")
    time.sleep(1.0)
    wanted, loads = _resets(live, racks), _loads(live, racks)
    _again(spy, taken)

    def reasons() -> list[object]:
        return [row.get("reason") for node_id in racks for row in spy.heard(node_id, topics.ACK)]

    took_s(lambda: reasons().count("boot") >= len(taken), timeout_s=ANSWERED_S_MAX)
    time.sleep(1.0)
    reborn = [each for each in racks if _resets(live, racks)[each] != wanted[each] or _loads(live, racks) != loads]
    said = reasons()
    return [
        none_of("replayed in the same boot: nodes that moved", same_boot, of=len(racks)),
        none_of("replayed after a restart: nodes that moved", reborn, of=len(racks)),
        Row("the second time they say why", f"{said.count('boot')} of {len(taken)}", said.count("boot") == len(taken)),
        none_of("engines, nodes and laws broken", live.faults()),
    ]


def same_id(rig: Rig) -> list[Row]:
    """Two boards with one id, in their own time, which runs 20 times as fast."""
    broker = rig.broker()
    settings = load_facility("seed-8").nodes["util_a"].settings() | network_settings(broker.url)
    nodes = [VirtualNode(settings, seed=rig.seed * 2 + index) for index in (1, 2)]
    for node in nodes:
        node.start(0)
    began_s, connects, met_ms, said = time.monotonic(), 0, list[int](), [False, False]
    minutes = rig.pick(10, 2)
    for now_ms in range(0, minutes * 60_000, STEP_MS):
        for index, node in enumerate(nodes):
            node.step(now_ms)
            said[index] = said[index] or any("DUPLICATE ID" in line for line in node.oled.text())
        counted = sum(node.runner.session.counters["connects"] for node in nodes)
        met_ms += [now_ms] * (counted - connects)
        connects = counted
        time.sleep(max(0.0, began_s + now_ms / 1000 / SAME_ID_SPEED - time.monotonic()))
    for node in nodes:
        node.kill()
    met_ms = met_ms[1:]  # the first connect of all takes nobody's place
    worst = max((sum(start <= at < start + 60_000 for at in met_ms) for start in met_ms), default=0)
    return [
        at_most(f"takeovers in the worst of {minutes} minutes", worst, TAKEOVERS_MAX),
        Row("both say so on their screens", f"{said.count(True)} of 2", all(said)),
    ]


def _noise(rng: random.Random, real: list[bytes]) -> bytes:
    """Bytes that no JSON parser takes for an object: noise, or a real message with its end torn off or its heart hurt."""
    while True:
        if rng.random() < 0.3 or not real:
            found = bytearray(rng.randbytes(rng.randrange(NOISE_BYTES_MAX)))
        else:
            found = bytearray(rng.choice(real) or b"{")
            if rng.random() < 0.5:
                found = found[: rng.randrange(len(found))]
            else:
                found[rng.randrange(len(found))] = rng.randrange(256)
        try:
            if not isinstance(json.loads(bytes(found)), dict):
                return bytes(found)
        except ValueError:
            return bytes(found)


def _raw(broker: BrokerBox, name: str) -> AbstractContextManager[socket.socket]:
    return packets.connected("127.0.0.1", broker.broker.port, name)


def _is_cut_off(broker: BrokerBox, packet: bytes) -> bool:
    """Whether the broker hangs up on who sends this."""
    with _raw(broker, "giant") as link:
        try:
            link.sendall(packet)
            return not link.recv(4)
        except (ConnectionError, BrokenPipeError):
            return True
        except TimeoutError:
            return False


def _again(spy: Spy, taken: list[Incoming]) -> None:
    """All of them, in pieces: a client of ours has a thousand messages on their way at most."""
    for start in range(0, len(taken), BATCH):
        spy.publish(Message(item.topic, item.payload, 1, False) for item in taken[start : start + BATCH])
        time.sleep(1.0)


def _verbs(type_name: str) -> tuple[str, ...]:
    return tuple(schema.verbs(type_name))


def _handles(live: Live, ids: list[str]) -> dict[str, object]:
    return {node_id: live.fleet.node(node_id).runner.core.status(0)["handle"] for node_id in ids}


def _resets(live: Live, ids: list[str]) -> dict[str, object]:
    return {node_id: live.fleet.node(node_id).runner.core.status(0)["resets"] for node_id in ids}


def _loads(live: Live, ids: list[str]) -> dict[str, float]:
    return {node_id: float(live.fleet.node(node_id).runner.core.status(0)[FIELD]) for node_id in ids}


def _load_fell(live: Live, before: dict[str, float], node_id: str) -> bool:
    return _loads(live, [node_id])[node_id] < before[node_id]
