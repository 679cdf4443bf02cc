"""The built-in facilities say what the design says."""

from __future__ import annotations

from pathlib import Path

import pytest
from winter_river.facility import FacilityError, library, load_facility


def test_the_library_has_the_two_sites_of_the_design_and_the_campus() -> None:
    assert library() == ("block-2n-24", "campus-bess", "seed-8")


def test_the_seed_has_one_node_of_each_kind_in_a_row() -> None:
    nodes = load_facility("seed-8").nodes
    assert {node_id: (node.type, node.feeds) for node_id, node in nodes.items()} == {
        "util_a": ("utility", ()),
        "trf_a": ("transformer", ("util_a",)),
        "gen_a": ("generator", ()),
        "sw_a": ("switchgear", ("trf_a", "gen_a")),
        "dist_a": ("distribution", ("sw_a",)),
        "ups_a": ("ups", ("dist_a",)),
        "pdu_a": ("pdu", ("ups_a",)),
        "srv_a": ("server", ("pdu_a",)),
    }


def test_the_training_site_has_two_alike_sides_that_share_nothing() -> None:
    nodes = load_facility("block-2n-24").nodes
    assert len(nodes) == 24
    sides = [[node for node in nodes.values() if f"_{side}" in node.id[-3:]] for side in "ab"]
    assert [len(side) for side in sides] == [12, 12]
    for one, other in zip(*sides, strict=True):
        assert other.id == one.id.replace("_a", "_b")
        assert other.feeds == tuple(feed.replace("_a", "_b") for feed in one.feeds)
        assert (other.type, other.ratings) == (one.type, one.ratings)


# The table of the training facility: what is given for each device, and what of it the file states.
RATINGS = {
    "utility_a": {"voltage_v": 230_000, "short_circuit_mva": 5_000, "x_over_r": 12, "frequency_hz": 60},
    "hv_mv_transformer_a": {
        "power_kva": 10_000, "primary_voltage_v": 230_000, "secondary_voltage_v": 34_500, "impedance_pct": 9.5,
        "no_load_loss_w": 12_000, "load_loss_w": 55_000, "no_load_current_pct": 0.4,
    },
    "mv_switchgear_a": {
        "rated_a": 1200, "pickup_a": 25, "time_multiplier": 1, "instantaneous_pickup_a": 400,
        "feed_resistance_ohm": 0.01, "feed_reactance_ohm": 0.006,
    },
    "mv_lv_transformer_a": {
        "power_kva": 750, "primary_voltage_v": 34_500, "secondary_voltage_v": 480, "impedance_pct": 5.75,
        "no_load_loss_w": 1_100, "load_loss_w": 5_500, "no_load_current_pct": 0.5,
        "feed_resistance_ohm": 0.12, "feed_reactance_ohm": 0.048,
    },
    "lv_switchgear_a": {
        "rated_a": 1000, "pickup_a": 950, "time_multiplier": 1.5, "short_time_pickup_a": 2250,
        "short_time_delay_s": 0.4, "feed_resistance_ohm": 0.00068, "feed_reactance_ohm": 0.0003,
        "second_feed_resistance_ohm": 0.0006, "second_feed_reactance_ohm": 0.001,
    },
    "generator_a": {"power_kw": 600, "power_kva": 750, "voltage_v": 480, "fuel_gal": 800},
    "ups_a": {
        "power_kva": 500, "power_kw": 500, "input_power_factor": 0.99, "input_kw_max": 650, "bypass_loss_kw": 3,
        "charge_kw": 100, "charge_kw_on_generator": 50, "charge_efficiency": 0.9, "battery_kwh": 10.96,
        "battery_kw": 394.7, "input_rated_a": 800, "input_pickup_a": 840, "input_short_time_pickup_a": 2000,
        "input_short_time_delay_s": 0.3, "output_rated_a": 600, "output_pickup_a": 630,
        "output_time_multiplier": 0.5, "output_short_time_pickup_a": 1800, "output_short_time_delay_s": 0.2,
        "feed_resistance_ohm": 0.0008, "feed_reactance_ohm": 0.0013,
        "output_resistance_ohm": 0.0008, "output_reactance_ohm": 0.0004,
    },
    "server_rack_a1": {
        "load_kw": 96, "load_kw_max": 200, "power_factor": 0.98, "rated_a": 150, "pickup_a": 172.5,
        "time_multiplier": 3, "instantaneous_pickup_a": 750, "instantaneous_delay_s": 0.02,
        "feed_resistance_ohm": 0.008, "feed_reactance_ohm": 0.003,
    },
    "cooling_a": {
        "fans": 55, "fan_kw": 0.8, "base_kw": 4, "power_factor": 0.95, "rated_a": 100, "pickup_a": 115,
        "time_multiplier": 3, "instantaneous_pickup_a": 1000, "instantaneous_delay_s": 0.02,
    },
}  # fmt: skip


@pytest.mark.parametrize("node_id", RATINGS)
def test_the_training_site_carries_the_ratings_of_the_design(node_id: str) -> None:
    stated = load_facility("block-2n-24").nodes[node_id].ratings
    assert {name: stated[name] for name in RATINGS[node_id]} == RATINGS[node_id]


@pytest.mark.parametrize("name", ["block-2n-24", "campus-bess", "seed-8"])
def test_a_built_in_site_becomes_a_plan_under_every_calibration(name: str) -> None:
    for calibration in ("training", "quick", "realistic"):
        facility = load_facility(name).with_calibration(calibration)
        assert facility.calibration == calibration
        facility.plan()


def test_an_unknown_name_gives_the_nearest_one() -> None:
    with pytest.raises(FacilityError, match=r"no facility `block-2n-42` .*did you mean `block-2n-24`\?"):
        load_facility("block-2n-42")


def test_a_file_that_is_not_there_is_one_fault_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(FacilityError, match=r"gone\.yaml:1:1: cannot read the file: No such file or directory"):
        load_facility(tmp_path / "gone.yaml")


def test_a_file_by_path_is_read_with_its_path_in_the_faults(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("facility: mine\nnodes: {u: {type: utility, voltage_v: 480}}\n")
    assert load_facility(path).name == "mine"
    path.write_text("facility: mine\nnodes: {u: {type: utility, voltage_v: 48}}\n")
    with pytest.raises(FacilityError) as raised:
        load_facility(str(path))
    (fault,) = raised.value.faults
    assert (fault.path, fault.line, fault.column) == (str(path), 2, 39)


def test_a_node_says_what_its_board_must_know() -> None:
    nodes = load_facility("block-2n-24").nodes
    rack = {"id": "server_rack_b4", "type": "server", "load_set_kw": 96, "load_kw_max": 200}
    assert nodes["server_rack_b4"].settings() == rack
    cooling = {"id": "cooling_a", "type": "cooling", "fans_running": 55, "fans_max": 55}
    assert nodes["cooling_a"].settings() == cooling
    assert nodes["ups_a"].settings() == {"id": "ups_a", "type": "ups"}
