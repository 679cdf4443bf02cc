"""The commands that need no bus: exit codes, what they print, and that an error is a line and never a traceback."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import pytest
from winter_river.cli import errors, run_file
from winter_river.cli.lan import is_private, lan_address
from winter_wire import schema


class Ended(Protocol):
    code: int
    out: str
    err: str


Program = Callable[[str | Sequence[str]], Ended]

BROKEN = """\
facility: broken
nodes:
  utility_a: {type: utility, voltage_v: 480, short_circuit_mva: 50}
  ups_a: {type: upps, from: utility_a}
  rack: {type: server, from: ups_b, load_kw: 5, load_kw_max: 6, rated_a: 20}
"""
COMMANDS = (
    "run", "simulate", "check", "new", "facilities", "nodes", "send", "watch", "history", "backup", "restore", "node",
    "doctor", "malfunctions", "reference", "version", "generate", "board", "provision",
)  # fmt: skip


def test_help_lists_every_command(winter_river: Program) -> None:
    out = winter_river("--help").out
    listed = [line.split()[0] for line in out.partition("Commands:")[2].splitlines() if line.strip()]
    assert [command for command in listed if command in COMMANDS] == list(COMMANDS)


def test_malfunctions_lists_what_each_type_has(winter_river: Program) -> None:
    lines = winter_river("malfunctions").out.splitlines()
    rows = [tuple(line.split()[:2]) for line in lines[1:]]
    assert rows == [(name, kind) for name, row in schema.TYPES.items() for kind, _ in row[schema.MALFUNCTIONS]]
    ups = json.loads(winter_river("malfunctions ups --json").out)
    aged = {"type": "ups", "kind": "battery_aged", "severity": "0.5", "full": "nothing is left", "acts": "on battery"}
    assert next(row for row in ups if row["kind"] == "battery_aged").items() >= aged.items()
    wrong = winter_river("malfunctions upss")
    assert wrong.code == 2 and "did you mean ups?" in wrong.err


def test_help_loads_nothing_heavy() -> None:
    program = "import sys; from winter_river.cli import main; main(['--help']); print(sorted(sys.modules))"
    out = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    for heavy in ("textual", "paho", "ruamel", "numpy", "winter_river.engine", "winter_river.service", "asyncio"):
        assert f"'{heavy}" not in out, heavy


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command_has_an_example(winter_river: Program, command: str) -> None:
    ended = winter_river(f"{command} --help")
    assert ended.code == 0
    assert f"winter-river {command}" in ended.out.partition("Example")[2]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("nonsense", "nonsense"),
        ("simulate --dt soon", "--dt: 'soon' is not a duration"),
        ("simulate --dt 0s", "shorter than"),
        ("new 8", "nodes is 8; must be 9 to 10000"),
        ("new --like campus-bes", "did you mean `campus-bess`?"),
        ("new --calibration slow", "known: training, quick, realistic"),
        ("run --mqtt-port many", "mqtt-port"),
        ("run --mqtt-port 99999", "--mqtt-port = 99999 is not a whole number from 0 to 65535"),
        ("run --nodes some", "--nodes = 'some' is none of emulated, vm, mixed, none"),
        ("send ups_a opne", "did you mean open?"),
        ("send ups_a set_fault stat=on", "did you mean state?"),
        (
            "send weather set_weather preset=arizonia",
            "or virginia, oregon, ohio, arizona, stockholm, singapore (did you",
        ),
        ("send weather set_weather outdoor_c=80", "outdoor_c is 80; it takes -60 to 60 C"),
        ("send weather set_weather 4", "'4' is not key=value; set_weather takes [preset=arizona]"),
        ("send weather set_weather", "is given nothing to set; it takes [preset=arizona]"),
        ("send weather set_wether preset=4", "did you mean set_weather?"),
        ("send ups_a set_weather preset=4", "set_weather is for the weather: winter-river send weather set_weather ["),
        ("watch --leaf viev", "did you mean view?"),
        ("scenario run ups-drian", "did you mean `ups-drain`?"),
        ("scenario run x", "`winter-river scenario list` names the built-in ones"),
    ],
)
def test_wrong_use_is_told_and_ends_with_2(winter_river: Program, arguments: str, told: str) -> None:
    ended = winter_river(arguments)
    assert ended.code == 2
    assert told in ended.err
    assert "Traceback" not in ended.err + ended.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("check my-site.yml", "`winter-river facilities` lists the built-in ones, `winter-river new` makes a file"),
        ("check may-site.yaml", "did you mean `my-site.yaml`?"),
        ("run my-sit.yaml", "did you mean `my-site.yaml`?"),
        ("check my-site.yaml", "4:3: `grid` has no `type` (is `tpye` meant?)"),
        ("run --broker mqtt://127.0.0.1:1 --no-store", "cure: start that one first, or leave --broker out"),
        ("replay yesterday.rec", "cure: `winter-river run` tells the name of each; they are in"),
    ],
)
def test_a_mistake_of_a_newcomer_is_told_with_its_cure(
    winter_river: Program, home: Path, arguments: str, told: str
) -> None:
    (home / "my-site.yaml").write_text("\nfacility: my-site\nnodes:\n  grid: {tpye: utility, voltage_v: 480}\n")
    ended = winter_river(arguments)
    assert ended.code == 1
    assert told in ended.err + ended.out


def test_wrong_setting_ends_with_2_and_names_its_line(winter_river: Program, home: Path) -> None:
    (home / "winter-river.toml").write_text("\nsede = 4\n")
    ended = winter_river("nodes")
    assert ended.code == 2
    assert f"{home / 'winter-river.toml'}:2: sede is not a setting (did you mean seed?)" in ended.err


def test_without_a_broker_the_cure_is_told(winter_river: Program) -> None:
    ended = winter_river("send ups_a open --broker mqtt://127.0.0.1:1")
    assert ended.code == 1
    assert "no broker at mqtt://127.0.0.1:1" in ended.err
    assert "winter-river run" in ended.err
    assert "Traceback" not in ended.err


def test_debug_shows_the_traceback_wherever_it_stands(winter_river: Program) -> None:
    for arguments in ("--debug simulate no-such-site", "simulate no-such-site --debug"):
        ended = winter_river(arguments)
        assert ended.code == 1
        assert "Traceback" in ended.err


def test_check_prints_every_fault_with_its_place(winter_river: Program, home: Path) -> None:
    (home / "broken.yaml").write_text(BROKEN)
    ended = winter_river("check broken.yaml")
    assert ended.code == 1
    lines = ended.out.splitlines()
    assert any(line.startswith("broken.yaml:4:") and "ups" in line for line in lines)
    assert any(line.startswith("broken.yaml:5:") and "ups_b" in line and "ups_a" in line for line in lines)


def test_check_as_json_has_the_same_faults(winter_river: Program, home: Path) -> None:
    (home / "broken.yaml").write_text(BROKEN)
    ended = winter_river("check broken.yaml --json")
    assert ended.code == 1
    found = json.loads(ended.out)
    assert found["ok"] is False
    assert {fault["line"] for fault in found["faults"]} >= {4, 5}


def test_check_of_a_good_site_ends_with_0(winter_river: Program) -> None:
    assert winter_river("check seed-8").out == "seed-8: 8 nodes, calibration training: no fault; flow by the sweep\n"


def test_check_says_which_device_gives_way_where_a_site_asks_for_too_much(winter_river: Program, home: Path) -> None:
    # 0.4 ohm of reactance from 480 V carry 288 kW at most.
    (home / "site.yaml").write_text(
        "facility: long\nnodes:\n"
        "  grid: {type: utility, voltage_v: 480, short_circuit_mva: 100000}\n"
        "  feeder: {type: distribution, from: grid, rated_a: 10000, feed_reactance_ohm: 0.4}\n"
        "  far: {type: server, from: feeder, load_kw: 400, load_kw_max: 400, power_factor: 1.0, rated_a: 10000}\n"
    )
    told = winter_river("check site.yaml").out
    assert told.endswith("no fault; flow that of grid has collapsed: feeder gives way under far\n")


def test_new_begins_with_any_built_in_site(winter_river):
    assert winter_river("new --like campus-bess --name mine -o mine.yaml").code == 0
    assert winter_river("check mine.yaml").out == "mine: 14 nodes, calibration training: no fault; flow by the sweep\n"


def test_new_site_passes_the_check(winter_river: Program) -> None:
    assert winter_river("new 60 -o big.yaml --name big").code == 0
    assert winter_river("check big.yaml").out.startswith("big: 60 nodes")


def test_new_says_how_to_run_a_file_whose_name_has_a_space(winter_river: Program) -> None:
    said = winter_river(["new", "30", "-o", "my site.yaml"]).out
    assert "`winter-river check 'my site.yaml'`" in said
    assert "`winter-river run 'my site.yaml'`" in said


def test_new_never_overwrites(winter_river: Program, home: Path) -> None:
    (home / "mine.yaml").write_text("mine")
    ended = winter_river("new 30 -o mine.yaml")
    assert ended.code == 2
    assert (home / "mine.yaml").read_text() == "mine"


def test_facilities_lists_the_library(winter_river: Program) -> None:
    listed = json.loads(winter_river("facilities --json").out)
    assert {entry["name"]: entry["nodes"] for entry in listed} == {"seed-8": 8, "block-2n-24": 24, "campus-bess": 14}


def test_version_names_program_and_contract(winter_river: Program) -> None:
    assert json.loads(winter_river("version --json").out)["contract"] == 1


def test_note_of_a_run_is_found_while_the_run_lasts(home: Path) -> None:
    import os

    note = run_file.RunNote(os.getpid(), "mqtt://127.0.0.1:1884", "winter-river", "seed-8")
    assert run_file.read_note() is None
    run_file.write_note(note)
    assert run_file.read_note() == note
    run_file.remove_note(1)
    assert run_file.read_note() == note
    run_file.remove_note(os.getpid())
    assert run_file.read_note() is None


@pytest.mark.parametrize(
    "text", ["", "{}", '{"pid": "x"}', "[1]", '{"pid": 999999999, "url": "", "root": "", "facility_file": ""}']
)
def test_broken_or_stale_note_is_no_note(home: Path, text: str) -> None:
    run_file.note_path().parent.mkdir(parents=True)
    run_file.note_path().write_text(text)
    assert run_file.read_note() is None


@pytest.mark.parametrize(
    ("address", "private"),
    [("10.1.2.3", True), ("172.16.0.1", True), ("172.32.0.1", False), ("192.168.4.1", True), ("8.8.8.8", False)]
    + [("127.0.0.1", False), ("169.254.1.1", False)],
)
def test_private_addresses_are_those_of_rfc_1918(address: str, private: bool) -> None:
    assert is_private(address) is private


def test_lan_address_that_is_not_ours_is_refused() -> None:
    with pytest.raises(errors.UsageError, match="192.0.2.1 is no private address of this machine"):
        lan_address("192.0.2.1")
