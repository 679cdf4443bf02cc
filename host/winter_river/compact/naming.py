"""The names that land on a board: words it has in its flash anyway, as long as there are any, then short ones."""

import ast
import builtins
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from winter_river.compact.scopes import FUNCTIONS, arguments
from winter_river.compact.words import BUILTINS, METHODS

_OF_BUILTINS = frozenset(
    name
    for kind in (str, bytes, bytearray, list, tuple, dict, set, int, float, memoryview, OSError)
    for name in dir(kind)
)
_PRIVATE_WORDS = 30  # the most private attributes that one module has; each module has the same words for its own


def short_names(words: Iterable[str], taken: AbstractSet[str]) -> Iterator[str]:
    """Names that nobody has: the words, then a to z, aa, ab, ..."""
    for word in dict.fromkeys(words):
        if word not in taken:
            yield word
    number = 0
    while True:
        name, rest = "", number
        while rest >= 0:
            name, rest = chr(ord("a") + rest % 26) + name, rest // 26 - 1
        number += 1
        if name not in taken and not hasattr(builtins, name) and name not in ("as", "if", "in", "is", "or"):
            yield name


def rename_private_data(module: ast.Module, kept: AbstractSet[str], words: Iterable[str]) -> None:
    """Gives the private attributes of a module, its methods left out, the names of the words."""
    methods = {node.name for node in ast.walk(module) if isinstance(node, ast.FunctionDef)}
    stored = {node.attr for node in ast.walk(module) if isinstance(node, ast.Attribute) and _is_stored(node)}
    names = sorted(name for name in stored - methods - kept if is_private(name))
    found = dict(zip(names, words, strict=False))
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute):
            node.attr = found.get(node.attr, node.attr)


def rename_attributes(trees: Sequence[ast.AST], kept: AbstractSet[str], words: Iterable[str]) -> dict[str, set[str]]:
    """Gives methods and attributes of our classes, wherever they are mentioned, other names.

    Each new name of a method, with the methods that go by it: `module.Class.method`.
    """
    nodes = [node for tree in trees for node in ast.walk(tree)]
    methods = [(node.name, part) for node in nodes if isinstance(node, ast.ClassDef) for part in _methods(node)]
    given = {method.name for _, method in methods}
    given |= {node.attr for node in nodes if isinstance(node, ast.Attribute) and _is_stored(node)}
    every = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    names = sorted(name for name in given - kept - _OF_BUILTINS if not name.startswith("__"))
    found = dict(zip(names, short_names(words, every | kept), strict=False))
    for node in nodes:
        if isinstance(node, ast.Attribute):
            node.attr = found.get(node.attr, node.attr)
    told: dict[str, set[str]] = {}
    for class_name, method in methods:
        if not method.name.startswith("__"):
            told.setdefault(found.get(method.name, method.name), set()).add(f"{class_name}.{method.name}")
        method.name = found.get(method.name, method.name)
    return told


def _methods(node: ast.ClassDef) -> list[ast.FunctionDef]:
    return [part for part in node.body if isinstance(part, ast.FunctionDef)]


def rename_arguments(tree: ast.AST, kept: AbstractSet[str]) -> None:
    """Gives the arguments of functions short names, but for those that somebody names in a call."""
    for function in [node for node in ast.walk(tree) if isinstance(node, FUNCTIONS)]:
        inside = list(ast.walk(function))
        taken = {node.id for node in inside if isinstance(node, ast.Name)}
        taken |= {node.arg for node in inside if isinstance(node, ast.arg)}
        fresh = short_names(METHODS, taken)
        found = {argument.arg: next(fresh) for argument in arguments(function) if argument.arg not in kept}
        for node in inside:
            if isinstance(node, ast.Name):
                node.id = found.get(node.id, node.id)
            elif isinstance(node, ast.arg):
                node.arg = found.get(node.arg, node.arg)


def rename_globals(trees: Iterable[ast.AST], names: Mapping[str, str]) -> None:
    """Gives merged names the ones that land on a board."""
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Name):
            node.id = names.get(node.id, node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            node.name = names.get(node.name, node.name)
        elif isinstance(node, ast.alias) and node.asname is not None:
            here = names.get(node.asname, node.asname)
            node.asname = None if here == node.name else here


def merged_names(tree: ast.AST) -> list[str]:
    """The merged names in a source, each once; they have a dot in them."""
    found: dict[str, None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and "." in node.id:
            found[node.id] = None
        elif isinstance(node, ast.FunctionDef | ast.ClassDef) and "." in node.name:
            found[node.name] = None
    return list(found)


def asked_of_others(trees: Iterable[ast.AST]) -> set[str]:
    """Attributes that are asked of anything but ours: that may be a thing of the board, which has its own names."""
    return {
        node.attr
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and not _is_asked_of_ours(node)
    }


def _is_asked_of_ours(node: ast.Attribute) -> bool:
    """Whether it is asked of `self`, or of `made` (the adapters) and what they hold."""
    base = node.value
    if isinstance(base, ast.Name) and base.id == "self":
        return True
    while isinstance(base, ast.Attribute):
        base = base.value
    return isinstance(base, ast.Name) and base.id == "made"


def used_elsewhere(trees: Iterable[ast.AST]) -> set[str]:
    """Private attributes that a module uses without giving them: those of a base class in another one."""
    found: set[str] = set()
    for tree in trees:
        nodes = list(ast.walk(tree))
        given = {node.attr for node in nodes if isinstance(node, ast.Attribute) and _is_stored(node)}
        given |= {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
        found |= {node.attr for node in nodes if isinstance(node, ast.Attribute) and is_private(node.attr)} - given
    return found


def local_names(tree: ast.AST) -> set[str]:
    """Every name that a function may have as its own; merged names have a dot in them."""
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    found |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return {name for name in found if "." not in name}


def keywords(trees: Iterable[ast.AST]) -> set[str]:
    """Arguments that a call names."""
    return {node.arg for tree in trees for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg}


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name != "_"


def private_words() -> tuple[str, ...]:
    """The words for private attributes."""
    return METHODS[:_PRIVATE_WORDS]


def global_words() -> tuple[str, ...]:
    """The words for what a module calls by its name."""
    return METHODS


def attribute_words() -> tuple[str, ...]:
    """The words for all other attributes."""
    return METHODS[_PRIVATE_WORDS:] + BUILTINS


def _is_stored(node: ast.Attribute) -> bool:
    return not isinstance(node.ctx, ast.Load)
