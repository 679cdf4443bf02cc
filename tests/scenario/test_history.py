"""A class's history survives being killed, and its table is safe to open."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from pathlib import Path

import pytest
from winter_river.scenario import Result, parse_scenario, run_scenario
from winter_river.scenario.history import COLUMNS, History

AT = "2026-11-21T09:30:00Z"


@pytest.fixture
def result(toy) -> Result:
    scenario = parse_scenario("scenario: s\nfacility: seed-8\nsteps: [{at: 1s, say: hi}]\n")
    return dataclasses.replace(run_scenario(scenario, toy), trainee="Ada")


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "class" / "history.jsonl")


def test_what_is_added_is_there_for_the_next_process(history, result) -> None:
    assert history.rows() == ()
    history.add(result, at=AT, debrief="d-1.html")
    history.add(dataclasses.replace(result, trainee="Bob"), at=AT)
    rows = History(history.path).rows()
    assert [(row["trainee"], row["at"], row["scenario"]) for row in rows] == [("Ada", AT, "s"), ("Bob", AT, "s")]
    assert rows[0]["debrief"] == "d-1.html"


@pytest.mark.parametrize("kept", range(0, 200, 7))
def test_a_line_cut_off_anywhere_costs_only_itself(history, result, kept: int) -> None:
    history.add(result, at=AT)
    whole = history.path.read_bytes()
    history.path.write_bytes(whole + whole[:kept])  # killed while the second was written
    history.add(dataclasses.replace(result, trainee="Bob"), at=AT)
    assert [row["trainee"] for row in history.rows()] == ["Ada", "Bob"]


def test_garbage_in_the_file_is_passed_over(history, result) -> None:
    history.path.parent.mkdir(parents=True)
    history.path.write_bytes(b"\xff\xfe\x00\n[1, 2]\n7\n\n" + b"{" * 30_000 + b"\n")
    history.add(result, at=AT)
    assert [row["trainee"] for row in history.rows()] == ["Ada"]


def test_the_table_has_a_column_for_each_name_and_no_formula(history, result) -> None:
    history.add(dataclasses.replace(result, trainee='=HYPERLINK("x"),\n"y"'), at=AT)
    header, row = csv.reader(io.StringIO(history.csv(), newline=""))
    assert tuple(header) == COLUMNS
    assert row[header.index("trainee")] == '\'=HYPERLINK("x"),\n"y"'
    assert row[header.index("passed")] == "yes"


def test_a_line_is_one_write_with_its_end(history, result) -> None:
    row = history.add(result, at=AT)
    assert json.loads(history.path.read_text()) == row
    assert history.path.read_bytes().endswith(b"}\n")
