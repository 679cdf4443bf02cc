"""What the studies share: their options, their facility, their progress bar."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from winter_river.cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from winter_river.engine import Device
    from winter_river.facility import Facility

FacilityArgument = Annotated[str, typer.Argument(help="A built-in name or a path.")]
CalibrationOption = Annotated[
    str | None, typer.Option("--calibration", help="training, quick or realistic (default: the facility's).")
]
CsvOption = Annotated[Path | None, typer.Option("--csv", help="Write every row to this file.")]
ProcessesOption = Annotated[
    int | None, typer.Option("--processes", min=1, max=16, help="How many at once (default: one a processor).")
]
CheckLawsOption = Annotated[
    bool, typer.Option("--check-laws", help="Hold every step to the laws of conservation; several times as slow.")
]


def load(name: str, calibration: str | None) -> "Facility":
    """The facility of a name or path, under another calibration where one is given."""
    from winter_river.facility import load_facility

    site = load_facility(name)
    try:
        return site if calibration is None else site.with_calibration(calibration)
    except ValueError as error:
        raise UsageError(f"--calibration: {error}") from None


def plain_devices(site: "Facility") -> "tuple[Device, ...]":
    """The devices of a site, fit to be sent to another process."""
    import dataclasses

    return tuple(dataclasses.replace(device, ratings=dict(device.ratings)) for device in site.devices())


@contextmanager
def progress(what: str, length: int) -> "Iterator[Callable[[int], None]]":
    """A bar on a terminal for long work; silent into a pipe. Gives what moves it on by so many."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with typer.progressbar(length=length, label=what, file=sys.stderr) as bar:

        def advance(by: int) -> None:
            bar.update(by)

        yield advance
