"""The JSON schema of facility files, made from the engine's tables: editors complete and check while one types.

It says what holds for one node alone; cycles, voltages and unknown parents need `winter-river check`.
`python -m winter_river.facility.json_schema` prints it; facility.schema.json beside this file is its output.
"""

from __future__ import annotations

import json

from winter_wire import topics

from winter_river.engine import CALIBRATIONS, EQUIPMENT, Equipment, Rating
from winter_river.engine.equipment import PROFILED
from winter_river.facility import profiles
from winter_river.facility.checks import POSITION_MAX, unit_of
from winter_river.facility.model import BEGINS_H, NODES_MAX, TITLE_LENGTH_MAX

DIALECT = "http://json-schema.org/draft-07/schema#"
_ID_PATTERN = f"^[a-z0-9][a-z0-9_-]{{0,{topics.NODE_ID_LENGTH_MAX - 1}}}$"


def json_schema() -> dict[str, object]:
    """The schema as plain values."""
    return {
        "$schema": DIALECT,
        "title": "Winter River facility",
        "type": "object",
        "required": ["facility", "nodes"],
        "additionalProperties": False,
        "properties": {
            "facility": {"type": "string", "pattern": _ID_PATTERN, "description": "name of the facility"},
            "title": {"type": "string", "minLength": 1, "maxLength": TITLE_LENGTH_MAX},
            "calibration": {"enum": list(CALIBRATIONS), "default": CALIBRATIONS[0]},
            "begins_h": {
                "description": "the hour of the day at t = 0, for the sun and for profiles that repeat",
                "type": "number",
                "minimum": 0,
                "maximum": 24,
                "default": BEGINS_H,
            },
            "profiles": profiles.json_schema(),
            "defaults": {
                "type": "object",
                "description": "ratings shared by all nodes of a type; a node's own beat them",
                "additionalProperties": False,
                "properties": {name: _defaults(table) for name, table in EQUIPMENT.items()},
            },
            "nodes": {
                "type": "object",
                "minProperties": 1,
                "maxProperties": NODES_MAX,
                "propertyNames": {"pattern": _ID_PATTERN, "not": {"enum": list(topics.VIRTUAL)}},
                "additionalProperties": {
                    "type": "object",
                    "required": ["type"],
                    "properties": {"type": {"enum": list(EQUIPMENT)}},
                    "allOf": [_branch(table) for table in EQUIPMENT.values()],
                },
            },
        },
    }


def schema_text() -> str:
    """The schema as the file holds it."""
    return json.dumps(json_schema(), indent=2) + "\n"


def _defaults(table: Equipment) -> dict[str, object]:
    properties = {rating.name: _rating(rating) for rating in table.ratings}
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _branch(table: Equipment) -> dict[str, object]:
    """What holds for nodes of one type. Required ratings may stand in `defaults`, so none is required here."""
    properties: dict[str, object] = {
        "type": {"const": table.type},
        "title": {"type": "string", "minLength": 1, "maxLength": TITLE_LENGTH_MAX},
        "position": {
            "description": "[across, down] on a drawing, in grid units",
            "type": "array",
            "minItems": 2,
            "maxItems": 2,
            "items": {"type": "number", "minimum": -POSITION_MAX, "maximum": POSITION_MAX},
        },
    }
    if table.type in PROFILED:
        properties["profile"] = {"description": "one of `profiles`", "type": "string", "pattern": _ID_PATTERN}
    if table.feeds_max:
        one = {"type": "string", "pattern": _ID_PATTERN}
        many = {"type": "array", "items": one, "minItems": table.feeds_min, "maxItems": table.feeds_max}
        allowed = ", ".join(table.fed_by)
        properties["from"] = {"description": f"fed by: {allowed}; the normal source first", "anyOf": [one, many]}
    properties |= {rating.name: _rating(rating) for rating in table.ratings}
    rule: dict[str, object] = {"properties": properties, "additionalProperties": False}
    if table.feeds_min:
        rule["required"] = ["from"]
    return {"if": {"properties": {"type": {"const": table.type}}}, "then": rule}


def _rating(rating: Rating) -> dict[str, object]:
    unit = unit_of(rating.name)
    about = f"{unit}; {rating.source}" if unit else rating.source
    if rating.words:
        entry: dict[str, object] = {"description": about, "enum": list(rating.words)}
        if rating.default is not None:
            entry["default"] = rating.words[int(rating.default)]
        return entry
    entry = {"description": about, "type": "number", "minimum": rating.low, "maximum": rating.high}
    if rating.default is not None:
        entry["default"] = rating.default
    return entry


if __name__ == "__main__":
    print(schema_text(), end="")
