"""From devices to a plan: order, voltages, per-unit impedances, breakers. Runs once, so words and dicts are fine."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from winter_river.engine import plan as p
from winter_river.engine.building.kinds import ADD
from winter_river.engine.building.tables import Tables
from winter_river.engine.calibration import CALIBRATION_BY_NAME
from winter_river.engine.equipment import Device, part_of
from winter_river.engine.invariants import full_ratings, in_order


def build_plan(
    devices: Sequence[Device], *, calibration: str = "training", ages: bool = True, reports: bool = True
) -> p.Plan:
    """The plan of a facility. ages: whether batteries and transformers get older; in studies they are as they begin.
    reports: whether its worlds keep what is only for who reads them (plan.Plan).

    Raises ValueError, naming device, value and limit, where the devices do not make a network: the facility's own
    checks come first and say more, so this is the last line and stops at the first fault.
    """
    if calibration not in CALIBRATION_BY_NAME:
        raise ValueError(f"calibration is {calibration!r}; one of {', '.join(CALIBRATION_BY_NAME)}")
    ordered = in_order(devices)
    ratings = tuple(full_ratings(device) for device in ordered)
    t = Tables(ordered, ratings, calibration, ages=ages)
    for k, device in enumerate(ordered):
        t.nodes.append(ADD[part_of(device.type)](t, k, ratings[k]))
    return _plan(t, reports=reports)


def _plan(t: Tables, *, reports: bool) -> p.Plan:
    text = repr((t.calibration, reports, [(d.id, d.type, d.feeds) for d in t.devices], t.ratings))
    if t.profiles:
        text += repr((t.profiles, t.profile_s, t.profile_values, [d.profile for d in t.devices]))
    return p.Plan(
        calibration=CALIBRATION_BY_NAME[t.calibration],
        devices=t.devices,
        ratings=t.ratings,
        index=t.index,
        groups=max(t.groups, default=-1) + 1,
        reports=reports,
        levels=max((island.level for island in t.islands), default=0) + 1,
        nodes=t.nodes,
        buses=t.buses,
        islands=t.islands,
        utilities=t.utilities,
        transformers=t.transformers,
        boards=t.boards,
        transfers=t.transfers,
        ties=t.ties,
        generators=t.generators,
        upses=t.upses,
        servers=t.servers,
        coolings=t.coolings,
        followers=t.followers,
        storages=t.storages,
        counters=t.counters,
        arrays=t.arrays,
        profiles=t.profiles,
        profile_s=t.profile_s,
        profile_values=t.profile_values,
        breakers=t.breakers,
        rooms=t.rooms,
        malfunctions=t.malfunctions,
        ratio=[t.ratios.get(bus, 1.0) for bus in range(len(t.buses))] if t.ratios else [],
        y=[bus.y for bus in t.buses],
        digest=hashlib.sha256(text.encode()).digest(),
    )
