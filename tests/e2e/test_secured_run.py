"""`winter-river run --profile secured`, as a user starts it: it works whole, and nothing secret shows anywhere."""

import contextlib
import getpass
import json
import os
import queue
import re
import signal
import ssl
import stat
import subprocess
import sys
import time
from pathlib import Path

import httpx
import paho.mqtt.client as mqtt
import pytest
from held_ports import held_port
from winter_river.address import Certificates
from winter_river.deploy import GENERATORS
from winter_river.facility import load_facility
from winter_river.protect import epoch
from winter_river.protect.provision import Provision
from winter_river.service import broker_mosquitto, mqtt_probe, ports
from winter_river.settings import Settings

HOST = "127.0.0.1"


class SecuredRun:
    """A run in folders of its own. said: its lines so far."""

    def __init__(self, folder, *options):
        self.folder = folder
        self.port, self.nodes_port, page_port, passwords_port = (held_port() for _ in range(4))
        command = [sys.executable, "-m", "winter_river", "run", "seed-8", "--no-ui", "--profile", "secured"]
        command += ["--site-port", str(self.port), "--tls-port", str(self.nodes_port), "--page-port", str(page_port)]
        command += ["--mqtt-port", str(passwords_port), *options]
        environment = os.environ | {
            "WINTER_RIVER_DATA_DIR": str(folder / "data"),
            "WINTER_RIVER_LOG_DIR": str(folder / "log"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "WINTER_RIVER_PROFILE": "secured",
        }
        self.environment = environment
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, cwd=folder
        )
        self.said = []
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if line.startswith(("profile   ", "winter-river:")):
                break
        self.site = Provision(folder / "config" / "winter-river" / "secrets")

    @property
    def link(self):
        """The admin's link, which lies in a file that the run names."""
        return next((self.folder / "data" / "runs").glob("*.link"))

    def page(self):
        """A browser that knows the site's authority and has the admin's link."""
        context = ssl.create_default_context(cafile=self.site.places.trusted("site"))
        address, _, token = self.link.read_text().strip().partition("/?k=")
        client = httpx.Client(base_url=address, verify=context, timeout=60, headers={"origin": address})
        jar = client.get("/", params={"k": token})
        assert jar.status_code == 303 and client.cookies
        return client

    def processes(self):
        """Its process numbers: its own, and those of what it started."""
        children = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [self.process.pid, *(int(each) for path in children for each in path.read_text().split())]

    def call(self, *words):
        """Another command of the same user."""
        program = [sys.executable, "-m", "winter_river", *words]
        return subprocess.run(
            program, check=False, capture_output=True, text=True, timeout=60, env=self.environment, cwd=self.folder
        )

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        rest, _ = self.process.communicate(timeout=60)
        self.said += rest.splitlines()
        return self.process.returncode


@pytest.fixture
def begin(tmp_path):
    if broker_mosquitto.find() is None:
        pytest.skip("SKIPPED: profile secured needs mosquitto; install it")
    running = []

    def start(*options):
        running.append(SecuredRun(tmp_path, *options))
        return running[-1]

    yield start
    for run in running:
        if run.process.poll() is None:
            run.process.kill()
            run.process.wait(60)


def online(client):
    return client.get("/api/v1/state").json()["health"]["online"]


def test_every_node_joins_and_obeys_signed_commands_and_nobody_else_gets_in(begin, until):
    run = begin()
    with contextlib.closing(run.page()) as client:
        until(lambda: online(client) == 8, what=run.said)
        asked = {"command": "set_fault", "params": {"state": True, "kind": "outage"}}
        answer = client.post("/api/v1/nodes/util_a/command", json=asked)
        assert (answer.status_code, answer.json()["result"]) == (200, "done"), answer.text
        until(lambda: client.get("/api/v1/state").json()["nodes"]["util_a"]["state"] == "OUTAGE")
    for port in (run.port, run.nodes_port):
        with pytest.raises(mqtt_probe.ProbeError):
            mqtt_probe.probe(HOST, port)
    assert run.stop() == 0


