"""What a study remembers of a world: everything that decides what will happen, or a reason why not is here.

Each number of each record of a site at rest is moved, one at a time; then either the site is no longer at rest, or its key
is another. So a new field, or the record of a new kind, is named here where study/watch.py does not know it.
"""

import random

import pytest
from winter_river import load_facility
from winter_river.engine import Device, apply, build_plan, new_world, next_change_s, step
from winter_river.engine.layout import ROWS, tables
from winter_river.engine.units import ALWAYS_S, NEVER_S
from winter_river.engine.words import MALFUNCTIONS
from winter_river.engine.world import World
from winter_river.study.availability import steady
from winter_river.study.rates import failures
from winter_river.study.records import story_of
from winter_river.study.watch import is_at_rest, is_watched_always, key_size, sign_now, still_in_s

SITES = ("block-2n-24", "campus-bess")
LATER_S = 12.5

HISTORY = "tells of what was: causes, counts, energies, the clock of something that stands still"
FOLLOWS = "is worked out anew by the settling that follows whatever is done"
TOLD = "was told already; at rest it is what it follows"
WAITS = "waits for something only while an instant is due that is looked at"
SEVERE = "is a severity, which is in the key with its malfunction"
FIRST = "is waited for by the first of them all (World.server_due_s, breaker_due_s)"
SET = "is set by people, which no study does"
WARNS = "only warns"
STANDS = "is what the site at rest loads it with: alike where the key is"
NO_SHORT = "is of a short circuit, which no study has"
NO_AGE = "stands still in a study, where nothing ages"
LEFT_OUT = {
    "nodes": {
        TOLD: "present_seen handle_seen fault_seen supplied_seen live_seen touched reset_due",
        HISTORY: "resets origin last",
        FOLLOWS: "supplied feeder blame state",
    },
    **{
        key: {HISTORY: "kwh back_kwh kw since_s"}
        for key in ("meters", "island_meters", "ups_meters", "demand_meters", "storage_meters")
    },
    "islands": {
        HISTORY: "told over",
        FOLLOWS: "live dirty converged solver collapsed emf loss_kw",
        NO_SHORT: "left_pu short_s",
    },
    "lows": {HISTORY: "source told over"},
    "utilities": {SEVERE: "sag_pu swell_pu off_pu", NO_SHORT: "tripped"},
    "transfers": {HISTORY: "opened_s closed_s gap_s first_since_s second_since_s", WAITS: "sync_s"},
    "generators": {
        HISTORY: "cranks fuel_since_s refuels",
        "counts in every mode but at rest and RUNNING, and there only with a run_h_max: both wait for an instant": "since_s",
        "is over, or there is no rest (test_a_dip_of_its_speed_is_no_rest)": "dip_pu dip_since_s",
        STANDS: "load_kw inner_pu terminal_pu",
        FOLLOWS: "fuel_gal_h",
        WAITS: "start_s swing swing_s swing_pu piece told",
        "is where it ends while cold; a warm set starts as any other, and too hot gets only one with a malfunction that "
        "no study has": "coolant_c coolant_end_c coolant_tau_s coolant_since_s",
        SET: "fuel_set_pct",
        SEVERE: "oil_lost_pu over_speed_pu leak_pu_h cooling_lost_pu",
        "lasts until it is filled again, or there is no rest": "fuel_gal",
    },
    "upses": {
        TOLD: "refused",
        HISTORY: "rectifier_s bypass_since_s energy_since_s turned_s load_cause",
        FOLLOWS: "handle out_kw out_kva in_kw loss_kw charge_kw discharge_kw peukert_kw energy_kw overload_rate",
        SEVERE: "battery_ok battery_lost_pu charger_lost_pu",
        NO_AGE: "worn_pu",
        WAITS: "piece calm_s outside_s",
        "counts as full or empty only": "energy_kwh",
    },
    "servers": {
        SET: "load_set_kw",
        FOLLOWS: "load_kw",
        WAITS: "dose dose_rate",
        HISTORY: "dose_since_s stopped_s",
        FIRST: "due_s",
    },
    "coolings": {
        SET: "fans_set",
        SEVERE: "fans_lost_pu dry_pu",
        FOLLOWS: "load_kw",
        WAITS: "piece restart_s",
        HISTORY: "ramp_s",
    },
    "storages": {
        SET: "setpoint_kw",
        SEVERE: "limit_pu cooling_lost_pu",
        FOLLOWS: "power_kw loss_kw drain_kw",
        HISTORY: "energy_since_s cells_since_s",
    },
    "arrays": {SET: "limit_set_kw", SEVERE: "clouded_pu limit_pu", FOLLOWS: "possible_kw power_kw"},
    "profiles": {"has one value in a study": "place lap value due_s"},
    "breakers": {FOLLOWS: "current_pu rate", HISTORY: "since_s cause", WAITS: "short_s instant_s", FIRST: "due_s"},
    "transformers": {
        FOLLOWS: "held",
        NO_AGE: "aged_h",
        WARNS: "oil_c fast_k slow_k oil_end_c gradient_end_k since_s load_pu ambient_c cooling_lost_pu blocked_pu hot due_s",
    },
    "rooms": {FOLLOWS: "tau_s supply_c it_kw flow_m3s blown still units", HISTORY: "since_s event"},
    "malfunctions": {WAITS: "wanted before_pu end_pu ramp_s delay_s start_s piece due_s"},
}


