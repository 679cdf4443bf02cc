"""The debrief: one page that needs nothing but itself, for screen, projector and paper.

Every text of the scenario, the trainee and the site is escaped; the page runs no script and loads nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape

from winter_river.scenario import charts
from winter_river.scenario.debrief_style import STYLE
from winter_river.scenario.result import COST, DONE, LATE, MISSED, OUT_OF_ORDER, DeedResult, Entry, Instant, Result, Row

Painter = Callable[[Instant], str]

_SIGNS = {DONE: ("✓", "good"), LATE: ("◷", "warn"), OUT_OF_ORDER: ("⇅", "bad"), MISSED: ("✗", "bad")}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_KINDS = {
    "action": "done", "answer": "answered", "ask": "asked", "say": "said", "step": "exercise", "refused": "refused",
    "task": "task", "hint": "hint", "tag": "tag", "alarm": "alarm", "bounds": "out of bounds", "back": "backtrack",
    "event": "site",
}  # fmt: skip


def debrief_html(result: Result, diagram: Painter | None = None) -> str:
    """The page of a result. diagram: paints the site at an instant as SVG; without it the worst instant is a table."""
    title = result.scenario.title or result.scenario.name
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        f"<title>Debrief: {escape(title)}</title><style>{STYLE}</style></head><body><main>",
        *_head(result, title),
        *_missed(result),
        *_sheet(result),
        *_timeline(result),
        *_trends(result),
        *_worst(result, diagram),
        *_steps(result),
        *_foot(result),
        "</main></body></html>",
    ]
    return "\n".join(parts) + "\n"


def _head(result: Result, title: str) -> Iterator[str]:
    who = f"{escape(result.trainee)} · " if result.trainee else ""
    exam = "exam · " if result.exam else ""
    yield '<div class="head"><div>'
    yield f'<div class="kicker">Debrief · {who}{exam}{escape(result.scenario.facility)}</div><h1>{escape(title)}</h1>'
    if result.scenario.about:
        yield f'<p class="soft">{escape(result.scenario.about)}</p>'
    good = result.scored if result.points_max else result.passed
    word = "passed" if good else "not passed"
    sign = "✓" if good else "✗"
    yield f'</div><div class="verdict"><b class="{"good" if good else "bad"}">{sign} {word}</b>'
    if result.points_max:
        yield f'<div class="points">{result.points:g}<small> of {result.points_max:g} points</small></div>'
        yield f'<div class="soft">{result.points_pass:g} to pass</div>'
    yield "</div></div>"
    yield '<ul class="cards">' + "".join(_cards(result)) + "</ul>"
    if result.stopped:
        yield f'<p class="note"><b>Stopped at {charts.clock(result.t_s)}.</b> {escape(result.stopped)}</p>'


def _cards(result: Result) -> Iterator[str]:
    answers = [row for row in result.sheet if row.kind == "prediction"]
    right = sum(row.points == row.points_max for row in answers)
    deeds = [deed for row in result.sheet for deed in row.deeds]
    figures = [
        (charts.clock(result.t_s), "minutes on the site's clock"),
        (f"{result.energy_not_served_total_kwh:.2f}", "kWh not served"),
        (f"{sum(deed.state == DONE for deed in deeds)} of {len(deeds)}", "steps in time and in order"),
        (f"{right} of {len(answers)}", "predictions right"),
        (f"{result.hints}", "hints"),
        (f"{result.refused + result.unneeded}", "needless or refused operations"),
    ]
    for value, words in figures:
        if not value.endswith(" of 0"):
            yield f"<li><b>{value}</b><span>{words}</span></li>"


def _missed(result: Result) -> Iterator[str]:
    if not result.missed:
        return
    yield '<h2>What to look at again</h2><div class="sheet">'
    for row, deed in result.missed:
        yield f'<div class="row"><div><ol class="deeds">{_deed(deed)}</ol><p>{escape(row.title)}</p></div>'
        yield f'<div class="score">{_lost(deed)}</div></div>'
    yield "</div>"


def _lost(deed: DeedResult) -> str:
    return f'<span class="bad">−{round(deed.points_max - deed.points, 2):g}</span>'


def _sheet(result: Result) -> Iterator[str]:
    if not result.sheet:
        return
    yield '<h2>Score by task</h2><div class="sheet">'
    for row in result.sheet:
        yield f'<div class="row"><div><h3>{escape(row.title)}</h3>'
        when = _when(row)
        text = " ".join(part for part in (when, row.text) if part)
        if text:
            yield f"<p>{escape(text)}</p>"
        if row.deeds:
            yield f'<ol class="deeds">{"".join(_deed(deed) for deed in row.deeds)}</ol>'
        yield f"</div><div>{_points(row)}</div></div>"
    yield "</div>"


def _when(row: Row) -> str:
    if row.cue_s is None:
        return ""
    until = "" if row.due_s is None else f", to be done by {charts.clock(row.due_s)}"
    return f"From {charts.clock(row.cue_s)}{until}."


def _points(row: Row) -> str:
    if row.kind == COST:
        return f'<div class="score bad">−{-row.points:g}</div>'
    share = row.points / row.points_max if row.points_max else 1.0
    tone = "good" if share >= 1 else "bad" if share <= 0 else "warn"
    bar = f'<div class="bar {tone}"><i style="width:{100 * share:.0f}%"></i></div>'
    return f'<div class="score">{row.points:g}<small> of {row.points_max:g}</small></div>{bar}'


def _deed(deed: DeedResult) -> str:
    sign, tone = _SIGNS[deed.state]
    word = deed.state.replace("_", " ")
    when = (
        word
        if deed.t_s is None
        else charts.clock(deed.t_s)
        if deed.state == DONE
        else f"{word}, {charts.clock(deed.t_s)}"
    )
    return f'<li><span class="sign {tone}">{sign}</span><span>{escape(deed.text)}</span><em>{when}</em></li>'


def _timeline(result: Result) -> Iterator[str]:
    yield f"<h2>Timeline</h2><figure>{charts.timeline(result)}</figure>"
    told = [entry for entry in result.timeline if entry.kind != "event"]
    yield _entries(told)
    if len(told) < len(result.timeline):
        more = f"{len(result.timeline)} lines" + (
            f", {result.entries_dropped} more not kept" if result.entries_dropped else ""
        )
        yield f'<details class="long"><summary>With every event of the site: {more}</summary>'
        yield _entries(result.timeline) + "</details>"


def _entries(entries: tuple[Entry, ...] | list[Entry]) -> str:
    rows = "".join(
        f'<tr><td class="t">{charts.clock(entry.t_s)}</td><td class="k">{_KINDS.get(entry.kind, escape(entry.kind))}</td>'
        f"<td>{f'<span class=mono>{escape(entry.node_id)}</span> ' if entry.node_id else ''}{escape(entry.text)}</td></tr>"
        for entry in entries
    )
    return f"<table><thead><tr><th>Time</th><th>Who</th><th>What</th></tr></thead><tbody>{rows}</tbody></table>"


def _trends(result: Result) -> Iterator[str]:
    drawn = charts.trends(result)
    if drawn:
        yield "<h2>Trends</h2>"
        yield from (f"<figure>{each}</figure>" for each in drawn)
        yield '<p class="soft">Dotted uprights: what the trainee did.</p>'


def _worst(result: Result, diagram: Painter | None) -> Iterator[str]:
    worst = result.worst
    if worst is None:
        return
    unwell = [node_id for node_id, view in worst.views.items() if view.get("status") != "ok"]
    yield f"<h2>The worst instant: {charts.clock(worst.t_s)}</h2>"
    if not unwell:
        yield "<p>Nothing was ever wrong.</p>"
        return
    if diagram is not None:
        words = f"{len(unwell)} of {len(worst.views)} devices were not well."
        yield f'<figure><div class="diagram">{diagram(worst)}</div><figcaption>{words}</figcaption></figure>'
        return
    rows = "".join(
        f"<tr><td class=mono>{escape(node_id)}</td><td>{escape(str(worst.views[node_id].get('state', '')))}</td></tr>"
        for node_id in unwell
    )
    yield f"<table><thead><tr><th>Device</th><th>State</th></tr></thead><tbody>{rows}</tbody></table>"


def _steps(result: Result) -> Iterator[str]:
    """What the site itself was expected to do: an instructor's matter, so it is folded away where all was well."""
    if not result.outcomes:
        return
    bad = len(result.failures)
    words = f"{len(result.outcomes) - bad} of {len(result.outcomes)} as expected"
    yield f"<h2>The site itself</h2><details{' open' if bad else ''}><summary>{words}</summary><table><tbody>"
    for outcome in result.outcomes:
        sign, tone = ("✓", "good") if outcome.passed else ("✗", "bad")
        seen = "" if outcome.passed else f"<br><span class=bad>seen: {escape(outcome.seen)}</span>"
        yield f'<tr><td class="t">{charts.clock(outcome.t_s)}</td><td class="sign {tone}">{sign}</td>'
        yield f"<td class=mono>{escape(outcome.wanted)}{seen}</td></tr>"
    yield "</tbody></table></details>"


def _foot(result: Result) -> Iterator[str]:
    scenario = result.scenario
    facts = [f"scenario {scenario.name}", f"facility {scenario.facility}", f"seed {scenario.seed}"]
    if scenario.calibration:
        facts.append(f"calibration {scenario.calibration}")
    if result.backtracks:
        facts.append(f"time was taken back {result.backtracks} times; what came after is not in here")
    yield f"<footer>{escape(' · '.join(facts))}. Times are minutes and seconds of the exercise. Winter River.</footer>"
