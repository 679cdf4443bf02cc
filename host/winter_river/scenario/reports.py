"""A result for machines: JSON with everything, JUnit XML for build servers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as xml

from winter_river.scenario.result import COST, Result, Row

VERSION = 1  # of the JSON form; rises when a name changes its meaning


def result_fields(result: Result) -> dict[str, Any]:
    """The result as plain values: what the history keeps of it, and all of the score sheet and the timeline."""
    return {
        "v": VERSION,
        **summary_fields(result),
        "energy_not_served_kwh_by_rack": dict(result.energy_not_served_kwh),
        "sheet": [_row_fields(row) for row in result.sheet],
        "steps": [
            {"at_s": outcome.step.at_s, "passed": outcome.passed, "wanted": outcome.wanted, "seen": outcome.seen}
            | {"t_s": round(outcome.t_s, 3), "line": outcome.step.line}
            for outcome in result.outcomes
        ],
        "timeline": [
            {"t_s": entry.t_s, "kind": entry.kind, "node_id": entry.node_id, "text": entry.text}
            for entry in result.timeline
        ],
        "entries_dropped": result.entries_dropped,
        "series": {
            "t_s": list(result.series.t_s),
            "values": {f"{node_id}.{name}": list(values) for (node_id, name), values in result.series.fields.items()},
        },
        "worst": None
        if result.worst is None
        else {"t_s": result.worst.t_s, "nodes": {node_id: dict(view) for node_id, view in result.worst.views.items()}},
    }


def summary_fields(result: Result) -> dict[str, Any]:
    """One line of a class's table."""
    scenario = result.scenario
    return {
        "scenario": scenario.name,
        "title": scenario.title or scenario.name,
        "trainee": result.trainee,
        "exam": result.exam,
        "passed": result.passed,
        "points": result.points,
        "points_max": result.points_max,
        "points_pass": result.points_pass,
        "t_s": result.t_s,
        "energy_not_served_kwh": result.energy_not_served_total_kwh,
        "hints": result.hints,
        "refused": result.refused,
        "unneeded": result.unneeded,
        "missed": len(result.missed),
        "failed_steps": len(result.failures),
        "backtracks": result.backtracks,
        "stopped": result.stopped,
        "seed": scenario.seed,
    }


def junit_xml(result: Result) -> str:
    """JUnit XML: a case for each command and expectation, each task, each prediction and each goal, and the score."""
    cases = list(_cases(result))
    name = _clean(result.scenario.name)
    failures = sum(why is not None for _, _, why, _ in cases)
    counts = {"tests": str(len(cases)), "failures": str(failures), "errors": "0", "skipped": "0"}
    suites = xml.Element("testsuites", counts | {"name": "winter-river"})
    suite = xml.SubElement(suites, "testsuite", counts | {"name": name, "time": f"{result.t_s:.3f}"})
    for kind, title, why, t_s in cases:
        fields = {"classname": f"{name}.{kind}", "name": _clean(title), "time": f"{t_s:.3f}"}
        case = xml.SubElement(suite, "testcase", fields)
        if why is not None:
            xml.SubElement(case, "failure", {"message": _clean(why)})
    xml.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + xml.tostring(suites, encoding="unicode") + "\n"


def _cases(result: Result) -> Iterator[tuple[str, str, str | None, float]]:
    """(kind, title, why it failed or None, simulated seconds from the start)."""
    for outcome in result.outcomes:
        why = None if outcome.passed else f"seen {outcome.seen} at {outcome.t_s:g} s"
        yield "step", f"{outcome.step.at_s:g} s: {outcome.wanted}", why, outcome.t_s
    for row in result.sheet:
        full = row.points >= (0.0 if row.kind == COST else row.points_max)
        why = None if full else f"{row.points:g} of {row.points_max:g} points. {row.text}".strip()
        yield row.kind, row.title, why, result.t_s
    if result.stopped:
        yield "bounds", "stays within bounds", result.stopped, result.t_s
    if result.points_max:
        text = f"{result.points:g} of {result.points_max:g} points; {result.points_pass:g} to pass"
        yield "score", "score", None if result.scored else text, result.t_s


def _clean(text: str) -> str:
    """Without the control letters that XML cannot carry."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _row_fields(row: Row) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "title": row.title,
        "points": row.points,
        "points_max": row.points_max,
        "text": row.text,
        "cue_s": row.cue_s,
        "due_s": row.due_s,
        "deeds": [
            {"text": deed.text, "state": deed.state, "t_s": deed.t_s}
            | {"points": round(deed.points, 2), "points_max": round(deed.points_max, 2)}
            for deed in row.deeds
        ],
    }
