"""The JSON schema of files of rules, made from the same tables: editors complete and check while one types.

`python -m winter_river.alerts.json_schema` prints it; rules.schema.json beside this file is its output.
"""

from __future__ import annotations

import json
from typing import Any

from winter_wire import schema

from winter_river.alerts.conditions import TEXT_LENGTH_MAX
from winter_river.alerts.loader import (
    ALARM_KEYS,
    HEAD_KEYS,
    HOOK_KEYS,
    HOOKS_MAX,
    ID,
    NAME_LENGTH_MAX,
    PATTERN,
    RULES_MAX,
)
from winter_river.alerts.model import PRIORITIES
from winter_river.alerts.rules import GAUGES, built_in
from winter_river.alerts.wording import MESSAGE_LENGTH_MAX
from winter_river.facility.json_schema import DIALECT

Json = dict[str, Any]

_DURATION: Json = {
    "description": "10s, 1m30s, 500ms, or a number of seconds",
    "anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": r"^\s*\d[\dhms.]*\s*$"}],
}
_TEXT: Json = {"type": "string", "minLength": 1, "maxLength": MESSAGE_LENGTH_MAX}


def json_schema() -> Json:
    """The schema as plain values."""
    ids = [rule.id for rule in built_in()]
    whole: Json = {
        "rules": {
            "type": "string",
            "minLength": 1,
            "maxLength": NAME_LENGTH_MAX,
            "description": "name of this file's rules",
        },
        "facility": {"type": "string", "description": "a built-in facility, or a file beside this one"},
        "alarms": {"type": "array", "maxItems": RULES_MAX, "items": _alarm()},
        "without": _one_or_many({"enum": ids}, "built-in rules that are not wanted here"),
    }
    hook: Json = {
        "url": {"type": "string", "pattern": "^https?://"},
        "from": {"enum": list(PRIORITIES), "description": "that priority and worse"},
        "secret": {"type": "string", "description": "a file beside this one, of mode 600; signs each call"},
    }
    assert set(hook) == set(HOOK_KEYS), "the schema and the loader know different keys of a webhook"
    items: Json = {"type": "object", "additionalProperties": False, "properties": hook, "required": ["url"]}
    whole["webhooks"] = {"type": "array", "maxItems": HOOKS_MAX, "items": items}
    assert set(whole) == set(HEAD_KEYS), "the schema and the loader know different keys"
    return {
        "$schema": DIALECT,
        "title": "Winter River alarm rules",
        "type": "object",
        "additionalProperties": False,
        "properties": whole,
        "required": ["rules", "alarms"],
    }


def schema_text() -> str:
    """The schema as the file holds it."""
    return json.dumps(json_schema(), indent=2) + "\n"


def _alarm() -> Json:
    properties: Json = {
        "id": {
            "type": "string",
            "pattern": f"^{ID.pattern}$",
            "description": "that of a built-in rule takes its place",
        },
        "when": _condition("of a node's view or presence: `soc_pct < 20`, `state = OUTAGE or state = FAULT`"),
        "gauge": _condition(f"of the service: {', '.join(GAUGES)}"),
        "until": _condition("when the alarm ends; without it, when its condition does"),
        "types": _one_or_many(
            {"enum": list(schema.TYPES)}, "types of nodes that it is for, and those that act as them"
        ),
        "nodes": _one_or_many(
            {"type": "string", "pattern": f"^{PATTERN.pattern}$"}, "ids, or patterns such as server_rack_*"
        ),
        "hold": _DURATION,
        "off": _DURATION,
        "priority": {"enum": list(PRIORITIES)},
        "message": _TEXT | {"description": "{node} and {field} are filled in"},
        "cure": _TEXT,
        "under": _one_or_many({"type": "string"}, "rules whose alarm makes this one a consequence"),
        "together": _DURATION | {"description": "of several that come within it, the first stands for all"},
        "stands": {"type": "boolean", "description": "it is no consequence of anything"},
    }
    assert set(properties) == set(ALARM_KEYS), "the schema and the loader know different keys of a rule"
    one_of: list[Json] = [{"required": ["when"]}, {"required": ["gauge"]}]
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": ["id", "priority"],
        "oneOf": one_of,
    }


def _condition(words: str) -> Json:
    return {
        "type": "string",
        "maxLength": TEXT_LENGTH_MAX,
        "description": words,
        "pattern": r"^\s*[a-z][a-z0-9_]*\s*(<=|>=|!=|==|=|<|>)",
    }


def _one_or_many(item: Json, words: str) -> Json:
    return {"description": words, "anyOf": [item, {"type": "array", "items": item}]}


if __name__ == "__main__":
    print(schema_text(), end="")
