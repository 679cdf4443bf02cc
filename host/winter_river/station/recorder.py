"""Writes a recording while the run goes on: lines wait in memory and a thread of its own takes them to the disk, so that
a slow card never holds up a tick. What is on the disk is at most WRITE_S old."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from winter_river.station.recording import SUFFIX, Header

WRITE_S = 0.1  # chosen: a kill costs what came after the last tick, and seldom that tick
PART_BYTES_MAX = 64_000_000  # chosen: several hours of a busy site with 24 nodes
FILES_MAX = 50
FOLDER_BYTES_MAX = 1_000_000_000
WAITING_MAX = 20_000  # lines; a disk that hangs longer ends the recording, not the run


class Recorder:
    """One run's file, or the first of its parts. `path` is the part being written; `fault` says why it stopped."""

    def __init__(
        self,
        folder: Path,
        header: Header,
        *,
        begin: Callable[[], str],
        part_bytes_max: int = PART_BYTES_MAX,
    ) -> None:
        """begin: the moment line that a new part starts with. Raises OSError where the folder cannot be used."""
        folder.mkdir(parents=True, exist_ok=True)
        started = time.strftime("%Y%m%d-%H%M%S", time.gmtime(header.unix_s))
        self._stem = f"{started}-{os.getpid()}"
        self._folder, self._header, self._begin = folder, header, begin
        self._part_bytes_max = part_bytes_max
        self.fault = ""
        self._waiting: deque[str] = deque()
        self._bytes = 0
        self.path = self._open()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def write(self, line: str, *, may_part: bool = False) -> None:
        """One line, soon. Never waits for the disk; called from one thread at a time.

        may_part: the world is settled, so a new part may begin here.
        """
        if self.fault:
            return
        if len(self._waiting) >= WAITING_MAX:
            self.fault = f"the disk does not take the recording: {self.path} ends here"
            return
        if may_part and self._bytes > self._part_bytes_max:
            self._bytes = 0
            self._waiting.append("")  # a new part from here
            self._waiting.append(self._begin())
        self._waiting.append(line)
        self._bytes += len(line)

    def close(self) -> None:
        """Takes what waits to the disk and ends."""
        self._stopping.set()
        self._thread.join(timeout=5.0)

    def _run(self) -> None:
        try:
            while not self._stopping.wait(WRITE_S):
                self._drain()
            self._drain()
        except OSError as error:
            self.fault = f"the recording {self.path} ends here: {error.strerror or error}"
        finally:
            with contextlib.suppress(OSError):  # a full disk refuses what waits to be written once more
                self._file.close()

    def _drain(self) -> None:
        while self._waiting:
            line = self._waiting.popleft()
            if line:
                self._file.write(line)
            else:
                self._file.close()
                self._header = replace(self._header, part=self._header.part + 1)
                self.path = self._open()
        self._file.flush()

    def _open(self) -> Path:
        _make_room(self._folder)
        name = self._stem if self._header.part == 1 else f"{self._stem}-{self._header.part}"
        path = self._folder / f"{name}{SUFFIX}"
        count = 1
        while path.exists():  # two runs of one process within a second
            count += 1
            path = self._folder / f"{name}.{count}{SUFFIX}"
        self._file = path.open("x", encoding="utf-8")
        self._file.write(self._header.line())
        self._file.flush()
        return path


def _make_room(folder: Path) -> None:
    """Removes the oldest recordings beyond FILES_MAX and FOLDER_BYTES_MAX."""
    found = []
    for path in folder.glob(f"*{SUFFIX}"):
        with contextlib.suppress(FileNotFoundError):  # another run has made room meanwhile
            state = path.stat()
            found.append((state.st_mtime, state.st_size, path))
    found.sort()
    while found and (len(found) >= FILES_MAX or sum(size for _, size, _ in found) > FOLDER_BYTES_MAX):
        found.pop(0)[2].unlink(missing_ok=True)
