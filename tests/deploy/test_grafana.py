"""The Grafana dashboard: what Grafana's own model understands of it, and queries that a real InfluxDB answers."""

import json

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models import units
from winter_river.deploy import grafana
from winter_river.settings import Settings
from winter_wire import schema, topics

TYPES = (*schema.TYPES, *topics.VIRTUAL)


@pytest.fixture(scope="module")
def made():
    [text] = grafana.make(Settings()).values()
    return json.loads(text)


def within(part, whole, place="dashboard"):
    """Whether everything in part is in whole, at the same place and equal; fails naming the first place where not."""
    if isinstance(part, dict):
        for name, value in part.items():
            assert name in whole, f"{place}.{name} is unknown to Grafana's model"
            within(value, whole[name], f"{place}.{name}")
    elif isinstance(part, list):
        assert len(part) == len(whole), place
        for number, (value, other) in enumerate(zip(part, whole, strict=True)):
            within(value, other, f"{place}[{number}]")
    else:
        assert part == whole, place


def test_grafanas_own_model_reads_every_row_panel_and_variable_of_it(made) -> None:
    """The model drops what it does not know: what is left of each part must be all of it. Annotations are of a data source
    of its own kind, which the model leaves open."""
    again = json.loads(JSONEncoder().encode(model.Dashboard.from_json(made)))
    known = {**made, "annotations": {"list": []}}
    again["annotations"] = {"list": []}
    known["panels"] = [{name: value for name, value in panel.items() if name != "targets"} for panel in made["panels"]]
    within(known, again)


def test_each_type_has_one_row_that_repeats_by_its_nodes(made) -> None:
    rows = [panel for panel in made["panels"] if panel["type"] == "row"]
    assert sorted(row["repeat"] for row in rows) == sorted(TYPES)
    asked = {each["name"]: each for each in made["templating"]["list"]}
    for row in rows:
        variable = asked[row["repeat"]]
        assert variable["multi"] and variable["includeAll"] and f"'{row['repeat']}'" in variable["query"]


def test_every_number_that_a_type_measures_has_a_curve(made) -> None:
    text = json.dumps([panel["targets"] for panel in made["panels"] if panel["type"] == "timeseries"])
    for type_name, row in schema.TYPES.items():
        for name in (*row[schema.COMPUTED], "voltage_in", "power_kw"):
            if schema.ROWS[name][1] in (schema.NUMBER, schema.INTEGER):
                assert json.dumps(grafana.query(type_name, name)) in text


def test_panels_have_numbers_of_their_own_and_do_not_lie_on_each_other(made) -> None:
    assert len({panel["id"] for panel in made["panels"]}) == len(made["panels"])
    taken = set()
    for panel in made["panels"]:
        box = panel["gridPos"]
        cells = {(x, y) for x in range(box["x"], box["x"] + box["w"]) for y in range(box["y"], box["y"] + box["h"])}
        assert not cells & taken and box["x"] + box["w"] <= 24
        taken |= cells


def test_units_are_grafanas_own() -> None:
    own = {value for value in vars(units).values() if isinstance(value, str)}
    assert set(grafana.UNITS.values()) <= own
