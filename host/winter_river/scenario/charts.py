"""Curves and a timeline as SVG, drawn for paper and for both colour schemes: lines differ by dash and label as well."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from winter_wire import schema

from winter_river.scenario.result import TASK, Entry, Result, Series
from winter_river.scenario.watch import RACKS, SERVED, WANTED

WIDTH, LEFT, RIGHT = 960, 64, 150  # of every drawing, so that all share one time axis
PLOT = WIDTH - LEFT - RIGHT
_HEIGHT, _TOP, _BOTTOM = 132, 26, 22
_LANE = 26
_TICKS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
_TICKS_MAX = 9
_LABEL_GAP = 13
_LINES_MAX = 6  # in one chart; dashes tell no more apart
_TITLES = {"soc_pct": "Battery charge", "power_kw": "Power", "load_pct": "Load", "voltage_out": "Voltage"}
# Lanes of the timeline: title, kinds of entries, the mark.
_LANES = (
    ("the site", ("event",), "tick"),
    ("the exercise", ("step", "say", "ask", "bounds"), "square"),
    ("the trainee", ("action", "answer", "tag", "alarm", "hint", "refused"), "dot"),
)


@dataclass(frozen=True, slots=True)
class Axis:
    """Time from 0 to end_s over the width of the plot."""

    end_s: float

    def x(self, t_s: float) -> float:
        """Where a moment lies, in pixels."""
        return LEFT + PLOT * min(max(t_s / self.end_s, 0.0), 1.0)

    def ticks(self) -> list[float]:
        """Round moments, few enough to be read."""
        step = next((each for each in _TICKS_S if self.end_s / each <= _TICKS_MAX), _TICKS_S[-1])
        return [step * number for number in range(int(self.end_s // step) + 1)]


def axis_of(result: Result) -> Axis:
    """The time axis of a result."""
    last = max([entry.t_s for entry in result.timeline] + list(result.series.t_s[-1:]) + [1.0])
    return Axis(last)


def clock(t_s: float) -> str:
    """`1:40`: minutes and seconds of the exercise."""
    return f"{int(t_s) // 60}:{int(t_s) % 60:02d}"


def trends(result: Result) -> list[str]:
    """One chart for the racks together, then one for each field of the chosen nodes."""
    series, axis = result.series, axis_of(result)
    if len(series.t_s) < 2:
        return []
    marks = [entry for entry in result.timeline if entry.kind in ("action", "bounds")]
    racks = {"served": series.fields[SERVED], "wanted": series.fields[WANTED]}
    charts = [_chart("All racks", "kW", axis, series, racks, marks)]
    by_name: dict[str, dict[str, Sequence[float | None]]] = {}
    for (node_id, name), values in series.fields.items():
        if node_id != RACKS:
            by_name.setdefault(name, {})[node_id] = values
    for name, lines in by_name.items():
        title = _TITLES.get(name, name.replace("_", " "))
        shown = dict(list(lines.items())[:_LINES_MAX])
        if all(len(set(values)) == 1 for values in shown.values()):
            continue  # nothing ever moved
        charts.append(_chart(title, schema.ROWS[name][5], axis, series, shown, marks))
    return charts


def _chart(
    title: str,
    unit: str,
    axis: Axis,
    series: Series,
    lines: Mapping[str, Sequence[float | None]],
    marks: Sequence[Entry],
) -> str:
    numbers = [value for values in lines.values() for value in values if value is not None]
    low, high = _range(numbers)
    base = _HEIGHT - _BOTTOM

    def y(value: float) -> float:
        return base - (base - _TOP) * (value - low) / (high - low)

    parts = [f'<text class="name" x="{LEFT}" y="14">{escape(title)}{f", {escape(unit)}" if unit else ""}</text>']
    for value in (low, (low + high) / 2, high):
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{LEFT + PLOT}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>')
        parts.append(f'<text class="tick end" x="{LEFT - 8}" y="{y(value) + 4:.1f}">{value:.6g}</text>')
    parts += _time_ticks(axis, base)
    for mark in marks:
        x = axis.x(mark.t_s)
        parts.append(f'<line class="mark {mark.kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{base}"/>')
    labels: list[tuple[float, int, str]] = []
    for place, (label, values) in enumerate(lines.items()):
        parts.append(f'<path class="line line-{place}" d="{_path(axis, series.t_s, values, y)}"/>')
        last = next((value for value in reversed(values) if value is not None), low)
        labels.append((y(last), place, label))
    parts += _labels(labels)
    about = f"{title}: {', '.join(lines)}"
    return _svg(_HEIGHT, about, parts, "chart")


def _range(numbers: Sequence[float]) -> tuple[float, float]:
    """A range from 0 (or a round number below it) to a round one above everything."""
    high = max([*numbers, 0.0])
    low = min([*numbers, 0.0])
    if high - low < 1e-9:
        return low, low + 1.0
    step = 10.0 ** math.floor(math.log10(high - low))
    step = next(each for each in (step / 5, step / 2.5, step / 2, step, 2 * step) if (high - low) / each <= 10)
    return math.floor(low / step) * step, math.ceil(round(high / step, 9)) * step


def _path(axis: Axis, times: Sequence[float], values: Sequence[float | None], y: Callable[[float], float]) -> str:
    """A line through every moment, with gaps where nothing is known; level stretches have only their ends."""
    words: list[str] = []
    pen_down, before = False, ""  # before: the end of the level stretch that the pen is on
    last: float | None = None
    for t_s, value in zip(times, values, strict=True):
        if value is None:
            words.append(before)
            pen_down, before, last = False, "", None
            continue
        here = f"{axis.x(t_s):.1f} {y(value):.1f}"
        if not pen_down:
            words.append(f"M{here}")
        elif value == last:
            before = f"L{here}"
            continue
        else:
            words.append(f"{before}L{here}")
        pen_down, before, last = True, "", value
    return "".join((*words, before))


def _labels(labels: list[tuple[float, int, str]]) -> list[str]:
    """Names at the ends of the lines, pushed apart where they would lie over each other."""
    parts = []
    free = _TOP - 2.0
    for height, place, label in sorted(labels):
        height = max(height, free)
        free = height + _LABEL_GAP
        x = LEFT + PLOT + 8
        parts.append(f'<path class="line line-{place}" d="M{x} {height:.1f}h18"/>')
        parts.append(f'<text class="label" x="{x + 24}" y="{height + 4:.1f}">{escape(label[:20])}</text>')
    return parts


def timeline(result: Result) -> str:
    """Lanes for the site, the exercise, the trainee and each task, over the same time as the trends."""
    axis = axis_of(result)
    tasks = [row for row in result.sheet if row.kind == TASK]
    height = _LANE * (len(_LANES) + len(tasks)) + 30
    base = height - 22
    parts = _time_ticks(axis, base, top=6)
    for lane, (title, kinds, shape) in enumerate(_LANES):
        middle = 8 + _LANE * lane + _LANE / 2
        parts.append(_lane_line(title, middle))
        drawn: set[int] = set()
        for entry in result.timeline:
            x = axis.x(entry.t_s)
            if entry.kind in kinds and (entry.kind == "refused" or round(x) not in drawn):
                drawn.add(round(x))
                parts.append(_mark(shape, entry, x, middle))
    for place, row in enumerate(tasks):
        middle = 8 + _LANE * (len(_LANES) + place) + _LANE / 2
        parts.append(_lane_line(f"task {row.id}", middle))
        if row.cue_s is not None:
            start, end = axis.x(row.cue_s), axis.x(axis.end_s if row.due_s is None else row.due_s)
            parts.append(
                f'<rect class="window" x="{start:.1f}" y="{middle - 7:.1f}" width="{max(end - start, 2):.1f}" height="14" '
                f'rx="3"><title>{escape(row.title)}</title></rect>'
            )
        for deed in row.deeds:
            if deed.t_s is not None:
                x = axis.x(deed.t_s)
                note = f"{clock(deed.t_s)} {deed.text}: {deed.state.replace('_', ' ')}"
                parts.append(
                    f'<circle class="deed {deed.state}" cx="{x:.1f}" cy="{middle:.1f}" r="5"><title>{escape(note)}</title>'
                    "</circle>"
                )
    return _svg(height, "Timeline of the exercise", parts, "lanes")


def _lane_line(title: str, middle: float) -> str:
    return (
        f'<line class="grid" x1="{LEFT}" x2="{LEFT + PLOT}" y1="{middle:.1f}" y2="{middle:.1f}"/>'
        f'<text class="label" x="{LEFT + PLOT + 8}" y="{middle + 4:.1f}">{escape(title[:22])}</text>'
    )


def _mark(shape: str, entry: Entry, x: float, middle: float) -> str:
    note = escape(f"{clock(entry.t_s)} {entry.node_id} {entry.text}")
    kind = f"mark {entry.kind}"
    if shape == "tick":
        return f'<path class="{kind}" d="M{x:.1f} {middle - 6:.1f}v12"><title>{note}</title></path>'
    if shape == "square":
        box = f'x="{x - 4:.1f}" y="{middle - 4:.1f}" width="8" height="8"'
        return f'<rect class="{kind}" {box}><title>{note}</title></rect>'
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{middle:.1f}" r="5"><title>{note}</title></circle>'


def _time_ticks(axis: Axis, base: float, *, top: float = _TOP) -> list[str]:
    parts = []
    for t_s in axis.ticks():
        x = axis.x(t_s)
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{base}"/>')
        parts.append(f'<text class="tick middle" x="{x:.1f}" y="{base + 15}">{clock(t_s)}</text>')
    return parts


def _svg(height: float, about: str, parts: Sequence[str], kind: str) -> str:
    box = f'viewBox="0 0 {WIDTH} {height:.0f}"'
    return f'<svg class="{kind}" {box} role="img" aria-label="{escape(about)}">{"".join(parts)}</svg>'
