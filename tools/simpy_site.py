"""The 24-node training facility in SimPy, without power flow: failures, repairs, transfers, ride-through timers.

The peer of `winter-river study availability` in `make bench`: the same rates, the same delays, the same assumptions,
written as one writes such a model in SimPy: a process for each failure, each generator with its transfer, each UPS and
each room. Power is a boolean on a path here; the engine solves voltages and currents at each of the same changes.
"""

import random
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import simpy
from winter_river.engine import Device
from winter_river.engine.calibration import TRAINING
from winter_river.study.assumptions import Assumptions
from winter_river.study.rates import BATTERY, CLOCK, RUN, START, TRANSFER, YEAR_S, Failure, failures

Process = Generator[Any, Any, None]

RIDE_S = 100.0  # of the training calibration's battery at the whole load
RECHARGE_S = 10.96 / (50.0 * 0.9) * 3600.0  # of an empty battery on the generator, 50 kW at 0.9
RECHARGE_GRID_S = RECHARGE_S / 2.0
WALK_IN_S = 5.0  # until a rectifier carries the load again: a second of waiting, four of walking in
HOT_S = 126.66  # from 18 C without cooling until racks at 6 kW a cabinet turn themselves off; back at once with air
UTILITY, HV, MV, MV_LV, GEN, LV, COOLING, UPS = range(8)  # places of a side's devices; the racks come after
RACKS = 4
FIRST, NEITHER, SECOND = 1, 0, 2


@dataclass
class Spell:
    """One load: how long it was dark and how often that began."""

    live: bool = True
    since_s: float = 0.0
    down_s: float = 0.0
    outages: int = 0

    def set(self, live: bool, now_s: float) -> None:
        if live != self.live:
            self.live = live
            if live:
                self.down_s += now_s - self.since_s
            else:
                self.since_s = now_s
                self.outages += now_s > 0.0


