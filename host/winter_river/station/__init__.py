"""The instructor's station: run, freeze, step, speed; snapshots and going back; history; what-if; recordings."""

from winter_river.station.model import (
    Answer,
    Change,
    Clock,
    Curve,
    InitialCondition,
    Memory,
    SnapshotInfo,
    StationError,
    Trend,
    WhatIf,
)
from winter_river.station.station import Station

__all__ = [
    "Answer",
    "Change",
    "Clock",
    "Curve",
    "InitialCondition",
    "Memory",
    "SnapshotInfo",
    "Station",
    "StationError",
    "Trend",
    "WhatIf",
]
