"""Every fault of a script is told at once, at its place, with the nearest name."""

from __future__ import annotations

from pathlib import Path

import pytest
import winter_river.scenario
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
    (
        "no verb of the weather",
        "at: 1s, send: {node: weather, command: »open}",
        "unknown command `open` (known: set_weather)",
    ),
    (
        "no such place",
        "at: 1s, send: {node: weather, command: set_weather, params: »{preset: arizonia}}",
        "preset is arizonia; it takes 1 to 6, or virginia, oregon, ohio, arizona, stockholm, singapore (did you mean ariz",
    ),
    (
        "no such air",
        "at: 1s, send: {node: weather, command: set_weather, params: »{outdoor_c: 70}}",
        "outdoor_c is 70; it takes -60 to 60 C",
    ),
    (
        "no air",
        "at: 1s, send: {node: weather, command: »set_weather}",
        "set_weather is given nothing to set; it takes [preset=arizona] [outdoor_c=20.5] [humidity_pct=40]",
    ),
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
        "unknown state `GRID_OK` (known: NORMAL, ON_BATTERY, CHARGING, BYPASS, OFF, FAULT, ECO)",
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
    ("two triggers", "at: »1s, when: ups_a.soc_pct < 4, say: hi", "a step has either `at`, or `when` and `after`"),
    ("no trigger", "»say: hi", "a step has no `at` (or `when: CONDITION`, or `after: TIME`)"),
    ("no condition", "when: »battery low, say: hi", "when: `battery low` is no condition (write it like"),
    ("a number", "when: »7, say: hi", "when must be a condition, not `7`"),
    (
        "no node of a condition",
        "when: »ups_c.soc_pct < 4, say: hi",
        "when: unknown node `ups_c` (did you mean `ups_a`?)",
    ),
    ("no field of it", "when: »ups_a.soc < 4, say: hi", "when: unknown field `soc` (did you mean `soc_pct`?)"),
    ("no state of it", "when: »ups_a.state = NORML, say: hi", "when: unknown state `NORML` (did you mean `NORMAL`?)"),
    ("no number", "when: »ups_a.soc_pct < low, say: hi", "when: soc_pct is a number, not `low`"),
    ("order of words", "when: »ups_a.state < NORMAL, say: hi", "when: state is no number; it is compared with = or !="),
    ("no flag", "when: »ups_a.tripped = yes, say: hi", "when: tripped is true or false, not `yes`"),
    (
        "a pattern alone",
        "when: »ups_*.soc_pct < 4, say: hi",
        "when: `ups_*` may mean several nodes (write `any ups_*.soc_pct < 4` or `all ups_*.soc_pct < 4`)",
    ),
    ("a pattern of nobody", "at: 1s, expect: {node: »upx_*, state: NORMAL}", "no node is called `upx_*` (did you mean"),
    ("no malfunction", "at: 1s, malfunction: {node: ups_a, kind: »flood}", "unknown kind of a ups `flood`"),
    (
        "no severity",
        "at: 1s, malfunction: {node: utility_a, kind: sag, severity: »2}",
        "severity is 2; must be 0 to 1",
    ),
    ("no disturbance", "at: 1s, disturb: {node: ups_a, what: »no_broker}", "unknown what `no_broker`"),
    ("no question", "at: 1s, predict: »{ask: Why?, answer: a}", "predict has no `choices`"),
    (
        "a wrong answer",
        "at: 1s, predict: {ask: Why?, choices: [abc, xyz], answer: »abd}",
        "unknown answer `abd` (did you mean `abc`?)",
    ),
    ("one choice", "at: 1s, predict: {ask: Why?, choices: »[a], answer: a}", "1 choices; must be 2 to 12"),
    ("a doubled choice", "at: 1s, predict: {ask: Why?, choices: »[a, a], answer: a}", "a choice is doubled"),
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
    assert len(scenarios()) == 24
    for name in scenarios():
        assert load_scenario(name).name == name


