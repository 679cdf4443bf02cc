"""The text that sinks are sent, written out by hand after InfluxDB's own reference of line protocol."""

import json

import pytest
from winter_river.store.model import Happening, Reading
from winter_river.store.sinks import influx, webhook
from winter_river.store.sinks.line import lines

READING = Reading(
    "ups_a", "ups", 1_800_000_000_123, 0, "ok", "NORMAL", "online", "", 7, {"voltage_in": 480.0, "soc_pct": 99.5}
)
EVENT = Happening("engine", 5, 1, 9, 1_800_000_000_123, "ups_a", 12.5, "state", "NORMAL", 'say "on"', 8)


def test_a_reading_is_a_point_with_the_tags_of_the_contract_and_a_field_a_number() -> None:
    assert lines([READING]) == (
        b"node,node_id=ups_a,status=ok,type=ups quality=0,soc_pct=99.5,voltage_in=480.0 1800000000123000000\n"
    )


def test_a_bad_reading_is_a_point_of_its_quality_alone() -> None:
    bad = READING._replace(quality=2, status="offline", type="", numbers={})
    assert lines([bad]) == b"node,node_id=ups_a,status=offline quality=2 1800000000123000000\n"


def test_signs_that_mean_something_are_escaped() -> None:
    odd = READING._replace(type="a b,c=d\\", numbers={"x/y": 1.0, "time": 3.0})
    assert (
        lines([odd])
        == b"node,node_id=ups_a,status=ok,type=a\\ b\\,c\\=d/ quality=0,time_=3.0,x/y=1.0 1800000000123000000\n"
    )


def test_an_event_is_a_point_with_its_words() -> None:
    assert lines([EVENT]) == (
        b'event,event=state,node_id=ups_a id=9,t_s=12.5,from="NORMAL",to="say \\"on\\"" 1800000000123000009\n'
    )


def test_a_webhook_is_told_readings_and_events_in_json() -> None:
    told = json.loads(webhook("http://10.0.0.1/hook").encode([READING, EVENT]))
    [reading], [event] = told["readings"], told["events"]
    assert (reading["unix_s"], reading["quality"], reading["fields"]["soc_pct"]) == (1_800_000_000.123, "good", 99.5)
    assert (event["event"], event["to"], event["cause"]) == ("state", 'say "on"', 8)


def test_addresses_of_both_versions_and_where_their_secrets_go() -> None:
    first = influx("http://127.0.0.1:8086/", secret="user:word")
    assert first.url == "http://127.0.0.1:8086/write?db=mqtt_metrics&precision=ns"
    assert first.headers == {"Authorization": "Basic dXNlcjp3b3Jk"}  # base64 -w0 <<< of user:word
    second = influx("http://127.0.0.1:8086", bucket="b 1", org="me", secret="abc")
    assert second.url == "http://127.0.0.1:8086/api/v2/write?org=me&bucket=b%201&precision=ns"
    assert second.headers == {"Authorization": "Token abc"}
    assert "abc" not in repr(second)


@pytest.mark.parametrize("url", ["", "127.0.0.1:8086", "ftp://a", "http://user:word@host"])
def test_what_is_no_address_is_refused(url) -> None:
    with pytest.raises(ValueError, match="is not an address"):
        influx(url)
