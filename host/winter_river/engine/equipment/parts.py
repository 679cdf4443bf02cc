"""Whose part a type plays, and what a word of one of them is in the words of the other: the same place has one meaning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from winter_wire import schema

_ROWS: Mapping[str, tuple[Any, ...]] = schema.TYPES  # the contract is shared with boards and has no annotations


def part_of(type_name: str) -> str:
    """The type whose part a type plays: its own, mostly; a word that is no type stays."""
    return type_name if type_name not in _ROWS else _ROWS[type_name][schema.ACTS_AS] or type_name


def acting_as(*parts: str) -> tuple[str, ...]:
    """Every type that plays one of these parts, themselves among them, in the contract's order."""
    return tuple(name for name in _ROWS if part_of(name) in parts)


def state_like(type_name: str, word: str) -> str:
    """A state of a type in the words of the type whose part it plays; a word that it does not have stays."""
    return _same_place(schema.STATES, word, type_name, part_of(type_name))


def state_of_own(type_name: str, word: str) -> str:
    """A state of the type whose part a type plays in its own words; a word that is no state stays."""
    return _same_place(schema.STATES, word, part_of(type_name), type_name)


def malfunction_like(type_name: str, kind: str) -> str:
    """A malfunction of a type in the words of the type whose part it plays."""
    return _same_place(schema.MALFUNCTIONS, kind, type_name, part_of(type_name))


def malfunction_of_own(type_name: str, kind: str) -> str:
    """A malfunction of the type whose part a type plays in its own words; "" where it has none like it."""
    known = [own for own, _ in _ROWS[type_name][schema.MALFUNCTIONS]]
    word = _same_place(schema.MALFUNCTIONS, kind, part_of(type_name), type_name)
    return word if word in known else ""


def _same_place(column: int, word: str, type_name: str, other: str) -> str:
    for (own, _), (like, _) in zip(_ROWS[type_name][column], _ROWS[other][column], strict=False):
        if own == word:
            return str(like)
    return word
