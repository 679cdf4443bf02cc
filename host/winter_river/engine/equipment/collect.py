"""The tables of all types, one for each row of the contract, from the file of that name."""

from __future__ import annotations

import dataclasses
from importlib import import_module

from winter_wire import schema

from winter_river.engine.equipment.reliability import RATES
from winter_river.engine.equipment.table import ACTED, Equipment

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
        raise ValueError(f"engine/equipment/{table.type}.py acts as {table.acts_as!r}; {why}")
    alike = [name for name, other in own.items() if other.acts_as in table.fed_by]
    reliability = table.reliability or RATES.get(table.type) or RATES.get(table.part, ())
    return dataclasses.replace(
        table,
        fed_by=(*table.fed_by, *(name for name in alike if name not in table.fed_by)),
        reliability=reliability,
        ratings=(*table.ratings, *reliability),
    )


def _not_its_part(table: Equipment, own: dict[str, Equipment]) -> str:
    """Why a type cannot act as another: their handles, states and malfunctions have one meaning at each place."""
    if not table.acts_as:
        return ""
    if table.acts_as not in ACTED:
        return f"only {', '.join(ACTED)} can be acted as"
    row, other = (schema.TYPES[name] for name in (table.type, table.acts_as))
    for column, words in (
        (schema.HANDLES, "handles"),
        (schema.STATES, "states"),
        (schema.MALFUNCTIONS, "malfunctions"),
    ):
        if len(row[column]) != len(other[column]):
            return f"its row in winter_wire.tables.TYPES has {len(row[column])} {words}, that one {len(other[column])}"
    needed = {rating.name for rating in own[table.acts_as].ratings}
    if table.feeds_max < 2:  # what is between two feeds is asked of none
        needed = {name for name in needed if name != "transfer" and not name.startswith("second_feed_")}
    missing = needed - {rating.name for rating in table.ratings}
    return f"it has no rating {', '.join(sorted(missing))}" if missing else ""
