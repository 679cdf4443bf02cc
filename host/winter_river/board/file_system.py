"""The board's file system as bytes: littlefs as MicroPython formats it. The only importer of littlefs.

Parameters: MicroPython extmod/vfs_lfs.c and ports/esp32 (read, program and look-ahead size 32 bytes, a cache of four
times that, blocks of 4096). The cache matters: a file that fits in it is stored inline, and a board with a smaller
cache could not read it.
"""

from collections.abc import Mapping
from pathlib import PurePosixPath

from littlefs import LittleFS, LittleFSError, UserContext

BLOCK_BYTES = 4096
_UNIT_BYTES = 32
_CACHE_BYTES = 4 * _UNIT_BYTES
_DISK_VERSION = 0x0002_0000  # 2.0: every littlefs 2 reads it; a newer one would turn away an older MicroPython


class FileSystemError(RuntimeError):
    """Bytes that are no file system, or files that do not fit in one; the text says which."""


def build(files: Mapping[str, bytes], *, size: int) -> bytes:
    """A new file system of size bytes holding these files (relative POSIX paths). The same files give the same bytes.

    Raises FileSystemError when they do not fit.
    """
    mounted = _context(bytearray(b"\xff") * size)
    mounted.format()
    mounted.mount()
    _put(mounted, files)
    return bytes(mounted.context.buffer)


def read(image: bytes) -> dict[str, bytes]:
    """Every file in a file system that can be read. Raises FileSystemError where the bytes are none.

    A file that was damaged, as by a plug pulled while it was written, is left out: a board cannot read it either.
    """
    mounted = _mounted(image)
    try:
        found = {name: _read_one(mounted, name) for name in _names(mounted)}
    except LittleFSError:
        return {}  # not even its folders
    return {name: data for name, data in found.items() if data is not None}


def update(image: bytes, files: Mapping[str, bytes]) -> bytes:
    """The file system after its files have become exactly these; what is unchanged stays where it is.

    Raises FileSystemError.
    """
    mounted = _mounted(image)
    try:
        for name in _names(mounted):
            if name not in files:
                mounted.remove("/" + name)
    except LittleFSError as error:
        raise FileSystemError(f"damaged: {error}") from error
    _put(mounted, {name: data for name, data in files.items() if _read_one(mounted, name) != data})
    return bytes(mounted.context.buffer)


def _context(buffer: bytearray) -> LittleFS:
    # By itself littlefs makes a buffer out of a list of as many numbers, which takes longer than all the rest.
    return LittleFS(
        context=UserContext(buffer=buffer),
        block_size=BLOCK_BYTES,
        block_count=len(buffer) // BLOCK_BYTES,
        read_size=_UNIT_BYTES,
        prog_size=_UNIT_BYTES,
        lookahead_size=_UNIT_BYTES,
        cache_size=_CACHE_BYTES,
        disk_version=_DISK_VERSION,
        mount=False,
    )


def _mounted(image: bytes) -> LittleFS:
    mounted = _context(bytearray(image))
    try:
        mounted.mount()
    except LittleFSError as error:
        raise FileSystemError(f"no littlefs file system: {error}") from error
    return mounted


def _names(mounted: LittleFS) -> list[str]:
    return sorted(f"{folder.strip('/')}/{name}".lstrip("/") for folder, _, names in mounted.walk("/") for name in names)


def _read_one(mounted: LittleFS, name: str) -> bytes | None:
    """A file's content; None where there is no such file, or where it is damaged."""
    try:
        with mounted.open("/" + name, "rb") as file:
            return bytes(file.read())
    except (OSError, LittleFSError):
        return None


def _put(mounted: LittleFS, files: Mapping[str, bytes]) -> None:
    for name, data in sorted(files.items()):
        folder = PurePosixPath(name).parent
        try:
            if str(folder) != ".":
                mounted.makedirs(f"/{folder}", exist_ok=True)
            with mounted.open("/" + name, "wb") as file:
                file.write(data)
        except (LittleFSError, OSError) as error:
            raise FileSystemError(f"{name} ({len(data)} bytes) does not fit: {error}") from error
