"""The MicroPython image: a file of the user's, or the official one, downloaded once and kept."""

import hashlib
import os
import re
import shutil
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from winter_river import paths
from winter_river.board import partitions
from winter_river.board.errors import BoardError
from winter_river.board.model import Board
from winter_river.board.partitions import Region

BYTES_MAX = 16 << 20  # chosen: eight of the largest image there is
ANSWER_S = 20.0
# First byte of a boot loader, and where its header names the chip; Espressif, "Firmware Image Format".
MAGIC = 0xE9
CHIP_ID = slice(12, 14)
_GREETING = re.compile(rb"MicroPython v(\d+)\.(\d+)[^ ]* on \d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An image on this machine, and where it keeps its files in a flash of the size it was asked for.

    version: of MicroPython, major and minor; None where the image does not tell.
    """

    path: Path
    sha256: str
    size: int
    file_system: Region
    version: tuple[int, int] | None = None


def get(
    board: Board, given: str = "", *, flash_bytes: int = 0, progress: Callable[[str], None] | None = None
) -> ImageFile:
    """The image for a board: the given file, else the one kept from the last time, else the official one.

    flash_bytes: of the chip at hand; 0 takes what the board's file says.
    Raises BoardError where it is not to be had or is not for this board.
    """
    path = Path(given).expanduser() if given else _kept(board)
    if not path.is_file():
        if given:
            raise BoardError(f"there is no image {path}", f"download {board.image.url}")
        _download(board, path, progress)
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if not given and board.image.sha256 and digest != board.image.sha256:
        path.unlink()
        raise BoardError(
            f"{path.name} has sha256 {digest}; the board's file pins {board.image.sha256}",
            "run it again; when it stays so, the download is not what it claims to be",
        )
    if not _is_image(board, data):
        cure = f"take {board.image.url} or leave IMAGE out" if given else f"delete it, and run it again: {path}"
        raise BoardError(
            f"{path} is no MicroPython image for an {board.chip.title}: no boot loader and partition table where it "
            f"keeps them",
            cure,
        )
    region = _layout(board, path, data, flash_bytes or board.flash_bytes)
    return ImageFile(path, digest, len(data), region, _version(data))


def _version(data: bytes) -> tuple[int, int] | None:
    """The version in the greeting of its console."""
    found = _GREETING.search(data)
    return (int(found[1]), int(found[2])) if found else None


def folder() -> Path:
    """Where downloaded images are kept, and where a user without a network puts one."""
    return paths.cache_dir() / "images"


def _kept(board: Board) -> Path:
    return folder() / board.image.file_name


def _table(board: Board, data: bytes) -> tuple[partitions.Partition, ...]:
    start = partitions.TABLE_OFFSET - board.image.offset
    return partitions.parse(data[start : start + partitions.TABLE_BYTES])


def _is_image(board: Board, data: bytes) -> bool:
    """Whether there is a boot loader and a partition table where the board's chip looks for them."""
    return data[:1] == bytes([MAGIC]) and bool(_table(board, data))


def _layout(board: Board, path: Path, data: bytes, flash_bytes: int) -> Region:
    """Where an image keeps its files, read from its own partition table. Raises BoardError where it does not fit."""
    table = _table(board, data)
    if int.from_bytes(data[CHIP_ID], "little") != board.chip.image_id:
        raise BoardError(f"{path} is for another chip than an {board.chip.title}", f"take {board.image.url}")
    region = partitions.file_system(table, flash_bytes=flash_bytes)
    if region is None or region.offset + region.size > flash_bytes:
        raise BoardError(
            f"{path.name} leaves no room for files in a flash of {flash_bytes >> 20} MB",
            "take the image that is made for this size of flash",
        )
    if region.offset < board.image.offset + len(data):
        raise BoardError(f"{path.name} reaches into its own file system", "the file is damaged; fetch it anew")
    return region


def _download(board: Board, path: Path, progress: Callable[[str], None] | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if progress is not None:
        progress(f"Downloading {board.image.url} ...")
    descriptor, scratch = tempfile.mkstemp(prefix="new-", dir=path.parent)
    try:
        # The loader has made sure of https.
        with os.fdopen(descriptor, "wb") as target, urllib.request.urlopen(board.image.url, timeout=ANSWER_S) as source:
            shutil.copyfileobj(_Limited(source, board.image.url), target)
        if not _is_image(board, Path(scratch).read_bytes()):
            raise OSError("what came is no image; a log-in page of this network?")
        os.replace(scratch, path)
    except (OSError, urllib.error.URLError) as error:
        reason = getattr(error, "reason", error)
        raise BoardError(
            f"could not download the MicroPython image: {reason}",
            f"fetch {board.image.url}\n  on a machine with internet and put it into {path.parent}/,\n"
            "  or name a file: IMAGE=/path/to/image.bin",
        ) from error
    finally:
        Path(scratch).unlink(missing_ok=True)


class _Limited:
    """A stream that ends in an error when it is too long to be an image."""

    def __init__(self, source: object, name: str) -> None:
        self._source, self._name, self._left = source, name, BYTES_MAX

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._source.read(size)  # type: ignore[attr-defined]
        self._left -= len(data)
        if self._left < 0:
            raise OSError(f"{self._name} has more than {BYTES_MAX} bytes")
        return data
