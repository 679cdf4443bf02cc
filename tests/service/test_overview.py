"""A site on one page, from a dump of the bus."""

from winter_river.service.health import picture
from winter_river.service.messages import Incoming
from winter_river.service.overview import lines, overview
from winter_wire import codec, topics

WALL_S = 1_700_000_000
TYPES = {"utility_a": "utility", "ups_a": "ups", "ups_b": "ups"}


def said(node_id, kind, *, retained=False, **fields):
    payload = codec.encode("status", {"v": 1, "node_id": node_id, "type": kind, **fields}, kind)
    return Incoming(topics.topic(node_id, topics.STATUS), payload, retained, 100.0)


HEARD = [
    said("engine", "engine", status="ok", uptime=75, t_s=80.5, speed=1.0, frozen=False, lag_ms=2.0, rejected=3),
    said(
        *("facility", "facility"),
        status="ok",
        source_kw=812.25,
        it_kw=768.0,
        pue=1.06,
        outdoor_c=35.0,
        cold_aisle_c=25.62,
        hot_aisle_c=36.5,
        fans_running=110,
        air_mode="NORMAL",
    ),
    said("utility_a", "utility", status="fault", state="OUTAGE", fault="outage"),
    said("ups_a", "ups", status="ok", state="NORMAL"),
]
ALARMS = [
    {"state": "unacknowledged", "priority": "high", "message": "utility_a is lost"},
    {"state": "shelved", "priority": "low", "message": ""},
]


def page_of(heard, alarms=()):
    return overview(picture(heard), TYPES, alarms, now_s=101.0, wall_s=WALL_S)


def test_page_shows_what_runs_who_is_there_and_what_is_wrong():
    text = lines(page_of(HEARD, ALARMS), broker="mqtt://127.0.0.1:1883", facility="hall", leases=2)
    assert text == [
        "site      hall at mqtt://127.0.0.1:1883",
        "engine    up 75 s, time 80 s, speed 1, 2 ms late, 3 rejected",
        "nodes     2 of 3 online, 1 absent",
        "retained  2 statuses of nodes, 2 of the service, no command",
        "power     sources 812.2 kW, servers 768.0 kW, PUE 1.06",
        "air       outside 35.0 C, cold aisle 25.6 C, hot aisle 36.5 C, 110 fans running, NORMAL",
        "alarms    1 shelved, 1 unacknowledged (high: utility_a is lost)",
        "leases    2 boards have an address of the access point",
        "",
        "  utility_a               online   OUTAGE  fault outage",
        "  ups_b                   absent   -",
    ]


def test_engine_that_only_left_a_status_behind_does_not_run():
    left = [said("engine", "engine", retained=True, status="ok", uptime=75)]
    page = page_of(left)
    assert page["engine"]["running"] is False
    assert lines(page, broker="b", facility="", leases=None)[1].startswith("engine    NOT RUNNING")


def test_retained_command_is_told():
    command = Incoming(topics.topic("ups_a", topics.COMMAND), b'{"command":"open"}', True, 100.0)
    text = lines(page_of([*HEARD, command]), broker="b", facility="hall", leases=None)
    assert "retained  2 statuses of nodes, 2 of the service, COMMANDS: winter-river/ups_a/command" in text
