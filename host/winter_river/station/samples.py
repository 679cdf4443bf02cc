"""History of numbers: what changed from one second to the next, and curves of it. Pure."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from winter_wire import schema, topics

from winter_river.station.model import Curve, Field, Trend

KEY_EVERY_S = 60.0  # chosen: a curve looks at most so far back for where it starts; whole rows cost most of the memory
POINTS_MAX = 10_000
UNKNOWN = math.nan
_NUMBERS = (schema.NUMBER, schema.INTEGER)
_NOT_KEPT = ("v", "timeline", "t_s", "speed")  # not of the plant
_SAMPLE_BYTES = 250  # of one Sample with two empty arrays in CPython 3.11, measured with sys.getsizeof


class Sample(NamedTuple):
    """One second. columns: places of the values that differ from the sample before, rising; all of them in a key."""

    t_s: float
    columns: array[int]
    values: array[float]
    key: bool

    @property
    def size(self) -> int:
        """Bytes it holds."""
        return _SAMPLE_BYTES + len(self.columns) * (self.columns.itemsize + self.values.itemsize)


class Sampler:
    """Turns views into samples. One for a run; `columns` never change."""

    def __init__(self, types: Mapping[str, str]) -> None:
        """types: node id -> type, in the facility's order."""
        fields = [(node_id, name) for node_id, kind in types.items() for name in _numeric(schema.fields("view", kind))]
        fields += [(topics.FACILITY, name) for name in _numeric(schema.VIRTUAL_FIELDS[topics.FACILITY])]
        self.columns: Mapping[Field, int] = {field: place for place, field in enumerate(fields)}
        self._of: dict[str, list[tuple[int, str, int]]] = {}  # by owner: column, name, decimals
        for column, (owner, name) in enumerate(fields):
            self._of.setdefault(owner, []).append((column, name, schema.ROWS[name][2]))
        self._row = array("d", [UNKNOWN]) * len(fields)
        self._shown: dict[str, Mapping[str, object]] = {}  # what _row was made of; empty: the next one is a key
        self._key_s = -math.inf

    def forget(self) -> None:
        """Time has jumped: the next sample stands by itself."""
        self._shown.clear()
        self._row = array("d", [UNKNOWN]) * len(self._row)

    def take(self, t_s: float, view: Callable[[str], Mapping[str, object]]) -> Sample:
        """The sample of this second; view: what a node, or the facility, shows now."""
        key = not self._shown or not 0 <= t_s - self._key_s < KEY_EVERY_S
        columns, values = array("I"), array("d")
        for owner, fields in self._of.items():
            shown, before = view(owner), self._shown.get(owner, {})
            if shown == before:
                continue
            self._shown[owner] = shown
            for column, name, decimals in fields:
                value = shown.get(name)
                if value == before.get(name):
                    continue  # rounding is what takes the time, and most figures of a site stay
                now = round(value, decimals) if isinstance(value, (int, float)) else UNKNOWN
                if now != self._row[column]:
                    self._row[column] = now
                    columns.append(column)
                    values.append(now)
        if not key:
            return Sample(t_s, columns, values, False)
        self._key_s = t_s
        return Sample(t_s, array("I", range(len(self._row))), array("d", self._row), True)


def _numeric(names: Iterable[str]) -> list[str]:
    return [name for name in names if name not in _NOT_KEPT and schema.ROWS[name][1] in _NUMBERS]


def value_in(sample: Sample, column: int) -> float | None:
    """What a sample says of one column; None where nothing changed."""
    place = bisect_left(sample.columns, column)
    if place < len(sample.columns) and sample.columns[place] == column:
        return sample.values[place]
    return None


def trend_of(
    samples: Sequence[Sample],
    columns: Mapping[Field, int],
    *,
    from_s: float,
    to_s: float,
    points: int,
    known_s: float,
) -> Trend:
    """Curves over (from_s, to_s]. samples: in order of time, beginning with the last key at or before from_s, where
    there is one. known_s: up to when it is known that nothing changed after the last of them. Raises ValueError for a span or number of points that means nothing."""
    if not from_s < to_s < math.inf:
        raise ValueError(f"from_s is {from_s:g} and to_s {to_s:g} s; the first must be smaller")
    if not 1 <= points <= POINTS_MAX:
        raise ValueError(f"points is {points}; 1 to {POINTS_MAX}")
    pieces = max(1, min(points, math.ceil(to_s - from_s)))
    width_s = (to_s - from_s) / pieces
    ends_s = [from_s + (piece + 1) * width_s for piece in range(pieces)]
    curves = {
        field: _curve(samples, column, from_s=from_s, to_s=to_s, pieces=pieces, known_s=known_s)
        for field, column in columns.items()
    }
    return Trend(ends_s, curves)


def _curve(samples: Sequence[Sample], column: int, *, from_s: float, to_s: float, pieces: int, known_s: float) -> Curve:
    last: list[float | None] = [None] * pieces
    low, high = list(last), list(last)
    value: float | None = None
    reached = 0  # the first piece without an end yet
    for sample in samples:
        if sample.t_s > to_s:
            break
        place = min(pieces - 1, math.ceil((sample.t_s - from_s) / (to_s - from_s) * pieces - 1e-9) - 1)
        if place >= reached:
            _hold(last, low, high, value, reached, place)
            reached = place
        new = value_in(sample, column)
        if new is not None:
            value = None if math.isnan(new) else new
        if place >= 0 and value is not None:
            last[place] = value
            low[place] = value if low[place] is None else min(value, low[place])  # type: ignore[type-var]
            high[place] = value if high[place] is None else max(value, high[place])  # type: ignore[type-var]
    known = math.ceil((min(known_s, to_s) - from_s) / (to_s - from_s) * pieces)
    _hold(last, low, high, value, reached, max(reached, known))
    return Curve(last, low, high)


def _hold(
    last: list[float | None],
    low: list[float | None],
    high: list[float | None],
    value: float | None,
    first: int,
    end: int,
) -> None:
    """What has not changed goes on through pieces without a sample."""
    for place in range(first, end):
        if last[place] is None:
            last[place] = low[place] = high[place] = value
