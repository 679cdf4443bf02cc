"""Generated facilities: any size, valid by the same checks, the same every time."""

from __future__ import annotations

import pytest
from winter_river.facility import Facility, generate, load_facility, parse_facility, to_yaml


def content(facility: Facility) -> dict[str, object]:
    """A facility as plain values, to compare."""
    return {node.id: (node.type, node.feeds, dict(node.ratings), node.title) for node in facility.nodes.values()}


@pytest.mark.parametrize("nodes", [9, 12, 24, 27, 100, 101, 1000, 2400])
def test_a_facility_has_the_number_of_nodes_asked_for(nodes: int) -> None:
    assert len(generate(nodes).nodes) == nodes


def test_two_sides_are_the_training_site() -> None:
    made = generate(24).nodes
    pattern = load_facility("block-2n-24").nodes
    assert set(made) == set(pattern)
    for node_id, node in made.items():
        assert (node.type, node.feeds, node.ratings) == (
            pattern[node_id].type,
            pattern[node_id].feeds,
            pattern[node_id].ratings,
        )


def test_the_27th_side_has_a_name_of_two_letters() -> None:
    made = generate(27 * 12).nodes
    assert made["server_rack_aa4"].feeds == ("ups_aa",)
    assert made["lv_switchgear_z"].feeds == ("mv_lv_transformer_z", "generator_z")


@pytest.mark.parametrize("nodes", [9, 24, 50, 2400])
def test_what_is_written_reads_back_the_same(nodes: int) -> None:
    facility = generate(nodes, name="mine", calibration="quick")
    again = parse_facility(to_yaml(facility))
    assert (again.name, again.calibration) == ("mine", "quick")
    assert content(again) == content(facility)


@pytest.mark.parametrize("name", ["block-2n-24", "seed-8"])
def test_a_built_in_site_written_out_reads_back_the_same(name: str) -> None:
    facility = load_facility(name)
    assert content(parse_facility(to_yaml(facility))) == content(facility)


def test_the_same_size_gives_the_same_bytes() -> None:
    assert to_yaml(generate(100)) == to_yaml(generate(100))


@pytest.mark.parametrize("nodes", [-1, 0, 8, 10_001])
def test_a_size_outside_the_limits_is_refused_with_them(nodes: int) -> None:
    with pytest.raises(ValueError, match=f"nodes is {nodes}; must be 9 to 10000"):
        generate(nodes)
