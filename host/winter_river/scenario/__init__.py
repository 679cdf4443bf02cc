"""Scripts in YAML: what is sent to a site, what must be seen, and what a trainee has to do; played on any site."""

from winter_river.scenario.cues import Ask, ByHand, Cue, Done, OutOfBounds, cue_fields
from winter_river.scenario.durations import duration_s
from winter_river.scenario.exercise import Exercise
from winter_river.scenario.loader import ScenarioError, load_scenario, parse_scenario, scenarios
from winter_river.scenario.model import Expect, Say, Scenario, Send, Step, Want
from winter_river.scenario.records import Action
from winter_river.scenario.result import Outcome, Result
from winter_river.scenario.runner import run_scenario
from winter_river.scenario.trace import TraceWriter
from winter_river.scenario.trainee import IdleTrainee, PerfectTrainee

__all__ = [
    "Action",
    "Ask",
    "ByHand",
    "Cue",
    "Done",
    "Exercise",
    "Expect",
    "IdleTrainee",
    "OutOfBounds",
    "Outcome",
    "PerfectTrainee",
    "Result",
    "Say",
    "Scenario",
    "ScenarioError",
    "Send",
    "Step",
    "TraceWriter",
    "Want",
    "cue_fields",
    "duration_s",
    "load_scenario",
    "parse_scenario",
    "run_scenario",
    "scenarios",
]
