"""kill -9 of a real run whose nodes live elsewhere: what the next run knows of alarms and of commands on their way."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time

import httpx
import pytest
from dies_with import dies_with_us
from winter_river.audit import latest
from winter_river.emulator import Fleet
from winter_river.facility import load_facility

STANDING = {
    "utility_lost/util_a": "acknowledged",
    "generator_failed/gen_a": "unacknowledged",
    "equipment_failed/pdu_a": "shelved",
    "low_battery/ups_a": "shelved",  # before it comes
}


class Run:
    """A run of seed-8 on a broker and nodes that are not its own."""

    def __init__(self, folder, url):
        self.folder, self.url = folder, url
        folders = {f"WINTER_RIVER_{name}_DIR": str(folder / name.lower()) for name in ("DATA", "LOG")}
        self.environment = os.environ | folders | {"XDG_CONFIG_HOME": str(folder)}
        self.process, self.page = None, ""

    def start(self):
        command = ["run", "seed-8", "--no-ui", "--no-store", "--page-port", "0", "--nodes", "none"]
        self.process = subprocess.Popen(
            dies_with_us(sys.executable, "-m", "winter_river", *command, "--broker", self.url),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self.environment, cwd=self.folder,
        )  # fmt: skip
        for line in self.process.stdout:
            if line.startswith("page "):
                self.page = line.split()[1].rstrip("/")
            if line.startswith("try "):
                return
        raise AssertionError("the run ended")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(60)
        self.process.stdout.close()

    def call(self, *arguments):
        return subprocess.run(
            [sys.executable, "-m", "winter_river", *arguments],
            check=True, capture_output=True, text=True, timeout=60, env=self.environment, cwd=self.folder,
        ).stdout  # fmt: skip

    def state(self):
        return httpx.get(f"{self.page}/api/v1/state", timeout=60).json()

    def ask(self, node_id, verb):
        with contextlib.suppress(httpx.HTTPError):  # it is killed meanwhile
            httpx.post(f"{self.page}/api/v1/nodes/{node_id}/command", json={"command": verb}, timeout=60)

    def last_command(self):
        """(state, why it failed) in the audit."""
        rows = latest(self.folder / "data" / "audit", last=1)
        return (rows[0].state, rows[0].error) if rows else ("", "")

    def alarms(self):
        """As the run itself tells them: state by name, consequences with what they follow from."""
        rows = httpx.get(f"{self.page}/api/v1/alarms", timeout=60).json()["alarms"]
        return {row["alarm"]: row["root"] or row["state"] for row in rows}


@pytest.fixture
def run(tmp_path, brokers):
    made = Run(tmp_path, brokers.url)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.terminate()
        made.process.communicate(timeout=60)


def test_alarms_stand_acknowledged_and_shelved_after_a_kill_of_the_run(run, brokers, until):
    with Fleet(load_facility("seed-8"), brokers.url, seed=1):
        run.start()
        run.call("alarms", "shelve", "low_battery/ups_a", "60", "it is exchanged", "--by", "ann")
        run.call("send", "gen_a", "set_fault", "state=true", "kind=fault")
        run.call("send", "util_a", "set_fault", "state=true", "kind=outage")
        run.call("send", "pdu_a", "set_fault", "state=true", "kind=fault")
        until(lambda: "rack_dark/srv_a" in run.alarms(), what="everything stands")
        run.call("alarms", "ack", "utility_lost/util_a", "--by", "ann")
        run.call("alarms", "shelve", "equipment_failed/pdu_a", "60", "it is exchanged", "--by", "ann")
        until(lambda: run.alarms().items() >= STANDING.items(), what=f"{STANDING} of {run.alarms()}")
        before = run.alarms()
        assert before["rack_dark/srv_a"] in STANDING, "it stands under its cause"
        run.kill()
        time.sleep(1)
        run.start()
        end_s = time.monotonic() + 12  # two intervals of statuses: everything has been heard by then
        seen = []
        while time.monotonic() < end_s:
            seen.append({name: state for name, state in run.alarms().items() if name in STANDING})
        assert all(each == STANDING for each in seen), seen
        until(lambda: run.alarms().items() >= before.items(), what=f"{before} of {run.alarms()}")
        listed = run.call("alarms").splitlines()
        at = next(place for place, line in enumerate(listed) if f" {before['rack_dark/srv_a']} " in line)
        assert any("  rack_dark/srv_a" in line for line in listed[at + 1 :]), listed


def test_command_that_was_on_its_way_when_the_run_was_killed_is_closed_by_the_next(run, brokers, until):
    with Fleet(load_facility("seed-8"), brokers.url, seed=1) as fleet:
        run.start()
        until(lambda: run.state()["health"]["online"] == 8)
        fleet.freeze("pdu_a")  # it hears, and answers nobody
        asking = threading.Thread(target=run.ask, args=("pdu_a", "open"))
        asking.start()
        until(lambda: run.last_command()[0] == "executing")
        run.kill()
        asking.join()
        run.start()
        until(lambda: run.last_command()[0] == "failed")
        assert "outcome unknown" in run.last_command()[1]
        assert "are whole" in run.call("audit", "verify")
