"""The sources of the firmware on their way to one module, the few beside it, and the rows of each type."""

import ast
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from winter_river.compact import naming, writing
from winter_river.compact.merging import OUTSIDE, WHOLE, Merging, merged
from winter_river.compact.reaching import Reach, attributes_by_text, given_name
from winter_river.compact.values import BY_TYPE, evaluate

START = "main"  # the module that a board runs
DOORS = ("hardware", "start", "turn", "run")  # what others call of it
# What others call of a program: main.turn, the virtual boards, and the tests of those.
PROGRAM = frozenset(("step", "failed", "stop"))
# Modules that stay files of their own: a start, an order or a part that is not on every board needs them, then they go.
ASIDE = frozenset(
    f"winter_node.{name}"
    for name in ("starting", "settings", "settings_store", "complaint", "mac", "hal.clock", "hal.pot", "hal.tls")
)
# Modules that never hold a thing of the board: what they ask of anything, they ask of ours or of what is built in.
PURE = frozenset(
    f"winter_node.{name}"
    for name in ("core", "session", "commands", "device", "supervisor", "runner", "packets", "roles", "complaint")
)
# Methods of a driver that ours stand for: they wait for the broker, which a node never does.
REPLACED = {"MQTTClient": ("connect", "disconnect", "wait_msg", "check_msg", "_recv_len")}
ROWS = "rows_"  # the file with the rows of a type begins so
_BUILD = "the build"  # stands for the number that the whole and its rows have in common
_FETCH = f"""
name = '{ROWS}' + type_name
rows = __import__('{WHOLE}.' + name, None, None, ('ROWS',)).ROWS
if rows.pop(0) != {_BUILD!r}:
    raise RuntimeError('half deployed')
globals().update(rows)
forget('{WHOLE}', name)
"""


