"""An exercise: one scenario played on one site with one trainee, the same in a simulation and live.

    exercise = Exercise(scenario, facility)
    cues = exercise.begin(site)
    ... after each step of the site: cues = exercise.passed(site)
    ... whatever anybody did: exercise.acted(Action(site.t_s, "gen_a", "start", {}, by="trainee", result="done"))
    result = exercise.end()

It keeps no clock and starts nothing; one thread at a time may use it. Where the site's time goes back, it forgets what
came after that instant and goes on from there.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from winter_river.alerts.model import Rule
from winter_river.facility.model import Facility
from winter_river.scenario import scoring, status
from winter_river.scenario.alarms import ExerciseAlarms
from winter_river.scenario.cues import Cue, Done, OutOfBounds
from winter_river.scenario.looking import Views
from winter_river.scenario.matching import meets, next_deed, reached
from winter_river.scenario.model import Expect, Scenario, Step, Task
from winter_river.scenario.permits import why_refused
from winter_river.scenario.playing import EXERCISE_BY, INSTANT_S, Player, written
from winter_river.scenario.records import Action, Answered, DoneDeed, Records, TagEvent
from winter_river.scenario.result import Entry, Outcome, Result
from winter_river.scenario.watch import Watch
from winter_river.site import Site

LOOK_S = 0.1  # chosen: how often an expectation with time left is looked at again
TEXT_LENGTH_MAX = 200
READY, RUNNING, OVER = "ready", "running", "over"


class Exercise:
    """See the module. exam: no hints, and nothing is told about right and wrong before the end."""

    def __init__(
        self,
        scenario: Scenario,
        facility: Facility,
        *,
        exam: bool = False,
        trainee: str = "",
        rules: Sequence[Rule] | None = None,
    ) -> None:
        """rules: of the alarms, None for the built-in ones."""
        self.scenario, self.facility, self.exam, self.trainee = scenario, facility, exam, trainee[:TEXT_LENGTH_MAX]
        self.records = Records()
        self.state = READY
        self.stopped = ""
        self.backtracks = 0
        self.t_s = 0.0
        self._start_s = 0.0
        self._watch = Watch(scenario, facility)
        self._player = Player(scenario, self.records)
        self._broken: set[int] = set()  # bounds that are broken at this moment
        self._alarms = ExerciseAlarms(facility, rules)
        self._last_event_id = 0

    def begin(self, site: Site) -> list[Cue]:
        """Start at the site's present moment. Where its steady state is not met, the exercise ends here and says why."""
        if self.state != READY:
            raise ValueError("this exercise has begun already; make a new one")
        self.state = RUNNING
        self._start_s = site.t_s
        views = Views(site)
        self._last_event_id = max((event.id for event in site.events()), default=0)
        self._alarms.begin(views, site.events(), self._start_s)
        self._watch.begin(views)
        for expect in self.scenario.steady_state:
            self.records.outcomes.append(self._look(Step(0.0, expect), expect, views))
        wrong = [outcome for outcome in self.records.outcomes if not outcome.passed]
        if wrong:
            told = "; ".join(f"{outcome.wanted}, seen {outcome.seen}" for outcome in wrong)
            return self._stop(
                f"the site is not as the exercise wants it at its start: {told}; load an initial condition, then start again"
            )
        return self.passed(site)

    def passed(self, site: Site) -> list[Cue]:
        """Call after each step of the site: sends what is due, looks at everything, and gives what is to be shown.

        Takes as long as the site takes to answer the commands that are due.
        """
        if self.state != RUNNING:
            return []
        views = Views(site)
        now_s = max(0.0, views.t_s() - self._start_s)
        if now_s < self.t_s - INSTANT_S:
            self._back_to(now_s, site)
        self.t_s = now_s
        self._hear(site)
        cues: list[Cue] = []
        while fresh := self._player.play(self.t_s, site, views):
            cues += fresh.cues
            if fresh.moved:
                views.forget()
        self._hear(site)
        self._look_at_expected(views)
        self._look_at_tasks(views)
        self._look_at_alarms(views)
        self._watch.look(self.t_s, views, self.records.demands)
        cues += self._look_at_bounds(views)
        if self.state == RUNNING and self._is_over():
            cues.append(self._finish())
        return cues

    def acted(self, action: Action) -> None:
        """Take in what somebody did or tried, by the site's time. What the exercise itself sends is known already."""
        if self.state != RUNNING or action.by == EXERCISE_BY or action.verb == "select":
            return
        records = self.records
        action = dataclasses.replace(action, t_s=max(self.t_s, action.t_s - self._start_s))
        words = " ".join([action.verb.replace("_", " "), *(f"{key}={value}" for key, value in action.params.items())])
        if action.result != "done":
            records.refused.append(action)
            why = f" ({action.reason})" if action.reason else ""
            records.note(action.t_s, "refused", f"{words}: {action.result}{why}", action.node_id)
            return
        records.note(action.t_s, "action", words, action.node_id)
        demand_kw = action.params.get("power_kw")
        if action.verb == "set_load" and isinstance(demand_kw, (int, float)):
            records.demands.append((action.t_s, action.node_id, float(demand_kw)))
        if not self._did(action):
            records.unneeded.append(action)

    def answer(self, question_id: str, choice: str) -> str:
        """Answer an open question; only the first answer counts. Gives what may be told of it: nothing in an exam.

        Raises ValueError for a question that is not open and for a choice that it does not have.
        """
        predict = dict(self.scenario.predictions).get(question_id)
        if predict is None or question_id not in self._player.open_questions(self.t_s):
            raise ValueError(f"{question_id!r} is not an open question")
        if choice not in predict.choices:
            raise ValueError(f"{choice!r} is not one of its choices: {', '.join(predict.choices)}")
        self.records.answers[question_id] = Answered(self.t_s, choice)
        self.records.note(self.t_s, "answer", choice)
        if self.exam:
            return ""
        verdict = "Right." if choice == predict.answer else f"No: {predict.answer}."
        return f"{verdict} {predict.because}".strip()

    def hint(self) -> str:
        """The next hint, which costs points; empty where there is no more help. None is given in an exam."""
        if self.exam or self.state != RUNNING:
            return ""
        text = status.next_hint(self)
        if text:
            self.records.note(self.t_s, "hint", text)
            self.records.hints.append(Entry(self.t_s, "hint", text))
        return text

    def acknowledge(self, node_id: str = "") -> int:
        """Say that the alarms of a node, or all of them, have been seen; gives how many were open."""
        return self._acknowledged(self._alarms.acknowledge(self.t_s, node_id))

    def acknowledge_alarm(self, key: tuple[str, str]) -> int:
        """The same for one alarm, by its rule and node; 0 where it does not wait for that."""
        return self._acknowledged(self._alarms.acknowledge_one(self.t_s, key)) if self.state == RUNNING else 0

    def _acknowledged(self, seen: Mapping[tuple[str, str], Sequence[str]]) -> int:
        """seen: what was acknowledged, with the nodes that it, and what follows from it, is of."""
        alarms = self.records.alarms
        for key, nodes in seen.items():
            for place, alarm in enumerate(alarms):
                if alarm.acknowledged_s is None and (alarm.rule, alarm.node_id) == key:
                    alarms[place] = dataclasses.replace(alarm, acknowledged_s=self.t_s)
            self.records.note(self.t_s, "alarm", "acknowledged", key[1])
            for node_id in nodes:
                self._did(Action(self.t_s, node_id, "acknowledge", {}))
        return len(seen)

    def tag(self, node_id: str, owner: str, text: str = "", *, owner_id: str = "") -> None:
        """Hang the owner's lock-out tag on a node: nobody operates it until its owner has taken it off.

        owner_id: tells apart those who share a name; "" where names do.
        """
        self._must_run(node_id, owner)
        owner_id = owner_id or owner
        if any(tag.owner_id == owner_id for tag in self.records.tags_on(node_id)):
            raise ValueError(f"{owner} has a tag on {node_id} already")
        self.records.tags.append(TagEvent(self.t_s, node_id, owner, owner_id, text[:TEXT_LENGTH_MAX], placed=True))
        self.records.note(self.t_s, "tag", f"{owner} places a tag", node_id)
        self._did(Action(self.t_s, node_id, "tag", {}))

    def untag(self, node_id: str, owner: str, *, owner_id: str = "", by: str = "") -> None:
        """Take the owner's tag off. Raises ValueError for a tag that is not his: nobody takes off another's.

        by: who takes it off for an owner that has left; "" for the owner.
        """
        self._must_run(node_id, owner)
        tags, owner_id = self.records.tags_on(node_id), owner_id or owner
        if not any(tag.owner_id == owner_id for tag in tags):
            others = ", ".join(f"another {owner}" if tag.owner == owner else tag.owner for tag in tags)
            raise ValueError(f"{node_id} has no tag of {owner}" + (f"; it has one of {others}" if others else ""))
        self.records.tags.append(TagEvent(self.t_s, node_id, owner, owner_id, "", placed=False))
        self.records.note(
            self.t_s, "tag", f"{by} takes the tag of {owner} off" if by else f"{owner} takes the tag off", node_id
        )
        self._did(Action(self.t_s, node_id, "untag", {}))

    def refuses(self, node_id: str, verb: str) -> str:
        """Why a trainee may not do this now: a tag hangs there, or it is no control of the exercise. Empty: he may.

        Ask before the command is sent; report a refused one by acted(), with result rejected and this as its reason.
        """
        return why_refused(self.scenario, self.records, node_id, verb)

    def due_s(self) -> float:
        """The site's time at which passed() should next be called, as far as that is known; infinite when it is over."""
        return self._start_s + self._player.due_s(self.t_s, look_s=LOOK_S) if self.state == RUNNING else float("inf")

    def open_questions(self) -> tuple[str, ...]:
        """The ids of the questions that can be answered now."""
        return tuple(self._player.open_questions(self.t_s))

    @property
    def points(self) -> float:
        """What is reached so far."""
        return self._result().points

    def status(self) -> Mapping[str, object]:
        """The exercise as a page shows it to a trainee: plain values, nothing of the answers or of what is to be done."""
        return status.fields(self, self._player)

    def end(self) -> Result:
        """End here, if it has not ended, and give the score. May be asked again for the same result."""
        if self.state == RUNNING:
            self._finish()
        self.state = OVER
        return self._result()

    def rollback(self, site: Site) -> list[Outcome]:
        """Put the site back as the scenario says, after the end; gives what its nodes answered."""
        return [self._player.sent(Step(self.t_s, action), action, site, self.t_s) for action in self.scenario.rollback]

    # Inside

    def _result(self) -> Result:
        records, not_served_kwh = self.records, self._watch.not_served_kwh(self.records.demands)
        return Result(
            scenario=self.scenario,
            outcomes=tuple(records.outcomes),
            t_s=round(self.t_s, 3),
            sheet=scoring.sheet(self.scenario, records, not_served_kwh),
            timeline=tuple(sorted(records.entries, key=lambda entry: entry.t_s)),
            entries_dropped=records.entries_dropped,
            energy_not_served_kwh=not_served_kwh,
            worst=self._watch.worst,
            series=self._watch.series(),
            trainee=self.trainee,
            exam=self.exam,
            hints=len(records.hints),
            refused=len(records.refused),
            unneeded=len(records.unneeded),
            backtracks=self.backtracks,
            stopped=self.stopped,
        )

    def _must_run(self, node_id: str, owner: str) -> None:
        if self.state != RUNNING:
            raise ValueError("the exercise is not running")
        if node_id not in self.facility.nodes:
            raise ValueError(f"{node_id!r} is not a node of {self.facility.name}")
        if not 1 <= len(owner) <= TEXT_LENGTH_MAX:
            raise ValueError(f"a tag names its owner, in 1 to {TEXT_LENGTH_MAX} letters")

    def _back_to(self, t_s: float, site: Site) -> None:
        self.records.back_to(t_s)
        self._watch.back_to(t_s)
        self._alarms.back_to(t_s, site.events())
        self.backtracks += 1
        self.records.note(t_s, "back", "time was taken back to here")
        self._last_event_id = max((event.id for event in site.events()), default=0)

    def _hear(self, site: Site) -> None:
        """Note the site's new events."""
        for event in site.events(self._last_event_id):
            self._last_event_id = event.id
            self._alarms.hear(event)
            self.records.note(max(0.0, event.t_s - self._start_s), "event", status.event_text(event), event.node_id)

    def _did(self, action: Action) -> bool:
        """Count an action for the first task that waits for it. Gives whether any knew it, even a second time."""
        known = False
        for task in self.scenario.tasks:
            if task.id not in self.records.cued:
                continue
            place, seen_before = next_deed(task, action, self.records.deeds)
            if place is not None:
                later = self._done_after(task, place)
                self.records.deeds[(task.id, place)] = DoneDeed(action.t_s, task.any_order or not later)
                return True
            known = known or seen_before
        return known

    def _look_at_expected(self, views: Views) -> None:
        for step in self._player.pending():
            expect = step.action
            assert isinstance(expect, Expect)
            outcome = self._look(step, expect, views)
            begun_s = self._player.begun_s(step)
            if outcome.passed or self.t_s >= begun_s + expect.within_s - INSTANT_S:
                self._player.decide(step, outcome)

    def _look(self, step: Step, expect: Expect, views: Views) -> Outcome:
        """What is wanted beside what is seen; of several nodes, the first that is not as wanted is told."""
        nodes = expect.nodes or (expect.node_id,)
        bad = next((node_id for node_id in nodes if not all(meets(want, views(node_id)) for want in expect.wants)), "")
        shown = views(bad or nodes[0])
        seen = ", ".join(f"{want.field} = {written(shown.get(want.field, 'nothing'))}" for want in expect.wants)
        whose = f"{bad} " if bad and expect.nodes else ""
        wanted = f"{expect.node_id} " + ", ".join(str(want) for want in expect.wants)
        return Outcome(step, not bad, wanted, whose + seen, self.t_s)

    def _look_at_tasks(self, views: Views) -> None:
        for task in self.scenario.tasks:
            if task.id not in self.records.cued:
                due = self.t_s >= task.at_s - INSTANT_S and self._is_done(task.follows)
                if not due or (task.cue is not None and not task.cue.holds(views)):
                    continue
                self.records.cued[task.id] = self.t_s
                self.records.note(self.t_s, "task", f"cue: {task.title}")
            for place in reached(task, self.records.deeds, views):
                later = self._done_after(task, place)
                self.records.deeds[(task.id, place)] = DoneDeed(self.t_s, task.any_order or not later)

    def _is_done(self, task_id: str) -> bool:
        """Whether every deed of a task is done; true for no task."""
        deeds = next((task.deeds for task in self.scenario.tasks if task.id == task_id), ())
        return all((task_id, place) in self.records.deeds for place in range(len(deeds)))

    def _done_after(self, task: Task, place: int) -> bool:
        """Whether something that comes later in a task has been done already."""
        return any((task.id, index) in self.records.deeds for index in range(place + 1, len(task.deeds)))

    def _look_at_alarms(self, views: Views) -> None:
        for alarm in self._alarms.look(self.t_s, views):
            self.records.alarms.append(alarm)
            self.records.note(self.t_s, "alarm", f"{alarm.priority}: {alarm.message}", alarm.node_id)

    def _look_at_bounds(self, views: Views) -> list[Cue]:
        cues: list[Cue] = []
        for place, bound in enumerate(self.scenario.out_of_bounds):
            if not bound.condition.holds(views):
                self._broken.discard(place)
            elif place not in self._broken:
                self._broken.add(place)
                self.records.broken.append((self.t_s, place))
                self.records.note(self.t_s, "bounds", bound.why)
                cues += self._stop(bound.why) if bound.stop else [OutOfBounds(bound.why, stop=False)]
                if bound.stop:
                    break
        return cues

    def _is_over(self) -> bool:
        """Whether time is up, or everything has happened, every task is done and no question is open."""
        if self.scenario.until_s is not None and self.t_s >= self.scenario.until_s - INSTANT_S:
            return True
        # A late task is still worth doing, so its deadline ends nothing.
        open_task = any(not self._is_done(task.id) for task in self.scenario.tasks)
        return not open_task and self._player.is_over(self.t_s)

    def _stop(self, why: str) -> list[Cue]:
        self.stopped = why
        return [OutOfBounds(why, stop=True), self._finish()]

    def _finish(self) -> Done:
        self._player.give_up(self.t_s)
        self.state = OVER
        result = self._result()
        return Done(result.passed, result.points, result.points_max)
