"""Every type of the contract is everywhere a user meets it, by its row and its equipment file alone."""

import json

import pytest
from winter_node import roles
from winter_river import reference_words
from winter_river.engine import EQUIPMENT, RELIABILITY
from winter_river.engine.plan import TYPES
from winter_river.facility import parse_facility
from winter_river.facility.json_schema import schema_text
from winter_river.web.diagram_symbols import symbol
from winter_river.web.facts import type_facts
from winter_wire import schema

KINDS = sorted(schema.TYPES)


def test_contract_and_engine_have_the_same_types():
    assert sorted(EQUIPMENT) == sorted(TYPES) == KINDS


@pytest.mark.parametrize("name", KINDS)
def test_a_type_is_on_screens_the_page_in_schema_and_studies(name):
    entry = schema.TYPES[name]
    assert roles.rows(name)
    assert set(roles.press_positions(name)) <= set(entry[schema.HANDLES])
    assert symbol(name, [0.0]).startswith("<")
    assert type_facts(name)["malfunctions"]
    assert f'"const": "{name}"' in schema_text()
    assert RELIABILITY[name]
    says = EQUIPMENT[name].says
    assert reference_words.of_type(name, says)
    assert all(reference_words.of_state(word, says) for word, _ in entry[schema.STATES])
    assert all(reference_words.of_malfunction(kind, says) for kind, _ in entry[schema.MALFUNCTIONS])


@pytest.mark.parametrize("name", KINDS)
def test_a_type_is_checked_in_a_facility_by_its_ratings(name):
    feeds = EQUIPMENT[name].fed_by
    text = f"facility: x\nnodes:\n  d: {{type: {name}, nonsense: 1}}\n"
    with pytest.raises(ValueError, match="nonsense") as raised:
        parse_facility(text)
    if feeds:
        assert "names 0 in `from`" in str(raised.value)
    assert json.loads(schema_text())["properties"]["defaults"]["properties"][name]


def test_a_type_without_a_row_of_its_own_on_the_screen_has_the_usual_one():
    assert roles.rows("meter") == roles.rows("switchgear")
    assert roles.press_positions("meter") == ("closed", "closed")
