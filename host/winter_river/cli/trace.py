"""The trace of a simulation as a file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from winter_river.scenario import TraceWriter
from winter_river.site import Site


class TraceFile:
    """Writes a line for each step; without a path it writes nothing."""

    def __init__(self, path: Path | None, site: Site) -> None:
        self._path, self._site = path, site
        self._file: TextIO | None = None
        self._writer: TraceWriter | None = None

    def __enter__(self) -> Self:
        if self._path is not None:
            self._file = self._path.open("w", encoding="utf-8", newline="\n")
            self._writer = TraceWriter(self._site, self._file.write)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            with self._naming_the_file():
                self._file.close()

    @contextmanager
    def _naming_the_file(self) -> Iterator[None]:
        """A full disk does not say which file it has no room for."""
        try:
            yield
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self._path)) from error

    def write(self) -> None:
        """The line of this instant."""
        if self._writer is not None:
            with self._naming_the_file():
                self._writer.line(self._site.t_s)
