"""Studies on the engine alone: every single and double loss, and availability over the years."""

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from winter_river.cli.errors import UsageError
from winter_river.cli.options import JsonOption
from winter_river.cli.study_options import (
    CalibrationOption,
    CheckLawsOption,
    CsvOption,
    FacilityArgument,
    ProcessesOption,
    load,
    plain_devices,
    progress,
)
from winter_river.cli.values import json_text, seconds, table_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from winter_river.engine import Device
    from winter_river.facility import Facility
    from winter_river.study.contingency import Losses, Outage, Outcome
    from winter_river.study.contingency_tables import Findings

CHUNK = 16  # losses in one job: some 100 ms of work, so that the bar moves and few are lost at the end
PLAIN_MAX = 5000  # losses up to which a second process costs more than it brings
LOADS_SHOWN_MAX = 4
DOUBLES_MAX = 200_000  # chosen: 632 devices, about an hour; beyond it lies a question for a smaller site
ROWS_MAX = 100_000

_HELP = """Study a site on the engine alone, as fast as it goes.

\b
Examples:
  winter-river study n-1 block-2n-24          lose every device, one at a time
  winter-river study n-2 block-2n-24          lose every two at once
  winter-river study availability block-2n-24 --years 10000
"""


def add_to(app: typer.Typer) -> None:
    """Adds study with its commands."""
    from winter_river.cli import study_availability

    group = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
    group.command("n-1")(n_1)
    group.command("n-2")(n_2)
    group.command("availability")(study_availability.availability)
    app.add_typer(group, name="study", help=_HELP)


UntilOption = Annotated[str, typer.Option("--until", help="How long each loss is followed: 8h, 30m, 90s.")]
RowsOption = Annotated[int, typer.Option("--rows", min=1, max=ROWS_MAX, help="How many of the worst to show.")]
PictureOption = Annotated[
    Path | None, typer.Option("--picture", help="Draw it to this .svg or .png file (needs matplotlib).")
]


def n_1(
    facility: FacilityArgument,
    calibration: CalibrationOption = None,
    until: UntilOption = "8h",
    rows: RowsOption = 50,
    csv: CsvOption = None,
    picture: PictureOption = None,
    processes: ProcessesOption = None,
    check_laws: CheckLawsOption = False,
    json: JsonOption = False,
) -> None:
    """Lose every device, one at a time.

    Each loss is followed to its settled end: after transfers, generator starts and batteries. Which loads die, when,
    and for how long; the worst loss first. A utility is lost by an outage, everything else by its fault;
    what a sag or a frequency that is off would do is not asked: `simulate --script` plays such a loss.

    \b
    Example:
      winter-river study n-1 block-2n-24 --csv losses.csv --picture losses.svg
    """
    _study(1, facility, calibration, until, rows, csv, picture, processes, check_laws, json)


def n_2(
    facility: FacilityArgument,
    calibration: CalibrationOption = None,
    until: UntilOption = "8h",
    rows: RowsOption = 25,
    csv: CsvOption = None,
    picture: PictureOption = None,
    processes: ProcessesOption = None,
    check_laws: CheckLawsOption = False,
    json: JsonOption = False,
) -> None:
    """Lose every two devices at once.

    As n-1, for every pair; loads that only the pair kills, and neither loss alone, are marked.

    \b
    Example:
      winter-river study n-2 block-2n-24 --rows 10
    """
    _study(2, facility, calibration, until, rows, csv, picture, processes, check_laws, json)


def _study(
    order: int,
    name: str,
    calibration: str | None,
    until: str,
    rows: int,
    csv: Path | None,
    picture: Path | None,
    processes: int | None,
    check_laws: bool,
    json: bool,
) -> None:
    from winter_river.cli import study_workers
    from winter_river.study import contingency, contingency_tables
    from winter_river.study.structure import is_load

    horizon_s = seconds(until, option="--until")
    site = load(name, calibration)
    if picture is not None:
        from winter_river.cli import study_picture

        study_picture.check(picture, order=order, devices=len(site.nodes))
    types = {node.id: node.type for node in site.nodes.values()}
    devices = plain_devices(site)
    loads = [device.id for device in devices if is_load(device.type)]
    if not loads:
        raise UsageError(f"{site.name} has no loads, so no loss can hurt it")
    if order == 2 and len(devices) * (len(devices) - 1) // 2 > DOUBLES_MAX:
        raise UsageError(f"{site.name} has {len(devices)} devices, too many pairs (at most {DOUBLES_MAX}); use n-1")
    losses = [contingency.combinations(devices, number) for number in range(1, order + 1)]
    compiled = sum(len(each) for each in losses) > PLAIN_MAX and study_workers.compile_once()
    run = functools.partial(_runner, devices, site.calibration, horizon_s, compiled, check_laws)
    singles = _outcomes(run, losses[0], processes, f"n-1 of {site.name}")
    doubles = _outcomes(run, losses[1], processes, f"n-2 of {site.name}") if order == 2 else []
    found = contingency_tables.findings(singles, doubles, types)
    if csv is not None:
        csv.write_text(contingency_tables.as_csv(found), encoding="utf-8")
    if picture is not None:
        study_picture.draw_losses(found, loads, [device.id for device in devices], picture, title=_title(order, site))
    if json:
        head = {"study": f"n-{order}", "facility": site.name, "calibration": site.calibration, "horizon_s": horizon_s}
        typer.echo(json_text({**head, **contingency_tables.as_values(found, types)}))
    else:
        _tell(found, site, order, until, rows, types)


