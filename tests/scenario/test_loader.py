"""Every fault of a script is told at once, at its place, with the nearest name."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from winter_river.facility import load_facility
from winter_river.scenario import (
    Expect,
    ScenarioError,
    Send,
    Step,
    Want,
    load_scenario,
    parse_scenario,
    scenarios,
)

SEND = "send: {node: utility_a, command: set_fault, params: {state: true"

# name, one step with a mark before the place of its one fault, its message
STEP_FAULTS = [
    ("no node", "at: 1s, expect: {node: »ups_c, state: NORMAL}", "unknown node `ups_c` (did you mean `ups_a`?)"),
    ("no verb", "at: 1s, send: {node: ups_a, command: »resset}", "unknown command `resset` (did you mean `reset`?)"),
    (
        "a verb of another type",
        "at: 1s, send: {node: ups_a, command: »set_load, params: {power_kw: 1}}",
        "unknown command `set_load`",
    ),
    (
        "no such parameter",
        "at: 1s, send: {node: utility_a, command: set_fault, params: {state: true, »kin: outage}}",
        "unknown parameter of set_fault `kin` (did you mean `kind`?)",
    ),
    (
        "a parameter of the wrong kind",
        "at: 1s, send: {node: utility_a, command: set_fault, params: »{state: 1}}",
        "set_fault: state is not true or false",
    ),
    ("a missing parameter", "at: 1s, send: {node: utility_a, command: »set_fault}", "set_fault: no state"),
    (
        "no malfunction of it",
        f"at: 1s, {SEND}, kind: »outtage}}}}",
        "unknown kind of a utility `outtage` (did you mean",
    ),
    (
        "no position of it",
        "at: 1s, send: {node: ups_a, command: set_handle, params: {to: »bypas}}",
        "unknown to of a ups `bypas` (did you mean `bypass`?)",
    ),
    (
        "no state of it",
        "at: 1s, expect: {node: ups_a, state: »ON_BATERY}",
        "unknown state `ON_BATERY` (did you mean `ON_BATTERY`?)",
    ),
    (
        "a state of another type",
        "at: 1s, expect: {node: ups_a, state: »GRID_OK}",
        "unknown state `GRID_OK` (known: NORMAL, ON_BATTERY, CHARGING, BYPASS, OFF, FAULT)",
    ),
    ("no status", "at: 1s, expect: {node: ups_a, status: »good}", "unknown status `good` (known: ok, warning, "),
    (
        "no field of it",
        "at: 1s, expect: {node: ups_a, »soc: 5}",
        "unknown field of a ups `soc` (did you mean `soc_pct`?)",
    ),
    (
        "a number out of its range",
        "at: 1s, expect: {node: ups_a, soc_pct: »101}",
        "soc_pct is 101 %; must be 0 to 100 %",
    ),
    ("no flag", "at: 1s, expect: {node: ups_a, tripped: »1}", "tripped must be true or false, not `1`"),
    ("bounds of a word", "at: 1s, expect: {node: ups_a, state: »{min: 1}}", "state is a word; min and max are for "),
    (
        "no such bound",
        "at: 1s, expect: {node: ups_a, soc_pct: {»low: 1}}",
        "unknown key of the bounds of soc_pct `low` (known: min, max)",
    ),
    ("crossed bounds", "at: 1s, expect: {node: ups_a, soc_pct: »{min: 2, max: 1}}", "soc_pct: min 2 is above max 1"),
    ("nothing expected", "at: 1s, expect: »{node: ups_a}", "expect names no field"),
    ("no time", "»expect: {node: ups_a, state: NORMAL}", "a step has no `at`"),
    ("a bad time", "at: »soon, expect: {node: ups_a, state: NORMAL}", "at: 'soon' is not a duration"),
    ("nothing to do", "»at: 1s", "a step has one of send, malfunction, disturb, say, predict, hint, expect"),
    ("an unknown key", "at: 1s, »exect: {}, send: {node: ups_a, command: reset}", "unknown key of a step `exect`"),
]


def script(step: str) -> str:
    """A script on the training site with one step."""
    # The step's brace is left of it, so that a fault of the whole step stands at the brace.
    marked = f"»{{{step[1:]}}}" if step.startswith("»") else f"{{{step}}}"
    return f"scenario: s\nfacility: block-2n-24\nsteps:\n  - {marked}\n"


def faults_of(text: str) -> list[str]:
    with pytest.raises(ScenarioError) as raised:
        parse_scenario(text, path="s.yaml")
    return str(raised.value).splitlines()


@pytest.mark.parametrize(("step", "message"), [row[1:] for row in STEP_FAULTS], ids=[row[0] for row in STEP_FAULTS])
def test_one_fault_of_a_step_is_told_once_at_its_place(step: str, message: str) -> None:
    before, _, after = script(step).partition("»")
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    (told,) = faults_of(before + after)
    assert told.startswith(f"s.yaml:{line}:{column}: {message}")


def test_every_fault_is_told_at_once() -> None:
    told = faults_of("scenario: s\nfacility: block-2n-42\nseed: -1\ncalibration: slow\nsteps:\n  - 5\n  - {at: 1x}\n")
    assert [line.split(": ")[0] for line in told] == [
        f"s.yaml:{at}" for at in ("2:11", "3:7", "4:14", "6:5", "7:5", "7:10")
    ]
    assert "did you mean `block-2n-24`?" in told[0]


def test_steps_that_go_back_in_time_are_refused() -> None:
    send = "send: {node: ups_a, command: reset}"
    told = faults_of(f"scenario: s\nfacility: block-2n-24\nsteps:\n  - {{at: 9s, {send}}}\n  - {{at: 8s, {send}}}\n")
    assert told == ["s.yaml:5:10: at is 8 s, before the step above at 9 s"]


def test_a_script_becomes_what_it_says() -> None:
    scenario = parse_scenario(
        """
