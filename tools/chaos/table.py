"""What came out, as rows: the fault, what must hold, the figure, and whether it did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One claim. held: None where it could not be tried here; then `figure` says why."""

    must: str
    figure: str
    held: bool | None

    @property
    def word(self) -> str:
        """ok, MISSED or not run."""
        return "not run" if self.held is None else "ok" if self.held else "MISSED"


def at_most(must: str, value: float, limit: float, unit: str = "") -> Row:
    """A row that holds while the value is not above the limit."""
    return Row(must, f"{value:.3g}{unit and ' ' + unit} (at most {limit:g})", value <= limit)


def none_of(must: str, wrong: Sequence[object] | int, of: int | None = None) -> Row:
    """A row that holds while nothing is wrong. of: how many there were; with none at all nothing was shown."""
    count = wrong if isinstance(wrong, int) else len(wrong)
    some = "" if isinstance(wrong, int) or not wrong else f": {', '.join(map(str, wrong[:3]))}"
    whole = "" if of is None else f" of {of}"
    return Row(must, f"{count}{whole}{some}", count == 0 and of != 0)


def not_run(must: str, why: str) -> Row:
    """A row that could not be tried on this machine."""
    return Row(must, why, None)


def lines(fault: str, rows: Sequence[Row]) -> list[str]:
    """The table's lines of one fault."""
    return [
        f"{fault if not index else '':16} {row.must:58} {row.figure:40} {row.word}" for index, row in enumerate(rows)
    ]
