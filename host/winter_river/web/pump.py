"""From the engine to the stream: after each step one picture, one delta, written once for all pages.

A thread of its own, so that neither the engine nor the server waits for it. It looks at the site at most
PICTURES_PER_S_MAX times a second, less often where a site is so large that looking would take too much of it.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from winter_river.scenario.trace import event_fields
from winter_river.web.picture import Json, Reports, delta, picture
from winter_river.web.plant import Plant
from winter_river.web.stream import Stream, Written, write

if TYPE_CHECKING:
    from winter_river.service.roster import Note
    from winter_river.service.wiring import Report

PICTURES_PER_S_MAX = 10
SHARE_MAX = 0.2  # chosen: of one core, for looking; a large site is looked at less often
IDLE_S = 2.0  # without a step: what is not the engine's (a lost broker) still shows
FAILURES_MAX = 10  # chosen: in a row; what fails so often will not come right by trying
NOTES_MAX = 20  # chosen: of one picture; more at once is a flood that nobody reads

_log = logging.getLogger("uvicorn.error")  # the server keeps what is said there, see PageServer.faults


class Pump:
    """Keeps `state` (whole) and the stream up to date. exercise: what the exercise says of itself, None without one.

    A picture that fails is told, counted (failed) and tried again. failure: what ended it after FAILURES_MAX in a row,
    None while it goes on.
    """

    def __init__(
        self,
        plant: Plant,
        stream: Stream,
        loop: asyncio.AbstractEventLoop,
        *,
        exercise: Callable[[], Json | None],
        gave_up: Callable[[], None],
    ) -> None:
        """gave_up: called, from the pump's thread, when it has ended by a failure."""
        self._plant, self._stream, self._loop, self._exercise = plant, stream, loop, exercise
        self._gave_up = gave_up
        self._reports = Reports()
        self._stirred = threading.Event()
        self._stopping = threading.Event()
        self._last_event = 0
        self._last_note: object = None
        self._timeline = 0
        self._seq = 0
        self._cues: list[tuple[str, Json]] = []
        self._cues_lock = threading.Lock()
        self.look_s = 0.0  # what the last look took
        self.failed = 0
        self._failed_in_a_row = 0
        self.failure: Exception | None = None
        self._end_alarms: Callable[[], None] = lambda: None
        self.state: Json = {}  # what the stream has come to: the server's loop may be some pictures behind
        self._made: Json = {}  # the last picture
        self._thread = threading.Thread(target=self._run, name="page", daemon=True)

    def start(self) -> None:
        """Makes the first picture, then goes on by itself."""
        self._look()
        self._end = self._plant.station.subscribe(self._stirred.set)
        if self._plant.alarms is not None:
            self._end_alarms = self._plant.alarms.listen(self._alarms_moved)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._end()
        self._end_alarms()
        self._stirred.set()
        self._thread.join(5.0)

    def _alarms_moved(self, _changes: object) -> None:
        self._stirred.set()

    def stir(self) -> None:
        """Something else than a step has changed: look soon."""
        self._stirred.set()

    def tell(self, event: str, data: Json) -> None:
        """One message (`cue`, `note`) for every page, in order with the pictures. Safe from any thread."""
        with self._cues_lock:
            self._cues.append((event, data))
        self._stirred.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._stirred.wait(IDLE_S)
            self._stirred.clear()
            if self._stopping.is_set():
                return
            try:
                self._look()
                self._failed_in_a_row = 0
            except Exception as error:  # noqa: BLE001 - the run goes on; everybody hears that the page does not
                self._fail(error)
                if self.failure is not None:
                    return
            self._stopping.wait(max(1 / PICTURES_PER_S_MAX, self.look_s / SHARE_MAX))

    def _fail(self, error: Exception) -> None:
        """Tells the first of several failures, and the one too many."""
        self.failed += 1
        self._failed_in_a_row += 1
        _log.error("a picture failed", exc_info=error)
        self._reports = Reports()  # half a picture may be in it
        what = f"which is a fault of ours: {error!r}"[:200]
        if self._failed_in_a_row >= FAILURES_MAX:
            self.failure = error
            self._post_note(f"the page stops, {what}; the run goes on without it", last=True)
            self._gave_up()
        elif self._failed_in_a_row == 1:
            self._post_note(f"the page could not be brought up to date, {what}; it is tried again")

    def _post_note(self, text: str, *, last: bool = False) -> None:
        """A note that needs no picture. last: lets every reader go after it."""
        note = write("note", {"t_s": self.state["clock"]["t_s"], "node_id": "", "text": text})

        def take() -> None:
            self._stream.post(note)
            if last:
                self._stream.close()

        self._later(take)

    def _later(self, act: Callable[[], None]) -> None:
        """In the server's loop, which the stream belongs to."""
        try:
            self._loop.call_soon_threadsafe(act)
        except RuntimeError:  # the server has stopped first
            self._stopping.set()

    def _look(self) -> None:
        """One picture; what is new of it goes to the stream."""
        began_s = time.perf_counter()
        site, report = self._plant.site, self._plant.report()
        now = picture(site.facility, site.sight(), self._reports)
        now |= {"clock": self.clock(), "health": self._health(report), "exercise": self._exercise()}
        now["alarms"] = {} if self._plant.alarms is None else self._plant.alarms.facts
        messages: list[Written] = []
        run = self._stream.run
        # After a failure too everything is told anew: what the failed picture would have told is lost.
        went_elsewhere = now["clock"]["timeline"] != self._timeline or self._failed_in_a_row > 0
        if went_elsewhere:
            self._timeline, self._last_event = now["clock"]["timeline"], 0
            known = site.events()
            self._last_event = known[-1].id if known else 0
        changed = delta(self._made, now)
        self._seq += 1
        now["seq"] = self._seq
        if went_elsewhere or not self._made:
            messages.append(write("state", now, run=run, seq=self._seq))
        elif changed:
            messages.append(write("delta", {"seq": self._seq, **changed}, run=run, seq=self._seq))
        for event, data in self._news(report.notes):
            self._seq += 1
            messages.append(write(event, data, run=run, seq=self._seq))
        now["seq"] = self._seq
        self.look_s = time.perf_counter() - began_s
        self._hand_over(now, messages)

    def _hand_over(self, state: Json, messages: list[Written]) -> None:
        def take() -> None:
            self.state = state
            for message in messages:
                self._stream.post(message)

        first, self._made = not self._made, state
        if first:
            self.state = state  # before anybody can ask for it
        else:
            self._later(take)

    def _news(self, notes: Sequence[Note]) -> list[tuple[str, Json]]:
        """Events, notes and cues since the last picture."""
        news: list[tuple[str, Json]] = []
        for event in self._plant.site.events(self._last_event):
            self._last_event = event.id
            news.append(("event", event_fields(event)))
        fresh = []
        for note in reversed(notes[-NOTES_MAX:]):
            if note is self._last_note:
                break
            fresh.append(note)
        if notes:
            self._last_note = notes[-1]
        news += [("note", {"t_s": note.t_s, "node_id": note.node_id, "text": note.text}) for note in reversed(fresh)]
        with self._cues_lock:
            news += self._cues
            self._cues = []
        return news

    def clock(self) -> Json:
        """The clock now."""
        clock = self._plant.station.clock()
        return {
            "t_s": round(clock.t_s, 3),
            "frozen": clock.frozen,
            "speed": clock.speed,
            "speed_real": round(clock.speed_real, 2),
            "timeline": clock.timeline,
            "unix_s": round(clock.unix_s, 1),
            "begin_s": round(self._plant.station.begin_s, 3),
        }

    def _health(self, report: Report) -> Json:
        counters: dict[str, Any] = dict(report.counters)
        return {
            "broker": report.broker,
            "connected": report.connected,
            "why_down": report.why_down,
            "nodes": report.nodes,
            "online": report.online,
            "seed": report.seed,
            "late": counters.get("lag_ms", 0.0) > 500.0,
            "laws_broken": int(counters.get("laws_broken", 0)),
            "failure": report.failure,
            "timezone": "" if self._plant.settings is None else self._plant.settings.now.timezone,
            "pages": len(self._stream.clients),
            "pages_dropped": self._stream.dropped,
        }
