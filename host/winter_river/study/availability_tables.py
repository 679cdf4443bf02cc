"""The result of a study of availability as rows for machines."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from winter_river.study.availability import Row

FIGURES = (
    "availability",
    "availability_se",
    "minutes_per_year",
    "minutes_per_year_se",
    "outages_per_year",
    "outages_per_year_se",
)
CSV_COLUMNS = ("load", "type", "node", "failure", *FIGURES, "share")
DIGITS = 6  # that are printed; the errors are far larger


def as_csv(rows: Sequence[Row]) -> str:
    """One line a load with its figures, then one for each failure that contributes to its dark time."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for row in rows:
        figures = [_text(name, getattr(row, name)) for name in FIGURES]
        writer.writerow((row.name, row.type, "", "", *figures, ""))
        for share in row.owed_to:
            minutes = ["", "", _text("", share.minutes_per_year), "", "", ""]
            writer.writerow((row.name, row.type, share.node_id, share.failure, *minutes, _text("", share.ratio)))
    return out.getvalue()


def _text(name: str, number: float) -> str:
    return f"{number:.10f}" if name == "availability" else f"{number:.{DIGITS}g}"


def as_values(rows: Sequence[Row]) -> list[dict[str, object]]:
    """The rows as plain values, for JSON."""
    return [
        {
            "load": row.name,
            "type": row.type,
            **{name: float(_text(name, getattr(row, name))) for name in FIGURES},
            "owed_to": [
                {
                    "node": share.node_id,
                    "failure": share.failure,
                    "minutes_per_year": float(_text("", share.minutes_per_year)),
                    "share": float(_text("", share.ratio)),
                }
                for share in row.owed_to
            ],
        }
        for row in rows
    ]
