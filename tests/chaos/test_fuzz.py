"""Whatever bytes arrive: parsers give a message or a reason, the service counts and goes on. Cases by Hypothesis."""

import json
import math

import pytest
from chaos.packets import Framer, publish
from hypothesis import given
from hypothesis import strategies as st
from winter_node.packets import BODY_MAX, PacketReader
from winter_river import load_facility
from winter_river.service.coordinator import Coordinator
from winter_wire import codec, schema, topics

FACILITY = load_facility("seed-8")
# `make test` draws a hundred cases, the same ones each time; `make soak` two thousand new ones (tests/conftest.py).
sizes = pytest.mark.parametrize("size", ["quick", pytest.param("soak", marks=pytest.mark.soak)])
KINDS = sorted(schema.REQUIRED)
NAMES = st.sampled_from(sorted({*schema.ROWS, "params", "command", "id", "mac", "x"}))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
FIELDS = st.dictionaries(NAMES, JSON, max_size=12)
# Python's own json writes NaN and Infinity, which are no JSON: just what a careless client sends.
PAYLOADS = st.binary(max_size=1_300) | FIELDS.map(lambda fields: json.dumps(fields).encode())


@sizes
@given(st.sampled_from(KINDS), PAYLOADS)
def test_codec_gives_a_message_or_a_reason_and_never_both(size, kind, payload):
    message, refused = codec.decode(kind, payload)
    assert (message is None) != (refused is None)
    if refused is not None:
        assert refused[0] in schema.REASONS
        assert len(refused[1]) < 200, "a reason is logged: it must not be as long as what it refuses"
    else:
        assert all(math.isfinite(value) for value in message.values() if isinstance(value, float))


@given(st.sampled_from(KINDS), FIELDS)
def test_what_the_codec_takes_it_can_write_again_and_read_the_same(kind, fields):
    message, _ = codec.decode(kind, json.dumps(fields).encode())
    if message is not None and all(name in message for name in schema.REQUIRED[kind]):
        again, refused = codec.decode(kind, codec.encode(kind, message))
        assert refused is None
        assert set(again) == set(message)


def read(data, crumbs):
    """What a board's reader makes of bytes that come in crumbs; (packets, whether it gave up)."""
    reader, packets, start = PacketReader(), [], 0
    sizes = iter(crumbs)
    while start < len(data):
        room = reader.room()
        count = min(len(room), next(sizes, 64), len(data) - start)
        room[:count] = data[start : start + count]
        start += count
        try:
            packet = reader.took(count)
        except ValueError:
            return packets, True
        if packet is not None:
            packets.append(packet)
    return packets, False


TOPICS = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
PUBLISHES = st.builds(
    publish,
    TOPICS,
    st.binary(max_size=2_000),
    quality=st.integers(0, 1),
    retain=st.booleans(),
    pid=st.integers(1, 65535),
)
OTHERS = st.sampled_from((b"\xd0\x00", b"\x40\x02\x00\x07", b"\x20\x02\x00\x00", b"\x90\x03\x00\x07\x01"))
CRUMBS = st.lists(st.integers(1, 500), max_size=60)


@given(st.lists(PUBLISHES | OTHERS, max_size=8), CRUMBS)
def test_board_reads_the_packets_that_another_parser_finds(packets, crumbs):
    found, gave_up = read(b"".join(packets), crumbs)
    assert not gave_up
    assert Framer().feed(b"".join(packets)) == packets  # the bench's own parser, written apart from the board's
    assert len(found) == len(packets)
    for packet, read_ in zip(packets, found, strict=True):
        if packet[0] & 0xF0 == 0x30:
            assert read_[0] == "message"
            assert read_[3] == bool(packet[0] & 1)
            assert read_[2] is None or packet.endswith(read_[2])
            assert read_[2] is None or len(read_[2]) <= BODY_MAX


@sizes
@given(st.lists(PUBLISHES | OTHERS, min_size=1, max_size=4), st.data(), CRUMBS)
def test_spoiled_packets_are_read_or_refused_and_no_reader_hangs(size, packets, data, crumbs):
    stream = bytearray(b"".join(packets))
    for _ in range(data.draw(st.integers(1, 6))):
        stream[data.draw(st.integers(0, len(stream) - 1))] = data.draw(st.integers(0, 255))
    found, _ = read(bytes(stream), crumbs)
    assert all(isinstance(packet, tuple) for packet in found)
    assert all(packet[2] is None or len(packet[2]) <= BODY_MAX for packet in found if packet[0] == "message")


@sizes
@given(st.binary(max_size=4_000), CRUMBS)
def test_noise_is_refused_or_waits_for_more(size, noise, crumbs):
    found, _ = read(noise, crumbs)
    assert all(isinstance(packet, tuple) for packet in found)


IDS = st.sampled_from([*FACILITY.nodes, *topics.VIRTUAL, "ghost", "", "a/b", "x" * 40])
MESSAGES = st.tuples(
    st.builds(lambda node_id, leaf: f"winter-river/{node_id}/{leaf}", IDS, st.sampled_from([*topics.LEAVES, "x", ""]))
    | st.text(max_size=40),
    PAYLOADS,
    st.booleans(),
)


@given(st.lists(st.tuples(MESSAGES, st.floats(0, 30)), max_size=20))
def test_coordinator_counts_whatever_comes_whenever_and_no_law_breaks(told):
    coordinator = Coordinator(FACILITY)
    now_s = 0.0
    coordinator.step(now_s)
    for (topic, payload, retained), wait_s in told:
        now_s += wait_s
        coordinator.receive(topic, payload, retained=retained, now_s=now_s)
        coordinator.step(now_s)
    counters = coordinator.counters
    assert counters.received == len(told)
    assert counters.laws_broken == 0, coordinator.notes()
