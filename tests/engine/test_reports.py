"""A world that keeps no reports is the same world: what nothing hangs on is left out, and nothing else."""

import dataclasses
import random

import pytest
from winter_river.engine import apply, build_plan, laws, new_world, step

from .test_random_operations import Operator

# What is only for who reads it, or the number of an event: there are fewer without states.
TABLES = {
    "events",
    "lows",
    "first_by_group",
    "meters",
    "island_meters",
    "ups_meters",
    "demand_meters",
    "storage_meters",
}
FIELDS = {
    "nodes": {"state", "last", "origin", "live_seen", "supplied_seen"},
    "transformers": None,  # all but their taps
    "islands": {"loss_kw", "told", "over"},
    "servers": {"load_kw"},  # what it gets: at too low a voltage less than it is set to draw
    "upses": {"load_cause"},
    "breakers": {"cause"},
    "rooms": {"event"},
}
TAPS = ("tap", "tap_s", "tap_way", "tap_ok")
SCALARS = {"low", "next_event", "first_event", "due_s", "moved", "events_count"}


class Both:
    """One site twice, with reports and without; Operator's `told`."""

    def __init__(self, devices, calibration):
        self.plans = [build_plan(devices, calibration=calibration, reports=reports) for reports in (True, False)]
        self.worlds = [new_world(plan) for plan in self.plans]
        self.plan = self.plans[0]

    def tell(self, node_id, *, present=True, **fields):
        for plan, world in zip(self.plans, self.worlds, strict=True):
            apply(plan, world, node_id, fields, present=present)

    def step(self, dt_s):
        for plan, world in zip(self.plans, self.worlds, strict=True):
            step(plan, world, dt_s)


def physics(world):
    """Everything but the reports, to compare."""
    found = {}
    for field in dataclasses.fields(world):
        name, value = field.name, getattr(world, field.name)
        if name in TABLES or name in SCALARS or name == "machine" or field.metadata.get("follows"):
            continue
        if isinstance(value, list) and value and dataclasses.is_dataclass(value[0]):
            left_out = FIELDS.get(name, set())
            rows = [dataclasses.asdict(row) for row in value]
            if left_out is None:
                value = [{key: row[key] for key in TAPS if key in row} for row in rows]
            else:
                value = [{key: row[key] for key in row if key not in left_out} for row in rows]
        found[name] = value
    return found


@pytest.mark.parametrize("site", ["block", "dual_cord", "two_utilities", "storages", "parallel", "tapped"])
def test_without_reports_everything_else_is_the_same_to_the_bit(request, site):
    devices = request.getfixturevalue(site)
    both, rng = Both(devices, "training"), random.Random(site)
    operator = Operator(both, rng)
    for _ in range(120):
        operator.turn(devices, [0, 1, 1, 2], 0.1)
        both.step(rng.choice([0.0, 0.3, 1.0, 5.0, 30.0, 400.0]))
        one, two = (physics(world) for world in both.worlds)
        assert one == two
        assert laws.check(both.plans[1], both.worlds[1]) == []


def test_reports_that_are_left_out_do_not_move(block):
    both = Both(block, "training")
    both.tell("utility_a", fault="outage")
    both.step(60.0)
    (told, silent), (_, plan) = both.worlds, both.plans
    node = plan.index["ups_a"]
    assert told.nodes[node].state != silent.nodes[node].state
    assert told.meters[plan.index["generator_a"]].kw > 0.0
    assert all(meter.kwh == meter.kw == 0.0 for meter in silent.meters)
