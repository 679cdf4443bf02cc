"""The past of a run as a tree of moments: what each instant was, and what happened between two. Pure.

A moment holds the world; the stretch that ends in it holds the inputs, events and samples since the moment before. The
present hangs on `head` by the open stretch. Going back makes another moment the head, so what came after it stays
where it was (an automatic snapshot of a future that was taken back can still be restored) and the past of the present
is one walk from head to root. Nothing is copied and nothing is lost by going back and forth.

Bounds: MOMENTS_MAX automatic moments, SPAN_S_MAX of engine time, BYTES_MAX of memory; the oldest goes first. A walk
ends where a moment has been let go of. Named moments stay until NAMED_MAX.
"""

from __future__ import annotations

import hashlib
import zlib
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from winter_river import engine
from winter_river.service.messages import Input
from winter_river.station.model import Memory, SnapshotInfo, StationError
from winter_river.station.samples import Sample

MOMENT_EVERY_S = 5.0  # chosen: replaying 5 s of inputs takes well under a frame
SPAN_S_MAX = 3600.0
MOMENTS_MAX = int(SPAN_S_MAX / MOMENT_EVERY_S) + 1
NAMED_MAX = 100
NAME_LENGTH_MAX = 64
BYTES_MAX = 300_000_000  # chosen: an hour of 500 nodes takes a fifth of it
ACTS_MAX = 10_000
_INPUT_BYTES = 700  # one input with its own dict in CPython 3.11, measured with tracemalloc


@dataclass(frozen=True, slots=True)
class Act:
    """A command that was obeyed; acts form a chain from the last to the first, which a moment can hold by its end."""

    t_s: float
    node_id: str
    command: str
    params: Mapping[str, object]
    by: str
    before: Act | None
    number: int


@dataclass(slots=True)
class Stretch:
    """What happened between two moments, in order. inputs: (t_s, what was applied and settled together)."""

    inputs: list[tuple[float, tuple[Input, ...]]] = field(default_factory=list)
    events: list[engine.Event] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)

    def until(self, t_s: float) -> Stretch:
        """What of it had happened by t_s."""
        return Stretch(
            [each for each in self.inputs if each[0] <= t_s],
            [each for each in self.events if each.t_s <= t_s],
            [each for each in self.samples if each.t_s <= t_s],
        )


@dataclass(eq=False, slots=True)
class Moment:
    """One instant. packed: the engine's snapshot, compressed; empty once it has been let go of. own: of every node."""

    id: str
    t_s: float
    timeline: int
    name: str
    hash: str
    packed: bytes
    own: tuple[Input, ...]
    before: Moment | None
    stretch: Stretch
    act: Act | None
    size: int = 0

    def world(self) -> engine.Snapshot:
        """The engine's snapshot."""
        return engine.Snapshot.from_bytes(zlib.decompress(self.packed))

    def info(self) -> SnapshotInfo:
        """What others are told of it."""
        return SnapshotInfo(self.id, self.t_s, self.timeline, self.name, self.hash)


