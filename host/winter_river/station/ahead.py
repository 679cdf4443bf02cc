"""What if: a fork runs ahead with changes, and tells what it would show. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from winter_river import engine
from winter_river.service.messages import Input
from winter_river.station.acts import obey
from winter_river.station.fork import Fork
from winter_river.station.model import Answer, Change, Field, WhatIf

Recorded = Sequence[tuple[float, Sequence[Input]]]


def run_ahead(
    fork: Fork,
    changes: Sequence[Change],
    recorded: Recorded,
    *,
    ahead_s: float,
    fields: Sequence[Field],
    breathe: Callable[[], None],
) -> WhatIf:
    """Runs a fork ahead_s seconds on. recorded: what happened after it in truth, which happens here too where no change
    has a say. breathe: called after each second, so that others get their turn."""
    start_s = fork.t_s
    end_s = start_s + ahead_s
    before = {node_id: each.own for node_id, each in fork.own.items()}
    agenda: list[tuple[float, int, Change | Sequence[Input]]] = [
        *((t_s, 0, inputs) for t_s, inputs in recorded if t_s <= end_s),
        *((start_s + change.in_s, 1, change) for change in changes if change.in_s <= ahead_s),
    ]
    agenda.sort(key=lambda each: each[:2])  # a stable sort: at one instant, in the order they were given
    events: list[engine.Event] = []
    answers: list[Answer] = []
    times_s: list[float] = []
    rows: list[list[float | None]] = []

    def look(t_s: float) -> None:
        times_s.append(t_s)
        views: dict[str, Mapping[str, object]] = {}
        rows.append([_number(views, fork, field) for field in fields])
        breathe()

    seconds = math.ceil(ahead_s)
    for second in range(seconds + 1):
        until_s = min(start_s + second, end_s)
        while agenda and agenda[0][0] <= until_s:
            t_s, _, what = agenda.pop(0)
            events += fork.advance_to(t_s)
            if isinstance(what, Change):
                done = obey(fork, what.node_id, command=what.command, params=what.params)
                answers.append(Answer(what, done.result, done.reason))
                events += done.events
            else:
                events += fork.apply([_merged(each, before, fork) for each in what])
        events += fork.advance_to(until_s)
        look(until_s)
    series = {field: [row[place] for row in rows] for place, field in enumerate(fields)}
    return WhatIf(times_s, series, events, answers, fork.snapshot().hash)


def _merged(told: Input, before: dict[str, Mapping[str, object]], fork: Fork) -> Input:
    """What a recorded input changed, on top of what the node of the fork is set to: a change of ours stays."""
    was = before.get(told.node_id, {})
    before[told.node_id] = told.own
    changed = {name: value for name, value in told.own.items() if was.get(name) != value}
    now = fork.own.get(told.node_id)
    return Input(told.node_id, {**(now.own if now else {}), **changed}, told.present)


def _number(views: dict[str, Mapping[str, object]], fork: Fork, field: Field) -> float | None:
    node_id, name = field
    if node_id not in views:
        views[node_id] = fork.view(node_id)
    value = views[node_id].get(name)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
