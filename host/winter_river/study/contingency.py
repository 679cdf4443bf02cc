"""N-1 and N-2: every single and double loss, each run to its settled end from one healthy world.

A loss is applied as the malfunction a node would report, and the engine does the rest: transfers, starts,
batteries, trips. Time goes from change to change, so quiet hours cost nothing.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from winter_river import engine
from winter_river.study import structure
from winter_river.study.begin import Begin, beginner
from winter_river.study.held import hold_to_the_laws

HORIZON_S = 8 * 3600.0  # chosen: a shift; beyond it people have come, and the first tanks run low
STEPS_MAX = 100_000  # changes followed after one loss; more is a site that never comes to rest
HOUR_S = 3600.0

Losses = tuple[str, ...]  # ids of what is lost together, in the order of the facility


@dataclass(frozen=True, slots=True)
class Outage:
    """A load without power: from when (seconds after the loss), until when (None: it stays dark), how long in view."""

    load: str
    dead_s: float
    back_s: float | None
    down_s: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one loss leads to.

    side: where it is. outages: by load, then time. end_s: when the last thing changed. next_s: when the next
    change would come, beyond the horizon; None where nothing changes by itself any more.
    it_kwh: energy that racks went without, cooling_kwh the same of cooling units.
    """

    lost: Losses
    side: str
    outages: tuple[Outage, ...]
    end_s: float
    next_s: float | None
    it_kwh: float
    cooling_kwh: float

    @property
    def loads(self) -> tuple[str, ...]:
        """The loads that died, each once."""
        return tuple(dict.fromkeys(outage.load for outage in self.outages))

    @property
    def dark(self) -> tuple[str, ...]:
        """The loads that are dark at the end."""
        return tuple(outage.load for outage in self.outages if outage.back_s is None)


def combinations(devices: Sequence[engine.Device], order: int) -> tuple[Losses, ...]:
    """Every combination of that many devices, in their order. Raises ValueError where there are not that many."""
    ids = [device.id for device in devices]
    if not 1 <= order <= len(ids):
        raise ValueError(f"{order} losses at once; the site has {len(ids)} devices")
    return tuple(itertools.combinations(ids, order))


@dataclass(frozen=True, slots=True)
class _Part:
    """One part of a site that shares nothing with the others, at rest and sound. power_kw: of each load, by place."""

    plan: engine.Plan
    begin: Begin
    base: engine.Snapshot
    power_kw: dict[int, float]


def runner(
    devices: Sequence[engine.Device],
    calibration: str,
    horizon_s: float = HORIZON_S,
    *,
    compiled: bool = False,
    check_laws: bool = False,
) -> Callable[[Sequence[Losses]], list[Outcome]]:
    """What runs losses from one settled base; made anew in each process that takes part.

    check_laws: whether the ten laws are held against every step; a broken one raises RuntimeError.

    Each part of the site is run by itself, which is exact: by the engine's tenth law nothing in one part moves a
    bit of another. So a pair in two parts is its two single losses, and those are remembered.
    """
    whole = engine.build_plan(devices, calibration=calibration, ages=False)
    side_of = {device.id: side for device, side in zip(whole.devices, structure.sides(whole), strict=True)}
    place = {device.id: k for k, device in enumerate(devices)}
    parts = [_part(own, calibration, compiled) for own in structure.parts(whole)]
    part_of = {device.id: k for k, part in enumerate(parts) for device in part.plan.devices}
    singles: dict[str, Outcome] = {}

    def one(lost: Losses) -> Outcome:
        """The outcome of losses within one part."""
        part = parts[part_of[lost[0]]]
        if len(lost) > 1:
            return _follow(part, lost, horizon_s, check_laws)
        if lost[0] not in singles:
            singles[lost[0]] = _follow(part, lost, horizon_s, check_laws)
        return singles[lost[0]]

    def run(chunk: Sequence[Losses]) -> list[Outcome]:
        found = []
        for lost in chunk:
            apart: dict[int, list[str]] = {}
            for node_id in lost:
                apart.setdefault(part_of[node_id], []).append(node_id)
            sides = {letter for node_id in lost for letter in side_of[node_id].split("+") if letter}
            found.append(_joined(lost, "+".join(sorted(sides)), [one(tuple(ids)) for ids in apart.values()], place))
        return found

    return run


