"""What a trainee may operate: the controls of the exercise, where no lock-out tag hangs."""

from __future__ import annotations

from winter_river.scenario.model import Control, Scenario
from winter_river.scenario.records import Records

# Verbs that are more than operating a device: they break it on purpose, or look after its board. Not for trainees, but
# where a control of the exercise names one.
BREAKING = ("set_fault",)
SERVICING = ("restart", "config", "factory_reset", "update", "restore")
HARMLESS = ("identify", "page")  # these move nothing, so a tag does not forbid them


def why_refused(scenario: Scenario, records: Records, node_id: str, verb: str) -> str:
    """Why a trainee may not do this now; empty where he may. A control that names a verb permits it, whatever it is."""
    tags = records.tags_on(node_id)
    if tags and verb not in HARMLESS:
        return f"{node_id} is locked out by {', '.join(tag.owner for tag in tags)}; only the owner takes a tag off"
    controls = scenario.controls
    if any(control.verb == verb and node_id in control.nodes for control in controls or ()):
        return ""
    if verb in BREAKING or verb in SERVICING:
        return f"{verb} is not for trainees"
    if controls is None or any(_covers(control, node_id, verb) for control in controls):
        return ""
    return f"{verb} of {node_id} is no control of this exercise"


def _covers(control: Control, node_id: str, verb: str) -> bool:
    return node_id in control.nodes and control.verb in ("", verb)
