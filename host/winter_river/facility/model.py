"""A facility as values: what a file says once it has been checked."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from winter_river import engine

NODES_MAX = 10_000  # chosen: four times the largest site we measure; a live tick of more would miss its second
TITLE_LENGTH_MAX = 80
HOUR_S = 3600.0
BEGINS_H = 12.0  # chosen: a run begins at noon, when the sun is highest


@functools.cache
def _defaults(type_name: str) -> dict[str, float]:
    defaults = {rating.name: rating.default for rating in engine.EQUIPMENT[type_name].ratings}
    return {name: default for name, default in defaults.items() if default is not None}


@dataclass(frozen=True, slots=True)
class Node:
    """One device of a site.

    feeds: ids of what supplies it, in order: the normal source (or first cord), then the alternate.
    ratings: numbers by name, the unit last in the name; what is not given takes the engine's default.
    position: (across, down) on a drawing in grid units, where the file says so.
    profile: name of one of the facility's profiles; "" for none.
    """

    id: str
    type: str
    feeds: tuple[str, ...] = ()
    ratings: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    title: str = ""
    position: tuple[float, float] | None = None
    profile: str = ""

    @property
    def part(self) -> str:
        """The type whose part it plays: its own, mostly (engine.part_of)."""
        return engine.part_of(self.type)

    def full_ratings(self) -> dict[str, float]:
        """Its ratings, and the defaults of its type for the others that have one."""
        return _defaults(self.type) | dict(self.ratings)

    def settings(self) -> dict[str, object]:
        """What its node.json must say: who it is, its setpoints at rest, and their limits."""
        settings: dict[str, object] = {"id": self.id, "type": self.type}
        ratings = self.full_ratings()
        # A setpoint at rest is stated, so that a node that was replaced tells the engine to forget the one before.
        if self.part == "server":
            settings |= {"load_set_kw": ratings["load_kw"], "load_kw_max": ratings["load_kw_max"]}
        elif self.part == "pv":
            settings |= {"setpoint_kw": ratings["inverter_kw"] or ratings["peak_kw"]}
        elif self.part == "bess":
            settings |= {"setpoint_kw": ratings["setpoint_kw"]}
        elif self.part == "cooling":
            fans = int(ratings["fans"])
            settings |= {"fans_running": fans, "fans_max": fans}
        return settings


@dataclass(frozen=True, slots=True)
class Facility:
    """A whole site: its nodes in file order and the calibration they run with.

    profiles: by name, for nodes that have one; begins_h: the hour of the day at t = 0.
    source: what load_facility finds it by again: the absolute path of its file; "" where the name does, or nothing.
    """

    name: str
    calibration: str
    nodes: Mapping[str, Node] = field(repr=False)  # thousands of words in every failed test that holds a facility
    title: str = ""
    profiles: Mapping[str, engine.Profile] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    begins_h: float = BEGINS_H
    source: str = field(default="", repr=False, compare=False)  # a copy elsewhere is the same facility

    def devices(self) -> tuple[engine.Device, ...]:
        """The nodes as the engine takes them, in file order."""
        begin_s = self.begins_h * HOUR_S
        made = []
        for node in self.nodes.values():
            profile = self.profiles.get(node.profile)
            if profile is None and node.part == "pv":
                profile = engine.clear_sky(node.full_ratings())
            if profile is not None and profile.period_s > 0.0:
                profile = dataclasses.replace(profile, begin_s=begin_s)
            made.append(engine.Device(node.id, node.type, node.feeds, node.ratings, profile))
        return tuple(made)

    def plan(self) -> engine.Plan:
        """The engine's plan of this facility, built anew on each call."""
        return engine.build_plan(self.devices(), calibration=self.calibration)

    def with_calibration(self, calibration: str) -> Facility:
        """The same facility under another calibration; raises ValueError where there is no such."""
        if calibration not in engine.CALIBRATIONS:
            raise ValueError(f"calibration is {calibration}; known: {', '.join(engine.CALIBRATIONS)}")
        return dataclasses.replace(self, calibration=calibration)
