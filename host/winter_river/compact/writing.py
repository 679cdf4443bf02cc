"""Trees of a source to the text that is compiled, so that what comes of it takes little memory."""

import ast
import keyword
from collections import Counter
from collections.abc import Set as AbstractSet
from typing import Any

from winter_river.compact.merging import literal

INTERNED_LETTERS_MAX = 10  # MICROPY_ALLOC_PARSE_INTERN_STRING_LEN: longer words of a source are objects, not names
ONE_BYTE_NAMES = 120  # of 128; the rest are a file's own name and those of modules


def text_of(tree: ast.Module) -> str:
    """The text of a module."""
    tree.body = [_Built().visit(statement) for statement in tree.body]
    return ast.unparse(ast.fix_missing_locations(tree))


def meet_first(tree: ast.Module, names: AbstractSet[str]) -> None:
    """Has the names that are used most be met first, which is how a compiled file numbers them.

    A number below 128 takes one byte at each use, others two. The line that meets them never gets past its first name.
    names: of the module; those of a function have no number.
    """
    uses: Counter[str] = Counter()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            uses[node.attr] += 1
        elif isinstance(node, ast.Name) and node.id in names:
            uses[node.id] += 1
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) <= INTERNED_LETTERS_MAX:
            uses[node.value] += 1
    often = [name for name, _ in uses.most_common() if name.isidentifier() and not keyword.iskeyword(name)]
    line = ".".join(["None", *often[:ONE_BYTE_NAMES]])
    tree.body[:0] = ast.parse(f"try:\n  {line}\nexcept AttributeError:\n  pass").body


def shared(name: str, value: object) -> ast.Module:
    """A module that gives a plain value a name; what stands in it more than once is one object."""
    uses: Counter[str] = Counter()

    def count(part: object) -> None:
        uses[repr(part)] += 1  # 1, 1.0 and True are equal, but not the same
        if uses[repr(part)] == 1:
            for inner in part.values() if isinstance(part, dict) else part if isinstance(part, tuple) else ():
                count(inner)

    count(value)
    module, places = ast.parse("parts = []"), dict[str, int]()

    def written(part: Any) -> ast.expr:
        if isinstance(part, dict):
            return ast.Dict([literal(key) for key in part], [written(held) for held in part.values()])
        if not isinstance(part, tuple) or not part:
            return literal(part)
        if repr(part) not in places:
            made = ast.Tuple([written(inner) for inner in part], ast.Load())
            if uses[repr(part)] == 1:
                return made
            places[repr(part)] = len(places)
            module.body.append(ast.Expr(ast.Call(ast.Attribute(ast.Name("parts"), "append"), [made], [])))
        return ast.Subscript(ast.Name("parts"), ast.Constant(places[repr(part)]))

    module.body.append(ast.Assign([ast.Name(name, ast.Store())], written(value)))
    return module


class _Built(ast.NodeTransformer):
    """Has tuples of words built where they are used, not stored in the compiled file.

    Each word of a stored tuple is loaded as an object of its own; a built one holds the name that is known anyway.
    """

    def visit_Tuple(self, node: ast.Tuple) -> ast.expr:
        words = any(isinstance(part, ast.Constant) and isinstance(part.value, str) for part in node.elts)
        constant = all(isinstance(part, ast.Constant | ast.Tuple) for part in node.elts)
        self.generic_visit(node)
        if not (words and constant and isinstance(node.ctx, ast.Load)):
            return node
        return ast.Call(ast.Name("tuple", ast.Load()), [ast.List(node.elts, ast.Load())], [])
