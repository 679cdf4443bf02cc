"""A run's acts as a scenario file, and as a pytest file that plays it and expects what was seen. Pure: text out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# What moves nothing in the engine's world, or is the engine's own.
PASSED_OVER = ("identify", "page", "config", "factory_reset", "update", "restore")
# Acts that are no commands: a node is taken out of its slot, or comes back.
TAKEN_OUT, CAME_BACK = "no_power", "back"  # the scenario's words, see scenario: disturb
_STATES_OF_REST_S = (
    1.0  # chosen: an expectation is looked at up to a second later: live, an act reaches the engine a few ms late
)
_SCENARIO_STEPS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Told:
    """A command as it was given. t_s: engine time."""

    t_s: float
    node_id: str
    command: str
    params: Mapping[str, object]
    by: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """What is to be saved. source: the path of the facility's file, "" where its name finds it.

    states: of every node at t_s, the end.
    """

    facility: str
    source: str
    calibration: str
    seed: int
    t_s: float
    told: Sequence[Told]
    states: Mapping[str, str]


def scenario_text(run: Run, *, name: str = "my-session") -> str:
    """A scenario that does what was done, when it was done, and at the end expects the states that were seen."""
    lines = [
        f"# Saved from a live run of {run.facility}: {len(run.told)} commands in {run.t_s:.0f} s.",
        f"scenario: {name}",
        f"facility: {_word(run.source or run.facility)}",
        f"calibration: {run.calibration}",
        f"seed: {run.seed}",
        "steps:",
    ]
    for told in _worth_telling(run):
        lines.append(f"  - at: {_ms(told.t_s)}")
        if told.command in (TAKEN_OUT, CAME_BACK):
            lines.append(f"    disturb: {{node: {told.node_id}, what: {told.command}}}")
            continue
        params = f", params: {_flow(told.params)}" if told.params else ""
        by = f"  # {told.by}" if told.by.isprintable() and told.by else ""
        lines.append(f"    send: {{node: {told.node_id}, command: {told.command}{params}}}{by}")
    end_s = max([run.t_s, *(told.t_s for told in run.told)])
    for node_id, state in run.states.items():
        lines.append(f"  - at: {_ms(end_s)}")
        lines.append(f"    expect: {{node: {node_id}, state: {state}, within: {_STATES_OF_REST_S:g}s}}")
    return "\n".join(lines) + "\n"


def pytest_text(run: Run, *, name: str = "my_session") -> str:
    """A pytest file that needs nothing but Winter River: plays the acts in a simulation and checks the states."""
    identifier = re.sub(r"\W", "_", name)
    acts = "".join(
        f"    ({round(told.t_s, 3)!r}, {told.node_id!r}, {told.command!r}, {dict(told.params)!r}),\n"
        for told in _worth_telling(run)
    )
    states = "".join(f"    {node_id!r}: {state!r},\n" for node_id, state in run.states.items())
    return f'''"""Saved from a live run of {run.facility}: what was done, and where it led."""

from winter_river import Simulation, load_facility

ACTS = [  # (seconds, node, command, parameters)
{acts}]
END_S = {round(run.t_s, 3)!r}
STATES = {{
{states}}}


def test_{identifier}_ends_as_it_was_seen():
    facility = load_facility({(run.source or run.facility)!r}).with_calibration({run.calibration!r})
    simulation = Simulation(facility, seed={run.seed})
    for at_s, node_id, command, params in ACTS:
        simulation.advance(max(0.0, at_s - simulation.t_s))
        if command == {TAKEN_OUT!r}:
            simulation.remove(node_id)
        elif command == {CAME_BACK!r}:
            simulation.insert(node_id)
        else:
            assert simulation.send(node_id, command, params).done, (node_id, command)
    simulation.advance(max(0.0, END_S - simulation.t_s))
    seen = {{node_id: simulation.view(node_id)["state"] for node_id in STATES}}
    assert seen == STATES
'''


def _worth_telling(run: Run) -> list[Told]:
    found = [told for told in run.told if told.command not in PASSED_OVER]
    return found[: _SCENARIO_STEPS_MAX - len(run.states)]


def _ms(t_s: float) -> str:
    return f"{round(t_s * 1000)}ms"


def _flow(params: Mapping[str, object]) -> str:
    """Parameters as a YAML flow mapping; JSON texts and numbers are YAML too."""
    return "{" + ", ".join(f"{name}: {json.dumps(value)}" for name, value in params.items()) + "}"


def _word(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9_./-]+", text) else json.dumps(text)


def states_of(views: Mapping[str, Mapping[str, object]]) -> dict[str, str]:
    """The state word of each node."""
    return {node_id: str(view["state"]) for node_id, view in views.items()}
