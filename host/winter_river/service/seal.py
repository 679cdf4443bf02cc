"""The signature of a command as the contract has it: who has not the node's key cannot make one, nor change one."""

from __future__ import annotations

import hashlib
import hmac

from winter_wire import schema

MAC_DIGITS = 32  # the contract: the first 16 bytes, in hex
_TAIL = b',"mac":""}'


def sealed(key: bytes | None, topic: str, payload: bytes) -> bytes:
    """A command's bytes with `mac` as the last key; as they are without a key. Raises ValueError where it gets too long."""
    if key is None:
        return payload
    body = payload[:-1]
    digest = hmac.new(key, topic.encode() + b"\n" + body, hashlib.sha256).hexdigest()[:MAC_DIGITS]
    whole = body + b',"mac":"' + digest.encode() + b'"}'
    if len(whole) > schema.COMMAND_BYTES_MAX:
        raise ValueError(f"command is {len(whole)} bytes with its mac; at most {schema.COMMAND_BYTES_MAX}")
    return whole


def holds(key: bytes, topic: str, payload: bytes) -> bool:
    """Whether a command's bytes end in the right `mac` for this key and topic."""
    body = payload[: -len(_TAIL) - MAC_DIGITS]
    try:
        return hmac.compare_digest(sealed(key, topic, body + b"}"), payload)
    except ValueError:
        return False
