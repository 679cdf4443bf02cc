"""The audit's files: append under a lock, on the disk before it counts, in parts that carry the chain over.

    audit.jsonl          the part being written      audit.lock    who writes now, of several processes
    audit-000001.jsonl   earlier parts, full         torn.bin      ends of files that a crash left half written

Nothing here deletes a part: move old ones away when you have kept them elsewhere; the chain is checked from the first
that is there. A line that could not be brought to the disk is taken back, and AuditError says so: it does not count.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from winter_river.audit import record

NAME, LOCK_NAME, TORN_NAME = "audit.jsonl", "audit.lock", "torn.bin"
PART_BYTES_MAX = 8 * 1024 * 1024  # chosen: about 6,000 commands, read in a tenth of a second
TORN_BYTES_MAX = 1024 * 1024  # of torn.bin; what comes after it is only counted
LOCK_S_MAX = 5.0  # chosen: as long as a command may take; a process that was stopped while it wrote must not stop all
LOCK_LOOK_S = 0.002
LOOK_BACK_BYTES = 128 * 1024  # chosen: two hundred lines and more, of the seconds that a command takes
FILE_MODE, FOLDER_MODE = 0o640, 0o750
_PART = re.compile(r"audit-(\d{6})\.jsonl")
_CURES = {
    errno.ENOSPC: "free space on that disk, or export WINTER_RIVER_DATA_DIR=/another/folder",
    errno.EDQUOT: "free space in your quota, or export WINTER_RIVER_DATA_DIR=/another/folder",
    errno.EROFS: "mount that disk for writing, or export WINTER_RIVER_DATA_DIR=/another/folder",
    errno.EACCES: "give this user the right to write there, or export WINTER_RIVER_DATA_DIR=/another/folder",
    errno.EIO: "that disk is failing: save what is on it, and export WINTER_RIVER_DATA_DIR=/another/folder",
}
CURE_DAMAGED = "`winter-river audit verify` names the line; keep the file elsewhere: the next command begins a new one"
_CURE_ELSE = "see `winter-river doctor`, or export WINTER_RIVER_DATA_DIR=/another/folder"


class AuditError(OSError):
    """A line did not come to the disk; says where, why, and what to do."""

    def __init__(self, path: Path, error: OSError | str, cure: str = "") -> None:
        self.path, self.why = path, error if isinstance(error, str) else error.strerror or str(error)
        code = None if isinstance(error, str) else error.errno
        self.cause = f"{path}: {self.why}"
        self.cure = cure or _CURES.get(code or 0, _CURE_ELSE)
        super().__init__(f"{self.cause}\ncure: {self.cure}")


class Trail:
    """One folder's audit. Safe from any thread, and from any number of processes."""

    def __init__(
        self, folder: Path, *, part_bytes_max: int = PART_BYTES_MAX, wall: Callable[[], float] = time.time
    ) -> None:
        """folder: made at the first line. wall: seconds since 1970."""
        self.folder = folder
        self.path = folder / NAME
        self._part_bytes_max, self._wall = part_bytes_max, wall
        self._lock = threading.Lock()
        self._file = -1  # the part being written
        self._guard = -1
        self._known = (0, 0, -1)  # device, inode and size of what we have read the end of
        self._number, self._hash, self._part = 0, record.GENESIS, 0

    def append(self, facts: Mapping[str, Any]) -> int:
        """Writes one line, and returns its number once it is on the disk. Raises AuditError where it is not."""
        return self.append_all(lambda: [facts])[0]

    def append_all(self, make: Callable[[], Sequence[Mapping[str, Any]]]) -> list[int]:
        """Writes the lines that `make` gives while nobody else writes; their numbers. Raises AuditError: then some of
        them may be there."""
        if not self._lock.acquire(timeout=LOCK_S_MAX):
            raise AuditError(self.path, f"its disk has not answered for {LOCK_S_MAX:g} s")
        try:
            with self._held():
                return [self._append(facts) for facts in make()]
        except OSError as error:
            self._forget()
            if isinstance(error, AuditError):
                raise
            raise AuditError(self.path, error) from error
        finally:
            self._lock.release()

    def has(self, command_id: str) -> bool:
        """Whether one of the last lines, by anybody, is about that command. Raises AuditError."""
        try:
            with self.path.open("rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - LOOK_BACK_BYTES))
                return record.canonical({"id": command_id})[1:-1] in file.read()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise AuditError(self.path, error) from error

    def close(self) -> None:
        """Lets the files go; a later append opens them again."""
        with self._lock:
            self._forget()
            if self._guard >= 0:
                os.close(self._guard)
                self._guard = -1

    # Inside: under the lock

    @contextlib.contextmanager
    def _held(self) -> Iterator[None]:
        """Nobody else writes meanwhile. A process that is killed lets go by dying."""
        if self._guard < 0:
            if not self.folder.is_dir():
                self.folder.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
                _hand_over(self.folder)
            self._guard = _opened(self.folder / LOCK_NAME)
        until_s = time.monotonic() + LOCK_S_MAX
        while True:
            try:
                fcntl.flock(self._guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until_s:
                    why = f"another process has held it for {LOCK_S_MAX:g} s"
                    raise AuditError(self.path, why, "see who: `fuser -v` on its audit.lock; end what hangs") from None
                time.sleep(LOCK_LOOK_S)
        try:
            yield
        finally:
            fcntl.flock(self._guard, fcntl.LOCK_UN)

    def _append(self, facts: Mapping[str, Any]) -> int:
        self._open()
        if self._known[2] >= self._part_bytes_max:
            self._next_part()
        return self._write(facts)

    def _open(self) -> None:
        """Finds the end of the chain, wherever others have brought it, and sets a torn end aside."""
        if self._file < 0 or not _is_open_at(self.path, self._file):
            self._forget()
            fresh = not self.path.exists()
            self._file = _opened(self.path)
            if fresh:
                _sync_folder(self.folder)
        state = os.fstat(self._file)
        if (state.st_dev, state.st_ino, state.st_size) == self._known:
            return
        if state.st_size == 0:
            self._begin()
            return
        self._read_end(state.st_size)

    def _begin(self) -> None:
        """The first line of a part. It carries over the chain of the part before it, if there is one."""
        earlier = parts(self.folder)
        self._number, self._hash, self._part = 0, record.GENESIS, 1
        if earlier:
            lines = earlier[-1].read_bytes().splitlines()
            last = next((found for line in reversed(lines) if (found := record.read(line)) is not None), None)
            if last is not None:
                self._number, self._hash = last["n"], last["hash"]
            self._part = number_of(earlier[-1]) + 1
        state = os.fstat(self._file)
        self._known = (state.st_dev, state.st_ino, 0)
        self._write({"kind": record.BEGIN, "part": self._part, "previous": self._hash, "at_s": self._now_s()})

    def _read_end(self, size: int) -> None:
        """Number and hash of the last line; what a crash left after it is set aside, and the chain says so."""
        span = min(size, 4 * record.LINE_BYTES_MAX)
        tail = os.pread(self._file, span, size - span)
        whole, feed, torn = tail.rpartition(b"\n")
        last = whole[whole.rfind(b"\n") + 1 :]
        if b"\0" in last:  # a power cut can bring a file's length to the disk, and not what was written there
            torn = last + feed + torn
            whole = whole[: -len(last) - 1]
            last = whole[whole.rfind(b"\n") + 1 :]
        found = {} if len(torn) == size else record.read(last)  # {}: the first line of all was torn
        if found is None:
            raise AuditError(self.path, "its last line is not one of an audit", CURE_DAMAGED)
        if found and found.get("v") != record.VERSION:
            raise AuditError(self.path, f"is of version {found.get('v')!r}, and this program knows {record.VERSION}")
        end = size - len(torn)
        state = os.fstat(self._file)
        self._known = (state.st_dev, state.st_ino, end)
        if found:
            self._number, self._hash = found["n"], found["hash"]
        if torn:
            self._set_aside(torn, end)

    def _set_aside(self, torn: bytes, end: int) -> None:
        """A torn end goes to torn.bin, and the chain goes on with a line that tells of it."""
        aside = self.folder / TORN_NAME
        target = _opened(aside)
        try:
            if os.fstat(target).st_size + len(torn) <= TORN_BYTES_MAX:
                os.write(target, torn + b"\n")
            os.fsync(target)
        finally:
            os.close(target)
        os.ftruncate(self._file, end)
        if end == 0:
            self._begin()
        digest = hashlib.sha256(torn).hexdigest()
        self._write({"kind": record.TORN, "bytes": len(torn), "sha256": digest, "at_s": self._now_s()})

    def _next_part(self) -> None:
        """The part being written is full: it gets its number, and a new one carries the chain on."""
        earlier = parts(self.folder)
        number = number_of(earlier[-1]) + 1 if earlier else 1
        self.path.rename(self.folder / f"audit-{number:06d}.jsonl")
        self._open()

    def _write(self, facts: Mapping[str, Any]) -> int:
        line, digest = record.line_of(facts, number=self._number + 1, previous=self._hash)
        if len(line) > record.LINE_BYTES_MAX:
            raise AuditError(self.path, f"a line of {len(line)} bytes; at most {record.LINE_BYTES_MAX}")
        device, inode, size = self._known
        try:
            written = os.write(self._file, line)
            if written < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(self._file)
        except OSError:
            with contextlib.suppress(OSError):  # then the next one finds a torn end, and sets it aside
                os.ftruncate(self._file, size)
            raise
        self._known = (device, inode, size + len(line))
        self._number, self._hash = self._number + 1, digest
        return self._number

    def _forget(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        self._file, self._known = -1, (0, 0, -1)

    def _now_s(self) -> float:
        return round(self._wall(), 3)


def parts(folder: Path) -> list[Path]:
    """The full parts of a folder, oldest first."""
    return sorted(path for path in folder.glob("audit-*.jsonl") if _PART.fullmatch(path.name))


def number_of(part: Path) -> int:
    """The number of a full part."""
    found = _PART.fullmatch(part.name)
    assert found is not None
    return int(found[1])


@contextlib.contextmanager
def held_for_reading(folder: Path) -> Iterator[None]:
    """Nobody writes meanwhile, where the lock can be had; a folder that is only readable is read as it is."""
    try:
        guard = os.open(folder / LOCK_NAME, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        yield
        return
    try:
        fcntl.flock(guard, fcntl.LOCK_SH)
        yield
    finally:
        os.close(guard)


def _opened(path: Path) -> int:
    """A file to append to, made where it is not there, for its owner and group alone. What root makes belongs to the folder's
    owner: a service that runs as a user of its own goes on writing it."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(path, flags)
    except FileNotFoundError:
        file = os.open(path, flags | os.O_CREAT, FILE_MODE)
        os.fchmod(file, FILE_MODE)  # whatever the umask is
        _hand_over(path)
        return file


def _hand_over(path: Path) -> None:
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def _is_open_at(path: Path, file: int) -> bool:
    """Whether an open file is still the one of that name; another process may have begun a new part."""
    try:
        named = path.stat()
    except FileNotFoundError:
        return False
    ours = os.fstat(file)
    return (named.st_dev, named.st_ino) == (ours.st_dev, ours.st_ino)


def _sync_folder(folder: Path) -> None:
    """A new name is on the disk only when its folder is."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
