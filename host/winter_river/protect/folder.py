"""The private folder of a site: who may read it, and how a file in it is written.

Folders have mode 700, files 600. A file is written beside its place, synced, and moved there: whoever reads it finds the
old one or the new one, whole. What root writes belongs to the owner of the folder it is in: a service that runs as a
user of its own can read what an administrator has renewed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from winter_river.protect.errors import ProtectError

FOLDER_MODE, FILE_MODE = 0o700, 0o600
FILE_BYTES_MAX = 1_048_576  # chosen: a register of 4,000 certificates takes 800 kB
OTHERS = stat.S_IRWXG | stat.S_IRWXO
OTHERS_OF_FILE = stat.S_IRWXO | stat.S_IWGRP | stat.S_IXGRP  # 640 lets a service's group read


def make(folder: Path) -> None:
    """A folder that only we can enter, and those above it where they are missing. Raises ProtectError for one that others can."""
    try:
        for missing in [parent for parent in (folder, *folder.parents) if not parent.exists()][::-1]:
            missing.mkdir(mode=FOLDER_MODE, exist_ok=True)  # mkdir(parents=True) would leave those above open
            _hand_over(missing)
        check(folder)
    except OSError as error:
        raise ProtectError(f"{folder}: {error.strerror}", "name another folder: --secrets FOLDER") from None


def check(folder: Path) -> None:
    """Raises ProtectError for a folder that is not there, or that others can enter."""
    try:
        mode = folder.stat().st_mode
    except OSError as error:
        raise ProtectError(f"{folder}: {error.strerror}", "winter-river provision init") from None
    if mode & OTHERS:
        raise ProtectError(f"{folder} holds secrets and others can enter it", f"chmod 700 {folder}")


def write(path: Path, data: bytes, *, private_parent: bool = True) -> None:
    """The file whole, readable to us alone. private_parent: whether its folder has to be, too. Raises OSError."""
    if private_parent:
        make(path.parent)
    fresh = path.with_name(f".{path.name}.new")
    with contextlib.suppress(FileNotFoundError):  # left by a power cut
        fresh.unlink()
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    _hand_over(fresh)
    fresh.replace(path)
    sync(path.parent)


def _hand_over(path: Path) -> None:
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def sync(folder: Path) -> None:
    """Makes the names in a folder outlast a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read(path: Path) -> bytes:
    """A secret file. Raises ProtectError for one that is missing, too large, or that others can read."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise ProtectError(f"{path}: {error.strerror}", "winter-river provision init") from None
    if mode & OTHERS_OF_FILE:
        raise ProtectError(f"{path} is a secret and others can read it", f"chmod 600 {path}")
    if len(data) > FILE_BYTES_MAX:
        raise ProtectError(
            f"{path} has more than {FILE_BYTES_MAX} bytes; it is none of ours", "restore it from a backup"
        )
    return data


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """While this lasts, nobody else changes the folder. Raises ProtectError where somebody does."""
    make(folder)
    with os.fdopen(os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, FILE_MODE), "rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ProtectError(f"{folder} is being changed by another command", "wait for it to end") from None
        _hand_over(folder / ".lock")
        yield
