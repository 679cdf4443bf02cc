"""Many modules made one: one table of names for thirty, and no name that only led from one module to another.

A merged name is `module.name` while we work on it; naming.py gives it the one that lands on a board.
"""

import ast
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from winter_river.compact.errors import CompactError
from winter_river.compact.scopes import ModuleNames, inner
from winter_river.compact.values import Values

Place = tuple[str, str]  # a module, and a name in it; no name: the module itself
WHOLE = "winter_node"  # the module that all are merged into
OUTSIDE = ""  # stands for the modules that are not ours


@dataclass
class Module:
    """One source, its imports of ours taken out. means: what they gave names to."""

    name: str
    tree: ast.Module
    means: dict[str, Place] = field(default_factory=dict)
    own: set[str] = field(default_factory=set)

    @property
    def flat(self) -> str:
        """The name of its file, where it keeps one."""
        return self.name.rsplit(".", 1)[-1]


class Merging:
    """The sources on their way. aside: modules that stay their own. own_value: names that no constant replaces."""

    def __init__(
        self, sources: Mapping[str, ast.Module], aside: AbstractSet[str], values: Values, own_value: Iterable[Place]
    ) -> None:
        self.aside = aside
        self.outside: dict[str, ast.Import | ast.ImportFrom] = {}  # name -> the import of something that is not ours
        self.modules = {name: Module(name, tree) for name, tree in sources.items()}
        self._values = values
        self._own_value = set(own_value)
        for module in self.modules.values():
            _Imports(self, module).visit(module.tree)
            module.own = {name for node in inner(module.tree) for name in _names_given(node)}

    def order(self) -> list[Module]:
        """The modules, each after those it imports."""
        done: dict[str, Module] = {}

        def add(name: str) -> None:
            if name not in done and name not in waiting:
                waiting.add(name)
                for module, _ in self.modules[name].means.values():
                    if module != OUTSIDE:
                        add(module)
                done[name] = self.modules[name]

        waiting: set[str] = set()
        for name in self.modules:
            add(name)
        return list(done.values())

    def place(self, module: str, name: str) -> Place:
        """Where a name comes from in the end."""
        while name and module != OUTSIDE and name in self.modules[module].means:
            module, name = self.modules[module].means[name]
        return module, name

    def value(self, place: Place) -> Any:
        """The plain value of a name, None where it has to stay a name."""
        return None if place in self._own_value else self._values.get(place[0], {}).get(place[1])

    def imports(self) -> list[ast.stmt]:
        """The imports of what is not ours, by merged names."""
        made: list[ast.stmt] = []
        for here, statement in self.outside.items():
            alias = ast.alias(statement.names[0].name, merged((OUTSIDE, here)))
            if isinstance(statement, ast.ImportFrom):
                made.append(ast.ImportFrom(statement.module, [alias], 0))
            else:
                made.append(ast.Import([alias]))
        return made

    def resolve(self, module: Module) -> list[ast.stmt]:
        """The statements of a module in merged names: those that do something, and of plain values the worth."""
        resolved = _Resolved(self, module)
        made: list[ast.stmt] = []
        for statement in module.tree.body:
            if _says_nothing(statement):
                continue
            if isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.ImportFrom):
                made.append(resolved.visit(statement))
                continue
            if not isinstance(statement, ast.Assign):
                raise CompactError(
                    f"{module.name}, line {statement.lineno}: a module has only imports, names and functions"
                )
            target = statement.targets[0]
            names = [node.id for node in ast.walk(target) if isinstance(node, ast.Name)]
            if all(name in self._values[module.name] for name in names):
                made += [
                    self._assigned((module.name, name)) for name in names if (module.name, name) not in self._own_value
                ]
            else:
                made.append(resolved.visit(statement))
        return made

    def _assigned(self, place: Place) -> ast.Assign:
        return ast.Assign([ast.Name(merged(place), ast.Store())], literal(self._values[place[0]][place[1]]))


def merged(place: Place) -> str:
    """The merged name of something."""
    return f"{place[0]}.{place[1]}"


def literal(value: object) -> ast.expr:
    """A plain value as it is written."""
    return ast.parse(repr(value), mode="eval").body


