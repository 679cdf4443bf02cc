"""Engine time as a function of the wall clock: run, freeze, step, speed. Pure.

Engine time is a straight line from an anchor: t = t_s + (now - now_s) * speed, flat while frozen. Whatever changes it
drops a new anchor at that moment, so time never jumps by itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

SPEED_MIN, SPEED_MAX = 0.1, 1000.0  # what an instructor may ask for
STEP_S_MAX = 3600.0  # chosen: one `step` lets an hour pass at most; more is what `speed` is for

# Chosen: of history, a second of the clock. Nobody sees more of it while time rushes by, and a row of 500 nodes takes
# 6 ms (measured), so rows of more than ROW_NODES are rarer.
ROWS_PER_S_MAX, ROW_NODES = 50, 100
LOOK_S = 0.5  # chosen: half a tick, so that every tick measures the speed once
SLACK = 0.05  # chosen: nearer than this to what was asked for is as asked for


@dataclass(slots=True)
class Pace:
    """now_s: of any steady clock, at the anchor; t_s: engine time there. speed: engine seconds a second."""

    now_s: float
    t_s: float
    speed: float = 1.0
    frozen: bool = False

    def t_at(self, now_s: float) -> float:
        """Engine time at a moment of the clock, s."""
        return self.t_s if self.frozen else self.t_s + (now_s - self.now_s) * self.speed

    @property
    def fast(self) -> bool:
        """Whether engine time passes faster than the clock."""
        return self.speed > 1.0 and not self.frozen

    def row_every_s(self, nodes: int) -> int:
        """Whole engine seconds from one row of history to the next where nothing changes in between."""
        return max(1, math.ceil(self.speed / ROWS_PER_S_MAX * max(1.0, nodes / ROW_NODES))) if self.fast else 1

    def anchor(self, now_s: float, t_s: float) -> None:
        """From here on time is counted from this moment."""
        self.now_s, self.t_s = now_s, t_s

    def run(self, now_s: float) -> None:
        """Time passes from now on."""
        self.anchor(now_s, self.t_at(now_s))
        self.frozen = False

    def freeze(self, now_s: float) -> None:
        """Time stands still from now on."""
        self.anchor(now_s, self.t_at(now_s))
        self.frozen = True

    def set_speed(self, speed: float, now_s: float) -> None:
        """Raises ValueError outside SPEED_MIN to SPEED_MAX."""
        if not SPEED_MIN <= speed <= SPEED_MAX:
            raise ValueError(f"speed is {speed:g}; {SPEED_MIN:g} to {SPEED_MAX:g}")
        self.anchor(now_s, self.t_at(now_s))
        self.speed = float(speed)

    def step(self, seconds: float, now_s: float) -> None:
        """Time stands still that many seconds from here. Raises ValueError at or below zero and above STEP_S_MAX."""
        if not 0 < seconds <= STEP_S_MAX:
            raise ValueError(f"a step is {seconds:g} s; more than 0 to {STEP_S_MAX:g} s")
        self.freeze(now_s)
        self.t_s += seconds


@dataclass(slots=True)
class Speedometer:
    """Which speed is reached. since_s, t_s: the clock and engine time at the last look. reached: None while unknown."""

    since_s: float = 0.0
    t_s: float = 0.0
    reached: float | None = None

    def begin(self, now_s: float, t_s: float) -> None:
        """Another pace: what was reached until now says nothing about it."""
        self.since_s, self.t_s, self.reached = now_s, t_s, None

    def look(self, now_s: float, t_s: float) -> None:
        """Measures since the last look, unless that was only just now."""
        if now_s - self.since_s > LOOK_S:
            self.reached = (t_s - self.t_s) / (now_s - self.since_s)
            self.since_s, self.t_s = now_s, t_s

    def speed(self, asked: float) -> float:
        """Engine seconds a second: what was asked for, or what is reached where that is clearly less."""
        return asked if self.reached is None or self.reached > asked * (1 - SLACK) else self.reached


def next_row_s(t_s: float, *, every_s: int, change_s: float) -> float:
    """The next instant that history has a row of: a multiple of every_s, or the first whole second from a change on.

    t_s: now. change_s: when something changes next by itself, inf where nothing will.
    """
    row_s = (math.floor(t_s / every_s) + 1.0) * every_s
    return row_s if change_s >= row_s else max(math.floor(t_s) + 1.0, float(math.ceil(change_s)))


def exact_dt_s(from_s: float, to_s: float) -> float:
    """The step that ends at exactly to_s: a sum of floats may miss it by its last bit, and a replay would differ."""
    dt_s = to_s - from_s
    while from_s + dt_s < to_s:
        dt_s = math.nextafter(dt_s, math.inf)
    while from_s + dt_s > to_s:
        dt_s = math.nextafter(dt_s, 0.0)
    return dt_s
