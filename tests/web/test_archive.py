"""Debriefs on disk: found again, bounded, harmless in a spreadsheet."""

import csv
import io
import json

from winter_river.web import archive
from winter_river.web.archive import Archive

FILES = {"html": "<p>", "json": "{}", "xml": "<x/>"}


def line(**fields):
    return FILES | {"line": json.dumps(fields)}


def test_a_debrief_is_found_again_by_its_id(tmp_path):
    kept = Archive(tmp_path / "new")
    debrief_id = kept.keep(line(trainee="Ann", points=7.5))
    assert [kept.read(debrief_id, kind) for kind in ("html", "json", "xml")] == ["<p>", "{}", "<x/>"]
    assert kept.table() == [{"id": debrief_id, "trainee": "Ann", "points": 7.5}]


def test_no_name_leads_out_of_the_folder(tmp_path):
    (tmp_path / "secret.html").write_text("secret")
    kept = Archive(tmp_path / "debriefs")
    kept.keep(line())
    assert kept.read("../secret", "html") is None
    assert kept.read("20260101-000000-00000000", "html") is None
    assert kept.read(kept.table()[0]["id"], "line") is None


def test_a_name_that_is_a_formula_stays_text(tmp_path):
    kept = Archive(tmp_path)
    kept.keep(line(trainee='=HYPERLINK("http://x")', points=-1))
    row = next(iter(csv.DictReader(io.StringIO(kept.csv()))))
    assert row["trainee"].startswith("'=")
    assert row["points"] == "-1"


def test_the_oldest_make_room(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "KEPT_MAX", 2)
    seconds = iter((1.0, 2.0, 3.0))
    kept = Archive(tmp_path, now=lambda: next(seconds))
    ids = [kept.keep(line()) for _ in range(3)]
    assert [row["id"] for row in kept.table()] == ids[:0:-1]
    assert len(list(tmp_path.iterdir())) == 8


def test_a_disk_that_takes_nothing_costs_the_debrief_alone(tmp_path):
    (tmp_path / "file").write_text("")
    assert Archive(tmp_path / "file" / "below").keep(line()) == ""


def test_a_torn_line_is_passed_over(tmp_path):
    kept = Archive(tmp_path)
    debrief_id = kept.keep(line())
    (tmp_path / f"{debrief_id}.line").write_text("{")
    assert kept.table() == []