def _says_nothing(statement: ast.stmt) -> bool:
    """A docstring, a start by hand, or tidying up behind what is a plain value."""
    if isinstance(statement, ast.If):
        return ast.unparse(statement.test) == "__name__ == '__main__'"
    return isinstance(statement, ast.Delete) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def _names_given(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return [node.id]
    return [node.name] if isinstance(node, ast.FunctionDef | ast.ClassDef) else []


class _Imports(ast.NodeTransformer):
    """Takes the imports out of a module: those of ours that are merged give meanings, others are kept once for all."""

    def __init__(self, merging: Merging, module: Module) -> None:
        self._merging = merging
        self._module = module
        self._depth = 0

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self._depth += 1
        self.generic_visit(node)
        self._depth -= 1
        node.body = node.body or [ast.Pass()]
        return node

    def visit_Import(self, node: ast.Import) -> ast.stmt | None:
        if all(alias.name in self._merging.modules for alias in node.names):
            self._module.means |= {alias.asname or alias.name: (alias.name, "") for alias in node.names}
            return None
        if self._depth:
            return node
        self._outside(node, lambda alias: ast.Import([alias]))
        return None

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.stmt | list[ast.stmt] | None:
        ours = [self._target(node.module or "", alias.name) for alias in node.names]
        if None in ours:
            if self._depth:
                return node
            self._outside(node, lambda alias: ast.ImportFrom(node.module, [alias], 0))
            return None
        kept: list[ast.stmt] = []
        for alias, target in zip(node.names, ours, strict=True):
            assert target is not None
            here = alias.asname or alias.name
            if target[0] in self._merging.aside:
                kept.append(_import_aside(target, here))
            elif self._module.means.setdefault(here, target) != target:
                raise CompactError(f"{self._module.name}: {here} means two things")
        return kept

    def _target(self, module: str, name: str) -> Place | None:
        if f"{module}.{name}" in self._merging.modules:
            return f"{module}.{name}", ""
        return (module, name) if module in self._merging.modules else None

    def _outside(
        self, node: ast.Import | ast.ImportFrom, make: Callable[[ast.alias], ast.Import | ast.ImportFrom]
    ) -> None:
        for alias in node.names:
            here, statement = alias.asname or alias.name, make(alias)
            before = self._merging.outside.setdefault(here, statement)
            if ast.dump(before) != ast.dump(statement):
                raise CompactError(f"{self._module.name}: {here} is something else in another module")
            self._module.means[here] = (OUTSIDE, here)


def _import_aside(target: Place, here: str) -> ast.ImportFrom:
    """The import of a module that stays its own, which lies beside the whole; or of something in it."""
    flat = target[0].rsplit(".", 1)[-1]
    module, name = (f"{WHOLE}.{flat}", target[1]) if target[1] else (WHOLE, flat)
    return ast.ImportFrom(module, [ast.alias(name, None if here == name else here)], 0)


class _Resolved(ModuleNames):
    """Puts merged names, or the constants themselves, in the places of a module's names."""

    def __init__(self, merging: Merging, module: Module) -> None:
        super().__init__()
        self._merging = merging
        self._module = module

    def on_name(self, node: ast.Name) -> ast.expr:
        if node.id not in self._module.means and node.id not in self._module.own:
            return node
        place = self._merging.place(self._module.name, node.id)
        if not place[1]:
            raise CompactError(f"{self._module.name}: the module {place[0]} is used as a value")
        return self._replaced(place, node.ctx)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        base = node.value
        if isinstance(base, ast.Name) and not self.is_own(base.id) and base.id in self._module.means:
            module, name = self._merging.place(self._module.name, base.id)
            if not name:
                there = self._merging.modules[module]
                if node.attr not in there.own and node.attr not in there.means:
                    raise CompactError(f"{self._module.name}: {module} has no {node.attr}")
                return self._replaced(self._merging.place(module, node.attr), node.ctx)
        self.generic_visit(node)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        if not self.is_inside:
            node.name = merged((self._module.name, node.name))
        return super().visit_FunctionDef(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        if any(isinstance(statement, ast.Assign) for statement in node.body):
            raise CompactError(f"{self._module.name}: {node.name} has a value of the class; give it to the module")
        node.name = merged((self._module.name, node.name))
        node.bases = [self.visit(base) for base in node.bases]
        methods = [statement for statement in node.body if isinstance(statement, ast.FunctionDef)]
        for method in methods:
            super().visit_FunctionDef(method)
        node.body = [*methods] or [ast.Pass()]
        return node

    def _replaced(self, place: Place, context: ast.expr_context) -> ast.expr:
        value = self._merging.value(place)
        if isinstance(context, ast.Load) and type(value) in (int, float, str):
            return ast.Constant(value)
        return ast.Name(merged(place), context)
