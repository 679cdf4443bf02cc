"""The engine: the pure physics of one world. No clock, no I/O, no randomness of its own.

plan = build_plan(devices)
world = new_world(plan)
apply(plan, world, "utility_a", {"fault": "outage"}, present=True)
for event in step(plan, world, 10.0): ...
view(plan, world, "ups_a")["soc_pct"]
"""

from winter_river.engine import explain, laws
from winter_river.engine.building import build_plan
from winter_river.engine.calibration import CALIBRATIONS
from winter_river.engine.equipment import CURVES, EQUIPMENT, RELIABILITY, Device, Equipment, Profile, Rating
from winter_river.engine.equipment.parts import (
    acting_as,
    malfunction_like,
    malfunction_of_own,
    part_of,
    state_like,
    state_of_own,
)
from winter_river.engine.equipment.pv import clear_sky
from winter_river.engine.events import Event
from winter_river.engine.explain import Isolation
from winter_river.engine.inputs import apply
from winter_river.engine.plan import Plan
from winter_river.engine.snapshot import Snapshot, fork, restore, snapshot
from winter_river.engine.start import new_world
from winter_river.engine.step import next_change_s, step
from winter_river.engine.view import balance, view, weather
from winter_river.engine.world import World

__all__ = [
    "CALIBRATIONS",
    "CURVES",
    "EQUIPMENT",
    "RELIABILITY",
    "Device",
    "Equipment",
    "Event",
    "Isolation",
    "Plan",
    "Profile",
    "Rating",
    "Snapshot",
    "World",
    "acting_as",
    "apply",
    "balance",
    "build_plan",
    "clear_sky",
    "explain",
    "fork",
    "laws",
    "malfunction_like",
    "malfunction_of_own",
    "new_world",
    "next_change_s",
    "part_of",
    "restore",
    "snapshot",
    "state_like",
    "state_of_own",
    "step",
    "view",
    "weather",
]
