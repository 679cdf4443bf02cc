"""What `nodes` and `doctor` make of a dump of the bus."""

import json

import pytest
from winter_river.service import health
from winter_river.service.messages import Incoming

TYPES = {"utility": "utility", "ups": "ups"}
WALL_S = 1_790_000_000.0
NOW_S = 500.0
BROKER = "mqtt://127.0.0.1:1883"


def said(node_id, *, retained=True, ago_s=0.0, **fields):
    status = {
        "v": 1,
        "node_id": node_id,
        "type": TYPES.get(node_id, node_id),
        "status": "ok",
        "ts": int(WALL_S - ago_s),
        **fields,
    }
    return Incoming(f"winter-river/{node_id}/status", json.dumps(status).encode(), retained, NOW_S - ago_s)


WELL = [said("engine"), said("utility", state="GRID_OK", fw="1.0"), said("ups", state="NORMAL", fw="1.0")]


def rows(messages, types=TYPES):
    return health.rows(health.picture(messages), types, now_s=NOW_S, wall_s=WALL_S)


def findings(messages, types=TYPES):
    return health.findings(health.picture(messages), types, broker=BROKER, now_s=NOW_S, wall_s=WALL_S)


def test_a_healthy_site_has_no_findings():
    assert findings(WELL) == []


def test_rows_follow_the_facility_and_strangers_come_last():
    table = rows([said("ghost", type="server"), *WELL])
    assert [row.id for row in table] == ["utility", "ups", "ghost"]
    assert table[1].state == "NORMAL"


@pytest.mark.parametrize(
    ("fields", "presence", "age_s"),
    [
        pytest.param({"ago_s": 4}, "online", 4, id="recent"),
        pytest.param({"ago_s": 15}, "stale", 15, id="three intervals old"),
        pytest.param({"ago_s": 20}, "offline", 20, id="silent"),
        pytest.param({"status": "offline"}, "offline", 0, id="last will"),
        pytest.param({"ts": 0}, "stale", None, id="remembered, clock not set"),
        pytest.param({"ts": 0, "retained": False, "ago_s": 2}, "online", 2, id="heard just now, clock not set"),
    ],
)
def test_presence_and_age_of_a_node(fields, presence, age_s):
    row = rows([said("ups", **fields)])[1]
    assert (row.presence, row.age_s) == (presence, age_s)


def test_node_nobody_heard_of_is_absent():
    assert rows([])[0].presence == "absent"


@pytest.mark.parametrize(
    ("messages", "what", "cure"),
    [
        pytest.param(WELL[1:], "no engine has ever run", "winter-river run", id="engine absent"),
        pytest.param([*WELL, said("engine", status="offline")], "engine is not running", "winter-river run", id="gone"),
        pytest.param([*WELL, said("engine", ago_s=60)], "said nothing for 60 s", "start it again", id="engine hangs"),
        pytest.param([*WELL, said("engine", laws_broken=2)], "did not hold 2 times", "report", id="law broken"),
        pytest.param([*WELL, said("engine", lag_ms=900)], "900 ms late", "faster machine", id="engine late"),
        pytest.param([*WELL, said("ups", status="offline")], "ups is offline", "winter-river node ups", id="node off"),
        pytest.param(WELL[:2], "ups has never been heard", "winter-river node ups", id="node absent"),
        pytest.param([*WELL, said("ghost", type="server")], "ghost is not a node", "node.json", id="stranger"),
        pytest.param([*WELL, said("ups", type="server")], "its slot is for a ups", "node.json", id="wrong type"),
        pytest.param([*WELL, said("ups", fw="0.9")], "ups run 0.9, others 1.0", "make flash", id="mixed firmware"),
        pytest.param(
            [*WELL, said("ups", retained=False, ts=int(WALL_S) + 3600)],
            "clock of ups is off by +3600 s",
            "time",
            id="ts",
        ),
        pytest.param(
            [*WELL, *(said("ups", retained=False, boot=boot) for boot in (1, 2, 1, 2))],
            "two nodes call themselves ups",
            "its own",
            id="doubled id",
        ),
        pytest.param(
            [*WELL, Incoming("winter-river/ups/command", b'{"command":"open"}', True, NOW_S)],
            "winter-river/ups/command",
            "mosquitto_pub -h 127.0.0.1 -p 1883 -r -n -t winter-river/ups/command",
            id="retained command",
        ),
        pytest.param(
            [*WELL, Incoming("winter-river/ups/status", b"{", True, NOW_S)],
            "cannot be read",
            "make flash",
            id="garbage",
        ),
    ],
)
def test_each_fault_is_found_alone_and_comes_with_its_cure(messages, what, cure):
    found = findings(messages)
    assert len(found) == 1, found
    assert what in found[0].what
    assert cure in found[0].cure


def test_errors_come_before_warnings():
    levels = [finding.level for finding in findings([said("ghost", type="server")])]
    assert levels == sorted(levels)


def test_a_reboot_is_not_a_doubled_id():
    assert findings([*WELL, *(said("ups", retained=False, boot=boot, fw="1.0") for boot in (1, 1, 2, 2))]) == []
