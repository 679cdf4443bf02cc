"""The hot text compiled: every function of the engine again, word for word, as one that numba compiles when called.

The modules are copied with their functions wrapped, and each name in a copy leads to a copy. Nothing in the text
itself knows of it.
"""

from __future__ import annotations

import sys
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numba

PACKAGE = "winter_river."

# fastmath stays off: it would let the compiler round otherwise than Python does. A division by zero is not reachable.
OPTIONS: dict[str, Any] = {"error_model": "numpy", "fastmath": False, "nogil": True}


def compiled(entries: ModuleType, **options: Any) -> ModuleType:
    """A module with every function as a compiled one; so are those of all the modules of ours that it knows.

    options: of numba.njit, beyond OPTIONS.
    """
    return _copy(entries, {}, {**OPTIONS, **options})


def _copy(module: ModuleType, copies: dict[str, ModuleType], options: dict[str, Any]) -> ModuleType:
    if module.__name__ in copies:
        return copies[module.__name__]
    copy = copies[module.__name__] = ModuleType(module.__name__, module.__doc__)
    own = vars(copy)
    for name, value in vars(module).items():
        is_own = _is_ours(value) and value.__module__ == module.__name__
        own[name] = numba.njit(**options)(_again(value, own)) if is_own else value
    # Only now, when all of its own functions are there: two modules may know each other.
    for name, value in vars(module).items():
        if isinstance(value, ModuleType) and value.__name__.startswith(PACKAGE):
            own[name] = _copy(value, copies, options)
        elif _is_ours(value) and value.__module__ != module.__name__:
            own[name] = getattr(_copy(sys.modules[value.__module__], copies, options), value.__name__)
    return copy


def _is_ours(value: object) -> bool:
    return isinstance(value, FunctionType) and value.__module__.startswith(PACKAGE)


def _again(function: FunctionType, names: dict[str, Any]) -> FunctionType:
    """The same function among other names. numba knows no keyword-only arguments: here they are the last ones, which
    changes nothing for who names them."""
    code: CodeType = function.__code__
    code = code.replace(co_argcount=code.co_argcount + code.co_kwonlyargcount, co_kwonlyargcount=0)
    defaults = (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())
    return FunctionType(code, names, function.__name__, defaults, function.__closure__)
