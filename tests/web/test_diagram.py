"""The one-line diagram: golden for both facilities, and true of any: nothing overlaps, lines are square, ids are stable."""

import itertools
import os
import re
import xml.etree.ElementTree as xml
from pathlib import Path

import pytest
from winter_river.facility import load_facility
from winter_river.facility.generate import generate
from winter_river.facility.model import Facility, Node
from winter_river.web import diagram_sizes
from winter_river.web.diagram import draw
from winter_river.web.diagram_layout import lay_out
from winter_river.web.diagram_ranks import rank, sides_of
from winter_river.web.painting import has_battery

GOLDEN = Path(__file__).parent / "golden"


def two_cords():
    """Racks with a cord on either side, many loads behind one UPS, and a load that belongs to no side."""
    base = load_facility("block-2n-24")
    nodes = {node_id: node for node_id, node in base.nodes.items() if node.type != "server"}
    ratings = base.nodes["server_rack_a1"].ratings
    pdu = load_facility("seed-8").nodes["pdu_a"]
    for side in "ab":
        nodes[f"pdu_{side}"] = Node(f"pdu_{side}", "pdu", (f"ups_{side}",), pdu.ratings)
    for k in range(14):
        nodes[f"row_a{k}"] = Node(f"row_a{k}", "server", ("ups_a",), ratings)
    for k in range(5):
        nodes[f"dual_{k}"] = Node(f"dual_{k}", "server", ("pdu_a", "pdu_b"), ratings)
    return Facility("two-cords", "training", nodes)


def bypassed():
    """Boards that have the UPS and, around it, what feeds it; one in the middle of its brothers, and a row of racks, too."""
    base = load_facility("seed-8").nodes
    gear, ups, pdu, rack = (base[name] for name in ("dist_a", "ups_a", "pdu_a", "srv_a"))
    nodes = {
        "util": Node("util", "utility", (), base["util_a"].ratings),
        "sw": Node("sw", "switchgear", ("util",), base["sw_a"].ratings),
    }
    for k, feeds in enumerate([("ups0", "sw"), ("ups1",), ("ups1", "sw"), ("ups1",), ("ups2", "out"), ("out2", "sw")]):
        nodes[f"pdu{k}"] = Node(f"pdu{k}", "pdu", feeds, pdu.ratings)
        nodes[f"row{k}"] = Node(f"row{k}", "server", (f"pdu{k}",), rack.ratings)
    nodes["row7"] = Node("row7", "server", ("ups0", "sw"), rack.ratings)
    for k in range(3):
        nodes[f"ups{k}"] = Node(f"ups{k}", "ups", ("sw",), ups.ratings)
    nodes["out"] = Node("out", "distribution", ("sw",), gear.ratings)
    nodes["out2"] = Node("out2", "distribution", ("ups2",), gear.ratings)
    return Facility("bypassed", "training", nodes)


FACILITIES = {
    "bypassed": bypassed,
    "seed-8": lambda: load_facility("seed-8"),
    "block-2n-24": lambda: load_facility("block-2n-24"),
    "two-cords": two_cords,
    "generated-500": lambda: generate(500),
}


@pytest.fixture(params=FACILITIES)
def facility(request):
    return FACILITIES[request.param]()


@pytest.mark.parametrize("name", ["seed-8", "block-2n-24"])
def test_diagram_is_the_golden_one(name):
    """To renew after a change that was looked at: GOLDEN=1 pytest tests/web/test_diagram.py"""
    drawn = draw(load_facility(name))
    path = GOLDEN / f"{name}.svg"
    if os.environ.get("GOLDEN"):
        path.write_text(drawn, encoding="utf-8")
    assert drawn == path.read_text(encoding="utf-8")


def test_every_node_and_line_has_its_id_once(facility):
    root = xml.fromstring(draw(facility))
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    wanted = {f"node-{node_id}" for node_id in facility.nodes}
    wanted |= {
        f"{kind}-{feed}-{node.id}"
        for node in facility.nodes.values()
        for feed in node.feeds
        for kind in ("edge", "flow")
    }
    assert wanted <= set(ids)


def test_no_two_nodes_touch(facility):
    """Symbols of 40 x 40 with air of 20 around them never meet: whoever shares a row stands 60 apart."""
    by_row = {}
    for spot in lay_out(facility).spots.values():
        by_row.setdefault(spot.y, []).append(spot.x)
    for row in by_row.values():
        row.sort()
        assert all(right - left >= 60 for left, right in itertools.pairwise(row))


