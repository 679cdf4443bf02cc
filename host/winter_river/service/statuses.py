"""What the engine may believe of a node's status: who it is, whether it lives, and the fields that are its own.

Everything else in a status (volts, amps, state) is an echo of what the engine computed and is never read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from winter_wire import codec, faults, schema

OFFLINE = "offline"


class Reading(NamedTuple):
    """One believable status. None: the message does not say."""

    alive: bool  # False: a last will or a goodbye
    type: str | None
    boot: int | None
    seq: int | None
    timeline: int
    own: Mapping[str, object]  # handle, fault, resets and the type's setpoints, where present


def read(payload: bytes, *, node_id: str, type_name: str) -> tuple[Reading | None, str]:
    """(reading, "") or (None, why it is refused). type_name: of the slot, whose words and fields are checked.

    A status that names another type is read for its presence alone: its own fields mean nothing in this slot.
    """
    message, refusal = codec.decode("status", payload)
    if message is None:
        return None, f"{refusal[0]}: {refusal[1]}"
    if message["node_id"] != node_id:
        return None, f"node_id is {message['node_id']}"
    if message["status"] not in schema.STATUSES:
        return None, f"status is {message['status']}"
    named = message.get("type")
    if named is not None and named not in schema.TYPES:
        return None, f"type is {named}"
    own = {}
    if named is None or named == type_name:
        own = {name: message[name] for name in own_names(type_name) if name in message}
        why = fault_of_own(own, type_name)
        if why:
            return None, why
    return (
        Reading(
            alive=message["status"] != OFFLINE,
            type=named,
            boot=message.get("boot"),
            seq=message.get("seq"),
            timeline=message.get("timeline", 0),
            own=own,
        ),
        "",
    )


def own_names(type_name: str) -> tuple[str, ...]:
    """The fields of a status that only the node of this type decides."""
    return ("handle", "fault", "resets", *schema.own_fields(type_name)[1])


def fault_of_own(own: Mapping[str, object], type_name: str) -> str:
    """Why the node's own fields do not fit its type, or "". Ranges were checked when decoding; these are the words."""
    handles = [str(word) for word in schema.TYPES[type_name][schema.HANDLES]]
    if "handle" in own and own["handle"] not in handles:
        return f"handle is {own['handle']}; {type_name} has {', '.join(handles)}"
    if own.get("source_set", schema.SOURCES[0]) not in schema.SOURCES:
        return f"source_set is {own['source_set']}; one of {', '.join(schema.SOURCES)}"
    _, why = faults.read(schema.TYPES[type_name][schema.MALFUNCTIONS], str(own.get("fault", "")))
    return f"fault: {why}" if why else ""
