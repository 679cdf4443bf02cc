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


def runner(
    devices: Sequence[engine.Device], calibration: str, horizon_s: float = HORIZON_S
) -> Callable[[Sequence[Losses]], list[Outcome]]:
    """What runs losses from one settled base; made anew in each process that takes part."""
    plan = engine.build_plan(devices, calibration=calibration)
    base = engine.snapshot(plan, engine.new_world(plan))
    side_of = structure.sides(plan)
    followed = structure.loads(plan)

    def run(chunk: Sequence[Losses]) -> list[Outcome]:
        return [_follow(plan, base, lost, side_of, followed, horizon_s) for lost in chunk]

    return run


def _follow(
    plan: engine.Plan,
    base: engine.Snapshot,
    lost: Losses,
    side_of: Sequence[str],
    followed: Sequence[int],
    horizon_s: float,
) -> Outcome:
    w = engine.restore(plan, base)
    begin_s = w.t_s
    kw = {k: engine.view(plan, w, plan.devices[k].id)["power_kw"] for k in followed}
    for node_id in lost:
        fault = structure.loss_of(plan.devices[plan.index[node_id]])
        engine.apply(plan, w, node_id, {"fault": fault}, present=True)
    spells: dict[int, list[list[float]]] = {k: [] for k in followed}
    lit = dict.fromkeys(followed, True)
    end_s = 0.0
    dt_s = 0.0
    for _ in range(STEPS_MAX):
        if engine.step(plan, w, dt_s):
            end_s = w.t_s - begin_s
        for k in followed:
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
    return Outcome(
        lost=lost,
        side="+".join(sorted({part for node_id in lost for part in side_of[plan.index[node_id]].split("+") if part})),
        outages=tuple(_outage(plan.devices[k].id, spell, horizon_s) for k in followed for spell in spells[k]),
        end_s=end_s,
        next_s=None if math.isinf(dt_s) else w.t_s - begin_s + dt_s,
        it_kwh=_unserved_kwh(plan, spells, kw, "server", horizon_s),
        cooling_kwh=_unserved_kwh(plan, spells, kw, "cooling", horizon_s),
    )


def _outage(load: str, spell: Sequence[float], horizon_s: float) -> Outage:
    back_s = spell[1] if len(spell) == 2 else None
    return Outage(load, spell[0], back_s, (horizon_s if back_s is None else back_s) - spell[0])


def _unserved_kwh(
    plan: engine.Plan, spells: dict[int, list[list[float]]], kw: dict[int, object], kind: str, horizon_s: float
) -> float:
    total = 0.0
    for k, found in spells.items():
        power_kw = kw[k]
        if plan.devices[k].type == kind and isinstance(power_kw, float):
            total += sum(power_kw * _outage("", spell, horizon_s).down_s / HOUR_S for spell in found)
    return total


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
