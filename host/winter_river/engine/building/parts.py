"""Which devices belong together: the connected parts of a site, and the rooms in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from winter_river.engine import plan as p
from winter_river.engine.equipment import Device, part_of
from winter_river.engine.equipment.room_heat import RoomPlan


def find_groups(devices: Sequence[Device], index: Mapping[str, int]) -> list[int]:
    """The connected part each device belongs to, counted in plan order."""
    head = list(range(len(devices)))

    def root(k: int) -> int:
        while head[k] != k:
            k = head[k]
        return k

    for k, device in enumerate(devices):
        for feed in device.feeds:
            one, other = root(k), root(index[feed])
            head[max(one, other)] = min(one, other)
    numbers: dict[int, int] = {}
    return [numbers.setdefault(root(k), len(numbers)) for k in range(len(devices))]


def find_rooms(devices: Sequence[Device], groups: Sequence[int]) -> dict[int, int]:
    """The room of each connected part that has both racks and something that cools them."""
    types = [(groups[k], part_of(device.type)) for k, device in enumerate(devices)]
    cooled = [group for group, name in types if name == "cooling" and (group, "server") in types]
    return {group: room for room, group in enumerate(dict.fromkeys(cooled))}


def make_rooms(
    devices: Sequence[Device],
    ratings: Sequence[Mapping[str, float]],
    groups: Sequence[int],
    room_of: Mapping[int, int],
) -> list[RoomPlan]:
    first: dict[int, int] = {}
    cabinets = dict.fromkeys(room_of.values(), 0.0)
    for k, device in enumerate(devices):
        room = room_of.get(groups[k], p.NONE)
        part = part_of(device.type)
        if part == "cooling" and room != p.NONE:
            first.setdefault(room, k)
        elif part == "server" and room != p.NONE:
            cabinets[room] += ratings[k]["cabinets"]
    return [RoomPlan(first[room], cabinets[room]) for room in cabinets]
