"""A site without broker and clock, as fast as it goes."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from winter_river.cli.errors import FAILED, UsageError
from winter_river.cli.values import json_text, seconds
from winter_river.likeness import meant

if TYPE_CHECKING:
    from winter_river.facility import Facility
    from winter_river.scenario.model import Scenario
    from winter_river.scenario.runner import Result
    from winter_river.simulation import Simulation

UNTIL_S_DEFAULT = 60.0  # chosen: long enough to see that a healthy site stays healthy
DT_S_MIN = 0.001  # the engine's times are whole milliseconds
EVENTS_SHOWN_MAX = 200  # a summary is read by a person; the trace has them all
PROGRESS_S = 0.5


def add_to(app: typer.Typer) -> None:
    """Adds simulate."""
    app.command()(simulate)


def simulate(
    facility: Annotated[str | None, typer.Argument(help="A built-in name or a path (default: the script's).")] = None,
    script: Annotated[str | None, typer.Option("--script", help="A scenario: a YAML file or a built-in name.")] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="How long: 120s, 2m (default: the script, or 60s).")
    ] = None,
    dt: Annotated[str, typer.Option("--dt", help="The longest step, and time between two lines of the trace.")] = "1s",
    seed: Annotated[
        int | None, typer.Option("--seed", help="Where randomness starts (default: the script's, or 1).")
    ] = None,
    trace: Annotated[
        Path | None, typer.Option("--trace", help="Write every step to this file, one JSON object a line.")
    ] = None,
    why: Annotated[
        str | None, typer.Option("--why", help="At the end, tell why this node is as it is: every cause to the first.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Write the summary as JSON.")] = False,
) -> None:
    """Run a site without broker and clock.

    As fast as it goes; the same seed gives the same bytes.

    \b
    With a script, its commands are sent and its expectations checked; exit 1 when one fails:
      scenario: utility-a-lost
      facility: block-2n-24
      steps:
        - at: 10s
          send: {node: utility_a, command: set_fault, params: {state: true, kind: outage}}
        - at: 40s
          expect: {node: generator_a, state: RUNNING}

    \b
    Examples:
      winter-river simulate block-2n-24 --script utility-a-lost.yaml --trace run.jsonl
      winter-river simulate block-2n-24 --script utility-a-lost.yaml --why server_rack_a1
    """
    from winter_river.cli.trace import TraceFile
    from winter_river.cli.why import why_fields
    from winter_river.scenario import run_scenario
    from winter_river.simulation import Simulation
    from winter_river.ui.why import known_of, why_lines

    dt_s = seconds(dt, option="--dt")
    if dt_s < DT_S_MIN:
        raise UsageError(f"--dt: {dt} is shorter than {DT_S_MIN} s")
    until_s = None if until is None else seconds(until, option="--until")
    site, scenario, left_out = _what(facility, script, until_s, seed)
    if why is not None and why not in site.nodes:
        raise UsageError(f"--why: {site.name} has no node {why}{meant(why, site.nodes)}")
    simulation = Simulation(site, seed=scenario.seed, dt_s=dt_s)
    end_s = max(scenario.end_s, until_s or 0.0) if script or until else UNTIL_S_DEFAULT
    progress = _progress(end_s)
    with TraceFile(trace, simulation) as lines:

        def on_step(t_s: float) -> None:
            lines.write()
            progress(t_s)

        result = run_scenario(scenario, simulation, step_s=dt_s, until_s=end_s, on_step=on_step)
    if json:
        summary = _summary(simulation, result, seed=scenario.seed, left_out=left_out)
        typer.echo(json_text(summary if why is None else summary | {"why": why_fields(known_of(simulation, why))}))
    else:
        _tell(simulation, result, seed=scenario.seed, left_out=left_out)
        for line in [] if why is None else why_lines(known_of(simulation, why)):
            typer.echo(line)
    if not result.passed:
        raise typer.Exit(FAILED)


def _what(
    facility: str | None, script: str | None, until_s: float | None, seed: int | None
) -> tuple["Facility", "Scenario", int]:
    """The site, the scenario as the options change it, and how many of its steps lie beyond the end."""
    import dataclasses

    from winter_river.facility import load_facility
    from winter_river.scenario import Scenario, load_scenario
    from winter_river.settings import Settings

    site = None if facility is None else load_facility(facility)
    if script is None:
        site = site or load_facility(Settings().facility)
        scenario = Scenario("", site.name, ())
    else:
        scenario = load_scenario(script, facility=site)
        site = site or load_facility(scenario.facility)
    if scenario.calibration:
        site = site.with_calibration(scenario.calibration)
    steps = tuple(step for step in scenario.steps if until_s is None or step.at_s <= until_s)
    left_out = len(scenario.steps) - len(steps)
    scenario = dataclasses.replace(scenario, steps=steps, seed=scenario.seed if seed is None else seed)
    return site, scenario, left_out


def _progress(end_s: float) -> Callable[[float], None]:
    """Tells on a terminal how far a long simulation is; silent for a quick one and into a pipe."""
    if not sys.stderr.isatty():
        return lambda _: None
    from winter_river.ui.words import duration_text

    told_s = [time.monotonic()]

    def progress(t_s: float) -> None:
        now_s = time.monotonic()
        if now_s - told_s[0] >= PROGRESS_S:
            told_s[0] = now_s
            text = f"simulated {duration_text(t_s)} of {duration_text(end_s)}"
            print(f"\r{text:<40}\r", end="", file=sys.stderr, flush=True)

    return progress


def _summary(simulation: "Simulation", result: "Result", *, seed: int, left_out: int) -> dict[str, object]:
    from winter_river.scenario.trace import event_fields, node_fields

    return {
        "facility": simulation.facility.name,
        "scenario": result.scenario.name,
        "seed": seed,
        "t_s": simulation.t_s,
        "passed": result.passed,
        "steps": [
            {"at_s": outcome.step.at_s, "passed": outcome.passed, "wanted": outcome.wanted, "seen": outcome.seen}
            for outcome in result.outcomes
        ],
        "steps_not_played": left_out,
        "events": [event_fields(event) for event in simulation.events()],
        "nodes": {node_id: node_fields(simulation.view(node_id)) for node_id in simulation.facility.nodes},
        "hash": simulation.snapshot().hash,
    }


def _tell(simulation: "Simulation", result: "Result", *, seed: int, left_out: int) -> None:
    from winter_river.ui.plain import EventLines, closing_lines

    events = EventLines(simulation)
    lines = events.fresh()
    for line in lines[:EVENTS_SHOWN_MAX]:
        typer.echo(line)
    if len(lines) > EVENTS_SHOWN_MAX:
        typer.echo(f"... and {len(lines) - EVENTS_SHOWN_MAX} more events; --trace FILE has them all")
    for outcome in result.outcomes:
        typer.echo(str(outcome))
    if left_out:
        typer.echo(f"{left_out} steps of the script are later than --until and were not played")
    for line in closing_lines(simulation, events=events.count):
        typer.echo(line)
    if result.outcomes:
        typer.echo(f"{len(result.outcomes) - len(result.failures)} of {len(result.outcomes)} steps passed")
    typer.echo(f"seed {seed}, state {simulation.snapshot().hash[:16]}")
