"""What the engine believes of a status."""

import json

import pytest
from winter_river.service.statuses import read


def status(**fields):
    return json.dumps({"v": 1, "node_id": "a", "status": "ok", **fields}).encode()


def reading(type_name, **fields):
    return read(status(**fields), node_id="a", type_name=type_name)


def test_own_fields_are_read_and_echoes_are_not():
    found, why = reading("server", type="server", handle="off", load_set_kw=96, power_kw=5000, state="FAULT", resets=2)
    assert why == ""
    assert found.own == {"handle": "off", "load_set_kw": 96, "resets": 2}


def test_last_will_is_not_alive():
    assert reading("ups", type="ups", status="offline")[0].alive is False


def test_bare_status_of_three_fields_is_enough():
    found, why = reading("ups")
    assert (found.alive, found.own, found.timeline, why) == (True, {}, 0, "")


def test_another_type_is_named_and_its_fields_mean_nothing_here():
    found, _ = reading("ups", type="server", handle="on", load_set_kw=1)
    assert (found.type, found.own) == ("server", {})


@pytest.mark.parametrize(
    ("type_name", "fields"),
    [
        pytest.param("ups", {"node_id": "b"}, id="says it is another node"),
        pytest.param("ups", {"status": "fine"}, id="unknown status word"),
        pytest.param("ups", {"type": "toaster"}, id="type nobody knows"),
        pytest.param("ups", {"handle": "closed"}, id="handle of another type"),
        pytest.param("ups", {"handle": 1}, id="handle is a number"),
        pytest.param("ups", {"fault": "meteor"}, id="unknown fault"),
        pytest.param("utility", {"fault": "sag=much"}, id="severity is a word"),
        pytest.param("utility", {"fault": "sag=nan"}, id="severity is not a number"),
        pytest.param("utility", {"fault": "sag=1.5"}, id="severity above one"),
        pytest.param("utility", {"fault": ","}, id="empty faults"),
        pytest.param("switchgear", {"source_set": "third"}, id="source that does not exist"),
        pytest.param("server", {"load_set_kw": -1}, id="negative load"),
        pytest.param("server", {"load_set_kw": "96"}, id="load is text"),
        pytest.param("server", {"load_set_kw": True}, id="load is a flag"),
        pytest.param("ups", {"resets": 1.5}, id="half a reset"),
        pytest.param("ups", {"seq": -1}, id="negative sequence"),
        pytest.param("ups", {"boot": 2**31}, id="boot out of range"),
        pytest.param("ups", {"voltage_in": 1e300}, id="echo out of range"),
    ],
)
def test_what_does_not_fit_the_type_refuses_the_whole_status(type_name, fields):
    found, why = reading(type_name, **fields)
    assert found is None
    assert why


@pytest.mark.parametrize("fault", ["", "outage", "sag=0.3", "outage,sag=0.25,fault"])
def test_faults_of_the_type_are_taken_as_written(fault):
    assert reading("utility", fault=fault)[0].own["fault"] == fault


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="half an object"),
        pytest.param(b"[1,2]", id="a list"),
        pytest.param(b"\xff\xfe{}", id="not UTF-8"),
        pytest.param(b'{"v":1,"node_id":"a","status":"ok","current":NaN}', id="NaN"),
        pytest.param(b'{"v":1,"node_id":"a","status":"ok","current":1e999}', id="infinity by overflow"),
        pytest.param(b'{"v":1,"node_id":"a","status":"ok","x":"' + b"x" * 1024 + b'"}', id="over 1024 bytes"),
        pytest.param(b"[" * 1000, id="nested too deep"),
        pytest.param(b'{"v":1,"node_id":"a"}', id="no status"),
        pytest.param(b'{"v":2,"node_id":"a","status":"ok"}', id="another version"),
    ],
)
def test_bytes_that_are_no_status_are_refused_with_a_reason(payload):
    found, why = read(payload, node_id="a", type_name="ups")
    assert found is None
    assert why.startswith(("schema: ", "size: "))
