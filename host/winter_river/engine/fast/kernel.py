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
AT_WORK_S = 3600.0  # chosen: a process that made a folder compiles for a minute, on a loaded machine for ten
TRIES = 3  # chosen: another process takes a folder away once, if at all
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
        keep(code, file)
    return objects.functions(code)


def keep(code: objects.Code, file: Path) -> None:
    """Keeps it, whatever other processes keep or take away beside it; where nothing can be kept every run compiles."""
    for _ in range(TRIES):
        try:
            _make_room(file.parent)
            objects.write(code, file)
        except FileNotFoundError:  # its folder was taken away meanwhile
            continue
        except OSError:
            return
        return


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
    """Makes the folder of this version, and takes away those that nobody has written to lately: the oldest first, none
    that a process may be at."""
    if place.is_dir():
        return
    place.mkdir(parents=True, exist_ok=True)
    by_age = sorted((_changed_s(old), old) for old in place.parent.iterdir())
    for changed_s, old in by_age[:-VERSIONS_MAX]:
        if changed_s < _changed_s(place) - AT_WORK_S:  # by the disk's own clock: this folder was made now
            shutil.rmtree(old, ignore_errors=True)


def _changed_s(folder: Path) -> float:
    """When something was made in a folder; 0 where it is gone."""
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:
        return 0.0
