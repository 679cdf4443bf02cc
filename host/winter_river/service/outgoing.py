"""Messages the engine service sends, as bytes: views, events, its own status and the facility's, and restore commands.

All pure: what to send is decided here, sending is the shell's work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from winter_wire import codec, schema, topics

from winter_river.engine import Event
from winter_river.service.messages import Message

# A node refuses to close on a view older than 5 s; views are QoS 0, so one that is lost must not lock it.
VIEW_EVERY_TICKS = 2
METERS = ("energy_kwh",)


@dataclass(slots=True)
class ViewBook:
    """What was last sent to each node. A view goes out when it says something new and when it is asked for: at the
    node's birth, and at its turn. Turns are spread over VIEW_EVERY_TICKS, so that a large site does not burst."""

    sent: dict[str, Mapping[str, object]] = field(default_factory=dict)

    def due(self, node_id: str, view: Mapping[str, object], *, asked: bool) -> bool:
        """Whether this view is to be sent now; it then counts as sent."""
        last = self.sent.get(node_id)
        if not asked and last is not None and not _is_news(view, last):
            return False
        self.sent[node_id] = view
        return True


def _is_news(view: Mapping[str, object], last: Mapping[str, object]) -> bool:
    """Whether a view shows something that the last one did not, at the schema's number of decimals.

    A meter that runs on is no news: it would have every node of a quiet site sent a view each second.
    """
    if view == last:
        return False
    return any(
        _shown(name, value) != _shown(name, last.get(name)) for name, value in view.items() if name not in METERS
    )


def _shown(name: str, value: object) -> object:
    return round(value, schema.ROWS[name][2]) if isinstance(value, float) else value


def view_message(
    root: str, node_id: str, view: Mapping[str, object], *, type_name: str, timeline: int, t_s: float
) -> Message:
    """The view of one node; QoS 0, never retained: an old view must not look like a new one."""
    fields = {"v": schema.VERSION, "node_id": node_id, "timeline": timeline, "t_s": t_s, **view}
    return Message(topics.topic(node_id, topics.VIEW, root), codec.encode("view", fields, type_name), 0, False)


def event_message(root: str, event: Event, *, timeline: int) -> Message:
    """An event of the engine; node_id says where it happened."""
    fields = {
        "v": schema.VERSION,
        "node_id": event.node_id,
        "id": event.id,
        "timeline": timeline,
        "t_s": event.t_s,
        "event": event.event,
        "from": event.from_,
        "to": event.to,
        "cause": event.cause,
    }
    return Message(topics.topic(topics.ENGINE, topics.EVENT, root), codec.encode("event", fields), 1, False)


def status_message(root: str, node_id: str, fields: Mapping[str, object]) -> Message:
    """The retained status of a virtual node (engine or facility), which is its own type."""
    envelope = {"v": schema.VERSION, "node_id": node_id, "type": node_id, **fields}
    return Message(topics.topic(node_id, topics.STATUS, root), codec.encode("status", envelope), 0, True)


def goodbye_message(root: str, *, timeline: int, boot: int) -> Message:
    """The engine's last will, also sent when it stops. It keeps the timeline, so that the next run takes a higher one."""
    fields = {
        "v": schema.VERSION,
        "node_id": topics.ENGINE,
        "type": topics.ENGINE,
        "status": "offline",
        "boot": boot,
        "timeline": timeline,
    }
    return Message(topics.topic(topics.ENGINE, topics.STATUS, root), codec.encode("status", fields), 1, True)


def restore_message(
    root: str, node_id: str, *, timeline: int, own: Mapping[str, object], command_id: str, boot: int | None
) -> Message:
    """The command that brings a node back to what it was at the moment that was gone back to."""
    taken = [row[0] for row in schema.VERBS["restore"]]
    params = {**{name: own[name] for name in taken if name in own}, "timeline": timeline}
    fields: dict[str, object] = {
        "v": schema.VERSION,
        "command": "restore",
        "params": params,
        "id": command_id,
        "by": topics.ENGINE,
    }
    if boot is not None:
        fields["boot"] = boot
    return Message(topics.topic(node_id, topics.COMMAND, root), codec.encode("command", fields), 1, False)
