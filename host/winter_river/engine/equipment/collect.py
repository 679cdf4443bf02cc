"""The tables of all types, one for each row of the contract, from the file of that name."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from importlib import import_module
from typing import Any, TypeAlias

from winter_wire import schema

from winter_river.engine.equipment.reliability import RATES
from winter_river.engine.equipment.table import Equipment

Row: TypeAlias = tuple[Any, ...]  # of the contract, which is shared with boards and has no annotations

_FOLDER = __name__.rpartition(".")[0]


def collected() -> dict[str, Equipment]:
    """Every type's table, in the contract's order. Raises ValueError, naming the file and the cure, where one is missing."""
    own = {name: _table_of(name) for name in schema.TYPES}
    return {name: _complete(table, own) for name, table in own.items()}


def _table_of(name: str) -> Equipment:
    place = f"engine/equipment/{name}.py"
    try:
        module = import_module(f"{_FOLDER}.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"{_FOLDER}.{name}":
            raise
        raise ValueError(
            f"the contract has a type {name!r} (winter_wire.tables.TYPES) and {place} is missing"
        ) from None
    table = getattr(module, name.upper(), None)
    if not isinstance(table, Equipment) or table.type != name:
        raise ValueError(f"{place} must have {name.upper()} = Equipment(type={name!r}, ...)")
    return table


def _complete(table: Equipment, own: dict[str, Equipment]) -> Equipment:
    """What the file leaves to others: how often it fails, and that what may be fed by its part may be fed by it."""
    if why := _not_its_part(table, own):
        raise ValueError(f"type {table.type!r} (winter_wire.tables.TYPES) acts as {table.part!r}; {why}")
    alike = [name for name, other in own.items() if other.part in table.fed_by]
    reliability = table.reliability or RATES.get(table.type) or RATES.get(table.part, ())
    return dataclasses.replace(
        table,
        fed_by=(*table.fed_by, *(name for name in alike if name not in table.fed_by)),
        reliability=reliability,
        ratings=(*table.ratings, *reliability),
    )


def _not_its_part(table: Equipment, own: dict[str, Equipment]) -> str:
    """Why a type cannot act as another: the step knows handles, states and malfunctions by their places, other places
    know handles by their words, and each rating is read by its name."""
    if table.part == table.type:
        return ""
    if table.part not in own:
        return f"one of {', '.join(name for name, other in own.items() if other.part == name)}"
    acted = own[table.part]
    if acted.part != acted.type:
        return f"that one has no law of its own: say {acted.part!r}"
    if why := _not_its_words(schema.TYPES[table.type], schema.TYPES[acted.type]):
        return f"its row has {why}"
    if not acted.feeds_min <= table.feeds_min <= table.feeds_max <= acted.feeds_max:
        return f"it has {table.feeds_min} to {table.feeds_max} feeds, that one {acted.feeds_min} to {acted.feeds_max}"
    needed = {rating.name for rating in acted.ratings}
    if table.feeds_max < 2 <= acted.feeds_max:  # what is between two feeds is asked of none
        needed = {name for name in needed if name != "transfer" and not name.startswith("second_feed_")}
    missing = needed - {rating.name for rating in table.ratings}
    return f"engine/equipment/{table.type}.py has no rating {', '.join(sorted(missing))}" if missing else ""


def _not_its_words(row: Row, acted: Row) -> str:
    """What of a row of the contract does not fit that of the type it acts as."""
    for column, words in ((schema.HANDLES, "handles"), (schema.SETPOINTS, "fields set on the node")):
        if row[column] != acted[column]:
            return f"the {words} {_told(row[column])}; that one's are {_told(acted[column])}"
    for column, words in ((schema.COMPUTED, "computed fields"), (schema.OWN_VERBS, "verbs")):
        if strange := [word for word in row[column] if word not in acted[column]]:
            return f"the {words} {_told(strange)}; that one has {_told(acted[column])}"
    states, own_states = len(acted[schema.STATES]), len(row[schema.STATES])
    if own_states != states:
        return f"{own_states} states, that one {states}"
    kinds = row[schema.MALFUNCTIONS]
    if not 1 <= len(kinds) <= len(acted[schema.MALFUNCTIONS]):
        return f"{len(kinds)} malfunctions; that one has {len(acted[schema.MALFUNCTIONS])}, of which it has the first"
    for (kind, severity), (its, full) in zip(kinds, acted[schema.MALFUNCTIONS], strict=False):
        if (severity is None) != (full is None):
            return f"the malfunction {kind!r} in the place of {its!r}: both have a severity, or none"
    return ""


def _told(words: Sequence[str]) -> str:
    return ", ".join(words) or "none"
