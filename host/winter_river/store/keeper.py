"""Keeps the history of a run: messages wait in a bounded queue, and a thread takes them to the store once a second.

The loop hands messages over and never waits. Where the store does not take them (its disk is full, it hangs, another
program has it locked) they wait with the time at which they came; when QUEUE_MAX wait, the oldest are given up and
counted. What was committed is on the disk.
"""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self, TypeVar

from winter_wire import topics

from winter_river.service.messages import Incoming, Message
from winter_river.store import reading
from winter_river.store.ingest import Ingester
from winter_river.store.latest import Latest
from winter_river.store.model import Happening, Reading, StoreHealth
from winter_river.store.sinks import Sender, Target
from winter_river.store.tables import StoreError
from winter_river.store.writing import Writer

COMMIT_S = 1.0  # chosen: what a kill may cost; a commit takes 1 to 50 ms, so it could be oftener, but a card wears
QUEUE_MAX = 50_000  # chosen: 35 minutes of 24 nodes that speak each second, some 40 MB
BATCH_MAX = 10_000  # messages a commit, so that a long queue does not end in one long transaction
RETRY_S_MAX = 30.0
PRUNE_S = 60.0
STOP_S_MAX = 5.0  # a clean stop may take that long
# Chosen: a turn comes every second; a store that takes 5 s has a fault, and tells it. Looks, not seconds: whoever waits may
# have been stopped for longer than that, and the store with him.
CHANGE_LOOK_S, CHANGE_LOOKS = 0.1, 50
JUMP_S = 86_400.0  # chosen: a wall clock that jumped by more than a day decides no deleting
# Errors that come again with the same rows; all others are of the moment (locked, full, broken disk).
POISON = (
    *(sqlite3.IntegrityError, sqlite3.DataError, sqlite3.InterfaceError, sqlite3.ProgrammingError),
    OverflowError,  # a whole number of more than 64 bits
)
REFUSED = "refused by the store"
OVERFLOW, CUT = "queue full", "not written before the end"
_ENDS = (f"/{topics.STATUS}", f"/{topics.EVENT}")

Answer = TypeVar("Answer")


class _Waiting(NamedTuple):
    """A message as it came; ms: since 1970, at_s: steady."""

    topic: str
    payload: bytes
    retained: bool
    ms: int
    at_s: float


@dataclass(frozen=True, slots=True)
class Keep:
    """How long: single readings, and sums of five minutes."""

    raw_s: float = 7 * 86_400.0
    min5_s: float = 365 * 86_400.0


@dataclass(eq=False, slots=True)
class _Order:
    """Other keeping, asked for by a thread that waits until it holds. senders: those that are there from then on."""

    keep: Keep
    senders: list[Sender]
    done: threading.Event


