"""A recording read back: the same world at any instant of the run, with its events and screens. Pure but for reading.

What is played is the run as it ended: where it went back in time, the future that was taken back is left out. At every
moment that the run itself wrote down, the replayed world is compared with the recorded hash.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from winter_wire import schema, topics

from winter_river import engine
from winter_river.emulator.redraw import redraw
from winter_river.facility import Facility
from winter_river.facility.faults import FacilityError
from winter_river.facility.loader import parse_facility
from winter_river.service.messages import Input
from winter_river.site import NO_PARAMS, Ack
from winter_river.station.fork import Fork
from winter_river.station.recording import (
    NEW_TIMELINE,
    Header,
    Recorded,
    RecordingError,
    inputs_of,
    read_entry,
    read_header,
    recorded_of,
)
from winter_river.station.saving import Told

LINE_CHARACTERS_MAX = 50_000_000  # chosen: a moment of 10,000 nodes takes a tenth of it
WORLD_BYTES_MAX = 100_000_000  # chosen: twenty times what 10,000 nodes take; a file can say it unpacks to much more


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened: inputs, an act or a moment."""

    t_s: float
    what: tuple[Input, ...] | Told | Recorded


@dataclass(slots=True)
class _Leg:
    """One timeline from where it began."""

    parent: int
    t_s: float
    entries: list[Entry] = field(default_factory=list)
    end_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Recording:
    """A run. entries: in order; the first is the moment it starts from. hash: of its end, "" where it was killed."""

    header: Header
    facility: Facility
    entries: tuple[Entry, ...]
    end_s: float
    hash: str
    timelines: int

    @property
    def start_s(self) -> float:
        """Engine time of the first moment, s."""
        return self.entries[0].t_s


def load_recording(path: str | Path) -> Recording:
    """Reads a file. Raises RecordingError, with the cure, and OSError."""
    with Path(path).open(encoding="utf-8", errors="replace", newline="\n") as lines:
        header = read_header(lines.readline(LINE_CHARACTERS_MAX), path=str(path))
        facility = _facility_of(header, str(path))
        legs, last, digest = _read_legs(
            iter(lambda: lines.readline(LINE_CHARACTERS_MAX), ""), str(path), _Fit(facility)
        )
    if not legs:
        raise RecordingError(f"{path} ends before its run began\ncure: take another recording")
    entries = tuple(_line_of(legs, last))
    return Recording(header, facility, entries, legs[last].end_s, digest, len(legs))


def _read_legs(lines: Iterator[str], path: str, fit: _Fit) -> tuple[dict[int, _Leg], int, str]:
    """(timelines by number, the last one, the hash of the end)."""
    legs: dict[int, _Leg] = {}
    leg: _Leg | None = None
    last, digest, torn = 0, "", 0
    for number, text in enumerate(lines, start=2):
        if torn:
            raise RecordingError(f"{path}:{torn}: the line is damaged\ncure: the file is not whole; take another")
        entry = read_entry(text)
        if entry is None:
            torn = number  # as the last line it is what a kill leaves behind
            continue
        kind, fields = entry
        try:
            found = _entry_of(kind, fields)
            if found:
                fit.check(found.what)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise RecordingError(f"{path}:{number}: {kind} cannot be read: {error}\ncure: take another file") from None
        if found and isinstance(found.what, Recorded) and found.what.why in NEW_TIMELINE:
            last = found.what.timeline
            leg = legs[last] = _Leg(found.what.parent, found.t_s)
        if leg is None:
            raise RecordingError(f"{path}:{number}: {kind} before the first moment\ncure: take another file")
        if found:
            leg.entries.append(found)
        leg.end_s = max(leg.end_s, float(fields["t"]))
        digest = str(fields.get("hash", "")) if kind == "end" else ""
    return legs, last, digest


def _facility_of(header: Header, path: str) -> Facility:
    try:
        return parse_facility(header.facility)
    except FacilityError as error:
        raise RecordingError(f"{path}:1: the facility cannot be read: {error}\ncure: take another file") from None


