"""Energy not served of loads that do not want the same power at all times: lamps, heaters, chargers, and what follows a
profile.

Energy not served is what was not drawn because a load was dark: as an interruption is counted (IEEE 1366), and its power
with it. What holds its current or impedance draws less at a poor voltage, and what follows a profile less at night; both
lack nothing while they are fed. While such a load is dark it wants what it drew last, or was set to since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

_S_PER_H = 3600.0
SPANS_MAX = 10_000  # chosen: of one load; more in one exercise are added to the last


@dataclass(slots=True)
class _Span:
    """A time in which it wanted kw and did not get all of it."""

    begin_s: float
    end_s: float
    kw: float
    kwh: float


@dataclass(slots=True)
class Lacking:
    """One load, looked at in the order of time; times are the exercise's seconds. wanted_kw: what it wants now; dark:
    whether it has no voltage. What is fed and draws nothing, at night or because it was set to, lacks nothing."""

    wanted_kw: float
    dark: bool
    _t_s: float = 0.0
    _served_kwh: float = 0.0
    _spans: list[_Span] = field(default_factory=list)

    def look(
        self, t_s: float, *, dark: bool, power_kw: float, served_kwh: float, set_kw: float | None, set_s: float
    ) -> None:
        """Takes it as it is. served_kwh: by its meter since the beginning. set_kw, set_s: what it was last asked to draw
        in this exercise, and when; None: nothing."""
        parts = [(self._t_s, t_s, self.wanted_kw)]
        if set_kw is not None and self._t_s <= set_s <= t_s:
            parts = [(self._t_s, set_s, self.wanted_kw), (set_s, t_s, set_kw)]
        if dark or self.dark:
            self._add(parts, max(0.0, served_kwh - self._served_kwh))
        self.wanted_kw = parts[-1][2] if dark else power_kw
        self._t_s, self.dark, self._served_kwh = t_s, dark, served_kwh

    def _add(self, parts: Sequence[tuple[float, float, float]], served_kwh: float) -> None:
        """parts: begin, end, and the kW wanted. Where in them it drew is not known: what was served counts from the
        first on."""
        for begin_s, end_s, kw in parts:
            wanted_kwh = kw * (end_s - begin_s) / _S_PER_H
            kwh, served_kwh = max(0.0, wanted_kwh - served_kwh), max(0.0, served_kwh - wanted_kwh)
            last = self._spans[-1] if self._spans else None
            if last is not None and (len(self._spans) >= SPANS_MAX or (last.end_s, last.kw) == (begin_s, kw)):
                last.end_s, last.kwh = end_s, last.kwh + kwh
            elif kwh > 0.0:
                self._spans.append(_Span(begin_s, end_s, kw, kwh))

    def back_to(self, t_s: float) -> None:
        """Forgets what came later than t_s; of a time in between it keeps its share."""
        self._spans = [span for span in self._spans if span.begin_s < t_s]
        for span in self._spans:
            if span.end_s > t_s:
                span.kwh *= (t_s - span.begin_s) / (span.end_s - span.begin_s)
                span.end_s = t_s
        self._t_s, self.dark = t_s, False

    @property
    def kwh(self) -> float:
        """Not served so far."""
        return sum(span.kwh for span in self._spans)
