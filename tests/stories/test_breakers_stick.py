"""What an operator opens stays open and what he closes stays closed, at whatever moment between two ticks he acts."""

from __future__ import annotations

import random

import pytest

PHASES = 20


@pytest.mark.parametrize("seed", range(PHASES))
@pytest.mark.parametrize(
    ("node_id", "closed", "opened"),
    [("lv_switchgear_a", "CLOSED", "OPEN"), ("mv_switchgear_a", "CLOSED", "OPEN"), ("server_rack_a1", "NORMAL", "OFF")],
)
def test_a_breaker_sticks(start, seed: int, node_id: str, closed: str, opened: str) -> None:
    phase = random.Random(f"{seed} {node_id}")
    simulation = start()
    simulation.advance(5 + phase.random())
    assert simulation.view(node_id)["state"] == closed
    assert simulation.command(node_id, "open").done
    for _ in range(8):
        simulation.advance(phase.random())
        assert simulation.view(node_id)["state"] == opened
        assert simulation.view(node_id)["current"] == 0
        assert simulation.status(node_id)["handle"] in ("open", "off")
    assert simulation.command(node_id, "close").done
    simulation.advance(2.0)  # an incomer closes on a source that was good for 1 s
    for _ in range(8):
        simulation.advance(phase.random())
        assert simulation.view(node_id)["state"] == closed
        assert simulation.view(node_id)["current"] > 0
        assert simulation.status(node_id)["handle"] in ("closed", "on")


def test_opening_a_switchgear_with_two_sources_opens_both_and_starts_nothing(start) -> None:
    simulation = start()
    simulation.command("lv_switchgear_a", "open")
    simulation.advance(30.0)
    assert simulation.view("lv_switchgear_a")["state"] == "OPEN"
    assert simulation.view("lv_switchgear_a")["voltage_out"] == 0
    assert simulation.view("generator_a")["state"] == "STANDBY"
    assert simulation.view("ups_a")["state"] == "ON_BATTERY"


def test_a_trip_does_not_undo_an_open_handle(start) -> None:
    """Open, then the utility goes and comes: the handle is the node's, nothing closes it."""
    simulation = start()
    simulation.command("mv_switchgear_a", "open")
    simulation.command("utility_a", "set_fault", state=True)
    simulation.advance(5.0)
    simulation.command("utility_a", "set_fault", state=False)
    simulation.advance(40.0)
    assert simulation.view("mv_switchgear_a")["state"] == "OPEN"
    assert simulation.view("lv_switchgear_a")["state"] == "GENERATOR"
