"""The trace of a simulation as a file."""

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
            self._file.close()

    def write(self) -> None:
        """The line of this instant."""
        if self._writer is not None:
            self._writer.line(self._site.t_s)