HEAD = "scenario: s\nfacility: block-2n-24\nuntil: 1m\nsteps: []\n"
# name, the rest of the file with a mark before the place of its one fault, its message
PART_FAULTS = [
    ("no id", "critical_tasks:\n  - »{do: [{tag: ups_a}], points: 1}", "a critical task has no `id`"),
    ("nothing to do", "critical_tasks:\n  - {id: t, do: »[], points: 1}", "the task has nothing to do"),
    (
        "no deed",
        "critical_tasks:\n  - {id: t, do: [»{node: ups_a}], points: 1}",
        "a deed has one of command, tag, untag, acknowledge, see",
    ),
    (
        "no verb of it",
        "critical_tasks:\n  - {id: t, do: [{node: ups_a, command: »shut}], points: 1}",
        "unknown command `shut`",
    ),
    (
        "no parameter of it",
        "critical_tasks:\n  - {id: t, do: [{node: server_rack_a1, command: set_load, params: {»kw: 3}}], points: 1}",
        "unknown parameter of set_load `kw`",
    ),
    (
        "no position of it",
        "critical_tasks:\n  - {id: t, do: [{node: ups_a, command: set_handle, params: {to: »bypas}}], points: 1}",
        "unknown to of a ups `bypas` (did you mean `bypass`?)",
    ),
    (
        "a doubled task",
        "critical_tasks:\n  »- {id: t, do: [{tag: ups_a}], points: 1}\n  - {id: t, do: [{tag: ups_a}], points: 1}",
        "the task `t` is doubled",
    ),
    (
        "no task before it",
        "critical_tasks:\n  »- {id: t, do: [{tag: ups_a}], points: 1, follows: u}",
        "`t` follows `u`, no task before it",
    ),
    ("no reason", "out_of_bounds:\n  - »{when: ups_a.state = FAULT}", "a bound has no `why`"),
    ("no control", "controls: [»upss_a]", "unknown node `upss_a`"),
    ("no verb of a control", "controls: [ups_a.»bypas]", "unknown command `bypas` (did you mean `bypass`?)"),
    ("no trend", "trends: [ups_a.»soc]", "unknown number `soc` (did you mean `soc_pct`?)"),
    ("a trend of a word", "trends: [ups_a.»state]", "unknown number `state`"),
    ("no steady state", "steady_state:\n  - {node: ups_a, state: »NORML}", "unknown state `NORML`"),
    ("a goal without limit", "energy_not_served: »{points: 3}", "energy_not_served has no `kwh_max`"),
    ("more to pass than there is", "pass: »3", "pass is 3 points; there are only 0"),
    ("no cost", "costs: {»hints: 1}", "unknown key of costs `hints` (did you mean `hint`?)"),
    ("no way back", "rollback:\n  - {»say: hi}", "unknown key of a rollback step `say`"),
]


@pytest.mark.parametrize(("part", "message"), [row[1:] for row in PART_FAULTS], ids=[row[0] for row in PART_FAULTS])
def test_one_fault_of_an_exercise_is_told_at_its_place(part: str, message: str) -> None:
    before, _, after = (HEAD + part).partition("»")
    told = faults_of(before + after + "\n")[0]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    assert told.startswith(f"s.yaml:{line}:{column}: {message}"), told


def test_a_scenario_that_waits_needs_an_end() -> None:
    told = faults_of("scenario: s\nfacility: block-2n-24\nsteps: [{when: ups_a.soc_pct < 40, say: low}]\n")
    assert told[0].startswith("s.yaml:3:8: a scenario with tasks, `when` or `after` needs `until` (for example")


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


WHOLE = (Path(winter_river.scenario.__file__).parent / "library" / "ups-drain.yaml").read_text()


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, len(WHOLE)), st.integers(0, 40), st.sampled_from(["", " ", ":", "[", "}", "-1", "*", "é", "\n", "x"])
)
def test_a_good_exercise_with_a_piece_replaced_is_read_or_refused(at: int, length: int, piece: str) -> None:
    try:
        parse_scenario(WHOLE[:at] + piece + WHOLE[at + length :])
    except ScenarioError as error:
        assert error.faults