class Past:
    """The one owner of all moments. The clock is engine time; nothing here knows another."""

    def __init__(self, node_ids: Sequence[str]) -> None:
        self.head: Moment | None = None
        self.open = Stretch()
        self.act: Act | None = None
        self.own: dict[str, Input] = {node_id: Input(node_id, {}, True) for node_id in node_ids}
        self._automatic: deque[Moment] = deque()
        self._named: dict[str, Moment] = {}
        self._made = 0
        self._bytes = 0

    # what happens

    def applied(self, t_s: float, inputs: Sequence[Input]) -> None:
        """The engine was told this."""
        for each in inputs:
            self.own[each.node_id] = each
        self.open.inputs.append((t_s, tuple(inputs)))

    def did(self, t_s: float, node_id: str, *, command: str, params: Mapping[str, object], by: str) -> None:
        """A node obeyed a command. After ACTS_MAX nothing more is noted."""
        number = self.act.number + 1 if self.act else 1
        if number <= ACTS_MAX:
            self.act = Act(t_s, node_id, command, dict(params), by, self.act, number)

    def mark(self, world: engine.Snapshot, *, t_s: float, timeline: int, name: str = "") -> Moment:
        """The present becomes a moment, and the head. name: "" for an automatic one. Raises StationError."""
        if name:
            self._check_name(name)
        moment = self._moment(world, t_s, timeline, name, self.open)
        self.head, self.open = moment, Stretch()
        return moment

    def go(self, moment: Moment) -> None:
        """The present is again what it was at that moment."""
        self.head, self.open, self.act = moment, Stretch(), moment.act
        self.own = {each.node_id: each for each in moment.own}

    def go_to(self, t_s: float) -> None:
        """The present is again what it was at an instant of its own past; what comes next must be mark()."""
        before = self.at(t_s)
        stretch = self._after(before).until(t_s)
        while self.act is not None and self.act.t_s > t_s:
            self.act = self.act.before
        self.head, self.open = before, stretch
        self.own = {each.node_id: each for each in before.own}
        for _, inputs in stretch.inputs:
            self.own.update({each.node_id: each for each in inputs})

    def plant(self, own: Sequence[Input], events: Sequence[engine.Event]) -> None:
        """The present has another past than all that was before; what comes next must be mark()."""
        self.head, self.open, self.act = None, Stretch(events=list(events)), None
        self.own = {each.node_id: each for each in own}

    # what may be asked

    def line(self) -> Iterator[Moment]:
        """The moments of the present's own past, latest first."""
        moment = self.head
        while moment is not None and moment.packed:
            yield moment
            moment = moment.before

    def at(self, t_s: float) -> Moment:
        """The last moment of our own past at or before t_s. Raises StationError with how far it reaches."""
        first = None
        for moment in self.line():
            if moment.t_s <= t_s:
                return moment
            first = moment
        reach = "nothing is recorded yet" if first is None else f"what is kept begins at {first.t_s:.1f} s"
        raise StationError(f"{t_s:g} s is too far back: {reach}\ncure: a named snapshot is kept as long as the run")

    def since(self, t_s: float) -> tuple[Moment, Stretch]:
        """The last moment at or before t_s and all that happened in our own past since it."""
        moment = self.at(t_s)
        return moment, self._after(moment)

    def events(self) -> list[engine.Event]:
        """The events of our own past as far back as moments are kept, oldest first."""
        parts = [self.open.events, *(moment.stretch.events for moment in self.line())]
        return [event for part in reversed(parts) for event in part]

    def samples(self, from_s: float) -> list[Sample]:
        """The samples of our own past from the last key at or before from_s on."""
        parts = [self.open.samples]
        for moment in self.line():
            if any(sample.key and sample.t_s <= from_s for sample in parts[-1][:1]):
                break
            parts.append(moment.stretch.samples)
        found = [sample for part in reversed(parts) for sample in part]
        keys = [place for place, sample in enumerate(found) if sample.key and sample.t_s <= from_s]
        return found[keys[-1] :] if keys else found

    def acts(self) -> list[Act]:
        """What was done in our own past since the run began, oldest first."""
        found = []
        act = self.act
        while act is not None:
            found.append(act)
            act = act.before
        return found[::-1]

    def moments(self) -> list[Moment]:
        """All that can be gone back to, by the order they were made in."""
        return sorted([*self._automatic, *self._named.values()], key=lambda moment: int(moment.id))

    def find(self, moment_id: str) -> Moment:
        """The moment of an id or of a name. Raises StationError."""
        for moment in self.moments():
            if moment_id in (moment.id, moment.name) and moment_id:
                return moment
        names = ", ".join(self._named) or "no named ones yet"
        raise StationError(
            f"there is no snapshot {moment_id[:NAME_LENGTH_MAX]!r}\ncure: winter-river clock snapshots ({names})"
        )

    def memory(self) -> Memory:
        """How much is held, counted."""
        kept = [*self._automatic, *self._named.values()]
        stretches = [self.open, *(moment.stretch for moment in kept)]
        return Memory(
            snapshots=len(kept),
            samples=sum(len(stretch.samples) for stretch in stretches),
            inputs=sum(len(inputs) for stretch in stretches for _, inputs in stretch.inputs),
            bytes=self._bytes + _size(self.open),
        )

    # inside

    def _check_name(self, name: str) -> None:
        if len(name) > NAME_LENGTH_MAX or not name.isprintable() or name.isdigit():
            raise StationError(f"a name has 1 to {NAME_LENGTH_MAX} printable letters and is not a number")
        if name in self._named:
            raise StationError(f"there is a snapshot {name!r} already\ncure: take another name")
        if len(self._named) >= NAMED_MAX:
            raise StationError(f"there are {NAMED_MAX} named snapshots, and no more are kept in one run")

    def _moment(self, world: engine.Snapshot, t_s: float, timeline: int, name: str, stretch: Stretch) -> Moment:
        self._made += 1
        packed = zlib.compress(world.data, 1)
        digest = hashlib.sha256(world.data).hexdigest()
        own = tuple(self.own.values())
        moment = Moment(str(self._made), t_s, timeline, name, digest, packed, own, self.head, stretch, self.act)
        moment.size = len(packed) + 8 * len(own) + 500 + _size(stretch)
        self._bytes += moment.size
        if name:
            self._named[name] = moment
        else:
            self._automatic.append(moment)
            self._forget(t_s)
        return moment

    def _forget(self, t_s: float) -> None:
        """Lets go of the oldest automatic moments beyond the bounds, never of the newest."""
        kept = self._automatic
        while len(kept) > 1 and (len(kept) > MOMENTS_MAX or kept[0].t_s < t_s - SPAN_S_MAX or self._bytes > BYTES_MAX):
            old = kept.popleft()
            self._bytes -= old.size
            old.packed, old.before, old.stretch, old.own, old.act = b"", None, Stretch(), (), None

    def _after(self, moment: Moment) -> Stretch:
        """All that happened in our own past since a moment of it."""
        parts = [self.open]
        for later in self.line():
            if later is moment:
                break
            parts.append(later.stretch)
        whole = Stretch()
        for part in reversed(parts):
            whole.inputs += part.inputs
            whole.events += part.events
            whole.samples += part.samples
        return whole


def _size(stretch: Stretch) -> int:
    inputs = sum(len(each) for _, each in stretch.inputs)
    return inputs * _INPUT_BYTES + sum(sample.size for sample in stretch.samples) + 300 * len(stretch.events)
