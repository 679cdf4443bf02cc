"""What an engineer and a reliability study see of two sites that differ by one type only: the same."""

import dataclasses
import random

import acting_types as new
from acting_pair import Pair
from winter_river.engine import (
    RELIABILITY,
    apply,
    build_plan,
    explain,
    laws,
    new_world,
    restore,
    snapshot,
    step,
    view,
)
from winter_river.study.assumptions import Assumptions
from winter_river.study.availability import runner as years_runner
from winter_river.study.availability import summary
from winter_river.study.contingency import combinations
from winter_river.study.contingency import runner as losses_runner
from winter_river.study.contingency_tables import findings, single_points
from winter_wire import schema

BLAMES = ("not_solved", "near_collapse", "collapsed")  # their words are ids: where it gives way, for which load
SPARE = ("utility", "meter", "transformer", "generator", "bess", "pv")  # of which this site can lose one


def orders(pair, rng):
    """What may happen to a device of the pair, by its old words: fields of `apply`, whether it is there, seconds."""
    kinds = schema.TYPES[pair.part][schema.MALFUNCTIONS][: new.NEW[pair.part][2]]
    handles = schema.TYPES[pair.part][schema.HANDLES]
    fields = schema.TYPES[pair.part][schema.SETPOINTS]
    others = [node_id for node_id in pair.sites[0].nodes if node_id not in pair.ids]
    resets = 0
    for number in range(90):
        node_id, present, told = rng.choice(pair.ids), True, {}
        choice = rng.choice(("handle", "fault", "fault", "set", "reset", "gone", "other", "other", "load"))
        if choice == "handle":
            told = {"handle": rng.choice(handles)}
        elif choice == "fault":
            kind, severity = rng.choice(kinds)
            sized = "" if severity is None else f"={rng.choice((0.2, 0.5, 1))}~{rng.choice((0, 20))}"
            told = {"fault": f"{kind}{sized}@{rng.choice((0, 3))}"}
        elif choice == "set":
            numbers = {"fans_running": rng.randrange(50), "source_set": rng.choice(schema.SOURCES), "refuels": number}
            told = {name: numbers.get(name, float(rng.randrange(-20, 90))) for name in fields}
            told = {name: abs(each) if name in ("load_set_kw", "fuel_set_pct") else each for name, each in told.items()}
        elif choice == "gone":
            present = False
        elif choice == "other":
            node_id = rng.choice(others)
            first = schema.TYPES[pair.sites[0].nodes[node_id].type][schema.MALFUNCTIONS][0][0]
            told = {"fault": rng.choice(("", "", first))}
        elif choice == "load" and pair.part != "server":
            node_id, told = "rack", {"load_set_kw": rng.choice((20.0, 90.0, 150.0))}
        else:
            resets += 1
            told = {"resets": resets, "fault": "", "handle": handles[0]} if node_id in pair.ids else {}
        yield node_id, told, present, rng.choice((0.1, 1.0, 5.0, 30.0, 600.0))


def it_steps_alike(pair, seed):
    plans = [build_plan(site.devices()) for site in pair.sites]
    worlds = [new_world(plan) for plan in plans]
    states = set()
    for node_id, told, present, seconds in orders(pair, random.Random(seed)):
        events = []
        for k, (plan, world) in enumerate(zip(plans, worlds, strict=True)):
            before = laws.latches(plan, world)
            apply(plan, world, node_id, pair.seen(node_id, told) if k else told, present=present)
            found = step(plan, world, seconds)
            broken = laws.check(plan, world, events=found, before=before)
            assert broken == [], (k, node_id, told, broken)
            events.append(found)
        words = [e._replace(from_=pair.told(e.node_id, e.from_), to=pair.told(e.node_id, e.to)) for e in events[0]]
        assert words == events[1], (node_id, told)
        for other in pair.sites[0].nodes:
            seen = [view(plan, world, other) for plan, world in zip(plans, worlds, strict=True)]
            assert pair.seen(other, seen[0]) == seen[1], (other, told)
            why = [explain.isolation(plan, world, other) for plan, world in zip(plans, worlds, strict=True)]
            assert (why[0] is None) == (why[1] is None)
        states |= {view(plans[0], worlds[0], node_id)["state"] for node_id in pair.ids}
    kept = snapshot(plans[1], worlds[1])
    assert snapshot(plans[1], restore(plans[1], kept)) == kept
    return states


def it_is_blamed_alike(part):
    """A load that a grid cannot carry is named."""
    pair = Pair(part, new.WEAK + new.HEAVY[part])
    events = []
    for site in pair.sites:
        plan = build_plan(site.devices())
        world = new_world(plan)
        apply(plan, world, "utility", {"resets": 1}, present=False)
        step(plan, world, 1.0)
        apply(plan, world, "utility", {}, present=True)
        events.append(step(plan, world, 60.0))
    blamed = [[(e.event, e.t_s, e.node_id, e.from_, e.to) for e in found if e.event in BLAMES] for found in events]
    assert blamed[0] == blamed[1] != []


def it_fails_in_studies(pair):
    outcomes, rows = [], []
    for site in pair.sites:
        devices = site.devices()
        types = {node.id: node.type for node in site.nodes.values()}
        singles = losses_runner(devices, "training", 3600.0)(combinations(devices, 1))
        found = findings(singles, [], types)
        outcomes.append((singles, found.racks, single_points(found, types)))
        run = years_runner(devices, "training", seed=1, world_years=60.0, assumptions=Assumptions())
        rows.append(summary(devices, run(range(1)), 60.0))
    assert outcomes[0] == outcomes[1]
    assert any(outcome.dark for outcome in outcomes[0][0] if outcome.lost[0] in pair.ids) or pair.part in SPARE
    named = [dataclasses.replace(row, type=pair.name if row.type == pair.part else row.type) for row in rows[0]]
    assert named == list(rows[1])
    assert RELIABILITY[pair.name] == RELIABILITY[pair.part] != ()
