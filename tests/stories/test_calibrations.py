"""The quick calibration tells the same stories as the training one, in a tenth of the time."""

from __future__ import annotations

import pytest

NODES = ("utility_a", "lv_switchgear_a", "generator_a", "ups_a", "server_rack_a1")


def told(simulation, seconds: float, back_s: float, *, generator_fails: bool) -> list[tuple[str, str, str]]:
    """Utility A lost and back: (node, event, what it became) of every event of side A's main nodes, node by node."""
    if generator_fails:
        simulation.command("generator_a", "set_fault", state=True, kind="fail_to_start")
    simulation.command("utility_a", "set_fault", state=True, kind="outage")
    simulation.advance(back_s)
    simulation.command("utility_a", "set_fault", state=False, kind="outage")
    simulation.advance(seconds - back_s)
    rows = [(event.node_id, event.event, event.to) for event in simulation.events() if event.node_id in NODES]
    return [row for node_id in NODES for row in rows if row[0] == node_id]


@pytest.mark.parametrize("generator_fails", [False, True], ids=["generator starts", "generator fails"])
def test_the_quick_story_has_the_same_events_as_the_training_one(start, generator_fails: bool) -> None:
    seconds, back_s = (750, 300) if generator_fails else (215, 120)
    slow = told(start(), seconds, back_s, generator_fails=generator_fails)
    quick = told(start(calibration="quick"), seconds / 10 + 1, back_s / 10, generator_fails=generator_fails)
    assert quick == slow


def test_the_quick_generator_carries_the_site_after_about_a_second(start) -> None:
    simulation = start(calibration="quick")
    simulation.command("utility_a", "set_fault", state=True)
    simulation.advance(1.2)
    assert simulation.view("lv_switchgear_a")["state"] == "GENERATOR"


def test_the_realistic_battery_lasts_ten_minutes(start) -> None:
    """65.8 kWh at 394.7 kW: 600 s, in racks that stand the heat: nothing cools them meanwhile."""
    simulation = start(calibration="realistic", heat_shutdown=0.0)
    simulation.command("generator_a", "set_fault", state=True, kind="fault")
    simulation.command("utility_a", "set_fault", state=True)
    simulation.advance(620.0)
    (empty,) = [event.t_s for event in simulation.events() if event.event == "battery_empty"]
    assert empty == pytest.approx(600, rel=0.005)
