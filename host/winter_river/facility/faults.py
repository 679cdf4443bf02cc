"""Faults of a file a person wrote: each with its place and the nearest valid name, all reported at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from winter_river.likeness import COMPARED_MAX, most_like

FAULTS_MAX = 100  # chosen: nobody reads more, and a hostile file must not fill the memory
SHOWN_LETTERS_MAX = 60  # of a value quoted in a message
LISTED_MAX = 20  # chosen: so few names are listed where none is near


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a file. line and column count from 1; hint is the cure, or empty."""

    path: str
    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.path}:{self.line}:{self.column}: {self.message}{hint}"


class Faults:
    """Gathers the faults of one file in reading order; keeps FAULTS_MAX and counts the rest."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._found: list[Fault] = []
        self._more = 0

    def add(self, line: int, column: int, message: str, hint: str = "") -> None:
        """Note one fault at a place of the file."""
        if self.full:
            self._more += 1
        else:
            self._found.append(Fault(self.path, line, column, message, hint))

    def __len__(self) -> int:
        return len(self._found) + self._more

    @property
    def full(self) -> bool:
        """Whether further faults are only counted, so that costly hints can be spared."""
        return len(self._found) >= FAULTS_MAX

    def all(self) -> tuple[Fault, ...]:
        """Every fault by line and column; a last one tells how many were left out."""
        found = sorted(self._found, key=lambda fault: (fault.line, fault.column))
        if self._more:
            last = found[-1]
            found.append(Fault(self.path, last.line, last.column, f"and {self._more} more faults"))
        return tuple(found)


class FileError(ValueError):
    """A file that cannot be used. `.faults` holds every fault; str() lists them, one a line."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class FacilityError(FileError):
    """A facility that cannot be used."""


def printable(text: str) -> str:
    """A text with its unprintable letters escaped, so that no file can write to a terminal through a message."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def shown(value: object) -> str:
    """A value as a message quotes it: `value`, cut to a readable length, unprintable letters escaped."""
    text = printable(str(value)[:200])
    if len(text) > SHOWN_LETTERS_MAX:
        text = text[: SHOWN_LETTERS_MAX - 1] + "…"
    return f"`{text}`"


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint with the known name nearest to word (the first of equals), else the few names there are; may be empty."""
    names = list(islice(known, COMPARED_MAX))
    found = most_like(word, names)
    if found:
        return f"did you mean `{found}`?"
    if 0 < len(names) <= LISTED_MAX:
        return "known: " + ", ".join(names)
    return ""
