"""Utility A is lost and comes back: the reference story of the training calibration, second by second.

Side A carries four rows of 96 kW through its UPS and 48 kW of cooling beside it. Worked by hand, t = 0 the loss:

    the battery carries 394.7 kW: 384 kW of racks, 2.7 kW in cables, 8 kW of UPS loss
    0 to 10 s          394.7 kW x 10 s                   = 1.096 kWh
    10 to 11 s wait, 11 to 15 s walk-in (half of it)
                       394.7 kW x (1 + 4 / 2) s          = 0.329 kWh    together 1.425 kWh, 87.0 % left of 10.96 kWh
    recharge on the generator   1.425 kWh / (50 kW x 0.90) = 114 s        full at 15 + 114 = 129 s
    retransfer         394.7 kW x (0.5 + 1 + 4 / 2) s    = 0.384 kWh    96.5 % left
    recharge on the utility     0.384 kWh / (100 kW x 0.90) = 15.4 s      full at 155.5 + 15.4 = 170.9 s
"""

from __future__ import annotations

import pytest

BACK_S = 120
END_S = 215
RACKS = ("server_rack_a1", "server_rack_a2", "server_rack_a3", "server_rack_a4")


@pytest.fixture(scope="module")
def story(start, record):
    """The whole story. A healthy minute goes before it, so that nothing hangs on time 0."""
    simulation = start()
    simulation.advance(60.0)
    told = record(simulation)
    assert simulation.command("utility_a", "set_fault", state=True, kind="outage").done
    told.now()
    told.play(BACK_S)
    assert simulation.command("utility_a", "set_fault", state=False, kind="outage").done
    told.now()
    told.play(END_S - BACK_S)
    return told


def words(events: list[tuple[float, str]]) -> list[str]:
    return [word for _, word in events]


def times(events: list[tuple[float, str]]) -> list[float]:
    return [t_s for t_s, _ in events]


# node, the states it passes through with their times from the table of the design, s
STATES = [
    ("utility_a", [(0, "OUTAGE"), (120, "GRID_OK")]),
    ("hv_mv_transformer_a", [(0, "NO_INPUT"), (120, "NORMAL")]),
    ("mv_switchgear_a", [(0, "NO_INPUT"), (120, "CLOSED")]),
    ("mv_lv_transformer_a", [(0, "NO_INPUT"), (120, "NORMAL")]),
    ("lv_switchgear_a", [(0, "NO_INPUT"), (10.0, "GENERATOR"), (150, "NO_INPUT"), (150.5, "CLOSED")]),
    ("generator_a", [(1.0, "STARTING"), (9.7, "RUNNING"), (150, "COOLDOWN"), (210, "STANDBY")]),
    (
        "ups_a",
        [
            (0, "ON_BATTERY"), (15, "CHARGING"), (129.0, "NORMAL"),
            (150, "ON_BATTERY"), (155.5, "CHARGING"), (170.9, "NORMAL"),
        ],
    ),
    *((rack, [(0, "DEGRADED"), (15, "NORMAL"), (150, "DEGRADED"), (155.5, "NORMAL")]) for rack in RACKS),
]  # fmt: skip


@pytest.mark.parametrize(("node_id", "states"), STATES, ids=[row[0] for row in STATES])
def test_each_node_passes_through_its_states_at_their_times(
    story, node_id: str, states: list[tuple[float, str]]
) -> None:
    seen = story.events(node_id)
    assert words(seen) == [word for _, word in states]
    # 0.15 s: the table's battery times come from figures of three places.
    assert times(seen) == pytest.approx([t_s for t_s, _ in states], abs=0.15)


def test_cooling_stops_with_the_bus_and_ramps_up_over_5_s(story) -> None:
    assert story.at(0, "cooling_a")["state"] == "OFF"
    assert story.at(0, "cooling_a")["power_kw"] == 0
    ramp_kw = [story.at(second, "cooling_a")["power_kw"] for second in range(10, 16)]
    assert ramp_kw == sorted(ramp_kw)
    assert ramp_kw[-1] == pytest.approx(48.0, abs=0.1)  # 55 fans x 0.8 kW + 4 kW


def test_racks_are_carried_without_a_gap_at_full_voltage(story) -> None:
    for second in range(END_S + 1):
        for rack in RACKS:
            assert story.at(second, rack)["power_kw"] == 96.0
            assert story.at(second, rack)["voltage_in"] == pytest.approx(477.6, abs=0.5)


def test_the_battery_gives_394_7_kw_while_nothing_feeds_the_ups(story) -> None:
    for second in range(10):
        assert story.at(second, "ups_a")["battery_kw"] == pytest.approx(394.7, rel=0.001)
        assert story.at(second, "ups_a")["power_in_kw"] == 0


def test_the_battery_holds_87_percent_when_the_generator_has_taken_over(story) -> None:
    assert story.at(15, "ups_a")["soc_pct"] == pytest.approx(87.0, abs=0.1)


def test_the_battery_holds_96_5_percent_after_the_retransfer(story) -> None:
    # At 156 s half a second of charging at 90 kW has put back 0.0125 kWh, 0.1 %.
    assert story.at(156, "ups_a")["soc_pct"] == pytest.approx(96.5 + 0.11, abs=0.1)


def test_the_generator_gives_500_kw_while_charging_and_450_kw_after(story) -> None:
    assert story.at(60, "generator_a")["power_kw"] == pytest.approx(500, rel=0.005)
    assert story.at(140, "generator_a")["power_kw"] == pytest.approx(450, rel=0.005)


def test_the_utility_gives_465_kw_before_and_after(story) -> None:
    assert story.at(END_S, "utility_a")["power_kw"] == pytest.approx(465.06, abs=0.05)
    assert story.at(END_S, "utility_b")["power_kw"] == pytest.approx(465.06, abs=0.05)


def test_the_generator_burns_1_4_gallons(story) -> None:
    burnt_gal = (100 - story.at(END_S, "generator_a")["fuel_pct"]) / 100 * 800
    assert burnt_gal == pytest.approx(1.4, abs=0.05)


def test_the_dead_gaps_are_0_3_s_towards_the_generator_and_0_5_s_back(story) -> None:
    transfers = [(round(t_s, 3), to) for t_s, to in story.events("lv_switchgear_a", "transfer")]
    assert transfers == [(9.7, "open"), (10.0, "second"), (150.0, "open"), (150.5, "first")]


def test_every_event_of_the_outage_leads_back_to_the_fault(story) -> None:
    events = {event.id: event for event in story.all_events()}
    (fault,) = [event for event in events.values() if event.event == "fault" and event.to == "outage"]
    for event in events.values():
        assert event.cause < event.id
        if event.t_s - story.start_s >= BACK_S:
            continue
        while event.cause:
            event = events[event.cause]
        assert event.id == fault.id


def test_charging_is_owed_to_the_transfer_and_not_to_the_fans_that_end_their_ramp_with_it(story) -> None:
    events = {event.id: event for event in story.all_events()}
    (charging,) = [event for event in events.values() if event.to == "CHARGING" and event.t_s - story.start_s < BACK_S]
    assert events[charging.cause].node_id == "lv_switchgear_a"


def test_the_other_side_does_not_change_by_a_byte(story, start, record) -> None:
    quiet = record(start())
    quiet.simulation.advance(60.0)
    untouched = record(quiet.simulation)
    untouched.play(END_S)
    assert story.bytes_of("_b") == untouched.bytes_of("_b")
    assert story.bytes_of("_a") != untouched.bytes_of("_a")