def test_dangerous_commands_are_selected_first_and_going_back_is_obeyed_too(begin, until):
    run = begin()

    def ask(client, verb, **params):
        answer = client.post("/api/v1/nodes/srv_a/command", json={"command": verb, "params": params})
        assert answer.status_code == 200, answer.text
        return answer.json()["reason"] or answer.json()["result"]

    def load_kw(client):
        return client.get("/api/v1/state").json()["nodes"]["srv_a"]["power_kw"]

    with contextlib.closing(run.page()) as client:
        until(lambda: online(client) == 8, what=run.said)
        until(lambda: load_kw(client) > 1)
        before_s = client.get("/api/v1/state").json()["clock"]["t_s"]
        assert ask(client, "open") == "done"
        until(lambda: load_kw(client) == 0)
        assert ask(client, "close") == "not_selected"
        assert load_kw(client) == 0
        assert ask(client, "select", command="close") == "done"
        assert ask(client, "close") == "done"
        rows = [(row["verb"], row["error"]) for row in client.get("/api/v1/audit").json()["commands"]]
        assert [verb for verb, _ in rows] == ["close", "select", "close", "open"]
        assert "not_selected" in rows[2][1]
        assert ask(client, "open") == "done"
        until(lambda: load_kw(client) == 0)
        client.post("/api/v1/clock", json={"action": "goto", "value": before_s})
        until(lambda: load_kw(client) > 1, what="the node was not restored")
        until(lambda: client.get("/api/v1/state").json()["nodes"]["srv_a"]["handle"] == "on")
    assert run.stop() == 0


def test_time_is_moved_by_signed_orders_alone(begin, until):
    """Whoever has a certificate that may command, and no key, moves no time and no weather."""
    run = begin()
    heard = queue.Queue()
    operator = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    context = ssl.create_default_context(cafile=run.site.places.trusted("site"))
    context.load_cert_chain(run.site.places.pair("operator", "operator"))
    operator.tls_set_context(context)
    operator.on_message = lambda client, data, message: heard.put(json.loads(message.payload))
    operator.connect(HOST, run.port)
    operator.subscribe([("winter-river/engine/ack", 1), ("winter-river/weather/ack", 1)])
    operator.loop_start()
    with contextlib.closing(run.page()) as client:
        until(lambda: online(client) == 8, what=run.said)
        for node_id, verb in (("engine", "freeze"), ("weather", "set_weather")):
            operator.publish(f"winter-river/{node_id}/command", json.dumps({"command": verb, "params": {}}), 1)
            assert heard.get(timeout=60)["result"] == "rejected"
        assert client.get("/api/v1/state").json()["clock"]["frozen"] is False
        for words in (["send", "weather", "set_weather", "preset=arizona"],
                      ["clock", "freeze"], ["alarms", "shelve", "low_battery/ups_a", "5", "a test"]):  # fmt: skip
            done = run.call(*words)
            assert done.returncode == 0, done.stderr + done.stdout
        row = next(
            row
            for row in json.loads(run.call("audit", "--json").stdout)
            if row["node"] == "weather" and row["door"] == "cli"
        )
        assert (row["verb"], row["params"], row["state"]) == ("set_weather", {"preset": 4}, "completed")
        until(lambda: client.get("/api/v1/state").json()["clock"]["frozen"], what="the page shows that it is frozen")
    operator.loop_stop()
    assert run.stop() == 0


def secrets_of(run):
    """Every secret of a run: keys, passwords, the link's token, and the lines of private keys."""
    folder = run.site.places.folder
    found = [path.read_bytes().strip() for path in (folder / "keys").iterdir()]
    found += [path.read_bytes().strip() for path in folder.rglob("password")]
    found += [run.link.read_bytes().partition(b"?k=")[2].strip()]
    for path in folder.rglob("*.pem"):
        key = re.search(rb"PRIVATE KEY-----\n(.*)-----END", path.read_bytes(), re.DOTALL)
        found += [line for line in key[1].split() if len(line) > 20][:1] if key else []
    return found


def test_no_secret_is_in_an_argv_a_log_or_any_file_but_its_own(begin, until):
    run = begin()
    with contextlib.closing(run.page()) as client:
        until(lambda: online(client) == 8)
        client.post("/api/v1/nodes/util_a/command", json={"command": "identify"})
    secrets = secrets_of(run)
    assert len(secrets) >= 8 + 3 + 1 + 8 + 4  # keys of nodes and of the host's own, a link, certificates
    argv = b"".join(Path(f"/proc/{pid}/cmdline").read_bytes() for pid in run.processes())
    assert b"mosquitto" in argv
    link = run.link
    assert stat.S_IMODE(link.stat().st_mode) == 0o600
    assert run.stop() == 0
    assert not link.exists()
    places = {"argv": argv, "output": "\n".join(run.said).encode()}
    for folder in (run.folder / "data", run.folder / "log"):
        places |= {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert any("recordings" in name for name in places) and any("mosquitto" in name for name in places)
    assert [name for name, data in places.items() if any(secret in data for secret in secrets)] == []


def test_a_second_start_has_the_same_certificates_and_a_higher_epoch(begin):
    run = begin("--for", "1s")
    assert run.stop() == 0
    before = run.site.places.register.read_bytes()
    assert epoch.now(run.site.places.folder) == 1
    again = begin("--for", "1s")
    assert again.stop() == 0
    assert again.site.places.register.read_bytes() == before
    assert epoch.now(run.site.places.folder) == 2


def session(run, node_id):
    """A connection of a node's, which stays away once it is cut."""
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=node_id)
    context = ssl.create_default_context(cafile=run.site.places.trusted("site"))
    context.load_cert_chain(run.site.places.pair("node", node_id))
    client.tls_set_context(context)
    client.reconnect_delay_set(600, 600)
    client.connect(HOST, run.nodes_port)
    client.loop_start()
    end_s = time.monotonic() + 60
    while not client.is_connected() and time.monotonic() < end_s:
        time.sleep(0.05)
    assert client.is_connected()
    return client