scenario: utility-a-lost
facility: block-2n-24
calibration: quick
seed: 7
steps:
  - at: 10s
    send: {node: utility_a, command: set_fault, params: {state: true, kind: outage}}
  - at: 1m
    expect: {node: ups_a, state: NORMAL, soc_pct: {min: 90}, tripped: false, power_kw: 384, within: 2s}
  - at: 70
    send: {node: server_rack_a1, command: set_load, params: {power_kw: 500}, result: rejected}
"""
    )
    assert (scenario.name, scenario.facility, scenario.calibration, scenario.seed) == (
        "utility-a-lost",
        "block-2n-24",
        "quick",
        7,
    )
    assert scenario.steps == (
        Step(10.0, Send("utility_a", "set_fault", {"state": True, "kind": "outage"}), line=7),
        Step(
            60.0,
            Expect(
                "ups_a",
                (Want("state", "NORMAL"), Want("soc_pct", low=90.0), Want("tripped", False), Want("power_kw", 384.0)),
                within_s=2.0,
            ),
            line=9,
        ),
        Step(70.0, Send("server_rack_a1", "set_load", {"power_kw": 500}, "rejected"), line=11),
    )
    assert scenario.end_s == 70.0


def test_a_script_without_facility_is_checked_against_the_one_it_shall_run_on() -> None:
    text = "scenario: s\nsteps:\n  - {at: 1s, expect: {node: srv_a, state: NORMAL}}\n"
    assert parse_scenario(text, facility=load_facility("seed-8")).facility == "seed-8"
    with pytest.raises(ScenarioError, match="unknown node `srv_a`"):
        parse_scenario(text, facility=load_facility("block-2n-24"))


def test_a_facility_beside_the_script_is_found(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("facility: mine\nnodes: {u: {type: utility, voltage_v: 480}}\n")
    path = tmp_path / "script.yaml"
    path.write_text("scenario: s\nfacility: mine.yaml\nsteps:\n  - {at: 1s, expect: {node: u, state: GRID_OK}}\n")
    assert load_scenario(path).facility == str(tmp_path / "mine.yaml")


def test_every_built_in_scenario_is_without_fault() -> None:
    assert scenarios() == ("generator-a-fails", "rack-overload", "utility-a-lost")
    for name in scenarios():
        assert load_scenario(name).name == name


def test_an_unknown_scenario_gives_the_nearest_one() -> None:
    with pytest.raises(ScenarioError, match=r"no scenario `utility-b-lost` .*did you mean `utility-a-lost`\?"):
        load_scenario("utility-b-lost")


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 300), st.integers(0, 10), st.text(max_size=5))
def test_a_good_script_with_a_piece_replaced_is_read_or_refused(at: int, length: int, piece: str) -> None:
    good = script("at: 1m, expect: {node: ups_a, state: NORMAL, soc_pct: {min: 1, max: 9}, within: 2s}")
    good += (
        "  - {at: 2m, send: {node: utility_a, command: set_fault, params: {state: true, kind: sag, severity: 0.2}}}\n"
    )
    try:
        parse_scenario(good[:at] + piece + good[at + length :])
    except ScenarioError as error:
        assert error.faults
