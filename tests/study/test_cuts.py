"""Whom an outage is owed to, one set of failures at a time."""

import math

from winter_river.engine import Device, build_plan
from winter_river.study.cuts import Cuts
from winter_river.study.rates import CLOCK, Failure


def test_heat_is_owed_to_the_cooling_and_not_to_a_spare_source_that_is_down_as_well(two_utilities):
    devices = (*two_utilities, Device("cooling", "cooling", ("gear",), {"rated_a": 60.0}))
    plan = build_plan(devices)
    failures = [Failure(name, "failure", CLOCK, math.inf, 3600.0) for name in ("utility_1", "utility_2", "cooling")]
    cuts = Cuts(plan, failures)
    rack = plan.index["rack"]
    assert cuts.owed_to(rack, (1, 2)) == (2,)
    assert cuts.owed_to(rack, (0, 1)) == (0, 1)
