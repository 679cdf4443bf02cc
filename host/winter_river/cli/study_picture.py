"""Pictures of studies; the only part that needs matplotlib, the extra `picture`."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from winter_river.cli.errors import CommandError, UsageError

if TYPE_CHECKING:
    from winter_river.study.contingency import Outcome
    from winter_river.study.contingency_tables import Findings

SUFFIXES = (".svg", ".png")
DEVICES_MAX = 300  # of a picture of pairs; chosen: about five times what fills a screen
ROWS_MAX = 60  # losses that one can read in a picture; the worst are drawn
HOUR_S = 3600.0
CURE = "--picture needs matplotlib; cure: {python} -m pip install 'matplotlib>=3.7'"


def check(path: Path, *, order: int, devices: int) -> None:
    """Whether a picture of this study can be drawn there, asked before the work.

    Raises UsageError where it cannot, CommandError with the cure where matplotlib is missing.
    """
    if order == 2 and devices > DEVICES_MAX:
        raise UsageError(
            f"--picture draws pairs of at most {DEVICES_MAX} devices, not {devices}; --csv has all of them"
        )
    if path.suffix not in SUFFIXES:
        raise UsageError(f"--picture: {path} must end in {' or '.join(SUFFIXES)}")
    try:
        import matplotlib  # noqa: F401 - only whether it is there
    except ImportError:
        raise CommandError(CURE.format(python=sys.executable)) from None


def draw_losses(found: "Findings", loads: Sequence[str], nodes: Sequence[str], path: Path, *, title: str) -> None:
    """Singles: losses by loads, coloured by hours dark. Doubles: device by device, coloured by racks' energy missed."""
    shown = found.singles[:ROWS_MAX]
    struck = [load for load in loads if any(load in outcome.loads for outcome in shown)] or list(loads[:1])
    figure, axes = _page(nodes if found.doubles else struck, nodes if found.doubles else shown)
    if found.doubles:
        cells, rows, columns = _pairs(found, nodes)
        what, note = "energy the racks miss, kWh", "on the diagonal: the single loss"
    else:
        cells, rows, columns = [_hours(outcome, struck) for outcome in shown], [o.lost[0] for o in shown], struck
        what, note = "hours dark", "in a cell: seconds until it dies"
        darkest = max(max(row) for row in cells)
        for down, outcome in enumerate(shown):
            for outage in outcome.outages:
                across = struck.index(outage.load)
                colour = "white" if cells[down][across] > darkest / 2 else "black"
                label = f"{outage.dead_s:.0f}"
                axes.text(across, down, label, ha="center", va="center", fontsize=6, color=colour)
    image = axes.imshow(cells, cmap="OrRd", vmin=0, aspect="auto")
    axes.set_xticks(range(len(columns)), columns, rotation=90, fontsize=7)
    axes.set_yticks(range(len(rows)), rows, fontsize=7)
    axes.set_title(f"{title}\n{note}", fontsize=9)
    figure.colorbar(image, label=what)
    # The same study gives the same bytes.
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else {"Software": None}, dpi=150)


def _page(columns: Sequence[object], rows: Sequence[object]) -> tuple[Any, Any]:
    import matplotlib

    matplotlib.use("Agg")  # no screen is needed, nor looked for
    matplotlib.rcParams["svg.hashsalt"] = "winter-river"
    matplotlib.rcParams["svg.fonttype"] = "none"
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4 + 0.22 * len(columns), 3 + 0.2 * len(rows)), layout="constrained")
    return figure, figure.subplots()


def _hours(outcome: "Outcome", loads: Sequence[str]) -> list[float]:
    return [sum(o.down_s for o in outcome.outages if o.load == load) / HOUR_S for load in loads]


def _pairs(found: "Findings", nodes: Sequence[str]) -> tuple[list[list[float]], list[str], list[str]]:
    missed = {outcome.lost: outcome.it_kwh for outcome in (*found.singles, *found.doubles)}
    cells = [
        [missed.get((one,) if one == other else (one, other), missed.get((other, one), 0.0)) for other in nodes]
        for one in nodes
    ]
    return cells, list(nodes), list(nodes)
