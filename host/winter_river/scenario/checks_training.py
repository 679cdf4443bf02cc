"""Checks of what an exercise adds to a script: questions, tasks, bounds, controls, and what nodes suffer as things."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from winter_wire import codec, schema

from winter_river.facility.faults import Faults, nearest, shown
from winter_river.facility.model import Facility
from winter_river.facility.reading import Entries, entries, kind_of, number_of, text_of, unknown
from winter_river.facility.yaml_lines import Listing, Scalar, Table, Tree
from winter_river.scenario import conditions
from winter_river.scenario.checks import (
    check_words,
    checked_params,
    nodes_of,
    seconds_of,
    seen_nodes_of,
    type_of,
    word_of,
)
from winter_river.scenario.conditions import checked_condition
from winter_river.scenario.model import (
    ACKNOWLEDGE,
    BACK,
    COMMAND,
    NO_BROKER,
    NO_POWER,
    NO_WIFI,
    SEE,
    TAG,
    UNTAG,
    Bound,
    Control,
    Costs,
    Deed,
    Disturb,
    Goal,
    Predict,
    Send,
    Task,
    Want,
)

TEXT_LENGTH_MAX = 600  # of what is said, asked and explained: what a screen shows without scrolling
CHOICES_MIN, CHOICES_MAX, CHOICE_LENGTH_MAX = 2, 12, 120
LIST_MAX = 200  # chosen: tasks, bounds, hints; nobody reads more
POINTS_MAX = 1_000.0
MALFUNCTION_KEYS = ("node", "kind", "severity", "ramp", "delay", "clear")
DISTURB_KEYS = ("node", "what")
PREDICT_KEYS = ("ask", "choices", "answer", "points", "within", "because", "freeze")
TASK_KEYS = ("id", "title", "cue", "at", "follows", "do", "any_order", "within", "points", "hints", "because")
DEED_KEYS = ("node", "command", "params", "tag", "untag", "acknowledge", "see")
BOUND_KEYS = ("when", "why", "stop", "points")
COST_KEYS = ("hint", "refused", "unneeded")
BROKER = "broker"
_BOUNDS = ("min", "max")


def sentence_of(tree: Tree, faults: Faults, *, what: str) -> str | None:
    """A text that may run over several lines of the file, as one line; None and a fault otherwise."""
    if isinstance(tree, Scalar) and tree.value is not None:
        joined = " ".join(tree.text.split())
        tree = Scalar(joined, joined, tree.line, tree.column)
    return text_of(tree, faults, what=what, length_max=TEXT_LENGTH_MAX)


def items_of(tree: Tree, faults: Faults, *, what: str) -> tuple[Tree, ...]:
    """The items of a list, or none and a fault."""
    if not isinstance(tree, Listing):
        faults.add(tree.line, tree.column, f"{what} must be a list, not {kind_of(tree)}")
        return ()
    if len(tree.items) > LIST_MAX:
        faults.add(tree.line, tree.column, f"{what} has {len(tree.items)} items; at most {LIST_MAX}")
        return ()
    return tree.items


def checked_malfunction(tree: Tree, site: Facility | None, faults: Faults) -> Send | None:
    """A malfunction as the command that injects or clears it, or None and its faults."""
    found = entries(tree, faults, what="malfunction", known=MALFUNCTION_KEYS, required=("node",))
    if found is None or "node" not in found:
        return None
    before = len(faults)
    type_name = type_of(found["node"][1], site, faults)
    clear = flag_of(found, "clear", faults)
    params: dict[str, object] = {"state": not clear}
    if "kind" in found:
        rows: Any = schema.TYPES[type_name][schema.MALFUNCTIONS] if type_name else ()
        known = tuple(kind for kind, _ in rows)
        place = found["kind"][1]
        if known and isinstance(place, Scalar) and place.text not in known:
            unknown(place, f"kind of a {type_name}", known, faults)
        elif isinstance(place, Scalar):
            params["kind"] = place.text
        else:
            faults.add(place.line, place.column, f"kind must be a word, not {kind_of(place)}")
    if "severity" in found:
        params["severity"] = number_of(found["severity"][1], faults, what="severity", low=0, high=1)
    for name in ("ramp", "delay"):
        if name in found:
            params[f"{name}_s"] = seconds_of(found[name][1], faults, what=name)
    if len(faults) > before or not isinstance(found["node"][1], Scalar):
        return None
    why = codec.check_params("set_fault", params)
    if why:
        faults.add(tree.line, tree.column, f"malfunction: {why}")
        return None
    return Send(found["node"][1].text, "set_fault", params)


def checked_disturb(tree: Tree, site: Facility | None, faults: Faults) -> Disturb | None:
    """What happens to nodes, or to the broker, as things; None and its faults otherwise."""
    found = entries(tree, faults, what="disturb", known=DISTURB_KEYS, required=DISTURB_KEYS)
    if found is None or len(found) < len(DISTURB_KEYS):
        return None
    node = found["node"][1]
    broker = isinstance(node, Scalar) and node.text == BROKER
    known = (NO_BROKER, BACK) if broker else (NO_WIFI, NO_POWER, BACK)
    what = word_of(found["what"][1], known, "what", faults)
    nodes = () if broker else nodes_of(node, site, faults)
    return None if what is None or nodes is None else Disturb(nodes, what)


def checked_predict(tree: Tree, faults: Faults) -> Predict | None:
    """A question with its choices and the right one, or None and its faults."""
    found = entries(tree, faults, what="predict", known=PREDICT_KEYS, required=("ask", "choices", "answer"))
    if found is None or not {"ask", "choices", "answer"} <= found.keys():
        return None
    before = len(faults)
    ask = sentence_of(found["ask"][1], faults, what="ask")
    listed = found["choices"][1]
    items = items_of(listed, faults, what="choices")
    choices = [text_of(item, faults, what="a choice", length_max=CHOICE_LENGTH_MAX) or "" for item in items]
    if len(faults) == before and not CHOICES_MIN <= len(choices) <= CHOICES_MAX:
        faults.add(listed.line, listed.column, f"{len(choices)} choices; must be {CHOICES_MIN} to {CHOICES_MAX}")
    if len(set(choices)) < len(choices):
        faults.add(listed.line, listed.column, "a choice is doubled")
    answer = word_of(found["answer"][1], tuple(choices), "answer", faults) if choices else None
    points = points_of(found, faults, default=1.0)
    within_s = seconds_of(found["within"][1], faults, what="within") if "within" in found else None
    because = sentence_of(found["because"][1], faults, what="because") if "because" in found else ""
    freeze = flag_of(found, "freeze", faults)
    if len(faults) > before or ask is None or answer is None:
        return None
    return Predict(ask, tuple(choices), answer, points, within_s, because or "", freeze)


def flag_of(found: Entries, name: str, faults: Faults, *, default: bool = False) -> bool:
    """A true or false among entries; the default and a fault where it is neither."""
    if name not in found:
        return default
    tree = found[name][1]
    if isinstance(tree, Scalar) and isinstance(tree.value, bool):
        return tree.value
    faults.add(tree.line, tree.column, f"{name} must be true or false, not {kind_of(tree)}")
    return default


def points_of(found: Entries, faults: Faults, *, default: float, name: str = "points") -> float:
    """Points among entries, 0 or more."""
    if name not in found:
        return default
    return number_of(found[name][1], faults, what=name, low=0, high=POINTS_MAX) or 0.0


def checked_task(tree: Tree, site: Facility | None, faults: Faults) -> Task | None:
    """A critical task, or None and its faults."""
    required = ("id", "do", "points")
    found = entries(tree, faults, what="a critical task", known=TASK_KEYS, required=required)
    if found is None or not set(required) <= found.keys():
        return None
    before = len(faults)
    name = text_of(found["id"][1], faults, what="id", length_max=64)
    title = sentence_of(found["title"][1], faults, what="title") if "title" in found else name
    cue = checked_condition(found["cue"][1], site, faults, what="cue") if "cue" in found else None
    at_s = seconds_of(found["at"][1], faults, what="at") if "at" in found else 0.0
    follows = text_of(found["follows"][1], faults, what="follows", length_max=64) if "follows" in found else ""
    within_s = seconds_of(found["within"][1], faults, what="within") if "within" in found else None
    listed = found["do"][1]
    deeds = [checked_deed(item, site, faults) for item in items_of(listed, faults, what="do")]
    if len(faults) == before and not deeds:
        faults.add(listed.line, listed.column, "the task has nothing to do")
    points = points_of(found, faults, default=0.0)
    hints: list[str | None] = []
    if "hints" in found:
        hints = [sentence_of(item, faults, what="a hint") for item in items_of(found["hints"][1], faults, what="hints")]
    because = sentence_of(found["because"][1], faults, what="because") if "because" in found else ""
    any_order = flag_of(found, "any_order", faults)
    if len(faults) > before:
        return None
    return Task(
        id=name or "",
        title=title or "",
        deeds=tuple(deed for deed in deeds if deed is not None),
        points=points,
        cue=cue,
        at_s=at_s or 0.0,
        follows=follows or "",
        within_s=within_s,
        any_order=any_order,
        hints=tuple(hint for hint in hints if hint is not None),
        because=because or "",
    )


def checked_deed(tree: Tree, site: Facility | None, faults: Faults) -> Deed | None:
    """One thing that a task wants: a command, `tag`, `untag`, `acknowledge` or `see`; or None and its faults."""
    found = entries(tree, faults, what="a deed", known=DEED_KEYS)
    if found is None:
        return None
    kinds = [kind for kind in (COMMAND, TAG, UNTAG, ACKNOWLEDGE, SEE) if kind in found]
    if len(kinds) != 1:
        hint = "for example `{node: ups_a, command: bypass}`, `{tag: ups_a}` or `{see: ups_a.state = BYPASS}`"
        faults.add(tree.line, tree.column, "a deed has one of command, tag, untag, acknowledge, see", hint)
        return None
    kind = kinds[0]
    place = found[kind][1]
    if kind == SEE:
        condition = checked_condition(place, site, faults, what=SEE)
        return None if condition is None else Deed(SEE, condition=condition)
    if kind != COMMAND:
        before = len(faults)
        type_of(place, site, faults)
        return Deed(kind, place.text) if isinstance(place, Scalar) and len(faults) == before else None
    if "node" not in found:
        faults.add(tree.line, tree.column, "a command has no `node`")
        return None
    before = len(faults)
    type_name = type_of(found["node"][1], site, faults)
    verb = word_of(place, schema.verbs(type_name) or tuple(schema.VERBS), "command", faults)
    if verb is None or len(faults) > before or not isinstance(found["node"][1], Scalar):
        return None
    wants = _wanted_params(found, verb, type_name, faults)
    return None if wants is None else Deed(COMMAND, found["node"][1].text, verb, wants)


def _wanted_params(found: Entries, verb: str, type_name: str | None, faults: Faults) -> Mapping[str, Want] | None:
    """What a command must carry: values, or bounds of numbers."""
    given = entries(found["params"][1], faults, what="params") if "params" in found else {}
    if given is None:
        return None
    before = len(faults)
    wants: dict[str, Want] = {}
    exact: list[tuple[Scalar, Tree]] = []
    for name, (key, value) in given.items():
        shown_value = value
        if isinstance(value, Table):
            bounds = entries(value, faults, what=f"the bounds of {name}", known=_BOUNDS) or {}
            numbers = {
                bound: number_of(each, faults, what=f"{name} {bound}", low=-1e9, high=1e9)
                for bound, (_, each) in bounds.items()
            }
            wants[name] = Want(name, low=numbers.get("min"), high=numbers.get("max"))
            shown_value = next((number for _, number in bounds.values()), value)
        exact.append((key, shown_value))
    place = found["params"][1] if "params" in found else found[COMMAND][1]
    table = Table(tuple(exact), place.line, place.column)
    params = checked_params({**found, "params": (found[COMMAND][0], table)} if exact else found, verb, faults)
    if params is None or len(faults) > before:
        return None
    if type_name:
        check_words({**found, "params": (found[COMMAND][0], table)}, verb, type_name, faults)
    for name, exactly in params.items():
        if name not in wants:
            wants[name] = Want(name, equals=exactly)  # type: ignore[arg-type]
    return wants if len(faults) == before else None


def checked_bound(tree: Tree, site: Facility | None, faults: Faults) -> Bound | None:
    """What must not happen, or None and its faults."""
    found = entries(tree, faults, what="a bound", known=BOUND_KEYS, required=("when", "why"))
    if found is None or not {"when", "why"} <= found.keys():
        return None
    condition = checked_condition(found["when"][1], site, faults, what="when")
    why = sentence_of(found["why"][1], faults, what="why")
    stop = flag_of(found, "stop", faults, default=True)
    points = points_of(found, faults, default=0.0)
    return None if condition is None or why is None else Bound(condition, why, stop, points)


def checked_control(tree: Tree, site: Facility | None, faults: Faults) -> Control | None:
    """`generator_a`, `server_rack_*` or `lv_switchgear_a.open`, or None and its faults."""
    if not isinstance(tree, Scalar):
        faults.add(
            tree.line, tree.column, f"a control must be a node, not {kind_of(tree)}", "`ups_a` or `ups_a.bypass`"
        )
        return None
    node, dot, verb = tree.text.partition(".")
    nodes = nodes_of(Scalar(node, node, tree.line, tree.column), site, faults)
    if nodes is None:
        return None
    types = {site.nodes[node_id].type for node_id in nodes} if site else set(schema.TYPES)
    known = tuple(dict.fromkeys(each for type_name in sorted(types) for each in schema.verbs(type_name)))
    if dot and verb not in known:
        unknown(Scalar(verb, verb, tree.line, tree.column + len(node) + 1), "command", known, faults)
        return None
    return Control(nodes, verb)


def checked_goal(tree: Tree, faults: Faults, *, what: str, limit: str) -> Goal | None:
    """Points with a limit: `{kwh_max: 0.5, points: 10}` or `{within: 60s, points: 5}`."""
    found = entries(tree, faults, what=what, known=(limit, "points"), required=(limit, "points"))
    if found is None or len(found) < 2:
        return None
    if limit == "within":
        number = seconds_of(found[limit][1], faults, what=limit)
    else:
        number = number_of(found[limit][1], faults, what=limit, low=0, high=1e9, unit="kWh")
    points = points_of(found, faults, default=0.0)
    return None if number is None else Goal(number, points)


def checked_costs(tree: Tree, faults: Faults) -> Costs:
    """What help and mistakes cost."""
    found = entries(tree, faults, what="costs", known=COST_KEYS) or {}
    given = {name: points_of(found, faults, default=0.0, name=name) for name in COST_KEYS if name in found}
    return Costs(**given)


def checked_trend(tree: Tree, site: Facility | None, faults: Faults) -> list[tuple[str, str]]:
    """The curves of `ups_a.soc_pct` or `ups_*.soc_pct`."""
    node, dot, name = tree.text.partition(".") if isinstance(tree, Scalar) else ("", "", "")
    if not isinstance(tree, Scalar) or not dot:
        faults.add(tree.line, tree.column, f"a trend must be NODE.FIELD, not {kind_of(tree)}", "`ups_a.soc_pct`")
        return []
    nodes = seen_nodes_of(Scalar(node, node, tree.line, tree.column), site, faults)
    types = conditions.types_of(nodes or (), site)
    known = conditions.fields_of(types)
    row: Any = schema.ROWS.get(name) if name in known else None
    if row is None or row[1] not in (schema.NUMBER, schema.INTEGER):
        faults.add(tree.line, tree.column + len(node) + 1, f"unknown number {shown(name)}", nearest(name, known))
        return []
    return [(node_id, name) for node_id in nodes or ()]
