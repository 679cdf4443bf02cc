"""Conditions over views: `ups_a.soc_pct < 40`, `all server_rack_b*.state = NORMAL and generator_a.power_kw > 0`.

condition   alternative [or alternative]...
alternative clause [and clause]...
clause      [any|all] NODE.FIELD OPERATOR VALUE      a NODE with a * needs any or all

A NODE may also be `facility`, the site as a whole, or `weather`, the air outside: `facility.pue < 1.5`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from winter_wire import schema, topics

from winter_river.engine.view import AIR_MODES
from winter_river.facility.faults import Faults, nearest, shown
from winter_river.facility.model import Facility
from winter_river.facility.reading import kind_of
from winter_river.facility.yaml_lines import Scalar, Tree

CONDITION_LENGTH_MAX = 500
ANY, ALL = "any", "all"
ENVELOPE = ("v", "node_id", "timeline", "t_s", "speed")  # of a view: says nothing of the site
# Of no device: the site as a whole and the air outside. A pattern never means them.
WHOLE = (topics.FACILITY, topics.WEATHER)
Views = Callable[[str], Mapping[str, object]]

_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_CLAUSE = re.compile(r"\s*(?:(any|all)\s+)?([a-z0-9_*?-]+)\.([a-z_]+)\s*(<=|>=|!=|==|=|<|>)\s*([-+.\w]+)\s*", re.ASCII)
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?", re.ASCII)
_FORM = "write it like `ups_a.soc_pct < 40` or `all server_rack_b*.state = NORMAL`"
_FLAGS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Clause:
    """One comparison. nodes: one, or those of a pattern; all tells whether every one of them must meet it."""

    nodes: tuple[str, ...]
    all: bool
    field: str
    operator: str
    value: str | float | bool

    def holds(self, views: Views) -> bool:
        """Whether it is so now; what a view does not have meets nothing."""
        met = (self._met(views(node_id).get(self.field)) for node_id in self.nodes)
        return all(met) if self.all else any(met)

    def _met(self, seen: object) -> bool:
        if isinstance(self.value, (str, bool)):
            return isinstance(seen, type(self.value)) and _OPERATORS[self.operator](seen, self.value)
        number = isinstance(seen, (int, float)) and not isinstance(seen, bool)
        return number and _OPERATORS[self.operator](seen, self.value)


@dataclass(frozen=True, slots=True)
class Condition:
    """Alternatives of clauses that hold together. text: as it was written."""

    text: str
    alternatives: tuple[tuple[Clause, ...], ...]

    def holds(self, views: Views) -> bool:
        """Whether it is so now. views: gives the view of a node."""
        return any(all(clause.holds(views) for clause in clauses) for clauses in self.alternatives)

    def __str__(self) -> str:
        return self.text


def matching(pattern: str, site: Facility) -> tuple[str, ...]:
    """The ids that a pattern such as `server_rack_a*` means, in file order."""
    return tuple(node_id for node_id in site.nodes if fnmatchcase(node_id, pattern))


def is_pattern(text: str) -> bool:
    """Whether a text names nodes by a pattern."""
    return "*" in text or "?" in text


def types_of(nodes: Iterable[str], site: Facility | None) -> dict[str, None]:
    """The types of nodes; `facility` and `weather` are types of their own. {} where the site is not known."""
    whole = [node_id for node_id in nodes if node_id in WHOLE]
    return dict.fromkeys(whole or ([site.nodes[node_id].type for node_id in nodes] if site else []))


def fields_of(types: Mapping[str, None]) -> tuple[str, ...]:
    """The fields that views of these types have, all types where none is given."""
    names: dict[str, None] = {}
    for type_name in types or (*schema.TYPES, *WHOLE):
        whole = schema.VIRTUAL_FIELDS[type_name] if type_name in WHOLE else ()
        names |= dict.fromkeys(whole or ("status", *schema.fields("view", type_name)))
    return tuple(name for name in names if name not in ENVELOPE)


def words_of(name: str, types: Mapping[str, None]) -> tuple[str, ...]:
    """The words a text field can have."""
    if name == "status":
        return tuple(schema.STATUSES)
    if name == "air_mode":
        return AIR_MODES
    rows: list[Any] = [schema.TYPES[type_name] for type_name in types or schema.TYPES]
    return tuple(dict.fromkeys(state for row in rows for state, _ in row[schema.STATES]))


def checked_condition(tree: Tree, site: Facility | None, faults: Faults, *, what: str) -> Condition | None:
    """The condition of a text, or None and its faults. site None: no node is known, so only the form is checked."""
    if not isinstance(tree, Scalar) or not isinstance(tree.value, str):
        faults.add(tree.line, tree.column, f"{what} must be a condition, not {kind_of(tree)}", _FORM)
        return None
    if len(tree.text) > CONDITION_LENGTH_MAX:
        faults.add(tree.line, tree.column, f"{what} has {len(tree.text)} letters; at most {CONDITION_LENGTH_MAX}")
        return None
    before = len(faults)
    alternatives = []
    for alternative in re.split(r"\s+or\s+", tree.text):
        clauses = [_clause(part, tree, site, faults, what) for part in re.split(r"\s+and\s+", alternative)]
        alternatives.append(tuple(clause for clause in clauses if clause is not None))
    return Condition(" ".join(tree.text.split()), tuple(alternatives)) if len(faults) == before else None


def _clause(text: str, place: Scalar, site: Facility | None, faults: Faults, what: str) -> Clause | None:
    match = _CLAUSE.fullmatch(text)
    if match is None:
        faults.add(place.line, place.column, f"{what}: {shown(text.strip())} is no condition", _FORM)
        return None
    quantifier, node, name, sign, word = (match[group] for group in range(1, 6))
    sign = "=" if sign == "==" else sign
    if is_pattern(node) and quantifier is None:
        hint = f"write `any {text.strip()}` or `all {text.strip()}`"
        faults.add(place.line, place.column, f"{what}: {shown(node)} may mean several nodes", hint)
        return None
    nodes = _nodes(node, site, place, faults, what)
    if nodes is None:
        return None
    types = types_of(nodes, site)
    value = _value(name, sign, word, types, place, faults, what)
    return None if value is None else Clause(nodes, quantifier != ANY, name, sign, value)


def _nodes(node: str, site: Facility | None, place: Scalar, faults: Faults, what: str) -> tuple[str, ...] | None:
    if node in WHOLE:
        return (node,)
    if site is None:
        return ()
    nodes = matching(node, site) if is_pattern(node) else (node,) if node in site.nodes else ()
    if nodes:
        return nodes
    hint = "" if faults.full else nearest(node.rstrip("*?"), (*site.nodes, *WHOLE))
    faults.add(place.line, place.column, f"{what}: unknown node {shown(node)}", hint)
    return None


def _value(
    name: str, sign: str, word: str, types: Mapping[str, None], place: Scalar, faults: Faults, what: str
) -> str | float | bool | None:
    """What a field is compared with, in the field's own form, or None and a fault."""
    known = fields_of(types)
    if name not in known:
        faults.add(place.line, place.column, f"{what}: unknown field {shown(name)}", nearest(name, known))
        return None
    form = schema.ROWS[name][1]
    if form in (schema.NUMBER, schema.INTEGER):
        if _NUMBER.fullmatch(word):
            return float(word)
        faults.add(place.line, place.column, f"{what}: {name} is a number, not {shown(word)}")
        return None
    if sign not in ("=", "!="):
        faults.add(place.line, place.column, f"{what}: {name} is no number; it is compared with = or !=")
        return None
    if form == schema.FLAG:
        if word in _FLAGS:
            return _FLAGS[word]
        faults.add(place.line, place.column, f"{what}: {name} is true or false, not {shown(word)}")
        return None
    words = words_of(name, types)
    if word not in words:
        faults.add(place.line, place.column, f"{what}: unknown {name} {shown(word)}", nearest(word, words))
        return None
    return word
