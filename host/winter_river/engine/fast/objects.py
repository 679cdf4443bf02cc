"""Machine code as it is kept on the disk, and its functions as Python calls them. No numba: that alone takes longer to
load than a study should take to start."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import llvmlite.binding as llvm

# numba's way of calling: the status comes back, the result and an exception are put where two pointers say.
STATUS_OK = (0, -2)  # numba.core.callconv: RETCODE_OK, RETCODE_NONE
RESULTS: dict[str, Any] = {"int": ctypes.c_int64, "float": ctypes.c_double, "bool": ctypes.c_bool}
ARGUMENTS: dict[str, Any] = {"int": ctypes.c_int64, "float": ctypes.c_double}
# What the compiler may call without saying so: for a power or an exponential, or to move some bytes.
UNSAID = ("pow", "exp", "log", "memcpy", "memset", "memmove")
# numba frees an array's memory by this. No array of ours owns any, so it is never called; where it is, the program ends.
NEVER_CALLED = "NRT_MemInfo_call_dtor"


@dataclass(frozen=True, slots=True)
class Entry:
    """A function: its symbol, and the words of its annotations (a result that is none of RESULTS is nothing)."""

    symbol: str
    takes: tuple[str, ...]
    gives: str


@dataclass(frozen=True, slots=True)
class Code:
    """An object file, its entries by name, and the symbols that it wants from elsewhere."""

    data: bytes
    entries: Mapping[str, Entry]
    wants: tuple[str, ...]


def write(code: Code, file: Path) -> None:
    """Keeps it; another process that keeps the same at this moment does no harm. Raises OSError."""
    head = {"entries": {name: asdict(entry) for name, entry in code.entries.items()}, "wants": code.wants}
    body = json.dumps(head).encode() + b"\n" + code.data
    own = file.with_suffix(f".{os.getpid()}")
    own.write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
    own.replace(file)


def read(file: Path) -> Code | None:
    """What was kept there; None where nothing was, where a byte of it is another, or where it cannot run here."""
    try:
        digest, _, body = file.read_bytes().partition(b"\n")
    except OSError:
        return None
    if hashlib.sha256(body).hexdigest().encode() != digest:
        return None
    head, _, data = body.partition(b"\n")
    found = json.loads(head)
    entries = {name: Entry(e["symbol"], tuple(e["takes"]), e["gives"]) for name, e in found["entries"].items()}
    code = Code(data, entries, tuple(found["wants"]))
    return None if missing(code) else code


def missing(code: Code) -> list[str]:
    """What it wants and this process does not have: LLVM would end the process over it."""
    if sys.platform == "linux":
        llvm.load_library_permanently("libm.so.6")  # the one that Python's own math uses
    if not llvm.address_of_symbol(NEVER_CALLED):
        abort = ctypes.cast(ctypes.CDLL(None).abort, ctypes.c_void_p).value
        llvm.add_symbol(NEVER_CALLED, abort)
    return [symbol for symbol in (*code.wants, *UNSAID) if not llvm.address_of_symbol(symbol)]


def functions(code: Code) -> SimpleNamespace:
    """Its entries, to be called. They let other threads run."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(jit=True)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code.data))
    engine.finalize_object()
    return SimpleNamespace(**{name: _function(engine, name, entry) for name, entry in code.entries.items()})


def _function(engine: Any, name: str, entry: Entry) -> Callable[..., Any]:
    result_type = RESULTS.get(entry.gives)
    pointers = (ctypes.c_void_p, ctypes.c_void_p)
    shape = ctypes.CFUNCTYPE(ctypes.c_int32, *pointers, *(ARGUMENTS[word] for word in entry.takes))
    function = shape(engine.get_function_address(entry.symbol))
    holder, byref = result_type or ctypes.c_void_p, ctypes.byref

    def call(*numbers: float) -> Any:
        result = holder()
        status = function(byref(result), byref(ctypes.c_void_p()), *numbers)
        if status not in STATUS_OK:
            raise RuntimeError(f"{name} ended with {status}")
        return result.value if result_type else None

    call.__dict__["engine"] = engine  # the code lives as long as its engine
    return call
