"""scenario list, check and run: exit code 0 passed, 1 failed, 2 used wrongly; every report says the same."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from xml.etree import ElementTree

import pytest

QUICK = """scenario: quick
facility: block-2n-24
until: 1m
steps:
  - {at: 5s, malfunction: {node: server_rack_a1}}
  - {at: 6s, expect: {node: server_rack_a1, state: %s}}
critical_tasks:
  - {id: see, cue: server_rack_a1.state = FAULT, do: [{acknowledge: server_rack_a1}], points: 4, within: 9s}
"""


@pytest.fixture
def quick(home: Path) -> Path:
    path = home / "quick.yaml"
    path.write_text(QUICK % "FAULT")
    return path


def test_the_list_names_every_scenario(winter_river) -> None:
    ended = winter_river("scenario list")
    assert ended.code == 0
    assert "trainee-assessment" in ended.out and "Guided tour: two minutes" in ended.out
    rows = json.loads(winter_river("scenario list --json").out)
    assert {"name", "tasks", "questions", "points", "what"} == set(rows[0])
    assert [row["points"] for row in rows if row["name"] == "trainee-assessment"] == [10]


@pytest.mark.parametrize("command", ["check", "scenario check"])
def test_check_tells_a_fault_with_its_line_and_cure(command: str, winter_river, quick) -> None:
    assert winter_river(f"{command} quick.yaml").out == "quick: 2 steps, 1 tasks, 4 points: no fault\n"
    quick.write_text((QUICK % "FAULT").replace("server_rack_a1.state", "server_rack_a1.sate"))
    ended = winter_river(f"{command} quick.yaml")
    assert ended.code == 1
    assert ended.out == "quick.yaml:8:20: cue: unknown field `sate` (did you mean `state`?)\n"
    fault = json.loads(winter_river(f"{command} quick.yaml --json").out)["faults"][0]
    assert (fault["line"], fault["hint"]) == (8, "did you mean `state`?")


def test_a_run_that_passes_ends_with_0_and_leaves_its_reports(winter_river, quick, home) -> None:
    ended = winter_river("scenario run quick.yaml --json r.json --junit r.xml --html r.html")
    assert ended.code == 0, ended
    assert "4 of 4 points; 2.8 to pass" in ended.out
    assert "quick passed: 2 of 2 steps" in ended.out
    assert json.loads((home / "r.json").read_text())["points"] == 4
    assert ElementTree.parse(home / "r.xml").getroot().get("failures") == "0"
    page = (home / "r.html").read_text()
    assert 'id="node-server_rack_a1"' in page  # the diagram is in it


def test_a_trainee_who_looks_on_fails(winter_river, quick) -> None:
    ended = winter_river("scenario run quick.yaml --trainee idle")
    assert ended.code == 1
    assert "missed       acknowledge server_rack_a1" in ended.out


def test_an_expectation_that_is_not_seen_fails(winter_river, quick) -> None:
    quick.write_text(QUICK % "NORMAL")
    ended = winter_river("scenario run quick.yaml")
    assert ended.code == 1
    assert "FAIL    6.000 s  server_rack_a1 state = NORMAL; seen state = FAULT" in ended.out


def test_what_cannot_be_used_ends_with_2(winter_river, quick) -> None:
    assert winter_river("scenario run nowhere").code == 2
    assert winter_river("scenario run quick.yaml --trainee lazy").code == 2
    quick.write_text("scenario: s\nstepps: []\n")
    ended = winter_river("scenario run quick.yaml")
    assert ended.code == 2
    assert "quick.yaml:2:1: unknown key of the scenario `stepps` (did you mean `steps`?)" in ended.err


def test_standard_output_carries_one_report_alone(winter_river, quick) -> None:
    assert json.loads(winter_river("scenario run quick.yaml --json -").out)["passed"] is True
    assert ElementTree.fromstring(winter_river("scenario run quick.yaml --junit -").out.encode()).tag == "testsuites"


def test_an_exercise_may_begin_at_an_initial_condition(winter_river, quick) -> None:
    start = "initial_condition: a-on-generator\nsteady_state:\n  - {node: lv_switchgear_a, state: GENERATOR}\nsteps:"
    quick.write_text((QUICK % "FAULT").replace("steps:", start))
    assert winter_river("scenario run quick.yaml").code == 0
    quick.write_text((QUICK % "FAULT").replace("steps:", "initial_condition: a-on-genrator\nsteps:"))
    ended = winter_river("scenario run quick.yaml")
    assert ended.code == 1
    assert "did you mean `a-on-generator`?" in ended.err


def test_the_same_seed_gives_the_same_result(winter_river, quick) -> None:
    first, second = (winter_river("scenario run quick.yaml --seed 5 --json -").out for _ in range(2))
    assert first == second


def test_the_example_of_the_help_is_a_scenario_without_fault(winter_river, home) -> None:
    text = winter_river("scenario check --help").out
    start = text.rindex("\n", 0, text.index("scenario: my-exercise"))
    example = text[start : text.index("Example")]
    (home / "mine.yaml").write_text(textwrap.dedent(example.rstrip()))
    assert winter_river("check mine.yaml").out == "my-exercise: 2 steps, 1 tasks, 10 points: no fault\n"
