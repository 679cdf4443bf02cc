"""A site's own rules: a YAML file read, checked whole, every fault at once with its line and its cure.

rules: hall-north
facility: block-2n-24            # optional: nodes are checked against it
alarms:
  - id: rack_hot                 # the id of a built-in rule takes its place
    nodes: server_rack_*         # or `types: server`; a `gauge:` rule is of no node
    when: inlet_c > 27
    until: inlet_c < 26          # hysteresis; without it the alarm ends when `when` does
    hold: 30s
    off: 60s
    priority: medium
    message: "{node} takes in air of {inlet_c}"
    cure: check the fans of its row
without: [generator_on]          # built-in rules that are not wanted here
webhooks:
  - url: https://pager.example/hook
    from: high                   # that priority and worse; without it all
    secret: pager.key            # a file beside this one that nobody else may read; signs each call
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from winter_wire import schema

from winter_river.alerts.addresses import fault_of_url
from winter_river.alerts.conditions import FACTS, OF_EVENTS, Alternatives, ConditionError, parse
from winter_river.alerts.model import EXPLAIN, PRIORITIES, SITE, STEADY, Rule
from winter_river.alerts.rules import GAUGES, built_in
from winter_river.alerts.strain import WORSE
from winter_river.alerts.wording import MESSAGE_LENGTH_MAX, NODE, PLACE, SUBJECT
from winter_river.facility import Facility, load_facility
from winter_river.facility.faults import Faults, FileError, nearest, shown
from winter_river.facility.reading import Entries, entries, kind_of, text_of, unknown
from winter_river.facility.yaml_lines import Listing, Scalar, Tree, read_text
from winter_river.facility.yaml_lines import parse as parse_yaml
from winter_river.scenario.durations import duration_s

HEAD_KEYS = ("rules", "facility", "alarms", "without", "webhooks")
HOOK_KEYS = ("url", "from", "secret")
HOOKS_MAX = 20
ALARM_KEYS = (
    *("id", "when", "gauge", "until", "types", "nodes", "hold", "off", "priority", "message", "cure"),
    *("under", "together", "stands"),
)
RULES_MAX = 500  # chosen: each is judged every second for each of its nodes
NAME_LENGTH_MAX = 64
URL_LENGTH_MAX = 500
OTHERS = 0o027  # rights on a file of those who are neither its owner nor readers of its group
ID = re.compile(r"[a-z][a-z0-9_]{1,31}", re.ASCII)
PATTERN = re.compile(r"[a-z0-9_*?-]{1,64}", re.ASCII)


class RulesError(FileError):
    """Rules that cannot be used."""


@dataclass(frozen=True, slots=True)
class Hook:
    """Where alarms go besides. least: the least priority that goes there. secret: path of a file, "" for none."""

    url: str
    least: str
    secret: str


@dataclass(frozen=True, slots=True)
class OwnRules:
    """What a file says. without: ids of built-in rules that it takes away."""

    name: str
    rules: tuple[Rule, ...]
    without: tuple[str, ...] = ()
    hooks: tuple[Hook, ...] = ()

    def with_built_in(self) -> tuple[Rule, ...]:
        """All rules of the site: built-in ones in their order, each replaced where the file has its id, then its own."""
        own = {rule.id: rule for rule in self.rules}
        kept = [own.pop(rule.id, rule) for rule in built_in() if rule.id not in self.without]
        return (*kept, *own.values())


def load_rules(path: str | Path, *, facility: Facility | None = None) -> OwnRules:
    """The rules of a file. facility: whose nodes they name; None: the one that its header names, or any.

    Raises RulesError with every fault."""
    faults = Faults(str(path))
    return _read(read_text(Path(path), faults), faults, facility, Path(path).parent)


def parse_rules(text: str, *, path: str = "<text>", facility: Facility | None = None) -> OwnRules:
    """The rules of a YAML text; path is what faults call it. Raises RulesError."""
    return _read(text, Faults(path), facility, Path())


def is_rules(path: str | Path) -> bool:
    """Whether a path means rules, and no facility or scenario."""
    try:
        with Path(path).open(encoding="utf-8") as lines:
            return any(line.startswith("rules:") for line in lines)
    except (OSError, ValueError):  # no such file, or no text: the check itself says so
        return False


def _read(text: str | None, faults: Faults, facility: Facility | None, folder: Path) -> OwnRules:
    tree = parse_yaml(text, faults) if text is not None else None
    if tree is None:
        if not faults:
            faults.add(1, 1, "the file is empty", "rules start with `rules: NAME`")
        raise RulesError(faults.all())
    head = entries(tree, faults, what="the file", known=HEAD_KEYS, required=("rules", "alarms"))
    if head is None:
        raise RulesError(faults.all())
    site = facility or _facility(head, faults, folder)
    name = text_of(head["rules"][1], faults, what="rules", length_max=NAME_LENGTH_MAX) if "rules" in head else ""
    rules = _rules(head["alarms"][1], site, faults) if "alarms" in head else ()
    known = [rule.id for rule in built_in()]
    without = _words(head["without"][1], faults, what="built-in rule", known=known) if "without" in head else ()
    hooks = _hooks(head["webhooks"][1], faults, folder) if "webhooks" in head else ()
    if faults:
        raise RulesError(faults.all())
    return OwnRules(name or "", rules, without, hooks)


def _hooks(tree: Tree, faults: Faults, folder: Path) -> tuple[Hook, ...]:
    found = []
    for item in _items(tree, faults, what="webhooks")[:HOOKS_MAX]:
        hook = entries(item, faults, what="a webhook", known=HOOK_KEYS, required=("url",))
        if hook is None or "url" not in hook:
            continue
        place = hook["url"][1]
        url = _text(hook, "url", faults, URL_LENGTH_MAX)
        why = fault_of_url(url) if url else ""
        if why:
            faults.add(place.line, place.column, f"url {why}", "for example https://pager.example/hook")
        least = (
            _words(hook["from"][1], faults, what="priority", known=PRIORITIES) if "from" in hook else PRIORITIES[-1:]
        )
        secret = _text(hook, "secret", faults, URL_LENGTH_MAX)
        path = folder / Path(secret).expanduser()
        if secret and not path.is_file():
            key = hook["secret"][1]
            faults.add(key.line, key.column, f"there is no file {shown(path)}", "openssl rand -hex 32 makes a secret")
        elif secret and path.stat().st_mode & OTHERS:
            key = hook["secret"][1]
            faults.add(key.line, key.column, f"{shown(path)} is a secret and others can read it", f"chmod 600 {path}")
        found.append(Hook(url, least[0] if least else PRIORITIES[-1], str(path) if secret else ""))
    return tuple(found)


def _facility(head: Entries, faults: Faults, folder: Path) -> Facility | None:
    if "facility" not in head:
        return None
    place = head["facility"][1]
    name = text_of(place, faults, what="facility", length_max=255)
    if name is None:
        return None
    beside = folder / name
    try:
        return load_facility(str(beside) if beside.is_file() else name)
    except FileError as error:
        first = error.faults[0]
        faults.add(place.line, place.column, f"facility {shown(name)} cannot be used: {first.message}", first.hint)
        return None


def _rules(tree: Tree, site: Facility | None, faults: Faults) -> tuple[Rule, ...]:
    items = _items(tree, faults, what="alarms")
    if len(items) > RULES_MAX:
        faults.add(tree.line, tree.column, f"{len(items)} rules; at most {RULES_MAX}")
        return ()
    found: dict[str, Rule] = {}
    named: list[tuple[Scalar, str]] = []
    for item in items:
        rule = _rule(item, site, faults, named)
        if rule is None:
            continue
        if rule.id in found:
            faults.add(item.line, item.column, f"the rule {shown(rule.id)} is doubled")
        found[rule.id] = rule
    known = dict.fromkeys([*(rule.id for rule in built_in()), *found])
    for place, rule_id in named:
        if rule_id not in known:
            unknown(place, "rule", known, faults)
    return tuple(found.values())


def _rule(tree: Tree, site: Facility | None, faults: Faults, named: list[tuple[Scalar, str]]) -> Rule | None:
    before = len(faults)
    found = entries(tree, faults, what="a rule", known=ALARM_KEYS, required=("id", "priority"))
    if found is None:
        return None
    gauge = _is_gauge(tree, found, faults)
    rule_id = _id(found, faults)
    types = _words(found["types"][1], faults, what="types", known=tuple(schema.TYPES)) if "types" in found else ()
    nodes = _nodes(found["nodes"][1], site, faults) if "nodes" in found else ()
    seen_types = types or _types_of(nodes, site)
    key = "gauge" if gauge else "when"
    when = _condition(found[key][1], faults, what=key, types=seen_types, gauge=gauge) if key in found else ()
    until = (
        _condition(found["until"][1], faults, what="until", types=seen_types, gauge=gauge) if "until" in found else ()
    )
    priority = _words(found["priority"][1], faults, what="priority", known=PRIORITIES) if "priority" in found else ()
    message = _text(found, "message", faults, MESSAGE_LENGTH_MAX) or f"{{{NODE}}}: {rule_id}".replace("_", " ")
    _check_places(found, message, {test.field for tests in when for test in tests}, faults)
    under = _words(found["under"][1], faults, what="under") if "under" in found else ()
    named += [(found["under"][1], each) for each in under if isinstance(found["under"][1], Scalar)]
    seconds = {name: _seconds(found, name, faults) for name in ("hold", "off", "together")}
    if len(faults) > before or not priority:
        return None
    # What a view shows is the engine's: its times run on the engine's clock.
    fields = {test.field for tests in when for test in tests}
    of_flow = not fields.isdisjoint(OF_EVENTS)
    of_view = not gauge and any(field not in FACTS or field in OF_EVENTS for field in fields)
    return Rule(
        id=rule_id, priority=priority[0], message=message, cure=_text(found, "cure", faults, MESSAGE_LENGTH_MAX) or "look at it",
        when=when, until=until, gauge=gauge, types=types, nodes=nodes, hold_s=seconds["hold"], off_s=seconds["off"],
        clock=SITE if of_view else STEADY, under=under, gathers_s=seconds["together"],
        stands=_flag(found, "stands", faults), source="a rule of the site",
        asked_by=WORSE if of_flow else EXPLAIN, recurs=of_flow,
    )  # fmt: skip


def _is_gauge(tree: Tree, found: Entries, faults: Faults) -> bool:
    has = [name for name in ("when", "gauge") if name in found]
    if len(has) != 1:
        text = "a rule has `when` (of nodes) or `gauge` (of the service), and not both"
        faults.add(tree.line, tree.column, text, "for example `when: soc_pct < 30`")
    if "gauge" in found:
        for name in ("types", "nodes", "stands"):
            if name in found:
                key = found[name][0]
                faults.add(key.line, key.column, f"a rule of a gauge has no `{name}`")
    return "gauge" in has and "when" not in has


def _id(found: Entries, faults: Faults) -> str:
    if "id" not in found:
        return ""
    tree = found["id"][1]
    text = text_of(tree, faults, what="id", length_max=32)
    if text is not None and not ID.fullmatch(text):
        faults.add(tree.line, tree.column, f"id {shown(text)} must be small letters, digits and _, 2 to 32 of them")
        return ""
    return text or ""


def _condition(tree: Tree, faults: Faults, *, what: str, types: Sequence[str], gauge: bool) -> Alternatives:
    if not isinstance(tree, Scalar) or not isinstance(tree.value, str):
        faults.add(
            tree.line, tree.column, f"{what} must be a condition, not {kind_of(tree)}", "for example `soc_pct < 20`"
        )
        return ()
    try:
        return parse(tree.text, types=types, gauges=tuple(GAUGES) if gauge else None)
    except ConditionError as error:
        faults.add(tree.line, tree.column, f"{what}: {error}", error.hint)
        return ()


def _check_places(found: Entries, message: str, tested: set[str], faults: Faults) -> None:
    """What the message wants filled in must be there to fill it in with."""
    if "message" not in found:
        return
    tree = found["message"][1]
    known = (NODE, SUBJECT, *GAUGES, *OF_EVENTS, *schema.ROWS)
    for name in PLACE.findall(message):
        if name not in known and name not in tested:
            faults.add(
                tree.line, tree.column, f"message: nothing is called {shown('{' + name + '}')}", nearest(name, known)
            )


def _nodes(tree: Tree, site: Facility | None, faults: Faults) -> tuple[str, ...]:
    patterns = _words(tree, faults, what="nodes")
    for pattern in patterns:
        if not PATTERN.fullmatch(pattern):
            faults.add(
                tree.line, tree.column, f"nodes: {shown(pattern)} is no id and no pattern", "for example server_rack_*"
            )
        elif site is not None and not _matching(pattern, site):
            faults.add(
                tree.line, tree.column, f"no node is called {shown(pattern)}", nearest(pattern.rstrip("*?"), site.nodes)
            )
    return patterns


def _matching(pattern: str, site: Facility) -> list[str]:
    return [node_id for node_id in site.nodes if fnmatchcase(node_id, pattern)]


def _types_of(patterns: Sequence[str], site: Facility | None) -> tuple[str, ...]:
    """The types of the nodes that patterns mean, where the site is known."""
    if site is None:
        return ()
    return tuple(
        dict.fromkeys(site.nodes[node_id].type for pattern in patterns for node_id in _matching(pattern, site))
    )


def _items(tree: Tree, faults: Faults, *, what: str) -> tuple[Tree, ...]:
    if not isinstance(tree, Listing):
        faults.add(tree.line, tree.column, f"{what} must be a list, not {kind_of(tree)}")
        return ()
    return tree.items


def _words(tree: Tree, faults: Faults, *, what: str, known: Sequence[str] = ()) -> tuple[str, ...]:
    """One word, or a list of them."""
    found = []
    for item in tree.items if isinstance(tree, Listing) else (tree,):
        if not isinstance(item, Scalar) or item.value is None:
            faults.add(item.line, item.column, f"{what} must be a word, not {kind_of(item)}")
        elif known and item.text not in known:
            unknown(item, what, known, faults)
        else:
            found.append(item.text)
    return tuple(found)


def _text(found: Mapping[str, tuple[Scalar, Tree]], name: str, faults: Faults, length_max: int) -> str:
    return (text_of(found[name][1], faults, what=name, length_max=length_max) or "") if name in found else ""


def _seconds(found: Entries, name: str, faults: Faults) -> float:
    if name not in found:
        return 0.0
    tree = found[name][1]
    try:
        return duration_s(tree.text if isinstance(tree, Scalar) else "?")
    except ValueError as error:
        faults.add(tree.line, tree.column, f"{name}: {error}")
        return 0.0


def _flag(found: Entries, name: str, faults: Faults) -> bool:
    if name not in found:
        return False
    tree = found[name][1]
    if not isinstance(tree, Scalar) or not isinstance(tree.value, bool):
        faults.add(tree.line, tree.column, f"{name} must be true or false, not {kind_of(tree)}")
        return False
    return tree.value


def all_of(own: OwnRules | None) -> tuple[Rule, ...]:
    """Every rule that is judged: the built-in ones, with a site's own."""
    return built_in() if own is None else own.with_built_in()
