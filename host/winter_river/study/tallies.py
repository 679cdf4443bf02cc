"""What the worlds of a study came to, as columns: a study of millions of years adds up some numbers of each world, and
one object for each would cost more than telling its years."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from winter_river.study.part import Sums


@dataclass(frozen=True, slots=True)
class WorldTally:
    """One world: seconds dark and outages begun of each load and, last, of the racks as a whole (any of them dark).

    owed_s: by (load, failure) seconds dark; a failure of -1 stands for an outage that no failure explains.
    """

    down_s: tuple[float, ...]
    outages: tuple[int, ...]
    owed_s: dict[tuple[int, int], float]


@dataclass(frozen=True, slots=True)
class PartSums:
    """Of one part of a site. loads: the site's own numbers of its loads, and last that of the racks as a whole.

    down_s, outages: by world, then by those; the racks' are of this part and those before it. worlds, owed, seconds:
    shares of darkness, in the order of the worlds; owed is a row of debtors: (load, failures), as of WorldTally.
    """

    loads: tuple[int, ...]
    down_s: array[float]
    outages: array[int]
    worlds: array[int]
    owed: array[int]
    seconds: array[float]
    debtors: tuple[tuple[int, tuple[int, ...]], ...]


def part_sums(sums: Sums, loads: Sequence[int]) -> PartSums:
    """The sums of a part in the site's own numbers. loads: of its loads and, last, of the racks as a whole."""
    debtors = tuple((loads[load], failures or (-1,)) for load, failures in sums.debtors)
    return PartSums(
        loads=tuple(loads),
        down_s=array("d", sums.down_s),
        outages=array("q", sums.begun),
        worlds=array("q", sums.worlds),
        owed=array("q", sums.owed),
        seconds=array("d", sums.seconds),
        debtors=debtors,
    )


class Tallies(Sequence[WorldTally]):
    """Worlds in their order: each as a WorldTally to whoever asks for it, and as columns to who adds them up."""

    def __init__(self, chunks: Iterable[tuple[int, tuple[PartSums, ...]]] = ()) -> None:
        """chunks: how many worlds, and the sums of each part."""
        self._chunks = [*chunks]

    def __len__(self) -> int:
        return sum(count for count, _ in self._chunks)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tallies) and len(self) == len(other) and all(map(WorldTally.__eq__, self, other))

    __hash__ = None  # type: ignore[assignment]  # as of a list

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self[k] for k in range(*place.indices(len(self)))]
        left = range(len(self))[place]
        for count, parts in self._chunks:
            if left < count:
                return _world(parts, left)
            left -= count
        raise AssertionError("a place within the length is in a chunk")

    def __add__(self, other: Tallies) -> Tallies:
        return Tallies([*self._chunks, *other._chunks])

    def columns(self, load: int) -> tuple[list[float], list[int]]:
        """(seconds dark, outages begun) of a load, or of the racks as a whole, by world."""
        down_s, outages = array("d"), array("q")
        for _, parts in self._chunks:
            part = next(part for part in reversed(parts) if load in part.loads)  # the last tells of all racks
            place, wide = part.loads.index(load), len(part.loads)
            down_s += part.down_s[place::wide]
            outages += part.outages[place::wide]
        return down_s.tolist(), outages.tolist()

    def owed_s(self) -> dict[tuple[int, int], float]:
        """By (load, failure), as in WorldTally: the seconds of all worlds, to the last digit in whatever order they came."""
        found: dict[tuple[int, int], list[float]] = {}
        for part in self._parts():
            by_debtor: list[list[float]] = [[] for _ in part.debtors]
            for owed, seconds in zip(part.owed, part.seconds, strict=True):
                by_debtor[owed].append(seconds)
            for (load, failures), each in zip(part.debtors, by_debtor, strict=True):
                for failure in failures:
                    if each:
                        found.setdefault((load, failure), []).extend(each)
        return {key: math.fsum(seconds) for key, seconds in found.items()}

    def _parts(self) -> Iterator[PartSums]:
        for _, parts in self._chunks:
            yield from parts


def _world(parts: tuple[PartSums, ...], world: int) -> WorldTally:
    dark: dict[int, tuple[float, int]] = {}
    owed_s: dict[tuple[int, int], float] = {}
    for part in parts:
        first = world * len(part.loads)
        for k, load in enumerate(part.loads, first):
            dark[load] = part.down_s[k], part.outages[k]
        for k in range(bisect_left(part.worlds, world), bisect_right(part.worlds, world)):
            load, failures = part.debtors[part.owed[k]]
            for failure in failures:
                owed_s[load, failure] = owed_s.get((load, failure), 0.0) + part.seconds[k]
    columns = [dark[load] for load in range(len(dark))]
    return WorldTally(tuple(down for down, _ in columns), tuple(count for _, count in columns), owed_s)
