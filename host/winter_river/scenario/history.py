"""What a class has done: one JSON line a finished exercise, in a file that survives being killed at any moment.

A line is written in one piece and flushed to the disk before add() gives back; a line that was cut off by a crash is
passed over when the file is read, and the next one starts on a line of its own.
"""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path
from typing import Any

from winter_river.scenario.reports import summary_fields
from winter_river.scenario.result import Result

ROWS_MAX = 10_000  # chosen: years of classes; older ones are not read
LINE_BYTES_MAX = 20_000
COLUMNS = (
    "at", "trainee", "scenario", "title", "exam", "passed", "points", "points_max", "points_pass", "t_s",
    "energy_not_served_kwh", "hints", "refused", "unneeded", "missed", "failed_steps", "backtracks", "stopped", "seed",
    "debrief",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run a cell that begins so


class History:
    """The file of one site's classes. Several processes may add at once; nobody changes what is there."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, result: Result, *, at: str, debrief: str = "") -> dict[str, Any]:
        """Keep the summary of a result; gives it as it stands in the file.

        at: when it ended, ISO 8601 (`2026-11-21T09:30:00Z`). debrief: where its page is. Raises OSError.
        """
        row = {"at": at, **summary_fields(result), "debrief": debrief}
        line = json.dumps(row, ensure_ascii=False, allow_nan=False).encode() + b"\n"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # One write() in append mode: lines of two processes do not mix.
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(file, line if self._ends_whole() else b"\n" + line)
            os.fsync(file)
        finally:
            os.close(file)
        return row

    def rows(self) -> tuple[dict[str, Any], ...]:
        """The summaries, oldest first; empty where there is no file yet."""
        if not self.path.exists():
            return ()
        with self.path.open("rb") as file:
            lines = [_row(line) for line in file]
        return tuple(row for row in lines if row is not None)[-ROWS_MAX:]

    def csv(self) -> str:
        """The table for a spreadsheet or a learning system: a header, then a line each, oldest first."""
        out = io.StringIO()
        writer = csv.DictWriter(out, COLUMNS, extrasaction="ignore", lineterminator="\r\n")
        writer.writeheader()
        for row in self.rows():
            writer.writerow({name: _cell(row.get(name, "")) for name in COLUMNS})
        return out.getvalue()

    def _ends_whole(self) -> bool:
        """Whether the file ends with a whole line, or is empty."""
        try:
            with self.path.open("rb") as file:
                file.seek(-1, os.SEEK_END)
                return file.read(1) == b"\n"
        except OSError:  # no file yet, or an empty one
            return True


def _row(line: bytes) -> dict[str, Any] | None:
    if len(line) > LINE_BYTES_MAX:
        return None
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else value
