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
    """A time in which it wanted kw and was dark at its begin or end. kwh: what it did not get; all_of_it: it got
    nothing."""

    begin_s: float
    end_s: float
    kw: float
    kwh: float
    all_of_it: bool


@dataclass(slots=True)
class Lacking:
    """One load, looked at in the order of time; times are the exercise's seconds. wanted_kw: what it wants now; dark:
    whether it has no voltage. What is fed and draws nothing, at night or because it was set to, lacks nothing."""

    wanted_kw: float
    dark: bool
    _t_s: float = 0.0
    _served_kwh: float | None = 0.0  # None: not known since time was taken back
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
            self._add(parts, 0.0 if self._served_kwh is None else max(0.0, served_kwh - self._served_kwh))
        self.wanted_kw = parts[-1][2] if dark else power_kw
        self._t_s, self.dark, self._served_kwh = t_s, dark, served_kwh

    def _add(self, parts: Sequence[tuple[float, float, float]], served_kwh: float) -> None:
        """parts: begin, end, and the kW wanted. Where in them it drew is not known: what was served counts from the
        first on."""
        for begin_s, end_s, kw in parts:
            wanted_kwh = kw * (end_s - begin_s) / _S_PER_H
            kwh, all_of_it = max(0.0, wanted_kwh - served_kwh), served_kwh == 0.0
            served_kwh = max(0.0, served_kwh - wanted_kwh)
            last = self._spans[-1] if self._spans else None
            goes_on = last is not None and (last.end_s, last.kw, last.all_of_it, all_of_it) == (begin_s, kw, True, True)
            if last is not None and (goes_on or len(self._spans) >= SPANS_MAX):
                last.end_s, last.kwh = end_s, last.kwh + kwh
            elif end_s > begin_s:
                self._spans.append(_Span(begin_s, end_s, kw, kwh, all_of_it))

    def back_to(self, t_s: float) -> None:
        """Forgets what came later than t_s; of a time in between it keeps its share. Look again before time goes on: what
        was fed at t_s shows only then what it wants, and where its meter stands."""
        then = next((span for span in reversed(self._spans) if span.begin_s <= t_s <= span.end_s), None)
        if then is not None:
            self.wanted_kw = then.kw
        self._spans = [span for span in self._spans if span.begin_s < t_s]
        for span in self._spans:
            if span.end_s > t_s:
                span.kwh *= (t_s - span.begin_s) / (span.end_s - span.begin_s)
                span.end_s = t_s
        self._t_s, self.dark, self._served_kwh = t_s, then is not None, None

    @property
    def kwh(self) -> float:
        """Not served so far."""
        return sum(span.kwh for span in self._spans)
