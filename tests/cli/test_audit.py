"""`winter-river audit`: a table that a person reads, and a check that names the first bad line."""

import json
import re

import pytest
from winter_river.audit import Trail

FACTS = {
    "kind": "command", "node": "ups_a", "verb": "bypass", "params": {"state": True}, "by": "ann", "door": "cli",
    "address": "/dev/pts/0", "priority": 8, "state": "completed", "created_s": 1_000.0, "executed_s": 1_000.002,
    "completed_s": 1_000.015, "result": "done", "error": "",
}  # fmt: skip


@pytest.fixture
def folder(home):
    trail = Trail(home / "data" / "audit")
    trail.append(FACTS | {"id": "cli-1-1"})
    trail.append(FACTS | {"id": "page-1-1", "by": "operator: Bob", "node": "pdu_a", "verb": "open", "params": {},
                          "state": "failed", "result": "rejected", "error": "priority"})  # fmt: skip
    trail.close()
    return trail.folder


def test_table_shows_who_what_and_what_became_of_it(winter_river, folder):
    lines = winter_river("audit").out.splitlines()
    assert lines[0].split() == ["asked", "took", "by", "door", "node", "command", "priority", "state", "why"]
    assert re.match(
        r"[\d-]{10} [\d:]{8}  15 ms  ann +cli /dev/pts/0  ups_a  bypass state=True  8 +completed$", lines[1]
    )
    assert lines[2].split()[-3:] == ["8", "failed", "priority"]


def test_rows_can_be_chosen_and_taken_as_json(winter_river, folder):
    assert [row["id"] for row in json.loads(winter_river("audit --json").out)] == ["page-1-1", "cli-1-1"]
    assert [row["id"] for row in json.loads(winter_river("audit --json --by bob").out)] == ["page-1-1"]
    assert [row["id"] for row in json.loads(winter_river("audit --json --node ups_a").out)] == ["cli-1-1"]
    assert "no command like that" in winter_river("audit --node rack").out


def test_verify_prints_the_last_hash_and_takes_it_back(winter_river, folder):
    ended = winter_river("audit verify")
    assert ended.code == 0 and ended.out.startswith("3 lines in 1 files are whole; last hash ")
    kept = ended.out.split()[-1]
    assert winter_river(f"audit verify --hash {kept}").code == 0
    assert winter_river(f"audit verify --hash {'0' * 64}").code == 1


def test_verify_names_the_first_bad_line_and_ends_with_1(winter_river, folder):
    path = folder / "audit.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"by":"ann"', b'"by":"eve"'))
    ended = winter_river("audit verify")
    assert ended.code == 1
    assert ended.out.startswith(f"{path}:2: has been changed")


def test_without_an_audit_it_says_where_it_looked_and_when_one_begins(winter_river, home):
    ended = winter_river("audit")
    assert ended.code == 1 and f"{home}/data/audit: there is no audit here" in ended.err


def test_at_a_secured_site_a_dangerous_command_wants_somebody_to_say_yes(winter_river, monkeypatch):
    monkeypatch.setenv("WINTER_RIVER_PROFILE", "secured")
    ended = winter_river("send pdu_a close")
    assert ended.code == 2 and "add --yes" in ended.err
    assert "add --yes" not in winter_river("send pdu_a open").err
