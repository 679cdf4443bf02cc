"""Sites as files: check one, make one, list the built-in ones."""

import dataclasses
import shlex
from pathlib import Path
from typing import Annotated

import typer

from winter_river.cli.errors import FAILED, UsageError
from winter_river.cli.file_faults import tell_faults
from winter_river.cli.values import json_text, table_text

JSON_HELP = "Write JSON instead of text."


def add_to(app: typer.Typer) -> None:
    """Adds check, new and facilities."""
    app.command()(check)
    app.command()(new)
    app.command()(facilities)


def check(
    file: Annotated[
        str,
        typer.Argument(
            help="A facility or a scenario, by its built-in name or a path, rules, or a board's file (.toml)."
        ),
    ],
    json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> None:
    """Check a facility file, a scenario file, alarm rules or a board file.

    Every fault at once, each with its place and the nearest valid name.

    \b
    Example:
      winter-river check my-site.yaml
      my-site.yaml:12:11: no node `ups_1` (did you mean `ups_a`?)
    """
    from winter_river.alerts.loader import is_rules
    from winter_river.cli.scenario import is_scenario, scenario_told
    from winter_river.facility.faults import FileError

    try:
        told = _board if file.endswith(".toml") else scenario_told if is_scenario(file) else _facility
        told = _alarm_rules if told is _facility and is_rules(file) else told
        values, text = told(file)
    except FileError as error:
        tell_faults(error.faults, json=json)
        raise typer.Exit(FAILED) from None
    typer.echo(json_text({"ok": True, **values, "faults": []}) if json else text)


def _facility(name: str) -> tuple[dict[str, object], str]:
    """What is said of a facility without a fault: as values, as a line. Raises FileError."""
    from winter_river.engine import explain, new_world
    from winter_river.facility import load_facility

    found = load_facility(name)
    line = f"{found.name}: {len(found.nodes)} nodes, calibration {found.calibration}: no fault"
    loops = [node.id for node in found.nodes.values() if node.ratings.get("parallel")]
    if loops:
        line += f"; loops are closed at {', '.join(loops)}"
    plan = found.plan()
    flows = explain.flows(plan, new_world(plan))
    told = [explain.flow_text(flow) for flow in flows if flow.solver != "sweep" or flow.low]
    line += "; flow " + ", ".join((["by the sweep"] if len(told) < len(flows) else []) + told)
    return {"facility": found.name, "nodes": len(found.nodes), "flow": [flow._asdict() for flow in flows]}, line


def _alarm_rules(path: str) -> tuple[dict[str, object], str]:
    """The same of a file of alarm rules."""
    from winter_river.alerts.loader import load_rules

    found = load_rules(path)
    count = len(found.with_built_in())
    line = f"{found.name}: {len(found.rules)} rules of its own, {count} with the built-in ones: no fault"
    return {"rules": found.name, "own": len(found.rules), "all": count}, line


def _board(path: str) -> tuple[dict[str, object], str]:
    """The same of a board's file."""
    from winter_river.board import loader

    found = loader.load(path)
    return {"board": found.name, "chip": found.chip.title}, f"{found.name}: {found.title}, {found.chip.title}: no fault"


def new(
    nodes: Annotated[int, typer.Argument(help="How many nodes, from 9 on.")] = 24,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write; - or none: print it.")
    ] = None,
    name: Annotated[str, typer.Option("--name", help="The name of the facility (default: by its size).")] = "",
    calibration: Annotated[str, typer.Option("--calibration", help="training, quick or realistic.")] = "training",
    like: Annotated[str, typer.Option("--like", help="A built-in facility to begin with, as it is.")] = "",
) -> None:
    """Make a facility file of any size.

    In the pattern of block-2n-24, or --like another (campus-bess has a storage, an array, meters and profiles), ready
    to be changed.

    \b
    Example:
      winter-river new 100 -o big.yaml && winter-river run big.yaml
      winter-river new --like campus-bess --name mine -o mine.yaml
    """
    from winter_river.facility import generate, load_facility, to_yaml

    try:
        if like:
            made = load_facility(like).with_calibration(calibration)
            made = dataclasses.replace(made, name=name or made.name)
        else:
            made = generate(nodes, name=name, calibration=calibration)
        text = to_yaml(made)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if output is None or str(output) == "-":
        typer.echo(text, nl=False)
        return
    if output.exists():
        raise UsageError(f"{output} exists; name another file with --output, or delete it first")
    output.write_text(text, encoding="utf-8")
    path = shlex.quote(str(output))
    typer.echo(f"{output} written; check it with `winter-river check {path}`, run it with `winter-river run {path}`")


def facilities(json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False) -> None:
    """List the built-in sites.

    \b
    Example:
      winter-river facilities
    """
    from winter_river.facility import library, load_facility

    rows = []
    for name in library():
        facility = load_facility(name)
        rows.append(
            {"name": name, "nodes": len(facility.nodes), "calibration": facility.calibration, "what": facility.title}
        )
    if json:
        typer.echo(json_text(rows))
    else:
        typer.echo(table_text(("name", "nodes", "calibration", "what"), rows))
