"""The format of network cases: what is read, and every fault of a file with its place and limit."""

import json

import pytest
from winter_river.engine.network import CaseError, Line, Load, Network, Transformer, read_case

GOOD = {
    "name": "two",
    "network": {
        "vn": [480.0, 480, 208.0],
        "edges": [
            {"t": "line", "a": 0, "b": 1, "r": 0.02, "x": 0.04, "st": 0},
            {"t": "trafo", "a": 1, "b": 2, "sn": 225e3, "uk": 0.045, "pk": 3500, "i0": 0.01, "p0": 300},
        ],
        "loads": [{"n": 2, "p": 2e5, "q": 4e4, "m": "Z"}],
        "sources": [0],
    },
    "v_pu": [[1.0, 0.0], None, 0],
}


def changed(path, value):
    """GOOD as JSON with one value changed, or taken away (value ...)."""
    case = json.loads(json.dumps(GOOD))
    place = case
    *way, last = path
    for step in way:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return json.dumps(case)


def test_a_case_is_read_as_it_stands():
    case = read_case(json.dumps(GOOD))
    assert case.network == Network(
        (480.0, 480.0, 208.0),
        (Line(0, 1, 0.02, 0.04, closed=False), Transformer(1, 2, 225e3, 0.045, 3500.0, 0.01, 300.0)),
        (Load(2, 2e5, 4e4, "Z"),),
        (0,),
    )
    assert case.v_pu == (1.0, 0.0, 0.0)
    assert case.name == "two"


FAULTS = [
    (("network",), ..., "network is null"),
    (("network", "vn"), [], "network.vn has 0 buses"),
    (("network", "vn", 1), -480, "network.vn[1] is -480; above 0"),
    (("network", "vn", 1), "480", 'network.vn[1] is "480"; above 0'),
    (("network", "edges"), {}, "network.edges is {}; a list"),
    (("network", "edges", 0), 7, "edges[0].t is 7; line or trafo"),
    (("network", "edges", 0, "t"), "cable", 'edges[0].t is "cable"; line or trafo'),
    (("network", "edges", 0, "r"), ..., "edges[0].r is missing"),
    (("network", "edges", 0, "x"), float("nan"), "edges[0].x is NaN; a finite number"),
    (("network", "edges", 0, "a"), 3, "edges[0].a is 3; a bus, 0 to 2"),
    (("network", "edges", 0, "a"), True, "edges[0].a is true; a bus, 0 to 2"),
    (("network", "edges", 0, "b"), 0, "edges[0] joins bus 0 to itself"),
    (("network", "edges", 0, "b"), 2, "edges[0] is a line from 480 V to 208 V"),
    (("network", "edges", 0, "st"), 2, "edges[0].st is 2; 1 closed, 0 open"),
    (("network", "edges", 1, "sn"), 0, "edges[1].sn is 0; above 0"),
    (("network", "edges", 1, "pk"), 20e3, "edges[1].pk is 20000; at most uk sn, 10125 W"),
    (("network", "loads", 0, "m"), "Q", 'loads[0].m is "Q"; one of P, I, Z'),
    (("network", "loads", 0, "n"), -1, "loads[0].n is -1; a bus, 0 to 2"),
    (("network", "sources", 0), 9, "network.sources[0] is 9; a bus, 0 to 2"),
    (("v_pu",), ..., "v_pu is missing"),
    (("v_pu",), [[1, 0]], "v_pu is a list of 1; one [re, im] for each of 3 buses"),
    (("v_pu", 1), [1], "v_pu[1] is [1]; [re, im]"),
    (("v_pu", 1), ["1", 0], 'v_pu[1].re is "1"; a finite number'),
]


@pytest.mark.parametrize(("path", "value", "message"), FAULTS, ids=[message for _, _, message in FAULTS])
def test_a_fault_is_named_with_its_place_and_limit(path, value, message):
    with pytest.raises(CaseError) as caught:
        read_case(changed(path, value))
    assert message in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "null", '"x"', '{"network": 3}'])
def test_what_is_no_case_at_all_is_refused_in_words(text):
    with pytest.raises(CaseError):
        read_case(text)


def test_all_faults_of_a_file_are_told_at_once():
    case = json.loads(json.dumps(GOOD))
    case["network"]["edges"][0]["r"] = None
    case["network"]["loads"][0]["m"] = "X"
    with pytest.raises(CaseError) as caught:
        read_case(json.dumps(case))
    assert "edges[0].r" in str(caught.value)
    assert "loads[0].m" in str(caught.value)
