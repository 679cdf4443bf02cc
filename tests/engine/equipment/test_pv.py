"""The array in a world: what the sun makes of it, what it may give, and when not."""

import pytest
from winter_river.engine import Device, Profile, build_plan, new_world, step, view

FULL_SUN = Profile((0.0,), (1.0,))
# 100 kWp at 1000 W/m2 in the 35 C of the start: a cell at 65 C loses 16 %, the system 14 %, the inverter 4 %.
FULL_KW = 100.0 * 0.84 * 0.86 * 0.96


@pytest.fixture
def roof():
    return [
        Device("u", "utility", (), {"voltage_v": 480, "short_circuit_mva": 50}),
        Device("g", "generator", (), {"power_kw": 100, "power_kva": 120, "voltage_v": 480, "fuel_gal": 50}),
        Device("sw", "switchgear", ("u", "g"), {"rated_a": 400}),
        Device("pv", "pv", ("sw",), {"peak_kw": 100, "rated_a": 150}, FULL_SUN),
        Device("r", "server", ("sw",), {"load_kw": 20, "load_kw_max": 50, "rated_a": 100}),
    ]


def test_full_sun_gives_its_peak_less_heat_and_system_losses(story, roof):
    told = story(roof)
    told.run(3600.0)
    assert told.number("pv", "power_kw") == pytest.approx(-FULL_KW)
    assert told.number("pv", "sun_w_m2") == 1000.0
    assert told.number("pv", "energy_kwh") == pytest.approx(FULL_KW)
    # What the rack leaves goes back to the grid.
    assert told.number("u", "returned_kwh") == pytest.approx(FULL_KW - 20.0, rel=1e-6)
    assert told.state("pv") == "NORMAL"


def test_its_setpoint_is_the_most_it_gives(story, roof):
    told = story(roof)
    told.tell("pv", setpoint_kw=30.0)
    told.run(1.0)
    assert told.number("pv", "power_kw") == pytest.approx(-30.0)
    assert told.state("pv") == "CURTAILED"
    assert [e.to for e in told.events if e.event == "setpoint"] == ["30 kW"]


@pytest.mark.parametrize(
    ("fault", "power_kw"),
    [
        # A cell in 40 % of the sun is 12 K above 35 C and loses 8.8 %.
        ("clouded=0.6", 40.0 * 0.912 * 0.86 * 0.96),
        ("power_limit=0.5", 50.0),
        ("fault", 0.0),
    ],
)
def test_its_malfunctions_take_power(story, roof, fault, power_kw):
    told = story(roof)
    told.tell("pv", fault=fault)
    told.run(1.0)
    assert told.number("pv", "power_kw") == pytest.approx(-power_kw)


def test_it_feeds_no_generator(story, roof):
    told = story(roof)
    told.tell("u", fault="outage")
    told.run(30.0)
    assert told.state("sw") == "GENERATOR"
    assert told.state("pv") == "CURTAILED"
    assert told.number("pv", "power_kw") == 0.0
    assert told.number("g", "power_kw") == pytest.approx(20.0, rel=1e-3)


def test_a_low_voltage_sends_it_off_and_it_comes_back_after_its_delay(story, roof):
    told = story(roof)
    told.tell("u", fault="sag=0.15")
    told.run(5.0)
    assert told.state("pv") == "IDLE"
    told.tell("u", fault="")
    told.run(30.0)
    assert told.when("pv", "state", "NORMAL") == pytest.approx(15.0)


def test_without_a_profile_the_sun_of_its_latitude_rises_and_sets():
    plan = build_plan(
        [
            Device("u", "utility", (), {"voltage_v": 480}),
            Device("pv", "pv", ("u",), {"peak_kw": 100, "rated_a": 150, "latitude_deg": 59.3, "day_of_year": 355}),
        ]
    )
    world = new_world(plan)
    events = step(plan, world, 86_400.0)
    assert [event.to for event in events] == ["IDLE", "NORMAL"]
    # Stockholm in December has 5.74 h of sun around noon, which is t = 0; pieces are 5 minutes.
    assert events[0].t_s == pytest.approx(5.74 / 2 * 3600.0, abs=300.0)
    assert events[1].t_s == pytest.approx(86_400.0 - 5.74 / 2 * 3600.0, abs=300.0)
    assert 0.0 < view(plan, world, "pv")["energy_kwh"] < 100.0
