"""Plans, worlds and stories whose lists are not counted from their ends, for tests: compiled text takes places as they are
(engine/fast/linking.py), so hot text must ask for none below 0."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

Holder = TypeVar("Holder")


class FromZero(list[Any]):
    """A list that has no place below 0."""

    def __getitem__(self, place: Any) -> Any:
        assert isinstance(place, slice) or place >= 0, f"place {place} of {len(self)}"
        return super().__getitem__(place)

    def __setitem__(self, place: Any, value: Any) -> None:
        assert isinstance(place, slice) or place >= 0, f"place {place} of {len(self)}"
        super().__setitem__(place, value)


def from_zero(holder: Holder) -> Holder:
    """The same holder, with such lists."""
    for field in dataclasses.fields(holder):  # type: ignore[arg-type]
        value = getattr(holder, field.name)
        if isinstance(value, list):
            object.__setattr__(holder, field.name, FromZero(value))
    return holder
