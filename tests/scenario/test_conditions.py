"""Conditions read as they are written: words and numbers, any and all, and and or."""

from __future__ import annotations

import pytest
from winter_river.facility import load_facility
from winter_river.facility.faults import Faults
from winter_river.facility.yaml_lines import Scalar
from winter_river.scenario.conditions import checked_condition

SITE = load_facility("block-2n-24")
VIEWS = {
    "ups_a": {"state": "ON_BATTERY", "soc_pct": 40.0, "tripped": False, "status": "warning"},
    "ups_b": {"state": "NORMAL", "soc_pct": 100.0, "tripped": False, "status": "ok"},
}


def holds(text: str) -> bool:
    faults = Faults("c")
    condition = checked_condition(Scalar(text, text, 1, 1), SITE, faults, what="when")
    assert condition is not None, faults.all()
    return condition.holds(lambda node_id: VIEWS.get(node_id, {}))


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("ups_a.soc_pct < 40", False),
        ("ups_a.soc_pct <= 40", True),
        ("ups_a.soc_pct = 40.0", True),
        ("ups_a.soc_pct != 40", False),
        ("ups_a.soc_pct > 39.9", True),
        ("ups_a.state = ON_BATTERY", True),
        ("ups_a.state == ON_BATTERY", True),
        ("ups_a.state!=ON_BATTERY", False),
        ("ups_a.tripped = false", True),
        ("ups_a.status = warning", True),
        ("any ups_*.soc_pct < 50", True),
        ("all ups_*.soc_pct < 50", False),
        ("all ups_*.tripped = false", True),
        ("ups_a.soc_pct < 50 and ups_b.soc_pct < 50", False),
        ("ups_a.soc_pct < 50 or ups_b.soc_pct < 50", True),
        # `and` binds closer than `or`: (false and true) or true.
        ("ups_a.soc_pct > 50 and ups_b.soc_pct > 50 or ups_a.state = ON_BATTERY", True),
        # What a view does not show meets nothing, not even "not that".
        ("generator_a.power_kw < 1", False),
        ("generator_a.state != RUNNING", False),
    ],
)
def test_a_condition_is_true_or_false(text: str, truth: bool) -> None:
    assert holds(text) is truth
