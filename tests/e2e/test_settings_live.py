"""Settings of a whole run changed through its page while it lasts: real broker, engine, nodes, store and server."""

import contextlib
import json
import threading
import time
import tomllib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from held_ports import held_port
from winter_river.audit import latest
from winter_river.cli.live import live
from winter_river.facility import load_facility
from winter_river.service import ports
from winter_river.service.broker import start_broker
from winter_river.service.client import BusClient
from winter_river.settings import Settings, load_settings
from winter_wire import topics

LOOPBACK = "127.0.0.1"


class Ear:
    """A web server that keeps what is posted to it."""

    def __init__(self):
        self.bodies, self.headers = [], []
        ear = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                ear.headers.append(dict(self.headers))
                ear.bodies.append(self.rfile.read(int(self.headers["content-length"])).decode())
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        self.url = f"http://{LOOPBACK}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def ear():
    made = Ear()
    yield made
    made.close()


class Run:
    """A run and a browser at it."""

    def __init__(self, running, client, folder):
        self.running, self.client, self.folder = running, client, folder
        self.service, self.site = running.service, running.service.site
        self.file = folder / "config" / "winter-river.toml"

    def facts(self):
        return self.client.get("/api/v1/settings").json()

    def value(self, name):
        return next(field["value"] for field in self.facts()["fields"] if field["name"] == name)

    def set(self, *, tag="", secrets=None, **values):
        return self.client.post("/api/v1/settings", json={"tag": tag, "values": values, "secrets": secrets or {}})

    def done(self, **values):
        answer = self.set(**values)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, status, **values):
        answer = self.set(**values)
        assert answer.status_code == status, answer.text
        return answer.json()

    def written(self):
        return load_settings(directories=[self.file.parent])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    with contextlib.ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for name in ("CONFIG", "DATA", "LOG"):
            patch.setenv(f"WINTER_RIVER_{name}_DIR", str(folder / name.lower()))
        patch.chdir(folder)
        (folder / "config").mkdir()
        (folder / "config" / "winter-river.toml").write_text("# ours\nkeep_raw = '7d'  # as the owner asked\n")
        settings = Settings(
            facility="seed-8",
            mqtt_port=held_port(),
            page_port=held_port(),
            broker="auto",
        )
        running = stack.enter_context(live(load_facility("seed-8"), settings, host=LOOPBACK, say=lambda _line: None))
        assert running.service.wait_online(timeout_s=60.0)
        client = stack.enter_context(httpx.Client(base_url=running.page.address, timeout=60.0))
        yield Run(running, client, folder)
        assert running.page.faults == ()


def test_the_form_has_of_every_setting_form_limits_value_and_whether_it_acts_at_once(run):
    fields = {field["name"]: field for field in run.facts()["fields"]}
    assert fields["status_s"] | {"words": "", "value": 0} == {
        "name": "status_s", "title": "Report interval", "group": "Nodes", "form": "whole", "words": "", "value": 0, "default": 0, "choices": [],
        "low": 0, "high": 5, "unit": "s", "live": True, "restart": "", "waits": None, "beaten_by": "",
    }  # fmt: skip
    assert fields["nodes"]["choices"] == ["emulated", "vm", "mixed", "none"]
    assert fields["nodes"]["restart"] == "the site is built of it when it starts"
    assert all(field["words"] and field["live"] is not bool(field["restart"]) for field in fields.values())


def test_the_interval_changes_while_the_site_runs(run, until):
    told = run.done(status_s=1)
    assert told["notes"] == ["8 nodes report every 1 s"]
    with BusClient(run.running.broker.url, everything=True) as client:

        def are_once_a_second():
            """For five seconds in a row; a busy machine has nodes that are late."""
            client.remembered()
            heard = [item.topic for item in client.remembered(listen_s=5.0)]
            counts = [heard.count(topics.topic(node_id, topics.STATUS)) for node_id in run.site.facility.nodes]
            return 3 <= min(counts) <= max(counts) <= 9

        until(are_once_a_second, what="every node once a second, not once in five")
    assert run.written().status_s == 1


