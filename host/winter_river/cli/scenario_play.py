"""What `scenario run` does: a simulation that stands where the exercise begins, the play, and what is kept of it."""

from __future__ import annotations

import json as json_module
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from winter_river.cli.errors import CommandError

if TYPE_CHECKING:
    from winter_river.facility import Facility
    from winter_river.scenario import Result, Scenario
    from winter_river.scenario.result import Instant
    from winter_river.scenario.trainee import Trainee
    from winter_river.simulation import Simulation

_LOOK_S = 0.5  # while an initial condition waits for a value


def played(scenario: Scenario, who: Trainee, *, exam: bool = False) -> Result:
    """The result of a scenario on a simulation of its facility. Raises CommandError for a broken law of physics."""
    from winter_river.facility import load_facility
    from winter_river.scenario import run_scenario
    from winter_river.simulation import Simulation

    facility = load_facility(scenario.facility)
    if scenario.calibration:
        facility = facility.with_calibration(scenario.calibration)
    simulation = Simulation(facility, seed=scenario.seed)
    if scenario.initial_condition:
        bring_to(simulation, scenario.initial_condition)
    result = run_scenario(scenario, simulation, trainee=who, exam=exam)
    if simulation.laws_broken:
        notes = "\n".join(simulation.law_notes())
        raise CommandError(f"{simulation.laws_broken} laws of physics broken; this is a fault of ours:\n{notes}")
    return result


def bring_to(simulation: Simulation, condition: str) -> None:
    """Let a simulation come to an initial condition of the station's library, by the same acts."""
    from winter_river.facility.faults import nearest
    from winter_river.station.initial import library, parts_of

    recipes = {recipe.info.id: recipe for recipe in library()}
    if condition not in recipes:
        hint = nearest(condition, recipes)
        raise CommandError(f"there is no initial condition {condition}" + (f"; {hint}" if hint else ""))
    ids = parts_of(simulation.facility)
    for step in recipes[condition].steps:
        if step.part is None:
            simulation.advance(step.seconds)
        elif step.part not in ids:
            raise CommandError(f"{simulation.facility.name} has no {step.part.name} that {condition} needs")
        elif step.command:
            simulation.send(ids[step.part], step.command, step.params)
        else:
            until_s = simulation.t_s + 3600.0
            while not step.low <= float(str(simulation.view(ids[step.part])[step.field])) <= step.high:
                if simulation.t_s >= until_s:
                    raise CommandError(f"{condition} does not come about on {simulation.facility.name} within an hour")
                simulation.advance(_LOOK_S)


def painter(scenario: Scenario) -> Callable[[Instant], str]:
    """Draws the scenario's site at an instant, as SVG."""
    from winter_river.facility import load_facility
    from winter_river.web.diagram import draw
    from winter_river.web.painting import flows, paint

    facility: Facility = load_facility(scenario.facility)

    def painted(instant: Instant) -> str:
        offline = {node_id: "offline" for node_id, view in instant.views.items() if view.get("status") == "offline"}
        presence = {node_id: offline.get(node_id, "online") for node_id in facility.nodes}
        return draw(facility, paint(facility, instant.views, presence, flows(facility, instant.views)))

    return painted


def keep(result: Result, *, json: Path | None, junit: Path | None, html: Path | None) -> None:
    """Write what was asked for; `-` is standard output."""
    from winter_river.scenario.debrief import debrief_html
    from winter_river.scenario.reports import junit_xml, result_fields

    if json is not None:
        _write(json, json_module.dumps(result_fields(result), ensure_ascii=False, allow_nan=False) + "\n")
    if junit is not None:
        _write(junit, junit_xml(result))
    if html is not None:
        _write(html, debrief_html(result, diagram=painter(result.scenario)))


def tell(result: Result) -> None:
    """The result in lines: what was expected, the score sheet, the verdict."""
    for outcome in result.outcomes:
        typer.echo(str(outcome))
    for row in result.sheet:
        typer.echo(f"{row.points:6g} of {row.points_max:<4g} {row.title}" + (f" ({row.text})" if row.text else ""))
        for deed in row.deeds:
            when = "" if deed.t_s is None else f" at {deed.t_s:g} s"
            typer.echo(f"                 {deed.state.replace('_', ' '):<13}{deed.text}{when}")
    if result.stopped:
        typer.echo(f"stopped at {result.t_s:g} s: {result.stopped}")
    if result.points_max:
        typer.echo(f"{result.points:g} of {result.points_max:g} points; {result.points_pass:g} to pass")
    typer.echo(f"energy not served {result.energy_not_served_total_kwh:g} kWh")
    passed = len(result.outcomes) - len(result.failures)
    verdict = "passed" if result.passed else "failed"
    typer.echo(
        f"{result.scenario.name} {verdict}: {passed} of {len(result.outcomes)} steps, {result.t_s:g} s simulated"
    )


def _write(path: Path, text: str) -> None:
    if str(path) == "-":
        typer.echo(text, nl=False)
    else:
        path.write_text(text, encoding="utf-8")
