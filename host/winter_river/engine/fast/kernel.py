"""The compiled step, kept on disk, so that only the first run of a version compiles, and only it loads numba."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import llvmlite.binding as llvm
import numpy as np

from winter_river import paths
from winter_river.engine.fast import objects
from winter_river.engine.plan import TYPES

FOLDER = "compiled"  # in the user's cache folder; one folder in it for each version of the text
VERSIONS_MAX = 6  # chosen: a checkout, its predecessor, an installed one, each with its studies; under 1 MB each
ENTRIES = "winter_river.engine.fast.entries"
# What of numba's settings changes the machine code.
SETTINGS = ("OPT", "CPU_NAME", "CPU_FEATURES", "ENABLE_AVX", "LOOP_VECTORIZE", "SLP_VECTORIZE", "BOUNDSCHECK")


@cache
def kernel() -> SimpleNamespace:
    """The functions of entries.py, compiled, or fetched from the disk."""
    return load(ENTRIES, ())


def load(module: str, files: Sequence[Path]) -> SimpleNamespace:
    """A module of entries, by name, with all the text that it leads to; files: those of the text beyond the engine.

    What is kept and is not whole, or not of this text, compiler or processor, is compiled anew.
    """
    file = _file(module, files)
    code = objects.read(file)
    if code is None:
        from winter_river.engine.fast.linking import linked  # here, because numba takes half a second

        code = linked(module)
        if lacks := objects.missing(code):
            raise RuntimeError(f"the compiled engine wants {', '.join(lacks)}, which this process does not have")
        try:
            _make_room(file.parent)
            objects.write(code, file)
        except OSError:  # nothing can be kept there: then every run compiles
            pass
    return objects.functions(code)


def is_kept(module: str = ENTRIES, files: Sequence[Path] = ()) -> bool:
    return objects.read(_file(module, files)) is not None


def _file(module: str, files: Sequence[Path]) -> Path:
    """Where this very text is kept compiled: its folder's name is a hash of the files of the text, of the contract's
    types, of what compiles them, and of the processor."""
    compilers = " ".join(f"{name} {version(name)}" for name in ("numba", "llvmlite"))
    processor = f"{llvm.get_process_triple()} {llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()}"
    settings = [os.environ.get(f"NUMBA_{name}", "") for name in SETTINGS]
    known = f"{compilers} {np.__version__} {platform.python_version()} {processor} {settings} {TYPES}"
    digest = hashlib.sha256(known.encode())
    engine = Path(__file__).resolve().parent.parent
    for file in sorted((*engine.rglob("*.py"), *files)):
        digest.update(file.read_bytes())
    return paths.cache_dir() / FOLDER / digest.hexdigest()[:16] / f"{module}.code"


def _make_room(place: Path) -> None:
    """Makes the folder of this version, and takes away those that were not made lately."""
    if place.is_dir():
        return
    place.mkdir(parents=True)
    by_age = sorted(place.parent.iterdir(), key=lambda old: old.stat().st_mtime)
    for old in by_age[:-VERSIONS_MAX]:
        shutil.rmtree(old, ignore_errors=True)
