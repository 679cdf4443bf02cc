"""The compiled step, kept on disk, so that only the first run of a version compiles."""

from __future__ import annotations

import hashlib
import platform
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numba
import numpy as np

from winter_river import paths
from winter_river.engine.fast import entries, text
from winter_river.engine.plan import TYPES

FOLDER = "compiled"  # in the user's cache folder; one folder in it for each version of the text
VERSIONS_MAX = 6  # chosen: a checkout, its predecessor, an installed one, each with its studies; about 3 MB each


@cache
def kernel() -> ModuleType:
    """The functions of entries.py, compiled when they are called first, or fetched from the disk."""
    return load(entries, ())


def load(module: ModuleType, files: Sequence[Path]) -> ModuleType:
    """A module of entries with all the text that it leads to, compiled; files: those of the text beyond the engine."""
    try:
        with _cache_in(_folder(files)):
            return text.compiled(module, kept=True)
    except (RuntimeError, OSError):  # nothing can be kept there: then every run compiles
        return text.compiled(module, kept=False)


def is_kept(files: Sequence[Path] = ()) -> bool:
    return any(_folder(files).rglob("*.nbc"))


@contextmanager
def _cache_in(place: Path) -> Iterator[None]:
    """numba notes its folder when a function is wrapped; nobody else's functions shall go there."""
    config: Any = numba.config
    before, config.CACHE_DIR = config.CACHE_DIR, str(place)
    try:
        yield
    finally:
        config.CACHE_DIR = before


def _folder(files: Sequence[Path]) -> Path:
    """Where this very text is kept compiled. numba looks at one file's date alone; the step is spread over many files,
    so the folder's name is a hash of them all, of the contract's types, and of what compiles them."""
    digest = hashlib.sha256(f"{numba.__version__} {np.__version__} {platform.python_version()} {TYPES}".encode())
    engine = Path(__file__).resolve().parent.parent
    for file in sorted((*engine.rglob("*.py"), *files)):
        digest.update(file.read_bytes())
    place = paths.cache_dir() / FOLDER / digest.hexdigest()[:16]
    if not place.is_dir():
        place.mkdir(parents=True)
        by_age = sorted(place.parent.iterdir(), key=lambda old: old.stat().st_mtime)
        for old in by_age[:-VERSIONS_MAX]:
            shutil.rmtree(old, ignore_errors=True)
    return place
