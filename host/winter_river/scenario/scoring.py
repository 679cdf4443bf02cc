"""The score sheet: what each task, prediction and goal was worth, and what help and mistakes cost.

A task's points are shared alike by its deeds. A deed done in time and in its turn earns its share, a late one half of
it, one that was done after a later one nothing, nor does a missed one.
"""

from __future__ import annotations

from collections.abc import Mapping

from winter_river.scenario.model import Predict, Scenario, Task
from winter_river.scenario.records import Records
from winter_river.scenario.result import (
    ALARMS,
    COST,
    DONE,
    ENERGY,
    LATE,
    MISSED,
    OUT_OF_ORDER,
    PREDICTION,
    TASK,
    DeedResult,
    Row,
)

LATE_SHARE = 0.5  # chosen: late is better than never, and clearly less than in time
_INSTANT_S = 0.0005


def sheet(scenario: Scenario, records: Records, not_served_kwh: Mapping[str, float]) -> tuple[Row, ...]:
    """Every row in the order of the file: tasks, predictions, energy, alarms, then the costs that arose."""
    rows = [_task(task, records) for task in scenario.tasks]
    rows += [_prediction(name, predict, records) for name, predict in scenario.predictions]
    if scenario.energy_not_served:
        goal, missing_kwh = scenario.energy_not_served, round(sum(not_served_kwh.values()), 3)
        points = goal.points if missing_kwh <= goal.limit else 0.0
        text = f"{missing_kwh:g} kWh not served; {goal.limit:g} kWh at most"
        rows.append(Row("energy", ENERGY, "Energy not served", points, goal.points, text))
    if scenario.alarms:
        rows.append(_alarms(scenario.alarms.limit, scenario.alarms.points, records))
    return (*rows, *_costs(scenario, records))


def _task(task: Task, records: Records) -> Row:
    cue_s = records.cued.get(task.id)
    due_s = None if cue_s is None or task.within_s is None else cue_s + task.within_s
    share = task.points / len(task.deeds)
    deeds = []
    for place, deed in enumerate(task.deeds):
        done = records.deeds.get((task.id, place))
        if done is None:
            state, earned = MISSED, 0.0
        elif not done.in_order:
            state, earned = OUT_OF_ORDER, 0.0
        elif due_s is not None and done.t_s > due_s + _INSTANT_S:
            state, earned = LATE, LATE_SHARE
        else:
            state, earned = DONE, 1.0
        t_s = None if done is None else round(done.t_s, 3)
        deeds.append(DeedResult(str(deed), state, t_s, share * earned, share))
    points = round(sum(deed.points for deed in deeds), 2)
    text = "" if cue_s is not None else "its cue never came"
    return Row(task.id, TASK, task.title, points, task.points, text or task.because, tuple(deeds), cue_s, due_s)


def _prediction(name: str, predict: Predict, records: Records) -> Row:
    answered = records.answers.get(name)
    right = answered is not None and answered.choice == predict.answer
    said = f"answered {answered.choice}" if answered else "not answered"
    text = said if right else f"{said}; right is {predict.answer}"
    text = f"{text}. {predict.because}" if predict.because else text
    return Row(name, PREDICTION, predict.ask, predict.points if right else 0.0, predict.points, text)


def _alarms(within_s: float, points: float, records: Records) -> Row:
    """Every alarm counts alike; without any there was nothing to do well, and nothing is earned."""
    alarms = records.alarms
    if not alarms:
        return Row("alarms", ALARMS, "Alarms acknowledged", 0.0, points, "no alarm came")
    seen = [
        alarm
        for alarm in alarms
        if alarm.acknowledged_s is not None and alarm.acknowledged_s <= alarm.t_s + within_s + _INSTANT_S
    ]
    share = len(seen) / len(alarms)
    text = f"{len(seen)} of {len(alarms)} acknowledged within {within_s:g} s"
    return Row("alarms", ALARMS, "Alarms acknowledged", round(points * share, 2), points, text)


def _costs(scenario: Scenario, records: Records) -> list[Row]:
    costs = scenario.costs
    rows = []
    for name, title, each, times in (
        ("hints", "Hints", costs.hint, len(records.hints)),
        ("refused", "Operations that were refused", costs.refused, len(records.refused)),
        ("unneeded", "Operations that nothing asked for", costs.unneeded, len(records.unneeded)),
    ):
        if times and each:
            rows.append(Row(name, COST, title, -round(each * times, 2), 0.0, f"{times} times {each:g}"))
    for place, bound in enumerate(scenario.out_of_bounds):
        times = sum(where == place for _, where in records.broken)
        if times and bound.points:
            text = f"{times} times {bound.points:g}"
            rows.append(Row(f"bounds-{place + 1}", COST, bound.why, -round(bound.points * times, 2), 0.0, text))
    return rows
