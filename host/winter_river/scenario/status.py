"""The exercise as a page shows it while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from winter_river import reference_words
from winter_river.scenario.cues import Ask, cue_fields
from winter_river.scenario.model import Task
from winter_river.scenario.playing import current_hint

if TYPE_CHECKING:
    from winter_river.engine import Event
    from winter_river.scenario.exercise import Exercise
    from winter_river.scenario.playing import Player
    from winter_river.scenario.records import Alarm, Records

SAID_MAX = 5


def fields(exercise: Exercise, player: Player) -> dict[str, object]:
    """Plain values for JSON. Points are told only outside an exam, and of tasks only what a trainee may know."""
    scenario, records = exercise.scenario, exercise.records
    questions = player.open_questions(exercise.t_s)
    return {
        "scenario": scenario.name,
        "title": scenario.title or scenario.name,
        "about": scenario.about,
        "trainee": exercise.trainee,
        "exam": exercise.exam,
        "state": exercise.state,
        "stopped": exercise.stopped,
        "elapsed_s": round(exercise.t_s, 3),
        "until_s": scenario.until_s,
        "said": [entry.text for entry in records.entries if entry.kind == "say"][-SAID_MAX:],
        "questions": [
            cue_fields(Ask(name, predict.ask, predict.choices, predict.within_s, predict.freeze))
            for name, predict in questions.items()
        ],
        "tasks": [_task(exercise, task) for task in scenario.tasks],
        "hints_used": len(records.hints),
        "hint_points": scenario.costs.hint,
        "hint_available": not exercise.exam and bool(next_hint(exercise)),
        "hint": records.hints[-1].text if records.hints else "",
        "controls": None
        if scenario.controls is None
        else [{"nodes": list(control.nodes), "verb": control.verb} for control in scenario.controls],
        "tags": [
            {"node_id": tag.node_id, "owner": tag.owner, "text": tag.text, "t_s": tag.t_s}
            for node_id in dict.fromkeys(tag.node_id for tag in records.tags)
            for tag in records.tags_on(node_id)
        ],
        "alarms": [
            {
                "node_id": alarm.node_id,
                "t_s": alarm.t_s,
                "rule": alarm.rule,
                "priority": alarm.priority,
                "message": alarm.message,
            }
            for alarm in _open(records)
        ],
        "points": None if exercise.exam else exercise.points,
        "points_max": scenario.points,
    }


def next_hint(exercise: Exercise) -> str:
    """What a trainee who asks now is told: the first hint not yet given of a task he is at, else the scenario's."""
    given = {entry.text for entry in exercise.records.hints}
    for task in exercise.scenario.tasks:
        if task.id in exercise.records.cued and _done(exercise, task) < len(task.deeds):
            for text in task.hints:
                if text not in given:
                    return text
    text = current_hint(exercise.scenario, exercise.records.begun)
    return "" if text in given else text


def _open(records: Records) -> list[Alarm]:
    """The alarms that wait, each once though it asked again."""
    found = {(alarm.rule, alarm.node_id): alarm for alarm in records.alarms if alarm.acknowledged_s is None}
    return list(found.values())


def _done(exercise: Exercise, task: Task) -> int:
    return sum((task.id, place) in exercise.records.deeds for place in range(len(task.deeds)))


def _task(exercise: Exercise, task: Task) -> dict[str, object]:
    cue_s, done = exercise.records.cued.get(task.id), _done(exercise, task)
    due_s = None if cue_s is None or task.within_s is None else round(cue_s + task.within_s, 3)
    state = "waiting" if cue_s is None else "done" if done == len(task.deeds) else "open"
    if state == "open" and due_s is not None and exercise.t_s > due_s:
        state = "late"
    # A task whose cue has not come would tell what is going to happen.
    title = task.title if cue_s is not None else ""
    return {"id": task.id, "title": title, "state": state, "points": task.points, "due_s": due_s}


def event_text(event: Event) -> str:
    """`STARTING -> RUNNING`, `fault outage`: an event of the engine, without its node and time."""
    if event.event == "state":
        return f"{event.from_} -> {event.to}"
    phrase = reference_words.EVENTS.get(event.event, event.event.replace("_", " "))
    return f"{phrase} {event.to or event.from_}".strip()
