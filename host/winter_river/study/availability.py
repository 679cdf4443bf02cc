"""How available a site is: many worlds through the years, counted per load and for the racks as a whole.

Parts of a site that share nothing are run each by itself, which is exact: the engine's tenth law says that nothing
of one part moves a bit of another, and failures are independent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from winter_river import engine
from winter_river.study import structure, years
from winter_river.study.assumptions import Assumptions
from winter_river.study.begin import beginner
from winter_river.study.memory import BYTES_MAX, Memory
from winter_river.study.part import Outage, Part
from winter_river.study.rates import YEAR_S, Failure, failures

MINUTES_A_YEAR = YEAR_S / 60.0


@dataclass(frozen=True, slots=True)
class WorldTally:
    """One world: seconds dark and outages begun of each load and, last, of the racks as a whole (any of them dark).

    owed_s: by (load, failure) seconds dark; a failure of -1 stands for an outage that no failure explains.
    """

    down_s: tuple[float, ...]
    outages: tuple[int, ...]
    owed_s: dict[tuple[int, int], float]


@dataclass(frozen=True, slots=True)
class Share:
    """What one failure contributes to a load's dark time; minutes of two that only together suffice count for both.

    minutes_per_year: of the load; for the racks as a whole, of all racks added up. ratio: of all that is dark.
    """

    node_id: str
    failure: str
    minutes_per_year: float
    ratio: float


@dataclass(frozen=True, slots=True)
class Row:
    """One load, or the racks as a whole. `..._se`: standard error of the mean over worlds."""

    name: str
    type: str
    availability: float
    availability_se: float
    minutes_per_year: float
    minutes_per_year_se: float
    outages_per_year: float
    outages_per_year_se: float
    minutes_per_outage: float
    owed_to: tuple[Share, ...]


def loads_of(devices: Sequence[engine.Device]) -> tuple[engine.Device, ...]:
    """What is counted, in the order of the facility."""
    return tuple(device for device in devices if device.type in structure.LOADS)


def runner(
    devices: Sequence[engine.Device],
    calibration: str,
    *,
    seed: int,
    world_years: float,
    assumptions: Assumptions,
    remember: bool = True,
    compiled: bool = False,
) -> Callable[[Sequence[int]], list[WorldTally]]:
    """What runs worlds by number; made anew in each process that takes part.

    remember: whether passages are remembered; the answer is the same but for the last digits of the times.
    compiled: whether worlds are stepped compiled (engine/fast); the answer is the same.
    """
    whole = engine.build_plan(devices, calibration=calibration)
    all_failures = failures(devices)
    split = structure.parts(whole)
    parts = [
        _part(
            own, calibration, all_failures, assumptions, Memory(BYTES_MAX // len(split)) if remember else None, compiled
        )
        for own in split
    ]
    place = {device.id: k for k, device in enumerate(loads_of(devices))}
    racks = frozenset(k for k, device in enumerate(loads_of(devices)) if device.type == "server")
    end_s = world_years * YEAR_S

    def run(worlds: Sequence[int]) -> list[WorldTally]:
        return [_tally(_outages(parts, place, seed, world, end_s), len(place), racks) for world in worlds]

    return run


def _part(
    devices: Sequence[engine.Device],
    calibration: str,
    all_failures: Sequence[Failure],
    assumptions: Assumptions,
    memory: Memory | None,
    compiled: bool,
) -> Part:
    plan = engine.build_plan(devices, calibration=calibration)
    own = [(number, failure) for number, failure in enumerate(all_failures) if failure.node_id in plan.index]
    return Part(
        plan=plan,
        failures=tuple(failure for _, failure in own),
        numbers=tuple(number for number, _ in own),
        assumptions=assumptions,
        memory=memory,
        begin=beginner(plan, compiled=compiled),
    )


def _outages(parts: Sequence[Part], place: dict[str, int], seed: int, world: int, end_s: float) -> list[Outage]:
    """The outages of one world over all parts, in the site's own numbers of loads and failures."""
    found = []
    for part in parts:
        for outage in years.run(part, seed=seed, world=world, end_s=end_s):
            load = place[part.plan.devices[outage.load].id]
            owed = tuple(part.numbers[f] for f in outage.owed_to)
            found.append(Outage(load, outage.begin_s, outage.end_s, owed))
    return found


