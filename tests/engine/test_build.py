"""What build_plan refuses, and how it orders and measures what it takes."""

import pytest
from winter_river.engine import EQUIPMENT, Device, build_plan, words
from winter_river.engine import plan as p
from winter_wire import schema

UTILITY = Device("u", "utility", (), {"voltage_v": 480})
RACK = {"load_kw": 10, "load_kw_max": 20, "rated_a": 30}
BOARD = {"rated_a": 100}
TRANSFORMER = {
    "power_kva": 100,
    "primary_voltage_v": 480,
    "secondary_voltage_v": 208,
    "impedance_pct": 4,
    "load_loss_w": 1000,
}


def refused(*devices):
    with pytest.raises(ValueError) as info:
        build_plan(devices)
    return str(info.value)


@pytest.mark.parametrize(
    ("devices", "message"),
    [
        ([UTILITY, UTILITY], "same id"),
        ([Device("x", "windmill")], "x has type 'windmill'; one of utility,"),
        ([Device("r", "server", (), RACK)], "r has 0 feeds; a server has 1 to 2"),
        ([UTILITY, Device("r", "server", ("u", "u"), RACK)], "r has 2 feeds"),
        ([UTILITY, Device("r", "server", ("nobody",), RACK)], "r is fed by 'nobody'"),
        ([UTILITY, Device("c", "cooling", ("r",), BOARD), Device("r", "server", ("u",), RACK)], "c is fed by 'r'"),
        ([UTILITY, Device("r", "server", ("u",), {"load_kw": 1})], "r.load_kw_max is missing"),
        ([UTILITY, Device("r", "server", ("u",), {**RACK, "weight_kg": 1})], "r.weight_kg is no rating of a server"),
        ([UTILITY, Device("r", "server", ("u",), {**RACK, "power_factor": 2})], "r.power_factor is 2; from 0.5 to 1"),
        ([Device("u", "utility", (), {"voltage_v": float("nan")})], "u.voltage_v is nan"),
        ([UTILITY, Device("r", "server", ("u",), {**RACK, "load_kw": 30})], "30 kW is more than load_kw_max, 20 kW"),
        (
            [UTILITY, Device("t", "transformer", ("u",), {**TRANSFORMER, "load_loss_w": 9000})],
            "t.load_loss_w: 9000 W at 100 kVA is a resistance of 9 %, more than the whole impedance of 4 %",
        ),
        (
            [UTILITY, Device("t", "transformer", ("u",), {**TRANSFORMER, "primary_voltage_v": 4160})],
            "t.primary_voltage_v is 4160; its feed has 480 V",
        ),
        (
            [
                UTILITY,
                Device("t", "transformer", ("u",), TRANSFORMER),
                Device("s", "switchgear", ("u", "t"), BOARD),
            ],
            "s is fed at 480 V and by t at 208 V",
        ),
        (
            [Device("a", "distribution", ("b",), BOARD), Device("b", "distribution", ("a",), BOARD)],
            "these feed each other in a circle: a, b",
        ),
    ],
)
def test_what_makes_no_network_is_refused_by_name(devices, message):
    assert message in refused(*devices)


def test_an_unknown_calibration_is_refused():
    with pytest.raises(ValueError, match="one of training, quick, realistic"):
        build_plan([UTILITY], calibration="slow")


def test_what_feeds_comes_before_what_is_fed_whatever_the_file_says(block):
    plan = build_plan(block[::-1])
    place = {n.id: n.index for n in plan.nodes}
    for device in block:
        assert all(place[feed] < place[device.id] for feed in device.feeds)
    assert all(plan.nodes[k].index == k for k in range(len(plan.nodes)))


def test_the_two_sides_are_two_groups_and_dual_cords_make_one(block, dual_cord):
    assert build_plan(block).groups == 2
    assert build_plan(dual_cord).groups == 1


def test_every_type_of_the_contract_has_a_table_and_a_kind():
    assert set(EQUIPMENT) == set(schema.TYPES) == set(p.TYPES)
    for name, table in EQUIPMENT.items():
        assert table.type == name
        for row in table.ratings:
            assert row.default is None or row.low <= row.default <= row.high, (name, row.name)
            assert row.source


def test_the_words_of_states_and_handles_are_the_contracts():
    from winter_river.engine import states

    assert words.STATE_WORDS[p.UPS][states.UPS_ON_BATTERY] == "ON_BATTERY"
    assert words.STATE_WORDS[p.UPS][states.UPS_FAULT] == "FAULT"
    assert words.STATE_WORDS[p.UPS][states.UPS_ECO] == "ECO"
    assert words.STATE_WORDS[p.SWITCHGEAR][states.SW_NO_INPUT] == "NO_INPUT"
    assert words.STATE_WORDS[p.DISTRIBUTION][states.BOARD_FAULT] == "FAULT"
    assert words.STATE_WORDS[p.PDU] == words.STATE_WORDS[p.DISTRIBUTION]
    assert words.STATE_WORDS[p.GENERATOR][states.GENERATOR_FAULT] == "FAULT"
    assert words.STATE_WORDS[p.UTILITY][states.GRID_FAULT] == "FAULT"
    assert words.STATE_WORDS[p.TRANSFORMER][states.TRANSFORMER_NO_INPUT] == "NO_INPUT"
    assert words.STATE_WORDS[p.SERVER][states.LOAD_FAULT] == words.STATE_WORDS[p.COOLING][states.LOAD_FAULT] == "FAULT"
    assert words.HANDLE_WORDS[p.GENERATOR] == ("auto", "run", "off")
    assert words.HANDLE_WORDS[p.UPS] == ("online", "bypass", "off", "eco", "service")
    assert [name for name, _ in words.MALFUNCTIONS[p.UTILITY]] == [
        "outage",
        "sag",
        "swell",
        "fault",
        "frequency_low",
        "frequency_high",
    ]
    assert [name for name, _ in words.MALFUNCTIONS[p.GENERATOR]][:2] == ["fault", "fail_to_start"]


def test_the_bits_of_malfunctions_are_their_places_in_the_contract():
    from winter_river.engine.equipment import generator, malfunction, ups

    def bit(kind, name):
        return 1 << [row[0] for row in words.MALFUNCTIONS[kind]].index(name)

    for kind in (p.SWITCHGEAR, p.DISTRIBUTION, p.PDU):
        assert malfunction.FAIL_TO_OPEN == bit(kind, "fail_to_open")
        assert malfunction.FAIL_TO_CLOSE == bit(kind, "fail_to_close")
        assert malfunction.NUISANCE_TRIP == bit(kind, "nuisance_trip")
    assert malfunction.CORD_1_LOST == bit(p.SERVER, "cord_1_lost")
    assert malfunction.CORD_2_LOST == bit(p.SERVER, "cord_2_lost")
    assert generator.FAIL_TO_START == bit(p.GENERATOR, "fail_to_start")
    assert ups.BATTERY_LOST == bit(p.UPS, "battery_lost")
    assert ups.BYPASS_LOST == bit(p.UPS, "bypass_lost")
    for kind in (p.TRANSFORMER, p.SWITCHGEAR, p.GENERATOR, p.DISTRIBUTION, p.UPS, p.PDU, p.SERVER, p.COOLING):
        assert bit(kind, "fault") == 1
