"""The engine knows a malfunction by its place among those of its type; the contract's tables have the names."""

import pytest
from winter_river.engine.equipment import generator, malfunction, ups
from winter_wire import schema

BREAKERS = ("switchgear", "distribution", "pdu")

# What inputs.take_inputs reads as severities, counted from the first malfunction of the type.
PLACES = {
    "utility": {1: "sag", 2: "swell"},
    "transformer": {1: "cooling_lost"},
    "generator": {2: "low_oil", 3: "over_speed", 4: "fuel_leak", 6: "cooling_lost"},
    "ups": {2: "battery_aged", 3: "charger_limit"},
    "cooling": {1: "fans_lost", 2: "water_lost"},
    "pv": {1: "clouded", 2: "power_limit"},
    "bess": {1: "cooling_lost", 2: "power_limit"},
}
BITS = [
    ("generator", generator.FAIL_TO_START, "fail_to_start"),
    ("generator", generator.HEATER_LOST, "heater_lost"),
    ("ups", ups.BATTERY_LOST, "battery_lost"),
    ("ups", ups.BYPASS_LOST, "bypass_lost"),
    ("server", malfunction.CORD_1_LOST, "cord_1_lost"),
    ("server", malfunction.CORD_2_LOST, "cord_2_lost"),
    *((kind, malfunction.FAIL_TO_OPEN, "fail_to_open") for kind in BREAKERS),
    *((kind, malfunction.FAIL_TO_CLOSE, "fail_to_close") for kind in BREAKERS),
    *((kind, malfunction.NUISANCE_TRIP, "nuisance_trip") for kind in BREAKERS),
]


def names(type_name):
    return [name for name, _ in schema.TYPES[type_name][schema.MALFUNCTIONS]]


@pytest.mark.parametrize(("type_name", "bit", "name"), BITS)
def test_a_bit_of_the_engine_is_the_malfunction_of_that_place(type_name, bit, name):
    assert names(type_name)[bit.bit_length() - 1] == name


@pytest.mark.parametrize("type_name", PLACES)
def test_a_severity_is_read_from_the_place_of_its_malfunction(type_name):
    assert {place: names(type_name)[place] for place in PLACES[type_name]} == PLACES[type_name]
