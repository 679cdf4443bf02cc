"""The two drivers the firmware stands on, umqtt.simple and ssd1306: found on this machine, or fetched once by name.

They are other people's work and not in our repository. A built wheel carries them; a checkout fetches the pinned source
archives once through the user's own package settings and keeps the files in the user's cache.
"""

import hashlib
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from winter_river import package_index, paths

FILE_BYTES_MAX = 100_000  # chosen: 15 times the larger driver; an archive that holds more is not what we pinned


@dataclass(frozen=True)
class Archive:
    """One pinned source archive and the one file we take from it."""

    name: str
    version: str
    sha256: str
    file: str

    @property
    def stem(self) -> str:
        return f"{self.name}-{self.version}"

    @property
    def file_name(self) -> str:
        return f"{self.stem}.tar.gz"


ARCHIVES = (
    Archive(
        name="micropython-umqtt.simple",
        version="1.3.4",
        sha256="b6a2520239e3992c63a7de9370ee9b3d9d27819a90359c521f1c0f7ccab8d12f",
        file="umqtt/simple.py",
    ),
    Archive(
        name="micropython-ssd1306",
        version="0.3",
        sha256="d00cae1ff680e6ae504e258e700f002874b0d924b1a604253b6ea63144b58289",
        file="ssd1306.py",
    ),
)


class DriversError(RuntimeError):
    """The drivers are neither here nor to be had; the text says what to do."""


def path(progress: Callable[[str], None] | None = None) -> Path:
    """The folder that holds `umqtt/simple.py` and `ssd1306.py`; fetches them into the cache the first time.

    progress: told one line for each archive that is fetched.
    Raises DriversError when they cannot be fetched or are not what was pinned.
    """
    for folder in (Path(__file__).with_name("_drivers"), cached_dir()):
        if _is_complete(folder):
            return folder
    try:
        with _new_folder(cached_dir()) as folder:
            fetch(folder, progress=progress)
    except OSError as error:
        what = f"cannot write {error.filename or cached_dir()}: {error.strerror or error}"
        raise DriversError(f"{what}\nexport WINTER_RIVER_CACHE_DIR=/another/folder") from error
    return cached_dir()


def cached_dir() -> Path:
    """Where the fetched files are kept: its name follows the pinned hashes, so a new pin never finds old files."""
    pins = hashlib.sha256("".join(archive.sha256 for archive in ARCHIVES).encode())
    return drop_dir() / pins.hexdigest()[:12]


def drop_dir() -> Path:
    """Where a user without a network puts the two archives."""
    return paths.cache_dir() / "drivers"


def fetch(folder: Path, *, progress: Callable[[str], None] | None = None) -> None:
    """Put both drivers into folder, from archives in `drop_dir()` or from the package index.

    Raises DriversError.
    """
    for archive in ARCHIVES:
        data = _dropped(archive)
        if data is None:
            if progress is not None:
                progress(f"Fetching {archive.name} {archive.version} ...")
            data = _download(archive)
        target = folder / archive.file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file_of(archive, data))


def file_of(archive: Archive, data: bytes) -> bytes:
    """The one file we take from an archive. Raises DriversError unless the archive is the pinned one and tame."""
    found = hashlib.sha256(data).hexdigest()
    if found != archive.sha256:
        raise DriversError(f"{archive.file_name} has sha256 {found}; the pinned one is {archive.sha256}")
    return unpack(data, f"{archive.stem}/{archive.file}")


def unpack(data: bytes, member: str) -> bytes:
    """One file out of a .tar.gz. Raises DriversError when any member would land outside, or the file is not there."""
    with tempfile.TemporaryFile() as stream:
        stream.write(data)
        stream.seek(0)
        try:
            with tarfile.open(fileobj=stream, mode="r:gz") as tar:
                return _read_member(tar, member)
        except tarfile.TarError as error:
            raise DriversError(f"not a readable .tar.gz: {error}") from error


def _read_member(tar: tarfile.TarFile, member: str) -> bytes:
    wanted = None
    for entry in tar:
        place = PurePosixPath(entry.name)
        if place.is_absolute() or ".." in place.parts or not (entry.isfile() or entry.isdir()):
            raise DriversError(f"refused: the archive holds {entry.name!r}, which may reach outside its folder")
        if entry.isfile() and entry.size > FILE_BYTES_MAX:
            raise DriversError(f"refused: {entry.name} has {entry.size} bytes; at most {FILE_BYTES_MAX}")
        if entry.name == member:
            wanted = entry
    stream = tar.extractfile(wanted) if wanted is not None else None
    if stream is None:
        raise DriversError(f"the archive does not hold {member}")
    return stream.read()


def _is_complete(folder: Path) -> bool:
    return all((folder / archive.file).is_file() for archive in ARCHIVES)


def _dropped(archive: Archive) -> bytes | None:
    """An archive the user put beside the cache by hand; None when there is none."""
    file = drop_dir() / archive.file_name
    return file.read_bytes() if file.is_file() else None


def _download(archive: Archive) -> bytes:
    try:
        return package_index.source_archive(archive.name, archive.version)
    except package_index.FetchError as error:
        wanted = "\n".join(f"  {each.file_name}  sha256 {each.sha256}" for each in ARCHIVES)
        raise DriversError(
            f"could not fetch {archive.name} {archive.version}: {error}\n"
            f"Connect to the network and try again, or put these two source archives (Python package index)\n"
            f"{wanted}\ninto {drop_dir()}"
        ) from error


@contextmanager
def _new_folder(target: Path) -> Iterator[Path]:
    """A scratch folder that becomes target in one move; when another process was first, its folder stays."""
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="new-", dir=target.parent))
    try:
        yield scratch
        try:
            os.rename(scratch, target)
        except OSError:
            if not _is_complete(target):
                raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
