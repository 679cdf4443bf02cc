"""`winter-river simulate`: scripts, traces, exit codes."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import pytest


class Ended(Protocol):
    code: int
    out: str
    err: str


Program = Callable[[str | Sequence[str]], Ended]

SCRIPT = """\
scenario: utility-a-lost
facility: seed-8
seed: 7
steps:
  - at: 2s
    send: {node: util_a, command: set_fault, params: {state: true, kind: outage}}
  - at: 20s
    expect: {node: gen_a, state: %s}
"""


@pytest.fixture
def script(home: Path) -> Callable[[str], Path]:
    def write(state: str) -> Path:
        path = home / "story.yaml"
        path.write_text(SCRIPT % state)
        return path

    return write


def test_script_that_holds_ends_with_0_and_tells_what_happened(
    winter_river: Program, script: Callable[[str], Path]
) -> None:
    ended = winter_river(f"simulate --script {script('RUNNING')}")
    assert ended.code == 0, ended.out + ended.err
    assert "util_a GRID_OK -> OUTAGE" in ended.out
    assert "because #" in ended.out
    assert "2 of 2 steps passed" in ended.out
    assert "seed 7, state " in ended.out


def test_expectation_that_fails_ends_with_1(winter_river: Program, script: Callable[[str], Path]) -> None:
    ended = winter_river(f"simulate --script {script('STANDBY')}")
    assert ended.code == 1
    assert "FAIL" in ended.out
    assert "seen state = RUNNING" in ended.out


def test_options_beat_the_header_of_the_script(winter_river: Program, script: Callable[[str], Path]) -> None:
    path = script("STANDBY")
    ended = winter_river(f"simulate --script {path} --seed 3 --until 10s --json")
    assert ended.code == 0
    found = json.loads(ended.out)
    assert (found["seed"], found["t_s"], found["steps_not_played"]) == (3, 10.0, 1)
    assert winter_river(f"simulate block-2n-24 --script {path}").code == 1  # util_a is no node of it


def test_broken_script_is_told_with_its_place(winter_river: Program, home: Path) -> None:
    (home / "story.yaml").write_text(SCRIPT % "RUNING")
    ended = winter_river("simulate --script story.yaml")
    assert ended.code == 1
    assert "story.yaml:8:" in ended.err
    assert "RUNNING" in ended.err


def test_trace_has_one_object_a_step_with_the_contracts_fields(winter_river: Program, home: Path) -> None:
    assert winter_river("simulate block-2n-24 --until 3s --trace run.jsonl").code == 0
    lines = [json.loads(line) for line in (home / "run.jsonl").read_text().splitlines()]
    assert [line["t"] for line in lines] == [0.0, 1.0, 2.0, 3.0]
    ups = lines[-1]["nodes"]["ups_a"]
    assert {"type", "state", "status", "voltage_in", "voltage_out", "current", "power_kw", "power_factor"} <= set(ups)
    assert {"loss_kw", "load_pct", "soc_pct", "runtime_s"} <= set(ups)
    assert (ups["type"], ups["state"]) == ("ups", "NORMAL")
    assert len(lines[-1]["nodes"]) == 24


def test_trace_carries_the_events_of_each_step(
    winter_river: Program, script: Callable[[str], Path], home: Path
) -> None:
    winter_river(f"simulate --script {script('RUNNING')} --trace run.jsonl")
    lines = [json.loads(line) for line in (home / "run.jsonl").read_text().splitlines()]
    events = [event for line in lines for event in line["events"]]
    assert [event["id"] for event in events] == sorted({event["id"] for event in events})
    assert set(events[0]) == {"id", "t_s", "node_id", "event", "from", "to", "cause"}
    for line in lines:
        assert all(event["t_s"] <= line["t"] for event in line["events"])


def test_same_seed_gives_the_same_bytes(winter_river: Program, script: Callable[[str], Path], home: Path) -> None:
    path = script("RUNNING")
    for name in ("one.jsonl", "two.jsonl"):
        winter_river(f"simulate --script {path} --until 30s --dt 500ms --trace {name}")
    assert (home / "one.jsonl").read_bytes() == (home / "two.jsonl").read_bytes()


def test_quiet_site_ends_with_0(winter_river: Program) -> None:
    ended = winter_river("simulate seed-8 --until 10s")
    assert ended.code == 0
    assert "8 nodes: 8 ok" in ended.out


def test_why_prints_the_chain_of_causes_back_to_the_first(winter_river: Program, script: Callable[[str], Path]) -> None:
    ended = winter_river(f"simulate --script {script('RUNNING')} --why gen_a")
    lines = ended.out.splitlines()
    start = next(k for k, line in enumerate(lines) if line.startswith("gen_a [RUNNING]"))
    assert lines[start + 1].endswith("gen_a STARTING -> RUNNING")
    assert lines[-1].endswith("util_a fault outage")
    assert all(line.startswith("  because #") for line in lines[start + 2 :])


def test_why_as_json_has_the_same_events(winter_river: Program, script: Callable[[str], Path]) -> None:
    why = json.loads(winter_river(f"simulate --script {script('RUNNING')} --why gen_a --json").out)["why"]
    assert why["isolated_by"] is None
    assert why["chain"][0]["to"] == "RUNNING"
    assert [after["cause"] for after in why["chain"]] == [*(one["id"] for one in why["chain"][1:]), 0]


def test_why_of_a_node_that_is_not_there_is_refused_with_the_nearest(winter_river: Program) -> None:
    ended = winter_river("simulate seed-8 --until 1s --why gena")
    assert ended.code == 2
    assert "--why: seed-8 has no node gena (did you mean gen_a?)" in ended.err


def test_trace_that_finds_no_room_is_named(winter_river: Program) -> None:
    ended = winter_river("simulate seed-8 --until 3s --trace /dev/full")
    assert (ended.code, ended.err) == (1, "winter-river: /dev/full: No space left on device\n")