def test_a_second_editor_is_told_who_was_before_him(run):
    seen_by_both = run.facts()["tag"]
    run.done(tag=seen_by_both, keep_sums="100d")
    told = run.refused(412, tag=seen_by_both, keep_sums="200d")
    assert "admin: admin has changed keep_sums" in told["error"]
    assert run.value("keep_sums") == "100d"


def test_the_file_keeps_its_comments_and_has_what_holds(run):
    run.done(keep_raw="1d")
    assert 'keep_raw = "1d"  # as the owner asked' in run.file.read_text()
    assert run.running.keeper.keep.raw_s == 86_400.0


def test_every_fault_is_told_and_nothing_is_changed(run):
    before, text = run.facts(), run.file.read_text()
    told = run.refused(400, keep_raw="long", status_s=9, influx_url="db", colour="red")
    for word in ("keep_raw", "status_s", "influx_url", "colour is not a setting"):
        assert word in told["error"]
    assert (run.facts(), run.file.read_text()) == (before, text)


def test_a_sink_added_while_the_site_runs_gets_rows_and_its_secret_and_no_more_when_it_is_taken_away(run, ear, until):
    run.done(webhook_url=f"{ear.url}/hook", secrets={"webhook_token_file": "t0ken-of-the-hook"})
    until(lambda: ear.bodies, what="readings at the webhook")
    assert {"node_id", "fields", "quality"} <= json.loads(ear.bodies[0])["readings"][0].keys()
    assert ear.headers[0]["Authorization"] == "Bearer t0ken-of-the-hook"
    shown = json.dumps(run.facts()) + run.file.read_text()
    assert "t0ken-of-the-hook" not in shown
    assert "t0ken-of-the-hook" not in "".join(path.read_text() for path in (run.folder / "data").rglob("*.jsonl")), (
        "nor in the audit"
    )
    [secret] = (run.folder / "config" / "winter-river-secrets").iterdir()
    assert secret.stat().st_mode & 0o777 == 0o600
    run.done(webhook_url="", webhook_token_file="")
    count = len(ear.bodies)
    time.sleep(2.5)
    assert len(ear.bodies) <= count + 1
    assert not secret.exists()


def test_files_of_the_machine_cannot_be_sent_to_somebody(run, ear):
    told = run.refused(400, webhook_url=ear.url, webhook_token_file="/etc/passwd")
    assert "webhook_token_file = '/etc/passwd' is a file of this machine" in told["error"]
    assert run.value("webhook_url") == ""


RULES = """rules: hall
alarms:
  - id: rack_busy
    types: server
    when: power_kw > 0
    priority: low
    message: "{node} is busy"
    cure: nothing
"""


def test_a_rules_file_is_taken_and_a_broken_one_refused_with_place_and_cure_while_the_old_rules_go_on(run, ear, until):
    rules = run.folder / "rules.yaml"
    rules.write_text(RULES)
    run.done(alarms=str(rules), alarm_webhook_url=f"{ear.url}/alarms")
    until(lambda: any(alarm.rule.id == "rack_busy" for alarm in run.service.alarms.alarms), what="the new rule")
    until(lambda: any("rack_busy" in body for body in ear.bodies), what="the webhook is told")
    rules.write_text(RULES.replace("power_kw > 0", "powr_kw > 0"))
    told = run.refused(409, alarms=str(rules))
    assert f"{rules}:5:" in told["error"]
    assert "power_kw" in told["error"] + told["cure"]
    assert "rack_busy" in run.service.alarms.rules
    rules.write_text(RULES.replace("rack_busy", "rack_at_work"))
    run.done(alarms=str(rules))  # the same file, mended: read anew
    assert {"rack_at_work"} <= run.service.alarms.rules.keys()
    assert "rack_busy" not in run.service.alarms.rules
    run.done(alarms="", alarm_webhook_url="")
    until(lambda: not any(alarm.rule.id == "rack_at_work" for alarm in run.service.alarms.alarms))


def test_an_acknowledged_alarm_stays_so_when_rules_are_exchanged(run, until):
    assert run.site.send("util_a", "set_fault", {"state": True}).done
    key = ("utility_lost", "util_a")

    def state():
        return {alarm.key: alarm.state for alarm in run.service.alarms.alarms}.get(key)

    until(lambda: state() == "unacknowledged")
    run.service.alarms.acknowledge(key, by="ann")
    run.done(alarms="")
    time.sleep(2.5)
    assert state() == "acknowledged"
    assert run.site.send("util_a", "set_fault", {"state": False}).done


