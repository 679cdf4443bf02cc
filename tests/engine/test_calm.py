"""Who is passed by because nothing is new for him decides as he did: a world that asks everybody in every pass comes to the same, to the bit."""

import dataclasses
import random

import pytest
from winter_river.engine import Device, snapshot
from winter_river.engine.world import World

from .test_random_operations import Operator

OPERATIONS = 150


class Asking(World):
    """A world that asks everybody in every pass."""

    __slots__ = ()
    calm = property(lambda self: False, lambda self, value: None)


class Both:
    """One site twice: one as it is, and one that asks everybody; Operator's `told`."""

    def __init__(self, start, devices, calibration):
        self.stories = [start(devices, calibration=calibration) for _ in range(2)]
        self.stories[1].world.__class__ = Asking
        self.plan = self.stories[0].plan

    def tell(self, node_id, **fields):
        for story in self.stories:
            story.tell(node_id, **fields)

    def step(self, dt_s):
        for story in self.stories:
            story.step(dt_s)

    def differences(self):
        """(table, row, field, as it is, asked) of whatever is not the same."""
        as_it_is, asked = (_numbers(story.world) for story in self.stories)
        return [(*place, value, asked[place]) for place, value in as_it_is.items() if value != asked[place]]


def _numbers(world):
    found = {}
    for field in dataclasses.fields(World):
        value = getattr(world, field.name)
        if field.metadata.get("follows") or field.name == "machine":
            continue
        rows = enumerate(value) if isinstance(value, list) else [(0, value)]
        for k, row in rows:
            numbers = dataclasses.asdict(row) if dataclasses.is_dataclass(row) else {"": row}
            found.update({(field.name, k, name): number for name, number in numbers.items()})
    return found


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "site", ["block", "dual_cord", "chain", "two_utilities", "storages", "sunny", "parallel", "tapped", "grids"]
)
def test_to_ask_everybody_changes_nothing(request, story, site, seed):
    devices, rng = request.getfixturevalue(site), random.Random(f"calm {site} {seed}")
    both = Both(story, devices, ("training", "quick", "realistic")[seed % 3])
    operator = Operator(both, rng)
    for turn in range(OPERATIONS):
        operator.turn(devices, [0, 0, 1, 1, 2], 0.1)
        both.step(rng.choice([0.0, 0.1, 1.0, 1.0, 5.0, 30.0, 200.0]))
        as_it_is, asked = both.stories
        assert as_it_is.events == asked.events, turn
        assert both.differences() == [], turn
    assert snapshot(both.plan, as_it_is.world).to_bytes() == snapshot(both.plan, asked.world).to_bytes()
    assert as_it_is.events


def weak_14():
    """Cables so thin that what walks in or runs up pulls everything beside it out of its window, and back."""
    thin = {"feed_resistance_ohm": 0.12, "feed_reactance_ohm": 0.02}
    ups = {"battery_kwh": 2.0, "input_rated_a": 400, "output_rated_a": 400, "output_resistance_ohm": 0.02}
    sts = {"rated_a": 60, "transfer": 1}
    return [
        Device("one", "utility", (), {"voltage_v": 480, "short_circuit_mva": 20}),
        Device("two", "utility", (), {"voltage_v": 480, "short_circuit_mva": 2}),
        Device(
            "gen", "generator", (), {"power_kw": 300, "power_kva": 375, "voltage_v": 480, "transient_reactance_pct": 40}
        ),
        Device("cable", "distribution", ("one",), {"rated_a": 900, **thin}),
        Device("board", "switchgear", ("cable", "gen"), {"rated_a": 900, "transition": 1, **thin}),
        Device("large", "ups", ("board",), {**ups, "power_kva": 150, "power_kw": 150}),
        Device("small", "ups", ("board",), {**ups, "power_kva": 40, "power_kw": 40, "battery_kwh": 0.3}),
        Device("cool", "cooling", ("board",), {"fans": 20, "fan_kw": 4, "rated_a": 300}),
        Device("cold", "cooling", ("small",), {"fans": 10, "fan_kw": 1.5, "rated_a": 300}),
        Device("switch", "switchgear", ("board", "two"), {**sts, "feed_resistance_ohm": 0.05}),
        Device("air", "cooling", ("switch",), {"fans": 20, "fan_kw": 2, "rated_a": 300}),
        Device("far", "server", ("switch",), {"load_kw": 20, "load_kw_max": 200, "rated_a": 300, **thin}),
        Device("rack", "server", ("large",), {"load_kw": 60, "load_kw_max": 200, "rated_a": 300}),
        Device("both", "server", ("small", "board"), {"load_kw": 20, "load_kw_max": 100, "rated_a": 300}),
    ]


@pytest.mark.parametrize("seed", range(4))
def test_nor_where_ramps_pull_voltages_out_of_their_windows(story, seed):
    rng = random.Random(f"weak {seed}")
    both = Both(story, weak_14(), ("training", "quick")[seed % 2])
    for turn in range(40):
        both.tell("one", handle=rng.choice(["on", "on", "off"]))
        both.tell("two", handle=rng.choice(["on", "on", "on", "off"]))
        both.tell("large", handle=rng.choice(["online", "online", "online", "bypass", "eco"]))
        both.tell("small", handle=rng.choice(["online", "online", "eco"]))
        for rack, most_kw in (("far", 60.0), ("rack", 150.0), ("both", 60.0)):
            both.tell(rack, load_set_kw=rng.uniform(0.0, most_kw))
        both.tell("cool", fans_running=rng.randrange(21))
        both.tell("air", fans_running=rng.randrange(21))
        both.tell("cold", fans_running=rng.randrange(11))
        for _ in range(rng.randrange(2, 12)):
            both.step(rng.choice([0.3, 1.0, 3.0, 10.0]))
            assert both.stories[0].events == both.stories[1].events, turn
            assert both.differences() == [], turn
    words = {event.event for event in both.stories[0].events}
    assert words >= {"undervoltage", "transfer"}
