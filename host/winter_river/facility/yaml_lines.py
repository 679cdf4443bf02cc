"""YAML into a tree that remembers lines and columns: what facility files and scenario scripts are read with.

Only plain YAML is taken: one document of mappings, lists and scalars, to a limit of depth and size. Anchors,
aliases and tags are refused, so a small file cannot unfold into a huge one and nothing is ever constructed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from winter_river.facility.faults import Faults, nearest

FILE_BYTES_MAX = 4_000_000  # chosen: ten times a file of 2,400 nodes
FILES_MAX = 1_000  # chosen: of a folder, looked through for a name like the one that is not there
DEPTH_MAX = 12  # chosen: our files need five
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
_WORDS: dict[str, bool | float | None] = {"": None, "~": None, "null": None, "true": True, "false": False}
for _word in (".inf", "+.inf", "-.inf", ".nan"):
    _WORDS[_word] = float(_word.replace(".", ""))


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value: value by YAML 1.2's core rules (text, int, float, bool or None), text as it was written."""

    value: str | int | float | bool | None
    text: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Listing:
    """A list and where it starts."""

    items: tuple[Tree, ...]
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping as its pairs in file order, doubled keys included, and where it starts."""

    pairs: tuple[tuple[Scalar, Tree], ...]
    line: int
    column: int


Tree: TypeAlias = Scalar | Listing | Table


def read_text(path: Path, faults: Faults, *, cure: str = "") -> str | None:
    """The text of a file, or None and a fault where it cannot be read, is too large or is not UTF-8.

    cure: what to do where it is not there, and no file beside it has a name like it.
    """
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
    except (OSError, ValueError) as error:  # ValueError: a path with a null byte in it
        cure = _namesake(path) or cure if isinstance(error, FileNotFoundError) else ""
        faults.add(1, 1, f"cannot read the file: {getattr(error, 'strerror', None) or error}", cure)
        return None
    return decode(data, faults)


def _namesake(path: Path) -> str:
    """A hint with the file beside it whose name is nearest; may be empty."""
    try:
        names = sorted(entry.name for entry in islice(path.parent.iterdir(), FILES_MAX) if entry.suffix == path.suffix)
    except OSError:
        return ""
    hint = nearest(path.name, names)
    return hint if hint.startswith("did") else ""


def decode(data: bytes, faults: Faults) -> str | None:
    """The text of a file's bytes, or None and a fault that says where they stop being UTF-8."""
    if len(data) > FILE_BYTES_MAX:
        faults.add(1, 1, f"the file is larger than {FILE_BYTES_MAX} bytes")
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        column = error.start - (before.rfind(b"\n") + 1) + 1
        faults.add(before.count(b"\n") + 1, column, f"byte 0x{data[error.start]:02x} is not UTF-8")
        return None


def parse(text: str, faults: Faults) -> Tree | None:
    """The tree of one YAML document, or None and a fault at the first place that is not plain YAML."""
    if len(text) > FILE_BYTES_MAX:
        faults.add(1, 1, f"the file is larger than {FILE_BYTES_MAX} characters")
        return None
    try:
        return _build(YAML(typ="safe", pure=True).parse(text), faults)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = getattr(error, "problem", None) or "a character that YAML does not allow"
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        faults.add(line, column, f"not YAML: {problem}")
    except (ValueError, IndexError, AssertionError, RecursionError, OverflowError) as error:
        # The parser itself stumbles over some garbage (a \U escape beyond Unicode, a bad %YAML line).
        faults.add(1, 1, f"not YAML: {error or type(error).__name__}")
    return None


class _Open:
    """A list or mapping that is still being read."""

    __slots__ = ("column", "is_table", "items", "line")

    def __init__(self, *, is_table: bool, line: int, column: int) -> None:
        self.is_table = is_table
        self.items: list[Tree] = []
        self.line = line
        self.column = column

    def close(self) -> Tree:
        if not self.is_table:
            return Listing(tuple(self.items), self.line, self.column)
        keys = iter(self.items)
        pairs = tuple((key, value) for key, value in zip(keys, keys, strict=True) if isinstance(key, Scalar))
        return Table(pairs, self.line, self.column)


def _refusal(event: Event, depth: int, documents: int) -> str | None:
    """Why this part of YAML is not taken, or None."""
    if documents > 1:
        return "a second document starts here; one file holds one"
    if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
        return "anchors (&) and aliases (*) are not used here; shared ratings belong under `defaults`"
    if getattr(event, "tag", None):
        return "tags (!) are not used here"
    if depth > DEPTH_MAX:
        return f"nested deeper than {DEPTH_MAX} levels"
    return None


def _build(events: Iterator[Event], faults: Faults) -> Tree | None:
    """Events into a tree without recursion, so depth is our limit and not the interpreter's."""
    stack: list[_Open] = []
    root: Tree | None = None
    documents = 0
    for event in events:
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        documents += isinstance(event, DocumentStartEvent)
        why = _refusal(event, len(stack), documents)
        if why is None and _is_key(stack) and isinstance(event, (SequenceStartEvent, MappingStartEvent)):
            why = "a key must be a name, not a list or a mapping"
        if why is not None:
            faults.add(line, column, why)
            return None
        done: Tree | None = None
        if isinstance(event, (SequenceStartEvent, MappingStartEvent)):
            stack.append(_Open(is_table=isinstance(event, MappingStartEvent), line=line, column=column))
        elif isinstance(event, (SequenceEndEvent, MappingEndEvent)):
            done = stack.pop().close()
        elif isinstance(event, ScalarEvent):
            done = _scalar(event, *_place(stack, event, line, column))
        if done is not None:
            if stack:
                stack[-1].items.append(done)
            else:
                root = done
    return root


def _is_key(stack: list[_Open]) -> bool:
    return bool(stack) and stack[-1].is_table and len(stack[-1].items) % 2 == 0


def _place(stack: list[_Open], event: ScalarEvent, line: int, column: int) -> tuple[int, int]:
    """Line and column of a scalar. The parser puts a value that is missing where the next thing starts: its key counts."""
    if event.value == "" and event.implicit[0] and stack and stack[-1].is_table and not _is_key(stack):
        key = stack[-1].items[-1]
        return key.line, key.column
    return line, column


def _scalar(event: ScalarEvent, line: int, column: int) -> Scalar:
    """The value of a scalar: quoted is text; plain goes by YAML 1.2's core rules (`on` and `no` are text)."""
    text: str = event.value
    if not event.implicit[0]:
        return Scalar(text, text, line, column)
    word = text.lower()
    if word in _WORDS:
        return Scalar(_WORDS[word], text, line, column)
    if _INTEGER.fullmatch(text):
        return Scalar(int(text), text, line, column)
    if _NUMBER.fullmatch(text):
        return Scalar(float(text), text, line, column)
    return Scalar(text, text, line, column)
