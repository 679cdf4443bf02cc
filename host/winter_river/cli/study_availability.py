"""`study availability`: how available a site is over the years."""

import functools
import time
from typing import TYPE_CHECKING, Annotated

import typer

from winter_river.cli import study_options
from winter_river.cli.errors import UsageError
from winter_river.cli.options import JsonOption
from winter_river.cli.values import json_text, table_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from winter_river.engine import Device
    from winter_river.study.assumptions import Assumptions
    from winter_river.study.availability import Row
    from winter_river.study.tallies import Tallies

YEARS_MAX = 100_000_000.0  # chosen: some hours of two processors
LOADS_SHOWN_MAX = 40  # a table is read by a person
JOBS = 50  # so that the bar moves in steps of two per cent
PLAIN_YEARS_MAX = 5_000.0  # facility-years up to which a second process costs more than it brings
CLAIM = (
    "The rates are the facility's own where it states them, else those of `winter-river reference rates`, with their\n"
    "sources. No agreement with the Gold Book (IEEE 493) is claimed."
)


def availability(
    facility: study_options.FacilityArgument,
    years: Annotated[float, typer.Option("--years", help="Years of the site, over all worlds.")] = 10_000.0,
    worlds: Annotated[int, typer.Option("--worlds", min=2, max=1_000_000, help="Shared among so many worlds.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Where randomness starts.")] = 1,
    calibration: study_options.CalibrationOption = None,
    refuel_h: Annotated[
        float, typer.Option("--refuel-h", min=0.1, max=10_000.0, help="Hours from a start to a full tank.")
    ] = 8.0,
    reset_h: Annotated[
        float, typer.Option("--reset-h", min=0.01, max=10_000.0, help="Hours from a trip to its reset.")
    ] = 1.0,
    rows: Annotated[int, typer.Option("--rows", min=1, help="How many contributing failures to show.")] = 12,
    csv: study_options.CsvOption = None,
    processes: study_options.ProcessesOption = None,
    check_laws: study_options.CheckLawsOption = False,
    json: JsonOption = False,
) -> None:
    """Run a site through thousands of years of failures and repairs.

    Availability, outages and minutes a year of each load and of the racks as a whole, with standard errors, and which
    failures they are owed to. The same seed gives the same answer, with any number of processes.

    \b
    A facility file states a node's own figures among its ratings:
      utility_a: {type: utility, failures_per_year: 1.02, repair_h: 2.02}

    \b
    Example:
      winter-river study availability block-2n-24 --years 100000 --seed 7
    """
    from winter_river.cli import study_workers
    from winter_river.study import telling
    from winter_river.study.assumptions import Assumptions
    from winter_river.study.availability import prepare, summary
    from winter_river.study.availability_tables import as_csv, as_values
    from winter_river.study.structure import is_load

    if not 0.0 < years <= YEARS_MAX:
        raise UsageError(f"--years is {years:g}; must be above 0 and at most {YEARS_MAX:.0f}")
    site = study_options.load(facility, calibration)
    devices = study_options.plain_devices(site)
    if not any(is_load(device.type) for device in devices):
        raise UsageError(f"{site.name} has no loads, so there is nothing to be available")
    assumptions = Assumptions(refuel_h=refuel_h, reset_h=reset_h)
    compiled = years > PLAIN_YEARS_MAX and study_workers.compile_once(telling.is_kept, prepare)
    laws_every = 1 if check_laws else 0
    make = functools.partial(
        _runner, devices, site.calibration, seed, years / worlds, assumptions, compiled, laws_every
    )
    begin_s = time.monotonic()
    tallies = _tallies(make, worlds, years, processes, site.name)
    took_s = time.monotonic() - begin_s
    # Not among the results: it depends on the machine, and those are the same on every run.
    typer.echo(f"{years / max(took_s, 1e-9):,.0f} facility-years a second", err=True)
    found = summary(devices, tallies, years / worlds)
    if csv is not None:
        csv.write_text(as_csv(found), encoding="utf-8")
    head = {"facility": site.name, "calibration": site.calibration, "years": years, "worlds": worlds, "seed": seed}
    if json:
        values = {
            "study": "availability",
            **head,
            "assumptions": list(assumptions.sentences()),
            "loads": as_values(found),
        }
        typer.echo(json_text(values))
        return
    typer.echo(
        f"Availability of {site.name}, {site.calibration} calibration: {years:,.0f} years in {worlds:,} worlds, "
        f"seed {seed}"
    )
    _tell(found, assumptions, rows)


def _runner(
    devices: "tuple[Device, ...]",
    calibration: str,
    seed: int,
    world_years: float,
    assumptions: "Assumptions",
    compiled: bool,
    laws_every: int,
) -> "Callable[[Sequence[int]], Tallies]":
    from winter_river.study.availability import runner

    return runner(
        devices,
        calibration,
        seed=seed,
        world_years=world_years,
        assumptions=assumptions,
        compiled=compiled,
        laws_every=laws_every,
    )


def _tallies(
    make: "Callable[[], Callable[[Sequence[int]], Tallies]]",
    worlds: int,
    years: float,
    processes: int | None,
    what: str,
) -> "Tallies":
    from winter_river.cli.study_workers import processes_default, spread
    from winter_river.study.tallies import Tallies

    if processes is None:
        processes = 1 if years <= PLAIN_YEARS_MAX else processes_default()
    size = -(-worlds // JOBS)
    jobs: list[Sequence[int]] = [range(k, min(k + size, worlds)) for k in range(0, worlds, size)]
    with study_options.progress(f"availability of {what}", worlds) as advance:
        found = spread(make, jobs, processes=processes, done=lambda place: advance(len(jobs[place])))
    return sum(found, Tallies())


def _tell(found: "Sequence[Row]", assumptions: "Assumptions", rows: int) -> None:
    columns = ("load", "availability", "minutes a year", "outages a year", "minutes each", "most owed to")
    typer.echo("\n" + table_text(columns, [_row(row) for row in found[:LOADS_SHOWN_MAX]]))
    if len(found) > LOADS_SHOWN_MAX:
        typer.echo(f"... and {len(found) - LOADS_SHOWN_MAX} more loads; --csv and --json have all")
    typer.echo("`+-` is one standard error over the worlds. `any rack`: dark while at least one rack is.")
    typer.echo("\nWhat the racks' dark minutes are owed to (failures that only together suffice count each):")
    shares = [
        {"device": share.node_id, "failure": share.failure, "share": f"{share.ratio:.1%}"}
        for share in found[0].owed_to[:rows]
    ]
    typer.echo(table_text(("device", "failure", "share"), shares) if shares else "  nothing: no rack was ever dark")
    typer.echo("\nAssumed:")
    for sentence in assumptions.sentences():
        typer.echo(f"  {sentence}")
    typer.echo(CLAIM)


def _row(row: "Row") -> dict[str, object]:
    worst = row.owed_to[0] if row.owed_to else None
    return {
        "load": row.name,
        "availability": f"{row.availability:.7f}",
        "minutes a year": f"{row.minutes_per_year:.4g} +- {row.minutes_per_year_se:.2g}",
        "outages a year": f"{row.outages_per_year:.4g} +- {row.outages_per_year_se:.2g}",
        "minutes each": f"{row.minutes_per_outage:.4g}",
        "most owed to": f"{worst.node_id} {worst.failure} ({worst.ratio:.0%})".strip() if worst else "-",
    }
