"""All of a module of entries, with the text it leads to, as one piece of machine code: bytes that need no numba to run.

numba makes each function a library of its own, optimises it and turns it into machine code with all that it calls: what
lies deep is done over and over. Here the functions are only brought to LLVM's language; they are joined, optimised and
turned into machine code together and once. It is the same optimiser, told the same.
"""

from __future__ import annotations

import importlib
from collections.abc import Container, Iterator
from contextlib import contextmanager
from types import FunctionType
from typing import Any

from numba.core import types as nb
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target
from numba.np import arrayobj

from winter_river.engine.fast import text
from winter_river.engine.fast.objects import Code, Entry

NUMBERS = {"int": nb.intp, "float": nb.float64}  # what an entry may take, by the words of its annotations


class _NoExecution:
    """What stands for a codegen where no function is to be run."""

    def set_env(self, name: str, env: Any) -> None:
        """Its globals are nowhere yet."""


class Part(JITCodeLibrary):
    """A library that is only ever linked into another."""

    @property
    def codegen(self) -> Any:
        return _NoExecution()

    def get_pointer_to_function(self, name: str) -> int:
        self._ensure_finalized()  # type: ignore[no-untyped-call]
        return 0

    def _optimize_final_module(self) -> None:
        """Left to the whole."""

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()  # type: ignore[no-untyped-call]
        self._finalized = True

    def join(self, entry: Part) -> None:
        """Takes a library in whose own function is to be called; what that calls is in it."""
        entry._ensure_finalized()  # type: ignore[no-untyped-call]
        self._final_module.link_in(entry._final_module, preserve=True)

    def emitted(self, called: Container[str]) -> bytes:
        """It all, optimised, as an object file. called: the symbols that are called from outside: of all others the
        optimiser may leave away what nobody uses, which is most of what the tables' columns are as arguments."""
        for function in self._final_module.functions:
            if not function.is_declaration and function.name not in called:
                function.linkage = "internal"
        passes, builder = self._codegen._module_pass_manager(slp_vectorize=True)
        passes.run(self._final_module, builder)
        emitted: bytes = self._codegen._tm.emit_object(self._final_module)
        return emitted

    def wants(self) -> tuple[str, ...]:
        """The symbols it takes from elsewhere."""
        functions = self._final_module.functions
        return tuple(f.name for f in functions if f.is_declaration and not f.name.startswith("llvm."))


class PartCompiler(Compiler):
    """numba's compiler, for functions that Python never calls."""

    def __init__(
        self, typingctx: Any, targetctx: Any, library: Any, args: Any, return_type: Any, flags: Any, locals_: Any
    ) -> None:
        flags.no_cpython_wrapper = flags.no_cfunc_wrapper = True
        super().__init__(typingctx, targetctx, Part(targetctx.codegen(), "part"), args, return_type, flags, locals_)  # type: ignore[no-untyped-call]


@contextmanager
def _places_as_they_are() -> Iterator[None]:
    """Nobody looks whether a place is below 0, to count it from the end: hot text asks for none (tests/engine and
    tests/study hold it to that), and to look at each took a tenth of the step."""

    def fix(context: Any, builder: Any, kind: Any, place: Any, size: Any) -> Any:
        return context.cast(builder, place, kind, nb.intp if kind.signed else nb.uintp)

    before, arrayobj.fix_integer_index = arrayobj.fix_integer_index, fix
    try:
        yield
    finally:
        arrayobj.fix_integer_index = before


@global_compiler_lock  # type: ignore[untyped-decorator]
def linked(module: str) -> Code:
    """The machine code of a module of entries. An entry takes whole numbers and floats."""
    entries = importlib.import_module(module)
    copy = text.compiled(entries, pipeline_class=PartCompiler)
    whole = Part(cpu_target.target_context.codegen(), module)  # type: ignore[no-untyped-call]
    found = {}
    for name, function in vars(entries).items():
        if isinstance(function, FunctionType) and function.__module__ == module:
            words = dict(function.__annotations__)
            gives = words.pop("return")
            dispatcher = getattr(copy, name)
            with _places_as_they_are():
                dispatcher.compile(tuple(NUMBERS[word] for word in words.values()))
            (result,) = dispatcher.overloads.values()
            whole.join(result.library)
            found[name] = Entry(result.fndesc.llvm_func_name, tuple(words.values()), gives)
    return Code(whole.emitted({entry.symbol for entry in found.values()}), found, whole.wants())