def test_lines_run_square_and_end_at_their_node(facility):
    layout = lay_out(facility)
    for node in facility.nodes.values():
        spot = layout.spots[node.id]
        for feed, port in zip(node.feeds, spot.ports, strict=True):
            points = layout.edges[f"{feed}-{node.id}"]
            assert points[-1] == (port, spot.y - diagram_sizes.HALF)
            assert all(a[0] == b[0] or a[1] == b[1] for a, b in itertools.pairwise(points))


def test_no_line_runs_through_the_symbol_of_a_node_that_it_passes(facility):
    layout = lay_out(facility)
    for node in facility.nodes.values():
        for feed in node.feeds:
            for a, b in itertools.pairwise(layout.edges[f"{feed}-{node.id}"]):
                for other, spot in layout.spots.items():
                    ring_x = spot.x + diagram_sizes.RING_X if has_battery(facility.nodes[other].type) else spot.x
                    near = abs(a[0] - spot.x) < diagram_sizes.HALF or abs(a[0] - ring_x) < diagram_sizes.RING_R
                    inside = a[0] == b[0] and near and a[1] < spot.y < b[1]
                    assert not inside or other in (feed, node.id), f"{feed} to {node.id} through {other}"


def test_power_flows_down_the_page(facility):
    rows = rank(facility).rows
    assert all(rows[feed] < rows[node.id] for node in facility.nodes.values() for feed in node.feeds)


def test_the_same_voltage_stands_in_the_same_rows_on_both_sides():
    facility = load_facility("block-2n-24")
    rows = rank(facility).rows
    for node_id, row in rows.items():
        assert rows[re.sub(r"_a(\d?)$", r"_b\1", node_id)] == row


def test_bands_name_the_voltages_from_the_highest():
    assert [voltage_v for voltage_v, _ in rank(load_facility("block-2n-24")).bands] == [230_000, 34_500, 480]


def test_lines_of_the_training_facility_do_not_cross():
    layout = lay_out(load_facility("block-2n-24"))
    pieces = [(key, (a, b)) for key, points in layout.edges.items() for a, b in itertools.pairwise(points) if a != b]
    for k, (key, one) in enumerate(pieces):
        for other_key, other in pieces[k + 1 :]:
            if key != other_key:
                assert not _cross(one, other), (key, other_key)


def _cross(one, other):
    """Whether a level and an upright piece of line cross inside both."""
    for level, upright in ((one, other), (other, one)):
        if level[0][1] == level[1][1] and upright[0][0] == upright[1][0]:
            x, y = upright[0][0], level[0][1]
            left, right = sorted((level[0][0], level[1][0]))
            top, bottom = sorted((upright[0][1], upright[1][1]))
            return left < x < right and top < y < bottom
    return False


def test_sides_are_told_by_the_letter_an_id_ends_with():
    sides = sides_of(two_cords())
    assert (sides["ups_a"], sides["pdu_b"], sides["row_a3"], sides["dual_2"]) == ("A", "B", "A", "")


def test_a_position_in_the_file_is_kept():
    facility = load_facility("seed-8")
    nodes = dict(facility.nodes)
    ups = nodes["ups_a"]
    nodes["ups_a"] = Node(ups.id, ups.type, ups.feeds, ups.ratings, position=(5, 2))
    spot = lay_out(Facility("placed", "training", nodes)).spots["ups_a"]
    left, top = diagram_sizes.MARGIN_LEFT, diagram_sizes.MARGIN_TOP
    assert (spot.x - left, spot.y - top) == (5 * diagram_sizes.GRID_X, 2 * diagram_sizes.GRID_Y)


def test_a_large_site_is_laid_out_about_as_wide_as_a_screen():
    layout = lay_out(generate(500))
    assert 1.2 < layout.width / layout.height < 2.4


def test_titles_cannot_bring_in_markup():
    facility = load_facility("seed-8")
    nodes = dict(facility.nodes)
    ups = nodes["ups_a"]
    nodes["ups_a"] = Node(ups.id, ups.type, ups.feeds, ups.ratings, title='"><script>alert(1)</script>')
    drawn = draw(Facility("x", "training", nodes, title='<img src=x onerror="alert(1)">'))
    tags = {element.tag.partition("}")[2] for element in xml.fromstring(drawn).iter()}
    assert tags == {"svg", "style", "g", "path", "rect", "circle", "text", "tspan", "title"}


def test_drawing_ten_thousand_nodes_ends():
    """The largest facility there may be; a drawing of it is of little use, but must not hang the page."""
    assert draw(generate(10_000)).count('class="node type-') == 10_000
