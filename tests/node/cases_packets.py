"""The packet reader's claims: whole packets out of any crumbs, nothing large kept, garbage refused."""

from winter_node.packets import BODY_MAX, PacketReader


def feed(reader, data, crumb):
    """The packets in data, given in pieces of at most `crumb` bytes."""
    packets, start = [], 0
    while start < len(data):
        room = reader.room()
        count = min(len(room), crumb, len(data) - start)
        room[:count] = data[start : start + count]
        start += count
        packet = reader.took(count)
        if packet is not None:
            packets.append(packet)
    return packets


def publish(topic, payload, qos=0, retain=False, pid=7):
    """A PUBLISH by MQTT 3.1.1, section 3.3."""
    body = (
        bytes((len(topic) >> 8, len(topic) & 0xFF)) + topic + (bytes((pid >> 8, pid & 0xFF)) if qos else b"") + payload
    )
    size, digits = len(body), b""
    while True:
        digits += bytes((size & 0x7F | (0x80 if size > 0x7F else 0),))
        size >>= 7
        if not size:
            return bytes((0x30 | qos << 1 | (1 if retain else 0),)) + digits + body


def case_whole_packets_come_out_of_any_crumbs():
    stream = (
        b"\x20\x02\x00\x05" + b"\x40\x02\x12\x34" + b"\x90\x03\x00\x09\x80" + b"\xd0\x00"
        + publish(b"a/b", b"x" * 300) + publish(b"a/b", b"", qos=1, retain=True, pid=513)
    )  # fmt: skip
    wanted = [
        ("connack", 5), ("puback", 0x1234), ("suback", 9, 0x80), ("pong",), ("message", "a/b", b"x" * 300, False, 0),
        ("message", "a/b", b"", True, 513),
    ]  # fmt: skip
    for crumb in (1, 2, 3, 7, 64, 2000):
        assert feed(PacketReader(), stream, crumb) == wanted, crumb


def case_largest_view_fits():
    topic = b"t" * 99
    assert feed(PacketReader(), publish(topic, b"v" * 1024, qos=1), 1000)[0][2] == b"v" * 1024


def case_oversize_message_is_passed_over_and_the_next_one_is_whole():
    for size in (BODY_MAX, 5000, 70000):
        stream = publish(b"a/b", b"z" * size, qos=1) + publish(b"a/b", b"next")
        packets = feed(PacketReader(), stream, 512)
        assert packets == [("message", "a/b", None, False, 7), ("message", "a/b", b"next", False, 0)], size


def case_nothing_is_made_for_an_oversize_message():
    reader = PacketReader()
    head = publish(b"a/b", b"z" * 65536)[:1200]
    feed(reader, head, 1200)
    for _ in range(100):
        assert len(reader.room()) <= BODY_MAX
        reader.took(len(reader.room()) if reader._skip > BODY_MAX else 1)


def case_garbage_is_refused():
    for junk in (
        b"\x00\x00", b"\x10\x00", b"\x20\x03\x00\x00\x00", b"\x40\x00", b"\x90\x02\x00\x01", b"\xd0\x01\x00", b"\xf0\x00",
        b"\x30\x01\x00", b"\x30\x03\x00\x05a", b"\x34\x05\x00\x01a\x00\x01", b"\x36\x05\x00\x01a\x00\x01",
        b"\x40\xff\xff\x7f", b"\x30\xff\xff\xff\xff", b"\x30\x04\x00\x02\xff\xfe", b"\x32\x03\x00\x01a",
    ):  # fmt: skip
        try:
            feed(PacketReader(), junk, 1)
        except ValueError:
            continue
        raise AssertionError(junk)


def case_reader_starts_afresh_after_a_reset():
    reader = PacketReader()
    feed(reader, publish(b"a/b", b"half")[:5], 1)
    reader.reset()
    assert feed(reader, b"\xd0\x00", 1) == [("pong",)]


def case_random_bytes_never_do_anything_but_parse_or_refuse():
    seed = 1
    for _ in range(40):
        for _ in range(50):
            reader = PacketReader()
            junk = bytearray()
            for _ in range(60):
                seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
                junk.append(seed >> 16 & 0xFF)
            try:
                feed(reader, bytes(junk), 9)
            except ValueError:
                pass  # refused, as it should be
        yield
