"""The contract in the real VM: the same bytes and the same verdicts as on CPython, for thousands of seeded rows."""

import json
import math
import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from winter_wire import codec, schema, topics

CASES = Path(__file__).with_name("cases_wire.py")
SEED = 7_041_776
MESSAGES, PAYLOADS, PART_ROWS = 3000, 4000, 100
KINDS = ("status", "view", "command", "ack", "event")
LETTERS = 'abcXYZ019 _-.,:/\\"{}[]\u00e9\u4e2d\U0001f50c'


def _number(rng: random.Random, low: float, high: float, decimals: int) -> float | int:
    """A number in range, often on a tie of its last decimal, where rounding shows its way."""
    span = min(high - low, 10 ** rng.randint(0, 7))
    value = low + rng.random() * span if low >= 0 else (rng.random() * 2 - 1) * min(span, high)
    if rng.random() < 0.3:
        step = 10**decimals
        value = (math.floor(value * step) + 0.5) / step
    if rng.random() < 0.1:
        value = float(rng.choice((low, high, 0 if low <= 0 <= high else low)))
    value = min(max(value, low), high)
    return int(value) if rng.random() < 0.1 else value


def _value(rng: random.Random, row: tuple[Any, ...]) -> Any:
    _, form, decimals, low, high, _ = row
    if form == schema.NUMBER:
        return _number(rng, low, high, decimals)
    if form == schema.INTEGER:
        return rng.choice((low, high, rng.randint(low, high)))
    if form == schema.TEXT:
        return "".join(rng.choice(LETTERS) for _ in range(rng.randint(low, max(low, min(high, 20)))))
    if form == schema.FLAG:
        return rng.random() < 0.5
    return {f"p{i}": rng.choice((1, 2.5, -0.0005, "a", 'q"', True)) for i in range(rng.randint(0, 8))}


def _message(rng: random.Random) -> tuple[str, str, dict[str, Any]]:
    kind = rng.choice(KINDS)
    type_name = rng.choice([*schema.TYPES, *schema.VIRTUAL_FIELDS])
    names = [n for n in schema.fields(kind, type_name) if n in schema.REQUIRED[kind] or rng.random() < 0.6]
    rng.shuffle(names)  # the order of a dict must not matter: a board keeps none
    message = {name: _value(rng, schema.row(kind, name)) for name in names}
    if rng.random() < 0.05 and names:
        message[rng.choice(names)] = rng.choice(("x" * 70, -1, 10**12, [], "line\n", True))
    return kind, type_name, message


def _typed(value: Any) -> list[Any]:
    if isinstance(value, float):
        return ["float", struct.pack("<d", value).hex()]
    if isinstance(value, dict):
        return ["object", [[name, *_typed(item)] for name, item in value.items()]]
    return ["plain", value]


def _encoded(kind: str, type_name: str, message: dict[str, Any]) -> str:
    try:
        return str(codec.encode(kind, message, type_name).decode())
    except ValueError as error:
        return f"ValueError: {error}"


def _broken(rng: random.Random, payload: bytes) -> bytes:
    """A good payload after one of the things that happen to payloads."""
    data = bytearray(payload)
    way = rng.randint(0, 6)
    if way == 0:
        return rng.randbytes(rng.randint(0, 60))
    if way == 1:
        return bytes(data[: rng.randint(0, len(data))])
    if way == 2:
        data[rng.randrange(len(data))] ^= 1 << rng.randint(0, 7)
    elif way == 3:
        return payload.replace(b":", b":" + rng.choice((b"NaN,", b"-", b"[", b"1e999,", b"null,", b'"', b"{}")), 1)
    elif way == 4:
        return payload + b" " * rng.choice((1, 600, 1100))
    elif way == 5:
        return payload.replace(b"{", b"{" + rng.choice((b'"zz":1,', b'"v":2,', b'"seq":-1,', b'"ts":1.5,')), 1)
    return bytes(data)


def _verdict(kind: str, payload: bytes) -> str | list[str]:
    message, refused = codec.decode(kind, payload)
    return refused[0] if refused else sorted(message)


def _is_bad_syntax(payload: bytes) -> bool:
    """Whether it is text, but no JSON by the letter of RFC 8259."""
    try:
        json.loads(payload.decode(), parse_constant=float.fromhex)
    except UnicodeDecodeError:
        return False
    except ValueError:
        return True
    return False


def _parts(name: str, rows: list[Any]) -> dict[str, list[Any]]:
    return {f"{name}{i // PART_ROWS}": rows[i : i + PART_ROWS] for i in range(0, len(rows), PART_ROWS)}


def test_the_board_writes_and_reads_the_same_bytes(vm_run: Callable[..., Any]) -> None:
    rng = random.Random(SEED)
    print(f"seed {SEED}")
    messages = [_message(rng) for _ in range(MESSAGES)]
    written = [
        [
            kind,
            type_name,
            [[name, *_typed(value)] for name, value in message.items()],
            _encoded(kind, type_name, message),
        ]
        for kind, type_name, message in messages
    ]
    good = [(row[0], row[3].encode()) for row in written if not row[3].startswith("ValueError")]
    assert len(good) > MESSAGES * 0.8, "too few of the messages are good ones"
    payloads = []
    for _ in range(PAYLOADS):
        kind, payload = rng.choice(good)
        kind = rng.choice(KINDS) if rng.random() < 0.1 else kind
        payload = _broken(rng, payload)
        payloads.append([kind, payload.hex(), _verdict(kind, payload), _is_bad_syntax(payload)])
    for letters in (
        b"\xc1\xa9",
        b"\xe0\x80\xaf",
        b"\xed\xa0\x80",
        b"\xf0\x80\x80\x80",
        b"\xf5\x80\x80\x80",
        "\u00e9".encode(),
    ):
        payload = b'{"command":"open","by":"' + letters + b'"}'
        payloads.append(["command", payload.hex(), _verdict("command", payload), _is_bad_syntax(payload)])
    texts = [
        "winter-river/ups_a/view",
        "winter-river/UPS/view",
        "winter-river//view",
        "other/ups_a/view",
        "",
        "a/b/c/d",
    ]
    parsed = [[text, list(topics.parse(text) or ()) or None] for text in texts]
    data = {
        "parts": {"messages": -(-len(written) // PART_ROWS), "payloads": -(-len(payloads) // PART_ROWS)},
        "topics": parsed,
        **_parts("messages", written),
        **_parts("payloads", payloads),
    }
    run = vm_run(CASES, data=data, heap_bytes=4 << 20)
    run.check()
    (line,) = [line for line in run.lines if line.startswith("lenient")]
    assert int(line.split()[1]) < PAYLOADS / 100, line