def _runner(
    devices: "tuple[Device, ...]", calibration: str, horizon_s: float, compiled: bool, check_laws: bool
) -> "Callable[[list[Losses]], list[Outcome]]":
    from winter_river.study.contingency import runner

    return runner(devices, calibration, horizon_s, compiled=compiled, check_laws=check_laws)


def _outcomes(
    make: "Callable[[], Callable[[list[Losses]], list[Outcome]]]",
    losses: "tuple[Losses, ...]",
    processes: int | None,
    what: str,
) -> "list[Outcome]":
    from winter_river.cli.study_workers import processes_default, spread

    jobs = [list(losses[k : k + CHUNK]) for k in range(0, len(losses), CHUNK)]
    if processes is None:
        processes = 1 if len(losses) <= PLAIN_MAX else processes_default()
    with progress(what, len(losses)) as advance:
        found = spread(make, jobs, processes=processes, done=lambda place: advance(len(jobs[place])))
    return [outcome for chunk in found for outcome in chunk]


def _title(order: int, site: "Facility") -> str:
    return f"N-{order} of {site.name}, {site.calibration} calibration"


def _tell(found: "Findings", site: "Facility", order: int, until: str, rows: int, types: "dict[str, str]") -> None:
    from winter_river.study.contingency_tables import single_points
    from winter_river.study.structure import is_rack

    asked = found.asked
    kills = [outcome for outcome in asked if any(is_rack(types[load]) for load in outcome.loads)]
    what = "loss" if order == 1 else "pair of losses"
    typer.echo(f"{_title(order, site)}: each {what} followed for {until}, or until nothing changes any more")
    typer.echo(f"{len(kills)} of {len(asked)} kill racks, of which the site has {found.racks}.\n")
    columns = ("lost", "side", "racks", "die at", "until", "miss", "cooling", "loads that die")
    typer.echo(table_text(columns, [_row(outcome, found, types) for outcome in asked[:rows]]))
    if len(asked) > rows:
        typer.echo(f"... and {len(asked) - rows} more; --rows shows them, --csv and --json have all")
    if order == 2:
        new = [outcome for outcome in asked if found.only_together(outcome)]
        typer.echo(f"\n{len(new)} pairs kill a load that neither loss alone kills; those loads are marked *.")
    causes = single_points(found, types)
    typer.echo("\nCommon causes, one loss that leaves racks dark (a rack's own loss apart):")
    for node_id, racks in causes:
        typer.echo(f"  {node_id}: {len(racks)} of {found.racks} racks")
    if not causes:
        typer.echo("  none")


def _row(outcome: "Outcome", found: "Findings", types: "dict[str, str]") -> dict[str, object]:
    from winter_river.study.structure import is_rack

    row: dict[str, object] = {"lost": " + ".join(outcome.lost), "side": outcome.side, "loads that die": "-"}
    if not outcome.outages:
        return row
    new = found.only_together(outcome)
    names = [f"{load}*" if load in new else load for load in outcome.loads]
    more = len(names) - LOADS_SHOWN_MAX
    racks = [outage for outage in outcome.outages if is_rack(types[outage.load])]
    cooling = [outage for outage in outcome.outages if not is_rack(types[outage.load])]
    row["loads that die"] = ", ".join(names[:LOADS_SHOWN_MAX]) + (f" and {more} more" if more > 0 else "")
    if racks:
        row["racks"] = len({outage.load for outage in racks})
        row["die at"] = _time(min(outage.dead_s for outage in racks))
        row["until"] = _until(racks)
        row["miss"] = f"{outcome.it_kwh:.0f} kWh" if outcome.it_kwh >= 1 else f"{outcome.it_kwh:.2g} kWh"
    if cooling:
        row["cooling"] = f"{len({outage.load for outage in cooling})}, until {_until(cooling)}"
    return row


def _until(outages: "list[Outage]") -> str:
    """When the last of them is fed again, `the end` where one is not."""
    backs_s = [outage.back_s for outage in outages if outage.back_s is not None]
    return _time(max(backs_s)) if len(backs_s) == len(outages) else "the end"


def _time(t_s: float) -> str:
    """`99.97 s`, or `12 min 05 s` from ten minutes up."""
    return f"{t_s:.4g} s" if t_s < 600 else f"{int(t_s) // 60} min {int(t_s) % 60:02d} s"