class Whole:
    """One run. texts: what is to be compiled, by path on the board. names: what a name there is called here."""

    def __init__(self, sources: Mapping[str, ast.Module]) -> None:
        """sources: by dotted name. They are changed on the way."""
        values = evaluate(sources)
        types = values["winter_wire.schema"]["TYPES"]
        self._by_type = {kind: evaluate(sources, type_name=kind) for kind in types}
        self._rows = []
        for module in BY_TYPE:
            for name in values[module]:
                left = [self._by_type[kind][module].get(name) for kind in types]
                values[module][name] = left[0]
                if any(repr(value) != repr(left[0]) for value in left):
                    self._rows.append((module, name))
        self._kept = naming.used_elsewhere(sources.values()) | attributes_by_text(sources.values()) | PROGRAM
        self._kept |= naming.asked_of_others(tree for name, tree in sources.items() if name not in PURE)
        every = Reach(())
        for tree in sources.values():
            _drop_replaced(tree)
            every.mention(tree)
            naming.rename_private_data(tree, self._kept, naming.private_words())
        self._mentioned = every.attributes
        self._merging = Merging(sources, ASIDE & set(sources), values, self._rows)
        self.texts: dict[str, str] = {}
        self.names: dict[str, tuple[str, ...]] = {}
        self._make()

    def _make(self) -> None:
        whole, aside = ast.Module([], []), {}
        for module in self._merging.order():
            body = self._merging.resolve(module)
            if module.name in self._merging.aside:
                aside[module.name] = ast.Module(body, [])
            else:
                whole.body += [_fetching(statement) for statement in body]
        reach = Reach({merged((START, name)) for name in DOORS}, PROGRAM)
        for name, tree in aside.items():
            own = Reach({merged((name, attribute)) for attribute in self._mentioned}, self._mentioned)
            imports = [statement for statement in tree.body if isinstance(statement, ast.ImportFrom)]
            tree.body = [*imports, *own.kept([each for each in tree.body if each not in imports])]
            reach.mention(tree)
        whole.body = reach.kept([*self._merging.imports(), *whole.body])
        trees = [whole, *aside.values()]
        doors = {name: name.rsplit(".", 1)[-1] for module, tree in aside.items() for name in _public(module, tree)}
        doors = {name: plain for name, plain in doors.items() if plain in self._mentioned}
        told = naming.rename_attributes(trees, self._kept | set(doors.values()), naming.attribute_words())
        names = self._global_names(trees, doors)
        for tree in aside.values():
            self._import_merged(tree, names)
        naming.rename_globals(trees, names)
        called = naming.keywords(trees)
        for tree in trees:
            naming.rename_arguments(tree, called)
        writing.meet_first(whole, set(names.values()))
        files = {"__init__": whole} | {name.rsplit(".", 1)[-1]: tree for name, tree in aside.items()}
        rows = {kind: self._rows_of(kind, names, reach) for kind in self._by_type}
        build = zlib.crc32(repr(rows).encode()) >> 2  # a deploy that was cut short must not join what does not fit
        for node in ast.walk(whole):
            if isinstance(node, ast.Constant) and node.value == _BUILD:
                node.value = build
        for kind, values in rows.items():
            files[ROWS + kind] = writing.shared("ROWS", {0: build, **values})
        self.texts = {f"{WHOLE}/{name}.mpy": writing.text_of(tree) for name, tree in files.items()}
        for ours, there in names.items():
            told.setdefault(there, set()).add(ours)
        self.names = {there: tuple(sorted(ours)) for there, ours in sorted(told.items()) if there not in ours}

    def _rows_of(self, kind: str, names: Mapping[str, str], reach: Reach) -> dict[str | int, Any]:
        """What one type of node needs of the tables, by the names that the whole has for it."""
        values = self._by_type[kind]
        wanted = [place for place in self._rows if merged(place) in reach.names]
        return {names[merged(place)]: values[place[0]][place[1]] for place in wanted}

    def _global_names(self, trees: Iterable[ast.Module], doors: Mapping[str, str]) -> dict[str, str]:
        """Merged name -> the one on the board."""
        names = {merged((START, door)): door for door in DOORS} | dict(doors)
        names |= {merged((OUTSIDE, here)): here for here in self._merging.outside}
        taken = set(names.values()).union(*map(naming.local_names, trees))
        fresh = naming.short_names(naming.global_words(), taken)
        for tree in trees:
            for name in naming.merged_names(tree):
                if name not in names:
                    names[name] = next(fresh)
        return names

    def _import_merged(self, tree: ast.Module, names: Mapping[str, str]) -> None:
        """Has a module beside the whole import what it uses of it."""
        own = {given_name(statement) for statement in tree.body}
        used = {name for name in naming.merged_names(tree) if name not in own}
        outside = [statement for statement in self._merging.imports() if given_name(statement) in used]
        wanted = sorted(names[name] for name in used - set(map(given_name, outside)))
        ours = [ast.ImportFrom(WHOLE, [ast.alias(name) for name in wanted], 0)] if wanted else []
        tree.body[:0] = [*outside, *ours]


def _public(module: str, tree: ast.Module) -> list[str]:
    """The merged names that a module beside the whole has for others."""
    given = [given_name(statement) for statement in tree.body]
    return [name for name in given if name.startswith(f"{module}.") and not name.rsplit(".", 1)[-1].startswith("_")]


def _fetching(statement: ast.stmt) -> ast.stmt:
    """A keep_only() of tables has nothing to let go of: the first fetches the rows of its type, others do nothing."""
    for module in BY_TYPE:
        if isinstance(statement, ast.FunctionDef) and statement.name == merged((module, "keep_only")):
            statement.body = ast.parse(_FETCH if module == BY_TYPE[0] else "pass").body
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and node.id == "forget":
                    node.id = merged((module, "forget"))
    return statement


def _drop_replaced(tree: ast.Module) -> None:
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name in REPLACED:
            gone = REPLACED[node.name]
            node.body = [part for part in node.body if not (isinstance(part, ast.FunctionDef) and part.name in gone)]