def test_a_revocation_takes_hold_in_the_running_site(begin, until):
    run = begin("--nodes", "none")
    run.site.node("ups_a", now_s=int(time.time()))
    pair = run.site.pair("node", "ups_a")
    given = Certificates(ca=run.site.authority_cert(), cert=pair.cert, key=pair.key)
    mqtt_probe.probe(HOST, run.nodes_port, certificates=given)
    run.site.node("pdu_a", now_s=int(time.time()))
    sessions = {node_id: session(run, node_id) for node_id in ("ups_a", "pdu_a")}
    run.site.revoke("ups_a", now_s=int(time.time()))

    def refused():
        try:
            mqtt_probe.probe(HOST, run.nodes_port, certificates=given)
        except mqtt_probe.ProbeError:
            return True
        return False

    until(refused, what="the revocation")
    until(lambda: not sessions["ups_a"].is_connected(), what="its open session is cut")
    assert sessions["pdu_a"].is_connected(), "nobody else's is"
    for each in sessions.values():
        each.loop_stop()
    assert run.stop() == 0
    assert any("taken up" in line for line in run.said)


def test_a_node_that_is_revoked_and_provisioned_anew_obeys_again_in_the_same_run(begin, until):
    run = begin()

    def presence(client):
        return client.get("/api/v1/state").json()["nodes"]["ups_a"]["presence"]

    with contextlib.closing(run.page()) as client:
        until(lambda: online(client) == 8, what=run.said)
        run.site.revoke("ups_a", now_s=int(time.time()))
        until(lambda: presence(client) == "offline", what="it is cut off")
        run.site.node("ups_a", now_s=int(time.time()))
        until(lambda: presence(client) == "online", what="it is back")
        answer = client.post("/api/v1/nodes/ups_a/command", json={"command": "identify", "params": {}})
        assert answer.json()["result"] == "done", answer.text
    assert run.stop() == 0


def test_a_site_joins_a_mosquitto_of_its_own_with_what_was_generated_and_exported(begin, until, tmp_path):
    ours = Provision(tmp_path / "config" / "winter-river" / "secrets")
    ours.init(now_s=int(time.time()))
    for node in load_facility("seed-8").nodes:
        ours.node(node, now_s=int(time.time()))
    ours.export(tmp_path / "etc" / "broker")
    site_port, tls_port, mqtt_port, websocket_port = (held_port() for _ in range(4))
    settings = Settings(
        profile="secured",
        secrets=str(tmp_path / "etc"),
        site_port=site_port,
        tls_port=tls_port,
        mqtt_port=mqtt_port,
        websocket_port=websocket_port,
    )
    text = GENERATORS["mosquitto"].make(settings)["mosquitto.conf"]
    config = tmp_path / "mosquitto.conf"
    config.write_text(text.replace("user mosquitto\n", f"user {getpass.getuser()}\n"))
    with subprocess.Popen([broker_mosquitto.find(), "-c", config], stderr=subprocess.PIPE) as broker:
        try:
            until(lambda: ports.listens(broker.pid, websocket_port), what="mosquitto listens")
            run = begin("--broker", f"mqtts://{HOST}:{site_port}", "--tls-port", str(tls_port))
            with contextlib.closing(run.page()) as client:
                until(lambda: online(client) == 8, what=run.said)
            assert run.stop() == 0
        finally:
            broker.terminate()
        assert b"Error" not in broker.stderr.read()


@pytest.mark.parametrize(
    ("options", "cure"),
    [
        (("--broker", "embedded"), "sudo apt install mosquitto"),
        (("--broker", f"mqtt://{HOST}:1"), "mqtts://HOST:8885"),
    ],
)
def test_what_cannot_be_secured_is_refused_with_the_cure(begin, options, cure):
    run = begin(*options)
    run.process.wait(60)
    assert run.process.returncode == 1
    assert cure in "\n".join(run.said) + run.process.stdout.read()