class _Fit:
    """Whether what was recorded is of this facility: tried on a world of its own, in which no time passes."""

    def __init__(self, facility: Facility) -> None:
        self._ids = tuple(facility.nodes)
        self._plan = facility.plan()
        self._world = engine.new_world(self._plan)

    def check(self, what: tuple[Input, ...] | Told | Recorded) -> None:
        """Raises ValueError, naming node and value, where it is not."""
        if isinstance(what, Told):
            return  # told, not carried out: its effect comes as inputs
        inputs = what.own if isinstance(what, Recorded) else what
        for each in inputs:
            engine.apply(self._plan, self._world, each.node_id, each.own, present=each.present)
        if isinstance(what, Recorded):
            told = {each.node_id for each in inputs}
            missing = [node_id for node_id in self._ids if node_id not in told]
            if missing:
                raise ValueError(f"it says nothing of {missing[0]}")


def _entry_of(kind: str, fields: Mapping[str, Any]) -> Entry | None:
    """None for what only tells how far the run came."""
    t_s = float(fields["t"])
    if kind == "in":
        return Entry(t_s, inputs_of(fields["in"]))
    if kind == "act":
        return Entry(
            t_s, Told(t_s, str(fields["node"]), str(fields["command"]), dict(fields["params"]), str(fields["by"]))
        )
    return Entry(t_s, recorded_of(fields)) if kind == "moment" else None


def _line_of(legs: Mapping[int, _Leg], number: int) -> list[Entry]:
    """The entries from the beginning to the end of one timeline, through those it came from."""
    parts: list[list[Entry]] = []
    child: Entry | None = None
    seen: set[int] = set()
    while number in legs and number not in seen:
        seen.add(number)
        leg = legs[number]
        parts.append(leg.entries if child is None else _before(leg.entries, child))
        if child is None or leg.t_s < child.t_s:
            child = leg.entries[0]
        number = leg.parent
    return [entry for part in reversed(parts) for entry in part]


def _before(entries: Sequence[Entry], child: Entry) -> list[Entry]:
    """What of a timeline is the past of one that begins with child."""
    assert isinstance(child.what, Recorded)
    before = [entry for entry in entries if entry.t_s <= child.t_s]
    for place in reversed(range(len(before))):
        entry = before[place]
        if isinstance(entry.what, Recorded) and entry.t_s == child.t_s and entry.what.hash == child.what.hash:
            return before[: place + 1]  # the very moment that was gone back to: time may have stood still after it
    return before


