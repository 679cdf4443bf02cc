"""Checks of a script's steps against the facility and the contract's tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from winter_wire import codec, schema, topics

from winter_river import air
from winter_river.facility.faults import Faults, nearest, shown
from winter_river.facility.model import Facility
from winter_river.facility.reading import Entries, entries, kind_of, number_of, unknown
from winter_river.facility.yaml_lines import Scalar, Table, Tree
from winter_river.scenario.conditions import WHOLE, fields_of, is_pattern, matching, types_of, words_of
from winter_river.scenario.durations import duration_s
from winter_river.scenario.model import Expect, Send, Want

SEND_KEYS = ("node", "command", "params", "result")
BOUND_KEYS = ("min", "max")


def seconds_of(tree: Tree, faults: Faults, *, what: str) -> float | None:
    """Seconds of a duration in the file, or None and a fault."""
    if not isinstance(tree, Scalar):
        faults.add(tree.line, tree.column, f"{what} must be a duration, not {kind_of(tree)}")
        return None
    try:
        return duration_s(tree.text)
    except ValueError as error:
        faults.add(tree.line, tree.column, f"{what}: {error}")
        return None


def checked_send(tree: Tree, site: Facility | None, faults: Faults) -> Send | None:
    """The command of a `send`, or None and its faults. site None: its nodes are unknown, so types are not checked."""
    found = entries(tree, faults, what="send", known=SEND_KEYS, required=("node", "command"))
    if found is None or "node" not in found or "command" not in found:
        return None
    if isinstance(found["node"][1], Scalar) and found["node"][1].text == topics.WEATHER:
        return _to_weather(found, faults)
    type_name = type_of(found["node"][1], site, faults)
    verb = word_of(found["command"][1], schema.verbs(type_name) or tuple(schema.VERBS), "command", faults)
    result = schema.RESULT_DONE
    if "result" in found:
        result = word_of(found["result"][1], schema.RESULTS, "result", faults) or result
    params = checked_params(found, verb, faults) if verb else None
    if verb is None or params is None or not isinstance(found["node"][1], Scalar):
        return None
    if type_name and result == schema.RESULT_DONE:
        # A script that wants a refusal may well send a word the node does not have.
        check_words(found, verb, type_name, faults)
    return Send(found["node"][1].text, verb, params, result)


def _to_weather(found: Entries, faults: Faults) -> Send | None:
    """A command to the virtual node `weather`, with its preset as a number."""
    verb = word_of(found["command"][1], tuple(air.VERBS), "command", faults)
    result = schema.RESULT_DONE
    if "result" in found:
        result = word_of(found["result"][1], schema.RESULTS, "result", faults) or result
    place: Tree = found["params"][1] if "params" in found else found["command"][1]
    given = entries(place, faults, what="params") if "params" in found else {}
    if verb is None or given is None:
        return None
    values = {name: value.value for name, (_, value) in given.items() if isinstance(value, Scalar)}
    if len(values) < len(given):
        faults.add(place.line, place.column, "parameters of the weather are values", f"it takes {air.TAKES}")
        return None
    try:
        return Send(topics.WEATHER, verb, air.params_of(verb, values), result)
    except ValueError as error:
        for line in str(error).splitlines():
            faults.add(place.line, place.column, line)
        return None


def type_of(tree: Tree, site: Facility | None, faults: Faults) -> str | None:
    """The type of the node a step names, or None and a fault where there is no such node."""
    if not isinstance(tree, Scalar):
        faults.add(tree.line, tree.column, f"node must be an id, not {kind_of(tree)}")
    elif site is not None:
        if tree.text in site.nodes:
            return site.nodes[tree.text].type
        unknown(tree, "node", site.nodes, faults)
    return None


def nodes_of(tree: Tree, site: Facility | None, faults: Faults) -> tuple[str, ...] | None:
    """The nodes that an id or a pattern such as `server_rack_*` means, or None and a fault where there are none."""
    if not isinstance(tree, Scalar) or not is_pattern(tree.text):
        before = len(faults)
        type_of(tree, site, faults)
        return (tree.text,) if isinstance(tree, Scalar) and len(faults) == before else None
    found = matching(tree.text, site) if site else ()
    if site and not found:
        hint = nearest(tree.text.rstrip("*?"), site.nodes)
        faults.add(tree.line, tree.column, f"no node is called {shown(tree.text)}", hint)
        return None
    return found


def seen_nodes_of(tree: Tree, site: Facility | None, faults: Faults) -> tuple[str, ...] | None:
    """The same of what is only looked at: `facility` and `weather`, too."""
    if isinstance(tree, Scalar) and tree.text in WHOLE:
        return (tree.text,)
    if isinstance(tree, Scalar) and site is not None and not is_pattern(tree.text) and tree.text not in site.nodes:
        unknown(tree, "node", (*site.nodes, *WHOLE), faults)
        return None
    return nodes_of(tree, site, faults)


def word_of(tree: Tree, known: tuple[str, ...], what: str, faults: Faults) -> str | None:
    """The text of a scalar that is one of the known words, or None and a fault."""
    if not isinstance(tree, Scalar):
        faults.add(tree.line, tree.column, f"{what} must be a word, not {kind_of(tree)}")
        return None
    if tree.text not in known:
        unknown(tree, what, known, faults)
        return None
    return tree.text


def checked_params(found: Entries, verb: str, faults: Faults) -> dict[str, object] | None:
    """The parameters of a command as the codec will send them, or None and their faults."""
    if "params" not in found:
        place: Tree = found["command"][1]
        given: Entries | None = {}
    else:
        place = found["params"][1]
        given = entries(place, faults, what="params")
    if given is None:
        return None
    known = tuple(row[0] for row in schema.VERBS[verb])
    params: dict[str, object] = {}
    for name, (key, value) in given.items():
        if name not in known:
            unknown(key, f"parameter of {verb}", known, faults)
        elif not isinstance(value, Scalar):
            faults.add(value.line, value.column, f"{name} must be a value, not {kind_of(value)}")
        else:
            params[name] = value.value
    if len(params) < len(given):
        return None
    why = codec.check_params(verb, params)
    if why:
        faults.add(place.line, place.column, f"{verb}: {why}")
        return None
    return params


def check_words(found: Entries, verb: str, type_name: str, faults: Faults) -> None:
    """Parameters that are words of the node's type: a malfunction, a handle, a source."""
    entry: Any = schema.TYPES[type_name]
    words: dict[tuple[str, str], tuple[str, ...]] = {
        ("set_fault", "kind"): tuple(kind for kind, _ in entry[schema.MALFUNCTIONS]),
        ("set_handle", "to"): entry[schema.HANDLES],
        ("transfer", "to"): schema.SOURCES,
    }
    params = found.get("params")
    for key, value in params[1].pairs if params and isinstance(params[1], Table) else ():
        known = words.get((verb, key.text))
        if known is not None and isinstance(value, Scalar) and value.text not in known:
            unknown(value, f"{key.text} of a {type_name}", known, faults)


