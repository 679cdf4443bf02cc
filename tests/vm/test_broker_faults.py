"""The unchanged firmware in the MicroPython VM against brokers that fail, freeze, forget, dawdle and lie."""

import random
import time

import pytest
from winter_river import paths

NODE_ID = "util_a"
COMMAND = f"winter-river/{NODE_ID}/command"
ACK = f"winter-river/{NODE_ID}/ack"
SEED = 30_092_026
LATE_S = 30.0  # chosen: what has not come by then does not come, on any machine
SOURCES = paths.firmware_dir()  # for tests that look into a node, or change it: compact files have other names
# Reconnect as fast as the machine can: the waits are not what these tests are about. The last closes are no takeover.
HASTY = """
from winter_node import session
session.BACKOFF_MS = session.BACKOFF_MS_MAX = 2
session.TAKEN_OVER_MS = session.TAKEN_OVER_SPREAD_MS = 2
session.PING_AFTER_MS = 150
session.ANSWER_MS = 150
"""
BRISK = """
from winter_node import session
session.PING_AFTER_MS = session.ANSWER_MS = 1000
"""


def live_bytes(fleet):
    """Bytes that are alive in the node's heap."""
    return int(fleet.ask(NODE_ID, "__import__('gc').mem_alloc()"))


def round_trips(stage, until, count, *, window=8):
    """Commands with QoS 1, each answered with QoS 1; at most `window` on their way."""
    acks, sent = stage.visitor.acks, []
    for _ in range(count):
        sent.append(stage.visitor.ask(NODE_ID, "page", {"to": 0}))
        if len(sent) >= window:
            until(lambda: sent[-window] in acks(NODE_ID), what=f"answer to {sent[-window]}")
    until(lambda: all(number in acks(NODE_ID) for number in sent), what="every answer")
    said = [said["id"] for topic, said, _ in stage.visitor.heard if topic == ACK]
    asked = set(sent)
    assert [number for number in said if number in asked] == sent, "each once and in order"
    assert {acks(NODE_ID)[number]["result"] for number in sent} == {"done"}


def counters(fleet):
    return eval(fleet.ask(NODE_ID, "runner.session.counters"))


def test_thousand_round_trips_lose_nothing_and_leave_nothing(stage, until):
    fleet = stage.fleet(NODE_ID, firmware=SOURCES)
    round_trips(stage, until, 50)
    before = live_bytes(fleet)
    round_trips(stage, until, 1000)
    assert live_bytes(fleet) <= before + 256
    assert counters(fleet) == {"connects": 1, "losses": 0, "dropped": 0, "repeated": 0}


def test_packet_ids_go_round_past_65535(stage, until):
    fleet = stage.fleet(NODE_ID, firmware=SOURCES)
    fleet.ask(NODE_ID, "runner.session._pid = 65530")
    round_trips(stage, until, 20)
    assert int(fleet.ask(NODE_ID, "runner.session._pid")) < 100
    assert counters(fleet)["connects"] == 1


@pytest.mark.soak(250)
def test_packet_ids_go_round_by_themselves(stage, until):
    fleet = stage.fleet(NODE_ID, firmware=SOURCES)
    for _ in range(70):
        round_trips(stage, until, 1000, window=14)  # it keeps 16 answers
        stage.visitor.heard.clear()
    assert counters(fleet)["connects"] == 1


def test_broker_that_was_killed_and_forgot_everything_finds_the_node_again(stage, broker, until):
    fleet = stage.fleet(NODE_ID, firmware=SOURCES)
    broker.kill()
    until(lambda: fleet.ask(NODE_ID, "runner.session.state") == "down")
    until(lambda: any("NO BROKER" in line for line in fleet.node(NODE_ID).oled.text()))
    broker.start()
    stage.visitor.heard.clear()
    until(lambda: stage.is_online(NODE_ID))
    until(lambda: stage.visitor.ask_and_wait(NODE_ID, "identify")["result"] == "done")


@pytest.mark.parametrize(
    ("seconds", "patch"), [(3.0, BRISK), pytest.param(30.0, "", marks=pytest.mark.soak)], ids=["brisk", "as it is"]
)
def test_frozen_broker_is_noticed_and_holds_up_nothing(stage, broker, until, seconds, patch):
    fleet = stage.fleet(NODE_ID, firmware=SOURCES)
    fleet.ask(NODE_ID, patch or "pass")
    broker.freeze()
    frozen_s, slowest_s, noticed_s = time.monotonic(), 0.0, None
    while time.monotonic() < frozen_s + seconds or (noticed_s is None and time.monotonic() < frozen_s + LATE_S):
        asked_s = time.monotonic()
        state = fleet.ask(NODE_ID, "runner.session.state")
        slowest_s = max(slowest_s, time.monotonic() - asked_s)
        if state != "up" and noticed_s is None:
            noticed_s = time.monotonic() - frozen_s
        time.sleep(0.02)
    broker.thaw()
    assert noticed_s is not None, "it was never noticed"
    assert patch or noticed_s <= 12.0, "asked after 5 s, and as long for the answer"
    assert slowest_s < LATE_S / 2, "no call blocks for as long as the broker is frozen"
    stage.visitor.heard.clear()
    until(lambda: stage.is_online(NODE_ID))


