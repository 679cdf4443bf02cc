"""One part of one world through the years: failures, repairs and crews act, the engine follows, loads are watched.

Time goes from one change to the next. Between two acts of the study the site comes to rest; a passage from one
rest to the next is always the same when the same is done to it, so it may be remembered and told again instead of
being computed (memory.py). Told or computed, the draws are the same.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from winter_river import engine
from winter_river.engine.plan import SWITCHGEAR, UPS
from winter_river.study import structure
from winter_river.study.memory import Passage
from winter_river.study.part import SIGN_OF_DEMAND, Outage, Part
from winter_river.study.rates import BATTERY, CLOCK, DEAD, HOUR_S, RUN, START, TRANSFER
from winter_river.study.stream import exponential, stream, uniform
from winter_river.study.watch import CRANKING, GENERATOR, IDLE, INPUT, LATCH, LOAD, RUNNING, Note, Signs, still_in_s

QUIET_S = 60.0  # with nothing due for so long it is worth asking whether the site is at rest
CHANGES_MAX = 100_000  # in one passage; more is a site that never comes to rest
RESET, REFUEL = range(2)
SOUND, LATENT, BROKEN = range(3)  # of a failure; LATENT: it will show at the next demand, which nobody knows
Act = tuple[int, int]  # RESET or REFUEL, the node


def run(part: Part, *, seed: int, world: int, end_s: float) -> list[Outage]:
    """The outages of one part in one world from 0 to end_s, in the order they end."""
    return _Run(part, seed, world, end_s).outages()


class _Run:
    """The state of one part of one world: what is down, what is planned, and where the engine stands."""

    def __init__(self, part: Part, seed: int, world: int, end_s: float) -> None:
        self.part, self.end_s = part, end_s
        self.refuel_s = part.assumptions.refuel_h * HOUR_S
        self.reset_s = part.assumptions.reset_h * HOUR_S
        count = len(part.failures)
        self.streams = [stream(seed, world, number) for number in part.numbers]
        self.state = [SOUND] * count
        self.drawn = [False] * count  # whether it is decided how the next demand ends
        self.at_s = [math.inf] * count  # when each failure happens or is repaired
        self.acts: dict[Act, float] = {}
        self.found: list[Outage] = []
        self.dark: dict[int, tuple[float, tuple[int, ...]]] = {}
        self.signs: Signs = part.first_signs
        self.rest = part.first_rest
        self.told: dict[int, dict[str, object]] = {}  # what each node last reported
        # The world is fetched when it is needed first, and again whenever what was told has left it behind.
        self.w: engine.World | None = None if self.rest >= 0 else part.begin(part.base)
        self.zero_s = 0.0  # the study's clock less the world's
        self._begin()

    def _begin(self) -> None:
        """The long run's mix of sound and broken: exact, because repairs have no memory."""
        for f, failure in enumerate(self.part.failures):
            if failure.share_down > 0.0:
                broken = uniform(self.streams, f) < failure.share_down
                self.state[f] = BROKEN if broken else SOUND
                self.at_s[f] = exponential(self.streams, f, failure.mean_down_s if broken else failure.mean_up_s)

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
        while now_s in self.at_s:
            f = self.at_s.index(now_s)
            failure = self.part.failures[f]
            if self.state[f] == BROKEN:
                self.state[f], self.drawn[f] = SOUND, False
                mean_s = failure.mean_up_s if failure.kind in (CLOCK, BATTERY) else math.inf
            else:
                self.state[f], mean_s = BROKEN, failure.mean_down_s
            self.at_s[f] = math.inf if math.isinf(mean_s) else now_s + exponential(self.streams, f, mean_s)
        return self._visits(now_s) if self.acts else ()

    def _visits(self, now_s: float) -> tuple[Act, ...]:
        """Who comes now. Whoever comes for a trip resets everything that is tripped and not under repair: one after
        the other, each reset would meet the whole load of a dual-cord site and trip again."""
        come = min((at_s for (kind, _), at_s in self.acts.items() if kind == RESET), default=math.inf) <= now_s
        due = []
        for act, at_s in sorted(self.acts.items()):
            kind, node = act
            if kind == RESET and come:
                broken_s = [self.at_s[f] for f in self.part.of_node[node] if self.state[f] == BROKEN]
                # Taken back when the latch has gone; otherwise they come again.
                self.acts[act] = max(broken_s) if broken_s else now_s + self.reset_s
                if not broken_s:
                    due.append(act)
            elif kind == REFUEL and at_s <= now_s:
                del self.acts[act]
                due.append(act)
                if self._sign(GENERATOR, node) == RUNNING:
                    self.acts[act] = now_s + self.refuel_s
        return tuple(due)

    def _sign(self, what: int, node: int) -> int:
        return self.signs[self.part.watch.place[what, node]]

    def _draw_demands(self) -> None:
        """Decides how the next demand of each idle device ends, once; it shows when the demand comes."""
        for f, place in self.part.demands:
            if not self.drawn[f] and self.state[f] == SOUND and self.signs[place] == IDLE:
                self.drawn[f] = True
                if uniform(self.streams, f) < self.part.failures[f].ratio:
                    self.state[f] = LATENT

    def _active(self) -> tuple[int, ...]:
        return tuple(itertools.compress(range(len(self.state)), self.state))

    def _pass(self, now_s: float, acts: tuple[Act, ...]) -> None:
        """Lets the site go from what was just done to it to its rest, or to the next act."""
        memory = self.part.memory
        way = (self.rest, self._active(), acts)
        if memory is not None and self.rest >= 0:
            passage = memory.passages.get(way)
            if passage is not None and self._tell(passage, now_s):
                return
        notes, lasts_s = self._compute(now_s, acts)
        if memory is not None and way[0] >= 0 and self.rest >= 0:
            memory.keep(way, Passage(tuple(notes), lasts_s, self.rest))

    def _tell(self, passage: Passage, now_s: float) -> bool:
        """Tells a remembered passage; False, and nothing has happened, where an act falls into it."""
        before = (list(self.streams), list(self.state), list(self.drawn), list(self.at_s), dict(self.acts))
        for offset_s, note in passage.notes:
            self._plan_by(note, now_s + offset_s)
        if self._planned_s() <= now_s + passage.lasts_s:
            self.streams, self.state, self.drawn, self.at_s, self.acts = before
            return False
        for offset_s, note in passage.notes:
            self._book(note, now_s + offset_s)
        self.rest, self.w = passage.rest, None
        assert self.part.memory is not None
        self.signs = self.part.memory.signs[passage.rest]
        return True

    def _compute(self, now_s: float, acts: tuple[Act, ...]) -> tuple[list[tuple[float, Note]], float]:
        """The same by the engine: (what was noted and when, how long it took), counted from now.

        Sets rest where the site came to it before the next act; otherwise the world stands at its last change.
        """
        plan, watch, memory = self.part.plan, self.part.watch, self.part.memory
        notes: list[tuple[float, Note]] = []
        w = self._world(now_s)
        begin_s = w.t_s
        self._visit(w, acts)
        self._report(w)
        dt_s, self.rest = 0.0, -1
        for _ in range(CHANGES_MAX):
            engine.step(plan, w, dt_s)
            signs = watch.signs(w)
            offset_s = w.t_s - begin_s
            changed = watch.notes(self.signs, signs)
            self.signs = signs
            for note in changed:
                notes.append((offset_s, note))
                self._plan_by(note, now_s + offset_s)
                self._book(note, now_s + offset_s)
            if changed and self._report(w):
                dt_s = 0.0
                continue
            dt_s = engine.next_change_s(plan, w)
            planned_s = self._planned_s()
            if dt_s > QUIET_S and memory is not None:
                self.rest = memory.place_of(plan, w, signs, self.refuel_s)
                if self.rest >= 0:
                    return notes, offset_s
                dt_s = min(dt_s, still_in_s(w) or dt_s)
            if now_s + offset_s + dt_s >= planned_s:
                return notes, offset_s
        raise RuntimeError(f"{plan.devices[0].id} and what hangs on it does not come to rest")

    def _world(self, now_s: float) -> engine.World:
        """The world at this instant, where nothing has been done to it yet."""
        if self.w is None:
            assert self.part.memory is not None
            self.w = self.part.begin(self.part.memory.snapshots[self.rest])
            self.zero_s = now_s - self.w.t_s
            self.told.clear()
        # It stands at its last change, and nothing moves by itself until now.
        engine.step(self.part.plan, self.w, max(0.0, now_s - self.zero_s - self.w.t_s))
        return self.w

    def _visit(self, w: engine.World, acts: Sequence[Act]) -> None:
        plan = self.part.plan
        for kind, node in acts:
            name = "resets" if kind == RESET else "refuels"
            slot = plan.nodes[node].slot
            count = w.nodes[node].resets if kind == RESET else w.generators[slot].refuels
            engine.apply(plan, w, plan.devices[node].id, {name: count + 1}, present=True)

    def _report(self, w: engine.World) -> bool:
        """Applies what each node would report now; True where anything is news."""
        plan, news = self.part.plan, False
        for k, own in self.part.of_node.items():
            if not own:
                continue
            fields = self._fields(k, own)
            if self.told.get(k) != fields:
                self.told[k] = fields
                engine.apply(plan, w, plan.devices[k].id, fields, present=True)
                news = True
        return news

    def _fields(self, k: int, own: Sequence[int]) -> dict[str, object]:
        kind, device = self.part.plan.nodes[k].kind, self.part.plan.devices[k]
        # What keeps a device dead has to be down; what shows on demand is in it from the draw on.
        broken = {self.part.failures[f].kind for f in own if self.state[f] == BROKEN}
        hidden = {self.part.failures[f].kind for f in own if self.state[f] != SOUND}
        dead = not broken.isdisjoint(DEAD) or (kind == UPS and BATTERY in hidden and self._sign(INPUT, k) == 1)
        words = [structure.loss_of(device)] if dead else []
        if START in hidden:
            words.append("fail_to_start")
        fields: dict[str, object] = {"fault": ",".join(words)}
        if kind == SWITCHGEAR and len(device.feeds) == 2:
            fields["source_set"] = "first" if TRANSFER in hidden else "auto"
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
            if failure.kind == RUN and what == GENERATOR and self.state[f] == SOUND:
                self.at_s[f] = at_s + exponential(self.streams, f, failure.mean_up_s) if sign == RUNNING else math.inf
            elif failure.ratio > 0.0 and what == SIGN_OF_DEMAND[failure.kind] and sign == CRANKING:
                self.drawn[f] = False
                if self.state[f] == LATENT:
                    self.state[f] = BROKEN
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