def _part(devices: Sequence[engine.Device], calibration: str, compiled: bool) -> _Part:
    plan = engine.build_plan(devices, calibration=calibration, ages=False)
    w = engine.new_world(plan)
    power_kw = {}
    for k in structure.loads(plan):
        power = engine.view(plan, w, plan.devices[k].id)["power_kw"]
        assert isinstance(power, float)
        power_kw[k] = power
    return _Part(plan, beginner(plan, compiled=compiled), engine.snapshot(plan, w), power_kw)


def _joined(lost: Losses, side: str, parts: Sequence[Outcome], place: dict[str, int]) -> Outcome:
    """The outcome of losses in several parts at once."""
    outages = sorted((outage for part in parts for outage in part.outages), key=lambda o: (place[o.load], o.dead_s))
    return Outcome(
        lost=lost,
        side=side,
        outages=tuple(outages),
        end_s=max(part.end_s for part in parts),
        next_s=min((part.next_s for part in parts if part.next_s is not None), default=None),
        it_kwh=sum(part.it_kwh for part in parts),
        cooling_kwh=sum(part.cooling_kwh for part in parts),
    )


def _follow(part: _Part, lost: Losses, horizon_s: float, check_laws: bool) -> Outcome:
    """One part to its settled end, from change to change."""
    plan, w = part.plan, part.begin(part.base)
    begin_s = w.t_s
    for node_id in lost:
        fault = structure.loss_of(plan.devices[plan.index[node_id]])
        engine.apply(plan, w, node_id, {"fault": fault}, present=True)
    spells: dict[int, list[list[float]]] = {k: [] for k in part.power_kw}
    lit = dict.fromkeys(part.power_kw, True)
    end_s = dt_s = 0.0
    for _ in range(STEPS_MAX):
        events = engine.step(plan, w, dt_s)
        if check_laws:
            hold_to_the_laws(plan, w, events)
        if events:
            end_s = w.t_s - begin_s
        for k in lit:
            if w.nodes[k].live != lit[k]:
                lit[k] = not lit[k]
                if lit[k]:
                    spells[k][-1].append(w.t_s - begin_s)
                else:
                    spells[k].append([w.t_s - begin_s])
        dt_s = engine.next_change_s(plan, w)
        if w.t_s - begin_s + dt_s > horizon_s:
            break
    else:
        raise RuntimeError(f"the site does not come to rest after the loss of {' and '.join(lost)}")
    found = {k: [_outage(plan.devices[k].id, spell, horizon_s) for spell in spells[k]] for k in spells}
    missed_kwh = {structure.RACK: 0.0, structure.COOLING: 0.0}
    for k, outages in found.items():
        missed_kwh[engine.part_of(plan.devices[k].type)] += (
            part.power_kw[k] * sum(outage.down_s for outage in outages) / HOUR_S
        )
    return Outcome(
        lost=lost,
        side="",
        outages=tuple(outage for outages in found.values() for outage in outages),
        end_s=end_s,
        next_s=None if math.isinf(dt_s) else w.t_s - begin_s + dt_s,
        it_kwh=missed_kwh[structure.RACK],
        cooling_kwh=missed_kwh[structure.COOLING],
    )


def _outage(load: str, spell: Sequence[float], horizon_s: float) -> Outage:
    back_s = spell[1] if len(spell) == 2 else None
    return Outage(load, spell[0], back_s, (horizon_s if back_s is None else back_s) - spell[0])


def worst_first(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """By energy that racks went without, then cooling, then the earliest death; ties stay as they are."""

    def key(outcome: Outcome) -> tuple[float, float, float]:
        first_s = min((outage.dead_s for outage in outcome.outages), default=math.inf)
        return -round(outcome.it_kwh, 6), -round(outcome.cooling_kwh, 6), round(first_s, 6)

    return tuple(sorted(outcomes, key=key))


def together(singles: Sequence[Outcome], outcome: Outcome) -> tuple[str, ...]:
    """The loads that only the combination kills: none of its single losses does."""
    alone = {load for single in singles if set(single.lost) <= set(outcome.lost) for load in single.loads}
    return tuple(load for load in outcome.loads if load not in alone)