def test_dribbled_bytes_are_put_together_while_the_loop_goes_on(stage, impostor, publish_packet):
    fleet = stage.fleet(NODE_ID, url=impostor.url, online=False)
    line = impostor.accept()
    line.receive()
    line.send(b"\x20\x02\0\0", byte_s=0.1)
    subscriptions = 0
    while subscriptions < 2:
        subscriptions += line.answer()[0] == 0x82
    message = publish_packet(COMMAND, b'{"command":"identify","id":"slow"}', pid=9)
    slowest_s = 0.0
    for index in range(len(message)):
        line.send(message[index : index + 1])
        if index % 8 == 0:  # not at each byte: on a busy machine the packet must be whole in the 10 s it may take
            asked_s = time.monotonic()
            fleet.ask(NODE_ID, "0")
            slowest_s = max(slowest_s, time.monotonic() - asked_s)
        time.sleep(0.01)
    while True:
        kind, body = line.answer()
        if kind & 0xF0 == 0x30 and ACK.encode() in body:
            break
    assert b'"id":"slow"' in body
    assert b'"done"' in body
    assert slowest_s < LATE_S / 2


def test_packet_that_never_ends_is_given_up(stage, impostor):
    fleet = stage.fleet(NODE_ID, firmware=SOURCES, url=impostor.url, online=False)
    fleet.ask(NODE_ID, BRISK)
    line = impostor.accept()
    line.greet()
    line.send(b"\x30\xff\x7f")  # a PUBLISH of 16,383 bytes
    began_s = time.monotonic()
    while time.monotonic() < began_s + LATE_S:
        try:
            line.send(b"x")
        except OSError:
            break
        time.sleep(0.1)
    assert time.monotonic() < began_s + LATE_S, "asked after 1 s of no whole packet, given up 1 s later"
    impostor.accept().greet()


def test_payload_of_64_kib_is_refused_and_leaves_the_heap_as_it_was(stage, impostor, publish_packet):
    fleet = stage.fleet(NODE_ID, url=impostor.url, online=False)
    line = impostor.accept()
    line.greet()
    big = publish_packet(COMMAND, b'{"command":"' + b"x" * 65_536 + b'"}', pid=7)

    def refused():
        line.send(big)
        seen = set()
        while len(seen) < 2:
            kind, body = line.answer()
            if kind & 0xF0 == 0x30 and ACK.encode() in body:
                assert b'"reason":"size"' in body
                seen.add("ack")
            elif kind == 0x40:
                assert body == b"\0\x07"
                seen.add("puback")

    for _ in range(3):
        refused()
    before, largest = live_bytes(fleet), largest_free_bytes(fleet)
    for _ in range(3):
        refused()
    assert live_bytes(fleet) <= before + 256
    assert largest_free_bytes(fleet) == largest


def largest_free_bytes(fleet):
    """The largest block that could be had, as micropython.mem_info() counts it, in 16-byte blocks."""
    fleet.ask(NODE_ID, "__import__('micropython').mem_info()")
    line = [line for line in fleet.node(NODE_ID).console if "max free sz" in line][-1]
    return 16 * int(line.rpartition("max free sz: ")[2])


@pytest.mark.parametrize(
    "count",
    [2000, pytest.param(100_000, marks=[pytest.mark.soak(450), pytest.mark.timeout(0)])],
)
def test_garbage_never_hangs_the_node_it_comes_again_each_time(stage, impostor, publish_packet, count):
    fleet = stage.fleet(NODE_ID, firmware=SOURCES, url=impostor.url, online=False)
    fleet.ask(NODE_ID, HASTY)
    rng = random.Random(SEED)
    before = 0
    for number in range(count):
        try:
            line = impostor.accept()
        except TimeoutError:
            pytest.fail(f"it did not come again after packet {number} of seed {SEED}")
        if number == count // 2:  # by then its log has all the sorts of refusals that it keeps
            before = live_bytes(fleet)
        line.send(garbage(rng, publish_packet))
        if rng.random() < 0.02:
            assert line.is_left(), f"it hangs on packet {number} of seed {SEED}"
        line.close()
    assert live_bytes(fleet) <= before + 1024
    fleet.ask(NODE_ID, BRISK)
    impostor.accept().greet()


def garbage(rng, publish_packet):
    """What a broken or hostile broker might send, most of it close to the real thing."""
    kind = rng.randrange(6)
    if kind == 0:
        return rng.randbytes(rng.randint(1, 64))
    real = rng.choice(
        [
            b"\x20\x02\0\0",
            b"\x20\x02\0\0" + publish_packet(COMMAND, rng.randbytes(rng.randint(0, 40)), pid=rng.randint(1, 65535)),
            b"\x20\x02\0\0\x90\x03\0\x01\x01\x40\x02\0\x01\xd0\0",
            b"\x20\x02\0\0" + publish_packet(f"winter-river/{NODE_ID}/view", b'{"v":1}'),
        ]
    )
    if kind == 1:
        return real[: rng.randint(1, len(real))]
    if kind == 2:
        return real + rng.randbytes(rng.randint(1, 64))
    if kind == 3:
        return b"\x20\x02\0" + bytes([rng.randint(1, 255)])
    damaged = bytearray(real)
    for _ in range(rng.randint(1, 4)):
        damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
    return bytes(damaged)
