"""What the page needs to know of a facility and its words once, at its beginning. Pure: rows of the contract as JSON."""

from __future__ import annotations

from typing import Any

from winter_wire import schema

from winter_river.air import PRESETS
from winter_river.engine import EQUIPMENT, malfunction_like, state_like
from winter_river.facility import Facility, Node
from winter_river.reference_commands import PARAMS, VERBS
from winter_river.reference_words import FIELDS, of_malfunction, of_state
from winter_river.web.diagram_ranks import sides_of
from winter_river.web.painting import LETTERS

# Verbs that drop load or connect sources, or change the device itself: the page asks again before it sends them.
DANGEROUS = ("close", "open", "transfer", "start", "stop", "bypass", "restart", "config", "factory_reset", "update")
# Not for a page: a program's business (restore, release, select), or done another way (press).
HIDDEN = ("restore", "release", "select", "press", "config", "update", "factory_reset")
_FIELD_KINDS = ("view", "status")


def facility_facts(facility: Facility, *, secured: bool = False) -> dict[str, Any]:
    """The facility: its nodes in file order, and of every field its unit, decimals and meaning.

    secured: whether dangerous commands are selected first; `two_step` then says which, and is null in profile lab.
    """
    sides = sides_of(facility)
    used = {node.type for node in facility.nodes.values()}
    return {
        "name": facility.name,
        "title": facility.title,
        "calibration": facility.calibration,
        "nodes": {node.id: _node_facts(node, sides[node.id]) for node in facility.nodes.values()},
        "types": {name: type_facts(name) for name in schema.TYPES if name in used},
        "fields": field_facts(sorted(used)),
        "letters": dict(LETTERS),
        "weathers": list(PRESETS),
        "two_step": {"verbs": list(schema.DANGEROUS), "handles": list(schema.DANGEROUS_HANDLES)} if secured else None,
    }


def _node_facts(node: Node, side: str) -> dict[str, Any]:
    return {
        "type": node.type,
        "part": node.part,
        "title": node.title or node.id,
        "side": side,
        "feeds": list(node.feeds),
        "ratings": node.full_ratings(),
    }


def type_facts(type_name: str) -> dict[str, Any]:
    """A type: the words its handle and state have, the commands a page offers, what can be made to fail.

    like: what the type whose part it plays calls it, which a page may know.
    """
    entry: tuple[Any, ...] = schema.TYPES[type_name]
    says = EQUIPMENT[type_name].says
    return {
        "handles": list(entry[schema.HANDLES]),
        "states": {
            word: {
                "status": status,
                "like": state_like(type_name, word),
                "words": of_state(word, says, like=state_like(type_name, word)),
            }
            for word, status in entry[schema.STATES]
        },
        "verbs": [verb_facts(verb) for verb in schema.verbs(type_name) if verb not in HIDDEN],
        "malfunctions": [
            {"kind": kind, "like": malfunction_like(type_name, kind), "severity_default": severity}
            | dict(
                zip(
                    ("words", "full", "acts"),
                    of_malfunction(kind, says, like=malfunction_like(type_name, kind)),
                    strict=True,
                )
            )
            for kind, severity in entry[schema.MALFUNCTIONS]
        ],
        "fields": list(trend_fields(type_name)),
    }


def verb_facts(verb: str) -> dict[str, Any]:
    """A command as a form has it."""
    params = [
        {
            "name": name,
            "form": form,
            "required": required,
            "low": low,
            "high": high,
            "unit": name.rsplit("_", 1)[-1] if "_" in name else "%" if name == "pct" else "",
            "choices": list(schema.SOURCES) if verb == "transfer" and name == "to" else [],
            "words": PARAMS[name],
        }
        for name, form, required, low, high in schema.VERBS[verb]
    ]
    label = verb.replace("_", " ").capitalize()
    return {"verb": verb, "label": label, "words": VERBS[verb], "params": params, "dangerous": verb in DANGEROUS}


def field_facts(type_names: list[str]) -> dict[str, Any]:
    """Unit, decimals and meaning of every field that these types and the site as a whole show."""
    names: dict[str, None] = {}
    for type_name in (*type_names, *schema.VIRTUAL_FIELDS):
        for kind in _FIELD_KINDS:
            names.update(dict.fromkeys(schema.fields(kind, type_name)))
    found = {}
    for name in names:
        row = schema.row("view", name)
        found[name] = {"form": row[1], "unit": row[5], "decimals": row[2], "words": FIELDS[name]}
    return found


def trend_fields(type_name: str) -> list[str]:
    """The fields of a view that are numbers: what a trend may show."""
    numbers = (schema.NUMBER, schema.INTEGER)
    left_out = ("v", "timeline", "t_s", "speed")
    names: tuple[str, ...] = schema.fields("view", type_name)
    return [name for name in names if schema.row("view", name)[1] in numbers and name not in left_out]
