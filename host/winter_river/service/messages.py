"""Messages as values: what goes out, what comes in, and the connection coming and going."""

from collections.abc import Mapping
from typing import NamedTuple


class Message(NamedTuple):
    """One message for the bus."""

    topic: str
    payload: bytes
    qos: int
    retain: bool


class Incoming(NamedTuple):
    """One message as it came; at_s: this machine's monotonic clock."""

    topic: str
    payload: bytes
    retained: bool
    at_s: float


class Link(NamedTuple):
    """The connection has come up or gone down, in order with the messages; why: in words, when down."""

    up: bool
    at_s: float
    why: str = ""


class Input(NamedTuple):
    """What the engine is told of one node: its own fields, and whether it is in its slot."""

    node_id: str
    own: Mapping[str, object]
    present: bool
