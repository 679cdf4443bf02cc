"""A scratch folder that only this user can read, gone afterwards: for files that hold credentials."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def private_folder() -> Iterator[Path]:
    """A new folder of mode 700; it and all in it are removed at the end, whatever happened."""
    folder = Path(tempfile.mkdtemp(prefix="winter-river-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