def moved(value):
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    return LATER_S if value in (NEVER_S, ALWAYS_S) else value + 0.125


@pytest.fixture(scope="module")
def rests():
    """Sites at rest: plan, world, story."""
    found = []
    for site in SITES:
        devices = steady(load_facility(site).devices())
        plan = build_plan(devices, ages=False)
        world, ways = new_world(plan), failures(devices)
        story = story_of(plan, ways, range(len(ways)), world)
        assert is_at_rest(plan, world, story)
        found.append((plan, world, story))
    return found


def unseen(plan, world, story):
    """Each (list, field) that can be moved without the study seeing it, in any of its rows."""
    assert is_at_rest(plan, world, story)
    key = story.key[: story.key_count]
    for table in tables(World):
        for record in getattr(world, table.name) if table.shape == ROWS and table.saved else ():
            for name, _ in table.fields:
                before = getattr(record, name)
                setattr(record, name, moved(before))
                seen = not is_at_rest(plan, world, story) or story.key[: story.key_count] != key
                setattr(record, name, before)
                if not seen:
                    yield table.name, name


def test_whatever_decides_what_will_happen_is_in_the_key_or_left_out_for_a_reason(rests):
    found = {place for rest in rests for place in unseen(*rest)}
    reasons = {(rows, name) for rows, by in LEFT_OUT.items() for names in by.values() for name in names.split()}
    assert sorted(found - reasons) == [], "add them to is_at_rest (study/watch.py), or here with the reason why not"
    assert sorted(reasons - found) == [], "these are seen: no reason is needed"


def test_every_list_of_a_world_has_a_row_here(rests):
    lists = {table.name for table in tables(World) if table.shape == ROWS and table.saved}
    filled = {name for name in lists for _, world, _ in rests if getattr(world, name)}
    assert sorted(lists - filled) == ["ties"], "add a site to SITES that has such a device"


def test_a_key_has_as_many_numbers_as_there_is_room_for(rests):
    for plan, world, story in rests:
        assert is_at_rest(plan, world, story)
        assert story.key_count == key_size(plan) == len(story.key)


def on_its_set(**generator):
    """Racks straight on a set, on which nothing is due by itself: its utility is out."""
    devices = [
        Device("u", "utility", (), {"voltage_v": 480, "short_circuit_mva": 50}),
        Device("g", "generator", (), {"power_kw": 300, "power_kva": 375, "voltage_v": 480, **generator}),
        Device("s", "switchgear", ("u", "g"), {"rated_a": 600, "transition": 1}),
        Device("r", "server", ("s",), {"load_kw": 100, "load_kw_max": 200, "rated_a": 300}),
    ]
    plan = build_plan(devices, ages=False)
    world, ways = new_world(plan), failures(devices)
    apply(plan, world, "u", {"fault": "outage"}, present=True)
    return plan, world, story_of(plan, ways, range(len(ways)), world)


def test_a_dip_of_its_speed_is_no_rest():
    plan, world, story = on_its_set()
    step(plan, world, 13.0)  # racks are on it since 11 s (1 s of outage, 8.7 of start, 0.3, and a second)
    assert world.generators[0].dip_pu > 0.0
    left_s = still_in_s(plan, world)
    assert 0.0 < left_s <= 5.0 and not is_at_rest(plan, world, story)  # ISO 8528-5, G2: back within 5 s
    step(plan, world, left_s + 1.0)
    assert is_at_rest(plan, world, story)


def test_a_set_that_may_not_run_for_ever_does_not_rest():
    plan, world, story = on_its_set(run_h_max=24)
    step(plan, world, 3600.0)
    assert not is_at_rest(plan, world, story)
    without = on_its_set()
    step(*without[:2], 3600.0)
    assert is_at_rest(*without)


@pytest.mark.parametrize("site", SITES)
def test_no_sign_changes_unseen_while_nothing_is_said_to_move(site):
    devices = steady(load_facility(site).devices())
    plan = build_plan(devices, ages=False, reports=False)
    world, rng = new_world(plan), random.Random(site)
    signs = story_of(plan, failures(devices), range(len(failures(devices))), world).signs
    shown = [sign_now(plan, world, r) for r in signs]
    moved = unmoved = 0
    broken = ""
    for _ in range(2000):
        # One device breaks or is mended, then the site goes on from change to change.
        if rng.random() < 0.05 and broken:
            apply(plan, world, broken, {"fault": "", "resets": rng.randrange(1000)}, present=True)
            broken = ""
        elif rng.random() < 0.05 and not broken:
            broken = rng.choice(devices).id
            apply(
                plan,
                world,
                broken,
                {"fault": next(iter(MALFUNCTIONS[plan.nodes[plan.index[broken]].type]))[0]},
                present=True,
            )
        world.moved = False
        step(plan, world, min(next_change_s(plan, world), 3600.0))
        shows = [sign_now(plan, world, r) for r in signs]
        changed = [r for r, one, two in zip(signs, shown, shows, strict=True) if one != two]
        assert world.moved or all(is_watched_always(r) for r in changed)
        moved, unmoved, shown = moved + bool(changed), unmoved + (not world.moved), shows
    assert moved > 50
    assert unmoved > 200
