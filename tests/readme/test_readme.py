"""The README keeps its word: its code runs, and the commands it names are there."""

import re
from pathlib import Path

import pytest
from winter_river.scenario import parse_scenario, run_scenario

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_python_example_prints_what_it_says(capsys):
    code = blocks("python")[0]
    exec(code, {})  # noqa: S102 - our own README
    assert capsys.readouterr().out.strip() == re.search(r"# (\w+)$", code.strip()).group(1)


def test_the_pytest_example_passes(simulation):
    found = {}
    exec(blocks("python")[1], found)  # noqa: S102 - our own README
    found["test_ups_a_carries_the_racks_until_the_generator_takes_over"](simulation)


def test_the_script_runs_and_its_expectation_holds(simulation):
    scenario = parse_scenario(blocks("yaml")[0])
    assert run_scenario(scenario, simulation).passed


@pytest.mark.parametrize("target", sorted(set(re.findall(r"make ([a-z]+)", README)) - {"and"}))
def test_make_knows_the_target(target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("command", sorted(set(re.findall(r"winter-river ([a-z]+)", README))))
def test_the_program_knows_the_command(command):
    from winter_river.cli.entry import build

    groups = {group.name for group in build().registered_groups}
    commands = {entry.name or entry.callback.__name__ for entry in build().registered_commands}
    assert command in groups | commands


@pytest.mark.parametrize("path", re.findall(r"\]\(([^)]+)\)", README))
def test_every_link_leads_somewhere(path):
    assert (ROOT / path).is_file()
