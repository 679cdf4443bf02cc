"""Scripts in YAML: what is sent to a site and what must then be seen, played on any site."""

from winter_river.scenario.durations import duration_s
from winter_river.scenario.loader import ScenarioError, load_scenario, parse_scenario, scenarios
from winter_river.scenario.model import Expect, Scenario, Send, Step, Want
from winter_river.scenario.runner import Outcome, Result, run_scenario
from winter_river.scenario.trace import TraceWriter

__all__ = [
    "Expect",
    "Outcome",
    "Result",
    "Scenario",
    "ScenarioError",
    "Send",
    "Step",
    "TraceWriter",
    "Want",
    "duration_s",
    "load_scenario",
    "parse_scenario",
    "run_scenario",
    "scenarios",
]
