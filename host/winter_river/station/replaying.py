"""A recording behind the page: a site and a station that play instead of live. Safe from any thread.

Time runs, stands still, goes faster and anywhere in the recording; what-if works from any instant of it. What would
change the run (commands, snapshots, initial conditions) is refused: it has been.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple, Self

from winter_wire import codec, schema, topics

from winter_river import engine
from winter_river.service.pace import Pace
from winter_river.site import NO_PARAMS, Ack
from winter_river.station.ahead import run_ahead
from winter_river.station.fork import Fork
from winter_river.station.model import Change, Clock, Field, InitialCondition, SnapshotInfo, StationError, Trend, WhatIf
from winter_river.station.recording import Recorded
from winter_river.station.replay import Player, Recording
from winter_river.station.samples import Sample, Sampler, trend_of
from winter_river.station.saving import Told

BEAT_S = 0.1  # chosen: ten pictures a second
SPAN_S = 600.0  # of a trend that names no beginning
HISTORY_S_MAX = 4 * 3600  # chosen: a second or two of computing for 24 nodes, once, when the first trend is asked for
_BEEN = "a recording cannot be changed\ncure: winter-river run, then load its scenario"


class Sight(NamedTuple):
    """As service.wiring.Sight."""

    t_s: float
    views: Mapping[str, Mapping[str, object]]
    presences: Mapping[str, str]
    balance: Mapping[str, object]
    weather: Mapping[str, object]
    reports: Mapping[str, bytes]
    last_event: int


class ReplaySite:
    """The recorded run as a site, at the instant its station has come to."""

    def __init__(self, player: Player, lock: threading.RLock) -> None:
        self._player, self._lock = player, lock
        self.facility = player.facility

    @property
    def t_s(self) -> float:
        """Engine time, s."""
        with self._lock:
            return self._player.t_s

    secured = False  # nothing can be commanded

    def through(self, door: str, address: str = "") -> ReplaySite:
        """The same: nothing is sent from any door."""
        return self

    def acting(
        self, node_id: str, verb: str, params: Mapping[str, object] = NO_PARAMS, *, by: str
    ) -> AbstractContextManager[None]:
        """A replay keeps no audit."""
        return nullcontext()

    def refused(self, node_id: str, verb: str, params: Mapping[str, object] = NO_PARAMS, *, by: str, why: str) -> None:
        """A replay keeps no audit."""

    def send(
        self,
        node_id: str,
        verb: str,
        params: Mapping[str, object] = NO_PARAMS,
        *,
        by: str = "",
        priority: int = schema.PRIORITY_DEFAULT,
        timeout_s: float = 0.0,
    ) -> Ack:
        """Always refused."""
        return self._player.send(node_id, verb, params, by=by)

    def view(self, node_id: str) -> Mapping[str, object]:
        with self._lock:
            return self._player.view(node_id)

    def isolation(self, node_id: str) -> engine.Isolation | None:
        with self._lock:
            return self._player.isolation(node_id)

    def events(self, since_id: int = 0) -> Sequence[engine.Event]:
        with self._lock:
            return self._player.events(since_id)

    def presence(self, node_id: str) -> str:
        with self._lock:
            return self._player.presence(node_id)

    def advance(self, seconds: float) -> None:
        """Plays on."""
        with self._lock:
            self._player.advance(seconds)

    def sight(self) -> Sight:
        """Everything that a screen shows, of one moment."""
        with self._lock:
            player, ids = self._player, self.facility.nodes
            views = {node_id: player.view(node_id) for node_id in ids}
            events = player.events()
            return Sight(
                t_s=player.t_s,
                views=views,
                presences={node_id: player.presence(node_id) for node_id in ids},
                balance=player.balance(),
                weather=player.view(topics.WEATHER),
                reports={node_id: _report(node_id, views[node_id], player.own(node_id)) for node_id in ids},
                last_event=events[-1].id if events else 0,
            )


class ReplayStation:
    """Plays a recording by the clock; a context manager. Offers what Station offers, as far as a past can."""

    def __init__(self, recording: Recording, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._player = Player(recording)
        self._recording = recording
        self.seed = recording.header.seed
        self.site = ReplaySite(self._player, self._lock)
        self._pace = Pace(clock(), self._player.t_s)
        self._timeline = 1
        self._plan = recording.facility.plan()
        self._sampler = Sampler({node_id: node.type for node_id, node in recording.facility.nodes.items()})
        self._samples: list[Sample] | None = None
        self._subscribers: list[Callable[[], None]] = []
        self._stopping = threading.Event()
        self.failure: Exception | None = None  # what ended the playing, None while it goes on
        self._thread = threading.Thread(target=self._run, name="replay", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stopping.set()
        self._thread.join()

    def beat(self) -> None:
        """Plays up to where the clock says."""
        with self._lock:
            t_s = self._pace.t_at(self._clock())
            self._player.advance(max(0.0, t_s - self._player.t_s))
            if self._player.done and not self._pace.frozen:
                self._pace.freeze(self._clock())
                self._pace.anchor(self._clock(), self._player.t_s)
        for callback in list(self._subscribers):
            callback()

    def _run(self) -> None:
        try:
            while not self._stopping.wait(BEAT_S):
                self.beat()
        except Exception as error:  # noqa: BLE001 - kept and told by whoever started us
            self.failure = error

    @property
    def differences(self) -> Sequence[str]:
        """Where what was played is not what was recorded; must stay empty."""
        with self._lock:
            return tuple(self._player.differences)

    # time

    def clock(self) -> Clock:
        """Where time stands."""
        with self._lock:
            pace = self._pace
            speed_real = 0.0 if pace.frozen else pace.speed
            unix_s = self._recording.header.unix_s + self._player.t_s
            return Clock(self._player.t_s, pace.frozen, pace.speed, self._timeline, speed_real, unix_s)

    def run(self) -> None:
        with self._lock:
            self._pace.run(self._clock())

    def freeze(self) -> None:
        with self._lock:
            self._pace.freeze(self._clock())
        self.beat()

    def step(self, seconds: float = 1.0) -> None:
        """Raises ValueError outside the pace's limits."""
        with self._lock:
            self._pace.step(seconds, self._clock())
        self.beat()

    def set_speed(self, speed: float) -> None:
        """Raises ValueError outside the pace's limits."""
        with self._lock:
            self._pace.set_speed(speed, self._clock())

    def back(self, seconds: float) -> None:
        """As far as the recording reaches. Raises StationError."""
        if not seconds > 0:
            raise StationError(f"back by {seconds:g} s; more than 0")
        self.go_to(max(self.begin_s, self.site.t_s - seconds))

    def go_to(self, t_s: float) -> None:
        """Anywhere in the recording, back or on. Raises ValueError outside it."""
        with self._lock:
            self._player.go_to(t_s)
            self._pace.anchor(self._clock(), t_s)
            self._timeline += 1
        self.beat()

    @property
    def begin_s(self) -> float:
        """Where the recording begins, s."""
        return self._recording.start_s

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls back after each beat. Gives what ends it."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback) if callback in self._subscribers else None

    # looking

    def at(self, t_s: float) -> Mapping[str, Mapping[str, object]]:
        """The views of an instant, by node id. Raises StationError."""
        return self.then(t_s).views()

    def then(self, t_s: float) -> Fork:
        """The whole site of an instant, as a copy. Raises StationError."""
        other = Player(self._recording)
        try:
            other.go_to(t_s)
        except ValueError as error:
            raise StationError(str(error)) from None
        return other.fork()

    def trend(
        self, fields: Sequence[Field], *, from_s: float | None = None, to_s: float | None = None, points: int = 600
    ) -> Trend:
        """As Station.trend, over the recording up to now."""
        columns = {}
        for field in fields:
            if field not in self._sampler.columns:
                raise StationError(f"there is no history of {'.'.join(field)[:80]!r}")
            columns[field] = self._sampler.columns[field]
        now_s = self.site.t_s
        end_s = now_s if to_s is None else to_s
        begin_s = end_s - SPAN_S if from_s is None else from_s
        samples = [sample for sample in self._history() if sample.t_s <= now_s]
        return trend_of(samples, columns, from_s=begin_s, to_s=end_s, points=points, known_s=now_s)

    def what_if(
        self,
        changes: Sequence[Change],
        *,
        from_s: float | None = None,
        ahead_s: float = 600.0,
        fields: Sequence[Field] = (),
    ) -> WhatIf:
        """As Station.what_if; what was recorded afterwards happens again. Raises ValueError."""
        if not 0 < ahead_s <= 7200.0:
            raise StationError(f"ahead_s is {ahead_s:g}; more than 0 to 7200 s")
        start_s = self.site.t_s if from_s is None else from_s
        later = [
            (entry.t_s, entry.what)
            for entry in self._recording.entries
            if entry.t_s > start_s and not isinstance(entry.what, (Told, Recorded))
        ]
        return run_ahead(
            self.then(start_s), changes, later, ahead_s=ahead_s, fields=fields, breathe=lambda: time.sleep(0)
        )

    def snapshots(self) -> Sequence[SnapshotInfo]:
        """The moments that the run wrote down."""
        return [
            SnapshotInfo(str(place), what.t_s, what.timeline, what.name, what.hash)
            for place, entry in enumerate(self._recording.entries)
            if isinstance(what := entry.what, Recorded)
        ]

    def restore(self, snapshot_id: str) -> None:
        """To one of them, by id or name. Raises StationError."""
        for info in self.snapshots():
            if snapshot_id and snapshot_id in (info.id, info.name):
                return self.go_to(info.t_s)
        raise StationError(f"there is no snapshot {snapshot_id[:64]!r} in the recording")

    # what a past does not take

    def take_snapshot(self, name: str) -> SnapshotInfo:
        raise StationError(_BEEN)

    def initial_conditions(self) -> Sequence[InitialCondition]:
        return []

    def load_initial_condition(self, condition_id: str, *, seed: int | None = None) -> None:
        raise StationError(_BEEN)

    def as_scenario(self, name: str = "my-session") -> str:
        raise StationError("a replay is not saved again\ncure: its recording is the file that is being played")

    def as_pytest(self, name: str = "my_session") -> str:
        return self.as_scenario(name)

    def _history(self) -> list[Sample]:
        """Every second of the recording, its last HISTORY_S_MAX; computed when it is first wanted."""
        with self._lock:
            if self._samples is None:
                player = Player(self._recording)
                begin_s = max(self._recording.start_s, self._recording.end_s - HISTORY_S_MAX)
                player.go_to(begin_s)
                self._samples = []
                second_s = float(int(begin_s)) + 1.0
                while second_s <= self._recording.end_s:
                    player.advance(second_s - player.t_s)
                    self._samples.append(self._sampler.take(second_s, player.fork().view))
                    second_s += 1.0
            return self._samples


def _report(node_id: str, view: Mapping[str, object], own: Mapping[str, object]) -> bytes:
    """What the node said of itself, as a status: its own fields are recorded, its health is not."""
    fields = {"v": schema.VERSION, "node_id": node_id, "type": view["type"], "status": view["status"], **own}
    return bytes(codec.encode(topics.STATUS, fields))
