"""What a site is made of, as a study sees it: its loads, what each device can lose, and its sides."""

from __future__ import annotations

from winter_river.engine import Device, Plan, part_of
from winter_river.engine.plan import NONE, TYPES
from winter_river.engine.words import MALFUNCTIONS

RACK, COOLING = "server", "cooling"


def is_rack(type_name: str) -> bool:
    """Whether a type is a rack, or acts as one."""
    return part_of(type_name) == RACK


def is_load(type_name: str) -> bool:
    """Whether a type is what a site is there to feed: a rack or a cooling unit, or what acts as one."""
    return part_of(type_name) in (RACK, COOLING)


def loads(plan: Plan) -> tuple[int, ...]:
    """Places in plan order of what the site is there to feed."""
    return tuple(k for k, device in enumerate(plan.devices) if is_load(device.type))


def loss_of(device: Device) -> str:
    """The malfunction that a study gives a device to lose it: the first of its type, which leaves it dead."""
    return MALFUNCTIONS[TYPES.index(device.type)][0][0]


def upstream(plan: Plan) -> tuple[frozenset[int], ...]:
    """Of each device: itself and every device that power can come through to it."""
    found: list[frozenset[int]] = []
    for k, device in enumerate(plan.devices):  # plan order: what feeds has its set already
        found.append(frozenset((k,)).union(*(found[plan.index[feed]] for feed in device.feeds)))
    return tuple(found)


def coolers(plan: Plan) -> dict[int, tuple[int, ...]]:
    """Of each rack that turns itself off in heat: the cooling units of its room; none of the others."""
    units: dict[int, list[int]] = {}
    for r in plan.coolings:
        units.setdefault(r.room, []).append(r.node)
    racks = [r for r in plan.servers if r.heat_shutdown and r.room != NONE]
    return {r.node: tuple(units.get(r.room, ())) for r in racks}


def sides(plan: Plan) -> tuple[str, ...]:
    """Of each device the side it belongs to: `A` for what the first utility feeds, `B` for the next, `A+B` for both.

    A source without a utility behind it (a generator) is on the side of what it feeds; what belongs nowhere has "".
    """
    letters = {
        k: _letter(n) for n, k in enumerate(k for k, d in enumerate(plan.devices) if part_of(d.type) == "utility")
    }
    behind = upstream(plan)
    reached = [{letters[k] for k in found if k in letters} for found in behind]
    for k in reversed(range(len(plan.devices))):
        for feed in plan.devices[k].feeds:
            place = plan.index[feed]
            if letters.keys().isdisjoint(behind[place]):
                reached[place] |= reached[k]
    return tuple("+".join(sorted(found, key=lambda text: (len(text), text))) for found in reached)


def _letter(place: int) -> str:
    """A, B ... Z, AA, AB ..., as the columns of a sheet."""
    name = ""
    place += 1
    while place:
        place, digit = divmod(place - 1, 26)
        name = chr(ord("A") + digit) + name
    return name


def parts(plan: Plan) -> tuple[tuple[Device, ...], ...]:
    """The devices of each part of a site that shares nothing with the others, in plan order."""
    found: dict[int, list[Device]] = {}
    for n, device in zip(plan.nodes, plan.devices, strict=True):
        found.setdefault(n.group, []).append(device)
    return tuple(tuple(found[group]) for group in sorted(found))
