"""The schema for editors is the output of the contract's tables, and accepts what the loader accepts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import winter_river.scenario
from ruamel.yaml import YAML
from winter_river.scenario.json_schema import schema_text

FOLDER = Path(winter_river.scenario.__file__).parent
LIBRARY = sorted((FOLDER / "library").glob("*.yaml"))
HEAD = {"scenario": "s", "facility": "block-2n-24"}

BAD = [
    ("no steps", {}),
    ("an unknown key", {"steps": [], "stepps": []}),
    ("a step without time", {"steps": [{"say": "hi"}]}),
    ("a step with two things", {"steps": [{"at": 1, "say": "hi", "hint": "ho"}]}),
    ("no duration", {"steps": [{"at": "soon", "say": "hi"}]}),
    ("no verb", {"steps": [{"at": 1, "send": {"node": "ups_a", "command": "shut"}}]}),
    ("no state", {"steps": [{"at": 1, "expect": {"node": "ups_a", "state": "FINE"}}]}),
    ("one choice", {"steps": [{"at": 1, "predict": {"ask": "?", "choices": ["a"], "answer": "a"}}]}),
    ("no condition", {"steps": [{"when": "battery low", "say": "hi"}]}),
    ("a task without points", {"steps": [], "critical_tasks": [{"id": "t", "do": [{"tag": "ups_a"}]}]}),
    ("no deed", {"steps": [], "critical_tasks": [{"id": "t", "points": 1, "do": [{"open": "ups_a"}]}]}),
]


def test_the_schema_file_is_up_to_date() -> None:
    """To renew it: python -m winter_river.scenario.json_schema > host/winter_river/scenario/scenario.schema.json"""
    assert (FOLDER / "scenario.schema.json").read_text() == schema_text()


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.stem)
def test_every_library_file_tells_editors_where_the_schema_is(path: Path) -> None:
    first = path.read_text().splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    assert (path.parent / first.partition("=")[2]).resolve() == FOLDER / "scenario.schema.json"


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.stem)
def test_the_schema_accepts_every_library_file(path: Path) -> None:
    judge = pytest.importorskip("jsonschema_rs")
    # Through JSON, because an editor sees plain values.
    plain = json.loads(json.dumps(YAML(typ="safe", pure=True).load(path.read_text())))
    judge.validate(json.loads(schema_text()), plain)


@pytest.mark.parametrize("rest", [row[1] for row in BAD], ids=[row[0] for row in BAD])
def test_the_schema_refuses_what_the_loader_refuses(rest: dict[str, object]) -> None:
    judge = pytest.importorskip("jsonschema_rs")
    assert not judge.is_valid(json.loads(schema_text()), HEAD | rest)
