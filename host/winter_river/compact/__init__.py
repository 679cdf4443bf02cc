"""Firmware as a board with little memory wants it: one compiled module, of one type's tables, with no name too many.

MicroPython keeps every name it meets for good, a table for every module, and every function whether it is called or not.
The sources stay as they are to read; what lands on the board does the same:
  - what a node never reaches stays at home (reaching.py), of the drivers too;
  - numbers and words stand where they are used, tables are worked out (values.py), those of a type in a file of its own;
  - all modules are one (merging.py), but for those that are loaded only when they are needed;
  - names are words that MicroPython has in its flash anyway (naming.py).
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from winter_river.compact.compiling import MPY_VERSION, compiled, reads_compiled
from winter_river.compact.errors import CompactError, SourceError
from winter_river.compact.sources import sources
from winter_river.compact.telling import told
from winter_river.compact.whole import DOORS, Whole

__all__ = ["MPY_VERSION", "Compact", "CompactError", "SourceError", "compact", "reads_compiled", "sources", "told"]

_MAIN = f"""from winter_node import {", ".join(DOORS)}

if __name__ == "__main__":
    run()
"""


@dataclass(frozen=True)
class Compact:
    """files: bytes by path on the board. names: what a name in a traceback of theirs is called in the sources."""

    files: Mapping[str, bytes]
    names: Mapping[str, tuple[str, ...]]


def compact(tree: Mapping[str, bytes]) -> Compact:
    """The tree with its sources compact; files that are none stay as they are. The same tree gives the same bytes.

    tree: bytes by path on the board: main.py, winter_node, lib. Raises CompactError where a source does not allow it.
    """
    texts = tuple(sorted((path, data) for path, data in tree.items() if _is_source(path)))
    rest = {path: data for path, data in tree.items() if not _is_source(path)}
    made = _compact(texts)
    return Compact(dict(sorted({**rest, **made.files}.items())), made.names)


@lru_cache(maxsize=4)
def _compact(texts: tuple[tuple[str, bytes], ...]) -> Compact:
    """A second and a half of work, which is the same for every node."""
    try:
        trees = {_module(path): ast.parse(data, path) for path, data in texts}
    except SyntaxError as error:
        raise SourceError(f"{error.filename} does not compile: {error.msg} in line {error.lineno}") from error
    whole = Whole(trees)
    files = {path: compiled(text, _called(path)) for path, text in whole.texts.items()}
    return Compact({**files, "main.py": _MAIN.encode()}, whole.names)


def _is_source(path: str) -> bool:
    return path.endswith(".py") and path != "boot.py"


def _module(path: str) -> str:
    """The dotted name that a file on the board is imported by."""
    return path.removeprefix("lib/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _called(path: str) -> str:
    """What a traceback calls a file."""
    name = path.rsplit("/", 1)[-1].removesuffix(".mpy")
    return "node" if name == "__init__" else name
