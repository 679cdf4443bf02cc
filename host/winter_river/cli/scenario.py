"""Scenarios without people: list them, check one, run one and keep what came of it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from winter_river.cli.errors import FAILED, UsageError
from winter_river.cli.file_faults import tell_faults
from winter_river.cli.values import json_text, table_text

if TYPE_CHECKING:
    from winter_river.scenario import Scenario

TRAINEES = ("perfect", "idle")
_FILE = typer.Argument(help="A scenario: a YAML file or a built-in name.")


def add_to(app: typer.Typer) -> None:
    """Adds scenario with its commands."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    group.command("list")(list_)
    group.command()(check)
    group.command()(run)
    app.add_typer(group, name="scenario", help="List, check and run scenarios: faults, tasks, questions and a score.")


def list_(json: Annotated[bool, typer.Option("--json", help="Write JSON instead of text.")] = False) -> None:
    """List the built-in scenarios.

    \b
    Example:
      winter-river scenario list
    """
    from winter_river.scenario import load_scenario, scenarios

    rows = [
        {"name": found.name, "tasks": len(found.tasks), "questions": len(found.predictions)}
        | {"points": int(found.points) if found.points == int(found.points) else found.points, "what": found.title}
        for found in sorted((load_scenario(name) for name in scenarios()), key=_place)
    ]
    typer.echo(json_text(rows) if json else table_text(("name", "tasks", "questions", "points", "what"), rows))


def _place(scenario: "Scenario") -> tuple[int, str]:
    """The numbered ones first, in the order of the runbook, then the rest by name."""
    number, _, _ = scenario.title.partition(" ")
    return (int(number) if number.isdecimal() else 1_000, scenario.name)


def check(
    file: Annotated[str, _FILE],
    json: Annotated[bool, typer.Option("--json", help="Write JSON instead of text.")] = False,
) -> None:
    """Check a scenario file against its facility.

    Every fault at once, each with its place and the nearest valid name.

    \b
    A scenario with a task:
      scenario: my-exercise
      facility: block-2n-24
      until: 5m
      steps:
        - at: 10s
          malfunction: {node: utility_a, kind: outage}
        - when: ups_a.soc_pct < 40
          say: The battery is below 40 %.
      critical_tasks:
        - id: shed
          title: Shed what can be spared
          cue: ups_a.state = ON_BATTERY
          within: 20s
          do: [{node: server_rack_a4, command: open}]
          points: 10

    \b
    Example:
      winter-river scenario check my-exercise.yaml
      my-exercise.yaml:12:11: when: unknown field `soc` (did you mean `soc_pct`?)
    """
    from winter_river.facility.faults import FileError

    try:
        values, text = scenario_told(file)
    except FileError as error:
        tell_faults(error.faults, json=json)
        raise typer.Exit(FAILED) from None
    typer.echo(json_text({"ok": True, **values, "faults": []}) if json else text)


def is_scenario(file: str) -> bool:
    """Whether a name or a path means a scenario and not a facility."""
    from winter_river.scenario import scenarios

    if file in scenarios():
        return True
    try:
        with Path(file).open(encoding="utf-8") as lines:
            return any(line.startswith("scenario:") for line in lines)
    except (OSError, ValueError):  # no such file, or no text: the check itself says so
        return False


def scenario_told(name: str) -> tuple[dict[str, object], str]:
    """What is said of a scenario without a fault: as values, as a line. Raises FileError."""
    from winter_river.scenario import load_scenario

    found = load_scenario(name)
    line = f"{found.name}: {len(found.steps)} steps, {len(found.tasks)} tasks, {found.points:g} points: no fault"
    return {"scenario": found.name, "steps": len(found.steps), "points": found.points}, line


def run(
    file: Annotated[str, _FILE],
    seed: Annotated[int | None, typer.Option("--seed", help="Where randomness starts (default: the file's).")] = None,
    trainee: Annotated[
        str, typer.Option("--trainee", help="Who operates: perfect does all that is asked, idle looks on.")
    ] = TRAINEES[0],
    exam: Annotated[bool, typer.Option("--exam", help="As in an exam: no hints, and nothing is told.")] = False,
    json: Annotated[
        Path | None, typer.Option("--json", help="Write the whole result to this file; -: print it.")
    ] = None,
    junit: Annotated[Path | None, typer.Option("--junit", help="Write JUnit XML to this file.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write the debrief page to this file.")] = None,
) -> None:
    """Run a scenario in a simulation, as fast as it goes.

    A program is the trainee. Exit code 0: everything expected was seen and the score passes; 1: not.

    \b
    Examples:
      winter-river scenario run generator-a-fails --html debrief.html
      winter-river scenario run my-exercise.yaml --junit result.xml --trainee idle
    """
    import dataclasses

    from winter_river.cli.scenario_play import keep, played, tell
    from winter_river.facility.faults import FileError
    from winter_river.scenario import IdleTrainee, PerfectTrainee, load_scenario

    if trainee not in TRAINEES:
        raise UsageError(f"--trainee: {trainee} is none of {', '.join(TRAINEES)}")
    try:
        scenario = load_scenario(file)
    except FileError as error:
        raise UsageError(str(error)) from None
    if seed is not None:
        scenario = dataclasses.replace(scenario, seed=seed)
    who = PerfectTrainee() if trainee == TRAINEES[0] else IdleTrainee()
    result = played(scenario, who, exam=exam)
    keep(result, json=json, junit=junit, html=html)
    if "-" not in (str(json), str(junit), str(html)):
        tell(result)
    if not result.passed:
        raise typer.Exit(FAILED)
