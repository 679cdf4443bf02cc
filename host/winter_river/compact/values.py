"""What the names of the firmware's modules come to: numbers, words and tables, worked out here so that a board need not."""

import ast
import builtins
import types
from collections.abc import Mapping
from typing import Any

from winter_river.compact.errors import SourceError

Values = dict[str, dict[str, Any]]  # module -> name -> None, a number, a word, or tuples and dicts of them
# Modules whose keep_only() lets go of what other types of node need, in the order in which a node calls them.
BY_TYPE = ("winter_wire.schema", "winter_node.roles")


def evaluate(sources: Mapping[str, ast.Module], *, type_name: str = "") -> Values:
    """The plain values that modules name. sources: by dotted name. type_name: what is left for this type of node.

    The sources run, without a board: what they import of it is empty, and a const() gives what it is given.
    """
    loaded = _Loaded(sources)
    for name in sources:
        loaded.module(name)
    before = dict(loaded.modules)
    if type_name:
        for name in BY_TYPE:
            loaded.module(name).keep_only(type_name)
    return {
        name: {key: value for key, value in vars(before[name]).items() if _is_plain(key, value)} for name in sources
    }


def _is_plain(name: str, value: object) -> bool:
    return not name.startswith("__") and _can_be_written(value)


def _can_be_written(value: object) -> bool:
    if isinstance(value, tuple):
        return all(map(_can_be_written, value))
    if isinstance(value, dict):
        return all(_can_be_written(key) and _can_be_written(held) for key, held in value.items())
    return value is None or type(value) in (bool, int, float, str)


class _Loaded:
    """The sources as modules of their own world, with nothing of ours that is installed here."""

    def __init__(self, sources: Mapping[str, ast.Module]) -> None:
        self._sources = sources
        self.modules: dict[str, Any] = {}

    def module(self, name: str) -> Any:
        if name not in self.modules:
            module = self.modules[name] = types.ModuleType(name)
            if name in self._sources:
                vars(module)["__builtins__"] = {**vars(builtins), "__import__": self._import}
                try:
                    exec(compile(self._sources[name], name, "exec"), vars(module))  # noqa: S102 (our own firmware)
                except Exception as error:
                    raise SourceError(f"{name} cannot be loaded: {error!r}") from error
        return self.modules[name]

    def _import(self, name: str, _globals: Any = None, _locals: Any = None, wanted: Any = (), _level: int = 0) -> Any:
        if name == "sys":
            return types.SimpleNamespace(modules=self.modules)
        parts = [part for part in wanted or () if f"{name}.{part}" in self._sources]
        if name in self._sources or parts:
            module = self.module(name)
            for part in parts:
                setattr(module, part, self.module(f"{name}.{part}"))
            return module
        if name in ("binascii", "hashlib", "json"):
            return builtins.__import__(name, _globals, _locals, wanted, _level)
        return _Nothing()


class _Nothing:
    """Stands for a module of the board."""

    def __getattr__(self, name: str) -> Any:
        return (lambda value: value) if name == "const" else object
