"""One part of a site, with all that a study keeps of it from world to world; and what it finds: outages."""

from __future__ import annotations

from dataclasses import dataclass, field

from winter_river import engine
from winter_river.study.assumptions import Assumptions
from winter_river.study.begin import Begin
from winter_river.study.cuts import Cuts
from winter_river.study.memory import Memory
from winter_river.study.rates import BATTERY, HOUR_S, START, TRANSFER, Failure
from winter_river.study.watch import GENERATOR, INPUT, SOURCE, Signs, Watch

SIGN_OF_DEMAND = {START: GENERATOR, TRANSFER: SOURCE, BATTERY: INPUT}


@dataclass(frozen=True, slots=True)
class Outage:
    """A load without power, from when until when, and the failures (by place) that it is owed to."""

    load: int
    begin_s: float
    end_s: float
    owed_to: tuple[int, ...]


@dataclass(slots=True)
class Part:
    """One part of a site and what a study of it keeps: made once, then run through many worlds."""

    plan: engine.Plan
    failures: tuple[Failure, ...]
    numbers: tuple[int, ...]  # of the failures over the whole site: their streams
    assumptions: Assumptions
    memory: Memory | None
    begin: Begin
    watch: Watch = field(init=False)
    cuts: Cuts = field(init=False)
    base: engine.Snapshot = field(init=False)
    at: tuple[int, ...] = field(init=False)
    of_node: dict[int, tuple[int, ...]] = field(init=False)
    demands: tuple[tuple[int, int], ...] = field(init=False)  # failure, the place of the sign of its demand
    first_signs: Signs = field(init=False)
    first_rest: int = field(init=False, default=-1)  # the number of the healthy site's rest, -1 without a memory

    def __post_init__(self) -> None:
        self.watch = Watch(self.plan)
        self.cuts = Cuts(self.plan, self.failures)
        self.base = engine.snapshot(self.plan, engine.new_world(self.plan))
        self.at = tuple(self.plan.index[failure.node_id] for failure in self.failures)
        self.of_node = {
            k: tuple(f for f, node in enumerate(self.at) if node == k) for k in range(len(self.plan.devices))
        }
        self.demands = tuple(
            (f, self.watch.place[SIGN_OF_DEMAND[failure.kind], self.at[f]])
            for f, failure in enumerate(self.failures)
            if failure.ratio > 0.0
        )
        w = self.begin(self.base)
        self.first_signs = self.watch.signs(w)
        if self.memory:
            refuel_s = self.assumptions.refuel_h * HOUR_S
            self.first_rest = self.memory.place_of(self.plan, w, self.first_signs, refuel_s)
