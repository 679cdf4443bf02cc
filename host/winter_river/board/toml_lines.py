"""Reads a small TOML file so that every value knows its line, and gathers every fault."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from winter_river.facility.faults import Fault, Faults, FileError, nearest, shown

FILE_BYTES_MAX = 65_536  # chosen: our files have one page; anything larger is some other file
_SECTION = re.compile(r"\s*\[\s*([\w.-]+)\s*\]")
_KEY = re.compile(r"""\s*["']?([\w-]+)["']?\s*=""")


class TomlFile:
    """One file: sections of values. Faults are added as they are met; finish() raises them all at once."""

    def __init__(self, path: Path) -> None:
        """Raises FileError where the file cannot be read or is not TOML."""
        self.path = path
        self.faults = Faults(str(path))
        try:
            raw = path.read_bytes()
            if len(raw) > FILE_BYTES_MAX:
                raise ValueError(f"{len(raw)} bytes; at most {FILE_BYTES_MAX}")
            self._text = raw.decode()
            self.data: Mapping[str, object] = tomllib.loads(self._text)
        except OSError as error:
            raise FileError([Fault(str(path), 1, 1, f"cannot be read: {error.strerror}")]) from error
        except ValueError as error:  # bad UTF-8, bad TOML, too large
            place = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
            line, column = (int(place[1]), int(place[2])) if place else (1, 1)
            message = str(error).partition(" (at ")[0]
            raise FileError([Fault(str(path), line, column, f"is no TOML: {message}")]) from error
        self._lines = _places(self._text)

    def line(self, section: str, key: str = "") -> int:
        """Where a key, or else its section, stands; 1 where neither is there."""
        return self._lines.get((section, key), self._lines.get((section, ""), 1))

    def add(self, section: str, key: str, message: str, hint: str = "") -> None:
        """Note one fault at a key."""
        name = f"{section}.{key}" if section and key else section or key
        self.faults.add(self.line(section, key), 1, f"{name} {message}", hint)

    def section(self, name: str, known: Sequence[str], *, needed: bool = True) -> "Section":
        """A section; keys that are not known are faults. name: "" is the top of the file."""
        value = self.data if name == "" else self.data.get(name)
        if value is None and needed:
            self.faults.add(1, 1, f"[{name}] is missing")
        if value is not None and not isinstance(value, Mapping):
            self.add(name, "", "is no section", f"write [{name}]")
        values: Mapping[str, object] = value if isinstance(value, Mapping) else {}
        for key in values:
            if key not in known:
                self.add(name, key, "is not known here", nearest(key, known))
        return Section(self, name, values, present=isinstance(value, Mapping))

    def finish(self) -> None:
        """Raises FileError with every fault, where there is one."""
        if len(self.faults):
            raise FileError(self.faults.all())


class Section:
    """One section. Each getter gives a usable value even where it notes a fault."""

    def __init__(self, file: TomlFile, name: str, values: Mapping[str, object], *, present: bool) -> None:
        self.present, self.name, self.faults = present, name, file.faults
        self._file, self._values = file, values

    def fault(self, key: str, message: str, hint: str = "") -> None:
        self._file.add(self.name, key, message, hint)

    def text(self, key: str, default: str | None = None, *, low: int = 1, high: int = 200) -> str:
        """A text of low to high letters; a default of None means that there has to be one."""
        value = self._values.get(key, default)
        if value is None:
            self._missing(key)
            return ""
        if not isinstance(value, str) or not low <= len(value) <= high:
            self.fault(key, f"is no text of {low} to {high} letters")
            return ""
        return value

    def whole(self, key: str, default: int | None = None, *, low: int, high: int) -> int:
        """A whole number from low to high; a default of None means that there has to be one."""
        value = self._values.get(key, default)
        if value is None:
            self._missing(key)
            return low
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.fault(key, f"is {shown(value)}; it must be a whole number from {low} to {high}")
            return low
        return value

    def wholes(self, key: str, allowed: Sequence[int]) -> tuple[int, ...]:
        """A list of different whole numbers out of allowed; there has to be one."""
        value = self._values.get(key)
        if value is None:
            self._missing(key)
            return ()
        words = ", ".join(f"0x{each:X}" for each in allowed)
        if not isinstance(value, list) or not value or any(each not in allowed for each in value):
            self.fault(key, f"is {shown(value)}; it must be a list out of {words}")
            return ()
        if len(set(value)) < len(value):
            self.fault(key, "names one twice")
        return tuple(value)

    def word(self, key: str, known: Sequence[str], default: str | None = None) -> str:
        """One of the known words; a default of None means that there has to be one."""
        value = self._values.get(key, default)
        if value is None:
            self._missing(key)
            return known[0]
        if value not in known:
            self.fault(key, f"is {shown(value)}", nearest(str(value), known))
            return known[0]
        return str(value)

    def _missing(self, key: str) -> None:
        if self.present:
            self.fault(key, "is missing")


def _places(text: str) -> dict[tuple[str, str], int]:
    """(section, key) to the line where it stands; key "" is the section itself. tomllib keeps no places."""
    places: dict[tuple[str, str], int] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if found := _SECTION.match(line):
            section = found[1]
            places.setdefault((section, ""), number)
        elif found := _KEY.match(line):
            places.setdefault((section, found[1]), number)
    return places
