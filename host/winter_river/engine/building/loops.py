"""Ways up the network while a plan is built: where two mains meet, and the loop that both of them closed make."""

from __future__ import annotations

import dataclasses

from winter_river.engine import plan as p
from winter_river.engine.building.tables import Tables
from winter_river.engine.equipment import part_of
from winter_river.engine.equipment.switchgear import TiePlan

PARALLEL_RULE = (
    "its two feeds must come from one node or from two utilities, through devices with one feed each and no UPS"
)
SET_RULE = (
    "{} runs in an outage, not beside a grid for good: leave `parallel` out, and it takes over with a gap; "
    "`transition: closed` takes over and goes back without one while both are live"
)
LOOP_RULE = "around its loop there is no transformer and no cable with an impedance; state a feed_resistance_ohm"


def add_tie(t: Tables, k: int, bus: int, z: complex) -> int:
    """Both mains closed at once: only where their ways meet at one node through devices with one feed each, or end at
    two utilities, which are one grid: then the loop goes through both of them."""
    feeds = t.devices[k].feeds
    if len(feeds) != 2:
        raise ValueError(f"{t.devices[k].id}.parallel is on; it needs two feeds")
    ways = [way_up(t, t.index[feed]) for feed in feeds]
    meet = next((node for node in ways[1] if node in ways[0]), p.NONE)
    two = meet == p.NONE and all(part_of(t.devices[way[-1]].type) == "utility" for way in ways)
    own = ways if two else [way[: way.index(meet)] for way in ways] if meet != p.NONE else []
    passed = {node for way in own for node in way} | {meet} - {p.NONE}
    ends = (t.devices[way[-1]] for way in ways)
    machine = next((device.id for device in ends if part_of(device.type) == "generator"), "")
    if not own and machine:
        raise ValueError(f"{t.devices[k].id}.parallel is on; {SET_RULE.format(machine)}")
    if not own or any(part_of(t.devices[node].type) == "ups" for node in passed):
        raise ValueError(f"{t.devices[k].id}.parallel is on; {PARALLEL_RULE}")
    feed_bus = t.nodes[t.index[feeds[1]]].bus_out
    loop = [bus, *(end for way in own for node in way for end in buses_of(t, node))]
    if z == 0j and not any(t.buses[end].z_1 for end in loop):
        raise ValueError(f"{t.devices[k].id}.parallel is on; {LOOP_RULE}")
    utilities = [t.nodes[way[-1]].slot if two else p.NONE for way in ways]
    t.ties.append(TiePlan(k, feed_bus, bus, z, *utilities))
    _pair_tap_changers(t, *own)
    return len(t.ties) - 1


def _pair_tap_changers(t: Tables, one: list[int], other: list[int]) -> None:
    """Lets the tap changers of the second way follow those of the first, the nearest to the bus first: two that watch
    one voltage by themselves part, and drive a current around the loop. Of two ways the one that is built first leads,
    so nobody follows himself; one that follows already goes on so."""
    rows = [[slot for node in way if (slot := _tap_changer(t, node)) != p.NONE] for way in (one, other)]
    for pair in zip(*rows, strict=False):
        master, follower = sorted(pair)
        if t.transformers[follower].master == p.NONE:
            t.transformers[follower] = dataclasses.replace(t.transformers[follower], master=master, tie=len(t.ties) - 1)


def _tap_changer(t: Tables, node: int) -> int:
    """The row of a transformer that changes its taps under load, NONE of another device."""
    if part_of(t.devices[node].type) != "transformer":
        return p.NONE
    slot = t.nodes[node].slot
    return slot if t.transformers[slot].tap_steps_max > 0 else p.NONE


def buses_of(t: Tables, k: int) -> range:
    return range(t.nodes[k].bus_in, t.nodes[k].bus_out + 1)


def way_up(t: Tables, k: int) -> list[int]:
    """A device and those in front of it, as long as each has one feed."""
    way = [k]
    while len(t.devices[k].feeds) == 1:
        k = t.index[t.devices[k].feeds[0]]
        way.append(k)
    return way


def generator_behind(t: Tables, k: int) -> int:
    """The generator that a second feed leads to through devices with one feed each, or NONE."""
    while len(t.devices[k].feeds) == 1:
        k = t.index[t.devices[k].feeds[0]]
    return t.nodes[k].slot if part_of(t.devices[k].type) == "generator" else p.NONE