def _tally(outages: Sequence[Outage], loads: int, racks: frozenset[int]) -> WorldTally:
    down_s, begun = [0.0] * (loads + 1), [0] * (loads + 1)
    owed_s: dict[tuple[int, int], float] = {}
    for outage in outages:
        lasts_s = outage.end_s - outage.begin_s
        down_s[outage.load] += lasts_s
        begun[outage.load] += outage.begin_s > 0.0  # what was dark at the beginning began before it
        for failure in outage.owed_to or (-1,):
            owed_s[outage.load, failure] = owed_s.get((outage.load, failure), 0.0) + lasts_s
    for begin_s, end_s in merged((o.begin_s, o.end_s) for o in outages if o.load in racks):
        down_s[loads] += end_s - begin_s
        begun[loads] += begin_s > 0.0
    return WorldTally(tuple(down_s), tuple(begun), owed_s)


def merged(spells: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Spells that touch or overlap as one, in order."""
    found: list[tuple[float, float]] = []
    for begin_s, end_s in sorted(spells):
        if found and begin_s <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end_s)
        else:
            found.append((begin_s, end_s))
    return found


def summary(devices: Sequence[engine.Device], tallies: Sequence[WorldTally], world_years: float) -> tuple[Row, ...]:
    """The racks as a whole, then each load in the order of the facility. tallies: of the worlds, in their order."""
    loads, all_failures = loads_of(devices), failures(devices)
    owed: list[dict[int, float]] = [{} for _ in range(len(loads) + 1)]
    for tally in tallies:
        for (load, failure), seconds in tally.owed_s.items():
            for row in (load, len(loads)) if loads[load].type == "server" else (load,):
                owed[row][failure] = owed[row].get(failure, 0.0) + seconds
    # Of the racks as a whole the minutes of all racks are shared out.
    rack_s = sum(sum(t.down_s[k] for t in tallies) for k, load in enumerate(loads) if load.type == "server")
    rows = []
    for k in (len(loads), *range(len(loads))):
        name, kind = ("any rack", "site") if k == len(loads) else (loads[k].id, loads[k].type)
        dark_s = rack_s if k == len(loads) else sum(t.down_s[k] for t in tallies)
        shares = _shares(owed[k], all_failures, dark_s, len(tallies) * world_years)
        rows.append(
            _row(name, kind, [t.down_s[k] for t in tallies], [t.outages[k] for t in tallies], world_years, shares)
        )
    return tuple(rows)


def _shares(
    owed: dict[int, float], all_failures: Sequence[Failure], dark_s: float, site_years: float
) -> tuple[Share, ...]:
    found = []
    for number, seconds in sorted(owed.items(), key=lambda item: (-item[1], item[0])):
        failure = all_failures[number] if number >= 0 else None
        node_id, name = (failure.node_id, failure.name) if failure else ("", "no failure: a transfer or a trip")
        found.append(Share(node_id, name, seconds / 60.0 / site_years, seconds / dark_s if dark_s else 0.0))
    return tuple(found)


def _row(
    name: str, kind: str, down_s: Sequence[float], outages: Sequence[int], world_years: float, shares: tuple[Share, ...]
) -> Row:
    dark, dark_se = mean_and_error([seconds / (world_years * YEAR_S) for seconds in down_s])
    rate, rate_se = mean_and_error([count / world_years for count in outages])
    return Row(
        name=name,
        type=kind,
        availability=1.0 - dark,
        availability_se=dark_se,
        minutes_per_year=dark * MINUTES_A_YEAR,
        minutes_per_year_se=dark_se * MINUTES_A_YEAR,
        outages_per_year=rate,
        outages_per_year_se=rate_se,
        minutes_per_outage=dark * MINUTES_A_YEAR / rate if rate else 0.0,
        owed_to=shares,
    )


def mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    """Mean and its standard error; an error of inf where one value says nothing of it."""
    mean = math.fsum(values) / len(values)
    if len(values) < 2:
        return mean, math.inf
    spread = math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return mean, math.sqrt(spread / len(values))
