"""The files of debriefs: what the class has done, over all runs on this machine."""

from __future__ import annotations

import csv
import io
import json
import re
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

KINDS = ("html", "json", "xml")
KEPT_MAX = 500  # chosen: a school year of a class; 100 kB each
_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{8}")  # made by us alone, so it can be a file's name
_LINE = "line"
_OWNERS = "links"  # of a line: no part of the table
COLUMNS = (
    *("id", "unix_s", "trainee", "scenario", "title", "exam", "passed", "points", "points_max", "points_pass", "t_s"),
    *("hints", "refused", "unneeded", "energy_not_served_kwh"),
)


class Archive:
    """A folder of debriefs. A full or read-only disk costs the debrief, not the run: keep() then gives ""."""

    def __init__(self, folder: Path, *, now: Callable[[], float] = time.time) -> None:
        self._folder, self._now = folder, now

    def keep(self, files: Mapping[str, str]) -> str:
        """Writes the files of one result (KINDS, and `line` for the table) and gives its id; the oldest make room."""
        now_s = self._now()
        moment = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now_s))
        # The fraction of the second comes first, so that two results of one second are told in their order.
        debrief_id = f"{moment}-{int(now_s % 1 * 0x10000):04x}{secrets.token_hex(2)}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for kind, text in files.items():
                (self._folder / f"{debrief_id}.{kind}").write_text(text, encoding="utf-8")
            for old in self._ids()[:-KEPT_MAX]:
                for kind in (*KINDS, _LINE):
                    (self._folder / f"{old}.{kind}").unlink(missing_ok=True)
        except OSError:
            return ""
        return debrief_id

    def read(self, debrief_id: str, kind: str) -> str | None:
        """One file of a debrief; None where there is none."""
        if not _ID.fullmatch(debrief_id) or kind not in KINDS:
            return None
        try:
            return (self._folder / f"{debrief_id}.{kind}").read_text(encoding="utf-8")
        except OSError:
            return None

    def owners(self, debrief_id: str) -> list[str]:
        """Whose debrief that is, by the ids of their links; none where there is no such debrief."""
        fields = self._line(debrief_id) if _ID.fullmatch(debrief_id) else None
        found = fields.get(_OWNERS) if fields else None
        return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []

    def table(self) -> list[dict[str, Any]]:
        """One row a result, the latest first."""
        rows = ((debrief_id, self._line(debrief_id)) for debrief_id in reversed(self._ids()))
        shown = (
            (key, {name: fields[name] for name in fields if name != _OWNERS})
            for key, fields in rows
            if fields is not None
        )
        return [{"id": debrief_id, **fields} for debrief_id, fields in shown]

    def csv(self) -> str:
        """The table as a spreadsheet takes it. A cell that a spreadsheet would run as a formula begins with a quote."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        for row in self.table():
            writer.writerow([_cell(row.get(name, "")) for name in COLUMNS])
        return out.getvalue()

    def _line(self, debrief_id: str) -> dict[str, Any] | None:
        """A debrief's row of the table; None for one that is torn, or of another version."""
        try:
            fields = json.loads((self._folder / f"{debrief_id}.{_LINE}").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return fields if isinstance(fields, dict) else None

    def _ids(self) -> list[str]:
        names = (path.stem for path in self._folder.glob(f"*.{_LINE}"))
        return sorted(name for name in names if _ID.fullmatch(name))


def _cell(value: object) -> str:
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
