"""Debian's own InfluxDB 1.6 and VictoriaMetrics, started by the test: what was kept is what they answer."""

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest
from held_ports import held_port
from winter_river.deploy.grafana import dashboard, fields_by_unit
from winter_river.store import Keeper
from winter_river.store.sinks import influx
from winter_wire import schema, topics

from .conftest import status

COUNT = 500
START_S_MAX = 90.0


def get(url: str, **query: str) -> bytes:
    with urllib.request.urlopen(f"{url}?{urllib.parse.urlencode(query)}", timeout=60) as answer:
        return answer.read()


class Process:
    """A database of its own folder and ports; start() again after kill()."""

    def __init__(self, command, url, ready) -> None:
        self.command, self.url, self.ready = command, url, ready
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end_s = time.monotonic() + START_S_MAX
        while True:
            try:
                get(f"{self.url}{self.ready}")
                return
            except (urllib.error.URLError, OSError):
                assert self.process.poll() is None and time.monotonic() < end_s, f"{self.command[0]} does not start"
                time.sleep(0.05)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(60)


def needed(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: apt-get install {name.replace('influxd', 'influxdb')}")
    return found


@pytest.fixture
def influxdb(tmp_path):
    program = needed("influxd")
    port, rpc = held_port(), held_port()
    folder = tmp_path / "influx"
    (tmp_path / "influx.conf").write_text(
        f"""reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
[http]
  bind-address = "127.0.0.1:{port}"
"""
    )
    made = Process([program, "-config", str(tmp_path / "influx.conf")], f"http://127.0.0.1:{port}", "/ping")
    yield made
    made.kill()


@pytest.fixture
def victoria(tmp_path):
    program = needed("victoria-metrics")
    port = held_port()
    made = Process(
        [program, f"-httpListenAddr=127.0.0.1:{port}", f"-storageDataPath={tmp_path / 'vm'}", "-retentionPeriod=100y"],
        f"http://127.0.0.1:{port}",
        "/health",
    )
    yield made
    made.kill()


def say(keeper, seqs, begin_s) -> None:
    """One status a second from begin_s on, as a node without our help would have told it."""
    for seq in seqs:
        payload = status(boot=1, seq=seq, voltage_in=480.0 + seq % 10, extra='"vibration_mm_s":1.25')
        keeper.offer("winter-river/ups_a/status", payload, False, time.monotonic() - (begin_s - seq))


def until_taken(keeper, timeout_s=90.0, sent=0) -> None:
    end_s = time.monotonic() + timeout_s
    while (health := keeper.health()).queue or health.sinks["influx"].waiting or health.sinks["influx"].sent < sent:
        assert time.monotonic() < end_s, health
        time.sleep(0.05)


def rows_of(influxdb, query):
    answer = json.loads(get(f"{influxdb.url}/query", db="mqtt_metrics", q=query, epoch="ms"))
    [result] = answer["results"]
    return result.get("series", [])


def kept(keeper, field):
    return keeper.ask(
        lambda c: c.execute(f"SELECT _ms, {field} FROM raw_ups WHERE _quality < 2 ORDER BY _ms").fetchall()
    )


def test_influxdb_has_every_point_also_those_of_the_time_it_was_dead(tmp_path, influxdb) -> None:
    """It is not told of its database before: the first write makes it."""
    with Keeper(tmp_path / "site", sinks=[influx(influxdb.url)]) as keeper:
        say(keeper, range(COUNT // 2), begin_s=COUNT)
        until_taken(keeper)
        influxdb.kill()
        say(keeper, range(COUNT // 2, COUNT), begin_s=COUNT)
        end_s = time.monotonic() + 60
        while not keeper.health().sinks["influx"].failures:
            assert time.monotonic() < end_s
            time.sleep(0.05)
        influxdb.start()
        until_taken(keeper)
        [series] = rows_of(influxdb, "SELECT voltage_in FROM node WHERE quality < 2")
        assert [tuple(row) for row in series["values"]] == kept(keeper, "voltage_in")
        assert len(series["values"]) == COUNT
    [tags] = rows_of(influxdb, "SHOW TAG KEYS FROM node")
    assert [row[0] for row in tags["values"]] == ["node_id", "status", "type"]
    [fields] = rows_of(influxdb, "SHOW FIELD KEYS FROM node")
    assert {"voltage_in", "seq", "boot", "v", "vibration_mm_s", "quality"} <= {row[0] for row in fields["values"]}


def test_victoria_metrics_has_every_point(tmp_path, victoria) -> None:
    with Keeper(tmp_path / "site", sinks=[influx(victoria.url)]) as keeper:
        say(keeper, range(COUNT), begin_s=COUNT)
        until_taken(keeper)
        expected = kept(keeper, "voltage_in")
    assert len(expected) == COUNT
    get(f"{victoria.url}/internal/force_flush")
    exported = get(f"{victoria.url}/api/v1/export", **{"match[]": "node_voltage_in"}).decode().splitlines()
    [series] = [json.loads(line) for line in exported]
    assert series["metric"] == {
        "__name__": "node_voltage_in",
        "node_id": "ups_a",
        "status": "ok",
        "type": "ups",
        "db": "mqtt_metrics",
    }
    assert sorted(zip(series["timestamps"], series["values"], strict=True)) == expected


def test_a_key_is_refused_by_none_of_them(tmp_path, influxdb) -> None:
    with Keeper(tmp_path / "site", sinks=[influx(influxdb.url)]) as keeper:
        payload = status(boot=1, seq=1, extra='"time":3,"a.b/c-d:e":2,"select":1')
        keeper.offer("winter-river/ups_a/status", payload, False, time.monotonic())
        until_taken(keeper, sent=1)
        assert keeper.health().sinks["influx"][:3] == (0, 1, 0)
    [fields] = rows_of(influxdb, "SHOW FIELD KEYS FROM node")
    assert {"a.b/c-d:e", "time_", "select"} <= {row[0] for row in fields["values"]}


def test_every_curve_of_the_generated_dashboard_is_answered(tmp_path, influxdb) -> None:
    """The panels' and variables' own queries, with what Grafana puts in the place of its words."""
    made = dashboard()
    types = [each["name"] for each in made["templating"]["list"] if each["type"] == "query"]
    with Keeper(tmp_path / "site", sinks=[influx(influxdb.url)]) as keeper:
        for type_name in types:
            names = [name for each in fields_by_unit(type_name).values() for name in each]
            node_id = type_name if type_name in topics.VIRTUAL else f"{type_name}_1"
            payload = status(node_id, type_name=type_name, **{name: _fitting(name) for name in names})
            keeper.offer(topics.topic(node_id, topics.STATUS), payload, False, time.monotonic())
        until_taken(keeper)
    asked = 0
    for each in made["templating"]["list"]:
        if each["type"] == "query":
            [found] = rows_of(influxdb, each["query"])
            assert [row[1] for row in found["values"]] in ([each["name"]], [f"{each['name']}_1"])
    for panel in made["panels"]:
        for target in panel.get("targets", ()):
            query = target["query"].replace("$timeFilter", "time > now() - 1h").replace("$__interval", "1m")
            for type_name in types:
                node_id = type_name if type_name in topics.VIRTUAL else f"{type_name}_1"
                query = query.replace(f"${{{type_name}:regex}}", node_id)
            assert rows_of(influxdb, query), query
            asked += 1
    assert asked > 100


def _fitting(name: str) -> float:
    """A number that the contract lets a field have."""
    _, form, _, low, high, _ = schema.ROWS[name]
    value = min(max(1, low), high)
    return int(value) if form == schema.INTEGER else float(value)