@dataclass
class Side:
    """One side of the site in one world."""

    env: simpy.Environment
    rng: random.Random
    own: Sequence[Failure]
    place: dict[str, int]
    any_rack: Spell
    sides: "list[Side]"
    broken: list[int] = field(default_factory=lambda: [0] * (8 + RACKS))
    loads: list[Spell] = field(default_factory=lambda: [Spell() for _ in range(1 + RACKS)])
    position: int = FIRST
    running: bool = False
    battery: bool = True
    charge_s: float = RIDE_S  # what is left, in seconds of the load
    charge_since_s: float = 0.0
    charge_rate: float = 0.0  # seconds of ride-through a second; -1 while it feeds
    fed: bool = True  # the UPS has its input
    carried: bool = True  # its output is live
    hot: bool = False  # the racks have turned themselves off

    def begin(self) -> None:
        self.lost, self.back, self.input, self.stopped, self.air = (self.env.event() for _ in range(5))
        by_kind = {failure.kind: failure for failure in self.own}
        self.start, self.run = by_kind[START], by_kind[RUN]
        self.stuck = by_kind[TRANSFER]
        self.string = by_kind[BATTERY]
        for failure in self.own:
            if failure.kind == CLOCK or failure.mean_up_s < float("inf") and failure.kind == BATTERY:
                self.env.process(self.fail(failure))
        self.env.process(self.transfer())
        self.env.process(self.ride())
        self.env.process(self.warm_up())

    def after(self, mean_s: float) -> Any:
        return self.env.timeout(self.rng.expovariate(1.0 / mean_s))

    def fail(self, failure: Failure) -> Process:
        """A component of its own clock; the world begins in the long run's mix."""
        at = self.place[failure.node_id]
        down = self.rng.random() < failure.share_down
        while True:
            if down:
                self.set_broken(failure, at, 1)
                yield self.after(failure.mean_down_s)
                self.set_broken(failure, at, -1)
            yield self.after(failure.mean_up_s)
            down = True

    def set_broken(self, failure: Failure, at: int, by: int) -> None:
        if failure.kind == BATTERY:
            self.battery = by < 0
        else:
            self.broken[at] += by
            if at == GEN and self.running and self.broken[GEN] and not self.stopped.triggered:
                self.stopped.succeed()
        self.look()

    def utility_is_good(self) -> bool:
        return not any(self.broken[: MV_LV + 1])

    def look(self) -> None:
        """What is live now, after any change; wakes the processes that wait for it."""
        now_s = self.env.now
        good = self.utility_is_good()
        wake = self.back if good else self.lost
        if not wake.triggered:
            wake.succeed()
        live = (self.position == FIRST and good) or (self.position == SECOND and self.running and not self.broken[GEN])
        bus = live and not self.broken[LV]
        if bus != self.fed:
            self.fed = bus
            if not self.input.triggered:
                self.input.succeed()
        cooled = bus and not self.broken[COOLING]
        if cooled != self.loads[0].live and not self.air.triggered:
            self.air.succeed()
        self.hot = self.hot and not cooled
        self.loads[0].set(cooled, now_s)
        out = self.carried and not self.broken[UPS] and not self.hot
        for rack in range(RACKS):
            self.loads[1 + rack].set(out and not self.broken[8 + rack], now_s)
        self.any_rack.set(all(load.live for side in self.sides for load in side.loads[1:]), now_s)

    def transfer(self) -> Process:
        """The transfer and its generator."""
        c = TRAINING
        while True:
            if self.utility_is_good():
                self.lost = self.env.event()
                yield self.lost
            yield self.env.timeout(c.source_bad_s)
            if self.utility_is_good():
                continue
            sticks = self.rng.random() < self.stuck.ratio
            if self.rng.random() < self.start.ratio:
                self.broken[GEN] += 1
                self.env.process(self.mend_generator(self.start))
            self.back = self.env.event()
            if sticks:
                yield self.after(self.stuck.mean_down_s) | self.back
            while self.broken[GEN] and not self.utility_is_good():
                yield self.env.timeout(60.0) | self.back
            if not self.utility_is_good():
                yield from self.on_generator()
            if not self.utility_is_good():
                continue
            yield self.env.timeout(c.gap_live_s if self.position == SECOND else c.source_good_s)
            self.position = FIRST
            self.running = False
            self.look()

    def mend_generator(self, failure: Failure) -> Process:
        yield self.after(failure.mean_down_s)
        self.broken[GEN] -= 1
        self.look()

    def on_generator(self) -> Process:
        """From its start until the utility is taken back, or it breaks."""
        c = TRAINING
        yield self.env.timeout(c.start_s)
        if self.broken[GEN]:
            return
        self.running, self.stopped = True, self.env.event()
        self.position = NEITHER
        self.look()
        yield self.env.timeout(c.gap_dead_s)
        self.position = SECOND
        self.look()
        breaks = self.after(self.run.mean_up_s)
        while True:
            if not self.utility_is_good():
                self.back = self.env.event()
                yield self.back | breaks | self.stopped
            if breaks.processed or self.broken[GEN]:
                self.running = False
                if breaks.processed:
                    self.broken[GEN] += 1
                    self.env.process(self.mend_generator(self.run))
                self.look()
                return
            self.lost = self.env.event()
            calm = self.env.timeout(c.retransfer_s)
            yield calm | self.lost | breaks | self.stopped
            if calm.processed and self.utility_is_good():
                self.position = NEITHER
                self.look()
                yield self.env.timeout(c.gap_live_s)
                self.position = FIRST
                self.running = False
                self.look()
                return

    def charge_now_s(self) -> float:
        went_s = self.env.now - self.charge_since_s
        return float(min(RIDE_S, max(0.0, self.charge_s + self.charge_rate * went_s)))

    def charge_at(self, rate: float) -> None:
        self.charge_s, self.charge_since_s, self.charge_rate = self.charge_now_s(), self.env.now, rate

    def ride(self) -> Process:
        """The UPS: its battery carries the racks for as long as it lasts."""
        while True:
            self.input = self.env.event()
            if self.fed:
                on_grid = self.position == FIRST
                self.charge_at(RIDE_S / (RECHARGE_GRID_S if on_grid else RECHARGE_S))
                if not self.carried:
                    self.carried = True
                    self.look()
                yield self.input
                continue
            if self.battery and self.rng.random() < self.string.ratio:
                self.battery = False
                self.env.process(self.mend_battery())
            self.charge_at(-1.0)
            if self.battery:
                yield self.input | self.env.timeout(self.charge_now_s())
            if not self.fed:
                self.charge_at(0.0)
                self.carried = False
                self.look()
                if not self.input.triggered:
                    yield self.input
            if self.fed:
                yield self.env.timeout(WALK_IN_S)

    def warm_up(self) -> Process:
        """The room without cooling: its racks turn themselves off."""
        while True:
            self.air = self.env.event()
            if self.loads[0].live or self.hot:
                yield self.air
                continue
            yield self.air | self.env.timeout(HOT_S)
            if not self.air.triggered:
                self.hot = True
                self.look()

    def mend_battery(self) -> Process:
        yield self.after(self.string.mean_down_s)
        self.battery = True


@dataclass(frozen=True)
class Tally:
    """One world: (seconds dark, outages) of any rack, then of each load."""

    down_s: tuple[float, ...]
    outages: tuple[int, ...]


def world(devices: Sequence[Device], *, seed: int, years: float) -> Tally:
    """One world of the 24 nodes through so many years."""
    env, rng = simpy.Environment(), random.Random(seed)
    assert Assumptions().refuel_h < 25.0, "a tank lasts 25 h, so that no set runs dry before it is filled"
    all_failures, any_rack = failures(devices), Spell()
    sides: list[Side] = []
    for names in _sides(devices):
        place = {name: k for k, name in enumerate(names)}
        own = [failure for failure in all_failures if failure.node_id in place]
        sides.append(Side(env, rng, own, place, any_rack, sides))
    for side in sides:
        side.begin()
    env.run(until=years * YEAR_S)
    spells = [any_rack, *(load for side in sides for load in side.loads)]
    for spell in spells:
        if not spell.live:
            spell.down_s += env.now - spell.since_s
    return Tally(tuple(spell.down_s for spell in spells), tuple(spell.outages for spell in spells))


def _sides(devices: Sequence[Device]) -> Iterator[list[str]]:
    for letter in "ab":
        names = ["utility", "hv_mv_transformer", "mv_switchgear", "mv_lv_transformer", "generator", "lv_switchgear"]
        racks = [f"server_rack_{letter}{k}" for k in range(1, RACKS + 1)]
        found = [*(f"{name}_{letter}" for name in (*names, "cooling", "ups")), *racks]
        assert {device.id for device in devices} >= set(found)
        yield found