class Player:
    """A recording as a site: look at it, let its time pass, go anywhere in it. It takes no commands.

    Raises RecordingError where a world in it was written by another version of the engine.
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.facility = recording.facility
        self._plan = self.facility.plan()
        self.differences: list[str] = []  # where the replayed world is not the recorded one; must stay empty
        self._moments = [place for place, entry in enumerate(recording.entries) if isinstance(entry.what, Recorded)]
        self._events: list[engine.Event] = []
        self.acts: list[Told] = []
        self._begin(self._moments[0])

    @property
    def t_s(self) -> float:
        """Engine time, s."""
        return self._fork.t_s

    @property
    def done(self) -> bool:
        """Whether the end has been reached."""
        return self.t_s >= self.recording.end_s

    def advance(self, seconds: float) -> None:
        """Plays on, up to the end of the recording."""
        self._play(min(self.t_s + seconds, self.recording.end_s))

    def go_to(self, t_s: float) -> None:
        """To any instant, back or on, from the moment before it. Raises ValueError outside the recording."""
        recording = self.recording
        if not recording.start_s <= t_s <= recording.end_s:
            raise ValueError(f"{t_s:g} s is outside the recording: {recording.start_s:g} to {recording.end_s:g} s")
        self._begin(max(place for place in self._moments if recording.entries[place].t_s <= t_s))
        self._play(t_s)

    def hash(self) -> str:
        """Of the engine's world now, hex."""
        return self._fork.snapshot().hash

    def send(self, node_id: str, verb: str, params: Mapping[str, object] = NO_PARAMS, *, by: str = "") -> Ack:
        """What has been cannot be changed: always refused."""
        return Ack("replay", node_id, schema.RESULT_REJECTED, "authority")

    def view(self, node_id: str) -> Mapping[str, object]:
        """The contract's view fields of a node with its type and status word."""
        return self._fork.view(node_id)

    def own(self, node_id: str) -> Mapping[str, object]:
        """What the node said it is set to."""
        return self._fork.own[node_id].own

    def balance(self) -> Mapping[str, object]:
        """The power balance of the whole site, by the contract's names."""
        return self._fork.view(topics.FACILITY)

    def fork(self) -> Fork:
        """The world that is being played; for looking only."""
        return self._fork

    def isolation(self, node_id: str) -> engine.Isolation | None:
        """What keeps a node dead; None while it is live."""
        return self._fork.isolation(node_id)

    def events(self, since_id: int = 0) -> Sequence[engine.Event]:
        """The events since the last jump with ids above since_id, oldest first."""
        return [event for event in self._events if event.id > since_id]

    def presence(self, node_id: str) -> str:
        """online or offline."""
        return "online" if self._fork.present(node_id) else "offline"

    def screen(self, node_id: str) -> bytes:
        """The node's OLED as the firmware draws it: 1,024 bytes in the SSD1306's order."""
        return redraw(
            node_id,
            self.facility.nodes[node_id].type,
            view=self.view(node_id),
            own=self._fork.own[node_id].own,
            connected=self._fork.present(node_id),
        )

    def _begin(self, place: int) -> None:
        """The world is that of a recorded moment."""
        moment = self.recording.entries[place].what
        assert isinstance(moment, Recorded)
        self._fork = self._fork_of(moment)
        self._place = place + 1
        self._events, self.acts = [], []

    def _play(self, t_s: float) -> None:
        entries = self.recording.entries
        while self._place < len(entries):
            entry = entries[self._place]
            if isinstance(entry.what, Told):
                # Told when it was heard, which may be a moment later than the step that its effect came with.
                self.acts.append(entry.what)
                self._place += 1
                continue
            if entry.t_s > t_s:
                break
            self._place += 1
            if entry.t_s > self.t_s:
                self._events += self._fork.advance_to(entry.t_s)
            if isinstance(entry.what, Recorded):
                self._compare(entry.what)
            else:
                self._events += self._fork.apply(entry.what)
        if t_s > self.t_s:
            self._events += self._fork.advance_to(t_s)

    def _compare(self, moment: Recorded) -> None:
        digest = self.hash()
        if digest != moment.hash:
            self.differences.append(f"{moment.t_s:.3f} s: {digest[:16]} is not the recorded {moment.hash[:16]}")
        if digest != moment.hash or moment.why in NEW_TIMELINE:
            # What the run went on from counts: its nodes were set to this.
            self._fork = self._fork_of(moment)

    def _fork_of(self, moment: Recorded) -> Fork:
        """The world of a recorded moment. Raises RecordingError where another version wrote it."""
        try:
            world = engine.Snapshot.from_bytes(_unpacked(moment.packed))
            return Fork(self.facility, self._plan, world, moment.own)
        except (ValueError, zlib.error) as error:
            program = self.recording.header.program
            raise RecordingError(
                f"the world at {moment.t_s:g} s cannot be read: {error}\n"
                f"cure: replay it with the Winter River that wrote it ({program})"
            ) from None


def _unpacked(packed: bytes) -> bytes:
    """Raises ValueError where it is more than WORLD_BYTES_MAX or cut short, zlib.error where it is damaged."""
    inflater = zlib.decompressobj()
    data = inflater.decompress(packed, WORLD_BYTES_MAX + 1)
    if len(data) > WORLD_BYTES_MAX:
        raise ValueError(f"it is larger than {WORLD_BYTES_MAX} bytes")
    if not inflater.eof:
        raise ValueError("it is cut short")
    return data
