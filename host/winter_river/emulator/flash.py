"""A board's file system: a few small files in memory that outlive a reset, as flash does."""

import io
from collections.abc import MutableMapping
from errno import EINVAL, ENOENT, ENOSPC
from types import TracebackType

BYTES_MAX = 1 << 20  # chosen: half of what a 4 MB ESP32 leaves to files


class PowerCut(BaseException):
    """The power went in the middle of a write. Not an Exception, so that no firmware catches it."""


class _File(io.BytesIO):
    """An open file; what was written is kept when it is closed."""

    def __init__(self, flash: "Flash", name: str, content: bytes, *, writes: bool, at_end: bool) -> None:
        super().__init__(content)
        self._flash, self._name, self._writes = flash, name, writes
        if at_end:
            self.seek(0, io.SEEK_END)

    def close(self) -> None:
        writes, self._writes = self._writes, False
        if not self.closed and writes:
            self._flash.keep(self._name, self.getvalue())
        super().close()


class _TextFile(io.TextIOWrapper):
    """The same as text. The wrapper closes the bytes with it."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class Flash:
    """Files by name, whole. writes, bytes_written: how often one was kept, and how much (flash wears out).

    cut_after_bytes: the power goes when so many more bytes are written: the file that is being written ends there, and
    erased (all ones) where erased_tail is set, as a page that was cleared before it was written. None: it stays.
    """

    def __init__(self, files: MutableMapping[str, bytes] | None = None) -> None:
        self.files: MutableMapping[str, bytes] = {} if files is None else files
        self.writes = self.bytes_written = 0
        self.cut_after_bytes: int | None = None
        self.erased_tail = False

    def open(self, name: str, mode: str = "r") -> io.TextIOWrapper | io.BytesIO:
        """MicroPython's open(). Raises OSError ENOENT for a file that is not there."""
        kind = mode.replace("b", "").replace("t", "")
        if kind not in ("r", "w", "a"):
            raise OSError(EINVAL, mode)
        if kind == "r" and name not in self.files:
            raise OSError(ENOENT, name)
        content = b"" if kind == "w" else self.files.get(name, b"")
        file = _File(self, name, content, writes=kind != "r", at_end=kind == "a")
        return file if "b" in mode else _TextFile(file, encoding="utf-8", newline="")

    def keep(self, name: str, content: bytes) -> None:
        """Store a whole file. Raises OSError ENOSPC when the flash is full, PowerCut when the power goes."""
        others = sum(len(data) for key, data in self.files.items() if key != name)
        if others + len(content) > BYTES_MAX:
            raise OSError(ENOSPC, name)
        if self.cut_after_bytes is not None:
            written = content[: self.cut_after_bytes]
            self.cut_after_bytes -= len(written)
            if len(written) < len(content):
                tail = b"\xff" * (len(content) - len(written)) if self.erased_tail else b""
                self.files[name] = written + tail
                raise PowerCut
        self.files[name] = content
        self.writes += 1
        self.bytes_written += len(content)

    def remove(self, name: str) -> None:
        if name not in self.files:
            raise OSError(ENOENT, name)
        del self.files[name]

    def rename(self, old: str, new: str) -> None:
        if old not in self.files:
            raise OSError(ENOENT, old)
        self.files[new] = self.files.pop(old)

    def listdir(self, folder: str = "/") -> list[str]:
        return sorted(self.files)
