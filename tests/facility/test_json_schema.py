"""The schema for editors is the output of the engine's tables, and accepts what the loader accepts."""

from __future__ import annotations

import json
from pathlib import Path

import winter_river.facility
from winter_river.facility.json_schema import schema_text

FOLDER = Path(winter_river.facility.__file__).parent


def test_the_schema_file_is_up_to_date() -> None:
    """To renew it: python -m winter_river.facility.json_schema > host/winter_river/facility/facility.schema.json"""
    assert (FOLDER / "facility.schema.json").read_text() == schema_text()


def test_every_library_file_tells_editors_where_the_schema_is() -> None:
    for path in sorted((FOLDER / "library").glob("*.yaml")):
        first = path.read_text().splitlines()[0]
        assert first.startswith("# yaml-language-server: $schema=")
        assert (path.parent / first.partition("=")[2]).resolve() == FOLDER / "facility.schema.json"


def test_the_schema_knows_each_type_with_its_ratings_and_units() -> None:
    schema = json.loads(schema_text())
    nodes = schema["properties"]["nodes"]["additionalProperties"]
    types = nodes["properties"]["type"]["enum"]
    assert types == [
        "utility", "transformer", "switchgear", "generator", "distribution", "ups", "pdu", "server", "cooling",
        "bess", "meter", "pv",
    ]  # fmt: skip
    (ups,) = [rule["then"] for rule in nodes["allOf"] if rule["if"]["properties"]["type"]["const"] == "ups"]
    assert ups["properties"]["battery_kwh"]["description"].startswith("kWh; ")
    assert ups["properties"]["input_curve"]["enum"][0] == "none"
    assert ups["required"] == ["from"]
    assert ups["additionalProperties"] is False
