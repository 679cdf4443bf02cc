"""The JSON schema of scenario files, made from the contract's tables: editors complete and check while one types.

It says what holds for every facility; nodes, conditions and what fits a node's type need `winter-river check`.
`python -m winter_river.scenario.json_schema` prints it; scenario.schema.json beside this file is its output.
"""

from __future__ import annotations

import json
from typing import Any

from winter_wire import schema

from winter_river import air
from winter_river.engine import CALIBRATIONS
from winter_river.engine.view import AIR_MODES
from winter_river.facility.json_schema import DIALECT
from winter_river.scenario.checks_training import (
    BROKER,
    CHOICE_LENGTH_MAX,
    CHOICES_MAX,
    CHOICES_MIN,
    POINTS_MAX,
    TEXT_LENGTH_MAX,
)
from winter_river.scenario.conditions import ENVELOPE, fields_of
from winter_river.scenario.loader import KEYS, NAME_LENGTH_MAX, ROLLBACK
from winter_river.scenario.model import BACK, NO_BROKER, NO_POWER, NO_WIFI
from winter_river.scenario.steps import DOINGS, STEP_KEYS

Json = dict[str, Any]

_TEXT: Json = {"type": "string", "minLength": 1, "maxLength": TEXT_LENGTH_MAX}
_NAME: Json = {"type": "string", "minLength": 1, "maxLength": NAME_LENGTH_MAX}
_NODE: Json = {"type": "string", "description": "a node's id", "minLength": 1}
_NODES: Json = {"type": "string", "description": "a node's id, or a pattern such as server_rack_*: all of them"}
_DURATION: Json = {
    "description": "10s, 1m30s, 500ms, or a number of seconds",
    "anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": r"^\s*\d[\dhms.]*\s*$"}],
}
_CONDITION: Json = {
    "type": "string",
    "description": "`ups_a.soc_pct < 40`, `all server_rack_b*.state = NORMAL and generator_a.power_kw > 0`",
    "pattern": r"^\s*((any|all)\s+)?[a-z0-9_*?-]+\.[a-z_]+\s*(<=|>=|!=|==|=|<|>)",
}
_POINTS: Json = {"type": "number", "minimum": 0, "maximum": POINTS_MAX}
_FLAG: Json = {"type": "boolean"}


def json_schema() -> Json:
    """The schema as plain values."""
    properties: Json = {
        "scenario": _NAME | {"description": "name of the scenario"},
        "title": {"type": "string", "minLength": 1, "maxLength": 80},
        "about": _TEXT | {"description": "what a trainee reads before it begins"},
        "facility": {"type": "string", "description": "a built-in facility, or a file beside this one"},
        "seed": {"type": "integer", "minimum": 0, "maximum": schema.COUNT_MAX},
        "calibration": {"enum": list(CALIBRATIONS)},
        "initial_condition": _TEXT | {"description": "from the station's library; none: everything at rest"},
        "controls": _list(_NODES | {"description": "what a trainee may operate: ups_a, server_rack_*, ups_a.bypass"}),
        "until": _DURATION,
        "steady_state": _list(_expect(within=False)),
        "steps": _list(_step()),
        "critical_tasks": _list(_task()),
        "out_of_bounds": _list(
            _object({"when": _CONDITION, "why": _TEXT, "stop": _FLAG, "points": _POINTS}, ("when", "why"))
        ),
        "energy_not_served": _object(
            {"kwh_max": {"type": "number", "minimum": 0}, "points": _POINTS}, ("kwh_max", "points")
        )
        | {"description": "what racks were set to draw and did not; lamps, and what has a profile: only while dark"},
        "alarms": _object({"within": _DURATION, "points": _POINTS}, ("within", "points")),
        "costs": _object({"hint": _POINTS, "refused": _POINTS, "unneeded": _POINTS}),
        "pass": _POINTS | {"description": "points that it takes to pass; default 70 % of all"},
        "trends": _list({"type": "string", "pattern": r"^[a-z0-9_*?-]+\.[a-z_]+$", "description": "ups_a.soc_pct"}),
        "rollback": _list(
            _object({name: _doing(name) for name in ROLLBACK}) | {"minProperties": 1, "maxProperties": 1}
        ),
    }
    assert set(properties) == set(KEYS), "the schema and the loader know different keys"
    whole = _object(properties, ("scenario", "steps"))
    return {"$schema": DIALECT, "title": "Winter River scenario", **whole}


def schema_text() -> str:
    """The schema as the file holds it."""
    return json.dumps(json_schema(), indent=2) + "\n"