def test_the_time_zone_reaches_every_page(run, until):
    run.done(timezone="Asia/Tokyo")
    until(lambda: run.client.get("/api/v1/state").json()["health"]["timezone"] == "Asia/Tokyo")
    run.done(timezone="")


def test_what_waits_for_the_next_start_says_so_and_why(run):
    told = run.done(seed=99)
    assert (told["applied"], told["waits"]) == ([], ["seed"])
    assert run.value("seed") == 1
    assert run.written().seed == 99


def test_the_broker_changes_while_the_site_runs_and_one_that_is_not_there_is_refused(run, tmp_path, until):
    nobody = f"mqtt://{LOOPBACK}:{held_port()}"
    old = run.running.broker
    told = run.refused(409, broker=nobody)
    assert "no broker to use at" in told["error"] and told["cure"]
    assert run.running.broker is old and run.service.report().connected
    before = {node_id: node.boots for node_id, node in run.running.fleet.nodes.items()}
    rows = run.running.keeper.health().rows
    ended = []  # whether the old one had, when those who watch it were told to look at the new one: it ends the run
    run.running.seat.moved.append(lambda _fresh: ended.append(old.fault()))
    with start_broker("auto", data_dir=tmp_path / "second") as second:
        told = run.done(broker=second.url)
        assert ended == [""]
        assert told["notes"] == [f"the site is at {second.url} now, with all nodes"]
        assert (run.running.broker.url, run.service.report().broker) == (second.url, second.url)
        assert run.running.fatal() == "", "the end of the old broker, which is ours, is no fault"
        assert not ports.listens(old.pid, old.port) if old.pid else True
        assert {node_id: node.boots for node_id, node in run.running.fleet.nodes.items()} == before
        until(lambda: run.site.send("ups_a", "identify").done, what="a node at the new broker")
        until(lambda: run.running.keeper.health().rows > rows + 16, what="the history goes on")
        assert run.written().broker == second.url
        told = run.done(broker="auto")
        assert "with all nodes" in told["notes"][0]
    assert run.service.report().connected
    assert run.service.report().counters["laws_broken"] == 0


def test_what_was_changed_is_in_the_audit_with_who_and_whence_and_what_was_refused_too(run):
    run.done(keep_sums="365d")
    run.refused(409, broker=f"mqtt://{LOOPBACK}:9")
    rows = [row for row in latest(run.folder / "data" / "audit", last=20) if row.verb == "set"]
    assert [(row.node, row.params, row.by, row.door, row.state) for row in rows[:2]] == [
        ("engine", {"broker": f"mqtt://{LOOPBACK}:9"}, "admin: admin", "rest", "failed"),
        ("engine", {"keep_sums": "365d"}, "admin: admin", "rest", "completed"),
    ]


@pytest.mark.parametrize("role", ["viewer", "trainee", "operator", "instructor"])
def test_nobody_below_an_admin_sees_or_changes_settings(run, role):
    token, _ = run.running.page.links.create(role, "somebody")
    headers = {"Authorization": f"Bearer {token}"}
    assert run.client.get("/api/v1/settings", headers=headers).status_code == 403
    answer = run.client.post("/api/v1/settings", headers=headers, json={"tag": "", "values": {"keep_raw": "1d"}})
    assert answer.status_code == 403


def test_another_web_site_cannot_change_settings(run):
    answer = run.client.post(
        "/api/v1/settings", headers={"Origin": "http://evil.example"}, json={"tag": "", "values": {"keep_raw": "1d"}}
    )
    assert answer.status_code == 403


def test_a_file_that_cannot_be_written_has_the_run_as_it_was(run):
    text = run.file.read_text()
    run.file.write_text("keep_raw = \n")
    try:
        told = run.refused(409, keep_sums="50d")
        assert "mend it by hand" in told["cure"]
        assert run.running.keeper.keep.min5_s == 365 * 86_400.0
    finally:
        run.file.write_text(text)
    assert tomllib.loads(text)
