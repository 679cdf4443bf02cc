"""What must hold of devices before a plan can be built: order, feeds, ratings. The first fault stops it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from winter_river.engine.equipment import EQUIPMENT, PROFILED, Device
from winter_river.engine.equipment.profile import fault_of


def in_order(devices: Sequence[Device]) -> tuple[Device, ...]:
    """What feeds before what is fed; otherwise as given."""
    known = {device.id for device in devices}
    if len(known) != len(devices):
        raise ValueError("two devices have the same id")
    waiting = list(devices)
    types = {device.id: device.type for device in devices}
    for device in waiting:
        _check_feeds(device, types)
    done: set[str] = set()
    ordered: list[Device] = []
    while waiting:
        ready = [device for device in waiting if done.issuperset(device.feeds)]
        if not ready:
            raise ValueError(f"these feed each other in a circle: {', '.join(device.id for device in waiting)}")
        ordered += ready
        done.update(device.id for device in ready)
        waiting = [device for device in waiting if device.id not in done]
    return tuple(ordered)


def _check_feeds(device: Device, types: dict[str, str]) -> None:
    table = EQUIPMENT.get(device.type)
    if table is None:
        raise ValueError(f"{device.id} has type {device.type!r}; one of {', '.join(EQUIPMENT)}")
    count = len(device.feeds)
    if not table.feeds_min <= count <= table.feeds_max or len(set(device.feeds)) != count:
        raise ValueError(f"{device.id} has {count} feeds; a {device.type} has {table.feeds_min} to {table.feeds_max}")
    for feed in device.feeds:
        if types.get(feed) not in table.fed_by:
            raise ValueError(f"{device.id} is fed by {feed!r}; a {device.type} is fed by {', '.join(table.fed_by)}")


def full_ratings(device: Device) -> dict[str, float]:
    """Every rating of a device by name, defaults filled in."""
    table = EQUIPMENT[device.type]
    rows = {row.name: row for row in table.ratings}
    for name in device.ratings:
        if name not in rows:
            raise ValueError(f"{device.id}.{name} is no rating of a {device.type}")
    full: dict[str, float] = {}
    for name, row in rows.items():
        value = device.ratings.get(name, row.default)
        if value is None:
            raise ValueError(f"{device.id}.{name} is missing")
        if not (math.isfinite(value) and row.low <= value <= row.high):
            raise ValueError(f"{device.id}.{name} is {value:g}; from {row.low:g} to {row.high:g}")
        full[name] = float(value)
    if device.profile is not None and (why := fault_of(device.profile)):
        raise ValueError(f"the profile of {device.id} {why}")
    if device.profile is not None and device.type not in PROFILED:
        raise ValueError(f"{device.id} has a profile; only a {', '.join(PROFILED)} may")
    for name, message in table.combinations(full):
        raise ValueError(f"{device.id}.{name}: {message}")
    return full
