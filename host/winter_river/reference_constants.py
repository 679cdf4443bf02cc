"""The engine's physical constants with their sources, read from the engine's own text.

The rule of the house is that each constant names its source beside it, or says "chosen" and why; so the text is the
table. A comment stands behind a constant, or above a group of them; failing both, the module's first sentence names
the standard that it follows.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from winter_river import engine

Row = tuple[str, str, str, str]  # module, name, value, source


def rows() -> tuple[Row, ...]:
    """Every constant of the engine and its equipment that is a number with a fraction, or a row of such, or by another
    name one of these; and each whole number whose comment says where it comes from."""
    folder = Path(engine.__file__).parent
    files = [*sorted(folder.glob("*.py")), *sorted((folder / "equipment").glob("*.py"))]
    return tuple(row for file in files for row in _of(file, str(file.relative_to(folder).with_suffix(""))))


def _of(file: Path, name: str) -> Iterator[Row]:
    text = file.read_text(encoding="utf-8")
    tree, lines = ast.parse(text), text.splitlines()
    about = (ast.get_docstring(tree) or "").split("\n\n")[0].replace("\n", " ")
    values: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            for target, value in _pairs(node.targets[0], node.value):
                comment = _comment(lines, node)
                again = values.get(value.id) if isinstance(value, ast.Name) else None
                if target.isupper() and (again or _is_physical(value) or _is_sourced(value, comment)):
                    values[target] = again or ast.unparse(value)
                    yield name, target.lstrip("_"), values[target], comment or about


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Each name with its own value; `A, B = 1.0, 2.0` is two."""
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        for one, other in zip(target.elts, value.elts, strict=True):
            yield from _pairs(one, other)


def _is_physical(value: ast.expr) -> bool:
    """A number with a fraction, a row of them, or a sum or product with one; not a count, a place or a word."""
    plain = (ast.Constant, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop, ast.Tuple, ast.Name, ast.Load)
    found = list(ast.walk(value))
    return all(isinstance(node, plain) for node in found) and any(
        isinstance(node, ast.Constant) and isinstance(node.value, float) for node in found
    )


def _is_sourced(value: ast.expr, comment: str) -> bool:
    """A whole number that says where it comes from: how many cranks, of how many pieces a ramp is."""
    whole = isinstance(value, ast.Constant) and type(value.value) is int
    return whole and comment.lower().startswith(("chosen", "nfpa", "iec", "ieee", "iso", "ashrae"))


def _comment(lines: list[str], node: ast.Assign) -> str:
    """The comment behind a constant, or the one above the group of lines that it stands in."""
    last = lines[(node.end_lineno or node.lineno) - 1]
    if "  # " in last:
        return _plain(last.split("  # ", 1)[1])
    above = node.lineno - 2
    while above >= 0 and lines[above].strip() and not lines[above].startswith("#"):
        above -= 1
    block: list[str] = []
    while above >= 0 and lines[above].startswith("# "):
        block.insert(0, lines[above][2:])
        above -= 1
    return _plain(" ".join(block))


def _plain(text: str) -> str:
    """Without what is meant for the linter."""
    return "" if text.startswith("noqa") else text.strip()
