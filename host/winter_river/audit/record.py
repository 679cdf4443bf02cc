"""One line of the audit: canonical JSON, chained to the line before it by SHA-256. Pure.

A line is a JSON object with its keys sorted and no spaces. `hash` is the SHA-256, in hex, of the hash of the line before,
a line feed, and the line's own canonical JSON without `hash`; the very first line follows GENESIS. Whoever changes,
drops, adds or swaps a line breaks the chain there. Whoever can write the whole file can also write a whole new chain, and
cutting off the end leaves a chain that is whole: keep the last hash that `winter-river audit verify` prints somewhere else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

VERSION = 1
GENESIS = "0" * 64
LINE_BYTES_MAX = 8_192  # chosen: a command is 512 bytes on the bus, escaped at worst six times as long

# What a line is about: the beginning of a part, a torn end that was set aside, one change of state of a command.
BEGIN, TORN, COMMAND = "begin", "torn", "command"

PENDING, EXECUTING, COMPLETED, FAILED = STATES = ("pending", "executing", "completed", "failed")

SECRET_SUFFIX = "_password"  # of the parameters that are shown to nobody and kept nowhere
MASK = "***"


def masked(params: Mapping[str, object]) -> dict[str, object]:
    """Parameters as they may be shown: without their passwords."""
    return {name: MASK if name.endswith(SECRET_SUFFIX) else value for name, value in params.items()}


def canonical(facts: Mapping[str, Any]) -> bytes:
    """The one way to write these facts as JSON. Raises ValueError for a number that is not finite."""
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def chained(previous: str, body: Mapping[str, Any]) -> str:
    """The hash of a line: of the one before it, and of its own facts. Hex."""
    return hashlib.sha256(previous.encode() + b"\n" + canonical(body)).hexdigest()


def line_of(facts: Mapping[str, Any], *, number: int, previous: str) -> tuple[bytes, str]:
    """(the line with its line feed, its hash). number: of the line, from 1, through all parts."""
    body = {"v": VERSION, "n": number, **facts}
    digest = chained(previous, body)
    return canonical({**body, "hash": digest}) + b"\n", digest


def read(line: bytes) -> dict[str, Any] | None:
    """The facts of a line without its line feed, `hash` included; None where it is not one of the audit."""
    if len(line) > LINE_BYTES_MAX:
        return None
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get("hash"), str) or not isinstance(found.get("n"), int):
        return None
    return found


def fault_of(line: bytes, *, number: int, previous: str) -> str:
    """What is wrong with a line that should have this number and follow that hash, or ""."""
    found = read(line)
    if found is None:
        return "is not a line of an audit"
    if found.get("v") != VERSION:
        return f"is of version {found.get('v')!r}, and this program knows {VERSION}: use the one that wrote it"
    body = {name: value for name, value in found.items() if name != "hash"}
    if canonical(found) != line:
        return "has been changed: it is not written as the audit writes"
    if chained(previous, body) != found["hash"]:
        return "has been changed, or a line before it is missing, added or moved"
    if found["n"] != number:
        return f"has number {found['n']}, not {number}"
    return ""
