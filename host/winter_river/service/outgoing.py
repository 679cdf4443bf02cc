"""What the engine service sends after a step: views, events, its own status and the facility's, restore commands.

All pure: what to send is decided here, sending is the shell's work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from winter_wire import codec, schema, topics

from winter_river import engine
from winter_river.service import presence
from winter_river.service.messages import Message

if TYPE_CHECKING:
    from winter_river.engine import Event, Plan, World
    from winter_river.service.model import Work
    from winter_river.service.roster import Roster

# A node refuses to close on a view older than 5 s; views are QoS 0, so one that is lost must not lock it.
VIEW_EVERY_TICKS = 2
METERS = ("energy_kwh", "returned_kwh", "aged_h")  # they count by themselves: that one has gone on is no news
SPEED_DIGITS = 2  # chosen: nobody reads more off a small screen, and a speed that varies a little is no news


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


class Present(NamedTuple):
    """A coordinator's state when a step is done. unix_s: 0 while unknown. speed: engine seconds a second as reached."""

    plan: Plan
    world: World
    roster: Roster
    work: Work
    uptime_s: int
    unix_s: int
    speed: float
    frozen: bool


@dataclass(slots=True)
class Composer:
    """Writes the messages of one engine service. boot: number of its process."""

    root: str
    boot: int
    seed: int
    version: str
    views: ViewBook = field(default_factory=ViewBook)
    commands_made: int = 0

    def messages(
        self, now: Present, found: Sequence[Event], *, ticked: bool, doubt: Callable[[str], None]
    ) -> list[Message]:
        """Everything to send after a step, in order; the roster's births and restores are done with.

        found: the step's events. ticked: whether a new second of the clock has begun. doubt: told of each figure
        that is outside the contract's range, which no law of physics allows either; it is not sent.
        """
        roster = now.roster
        timeline = roster.timeline
        out = [self._restore(node_id, roster) for node_id in roster.restores]
        roster.restores.clear()
        out += [event_message(self.root, event, timeline=timeline) for event in found]
        turn = now.work.tick % VIEW_EVERY_TICKS if ticked else None
        t_s, pace = now.world.t_s, pace_fields(now.speed)
        for index, (node_id, slot) in enumerate(roster.slots.items()):
            view = {**engine.view(now.plan, now.world, node_id), **pace}
            asked = node_id in roster.births or index % VIEW_EVERY_TICKS == turn
            if self.views.due(node_id, view, asked=asked):
                try:
                    message = view_message(self.root, node_id, view, type_name=slot.type, timeline=timeline, t_s=t_s)
                except ValueError as error:
                    doubt(f"{node_id} {error}")
                else:
                    out.append(message)
        roster.births.clear()
        return out + self._own_statuses(now, doubt) if ticked else out

    def goodbye(self, timeline: int) -> Message:
        """What the engine leaves behind when it stops; also its last will."""
        return goodbye_message(self.root, timeline=timeline, boot=self.boot)

    def _own_statuses(self, now: Present, doubt: Callable[[str], None]) -> list[Message]:
        """The retained statuses of engine, weather and facility."""
        slots, work, roster = now.roster.slots.values(), now.work, now.roster
        common = {
            "uptime": now.uptime_s,
            "ts": now.unix_s,
            "boot": self.boot,
            "seq": work.tick,
            "timeline": roster.timeline,
            "t_s": now.world.t_s,
            "fw": self.version,
        }
        doubtful = work.laws_broken or roster.rival is not None
        counted = {**asdict(roster.heard), **asdict(work)}
        own = {
            **{name: min(value, schema.COUNT_MAX) for name, value in counted.items()},
            "status": "warning" if doubtful else "ok",
            "speed": round(now.speed, 2),
            "frozen": now.frozen,
            "seed": self.seed,
            "nodes": len(slots),
            "online": sum(slot.presence.state == presence.ONLINE for slot in slots),
        }
        messages = [status_message(self.root, topics.ENGINE, {**own, **common})]
        air = {"status": "ok", **engine.weather(now.world)}
        messages.append(status_message(self.root, topics.WEATHER, {**air, **common}))
        whole = all(slot.presence.carries for slot in slots)
        site = {"status": "ok" if whole else "warning", **engine.balance(now.plan, now.world)}
        try:
            messages.append(status_message(self.root, topics.FACILITY, {**site, **common}))
        except ValueError as error:
            doubt(f"{topics.FACILITY} {error}")
        return messages

    def _restore(self, node_id: str, roster: Roster) -> Message:
        slot = roster.slots[node_id]
        self.commands_made += 1
        return restore_message(
            self.root,
            node_id,
            timeline=roster.timeline,
            own=slot.own,
            command_id=f"{topics.ENGINE}-{self.boot:x}-{self.commands_made}",
            boot=slot.boot,
        )


def _is_news(view: Mapping[str, object], last: Mapping[str, object]) -> bool:
    """Whether a view shows something that the last one did not, at the schema's number of decimals.

    A meter that runs on is no news: it would have every node of a quiet site sent a view each second.
    """
    if view == last:
        return False
    return view.keys() != last.keys() or any(
        _shown(name, value) != _shown(name, last.get(name)) for name, value in view.items() if name not in METERS
    )


def pace_fields(speed: float) -> dict[str, object]:
    """What a view says of the pace of time: nothing while it goes with the clock. speed: engine seconds a second, 0 while frozen."""
    return {} if speed == 1.0 else {"speed": float(f"{speed:.{SPEED_DIGITS}g}")}


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
