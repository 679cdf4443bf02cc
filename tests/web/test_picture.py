"""Deltas: laid over the picture before, they give the picture now."""

import copy

from hypothesis import given
from hypothesis import strategies as st
from winter_river.web.picture import QUICK, Reports, delta

VALUES = st.one_of(st.integers(0, 3), st.sampled_from(["a", "b"]), st.booleans())
ROWS = st.dictionaries(st.sampled_from(["state", "power_kw", "uptime"]), VALUES)
PICTURES = st.fixed_dictionaries(
    {
        "nodes": st.fixed_dictionaries({"ups_a": ROWS, "gen_a": ROWS}),
        "flows": st.fixed_dictionaries({"gen_a-ups_a": ROWS}),
        "paint": ROWS,
        "facility": ROWS,
        "clock": ROWS,
        "exercise": st.one_of(st.none(), ROWS),
    }
)


def laid_over(before, change):
    """As the page does it: null takes a field out."""
    made = copy.deepcopy(before)
    for name, value in change.items():
        if name == "nodes":
            for node_id, row in value.items():
                made[name][node_id] = laid(made[name][node_id], row)
        elif name in ("flows", "paint", "facility"):
            made[name] = laid(made[name], value)
        else:
            made[name] = value
    return made


def laid(row, change):
    return {name: value for name, value in {**row, **change}.items() if value is not None}


def without_quick(picture):
    nodes = {
        node_id: {name: value for name, value in row.items() if name not in QUICK}
        for node_id, row in picture["nodes"].items()
    }
    return picture | {"nodes": nodes}


@given(before=PICTURES, now=PICTURES)
def test_delta_laid_over_the_picture_before_gives_the_picture_now(before, now):
    assert without_quick(laid_over(before, delta(before, now))) == without_quick(now)


def test_nothing_new_is_an_empty_delta():
    picture = {"nodes": {"ups_a": {"uptime": 1, "state": "NORMAL"}}, "paint": {}, "exercise": None}
    later = {"nodes": {"ups_a": {"uptime": 2, "state": "NORMAL"}}, "paint": {}, "exercise": None}
    assert delta(picture, later) == {}


def test_a_report_is_read_once_and_anew_when_it_changes():
    reports = Reports()
    first = b'{"v":1,"node_id":"ups_a","type":"ups","status":"ok","handle":"bypass","mode":"local"}'
    assert reports.of("ups_a", "ups", first) == {"handle": "bypass", "mode": "local"}
    assert reports.of("ups_a", "ups", first) is reports.of("ups_a", "ups", first)
    assert reports.of("ups_a", "ups", b"not json") == {}
    assert reports.of("ups_a", "ups", None) == {}
