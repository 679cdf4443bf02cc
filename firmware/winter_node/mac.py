"""The message authentication code of a command: HMAC-SHA256 (RFC 2104), from `hashlib` alone as on a board."""

import binascii
import hashlib

_BLOCK = 64  # bytes of a SHA-256 block
LENGTH = 32  # hex digits kept: the first 16 bytes


def _padded(key, mask):
    block = bytearray(_BLOCK)
    for index in range(_BLOCK):
        block[index] = (key[index] if index < len(key) else 0) ^ mask
    return bytes(block)


def code(key, message):
    """The first 32 hex digits of the HMAC-SHA256 of a message; key and message are bytes."""
    if len(key) > _BLOCK:
        key = hashlib.sha256(key).digest()
    inner = hashlib.sha256(_padded(key, 0x36) + message).digest()
    return binascii.hexlify(hashlib.sha256(_padded(key, 0x5C) + inner).digest()).decode()[:LENGTH]


def signed(key, topic, payload):
    """A command's bytes with its mac as the last key."""
    body = payload[:-1]
    return body + (',"mac":"' + code(key, topic.encode() + b"\n" + body) + '"}').encode()


def holds(key, topic, payload, claimed):
    """Whether a payload ends in the mac it claims and that mac is right for this key and topic."""
    tail = (',"mac":"' + claimed + '"}').encode()
    if not payload.endswith(tail):
        return False
    wanted = code(key, topic.encode() + b"\n" + payload[: -len(tail)])
    wrong = 0 if len(claimed) == LENGTH else 1
    for ours, theirs in zip(wanted, claimed):  # no early exit: its timing would tell how far a guess was right
        wrong |= ord(ours) ^ ord(theirs)
    return wrong == 0