def _object(properties: Json, required: tuple[str, ...] = ()) -> Json:
    made: Json = {"type": "object", "additionalProperties": False, "properties": properties}
    return made | ({"required": list(required)} if required else {})


def _list(items: Json) -> Json:
    return {"type": "array", "items": items}


def _step() -> Json:
    properties: Json = {"at": _DURATION, "when": _CONDITION, "after": _DURATION, "id": _NAME}
    properties |= {name: _doing(name) for name in DOINGS}
    assert set(properties) == set(STEP_KEYS), "the schema and the loader know different keys of a step"
    one_of = [{"required": [name]} for name in DOINGS]
    triggers: list[Json] = [{"required": [name]} for name in ("at", "when", "after")]
    return _object(properties) | {"allOf": [{"oneOf": one_of}, {"anyOf": triggers}]}


def _doing(name: str) -> Json:
    if name == "send":
        properties = {"node": _NODE, "command": {"enum": [*schema.VERBS, *air.VERBS]}, "params": _params()}
        return _object(properties | {"result": {"enum": list(schema.RESULTS)}}, ("node", "command"))
    if name == "malfunction":
        kinds = dict.fromkeys(kind for row in _types() for kind, _ in row[schema.MALFUNCTIONS])
        severity = {"type": "number", "minimum": 0, "maximum": 1}
        properties = {"node": _NODE, "kind": {"enum": list(kinds)}, "severity": severity}
        return _object(properties | {"ramp": _DURATION, "delay": _DURATION, "clear": _FLAG}, ("node",))
    if name == "disturb":
        node = _NODES | {"description": f"a node, a pattern, or {BROKER}"}
        return _object({"node": node, "what": {"enum": [NO_WIFI, NO_POWER, NO_BROKER, BACK]}}, ("node", "what"))
    if name == "predict":
        choice = {"anyOf": [{"type": "string", "minLength": 1, "maxLength": CHOICE_LENGTH_MAX}, {"type": "number"}]}
        choices = {"type": "array", "minItems": CHOICES_MIN, "maxItems": CHOICES_MAX, "items": choice}
        properties = {"ask": _TEXT, "choices": choices, "answer": choice, "points": _POINTS}
        properties |= {"within": _DURATION, "because": _TEXT, "freeze": _FLAG}
        return _object(properties, ("ask", "choices", "answer"))
    return _expect(within=True) if name == "expect" else _TEXT


def _params() -> Json:
    rows = dict.fromkeys(row[0] for verb in (*schema.VERBS.values(), *air.VERBS.values()) for row in verb)
    return _object({name: {} for name in rows})


def _expect(*, within: bool) -> Json:
    number: Json = {"type": "number"}
    bounds = _object({"min": number, "max": number}) | {"minProperties": 1}
    properties: Json = {"node": _NODES | {"description": "a node, a pattern, facility or weather"}}
    for name in fields_of({}):
        form = schema.ROWS[name][1]
        if name not in ENVELOPE:
            numeric = form in (schema.NUMBER, schema.INTEGER)
            properties[name] = (
                {"anyOf": [number, bounds]} if numeric else _FLAG if form == schema.FLAG else _words(name)
            )
    return _object(properties | ({"within": _DURATION} if within else {}), ("node",)) | {"minProperties": 2}


def _types() -> list[Any]:
    return list(schema.TYPES.values())


def _words(name: str) -> Json:
    if name == "status":
        return {"enum": list(schema.STATUSES)}
    if name == "state":
        return {"enum": list(dict.fromkeys(word for row in _types() for word, _ in row[schema.STATES]))}
    if name == "air_mode":
        return {"enum": list(AIR_MODES)}
    return {"type": "string"}


def _task() -> Json:
    deed = {
        "oneOf": [
            _object({"node": _NODE, "command": {"enum": list(schema.VERBS)}, "params": _params()}, ("node", "command")),
            *(_object({kind: _NODE}, (kind,)) for kind in ("tag", "untag", "acknowledge")),
            _object({"see": _CONDITION}, ("see",)),
        ]
    }
    properties: Json = {"id": _NAME, "title": _TEXT, "cue": _CONDITION, "at": _DURATION, "follows": _NAME}
    properties |= {"do": _list(deed), "any_order": _FLAG, "within": _DURATION, "points": _POINTS}
    return _object(properties | {"hints": _list(_TEXT), "because": _TEXT}, ("id", "do", "points"))


if __name__ == "__main__":
    print(schema_text(), end="")
