"""One part of one world through the years: failures, repairs and crews act, the engine follows, loads are watched.

Time goes from one change to the next. Between two acts of the study the site comes to rest; a passage from one
rest to the next is always the same when the same is done to it, so it may be remembered and told again instead of
being computed (memory.py). Told or computed, the draws are the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from winter_river import engine
from winter_river.engine.plan import GENERATOR as GENERATOR_KIND
from winter_river.engine.plan import SWITCHGEAR, UPS
from winter_river.study.assumptions import Assumptions
from winter_river.study.cuts import Cuts
from winter_river.study.memory import Memory, Passage
from winter_river.study.rates import BATTERY, CLOCK, DEAD, HOUR_S, RUN, START, TRANSFER, Failure
from winter_river.study.stream import exponential, stream, uniform
from winter_river.study.watch import CRANKING, GENERATOR, IDLE, INPUT, LATCH, LOAD, RUNNING, SOURCE, Note, Signs, Watch

QUIET_S = 60.0  # with nothing due for so long it is worth asking whether the site is at rest
CHANGES_MAX = 100_000  # in one passage; more is a site that never comes to rest
RESET, REFUEL = range(2)
Act = tuple[int, int]  # RESET or REFUEL, the node


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
    watch: Watch = field(init=False)
    cuts: Cuts = field(init=False)
    base: engine.Snapshot = field(init=False)
    at: tuple[int, ...] = field(init=False)
    of_node: dict[int, tuple[int, ...]] = field(init=False)

    def __post_init__(self) -> None:
        self.watch = Watch(self.plan)
        self.cuts = Cuts(self.plan, self.failures)
        self.base = engine.snapshot(self.plan, engine.new_world(self.plan))
        self.at = tuple(self.plan.index[failure.node_id] for failure in self.failures)
        self.of_node = {
            k: tuple(f for f, node in enumerate(self.at) if node == k) for k in range(len(self.plan.devices))
        }

    def run(self, *, seed: int, world: int, end_s: float) -> list[Outage]:
        """The outages of one world from 0 to end_s, in the order they end."""
        return _Run(self, seed, world, end_s).outages()


class _Run:
    """The state of one part of one world: what is down, what is planned, and where the engine stands."""

    def __init__(self, part: Part, seed: int, world: int, end_s: float) -> None:
        self.part, self.end_s = part, end_s
        self.refuel_s = part.assumptions.refuel_h * HOUR_S
        self.reset_s = part.assumptions.reset_h * HOUR_S
        count = len(part.failures)
        self.streams = [stream(seed, world, number) for number in part.numbers]
        self.down = [False] * count  # broken, and a repair is planned
        self.latent = [False] * count  # will fail at its next demand, which nobody knows
        self.at_s = [math.inf] * count  # when each failure happens or is repaired
        self.acts: dict[Act, float] = {}
        self.found: list[Outage] = []
        self.dark: dict[int, tuple[float, tuple[int, ...]]] = {}
        self.w = engine.restore(part.plan, part.base)
        self.signs: Signs = part.watch.signs(self.w)
        self.zero_s = -self.w.t_s  # the study's clock less the world's
        self.rest = part.memory.place_of(part.plan, self.w, self.signs, self.refuel_s) if part.memory else -1
        self.stale = False  # the world lags behind what was told; its rest says where it should be
        self.told: dict[int, dict[str, object]] = {}  # what each node last reported
        self._begin()

    def _begin(self) -> None:
        """The long run's mix of sound and broken: exact, because repairs have no memory."""
        for f, failure in enumerate(self.part.failures):
            if failure.share_down > 0.0:
                self.down[f] = uniform(self.streams, f) < failure.share_down
                mean_s = failure.mean_down_s if self.down[f] else failure.mean_up_s
                self.at_s[f] = exponential(self.streams, f, mean_s)

    def outages(self) -> list[Outage]:
        now_s = 0.0
        acts: tuple[Act, ...] = ()
        while True:
            self._draw_demands()
            self._pass(now_s, acts)
            now_s = self._planned_s()
            if now_s >= self.end_s:
                break
            acts = self._happen(now_s)
        for load, (begin_s, owed) in sorted(self.dark.items()):
            self.found.append(Outage(load, begin_s, self.end_s, owed))
        return self.found

    def _planned_s(self) -> float:
        return min(min(self.at_s, default=math.inf), min(self.acts.values(), default=math.inf))

    def _happen(self, now_s: float) -> tuple[Act, ...]:
        """Failures, repairs and visits that are due now; gives the visits."""
        for f, failure in enumerate(self.part.failures):
            if self.at_s[f] > now_s:
                continue
            self.down[f] = not self.down[f]
            by_clock = failure.kind in (CLOCK, BATTERY)
            mean_s = failure.mean_down_s if self.down[f] else failure.mean_up_s if by_clock else math.inf
            self.at_s[f] = now_s + self._lasting(f, mean_s)
        due = []
        for act, at_s in sorted(self.acts.items()):
            if at_s > now_s:
                continue
            del self.acts[act]
            kind, node = act
            repaired_s = max((self.at_s[f] for f in self.part.of_node[node] if self.down[f]), default=0.0)
            if kind == RESET and repaired_s > now_s:
                self.acts[act] = repaired_s
                continue
            due.append(act)
            if kind == REFUEL and self._sign(GENERATOR, node) == RUNNING:
                self.acts[act] = now_s + self.refuel_s
            if kind == RESET:
                self.acts[act] = now_s + self.reset_s  # taken back when the latch has gone
        return tuple(due)

    def _lasting(self, f: int, mean_s: float) -> float:
        return math.inf if math.isinf(mean_s) else exponential(self.streams, f, mean_s)

    def _sign(self, what: int, node: int) -> int:
        return self.signs[self.part.watch.place[what, node]]

    def _draw_demands(self) -> None:
        """Whether the next demand of each idle device will fail; it has no memory, so it is drawn at every act."""
        what_of = {START: GENERATOR, TRANSFER: SOURCE, BATTERY: INPUT}
        for f, failure in enumerate(self.part.failures):
            if failure.ratio > 0.0 and not self.down[f]:
                if self._sign(what_of[failure.kind], self.part.at[f]) == IDLE:
                    self.latent[f] = uniform(self.streams, f) < failure.ratio

    def _active(self) -> tuple[int, ...]:
        return tuple(f for f in range(len(self.down)) if self.down[f] or self.latent[f])

    def _pass(self, now_s: float, acts: tuple[Act, ...]) -> None:
        """Lets the site go from what was just done to it to its rest, or to the next act."""
        memory = self.part.memory
        way = (self.rest, self._active(), acts)
        if memory is not None and self.rest >= 0:
            passage = memory.passages.get(way)
            if passage is not None and self._tell(passage, now_s):
                return
        if self.stale:
            assert memory is not None
            self.w = engine.restore(self.part.plan, memory.snapshots[self.rest])
            self.zero_s = now_s - self.w.t_s
            self.stale = False
            self.told.clear()
        notes = self._compute(now_s, acts)
        if memory is not None and way[0] >= 0 and self.rest >= 0:
            memory.keep(way, Passage(tuple(notes), notes[-1][0] if notes else 0.0, self.rest))

    def _tell(self, passage: Passage, now_s: float) -> bool:
        """Tells a remembered passage; False, and nothing has happened, where an act falls into it."""
        before = (list(self.streams), list(self.down), list(self.latent), list(self.at_s), dict(self.acts))
        for offset_s, note in passage.notes:
            self._plan_by(note, now_s + offset_s)
        if self._planned_s() <= now_s + passage.lasts_s:
            self.streams, self.down, self.latent, self.at_s, self.acts = before
            return False
        for offset_s, note in passage.notes:
            self._book(note, now_s + offset_s)
        self.rest, self.stale = passage.rest, True
        assert self.part.memory is not None
        self.signs = self.part.memory.signs[passage.rest]
        return True

    def _compute(self, now_s: float, acts: tuple[Act, ...]) -> list[tuple[float, Note]]:
        """The same by the engine; sets rest where the site came to it before the next act. Gives the notes."""
        plan, watch, memory = self.part.plan, self.part.watch, self.part.memory
        notes: list[tuple[float, Note]] = []
        # The world stands at the last change; nothing moves by itself until now.
        engine.step(plan, self.w, max(0.0, now_s - self.zero_s - self.w.t_s))
        begin_s = self.w.t_s
        self._visit(acts)
        self._report()
        dt_s, self.rest = 0.0, -1
        for _ in range(CHANGES_MAX):
            engine.step(plan, self.w, dt_s)
            signs = watch.signs(self.w)
            offset_s = self.w.t_s - begin_s
            changed = watch.notes(self.signs, signs)
            self.signs = signs
            for note in changed:
                notes.append((offset_s, note))
                self._plan_by(note, now_s + offset_s)
                self._book(note, now_s + offset_s)
            if changed and self._report():
                dt_s = 0.0
                continue
            dt_s = engine.next_change_s(plan, self.w)
            planned_s = self._planned_s()
            if dt_s > QUIET_S and memory is not None:
                self.rest = memory.place_of(plan, self.w, signs, self.refuel_s)
                if self.rest >= 0:
                    return notes
            if now_s + offset_s + dt_s >= planned_s:
                return notes
        raise RuntimeError(f"{plan.devices[0].id} and what hangs on it does not come to rest")

    def _visit(self, acts: Sequence[Act]) -> None:
        plan = self.part.plan
        for kind, node in acts:
            name = "resets" if kind == RESET else "refuels"
            slot = plan.nodes[node].slot
            count = self.w.nodes[node].resets if kind == RESET else self.w.generators[slot].refuels
            engine.apply(plan, self.w, plan.devices[node].id, {name: count + 1}, present=True)

    def _report(self) -> bool:
        """Applies what each node would report now; True where anything is news."""
        plan, news = self.part.plan, False
        for k, own in self.part.of_node.items():
            if not own:
                continue
            fields = self._fields(k, own)
            if self.told.get(k) != fields:
                self.told[k] = fields
                engine.apply(plan, self.w, plan.devices[k].id, fields, present=True)
                news = True
        return news

    def _fields(self, k: int, own: Sequence[int]) -> dict[str, object]:
        failures, kind = self.part.failures, self.part.plan.nodes[k].kind
        dead = any(self.down[f] and failures[f].kind in DEAD for f in own)
        if kind == UPS and not dead and self._sign(INPUT, k):
            dead = any((self.down[f] or self.latent[f]) and failures[f].kind == BATTERY for f in own)
        words = ["outage" if self.part.plan.devices[k].type == "utility" else "fault"] if dead else []
        if kind == GENERATOR_KIND and any((self.down[f] or self.latent[f]) and failures[f].kind == START for f in own):
            words.append("fail_to_start")
        fields: dict[str, object] = {"fault": ",".join(words)}
        if kind == SWITCHGEAR and len(self.part.plan.devices[k].feeds) == 2:
            stuck = any((self.down[f] or self.latent[f]) and failures[f].kind == TRANSFER for f in own)
            fields["source_set"] = "first" if stuck else "auto"
        return fields

    def _plan_by(self, note: Note, at_s: float) -> None:
        """What a change means for the failures and the crews."""
        what, node, sign = note
        if what == LATCH:
            if sign:
                self.acts.setdefault((RESET, node), at_s + self.reset_s)
            else:
                self.acts.pop((RESET, node), None)
            return
        if what == GENERATOR and sign == RUNNING:
            self.acts.setdefault((REFUEL, node), at_s + self.refuel_s)
        for f in self.part.of_node[node]:
            failure = self.part.failures[f]
            if failure.kind == RUN and what == GENERATOR and not self.down[f]:
                self.at_s[f] = at_s + exponential(self.streams, f, failure.mean_up_s) if sign == RUNNING else math.inf
            demanded = (
                (failure.kind == START and what == GENERATOR and sign == CRANKING)
                or (failure.kind == TRANSFER and what == SOURCE and sign)
                or (failure.kind == BATTERY and what == INPUT and sign)
            )
            if demanded and self.latent[f]:
                self.latent[f], self.down[f] = False, True
                self.at_s[f] = at_s + exponential(self.streams, f, failure.mean_down_s)

    def _book(self, note: Note, at_s: float) -> None:
        """Opens and closes the outages of loads."""
        what, node, sign = note
        if what != LOAD:
            return
        if not sign:
            self.dark[node] = (at_s, self.part.cuts.owed_to(node, self._active()))
        elif node in self.dark:
            begin_s, owed = self.dark.pop(node)
            self.found.append(Outage(node, begin_s, min(at_s, self.end_s), owed))
