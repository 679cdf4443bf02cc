"""A line of the audit: written one way, chained, and every change of it found."""

import hashlib
import json

import pytest
from winter_river.audit import record

FACTS = {"kind": "command", "id": "cli-1-1", "node": "ups_a", "params": {"to": "off"}, "error": "größe"}


def test_hash_is_sha256_of_the_hash_before_a_line_feed_and_the_rest_as_canonical_json():
    line, digest = record.line_of({"kind": "begin", "b": 1, "a": 2}, number=1, previous="0" * 64)
    # Worked by hand: keys sorted, no spaces, `hash` left out.
    body = b'{"a":2,"b":1,"kind":"begin","n":1,"v":1}'
    assert digest == hashlib.sha256(b"0" * 64 + b"\n" + body).hexdigest()
    assert json.loads(line) == {"a": 2, "b": 1, "kind": "begin", "n": 1, "v": 1, "hash": digest}


def test_a_line_as_written_has_no_fault():
    line, _ = record.line_of(FACTS, number=3, previous="a" * 64)
    assert record.fault_of(line[:-1], number=3, previous="a" * 64) == ""


def test_every_changed_byte_is_found():
    line, _ = record.line_of(FACTS, number=3, previous="a" * 64)
    line = line[:-1]
    for place in range(len(line)):
        for other in (line[place] ^ 1, ord(" ")):
            if other != line[place]:
                changed = line[:place] + bytes([other]) + line[place + 1 :]
                assert record.fault_of(changed, number=3, previous="a" * 64), (place, other)


@pytest.mark.parametrize(
    ("number", "previous"), [(4, "a" * 64), (3, "b" * 64)], ids=["another number", "another line before it"]
)
def test_a_line_out_of_its_place_is_found(number, previous):
    line, _ = record.line_of(FACTS, number=3, previous="a" * 64)
    assert record.fault_of(line[:-1], number=number, previous=previous)


def test_a_line_of_a_newer_version_is_named_as_such():
    body = {"v": 2, "n": 1}
    line = record.canonical({**body, "hash": record.chained(record.GENESIS, body)})
    assert "version 2" in record.fault_of(line, number=1, previous=record.GENESIS)


def test_passwords_are_kept_nowhere():
    assert record.masked({"wifi_ssid": "a", "wifi_password": "b"}) == {"wifi_ssid": "a", "wifi_password": "***"}
