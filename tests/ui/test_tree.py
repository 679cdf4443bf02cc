"""The one-line tree of a site."""

from collections.abc import Mapping

import pytest
from winter_river.facility import Node, generate, load_facility
from winter_river.ui.tree import rows


def nodes(**feeds: tuple[str, ...]) -> Mapping[str, Node]:
    return {node_id: Node(node_id, "switchgear", fed_by) for node_id, fed_by in feeds.items()}


def drawn(found: Mapping[str, Node]) -> list[str]:
    return [row.prefix + row.text for row in rows(found)]


def test_chain_stays_in_one_column() -> None:
    assert drawn(nodes(a=(), b=("a",), c=("b",))) == ["a", "b", "c"]


def test_branches_are_drawn_below_what_feeds_them() -> None:
    site = nodes(a=(), b=("a",), c=("b",), d=("b",), e=("c",), f=("c",))
    assert drawn(site) == ["a", "b", "├╴c", "│ ├╴e", "│ └╴f", "└╴d"]


def test_standby_source_stands_on_top_with_what_it_waits_for() -> None:
    site = nodes(utility=(), board=("utility", "generator"), generator=(), load=("board",))
    assert drawn(site) == ["generator", "utility", "board", "load"]
    by_id = {row.node_id: row for row in rows(site)}
    assert by_id["generator"].also == ("to board",)
    assert by_id["board"].also == ("generator",)


def test_separate_sides_have_titles() -> None:
    site = nodes(utility_a=(), load_a1=("utility_a",), utility_b=(), load_b1=("utility_b",))
    assert drawn(site) == ["side A", "utility_a", "load_a1", "side B", "utility_b", "load_b1"]
    assert rows(site)[0].node_id == ""


def test_sides_joined_by_a_second_cord_are_one() -> None:
    site = nodes(utility_a=(), utility_b=(), rack=("utility_a", "utility_b"))
    assert drawn(site) == ["utility_b", "utility_a", "rack"]


@pytest.mark.parametrize("name", ["seed-8", "block-2n-24"])
def test_library_site_shows_every_node_once_below_its_normal_source(name: str) -> None:
    site = load_facility(name).nodes
    shown = [row.node_id for row in rows(site) if row.node_id]
    assert sorted(shown) == sorted(site)
    for node in site.values():
        if node.feeds:
            assert shown.index(node.feeds[0]) < shown.index(node.id)


def test_deep_and_wide_sites_are_drawn() -> None:
    deep = nodes(n0=(), **{f"n{depth}": (f"n{depth - 1}",) for depth in range(1, 5000)})
    assert len(rows(deep)) == 5000
    assert sum(bool(row.node_id) for row in rows(generate(500).nodes)) == 500
