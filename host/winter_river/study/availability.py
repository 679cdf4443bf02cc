"""How available a site is: many worlds through the years, counted per load and for the racks as a whole.

Parts of a site that share nothing are run each by itself, which is exact: the engine's tenth law says that nothing
of one part moves a bit of another, and failures are independent.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from winter_river import engine
from winter_river.study import structure
from winter_river.study.assumptions import Assumptions
from winter_river.study.part import BYTES_MAX, Part
from winter_river.study.rates import YEAR_S, Failure, failures
from winter_river.study.tallies import PartSums, Tallies, part_sums

MINUTES_A_YEAR = YEAR_S / 60.0
WORLDS_MAX = 1000  # chosen: so many run before their sums are taken


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
    return tuple(device for device in devices if structure.is_load(device.type))


def steady(devices: Sequence[engine.Device]) -> tuple[engine.Device, ...]:
    """The same without its hours: passages are remembered by what is broken, whatever the time of day."""
    noon = engine.Profile((0.0,), (1.0,))
    return tuple(dataclasses.replace(d, profile=noon if engine.part_of(d.type) == "pv" else None) for d in devices)


def runner(
    devices: Sequence[engine.Device],
    calibration: str,
    *,
    seed: int,
    world_years: float,
    assumptions: Assumptions,
    remember: bool = True,
    compiled: bool = False,
    laws_every: int = 0,
) -> Callable[[Sequence[int]], Tallies]:
    """What runs worlds by number; made anew in each process that takes part.

    remember: whether passages are remembered; the answer is the same but for the last digits of the times.
    compiled: whether worlds are stepped compiled (engine/fast); the answer is the same.
    laws_every: the ten laws are checked after every so manieth step of a passage, 0 for none (part.Part).
    """
    options: dict[str, Any] = {"remembers": remember, "compiled": compiled, "laws_every": laws_every}
    options |= {"seed": seed, "end_s": world_years * YEAR_S, "assumptions": assumptions}
    parts = parts_of(steady(devices), calibration, **options)
    place = {device.id: k for k, device in enumerate(loads_of(devices))}

    def run(worlds: Sequence[int]) -> Tallies:
        chunks = [worlds[begin : begin + WORLDS_MAX] for begin in range(0, len(worlds), WORLDS_MAX)]
        return Tallies((len(chunk), _sums(parts, chunk, place)) for chunk in chunks)

    return run


def prepare() -> None:
    """Compiles what a study needs, or fetches it: the best part of a minute, or a tenth of a second."""
    devices = (engine.Device("utility", "utility", (), {"voltage_v": 480.0}),)
    run = runner(devices, "training", seed=0, world_years=1.0, assumptions=Assumptions(), compiled=True)
    run(range(1))


def parts_of(devices: Sequence[engine.Device], calibration: str, **options: Any) -> list[Part]:
    """The parts of a site, each with its own plan. options: of part.Part."""
    split = structure.parts(engine.build_plan(devices, calibration=calibration, ages=False))
    found = []
    for own in split:
        # The laws want to see it all; the study itself reads nothing of it.
        plan = engine.build_plan(own, calibration=calibration, ages=False, reports=options.get("laws_every", 0) > 0)
        numbered = [(k, failure) for k, failure in enumerate(failures(devices)) if failure.node_id in plan.index]
        each, numbers = [failure for _, failure in numbered], [k for k, _ in numbered]
        found.append(Part(plan, each, numbers, bytes_max=BYTES_MAX // len(split), **options))
    return found


def _sums(parts: Sequence[Part], worlds: Sequence[int], place: dict[str, int]) -> tuple[PartSums, ...]:
    """Some worlds, in the site's own numbers of loads and failures."""
    found: list[PartSums] = []
    before = None
    for part in parts:
        loads = [*(place[node] for node in part.loads), len(place)]
        found.append(part_sums(part.run(worlds, before), loads))
        before = part
    return tuple(found)


def summary(devices: Sequence[engine.Device], tallies: Tallies, world_years: float) -> tuple[Row, ...]:
    """The racks as a whole, then each load in the order of the facility. tallies: of the worlds, in their order."""
    loads, all_failures = loads_of(devices), failures(devices)
    owed: list[dict[int, float]] = [{} for _ in range(len(loads) + 1)]
    for (load, failure), seconds in tallies.owed_s().items():
        for row in (load, len(loads)) if structure.is_rack(loads[load].type) else (load,):
            owed[row][failure] = owed[row].get(failure, 0.0) + seconds
    columns = [tallies.columns(k) for k in range(len(loads) + 1)]
    # Of the racks as a whole the minutes of all racks are shared out.
    rack_s = sum(sum(columns[k][0]) for k, load in enumerate(loads) if structure.is_rack(load.type))
    rows = []
    for k in (len(loads), *range(len(loads))):
        name, kind = ("any rack", "site") if k == len(loads) else (loads[k].id, loads[k].type)
        down_s, outages = columns[k]
        dark_s = rack_s if k == len(loads) else sum(down_s)
        shares = _shares(owed[k], all_failures, dark_s, len(tallies) * world_years)
        rows.append(_row(name, kind, down_s, outages, world_years, shares))
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
