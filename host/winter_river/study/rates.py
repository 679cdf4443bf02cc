"""The ways in which the devices of a site fail, read from their ratings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from winter_river.engine import Device, part_of
from winter_river.engine.equipment import EQUIPMENT

HOUR_S = 3600.0
YEAR_H = 8766.0  # a year of 365.25 days
YEAR_S = YEAR_H * HOUR_S

# How a failure comes about and what it does to its device:
# CLOCK after a time of its own, dead while it lasts; RUN after a time of running, dead; START on a demand, it does
# not start; TRANSFER on a demand, it does not leave its first source; BATTERY after a time or on a demand.
CLOCK, RUN, START, TRANSFER, BATTERY = range(5)
DEAD = (CLOCK, RUN)


@dataclass(frozen=True, slots=True)
class Failure:
    """One way in which one device fails.

    mean_up_s: mean time to failure, of life or of running; inf: never by itself. mean_down_s: of a repair.
    ratio: of the demands that fail.
    """

    node_id: str
    name: str
    kind: int
    mean_up_s: float
    mean_down_s: float
    ratio: float = 0.0

    @property
    def share_down(self) -> float:
        """The share of the time it is down by its clock, in the long run."""
        if self.kind not in (CLOCK, BATTERY) or math.isinf(self.mean_up_s):
            return 0.0
        return self.mean_down_s / (self.mean_up_s + self.mean_down_s)


def failures(devices: Sequence[Device]) -> tuple[Failure, ...]:
    """Every failure that can happen, by device in their order; one with a rate or ratio of 0 is left out."""
    found = [failure for device in devices for failure in _of(device)]
    return tuple(each for each in found if each.ratio > 0.0 or not math.isinf(each.mean_up_s))


def _mean_s(per_year: float) -> float:
    return YEAR_S / per_year if per_year > 0.0 else math.inf


def _of(device: Device) -> list[Failure]:
    r: Mapping[str, float] = {row.name: row.default or 0.0 for row in EQUIPMENT[device.type].ratings} | dict(
        device.ratings
    )
    found = []
    if "failures_per_year" in r:
        name = "outage" if part_of(device.type) == "utility" else "failure"
        found.append(Failure(device.id, name, CLOCK, _mean_s(r["failures_per_year"]), r["repair_h"] * HOUR_S))
    if "breaker_failures_per_year" in r:
        mean_s = _mean_s(r["breaker_failures_per_year"])
        found.append(Failure(device.id, "breaker", CLOCK, mean_s, r["breaker_repair_h"] * HOUR_S))
    if "transfer_failure_ratio" in r and len(device.feeds) == 2 and not r.get("parallel"):
        down_s = r["transfer_repair_h"] * HOUR_S
        found.append(Failure(device.id, "transfer", TRANSFER, math.inf, down_s, r["transfer_failure_ratio"]))
    if part_of(device.type) == "ups":
        mean_s, down_s = _mean_s(r["battery_failures_per_year"]), r["battery_repair_h"] * HOUR_S
        found.append(Failure(device.id, "battery", BATTERY, mean_s, down_s, r["battery_failure_ratio"]))
    if part_of(device.type) == "generator":
        down_s, available = r["repair_h"] * HOUR_S, r["available_ratio"]
        mean_s = down_s * available / (1.0 - available) if available < 1.0 else math.inf
        run_s = r["run_h_to_failure"] * HOUR_S or math.inf
        found.append(Failure(device.id, "out of service", CLOCK, mean_s, down_s))
        found.append(Failure(device.id, "start", START, math.inf, down_s, r["fail_to_start_ratio"]))
        found.append(Failure(device.id, "running", RUN, run_s, down_s))
    return found
