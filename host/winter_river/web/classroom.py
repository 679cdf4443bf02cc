"""The live exercise of a run, if there is one, and what became of those before.

The exercise itself (scenario.Exercise) decides everything; here are the thread that calls it after each step, the lock
around it, and the files of the debriefs. `status` is a copy, so that nobody waits for a command that is on its way.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from winter_wire.topics import ENGINE

from winter_river.alerts import states
from winter_river.alerts.model import Rule, Transition
from winter_river.audit import AuditError
from winter_river.facility import Facility
from winter_river.scenario import (
    Action,
    Ask,
    Cue,
    Done,
    Exercise,
    Result,
    Scenario,
    cue_fields,
)
from winter_river.scenario.debrief import debrief_html
from winter_river.scenario.playing import EXERCISE_BY
from winter_river.scenario.reports import junit_xml, result_fields, summary_fields
from winter_river.scenario.result import Instant
from winter_river.site import Ack
from winter_river.web.access import INSTRUCTOR, Who
from winter_river.web.archive import Archive
from winter_river.web.catalogue import Catalogue
from winter_river.web.diagram import draw
from winter_river.web.errors import conflict
from winter_river.web.exercise_site import ExerciseSite
from winter_river.web.painting import flows, paint
from winter_river.web.plant import Plant

END_EXERCISE = "end_exercise"  # in the audit; it is no verb of the bus
HERE = "here"  # whose a tag is that somebody without a link hangs; a link's id is of hexadecimal digits
ELSEWHERE_MAX = 1_000  # acts between two looks; the oldest is forgotten
LOOK_S = 0.5  # without a step: a frozen site still has questions whose time passes
Tell = Callable[[str, dict[str, Any]], None]


class Classroom:
    """One exercise at a time. Safe from any thread."""

    def __init__(self, plant: Plant, archive: Archive, tell: Tell) -> None:
        """tell: gives every page a message, by its kind."""
        self._plant, self._archive, self._tell = plant, archive, tell
        self.catalogue = Catalogue(plant.site.facility, plant.scenarios)
        self._site = ExerciseSite(plant, self._show)
        plant.station.in_exam = lambda: self.in_exam
        plant.station.acted = self._acted_elsewhere
        self._lock = threading.RLock()
        self._exercise: Exercise | None = None
        self._end_alarms: Callable[[], None] = lambda: None
        self._froze = False
        self._began = False
        self._exam_begins = False
        self._status: dict[str, Any] | None = None
        self._debrief = ""
        self._owners: set[str] = set()  # ids of the links of those who took part
        self._elsewhere: deque[Action] = deque(maxlen=ELSEWHERE_MAX)  # acts from other doors, not told yet
        self._stepped = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="exercise", daemon=True)

    def start(self) -> None:
        self._end = self._plant.station.subscribe(self._stepped.set)
        if self._plant.alarms is not None:
            self._end_alarms = self._plant.alarms.listen(self._alarms_moved)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._end()
        self._end_alarms()
        self._stepped.set()
        self._thread.join(6.0)

    @property
    def status(self) -> dict[str, Any] | None:
        """What a page shows of the exercise, with `debrief` once it is over; None where none has begun."""
        return self._status

    @property
    def in_exam(self) -> bool:
        """Whether an exam is going on, or is being begun: time runs for everybody alike from then on."""
        if self._exam_begins:  # looked at first: when it is over, the status tells
            return True
        status = self._status
        return status is not None and bool(status["exam"]) and status["state"] == "running"

    @property
    def is_running(self) -> bool:
        """Whether an exercise is going on."""
        status = self._status
        return status is not None and status["state"] == "running"

    def begin(self, name: str, *, exam: bool, trainee: str, link_ids: Collection[str] = ()) -> dict[str, Any]:
        """Starts an exercise; raises PageFault where there is no such, or one is going on.

        link_ids: of the trainees of that name; where there is one alone the debrief is his, acting or not.
        """
        scenario = self.catalogue.load(name)
        with self._lock:
            if self._exercise is not None and self._exercise.state == "running":
                raise conflict("an exercise is going on", "end it first")
            self._exam_begins = exam
            try:
                return self._begin(scenario, exam=exam, trainee=trainee, link_ids=link_ids)
            finally:
                self._exam_begins = False

    def _begin(self, scenario: Scenario, *, exam: bool, trainee: str, link_ids: Collection[str]) -> dict[str, Any]:
        station, site = self._plant.station, self._site
        wanted = scenario.initial_condition
        if exam and not wanted:
            wanted = next((each.id for each in station.initial_conditions()), "")
        if wanted:  # an exam begins alike for everybody: the same state, the same seed
            station.load_initial_condition(wanted, seed=scenario.seed if exam else None)
        station.set_speed(1.0)
        station.run()
        # Out of an exam the file's seed is for a simulation of its own.
        seeded = scenario if exam and wanted else dataclasses.replace(scenario, seed=station.seed)
        self._exercise = Exercise(seeded, site.facility, exam=exam, trainee=trainee, rules=self._rules())
        self._froze, self._began, self._debrief = False, False, ""
        self._owners = set(link_ids) if len(link_ids) == 1 else set()
        try:
            cues = self._exercise.begin(site)
            # What is stopped before anything happened was nobody's exercise: it leaves no debrief.
            self._began = not (self._exercise.stopped and not self._exercise.records.begun)
            self._shown(cues)
        except Exception:
            self._break_off()
            raise
        return self._look()

    def joins(self, who: Who) -> None:
        """Somebody takes part in the exercise that is going on: its debrief is his, too. A name would be another's as well."""
        with self._lock:
            if who.link_id and who.may("answer") and self._exercise is not None and self._exercise.state == "running":
                self._owners.add(who.link_id)

    def answer(self, step_id: str, choice: str) -> str:
        """Answers a question; what may be told of the answer."""
        with self._lock:
            text = self._running().answer(step_id, choice)
            if not self._asks_frozen():
                self._let_go()
            self._look()
            return text

    def hint(self) -> str:
        """The next hint, "" where there is none."""
        with self._lock:
            text = self._running().hint()
            self._look()
            return text

    def acknowledge(self, node_id: str, *, by: str) -> int:
        """Says that the alarms of a node, or all, have been seen; how many waited for that."""
        with self._lock:
            count = self._running().acknowledge(node_id)
            self._look()
        if self._plant.alarms is not None:  # the site's own list, which everybody has before him
            self._plant.alarms.acknowledge_all(by=by, node_id=node_id)
        return count

    def _alarms_moved(self, changes: Sequence[Transition]) -> None:
        """Whoever acknowledges an alarm of the site, by whichever door, has done so in the exercise."""
        seen = [change.key for change in changes if change.act == states.ACKNOWLEDGE]
        if not seen:  # the alarms wait for no exercise that is being begun
            return
        with self._lock:
            if self._exercise is None or self._exercise.state != "running":
                return
            for key in seen:
                self._exercise.acknowledge_alarm(key)
            self._look()

    def tag(self, node_id: str, who: Who, text: str) -> None:
        """Hangs somebody's lock-out tag on a node; raises PageFault or ValueError where that may not be."""
        with self._lock:
            self._running().tag(node_id, who.name, text, owner_id=who.link_id or HERE)
            self._look()

    def untag(self, node_id: str, who: Who, *, link_ids: Collection[str]) -> None:
        """Takes somebody's tag off, or as an instructor those of owners who left; raises PageFault or ValueError.

        link_ids: of the links that are given out now; whose link is not among them has left.
        """
        with self._lock:
            exercise, owner_id = self._running(), who.link_id or HERE
            tags = exercise.records.tags_on(node_id)
            left = [tag for tag in tags if tag.owner_id not in (HERE, *link_ids)]
            if left and who.is_at_least(INSTRUCTOR) and owner_id not in [tag.owner_id for tag in tags]:
                for tag in left:
                    exercise.untag(node_id, tag.owner, owner_id=tag.owner_id, by=who.name)
            else:
                exercise.untag(node_id, who.name, owner_id=owner_id)
            self._look()

    def refuses(self, node_id: str, verb: str) -> str:
        """Why a trainee may not do this now; "" where he may."""
        with self._lock:
            if self._exercise is None or self._exercise.state != "running":
                return "no exercise is going on"
            return self._exercise.refuses(node_id, verb)

    def locked_out(self, node_id: str, verb: str) -> str:
        """Whose tag keeps anybody from operating a node; "" where none hangs there."""
        with self._lock:
            if self._exercise is None or self._exercise.state != "running":
                return ""
            owners = [tag.owner for tag in self._exercise.records.tags_on(node_id)]
        return f"{node_id} is locked out by {', '.join(owners)}" if owners and verb not in ("identify", "page") else ""

    def acted(self, ack: Ack, verb: str, params: Mapping[str, object], *, by: str) -> None:
        """Somebody's command was answered."""
        with self._lock:
            if self._exercise is not None:
                t_s = self._plant.site.t_s
                self._exercise.acted(Action(t_s, ack.node_id, verb, dict(params), by, ack.result, ack.reason))
                self._stepped.set()

    def _acted_elsewhere(self, action: Action) -> None:
        """Somebody commanded from another door than a page: told at the next look, since who tells us must not wait."""
        self._elsewhere.append(action)
        self._stepped.set()

    def end(self) -> str:
        """Ends the exercise, puts the site back, and gives the id of its debrief."""
        with self._lock:
            if self._exercise is None:
                raise conflict("no exercise has begun", "start one first")
            exercise = self._exercise
            running = exercise.state == "running"
            exercise.end()
            if running:
                exercise.rollback(self._site)
                self._let_go()
            self._file(exercise.end())
            self._look()
            return self._debrief

    # Inside

    def _rules(self) -> Sequence[Rule] | None:
        return None if self._plant.alarms is None else tuple(self._plant.alarms.rules.values())

    def _running(self) -> Exercise:
        if self._exercise is None or self._exercise.state != "running":
            raise conflict("no exercise is going on", "start one first")
        return self._exercise

    def _asks_frozen(self) -> bool:
        assert self._exercise is not None
        questions: Any = self._exercise.status()["questions"]
        return any(question["freeze"] for question in questions)

    def _show(self, cue: Cue) -> None:
        self._tell("cue", {**cue_fields(cue), "t_s": round(self._plant.site.t_s, 3)})

    def _shown(self, cues: list[Cue]) -> None:
        for cue in cues:
            if isinstance(cue, Ask) and cue.freeze and not self._froze:
                self._froze = True
                self._plant.station.freeze()
            self._show(cue)
        if any(isinstance(cue, Done) for cue in cues):
            assert self._exercise is not None
            self._ended("it has come to its end")
            self._file(self._exercise.end())

    def _ended(self, why: str) -> None:
        """Has the audit tell of an exercise that nobody ended; who ends one is told there by his own request."""
        assert self._exercise is not None
        facts = {"scenario": self._exercise.scenario.name, "why": why}
        with (
            contextlib.suppress(AuditError),  # counted and told by the issuer; the exercise is over all the same
            self._plant.site.through(EXERCISE_BY).acting(ENGINE, END_EXERCISE, facts, by=EXERCISE_BY),
        ):
            pass

    def _let_go(self) -> None:
        """Where a question of ours holds the site frozen, time goes on."""
        if self._froze:
            self._froze = False
            self._plant.station.run()

    def _break_off(self) -> None:
        """No exercise any more, by a fault of ours: the site is put back and let go as far as it can be."""
        exercise, self._exercise, self._status = self._exercise, None, None
        with contextlib.suppress(Exception):
            if exercise is not None:
                exercise.rollback(self._site)
        with contextlib.suppress(Exception):
            self._let_go()

    def _look(self) -> dict[str, Any]:
        assert self._exercise is not None
        self._status = {**self._exercise.status(), "debrief": self._debrief}
        return self._status

    def _file(self, result: Result) -> None:
        if self._began and not self._debrief:
            files = result_files(result, self._plant.site.facility, link_ids=self._owners)
            self._debrief = self._archive.keep(files)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._stepped.wait(LOOK_S)
            self._stepped.clear()
            with self._lock:
                elsewhere = [self._elsewhere.popleft() for _ in range(len(self._elsewhere))]
                if self._exercise is None or self._exercise.state != "running":
                    continue
                try:
                    for action in elsewhere:
                        self._exercise.acted(action)
                    self._shown(self._exercise.passed(self._site))
                    self._look()
                except Exception as error:  # noqa: BLE001 - the run goes on; everybody hears that the exercise does not
                    self._ended(f"it broke off: {error!r}"[:200])
                    self._break_off()
                    text = f"the exercise broke off, which is a fault of ours: {error!r}"[:200]
                    self._tell("note", {"t_s": self._plant.site.t_s, "node_id": "", "text": text})


def result_files(result: Result, facility: Facility, *, link_ids: Collection[str] = ()) -> dict[str, str]:
    """A result as its three files, and one line of the class's table. link_ids: of those who took part."""

    def diagram(instant: Instant) -> str:
        presences = {
            node_id: "offline" if view.get("status") == "offline" else "online"
            for node_id, view in instant.views.items()
        }
        return draw(facility, paint(facility, instant.views, presences, flows(facility, instant.views)))

    return {
        "html": debrief_html(result, diagram),
        "json": json.dumps(result_fields(result), ensure_ascii=False, indent=1),
        "xml": junit_xml(result),
        "line": json.dumps(
            {**summary_fields(result), "unix_s": int(time.time()), "links": sorted(link_ids)}, ensure_ascii=False
        ),
    }