def checked_expect(tree: Tree, site: Facility | None, faults: Faults) -> Expect | None:
    """What an `expect` wants to see, or None and its faults."""
    found = entries(tree, faults, what="expect", required=("node",))
    if found is None or "node" not in found:
        return None
    before = len(faults)
    nodes = seen_nodes_of(found["node"][1], site, faults)
    types = types_of(nodes or (), site)
    type_name = next(iter(types)) if len(types) == 1 else None
    within_s = seconds_of(found["within"][1], faults, what="within") if "within" in found else 0.0
    known = fields_of(types)
    wants: list[Want] = []
    for name, (key, value) in found.items():
        if name in ("node", "within"):
            continue
        if name not in known:
            unknown(key, f"field of a {type_name}" if type_name else "field", (*known, "within"), faults)
            continue
        want = _want(name, value, types, faults)
        if want is not None:
            wants.append(want)
    if len(faults) > before or not isinstance(found["node"][1], Scalar) or within_s is None:
        return None
    if not wants:
        faults.add(tree.line, tree.column, "expect names no field", "for example `state: RUNNING`")
        return None
    text = found["node"][1].text
    return Expect(text, tuple(wants), within_s, nodes or () if is_pattern(text) else ())


def _want(name: str, tree: Tree, types: Mapping[str, None], faults: Faults) -> Want | None:
    row = schema.ROWS[name]
    _, form, _, low, high, unit = row
    if isinstance(tree, Table):
        if form not in (schema.NUMBER, schema.INTEGER):
            faults.add(tree.line, tree.column, f"{name} is a word; min and max are for numbers")
            return None
        found = entries(tree, faults, what=f"the bounds of {name}", known=BOUND_KEYS)
        bounds = {}
        for key, (_, value) in (found or {}).items():
            bounds[key] = number_of(value, faults, what=f"{name} {key}", low=low, high=high, unit=unit)
        if not bounds or None in bounds.values():
            return None
        bottom, top = bounds.get("min"), bounds.get("max")
        if bottom is not None and top is not None and bottom > top:
            faults.add(tree.line, tree.column, f"{name}: min {bottom:g} is above max {top:g}")
            return None
        return Want(name, low=bottom, high=top)
    if form in (schema.NUMBER, schema.INTEGER):
        number = number_of(tree, faults, what=name, low=low, high=high, unit=unit)
        return None if number is None else Want(name, equals=number)
    if form == schema.FLAG:
        if isinstance(tree, Scalar) and isinstance(tree.value, bool):
            return Want(name, equals=tree.value)
        faults.add(tree.line, tree.column, f"{name} must be true or false, not {kind_of(tree)}")
        return None
    word = word_of(tree, words_of(name, types), name, faults)
    return None if word is None else Want(name, equals=word)