class Keeper:
    """The history of one run. start() it, offer() messages, ask it, stop() it; also a context manager.

    clock, wall: seconds, steady and since 1970.
    """

    def __init__(
        self,
        path: Path,
        *,
        root: str = topics.ROOT,
        keep: Keep = Keep(),
        sinks: Sequence[Target] = (),
        queue_max: int = QUEUE_MAX,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Opens the store, so that a fault of it shows at once. Raises StoreError or OSError."""
        self.path, self.keep = path, keep
        self._clock, self._wall = clock, wall
        self._offset_s = wall() - clock()
        self._writer = Writer(path, sinks=[target.name for target in sinks])
        marks = self._writer.outbox.marks()
        self._senders = [Sender(target, self.ask, mark=marks[target.name]) for target in sinks]
        self._waits = self._writer.outbox.waiting()  # for sinks, in the out-box
        self._ingester = Ingester(root, run=int(wall()), known=self._writer.newest(), lives=self._writer.lives())
        self._own = {
            topics.topic(topics.ENGINE, topics.EVENT, root),
            *(topics.topic(node_id, topics.STATUS, root) for node_id in topics.VIRTUAL),
        }
        self.latest = Latest()
        self._queue_max = queue_max
        self._queue: deque[_Waiting] = deque()
        self._lock = threading.Lock()  # guards the queue and the counters of its users
        self._readings: list[Reading] = []  # read, and not yet committed
        self._happenings: list[Happening] = []
        self._in_hand = 0  # taken off the queue, and not read yet
        self._pending_s: float | None = None  # since when something waits to be committed
        self._dropped: Counter[str] = Counter()
        self._rows = self._writes = self._write_failures = self._reads = self._read_failures = 0
        self._failures_in_a_row = 0
        self._fault = ""
        self._pruned_s = clock()
        self._marked = self._marks()
        self._asked: _Order | None = None  # what is to change at the next turn
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    # for any thread

    def start(self) -> None:
        """Begins to write, and to bring the sinks what they have not had."""
        self._thread.start()
        for sender in self._senders:
            sender.start()

    def hear(self, item: Incoming) -> None:
        """A message off the bus. Never waits. Our own come by tell(): a broker that is away takes none of them."""
        if item.topic.endswith(_ENDS) and item.topic not in self._own:
            self.offer(item.topic, item.payload, item.retained, item.at_s)

    def tell(self, messages: Iterable[Message]) -> None:
        """What the engine sends. Never waits."""
        at_s = self._clock()
        for message in messages:
            if message.topic in self._own:
                self.offer(message.topic, message.payload, False, at_s)

    def offer(self, topic: str, payload: bytes, retained: bool, at_s: float) -> None:
        """A message that came at at_s, on the steady clock. Never waits."""
        ms = int((self._wall() - max(0.0, self._clock() - at_s)) * 1000)
        with self._lock:
            if len(self._queue) >= self._queue_max:
                self._queue.popleft()
                self._dropped[OVERFLOW] += 1
            self._queue.append(_Waiting(topic, payload, retained, ms, at_s))

    def change(self, *, keep: Keep, sinks: Sequence[Target]) -> None:
        """Keeps so long, and brings readings to these sinks, from now on. Returns when that holds.

        A sink that goes by a name that was there goes on where that one was; a new one begins with what comes now.
        Raises StoreError where the store does not take it; then all is as before.
        """
        before = list(self._senders)
        same = {sender.target.name: sender for sender in before}
        senders = [
            same[target.name]
            if target.name in same and same[target.name].target == target
            else Sender(target, self.ask, mark=same[target.name].mark if target.name in same else 0)
            for target in sinks
        ]
        self._give(_Order(keep, senders, threading.Event()))
        for sender in before:
            if sender not in senders:
                sender.stop()
        for sender in senders:
            if sender not in before:
                sender.start()

    def _give(self, order: _Order) -> None:
        """Has the store's own thread, or where it has not begun this one, carry out an order."""
        with self._lock:
            self._asked = order
        if not self._thread.is_alive():
            self._obey()
        done = any(order.done.wait(CHANGE_LOOK_S) for _ in range(CHANGE_LOOKS))
        with self._lock:
            done = done or order.done.is_set()
            self._asked = None
        if not done:
            raise StoreError(f"{self.path} does not answer: {self._fault or 'its disk hangs'}\ncure: see to its disk")

    def ask(self, question: Callable[[sqlite3.Connection], Answer]) -> Answer:
        """An answer of the store; see winter_river.store.reading for questions. Raises StoreError."""
        try:
            with reading.opened(self.path) as connection:
                answer = question(connection)
        except reading.UnknownSeries:
            self._count_read(failed=False)
            raise
        except StoreError:
            self._count_read(failed=True)
            raise
        self._count_read(failed=False)
        return answer

    def health(self) -> StoreHealth:
        """The keeping at a glance."""
        with self._lock:
            oldest_s = self._queue[0].at_s if self._queue else None
            queue = self._count()
            lost = Counter(self._dropped)
        # dict() copies at one go: the store's thread counts meanwhile, and a counter that grows cannot be gone through.
        for counted in (dict(self._ingester.refused), dict(self._writer.left_out)):
            lost.update(counted)
        lost.update({f"{name} out-box full": count for name, count in self._writer.outbox.given_up.items()})
        waits_s = [since_s for since_s in (self._pending_s, oldest_s) if since_s is not None]
        return StoreHealth(
            file=str(self.path),
            fault=self._fault,
            rows=self._rows,
            lag_s=max(0.0, self._clock() - min(waits_s)) if waits_s else 0.0,
            queue=queue,
            queue_max=self._queue_max,
            dropped={name: count for name, count in sorted(lost.items()) if count},
            writes=self._writes,
            write_failures=self._write_failures,
            reads=self._reads,
            read_failures=self._read_failures,
            file_bytes=_size(self.path),
            disk_free_pct=_free_pct(self.path),
            sinks={
                sender.target.name: sender.health(waiting=self._waits.get(sender.target.name, 0))
                for sender in list(self._senders)
            },
        )

    def stop(self) -> None:
        """Writes what waits and closes the store, within STOP_S_MAX; what a store that hangs does not take is counted."""
        self._stopping.set()
        for sender in self._senders:
            sender.stop()
        if self._thread.is_alive():
            self._thread.join(STOP_S_MAX)
        if not self._thread.is_alive():
            self._writer.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def _count_read(self, *, failed: bool) -> None:
        with self._lock:
            self._reads += 1
            self._read_failures += failed

    # the thread

    def _run(self) -> None:
        try:
            self._serve()
        except Exception as error:  # noqa: BLE001 - the run goes on; health tells that nothing is kept any more
            self._fault = f"the history stopped: {error!r}; this is a fault of ours"

    def _serve(self) -> None:
        while not self._stopping.is_set():
            waits_s = min(RETRY_S_MAX, COMMIT_S * 2**self._failures_in_a_row)
            self._stopping.wait(waits_s)
            self.turn()
        while self.turn() and self._waiting():
            pass
        left = self._waiting()
        with self._lock:
            if left:
                self._dropped[CUT] += left

    def turn(self) -> bool:
        """One commit of what waits, and what is due beside it; whether the store took it. Called by the thread, or by
        a test that has not started it."""
        self._take()
        try:
            self._obey()
            if self._readings or self._happenings or self._marks() != self._marked:
                self._commit()
            self._prune()
        except sqlite3.Error as error:
            self._write_failures += 1
            self._failures_in_a_row = min(self._failures_in_a_row + 1, 10)
            self._fault = str(error)
            return False
        self._failures_in_a_row, self._fault = 0, ""
        return True

    def _obey(self) -> None:
        """Carries out an order. Raises sqlite3.Error, and then it waits for the next turn."""
        with self._lock:
            order = self._asked
            if order is None or order.done.is_set():
                return
            self._writer.outbox.serve([sender.target.name for sender in order.senders])
            marks = self._writer.outbox.marks()
            for sender in order.senders:
                sender.mark = max(sender.mark, marks[sender.target.name])
            self.keep, self._senders = order.keep, order.senders
            self._marked, self._waits = self._marks(), self._writer.outbox.waiting()
            self._pruned_s = self._clock() - PRUNE_S  # what is too old by now goes at once
            order.done.set()

    def _waiting(self) -> int:
        with self._lock:
            return self._count()

    def _count(self) -> int:
        """Messages that wait anywhere. What is being read may count twice, never not at all."""
        return len(self._queue) + self._in_hand + len(self._readings) + len(self._happenings)

    def _take(self) -> None:
        """Reads a batch off the queue; while an earlier one is not committed, the queue keeps what comes."""
        if self._readings or self._happenings:
            return
        with self._lock:
            waiting = [self._queue.popleft() for _ in range(min(BATCH_MAX, len(self._queue)))]
            self._in_hand = len(waiting)
            self._pending_s = waiting[0].at_s if waiting else None
        for topic, payload, retained, ms, at_s in waiting:
            item = self._ingester.take(topic, payload, retained=retained, ms=ms, at_s=at_s)
            if isinstance(item, Reading):
                self._readings.append(item)
                self.latest.take(item, at_s=at_s)
            elif item is not None:
                self._happenings.append(item)
        now_s = self._clock()
        if not self._queue:  # who has only not been read yet is not silent
            silent = self._ingester.silent(ms=int(self._wall() * 1000), at_s=now_s)
            self._readings += silent
            for item in silent:
                self.latest.take(item, at_s=now_s)
        self._in_hand = 0
        if self._pending_s is None and self._readings:
            self._pending_s = now_s
        elif not self._readings and not self._happenings:
            self._pending_s = None  # nothing of it was to be kept

    def _commit(self) -> None:
        marks = self._marks()
        now_ms = int(self._wall() * 1000)
        try:
            added = self._writer.commit(self._readings, self._happenings, now_ms=now_ms, marks=marks)
        except POISON:
            added = self._commit_singly(now_ms)
        self._marked, self._waits = marks, self._writer.outbox.waiting()
        self._rows += added
        self._writes += 1
        self._readings, self._happenings, self._pending_s = [], [], None
        for sender in self._senders:
            sender.stir()

    def _commit_singly(self, now_ms: int) -> int:
        """Finds what the store will never take, and keeps the rest: one of them must not hold up all others."""
        added = 0
        items: list[tuple[list[Reading], list[Happening]]] = [([each], []) for each in self._readings]
        items += [([], [each]) for each in self._happenings]
        for readings, happenings in items:
            try:
                added += self._writer.commit(readings, happenings, now_ms=now_ms)
            except POISON:
                with self._lock:
                    self._dropped[REFUSED] += 1
        return added

    def _marks(self) -> dict[str, int]:
        return {sender.target.name: sender.mark for sender in self._senders}

    def _prune(self) -> None:
        """Deletes what is too old, a piece a turn until all of it is gone, once in PRUNE_S."""
        now_s, wall_s = self._clock(), self._wall()
        if now_s < self._pruned_s + PRUNE_S or abs(wall_s - now_s - self._offset_s) > JUMP_S:
            return
        before_ms = [int((wall_s - kept_s) * 1000) for kept_s in (self.keep.raw_s, self.keep.min5_s)]
        if not self._writer.prune(raw_before_ms=before_ms[0], min5_before_ms=before_ms[1]):
            self._pruned_s = now_s


def _size(path: Path) -> int:
    """Bytes of a store with its log."""
    files = [path, path.with_name(f"{path.name}-wal")]
    return sum(file.stat().st_size for file in files if file.exists())


def _free_pct(path: Path) -> float:
    """How much of its disk is free."""
    try:
        total, _, free = shutil.disk_usage(path.parent)
    except OSError:
        return 100.0
    return 100.0 * free / total
