"""What compiles the text of this folder, and keeps it on the disk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba


def compiled(function: Callable[..., Any]) -> Any:
    return _kept(numba.njit(cache=True, error_model="numpy")(function))


def inlined(function: Callable[..., Any]) -> Any:
    """Put where it is called. For functions of numbers alone: columns would be counted in and out at each call."""
    return _kept(numba.njit(cache=True, error_model="numpy", forceinline=True)(function))


def threaded(function: Callable[..., Any]) -> Any:
    """With loops over numba.prange that threads share."""
    return _kept(numba.njit(cache=True, error_model="numpy", parallel=True)(function))


def _kept(function: Any) -> Any:
    """The same, made anew when any file of the folder changes: numba looks only at the one in which a function stands."""
    function._cache._cache_file._source_stamp = _stamp()
    return function


@cache
def _stamp() -> str:
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()
